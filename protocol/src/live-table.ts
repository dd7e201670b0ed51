// The authoritative table of one kind: beside the values a game writes it keeps what every seat in
// step holds of them (rounded wire values, the tracks of smooth fields, exact values where an owner
// predicts) and the tick each field last departed from it. Written by the server's world, read by
// state-writer. The world keeps full numbers; round() is the only place that compares the two. HOT:
// allocates nothing per tick once its capacity is reached.

import { ask, type Baseline, keepBefore, stampField } from './baseline.ts';
import {
  createTracked,
  forgetTombstones,
  type Holder,
  isCollection,
  liveValue,
  type Tracked,
} from './collections.ts';
import { lengthen, longer, type Wire, wireColumn } from './columns.ts';
import { Departures } from './departures.ts';
import { assert, UsageError } from './errors.ts';
import { FarTable, hasFar } from './far-table.ts';
import { EPOCH, type FieldPlan, OWNER, type Plan } from './plan.ts';
import { fromWire, levelsOf, quatToWire } from './quantize.ts';
import { gone, rowClass } from './row.ts';
import { Table } from './table.ts';
import { Tracks } from './tracks.ts';

/** Rows of a table that were used before. */
export interface Holes {
  /** The last is used next. */
  readonly free: readonly number[];
  /** Removed at `tick`, and free once that is settled; in the order of their removal. */
  readonly resting: readonly { row: number; tick: number }[];
}

export class LiveTable extends Table implements Baseline {
  readonly tier = 0;
  /** Tick of the STATE that will carry what is written now. Stamps never pass it. */
  tick: number;
  /**
   * What a seat in step holds after the newest round: `wire[column][row]`, integers in 0..levels.
   * Int32 where they fit, so that handing one on never makes a number object.
   */
  readonly wire: Wire[];
  /** `wire` before the newest round, for fields stamped with its tick; empty without tracks. */
  readonly before: Wire[];
  /** Where smooth fields are thought to be; undefined where bodies are plain. */
  readonly tracks: Tracks | undefined;
  /** What the newest round found of smooth fields; undefined where bodies are plain. */
  readonly departures: Departures | undefined;
  /** Exact values of the newest round, for columns an owner predicts; others stay empty. */
  readonly exact: Float64Array[];
  /** Tick each field last changed on the shared wire: `stamps[field][row]`. */
  readonly stamps: Uint32Array[];
  /** The same for the owner's own part: exact values and `ownerOnly` fields. */
  readonly ownStamps: Uint32Array[];
  /**
   * How a seat in step is asked whether the row changed, after a round: twice the context, plus 1
   * if it did.
   */
  asked: Int32Array;
  /** Newest of a row's shared stamps, the newest before that one, and of its own stamps. */
  changed: Uint32Array;
  changedBefore: Uint32Array;
  ownChanged: Uint32Array;
  /** Tick the row's entity came to be. */
  born: Uint32Array;
  /** Tick the row's owner was last set: what an owner was told before counts for nothing. */
  given: Uint32Array;
  /** What receivers hold that are far from a row; undefined where distance makes no difference. */
  readonly far: FarTable | undefined;
  /** Ticks from one STATE to the next. */
  sendTicks = 1;
  /** Values outside their declared range, or not a number, clamped on the wire since the start. */
  clamped = 0;
  /** Throw UsageError instead of clamping. */
  readonly strict: boolean;
  /** The game's values, rounded: `wire` itself, but for columns with a track. */
  readonly #truth: Wire[] = [];
  /** Values of the newest round, by column: what equals them needs no rounding. */
  readonly #seen: Float64Array[];
  /** By column: its field, and what its spec says. */
  readonly #fieldOf: readonly FieldPlan[];
  readonly #min: Float64Array;
  readonly #step: Float64Array;
  readonly #levels: Float64Array;
  readonly #quat = new Float64Array(4);
  readonly #quatWire = new Float64Array(4);

