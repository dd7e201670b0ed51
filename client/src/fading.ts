// What a picture was off by when the truth came, faded out instead of jumped: an offset for each
// smooth number of a row, which shrinks evenly to nothing in a given time. Used by shown-rows; the
// rows themselves are never smoothed, only what is drawn of them.
import { normalise, type Plan, Table, wrapped } from '@tickwire/protocol';

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
    for (const { spec, column } of offset.plan.fields) {
      if (!spec.smooth) continue;
      // A turn and its negative are the same turn.
      let dot = 0;
      for (let c = column; c < column + 4 && spec.type === 'quat'; c++)
        dot += drawn.values[c][row] * truth.values[c][row];
      const sign = dot < 0 ? -1 : 1;
      for (let c = column; c < column + spec.components; c++) {
        const off = sign * drawn.values[c][row] - truth.values[c][row];
        offset.values[c][row] = spec.type === 'angle' ? wrapped(off) : off;
      }
    }
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
    const { plan, values } = this.#offset;
    for (const { spec, column } of plan.fields) {
      if (!spec.smooth) continue;
      for (let c = column; c < column + spec.components; c++) {
        values[c][row] *= left / before;
        const sum = into.values[c][row] + values[c][row];
        into.values[c][row] = spec.type === 'angle' ? wrapped(sum) : sum;
      }
      if (spec.type === 'quat') normalise(into, column, row);
    }
  }
}
