// Where viewers look from, and where the rows are that they look at. The numbers of all eyes of a
// room stand in one array, a line of memory for each: as objects they would be seven each, all over
// the memory. Kept by visibility. Trap: `of` answers the same object for every eye. HOT: allocates
// nothing per tick once its capacity is reached.
import { type LiveTable, longer, type Row } from '@tickwire/protocol';

/** Where a seat looks from. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly z?: number;
}

export interface Eye {
  x: number;
  y: number;
  z: number;
  placed: boolean;
  /** Where it was at the newest look; not a number before the first. */
  lookedX: number;
  lookedY: number;
  lookedZ: number;
  /** The STATE that was asked for last, of the room's; 0 for none. */
  turn: number;
}

/** Eyes before the first growth. */
const FIRST_EYES = 64;
/** Numbers of an eye, as the interface has them: a line of memory. */
const EYE = 8;
const PLACED = 3;
const LOOKED = 4;
const TURN = 7;
/** Nowhere, and has looked at nothing. */
const NEW_EYE = Float64Array.of(0, 0, 0, 0, Number.NaN, Number.NaN, Number.NaN, 0);

export class Eyes {
  readonly #eye = nowhere();
  #numbers = new Float64Array(FIRST_EYES * EYE);
  #count = 0;
  readonly #closed: number[] = [];

  /** An eye that is nowhere: the place of its numbers. */
  open(): number {
    const at = this.#closed.pop() ?? EYE * this.#count++;
    if (at >= this.#numbers.length) this.#numbers = longer(this.#numbers, 2 * at);
    this.#numbers.set(NEW_EYE, at);
    return at;
  }

  /** The eye is nobody's any more. */
  close(at: number): void {
    this.#closed.push(at);
  }

  /** An eye that is open, until the next is asked for. */
  of(at: number): Eye {
    const eye = this.#eye;
    const numbers = this.#numbers;
    eye.x = numbers[at];
    eye.y = numbers[at + 1];
    eye.z = numbers[at + 2];
    eye.placed = numbers[at + PLACED] !== 0;
    eye.lookedX = numbers[at + LOOKED];
    eye.lookedY = numbers[at + LOOKED + 1];
    eye.lookedZ = numbers[at + LOOKED + 2];
    eye.turn = numbers[at + TURN];
    return eye;
  }

  /** Moves the eye, which `of` answered last. */
  place(at: number, from: Row | Point): void {
    const eye = this.#eye;
    if (!moveTo(eye, from)) return;
    eye.placed = true;
    const numbers = this.#numbers;
    numbers[at] = eye.x;
    numbers[at + 1] = eye.y;
    numbers[at + 2] = eye.z;
    numbers[at + PLACED] = 1;
  }

  /** The eye is asked for a STATE. */
  takeTurn(at: number, turn: number): void {
    this.#numbers[at + TURN] = turn;
  }

  /** All distances are looked at from where the eye is, which `of` answered last. */
  look(at: number): void {
    const { x, y, z } = this.#eye;
    this.#numbers[at + LOOKED] = x;
    this.#numbers[at + LOOKED + 1] = y;
    this.#numbers[at + LOOKED + 2] = z;
  }
}

/** Not numbers: where V8 sees a double first, it writes the next ones into its place. */
function nowhere(): Eye {
  const { NaN: none } = Number;
  return {
    x: none,
    y: none,
    z: none,
    placed: false,
    lookedX: none,
    lookedY: none,
    lookedZ: none,
    turn: 0,
  };
}

/** False for a row that is gone, or nowhere: it leaves the eye where it was. */
function moveTo(eye: Eye, from: Row | Point): boolean {
  const table = (from as Partial<Row>).$table;
  if (!table) {
    eye.x = (from as Point).x;
    eye.y = (from as Point).y;
    eye.z = (from as Point).z ?? 0;
    return true;
  }
  const at = table.plan.position;
  if (!at || !(from as Row).alive) return false;
  const row = (from as Row).$index;
  eye.x = table.values[at.x][row];
  eye.y = table.values[at.y][row];
  eye.z = at.z < 0 ? 0 : table.values[at.z][row];
  return true;
}

/** Where the rows of a kind are: columns of its table. */
export interface Places {
  x: Float64Array;
  y: Float64Array;
  /** Undefined in a flat world. */
  z: Float64Array | undefined;
}

/** Undefined for a kind that has no place. */
export function placesOf({ plan: { position }, values }: LiveTable): Places | undefined {
  if (!position) return undefined;
  const { x, y, z } = position;
  return { x: values[x], y: values[y], z: z < 0 ? undefined : values[z] };
}

/** Columns that have grown are others. */
export function renew(places: Places, { plan: { position }, values }: LiveTable): void {
  places.x = values[position!.x];
  places.y = values[position!.y];
  if (places.z) places.z = values[position!.z];
}

/** Distance of a row from an eye, squared. */
export function waySquared({ x, y, z }: Places, row: number, eye: Eye): number {
  const dx = x[row] - eye.x;
  const dy = y[row] - eye.y;
  const dz = z ? z[row] - eye.z : 0;
  return dx * dx + dy * dy + dz * dz;
}
