// What a picture was off by when the truth came, faded out instead of jumped: an offset for each
// smooth number of a row, which shrinks evenly to nothing in a given time. Used by shown-rows; the
// rows themselves are never smoothed, only what is drawn of them.
import { type Plan, Table } from '@tickwire/protocol';
import { addOffset, keepDifference } from './correction.ts';

export class Fading {
  readonly #offset: Table;
  /** By row: ms until its offset is gone. */
  readonly #leftMs: number[] = [];

  constructor(plan: Plan) {
    this.#offset = new Table(plan);
  }

  /** `drawn` is what was drawn of the row and `truth` what should have been: fades in `ms`. */
  start(row: number, drawn: Table, truth: Table, ms: number): void {
    const offset = this.#offset;
    offset.reserve(row);
    this.#leftMs[row] = Math.max(ms, this.#leftMs[row] ?? 0);
    for (const column of offset.values) column[row] = 0;
    keepDifference(drawn, truth, offset, row);
  }

  /** The row is somebody else's, or somewhere else: nothing fades. */
  stop(row: number): void {
    this.#leftMs[row] = 0;
  }

  /** `elapsedMs` later: adds what is left of the row's offset to what is drawn. */
  add(row: number, into: Table, elapsedMs: number): void {
    const before = this.#leftMs[row];
    if (!(before > 0)) return;
    const left = Math.max(before - elapsedMs, 0);
    this.#leftMs[row] = left;
    for (const column of this.#offset.values) column[row] *= left / before;
    addOffset(this.#offset, row, into, row);
  }
}
