// The authoritative table of one kind: beside the values a game writes it keeps what the wire last
// said of them (rounded wire values, and exact ones where an owner predicts) and the tick each
// field last changed. Written by the server's world, read by state-writer. The world keeps full
// numbers; round() is the only place that compares the two. HOT: allocates nothing per tick once
// its capacity is reached.
import {
  createTracked,
  forgetTombstones,
  type Holder,
  isCollection,
  liveValue,
  type Tracked,
} from './collections.ts';
import { assert, UsageError } from './errors.ts';
import { EPOCH, type FieldPlan, OWNER, type Plan } from './plan.ts';
import { fromWire, levelsOf, quatToWire } from './quantize.ts';
import { gone, rowClass } from './row.ts';
import { Table } from './table.ts';

const MAX_INT32 = 2 ** 31 - 1;

export class LiveTable extends Table {
  /** Tick of the STATE that will carry what is written now. Stamps never pass it. */
  tick: number;
  /**
   * Wire values of the newest round: `wire[column][row]`, integers in 0..levels. Int32 where they
   * fit, so that handing one on never makes a number object.
   */
  readonly wire: (Int32Array | Float64Array)[];
  /** Exact values of the newest round, for columns an owner predicts; others stay empty. */
  readonly exact: Float64Array[];
  /** Tick each field last changed on the shared wire: `stamps[field][row]`. */
  readonly stamps: Uint32Array[];
  /** The same for the owner's own part: exact values and `ownerOnly` fields. */
  readonly ownStamps: Uint32Array[];
  /** Newest of a row's shared stamps; of its own stamps. */
  changed: Uint32Array;
  ownChanged: Uint32Array;
  /** Tick the row's entity came to be. */
  born: Uint32Array;
  /** Tick the row's owner was last set: what an owner was told before counts for nothing. */
  given: Uint32Array;
  /** Values outside their declared range, or not a number, clamped on the wire since the start. */
  clamped = 0;
  /** Throw UsageError instead of clamping. */
  readonly strict: boolean;
  /** Values of the newest round, by column: what equals them needs no rounding. */
  readonly #seen: Float64Array[];
  /** By column: its field, and what its spec says. */
  readonly #fieldOf: readonly FieldPlan[];
  readonly #min: Float64Array;
  readonly #step: Float64Array;
  readonly #levels: Float64Array;
  readonly #quat = new Float64Array(4);
  readonly #quatWire = new Float64Array(4);

  constructor(plan: Plan, tick: number, strict = false) {
    super(plan, rowClass(plan, 'live'));
    this.tick = tick;
    this.strict = strict;
    const capacity = this.capacity;
    const predicted = (f: FieldPlan) => plan.stepped && (plan.ownMask & (1 << f.index)) !== 0;
    this.wire = plan.columns.map(({ levels }) =>
      levels <= MAX_INT32 ? new Int32Array(capacity) : new Float64Array(capacity),
    );
    this.#seen = plan.columns.map(() => new Float64Array(capacity));
    this.#fieldOf = plan.fields.flatMap((f) => new Array<FieldPlan>(f.spec.components).fill(f));
    this.#min = Float64Array.from(plan.columns, ({ min }) => min);
    this.#step = Float64Array.from(plan.columns, ({ step }) => step);
    this.#levels = Float64Array.from(plan.columns, ({ levels }) => levels);
    this.exact = plan.columns.map(() => new Float64Array(0));
    for (const f of plan.fields)
      for (let i = 0; i < f.spec.components; i++)
        if (predicted(f)) this.exact[f.column + i] = new Float64Array(capacity);
    this.stamps = plan.fields.map(() => new Uint32Array(capacity));
    this.ownStamps = plan.fields.map(() => new Uint32Array(capacity));
    this.changed = new Uint32Array(capacity);
    this.ownChanged = new Uint32Array(capacity);
    this.born = new Uint32Array(capacity);
    this.given = new Uint32Array(capacity);
    // The grave's collections refuse writes, like the rest of a dead row.
    for (const f of plan.objects)
      if (isCollection(f.spec)) this.objects[f.object][0] = this.#collection(f, 0);
  }

