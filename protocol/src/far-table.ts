// One kind of a live table as it is told to seats that are far from a row: smooth fields go on
// along tracks of their own until they are off by more than `far` allows, and the velocities they
// move by wait as long. All else is the live table's. Called by LiveTable.round. HOT: allocates
// nothing per tick once its capacity is reached.

import { anyChanged, ask, type Baseline, keepBefore, stampField } from './baseline.ts';
import { longer, type Wire, wireColumn } from './columns.ts';
import { Departures } from './departures.ts';
import type { FieldPlan } from './plan.ts';
import { Tracks } from './tracks.ts';

/** True if a kind has a field that may be further off where it is far away. */
export function hasFar({ fields }: Baseline['plan']): boolean {
  return fields.some(({ spec }) => spec.smooth && spec.far > spec.within);
}

export class FarTable implements Baseline {
  readonly tier = 1;
  sendTicks = 1;
  /** Bits of the fields that have a track, and of those they move by: what is held apart here. */
  readonly motion: number;
  readonly wire: Wire[];
  readonly before: Wire[];
  readonly tracks: Tracks;
  readonly departures: Departures;
  readonly stamps: Uint32Array[];
  changed: Uint32Array;
  changedBefore: Uint32Array;
  asked: Int32Array;
  readonly #near: Baseline;
  /** Fields without a track that others move by. */
  readonly #velocities: readonly FieldPlan[];
  /** By row: 1 where every track is within its bound, so that nothing of the motion is told. */
  #stays: Uint8Array;

  /** `near`: the live table, with tracks. */
  constructor(near: Baseline, secondsPerTick: number) {
    const { plan, capacity } = near;
    const { fields } = plan;
    this.#near = near;
    this.tracks = new Tracks(plan, secondsPerTick, capacity);
    this.departures = new Departures(this.tracks, capacity, near.departures!.truth);
    const { fieldMask, plans } = this.tracks;
    const moves = (f: FieldPlan) => plans.some(({ by }) => by >= f.column && by < endOf(f));
    const isTracked = (f: FieldPlan) => (fieldMask & (1 << f.index)) !== 0;
    this.#velocities = fields.filter((f) => f.column >= 0 && !isTracked(f) && moves(f));
    this.motion = this.#velocities.reduce((mask, f) => mask | (1 << f.index), fieldMask);
    this.wire = near.wire.slice();
    this.before = near.before.slice();
    this.stamps = near.stamps.slice();
    for (const f of fields) {
      if ((this.motion & (1 << f.index)) === 0) continue;
      this.stamps[f.index] = new Uint32Array(capacity);
      for (let c = f.column; c < endOf(f); c++) {
        this.wire[c] = wireColumn(plan.columns[c].levels, capacity);
        this.before[c] = wireColumn(plan.columns[c].levels, capacity);
      }
    }
    this.changed = new Uint32Array(capacity);
    this.changedBefore = new Uint32Array(capacity);
    this.asked = new Int32Array(capacity);
    this.#stays = new Uint8Array(capacity);
  }

  get plan(): Baseline['plan'] {
    return this.#near.plan;
  }
  get capacity(): number {
    return this.#near.capacity;
  }
  get tick(): number {
    return this.#near.tick;
  }
  get ids(): Float64Array {
    return this.#near.ids;
  }
  get objects(): Baseline['objects'] {
    return this.#near.objects;
  }
  get born(): Uint32Array {
    return this.#near.born;
  }

  /** After the live table has grown. */
  grow(capacity: number): void {
    const { wire, before, stamps } = this;
    const near = this.#near;
    // What is shared was lengthened there, and is another array now.
    for (const f of this.plan.fields) {
      const own = (this.motion & (1 << f.index)) !== 0;
      if (!own) stamps[f.index] = near.stamps[f.index];
      else stamps[f.index] = longer(stamps[f.index], capacity);
      for (let c = f.column; f.column >= 0 && c < endOf(f); c++) {
        wire[c] = own ? longer(wire[c], capacity) : near.wire[c];
        before[c] = own ? longer(before[c], capacity) : near.before[c];
      }
    }
    this.tracks.grow(capacity);
    this.departures.grow(capacity);
    this.changed = longer(this.changed, capacity);
    this.changedBefore = longer(this.changedBefore, capacity);
    this.asked = longer(this.asked, capacity);
    this.#stays = longer(this.#stays, capacity);
  }

  /** A new entity is in the row. */
  put(row: number): void {
    for (const f of this.plan.fields) {
      if ((this.motion & (1 << f.index)) === 0) continue;
      stampField(this, f, row);
      for (let c = f.column; c < endOf(f); c++) this.wire[c][row] = -1;
    }
    this.changed[row] = this.tick;
  }

  /** Nothing moved or was written yet, in the `ticks` since the round before. */
  begin(ticks: number): void {
    this.sendTicks = ticks;
    this.departures.begin();
  }

  /** A row that lives; `touched`: that was written. */
  consider(row: number, touched: boolean): void {
    const near = this.#near;
    if (touched || this.tracks.moving[row] !== 0 || near.changed[row] === near.tick)
      this.departures.add(row);
  }

  /** After the live table was followed. */
  follow(): void {
    const { departures, tick, plan, sendTicks } = this;
    const near = this.#near;
    const { rows, count } = departures;
    const others = plan.sharedMask & ~this.motion;
    for (let r = 0; r < count; r++) {
      const row = rows[r];
      const stays = near.born[row] < tick && this.#isWithin(row, sendTicks);
      this.#stays[row] = stays ? 1 : 0;
      if (!stays) this.#takeVelocities(row);
      if (near.changed[row] === tick && anyChanged(near, row, tick - 1, others)) this.#name(row);
    }
    departures.follow(this, sendTicks, this.#stays);
    for (let row = 1; row < this.capacity; row++) if (this.ids[row] !== 0) ask(this, row);
  }

  /** True where no track departs by more than it may. */
  #isWithin(row: number, ticks: number): boolean {
    const { tracks } = this;
    const { truth } = this.departures;
    const { plans } = tracks;
    for (let i = 0; i < plans.length; i++) {
      const held = this.wire[plans[i].column][row];
      if (held < 0) return false;
      const to = tracks.predict(i, row, held, ticks);
      if (Math.abs(tracks.stepsBetween(i, to, truth[i][row])) > plans[i].spec.far) return false;
    }
    return true;
  }

  #takeVelocities(row: number): void {
    for (const f of this.#velocities)
      for (let c = f.column; c < endOf(f); c++) {
        const wire = this.#near.wire[c][row];
        if (wire === this.wire[c][row]) continue;
        keepBefore(this, f, row);
        this.wire[c][row] = wire;
        stampField(this, f, row);
      }
  }

  #name(row: number): void {
    if (this.changed[row] === this.tick) return;
    this.changedBefore[row] = this.changed[row];
    this.changed[row] = this.tick;
  }
}

function endOf({ column, spec }: FieldPlan): number {
  return column + spec.components;
}
