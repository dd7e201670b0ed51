// The rows that no seat may be late to hear of: gone, new, or jumped since the STATE before. Kept
// by visibility, which asks for all others only now and then: they moved too little to matter
// sooner. HOT: allocates nothing per tick once its capacity is reached.
import { type LiveTable, longer } from '@tickwire/protocol';

const FIRST_ROWS = 64;

/** Rows of several kinds, in the order they were found. */
export class RowList {
  count = 0;
  kind = new Int16Array(FIRST_ROWS);
  row = new Uint32Array(FIRST_ROWS);
  id = new Float64Array(FIRST_ROWS);

  /** The entity whose id stands at `row` in `ids`: as an argument it would be an object. */
  push(kind: number, row: number, ids: Float64Array): void {
    const at = this.count++;
    if (at === this.kind.length) this.#grow();
    this.kind[at] = kind;
    this.row[at] = row;
    this.id[at] = ids[row];
  }

  #grow(): void {
    const size = this.kind.length * 2;
    const kind = new Int16Array(size);
    kind.set(this.kind);
    this.kind = kind;
    this.row = longer(this.row, size);
    this.id = longer(this.id, size);
  }
}

/** What stood in the rows of one table at the STATE before: three numbers where it has a place. */
interface Before {
  ids: Float64Array;
  place: Float64Array;
  high: number;
}

export class SuddenRows {
  /** Gone or replaced: their ids are those they had. */
  readonly gone = new RowList();
  /** New, or further from where they were than rows go by moving. */
  readonly come = new RowList();
  readonly #before: Before[] = [];
  readonly #mostSquared: number;

  /** `most`: world units that a row may move from one STATE to the next and not be found here. */
  constructor(most: number) {
    this.#mostSquared = most * most;
  }

  /** Once a STATE. */
  find(tables: readonly LiveTable[]): void {
    this.gone.count = 0;
    this.come.count = 0;
    for (let k = 0; k < tables.length; k++) this.#findIn(tables[k], k);
  }

  #findIn(table: LiveTable, kind: number): void {
    const before = this.#beforeOf(table, kind);
    const { ids } = before;
    const at = table.plan.position;
    const last = Math.max(table.high, before.high);
    for (let row = 1; row <= last; row++) {
      const same = table.ids[row] === ids[row];
      if (same && ids[row] === 0) continue;
      if (!same && ids[row] !== 0) this.gone.push(kind, row, ids);
      ids[row] = table.ids[row];
      const jumped = at !== undefined && this.#moved(table, row, at, before.place);
      if (ids[row] !== 0 && (jumped || !same)) this.come.push(kind, row, ids);
    }
    before.high = table.high;
  }

  /** Notes where the row is; true if that is far from where it was. What is no number is far. */
  #moved({ values }: LiveTable, row: number, at: Position, place: Float64Array): boolean {
    const to = row * 3;
    const dx = values[at.x][row] - place[to];
    const dy = values[at.y][row] - place[to + 1];
    const dz = at.z < 0 ? 0 : values[at.z][row] - place[to + 2];
    place[to] = values[at.x][row];
    place[to + 1] = values[at.y][row];
    if (at.z >= 0) place[to + 2] = values[at.z][row];
    return !(dx * dx + dy * dy + dz * dz <= this.#mostSquared);
  }

  #beforeOf({ capacity, plan }: LiveTable, kind: number): Before {
    const before = (this.#before[kind] ??= {
      ids: new Float64Array(0),
      place: new Float64Array(0),
      high: 0,
    });
    if (before.ids.length < capacity) {
      before.ids = longer(before.ids, capacity);
      if (plan.position) before.place = longer(before.place, capacity * 3);
    }
    return before;
  }
}

type Position = NonNullable<LiveTable['plan']['position']>;
