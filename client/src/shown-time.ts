// When to show what was received: behind the server by one send interval and the late tail of the
// line, no more. Fed with each STATE's lateness, advanced by the drawn frames' clock. It slews,
// freezes when nothing newer is there, never runs backwards; only a gap no game survives (a
// sleeping tab) makes it jump. All in ticks unless a name says ms.

/**
 * Bins of the lateness histogram, and ms of each: half a second of reach at the grain of a clock
 * sample.
 */
const BINS = 128;
const BIN_MS = 4;
/**
 * Forgetting per STATE: at 20 Hz half of the weight is 35 s old, so one bad minute does not stay.
 */
const FORGET = 0.999;
/**
 * Share of STATEs that must be there in time. Rarer ones are cheaper to wait for once than always.
 */
const IN_TIME = 0.98;
/**
 * Lateness beyond the best by more than this is a stall to freeze through, not to wait for every
 * time.
 */
const MAX_REACH_MS = 250;
/** On top of the quantile: half a bin and a clock error. */
const SPARE_MS = 3;
/** How fast a longer delay is given up again: unnoticeable, yet a minute forgets a bad one. */
const SHRINK_MS_PER_S = 5;
/** Playback speed stays within 10 %: faster or slower motion is seen. */
const MAX_SLEW = 0.1;
/** Seconds in which a wrong delay is mended, within MAX_SLEW. */
const SLEW_S = 0.7;
/** Fewer ticks and one late frame freezes the view; more is another game (DESIGN 7). */
const MIN_DELAY_TICKS = 1.5;
const MAX_DELAY_TICKS = 12;
/** A gap to jump over instead of playing: a second is longer than any stall worth watching. */
const JUMP_MS = 1000;

export class ShownTime {
  /** Fractional tick to show. */
  tick = 0;
  /** Ms of frozen picture since the start: nothing newer was there. */
  frozenMs = 0;
  /** Jumps over a gap. */
  jumps = 0;
  readonly #tickMs: number;
  readonly #bins = new Float64Array(BINS);
  #weight = 0;
  #intervalTicks = 1;
  #targetMs = 0;
  #delayMs = 0;
  #started = false;

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  /** Ms that the shown tick is behind the server's present. */
  get delayMs(): number {
    return this.#delayMs;
  }

  get started(): boolean {
    return this.#started;
  }

  /**
   * A STATE of `tick` came when the server stood at `serverTick`; `every` ticks lie between two of
   * them.
   */
  arrived(tick: number, serverTick: number, every: number): void {
    this.#intervalTicks = every;
    const lateMs = Math.max((serverTick - tick) * this.#tickMs, 0);
    for (let i = 0; i < BINS; i++) this.#bins[i] *= FORGET;
    this.#weight = this.#weight * FORGET + 1;
    this.#bins[Math.min(Math.floor(lateMs / BIN_MS), BINS - 1)]++;
    const wanted = this.#wantedMs();
    if (!this.#started) {
      this.#started = true;
      this.#targetMs = wanted;
      this.#delayMs = wanted;
      this.tick = serverTick - wanted / this.#tickMs;
    } else if (wanted > this.#targetMs) this.#targetMs = wanted;
  }

  /**
   * `elapsedMs` later the server stands at `serverTick` and `newest` is the newest tick received.
   */
  advance(elapsedMs: number, serverTick: number, newest: number): void {
    if (!this.#started) return;
    const wanted = this.#wantedMs();
    const shrunk = this.#targetMs - (SHRINK_MS_PER_S * elapsedMs) / 1000;
    this.#targetMs = Math.max(wanted, shrunk);
    const delayMs = (serverTick - this.tick) * this.#tickMs;
    const error = delayMs + elapsedMs - this.#targetMs;
    if (Math.abs(error) > JUMP_MS && newest > this.tick) {
      this.tick = Math.min(serverTick - this.#targetMs / this.#tickMs, newest);
      this.jumps++;
    } else {
      const slew = Math.min(Math.max(error / 1000 / SLEW_S, -MAX_SLEW), MAX_SLEW);
      const next = this.tick + (elapsedMs * (1 + slew)) / this.#tickMs;
      if (next > newest) this.frozenMs += Math.min((next - newest) * this.#tickMs, elapsedMs);
      this.tick = Math.max(this.tick, Math.min(next, newest));
    }
    this.#delayMs = (serverTick - this.tick) * this.#tickMs;
  }

  /** Another room: nothing learnt holds. */
  reset(): void {
    this.#bins.fill(0);
    this.#weight = 0;
    this.#started = false;
  }

  /** Send interval + lateness quantile, within bounds. */
  #wantedMs(): number {
    let least = 0;
    while (least < BINS - 1 && this.#bins[least] < 0.5) least++;
    let sum = 0;
    let bin = 0;
    while (bin < BINS - 1 && (sum += this.#bins[bin]) < IN_TIME * this.#weight) bin++;
    const lateMs = Math.min((bin + 1) * BIN_MS, (least + 1) * BIN_MS + MAX_REACH_MS);
    const interval = this.#intervalTicks * this.#tickMs;
    const most = Math.max(MAX_DELAY_TICKS * this.#tickMs, interval * 2);
    const leastMs = MIN_DELAY_TICKS * this.#tickMs;
    // The bounds are on what the line adds: a far server is far away whatever we wait.
    const baseMs = least * BIN_MS;
    return baseMs + Math.min(Math.max(interval + lateMs - baseMs + SPARE_MS, leastMs), most);
  }
}
