// What there is to draw of others at a fractional tick: the two snapshots around it, or, while news
// are late, how far the motion between the newest two is guessed to have gone on. Made by
// shown-rows for each picture. A guess slows down and stands still soon: who turned, or met a wall,
// is not there.
import {
  blendRow,
  extendRow,
  guessedMotionMs,
  type History,
  MOST_GUESSED_MS,
  type Snapshot,
  type Table,
} from '@tickwire/protocol';

export class Moment {
  /** Who is there, and what is not smooth. */
  readonly from: Snapshot;
  /** Ms after the newest snapshot, 0..MOST_GUESSED_MS, and how many of them motion goes on. */
  readonly guessedMs: number = 0;
  readonly motionMs: number = 0;
  readonly #to: Snapshot;
  /** Part of the way from `from` to `#to` that is gone; or of that here from `#to`, to go on by. */
  readonly #share: number;

  /** The history holds a snapshot, at least. */
  constructor(history: History, tick: number, tickMs: number) {
    const newest = history.newest!;
    const before = history.at(1);
    if (tick > newest.tick && before) {
      this.guessedMs = Math.min((tick - newest.tick) * tickMs, MOST_GUESSED_MS);
      this.motionMs = guessedMotionMs(this.guessedMs);
      this.from = newest;
      this.#to = before;
      this.#share = this.motionMs / tickMs / (newest.tick - before.tick);
      return;
    }
    const at = history.indexAt(tick);
    this.from = at < 0 ? history.oldest! : history.at(at)!;
    this.#to = at > 0 ? history.at(at - 1)! : this.from;
    const span = this.#to.tick - this.from.tick;
    this.#share = span > 0 ? (tick - this.from.tick) / span : 0;
  }

  /** Writes a row that is in `from`. */
  draw(kind: number, row: number, into: Table): void {
    const from = this.from.tables[kind];
    const to = this.#to.tables[kind];
    if (this.guessedMs > 0) extendRow(into, row, to, from, this.#share, this.motionMs / 1000);
    else blendRow(into, row, from, to, this.#share);
  }
}
