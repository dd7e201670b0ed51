// Rows over columns: the one structure behind the live world, rewind history, received snapshots,
// the predicted self and the shown view. A row keeps its index from add to remove, so tables of one
// kind can be copied and compared column by column. Index 0 is the grave: it reads as zeros, and
// every row object of a removed entity points there. HOT: allocates nothing per tick once its
// capacity is reached.
import { longer } from './columns.ts';
import { assert } from './errors.ts';
import type { EntityId, FieldSpec } from './field.ts';
import { type FieldPlan, OWNER, type Plan } from './plan.ts';

/** What every row has beside its declared fields. */
export interface RowBase<Kind extends string = string> {
  /** Never reused in a room's life. 0 once the entity is gone. */
  readonly id: EntityId<Kind>;
  readonly kind: Kind;
  /** Seat id of the owner, 0 for none. */
  readonly owner: number;
  /** False once the entity is despawned (server) or left the view (client). */
  readonly alive: boolean;
}

/** What row objects are inside. `$` names never clash with a game's fields. */
export interface Row extends RowBase {
  $table: Table;
  $index: number;
  [field: string]: unknown;
}
export type RowClass = new (table: Table, index: number) => Row;

/** Rows before the first growth. Doubles from there; an arena room fits without growing twice. */
const FIRST_CAPACITY = 32;

/** Every bit of a row's `dirty`. */
const ALL_FIELDS = -1;

export class Table {
  readonly plan: Plan;
  /** Game-visible id by row; 0 where no entity is. */
  ids: Float64Array;
  /** Numeric columns: `values[column][row]`. */
  readonly values: Float64Array[];
  /** Object columns: `objects[object][row]`. */
  readonly objects: unknown[][];
  /** Stable row objects, where this table gives them out. */
  readonly rows: (Row | undefined)[] = [undefined];
  /** Fields of each row written since somebody last looked (LiveTable.round), by bit. */
  dirty: Int32Array;
  /** Rows in use lie in 1..high; some of them may be holes (id 0). */
  high = 0;
  /** Entities in the table. */
  count = 0;
  /** Seat whose `ownerOnly` fields shown rows may read. */
  viewer = 0;
  readonly #rowClass: RowClass | undefined;
  /** Freed rows; the last is used next. */
  protected readonly free: number[] = [];
  /** Freed rows that history may still show: reused only after settle(). */
  protected readonly resting: { row: number; tick: number }[] = [];

  constructor(plan: Plan, rowClass?: RowClass, capacity = FIRST_CAPACITY) {
    this.plan = plan;
    this.#rowClass = rowClass;
    this.ids = new Float64Array(capacity);
    this.dirty = new Int32Array(capacity);
    this.values = plan.columns.map(() => new Float64Array(capacity));
    this.objects = plan.objects.map((f) => [initialShown(f.spec)]);
  }

  get capacity(): number {
    return this.ids.length;
  }

  /** A row for a new entity, all fields at their defaults. */
  add(id: number): number {
    const row = this.free.pop() ?? this.high + 1;
    this.put(row, id);
    return row;
  }