  protected override grow(capacity: number): void {
    super.grow(capacity);
    const longer = (from: Uint32Array): Uint32Array => {
      const to = new Uint32Array(capacity);
      to.set(from);
      return to;
    };
    const longerColumn = (from: Float64Array): Float64Array => {
      if (from.length === 0) return from;
      const to = new Float64Array(capacity);
      to.set(from);
      return to;
    };
    for (let c = 0; c < this.wire.length; c++) {
      const wire = this.wire[c];
      const longerWire = wire instanceof Int32Array ? new Int32Array(capacity) : undefined;
      longerWire?.set(wire);
      this.wire[c] = longerWire ?? longerColumn(wire as Float64Array);
      this.exact[c] = longerColumn(this.exact[c]);
      this.#seen[c] = longerColumn(this.#seen[c]);
    }
    for (let f = 0; f < this.stamps.length; f++) {
      this.stamps[f] = longer(this.stamps[f]);
      this.ownStamps[f] = longer(this.ownStamps[f]);
    }
    this.changed = longer(this.changed);
    this.ownChanged = longer(this.ownChanged);
    this.born = longer(this.born);
    this.given = longer(this.given);
  }

  override put(row: number, id: number): void {
    super.put(row, id);
    this.born[row] = this.tick;
    this.given[row] = this.tick;
    for (const f of this.plan.fields) this.#stampBoth(f, row);
    // Never equal to a value: the first round takes every column.
    for (const column of this.#seen) column[row] = Number.NaN;
    for (const column of this.wire) column[row] = -1;
    for (const column of this.exact) if (column.length) column[row] = Number.NaN;
  }

  protected override get start(): Float64Array {
    return this.plan.initial;
  }

  protected override makeObject(f: FieldPlan, row: number): unknown {
    return isCollection(f.spec) ? this.#collection(f, row) : f.spec.initial;
  }

  #collection(f: FieldPlan, row: number): Tracked {
    const name = `${this.plan.name}.${f.name}`;
    let ready: Tracked | undefined;
    const cell: Holder = {
      $touch: () => {
        if (ready && (row === 0 || this.objects[f.object][row] !== ready))
          throw gone(this.plan, f.name);
        this.#stampBoth(f, row);
        return this.tick;
      },
      $outside: (where, value) => this.#outsideRange(where, value),
    };
    const made = createTracked(f.spec, name, cell);
    if (row > 0) made.$assign(f.spec.initial);
    ready = made;
    return made;
  }

  override setObject(f: FieldPlan, row: number, value: unknown): void {
    const column = this.objects[f.object];
    if (isCollection(f.spec)) {
      (column[row] as Tracked).$assign(value);
      return;
    }
    const name = `${this.plan.name}.${f.name}`;
    const next = liveValue(f.spec, name, NOBODY, value);
    if (next === column[row]) return;
    column[row] = next;
    this.#stampBoth(f, row);
  }

  override teleport(row: number): void {
    this.values[EPOCH][row] = (this.values[EPOCH][row] + 1) & 255;
    this.dirty[row] = 1;
  }

  setOwner(row: number, seat: number): void {
    this.values[OWNER][row] = seat;
    this.dirty[row] = 1;
    // The new owner has nothing of the own part yet: its stamps start at the change.
    for (const f of this.plan.fields)
      if (this.plan.ownMask & (1 << f.index)) this.ownStamps[f.index][row] = this.tick;
    this.ownChanged[row] = this.tick;
    this.given[row] = this.tick;
  }

  /**
   * Compares what the game wrote with what the wire last said, and stamps what differs with the
   * current tick.
   */
  round(): void {
    const { ids, dirty, high } = this;
    for (let row = 1; row <= high; row++) {
      if (dirty[row] === 0) continue;
      dirty[row] = 0;
      if (ids[row] !== 0) this.#roundRow(row);
    }
  }

  /** Forgets deleted map keys of `tick` and before. */
  forget(tick: number): void {
    for (const f of this.plan.objects) {
      if (!isCollection(f.spec)) continue;
      const column = this.objects[f.object];
      for (let row = 1; row <= this.high; row++) forgetTombstones(column[row], tick);
    }
  }

