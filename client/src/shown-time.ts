// When to show what was received: behind the server by one send interval and the late tail of the
// line, no more. Fed with each STATE's lateness, advanced by the drawn frames' clock. It slews,
// goes a little beyond what came (moment.ts guesses there) and then freezes, never runs backwards;
// only a gap no game survives (a sleeping tab) makes it jump, once the present is known and there.
// All in ticks unless a name says ms.

import { MOST_GUESSED_MS } from '@tickwire/protocol';
import { Lateness } from './lateness.ts';

/**
 * Forgetting per STATE: at 20 Hz half of the weight is 12 s old. A line that gets worse is waited
 * for within seconds, and one bad minute does not stay.
 */
const FORGET = 0.997;
/**
 * Share of STATEs that must be there in time; a guess (moment.ts) covers most of the others. On the
 * wifi profile 0.8 shows at 100 ms and stands still for 0.15 % of the time, 0.95 at 104 ms and 0.11
 * %, 0.985 at 120 ms and 0.06 %; on the train's 0.95 at 137 ms and 1.8 %, 0.98 at 214 ms and 1.4 %.
 * Without guesses wifi stands still for 0.75 % at 104 ms.
 */
const IN_TIME = 0.95;
/** STATEs that the late ones are a share of at least: a stall in the first second is no rule. */
const JUDGED_BY = 100;
/**
 * Lateness beyond the best by more than this is a stall to freeze through, not to wait for every
 * time.
 */
const MAX_REACH_MS = 250;
/** On top of the quantile: half a bin and a clock error. */
const SPARE_MS = 3;
/**
 * How fast a longer delay is given up again: 2 % of the speed of play is not seen. The histogram
 * itself takes a minute to forget.
 */
const SHRINK_MS_PER_S = 20;
/** Playback speed stays within 10 %: faster or slower motion is seen. */
const MAX_SLEW = 0.1;
/** Seconds in which a wrong delay is mended, within MAX_SLEW. */
const SLEW_S = 0.7;
/** Fewer ticks and one late frame freezes the view; more is another game (DESIGN 7). */
const MIN_DELAY_TICKS = 1.5;
const MAX_DELAY_TICKS = 12;
/**
 * A gap to hop over instead of playing it at MAX_SLEW, which takes ten times as long: after a stall
 * of 600 ms others were 0.2 s later than they need be for four seconds. shown-rows makes the
 * picture glide. The profiles' lines but for the train's never come to it.
 */
const HOP_MS = 250;

export class ShownTime {
  /** Fractional tick to show. */
  tick = 0;
  /** Ms of frozen picture since the start: nothing newer was there, and nothing left to guess. */
  frozenMs = 0;
  /** Hops over a gap. */
  jumps = 0;
  readonly #tickMs: number;
  readonly #lateness = new Lateness();
  #intervalTicks = 1;
  #targetMs = 0;
  #delayMs = 0;
  #started = false;
  /** STATEs up to this tick came while the page did not run: how late they are says nothing. */
  #excusedTick = 0;

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
    if (tick > this.#excusedTick || !this.#started)
      this.#lateness.add(lateMs, FORGET, MAX_REACH_MS);
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
   * `inDoubt`: the server may be much further, and each hop would lead to another.
   */
  advance(elapsedMs: number, serverTick: number, newest: number, inDoubt?: boolean): void {
    if (!this.#started) return;
    const wanted = this.#wantedMs();
    this.#targetMs = Math.max(wanted, this.#targetMs - (SHRINK_MS_PER_S * elapsedMs) / 1000);
    // Where plain speed would lead, against where it should be.
    const error = (serverTick - this.tick) * this.#tickMs - this.#targetMs - elapsedMs;
    const freshest = serverTick - wanted / this.#tickMs;
    // Not before the present is known and what is to be shown has come, or the news of a long stall
    // would be hopped through.
    if (!inDoubt && error > HOP_MS && newest >= freshest) {
      this.#targetMs = wanted;
      this.tick = freshest;
      this.jumps++;
    } else {
      const slew = Math.min(Math.max(error / 1000 / SLEW_S, -MAX_SLEW), MAX_SLEW);
      const next = this.tick + (elapsedMs * (1 + slew)) / this.#tickMs;
      const most = newest + MOST_GUESSED_MS / this.#tickMs;
      if (next > most) this.#freeze(Math.min((next - most) * this.#tickMs, elapsedMs), serverTick);
      this.tick = Math.max(this.tick, Math.min(next, most));
    }
    this.#delayMs = (serverTick - this.tick) * this.#tickMs;
  }

  /** The page did not run until now, while the server went on to `serverTick`. */
  excuse(serverTick: number): void {
    this.#excusedTick = serverTick;
  }

  /** Another room: nothing learnt holds. */
  reset(): void {
    this.#lateness.clear();
    this.#started = false;
    this.#excusedTick = 0;
  }

  /**
   * The server's clock is known better now: what was measured by the guess before is dropped, and
   * nothing shown jumps.
   */
  relearn(): void {
    this.#lateness.clear();
    this.#targetMs = 0;
  }

  /** Stands still for so long: whatever made it starve may come again soon. */
  #freeze(ms: number, serverTick: number): void {
    this.frozenMs += ms;
    if (serverTick <= this.#excusedTick) return;
    this.#targetMs = Math.max(this.#targetMs, Math.min(this.#targetMs + ms, this.#mostMs()));
  }

  /** Send interval + lateness quantile, within bounds. */
  #wantedMs(): number {
    const baseMs = this.#lateness.leastMs();
    const lateMs = this.#lateness.within(IN_TIME, JUDGED_BY);
    const wantedMs = this.#intervalTicks * this.#tickMs + lateMs + SPARE_MS;
    const leastMs = baseMs + MIN_DELAY_TICKS * this.#tickMs;
    return Math.min(Math.max(wantedMs, leastMs), this.#mostMs());
  }

  /** The bounds are on what the line adds: a far server is far away whatever we wait. */
  #mostMs(): number {
    const most = Math.max(MAX_DELAY_TICKS, this.#intervalTicks * 2);
    return this.#lateness.leastMs() + most * this.#tickMs;
  }
}
