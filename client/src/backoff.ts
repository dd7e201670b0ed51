// How long to wait before the next attempt to join or resume: doubling, with full jitter, so that
// ten thousand clients of a server that went away do not come back in the same second. Time and
// chance are the caller's.
import { CLOSE_OVERLOADED, type Random } from '@tickwire/protocol';

/** Longest first wait, ms: a blink of the line is mended before it is noticed. */
const BASE_MS = 500;
/** Wait after 1013, ms: the server said that it has no capacity. */
const BUSY_MS = 5_000;
/**
 * Longest wait, ms, while servers are there and the room is between two of them, and how often: it
 * is back within a lease of 2 s and a second, and who has been sent to the dead owner once waits
 * at the server for the next. After that it is waited for as for any other.
 */
const BETWEEN_MS = 500;
const MAX_BETWEEN = 8;
/** Doublings that are counted; the cap is reached long before. */
const MAX_DOUBLINGS = 16;

export class Backoff {
  /** Attempts since the line was last healthy. */
  attempts = 0;
  #doublings = 0;
  #between = 0;
  readonly #random: Random;
  readonly #capMs: number;

  constructor(random: Random, capMs: number) {
    this.#random = random;
    this.#capMs = capMs;
  }

  /**
   * Counts an attempt; answers the ms to wait before it. `code`: what ended the one before.
   * `between`: the room is on its way to another server.
   */
  next(code: number, between = false): number {
    this.attempts++;
    const doubledMs =
      between && this.#between++ < MAX_BETWEEN
        ? BETWEEN_MS
        : BASE_MS * 2 ** Math.min(this.#doublings++, MAX_DOUBLINGS);
    const mostMs = Math.min(doubledMs, this.#capMs);
    return (code === CLOSE_OVERLOADED ? BUSY_MS : 0) + this.#random.next() * mostMs;
  }

  /** The line stood long enough: the next break starts from the shortest wait. */
  reset(): void {
    this.attempts = this.#doublings = this.#between = 0;
  }
}