  /** Most columns of a row that was written are as they were: one comparison each. */
  #roundRow(row: number): void {
    const { values } = this;
    const seen = this.#seen;
    for (let c = 0; c < values.length; c++) {
      const value = values[c][row];
      if (value === seen[c][row]) continue;
      seen[c][row] = value;
      this.#roundColumn(c, row);
    }
  }

  #roundColumn(c: number, row: number): void {
    const f = this.#fieldOf[c];
    const changed = f.spec.type === 'quat' ? this.#roundQuat(f, row) : this.#roundNumber(f, c, row);
    if (changed) this.#stampShared(f, row);
    const { ownMask, stepped } = this.plan;
    if ((ownMask & (1 << f.index)) === 0) return;
    if (stepped ? this.#exactChanged(c, row) : changed) this.#stampOwn(f, row);
  }

  #roundNumber(f: FieldPlan, c: number, row: number): boolean {
    // toWire, written out over columns: a call would make an object of every number.
    let wire = Math.round((this.values[c][row] - this.#min[c]) / this.#step[c]);
    if (!(wire >= 0 && wire <= this.#levels[c])) wire = this.#outside(f, c, row);
    const said = this.wire[c];
    if (wire === said[row]) return false;
    said[row] = wire;
    return true;
  }

  /** Wire value of a number that lies outside 0..levels: an angle wraps, the rest is clamped. */
  #outside(f: FieldPlan, column: number, row: number): number {
    const steps = Math.round((this.values[column][row] - this.#min[column]) / this.#step[column]);
    if (f.spec.type !== 'angle' || !Number.isFinite(steps))
      return this.#clamp(f, column, row, steps);
    const turn = f.spec.levels + 1;
    return ((steps % turn) + turn) % turn;
  }

  #roundQuat(f: FieldPlan, row: number): boolean {
    const { spec, column } = f;
    for (let i = 0; i < 4; i++) this.#quat[i] = this.values[column + i][row];
    quatToWire(spec, this.#quat, this.#quatWire);
    let changed = false;
    for (let i = 0; i < 4; i++) {
      const wire = this.#quatWire[i];
      assert(wire >= 0 && wire <= levelsOf(spec, i), 'a quaternion rounds into its range');
      if (wire === this.wire[column + i][row]) continue;
      this.wire[column + i][row] = wire;
      changed = true;
    }
    return changed;
  }

  #exactChanged(c: number, row: number): boolean {
    const value = this.values[c][row];
    // Not a number would never equal itself and travel for ever: an owner is told the wire value,
    // as everybody is.
    const sendable = Number.isFinite(value) ? value : this.#restored(c, row);
    if (sendable === this.exact[c][row]) return false;
    this.exact[c][row] = sendable;
    return true;
  }

  /** What everybody else makes of the wire value. A broken turn travels as none at all. */
  #restored(c: number, row: number): number {
    const { spec, column } = this.#fieldOf[c];
    if (spec.type === 'quat') return c - column === 3 ? 1 : 0;
    return fromWire(spec, this.wire[c][row]);
  }

  #clamp(f: FieldPlan, column: number, row: number, wire: number): number {
    this.#outsideRange(`${this.plan.name}.${f.name}`, this.values[column][row]);
    if (Number.isNaN(wire)) return Math.max(this.wire[column][row], 0);
    return wire < 0 ? 0 : f.spec.levels;
  }

  #outsideRange(name: string, value: number): void {
    this.clamped++;
    if (this.strict) throw new UsageError(`${name} = ${value} is outside its declared range`);
  }

  #stampShared(f: FieldPlan, row: number): void {
    if ((this.plan.sharedMask & (1 << f.index)) === 0) return;
    this.stamps[f.index][row] = this.tick;
    this.changed[row] = this.tick;
  }

  #stampOwn(f: FieldPlan, row: number): void {
    this.ownStamps[f.index][row] = this.tick;
    this.ownChanged[row] = this.tick;
  }

  #stampBoth(f: FieldPlan, row: number): void {
    this.#stampShared(f, row);
    if (this.plan.ownMask & (1 << f.index)) this.#stampOwn(f, row);
  }
}

const NOBODY: Holder = { $touch: () => 0, $outside: () => {} };
