// Which tick to make input for: ahead of the server by just so much that it arrives in time.
// Steered by the margin that STATE reports; what was corrected within the last round trip is not
// corrected again, or it would oscillate. In ticks.

/** Margin to keep, ticks: an input comes half a tick before its use. */
const GOAL = 0.5;
/**
 * Added at once for an input that came late, and given back per second: one lateness costs a
 * misprediction.
 */
const LATE_STEP = 0.5;
const LATE_DECAY_PER_S = 0.05;
const MAX_GOAL = 8;
/** The clock runs at most this much faster or slower. */
const MAX_RATE = 0.05;
/** Correction per second for each tick of error. */
const GAIN = 0.5;
/** Errors below this many ticks are left alone. */
const DEAD_BAND = 0.15;
/** Beyond this many ticks the lead jumps. */
const SNAP = 10;
/** How fast a better margin is believed: the least one of the last two seconds or so counts. */
const RELEASE_PER_S = 0.7;

export class InputTime {
  /** Ticks ahead of the server's present. */
  lead = 0;
  /** Least margin of late, ticks. */
  margin = Number.NaN;
  #goal = GOAL;
  /** Changes of the lead that the server has not seen yet: [ms, ticks], oldest first. */
  readonly #unseen: [atMs: number, ticks: number][] = [];

  /** Before any margin is known: half a round trip, its jitter, and a tick to be safe. */
  start(rttMs: number, jitterMs: number, tickMs: number): void {
    this.lead = (rttMs / 2 + 2 * jitterMs) / tickMs + 1;
    this.margin = Number.NaN;
    this.#goal = GOAL;
    this.#unseen.length = 0;
  }

  /**
   * A STATE reported the least margin since the one before, ticks. `sinceMs` after the report
   * before.
   */
  reported(marginTicks: number, sinceMs: number): void {
    if (Number.isNaN(marginTicks)) return;
    if (marginTicks < 0) this.#goal = Math.min(this.#goal + LATE_STEP, MAX_GOAL);
    if (!(marginTicks > this.margin)) this.margin = marginTicks;
    else this.margin += (marginTicks - this.margin) * Math.min((RELEASE_PER_S * sinceMs) / 1000, 1);
  }

  /** Slews the lead over `elapsedMs`; `rttMs` is the dead time of the loop. */
  advance(elapsedMs: number, nowMs: number, rttMs: number, tickMs: number): void {
    this.#goal = Math.max(GOAL, this.#goal - (LATE_DECAY_PER_S * elapsedMs) / 1000);
    if (Number.isNaN(this.margin)) return;
    // One tick more than the round trip: a margin is the least since the STATE before.
    while (this.#unseen.length > 0 && this.#unseen[0][0] < nowMs - rttMs - 2 * tickMs) {
      const [, seen] = this.#unseen.shift()!;
      // What the server has seen moves the margin we remember with it.
      this.margin += seen;
    }
    let unseen = 0;
    for (const [, ticks] of this.#unseen) unseen += ticks;
    const error = this.margin + unseen - this.#goal;
    if (Math.abs(error) < DEAD_BAND) return;
    const most = (MAX_RATE * elapsedMs) / tickMs;
    const wanted = (-GAIN * error * elapsedMs) / 1000;
    const change = Math.abs(error) > SNAP ? -error : Math.min(Math.max(wanted, -most), most);
    this.lead += change;
    this.#unseen.push([nowMs, change]);
  }
}
