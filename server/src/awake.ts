// A clock that stands while this process stands: of what others owe it, a time in which it heard
// nobody says nothing. Made by make-shard.ts for answer-times.ts; cluster.ts says every 50 ms or so
// that the process runs. Trap: before that was said once, as in a simulated time, all time counts.

/** From one word to the next, ms, no more than this counts: two such words. */
const MOST_MS = 100;

export class AwakeClock {
  readonly #now: () => number;
  #saidMs: number;
  /** What had passed then. */
  #passedMs = 0;
  #mostMs = Number.POSITIVE_INFINITY;

  /** `now`: monotonic ms. */
  constructor(now: () => number) {
    this.#now = now;
    this.#saidMs = now();
  }

  /** Ms since it was made in which this process ran. */
  get ms(): number {
    return this.#passedMs + Math.min(this.#now() - this.#saidMs, this.#mostMs);
  }

  /** The process runs. */
  runs(): void {
    this.#passedMs = this.ms;
    this.#saidMs = this.#now();
    this.#mostMs = MOST_MS;
  }
}
