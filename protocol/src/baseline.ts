// The baseline of packed deltas: what receivers in step hold of the rows of one kind, and when each
// was last named to them. The live table is that of receivers who are near, its far table of those
// who are not. Filled once a STATE by LiveTable.round, read by state-writer and body-writer.
import type { Wire } from './columns.ts';
import { changedOffset } from './contexts.ts';
import type { FieldPlan, Plan } from './plan.ts';
import type { Tracks } from './tracks.ts';

/** By track: steps from track to truth, what both sides knew before, and the truth rounded. */
export interface Departed {
  readonly off: readonly Int32Array[];
  readonly hint: readonly Int32Array[];
  readonly truth: Wire[];
}

export interface Baseline {
  readonly plan: Plan;
  readonly capacity: number;
  /** 0: near, 1: far. */
  readonly tier: number;
  /** Tick of the STATE that will carry what is written now. Stamps never pass it. */
  readonly tick: number;
  /** Ticks from one STATE to the next. */
  readonly sendTicks: number;
  readonly ids: Float64Array;
  readonly objects: readonly (readonly unknown[])[];
  /** Tick the row's entity came to be. */
  readonly born: Uint32Array;
  /**
   * What a seat in step holds after the newest round: `wire[column][row]`, integers in 0..levels.
   */
  readonly wire: readonly Wire[];
  /** `wire` before the newest round, for fields stamped with its tick; empty without tracks. */
  readonly before: readonly Wire[];
  /** Where smooth fields are thought to be; undefined where bodies are plain. */
  readonly tracks: Tracks | undefined;
  /** What the newest round found of smooth fields; undefined where bodies are plain. */
  readonly departures: Departed | undefined;
  /** Tick each field last changed on the shared wire: `stamps[field][row]`. */
  readonly stamps: readonly Uint32Array[];
  /** Newest of a row's shared stamps, and the newest before that one. */
  readonly changed: Uint32Array;
  readonly changedBefore: Uint32Array;
  /**
   * How a seat in step is asked whether the row changed, after a round: twice the context, plus 1
   * if it did.
   */
  readonly asked: Int32Array;
}

/** A shared field of the row changed: it will be named in the STATE of this tick. */
export function stampField(of: Baseline, f: FieldPlan, row: number): void {
  const { changed, changedBefore, tick } = of;
  if ((of.plan.sharedMask & (1 << f.index)) === 0) return;
  of.stamps[f.index][row] = tick;
  if (changed[row] === tick) return;
  changedBefore[row] = changed[row];
  changed[row] = tick;
}

/** The first of a field's columns to change keeps what all of them were. */
export function keepBefore(of: Baseline, { index, column, spec }: FieldPlan, row: number): void {
  if (of.tracks === undefined || of.stamps[index][row] === of.tick) return;
  for (let c = column; c < column + spec.components; c++) of.before[c][row] = of.wire[c][row];
}

/** STATEs from the one that last named the row before this one, to this one. */
export function sendsBefore(of: Baseline, row: number): number {
  const newest = of.changed[row];
  const last = newest === of.tick ? of.changedBefore[row] : newest;
  return (of.tick - last) / of.sendTicks;
}

/** STATEs since the one that last named the row: 0 for this one. */
export function sendsSinceNamed(of: Baseline, row: number): number {
  return (of.tick - of.changed[row]) / of.sendTicks;
}

/** Sets how the row is asked for. */
export function ask(of: Baseline, row: number): void {
  const context = of.plan.changed + changedOffset(sendsBefore(of, row));
  of.asked[row] = context * 2 + (of.changed[row] === of.tick ? 1 : 0);
}

/** True if one of the fields of `mask` changed after `since`. */
export function anyChanged(
  { stamps }: Baseline,
  row: number,
  since: number,
  mask: number,
): boolean {
  for (let i = 0; i < stamps.length; i++)
    if ((mask & (1 << i)) !== 0 && stamps[i][row] > since) return true;
  return false;
}
