// Whose turn it is to be told what nobody else is told beside it: everything, or all that changed
// since a STATE that is long past, where each seat has a view of its own. That is dear, and a crowd
// that joins in one instant, or seats that fall behind again and again, would hold up the tick for
// all who keep up: so many rows in one STATE, and the others wait for the next. Asked by
// sending.ts in each tick that sends. Deterministic: goes by counts, never by the clock.
import type { RoomSeat } from './seat.ts';

/**
 * Rows told in such STATEs in a second, all seats together. A row costs about 2.5 us where it was
 * measured, packed and warm: a tenth of a core, 5 ms of a tick at 20 Hz. In a process that has just
 * started it costs up to ten times as much, and a tick is still no more than its length late.
 */
const ROWS_PER_SECOND = 40_000;

/** What a seat costs beside its rows, in rows: its frame, and looking around. */
const SEAT_ROWS = 8;

export class Turns {
  /** Longest waiting first. */
  readonly #waiting = new Set<RoomSeat>();
  readonly #rowsPerState: number;

  /** `statesPerSecond`: ticks that send. */
  constructor(statesPerSecond: number) {
    this.#rowsPerState = ROWS_PER_SECOND / statesPerSecond;
  }

  /** The seat needs everything, or missed a STATE. It keeps its place if it waits already. */
  wait(seat: RoomSeat): void {
    this.#waiting.add(seat);
  }

  /**
   * Once a tick: `send` tells a seat its STATE and answers whether its line took it; `miss` is
   * called for those whose turn is yet to come. At least one seat has its turn.
   */
  take(send: (seat: RoomSeat) => boolean, miss: (seat: RoomSeat) => void): void {
    let left = this.#rowsPerState;
    for (const seat of this.#waiting) {
      if (!seat.line) this.#waiting.delete(seat);
      else if (left <= 0) miss(seat);
      else if (send(seat)) {
        this.#waiting.delete(seat);
        left -= SEAT_ROWS + seat.known.count;
      }
    }
  }
}
