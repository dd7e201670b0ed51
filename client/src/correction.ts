// What a correction does to the picture. The simulation goes on from the server's values at once;
// the difference to what was drawn stays in an offset, which fades by its size. Used by
// prediction.ts on rows of its tables, and by fading.ts for others. Trap: only `smooth` fields are
// drawn with an offset, all others are simply right.
import { EPOCH, normalise, type Table, wrapped } from '@tickwire/protocol';

/**
 * Half-lives of a correction's fading (NETCODE 3.4): small ones glide, large ones must not float.
 */
const SLOW_FADE_MS = 100;
const FAST_FADE_MS = 40;
/** Steps of a field at which a correction counts as large. */
const LARGE_STEPS = 64;
/** Part of a step below which an offset is nothing: it is not seen. */
const UNSEEN = 1 / 16;

/**
 * What the picture of a row would jump by, `before` to `now`, is added to `offset`. True if a value
 * is off by more than its step: that, and no less, counts as a correction. Two machines may differ
 * in the last bits of Math.sin and its like, which is far below.
 */
export function keepDifference(before: Table, now: Table, offset: Table, row: number): boolean {
  let isAboveStep = false;
  for (const { index, column, spec } of now.plan.fields) {
    if (index <= EPOCH || column < 0) continue;
    // A turn and its negative are the same turn.
    let dot = 0;
    if (spec.type === 'quat')
      for (let c = column; c < column + 4; c++) dot += before.values[c][row] * now.values[c][row];
    const sign = dot < 0 ? -1 : 1;
    for (let c = column; c < column + spec.components; c++) {
      const jump = sign * before.values[c][row] - now.values[c][row];
      const by = spec.type === 'angle' ? wrapped(jump) : jump;
      if (Math.abs(by) > spec.step) isAboveStep = true;
      if (spec.smooth) offset.values[c][row] += by;
    }
  }
  return isAboveStep;
}

/** Lets a row's offset fade over `elapsedMs`. */
export function fade(offset: Table, row: number, elapsedMs: number): void {
  for (const { column, spec } of offset.plan.fields) {
    if (!spec.smooth) continue;
    for (let c = column; c < column + spec.components; c++) {
      const left = offset.values[c][row];
      if (left === 0) continue;
      const size = Math.min(Math.abs(left) / (spec.step * LARGE_STEPS), 1);
      const halfLifeMs = SLOW_FADE_MS + (FAST_FADE_MS - SLOW_FADE_MS) * size;
      const faded = left * 2 ** (-elapsedMs / halfLifeMs);
      offset.values[c][row] = Math.abs(faded) < spec.step * UNSEEN ? 0 : faded;
    }
  }
}

/** Adds the offset in `row` to the values that another table has in its row `to`. */
export function addOffset(offset: Table, row: number, into: Table, to: number): void {
  for (const { column, spec } of offset.plan.fields) {
    if (!spec.smooth) continue;
    for (let c = column; c < column + spec.components; c++) {
      const off = offset.values[c][row];
      if (off === 0) continue;
      const sum = into.values[c][to] + off;
      into.values[c][to] = spec.type === 'angle' ? wrapped(sum) : sum;
    }
    if (spec.type === 'quat') normalise(into, column, to);
  }
}