  /**
   * As add, at a row the caller chose: how tables of one kind stay aligned. The row must be empty.
   */
  put(row: number, id: number): void {
    this.reserve(row);
    assert(this.ids[row] === 0 && id !== 0, `row ${row} of ${this.plan.name} is taken`);
    this.ids[row] = id;
    this.count++;
    if (row > this.high) this.high = row;
    this.reset(row);
    if (this.#rowClass) this.rows[row] = new this.#rowClass(this, row);
  }

  /** Sets every field of a row to its default. */
  reset(row: number): void {
    const { objects } = this.plan;
    const { start } = this;
    for (let c = 0; c < start.length; c++) this.values[c][row] = start[c];
    for (const f of objects) this.objects[f.object][row] = this.makeObject(f, row);
    this.dirty[row] = ALL_FIELDS;
  }

  /** The row's object reads as dead from now on; its index rests until settle() passes `tick`. */
  remove(row: number, tick: number): void {
    this.release(row);
    this.resting.push({ row, tick });
  }

  /** As remove, for tables whose rows the caller chooses: the index is the caller's again. */
  release(row: number): void {
    assert(this.ids[row] !== 0, `row ${row} of ${this.plan.name} is empty`);
    this.ids[row] = 0;
    this.count--;
    const object = this.rows[row];
    if (object) object.$index = 0;
    this.rows[row] = undefined;
    for (const column of this.objects) column[row] = undefined;
  }

  /** Lets rows that were removed at `tick` or before be used again. */
  settle(tick: number): void {
    const { resting } = this;
    if (resting.length === 0 || resting[0].tick > tick) return;
    let kept = 0;
    for (const rest of resting) {
      if (rest.tick > tick) resting[kept++] = rest;
      else this.free.push(rest.row);
    }
    resting.length = kept;
  }

  /** Makes room for row indices up to `row`. */
  reserve(row: number): void {
    if (row < this.capacity) return;
    let capacity = this.capacity * 2;
    while (capacity <= row) capacity *= 2;
    this.grow(capacity);
  }

  /** Columns become new arrays: nobody may keep one across an add. */
  protected grow(capacity: number): void {
    this.ids = longer(this.ids, capacity);
    this.dirty = longer(this.dirty, capacity);
    for (let c = 0; c < this.values.length; c++) this.values[c] = longer(this.values[c], capacity);
  }

  /**
   * Becomes a copy of another table's ids and columns (objects by reference). Row objects are not
   * copied.
   */
  copyFrom(other: Table): void {
    if (other.capacity > this.capacity) this.grow(other.capacity);
    const top = Math.max(this.high, other.high) + 1;
    copyColumn(this.ids, other.ids, top);
    for (let c = 0; c < this.values.length; c++) copyColumn(this.values[c], other.values[c], top);
    for (let o = 0; o < this.objects.length; o++) {
      const to = this.objects[o];
      const from = other.objects[o];
      for (let row = 1; row < top; row++) to[row] = from[row];
    }
    this.high = other.high;
    this.count = other.count;
  }

  /** Copies one row's columns and objects from a table of the same kind, by default its twin. */
  copyRow(row: number, other: Table, from = row): void {
    for (let c = 0; c < this.values.length; c++) this.values[c][row] = other.values[c][from];
    for (let o = 0; o < this.objects.length; o++) this.objects[o][row] = other.objects[o][from];
  }

  /** Numbers of a fresh row; live tables start with the unrounded ones. */
  protected get start(): Float64Array {
    return this.plan.shown;
  }

  ownerOf(row: number): number {
    return this.values[OWNER][row];
  }

  /** A field's object value for a fresh row; live tables make tracked collections. */
  protected makeObject(field: FieldPlan, _row: number): unknown {
    return initialShown(field.spec);
  }

  /** A write through a row object into an object column. */
  setObject(field: FieldPlan, row: number, value: unknown): void {
    this.objects[field.object][row] = value;
  }

  /** A write through a row object's teleport(). Live tables bump the epoch. */
  teleport(_row: number): void {}
}

const EMPTY_LIST: readonly unknown[] = Object.freeze([]);
const EMPTY_MAP: ReadonlyMap<unknown, unknown> = new Map();

/** Of records and vectors, by declaration: records nest, and one of a byte may name none of it. */
const initials = new WeakMap<FieldSpec, object>();

/** What a browser shows where nothing was set: plain, frozen, shared. */
export function initialShown(spec: FieldSpec): unknown {
  if (spec.type !== 'record' && spec.components < 2) return makeInitial(spec);
  let made = initials.get(spec);
  if (!made) initials.set(spec, (made = makeInitial(spec) as object));
  return made;
}

function makeInitial(spec: FieldSpec): unknown {
  const { type, initial, components } = spec;
  if (type === 'list') return EMPTY_LIST;
  if (type === 'map') return EMPTY_MAP;
  if (type === 'bool') return Boolean(initial);
  if (type === 'record')
    return Object.freeze(
      Object.fromEntries(spec.fields.map(([k, inner]) => [k, initialShown(inner)])),
    );
  if (components < 2 || typeof initial === 'object') return initial;
  const w = type === 'quat' ? 1 : initial;
  return Object.freeze({ x: initial, y: initial, z: initial, w });
}

function copyColumn(to: Float64Array, from: Float64Array, top: number): void {
  for (let row = 1; row < top; row++) to[row] = from[row];
}
