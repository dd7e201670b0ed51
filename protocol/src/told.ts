// What receivers in step hold of the rows of one kind, and when each was last named to them. The
// live table tells it to those who are near, its far table to those who are not. Filled once a
// STATE by LiveTable.round, read by state-writer and body-writer.
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

export interface Told {
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
export function stampField(told: Told, f: FieldPlan, row: number): void {
  const { changed, changedBefore, tick } = told;
  if ((told.plan.sharedMask & (1 << f.index)) === 0) return;
  told.stamps[f.index][row] = tick;
  if (changed[row] === tick) return;
  changedBefore[row] = changed[row];
  changed[row] = tick;
}

/** The first of a field's columns to change keeps what all of them were. */
export function keepBefore(told: Told, { index, column, spec }: FieldPlan, row: number): void {
  if (told.tracks === undefined || told.stamps[index][row] === told.tick) return;
  for (let c = column; c < column + spec.components; c++) told.before[c][row] = told.wire[c][row];
}

/** STATEs from the one that last named the row before this one, to this one. */
export function sendsBefore(told: Told, row: number): number {
  const newest = told.changed[row];
  const last = newest === told.tick ? told.changedBefore[row] : newest;
  return (told.tick - last) / told.sendTicks;
}

/** STATEs since the one that last named the row: 0 for this one. */
export function sendsSinceNamed(told: Told, row: number): number {
  return (told.tick - told.changed[row]) / told.sendTicks;
}

/** Sets how the row is asked for. */
export function ask(told: Told, row: number): void {
  const context = told.plan.changed + changedOffset(sendsBefore(told, row));
  told.asked[row] = context * 2 + (told.changed[row] === told.tick ? 1 : 0);
}

/** True if one of the fields of `mask` changed after `since`. */
export function anyChanged({ stamps }: Told, row: number, since: number, mask: number): boolean {
  for (let i = 0; i < stamps.length; i++)
    if ((mask & (1 << i)) !== 0 && stamps[i][row] > since) return true;
  return false;
}
