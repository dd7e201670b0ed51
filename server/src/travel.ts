// How far things move, so that what is well within sight need not be measured every tick: nothing
// gets further away than the two have travelled since. Called by visibility, once a tick before the
// first seat. HOT: allocates nothing per tick once its capacity is reached.
import type { LiveTable } from '@tickwire/protocol';

/** Where the rows of one table were. */
interface Places {
  id: Float64Array;
  readonly position: [x: Float64Array, y: Float64Array, z: Float64Array];
}

export class Travel {
  /**
   * World units: the sum, over all ticks, of the longest way any entity went in one. No entity went
   * further in all.
   */
  total = 0;
  readonly #most: number;
  readonly #places: Places[] = [];
  /** Of this tick: the longest way, squared. In an array, where a number is never an object. */
  readonly #longest = new Float64Array(1);

  /** `most`: a way this long, or not a number, makes every distance uncertain. */
  constructor(most: number) {
    this.#most = most;
  }

  measure(tables: readonly LiveTable[]): void {
    this.#longest[0] = 0;
    for (let k = 0; k < tables.length; k++) if (tables[k].plan.position) this.#follow(tables[k], k);
    this.total += Math.min(Math.sqrt(this.#longest[0]), this.#most);
  }

  /** Moves the places of a table's rows on, and notes the longest way among them. */
  #follow({ ids, high, values, capacity, plan }: LiveTable, kind: number): void {
    const longest = this.#longest;
    const { id, position } = this.#placesOf(kind, capacity);
    const at = plan.position!;
    const [lastX, lastY, lastZ] = position;
    const [x, y] = [values[at.x], values[at.y]];
    const z = at.z < 0 ? lastZ : values[at.z];
    for (let row = 1; row <= high; row++) {
      const dx = x[row] - lastX[row];
      const dy = y[row] - lastY[row];
      const dz = z[row] - lastZ[row];
      const way = dx * dx + dy * dy + dz * dz;
      lastX[row] = x[row];
      lastY[row] = y[row];
      lastZ[row] = z[row];
      // Whoever is new in a row was not on its way.
      if (id[row] !== ids[row]) id[row] = ids[row];
      else if (way > longest[0]) longest[0] = way;
      // Not a number: it may be anywhere.
      else if (!(way >= 0)) longest[0] = Infinity;
    }
  }

  #placesOf(kind: number, capacity: number): Places {
    const places = this.#places[kind];
    if (places && places.id.length >= capacity) return places;
    const column = () => new Float64Array(capacity);
    // Places are forgotten with the growth: nobody is where they were, for one tick.
    return (this.#places[kind] = { id: column(), position: [column(), column(), column()] });
  }
}
