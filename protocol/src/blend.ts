// A row between two snapshots, by the rule of each field: what others are shown in the browser, and
// what rewind gives back on the server, are computed here and so agree. Fields that are not smooth
// hold the older value until the newer tick is reached. Also a row a little after the newest: a
// guess, made by a browser that waits for news, and again by rewind for what it showed meanwhile.
import { EPOCH, type FieldPlan } from './plan.ts';
import type { Table } from './table.ts';

/**
 * Ms after the newest snapshot that motion goes on as it was; it then slows down evenly. On the
 * wifi profile the p99 of what is drawn wrongly is 35 ms of motion with 50, 20 ms with 75; without
 * an end of slowing, whoever stops is drawn farthest beyond.
 */
const STEADY_MS = 75;
/** Ms after which it stands: longer, and whoever turned is drawn too far from where they are. */
export const MOST_GUESSED_MS = 100;

/** How many ms of motion a guess makes of `ms` after the newest snapshot, 0..MOST_GUESSED_MS. */
export function guessedMotionMs(ms: number): number {
  const slowing = Math.max(Math.min(ms, MOST_GUESSED_MS) - STEADY_MS, 0);
  return Math.min(ms, MOST_GUESSED_MS) - slowing ** 2 / (2 * (MOST_GUESSED_MS - STEADY_MS));
}

/**
 * Writes into `out` the row at `fraction` (0..1) of the way from `a` to `b`. Where the entity is
 * not the same in both, or was teleported between them, it is as in `a`.
 */
export function blendRow(out: Table, row: number, a: Table, b: Table, fraction: number): void {
  out.copyRow(row, a);
  if (fraction === 0 || row >= b.capacity || b.ids[row] !== a.ids[row]) return;
  const epoch = a.values[EPOCH];
  if (epoch[row] !== b.values[EPOCH][row]) return;
  for (const f of a.plan.fields) {
    if (!f.spec.smooth) continue;
    if (f.spec.type === 'quat') blendQuat(out, f, row, a, b, fraction);
    else
      for (let c = f.column; c < f.column + f.spec.components; c++) {
        const from = a.values[c][row];
        const by = b.values[c][row] - from;
        out.values[c][row] =
          f.spec.type === 'angle' ? wrapped(from + wrapped(by) * fraction) : from + by * fraction;
      }
  }
}

/**
 * Writes into `out` the row as it may be after `b`, the newest: smooth fields go on by the velocity
 * they are declared to move by for `seconds`, others by `share` of the way that they went from `a`
 * to `b`. They stay within their ranges. What is not the same in both, or was teleported, has come
 * no way.
 */
export function extendRow(
  out: Table,
  row: number,
  a: Table,
  b: Table,
  share: number,
  seconds: number,
): void {
  out.copyRow(row, b);
  const came = a.ids[row] === b.ids[row] && a.values[EPOCH][row] === b.values[EPOCH][row];
  for (const f of b.plan.fields) {
    const { type, smooth, components, min, step, levels } = f.spec;
    if (!smooth || (f.by < 0 && !came)) continue;
    if (type === 'quat') {
      blendQuat(out, f, row, a, b, 1 + share);
      continue;
    }
    for (let i = 0; i < components; i++) {
      const c = f.column + i;
      const at = b.values[c][row];
      const way = at - a.values[c][row];
      const on =
        f.by < 0
          ? (type === 'angle' ? wrapped(way) : way) * share
          : b.values[f.by + i][row] * seconds;
      out.values[c][row] =
        type === 'angle' ? wrapped(at + on) : Math.min(Math.max(at + on, min), min + step * levels);
    }
  }
}

/** An angle, or a difference of two by the short way, in [-PI, PI). */
export function wrapped(radians: number): number {
  const turns = radians / (2 * Math.PI);
  return (turns - Math.floor(turns + 0.5)) * 2 * Math.PI;
}

/**
 * Normalised linear blend by the short way: within 0.1 degree of slerp for the small turns between
 * two ticks.
 */
function blendQuat(
  out: Table,
  f: FieldPlan,
  row: number,
  a: Table,
  b: Table,
  fraction: number,
): void {
  let dot = 0;
  for (let c = f.column; c < f.column + 4; c++) dot += a.values[c][row] * b.values[c][row];
  const sign = dot < 0 ? -1 : 1;
  for (let c = f.column; c < f.column + 4; c++)
    out.values[c][row] = a.values[c][row] * (1 - fraction) + sign * b.values[c][row] * fraction;
  normalise(out, f.column, row);
}

/** Makes four components from `column` on a turn again: of length 1. */
export function normalise({ values }: Table, column: number, row: number): void {
  let square = 0;
  for (let c = column; c < column + 4; c++) square += values[c][row] ** 2;
  for (let c = column; c < column + 4; c++) values[c][row] /= Math.sqrt(square || 1);
}