  /**
   * `secondsPerTick` above 0: smooth fields are followed by tracks, for packed bodies; `far`: for
   * those who are far as well.
   */
  constructor(plan: Plan, tick: number, strict = false, secondsPerTick = 0, far = false) {
    super(plan, rowClass(plan, 'live'));
    this.tick = tick;
    this.strict = strict;
    const capacity = this.capacity;
    const predicted = (f: FieldPlan) => plan.stepped && (plan.ownMask & (1 << f.index)) !== 0;
    const wires = (size: number) => plan.columns.map(({ levels }) => wireColumn(levels, size));
    this.wire = wires(capacity);
    this.before = wires(secondsPerTick > 0 ? capacity : 0);
    this.tracks = secondsPerTick > 0 ? new Tracks(plan, secondsPerTick, capacity) : undefined;
    this.departures = this.tracks && new Departures(this.tracks, capacity);
    this.#shareTruth();
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
    this.changedBefore = new Uint32Array(capacity);
    this.asked = new Int32Array(secondsPerTick > 0 ? capacity : 0);
    this.ownChanged = new Uint32Array(capacity);
    this.born = new Uint32Array(capacity);
    this.given = new Uint32Array(capacity);
    if (far && secondsPerTick > 0 && hasFar(plan)) this.far = new FarTable(this, secondsPerTick);
    // The grave's collections refuse writes, like the rest of a dead row.
    for (const f of plan.objects)
      if (isCollection(f.spec)) this.objects[f.object][0] = this.#collection(f, 0);
  }

