// When each tick of a room is due: a fixed step against a monotonic clock, without drift. Late
// ticks are made up for, a few at a time; beyond that the lost time is let go and counted. Pure:
// time is passed in; ticker.ts is the edge that waits.

export class Schedule {
  /** Ms of one tick. */
  readonly tickMs: number;
  /** Ms that were lost because the process could not keep up. */
  lostMs = 0;
  readonly #catchUpTicks: number;
  #startMs: number;
  #startTick: number;

  /** `tick` was done at `nowMs`; the next is due one tick later. */
  constructor(tickRate: number, catchUpTicks: number, nowMs: number, tick: number) {
    this.tickMs = 1000 / tickRate;
    this.#catchUpTicks = catchUpTicks;
    this.#startMs = nowMs;
    this.#startTick = tick;
  }

  /** Ideal time of a tick, ms of the monotonic clock. */
  dueMs(tick: number): number {
    return this.#startMs + (tick - this.#startTick) * this.tickMs;
  }

  /**
   * The fractional tick that a perfect clock would show: what PONG and input margins are measured
   * by.
   */
  tickAt(nowMs: number): number {
    return this.#startTick + (nowMs - this.#startMs) / this.tickMs;
  }

  /** Ticks to run now, after `tick`. */
  ticksDue(tick: number, nowMs: number): number {
    const due = Math.floor(this.tickAt(nowMs) + EARLY_TICKS) - tick;
    if (due <= this.#catchUpTicks) return Math.max(due, 0);
    const lost = due - this.#catchUpTicks;
    this.lostMs += lost * this.tickMs;
    this.#startMs += lost * this.tickMs;
    return this.#catchUpTicks;
  }
}

/** A timer that fires this little early (in ticks) is not sent back to sleep. */
const EARLY_TICKS = 1e-6;