  protected override grow(capacity: number): void {
    super.grow(capacity);
    const { wire, before, exact, stamps, ownStamps } = this;
    for (const columns of [wire, before, exact, this.#seen, stamps, ownStamps])
      lengthen(columns, capacity);
    this.departures?.grow(capacity);
    this.#shareTruth();
    this.changed = longer(this.changed, capacity);
    this.changedBefore = longer(this.changedBefore, capacity);
    if (this.tracks) this.asked = longer(this.asked, capacity);
    this.ownChanged = longer(this.ownChanged, capacity);
    this.born = longer(this.born, capacity);
    this.given = longer(this.given, capacity);
    this.tracks?.grow(capacity);
    this.far?.grow(capacity);
  }

  override put(row: number, id: number): void {
    super.put(row, id);
    this.born[row] = this.tick;
    this.given[row] = this.tick;
    for (const f of this.plan.fields) this.#stampBoth(f, row);
    // Never equal to a value: the first round takes every column.
    for (const column of this.#seen) column[row] = Number.NaN;
    for (const column of this.wire) column[row] = -1;
    for (const column of this.#truth) column[row] = -1;
    for (const column of this.exact) if (column.length) column[row] = Number.NaN;
    this.far?.put(row);
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
    this.dirty[row] |= 1 << EPOCH;
  }

  setOwner(row: number, seat: number): void {
    this.values[OWNER][row] = seat;
    this.dirty[row] |= 1 << OWNER;
    // The new owner has nothing of the own part yet: its stamps start at the change.
    for (const f of this.plan.fields)
      if (this.plan.ownMask & (1 << f.index)) this.ownStamps[f.index][row] = this.tick;
    this.ownChanged[row] = this.tick;
    this.given[row] = this.tick;
  }

  /**
   * Compares what the game wrote with what seats in step hold, and stamps what differs with the
   * current tick, which is that of a STATE. `ticks`: since the round before.
   */
  round(ticks = 1): void {
    const { ids, dirty, high, tracks, departures, far, changed, tick } = this;
    this.sendTicks = ticks;
    departures?.begin();
    far?.begin(ticks);
    for (let row = 1; row <= high; row++) {
      const touched = dirty[row];
      dirty[row] = 0;
      if (ids[row] === 0) continue;
      if (touched !== 0) this.#roundRow(row, touched);
      if (tracks && (touched !== 0 || tracks.moving[row] !== 0 || changed[row] === tick))
        departures?.add(row);
      far?.consider(row, touched !== 0);
    }
    if (!departures) return;
    departures.follow(this, ticks);
    for (let row = 1; row <= high; row++) if (ids[row] !== 0) ask(this, row);
    far?.follow();
  }

  /** Columns with a track are rounded beside what seats hold, all others in its place. */
  #shareTruth(): void {
    for (let c = 0; c < this.wire.length; c++) this.#truth[c] = this.wire[c];
    this.tracks?.plans.forEach(({ column }, i) => {
      this.#truth[column] = this.departures!.truth[i];
    });
  }

  /**
   * A number near the exact one, made of what its receiver was told with everybody (quantize's
   * `nearby`), into `out[i]`: a number that a call returns, or a spec's, may be an object.
   */
  nearby(c: number, row: number, out: Float64Array, i: number): void {
    const { type, scope } = this.#fieldOf[c].spec;
    const wire = this.wire[c][row];
    if (type === 'quat' || scope !== 'all') out[i] = 0;
    else if (type === 'angle' && wire * 2 > this.#levels[c])
      out[i] = (wire - this.#levels[c] - 1) * this.#step[c];
    else out[i] = this.#min[c] + wire * this.#step[c];
  }

  /** Rows that are not in use: what new entities get, and in which order. */
  get holes(): Holes {
    return { free: this.free, resting: this.resting };
  }
  set holes({ free, resting }: Holes) {
    this.free.length = this.resting.length = 0;
    for (const row of free) this.free.push(row);
    for (const rest of resting) this.resting.push(rest);
  }

  /** Forgets deleted map keys of `tick` and before. */
  forget(tick: number): void {
    for (const f of this.plan.objects) {
      if (!isCollection(f.spec)) continue;
      const column = this.objects[f.object];
      for (let row = 1; row <= this.high; row++) forgetTombstones(column[row], tick);
    }
  }

  /** `touched`: the fields that were written. Many are as they were: one comparison each. */
  #roundRow(row: number, touched: number): void {
    const { values } = this;
    const { fields } = this.plan;
    const seen = this.#seen;
    for (let left = touched; left !== 0; left &= left - 1) {
      const index = 31 - Math.clz32(left & -left);
      if (index >= fields.length) return;
      const { column, spec } = fields[index];
      for (let c = column; c < column + spec.components; c++) {
        const value = values[c][row];
        if (value === seen[c][row]) continue;
        seen[c][row] = value;
        this.#roundColumn(c, row);
      }
    }
  }

  #isTracked(f: FieldPlan): boolean {
    return this.tracks !== undefined && this.tracks.ofField[f.index] >= 0;
  }

  #roundColumn(c: number, row: number): void {
    const f = this.#fieldOf[c];
    const changed = f.spec.type === 'quat' ? this.#roundQuat(f, row) : this.#roundNumber(f, c, row);
    if (changed && !this.#isTracked(f)) stampField(this, f, row);
    const { ownMask, stepped } = this.plan;
    if ((ownMask & (1 << f.index)) === 0) return;
    if (stepped ? this.#exactChanged(c, row) : changed) this.#stampOwn(f, row);
  }

  #roundNumber(f: FieldPlan, c: number, row: number): boolean {
    // toWire, written out over columns: a call would make an object of every number.
    let wire = Math.round((this.values[c][row] - this.#min[c]) / this.#step[c]);
    if (!(wire >= 0 && wire <= this.#levels[c])) wire = this.#outside(f, c, row);
    const truth = this.#truth[c];
    if (wire === truth[row]) return false;
    keepBefore(this, f, row);
    truth[row] = wire;
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
      if (!changed) keepBefore(this, f, row);
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
    return fromWire(spec, this.#truth[c][row]);
  }

  #clamp(f: FieldPlan, column: number, row: number, wire: number): number {
    this.#outsideRange(`${this.plan.name}.${f.name}`, this.values[column][row]);
    if (Number.isNaN(wire)) return Math.max(this.#truth[column][row], 0);
    return wire < 0 ? 0 : f.spec.levels;
  }

  #outsideRange(name: string, value: number): void {
    this.clamped++;
    if (this.strict) throw new UsageError(`${name} = ${value} is outside its declared range`);
  }

  #stampOwn(f: FieldPlan, row: number): void {
    this.ownStamps[f.index][row] = this.tick;
    this.ownChanged[row] = this.tick;
  }

  #stampBoth(f: FieldPlan, row: number): void {
    stampField(this, f, row);
    if (this.plan.ownMask & (1 << f.index)) this.#stampOwn(f, row);
  }
}

const NOBODY: Holder = { $touch: () => 0, $outside: () => {} };
