// Which tick to make input for: ahead of the server by just so much that it arrives in time. Every
// report of the server says what lead would have been needed (the lead then, less the margin), and
// that does not depend on what was corrected since. So there is no loop through the round trip that
// could oscillate: the lead slews to a quantile of what was needed, and a spare on top grows with
// inputs that were late all the same.
import type { StateHeader } from '@tickwire/protocol';
import { Lateness } from './lateness.ts';

/** Margin to keep on top of all, ticks: the remote clock is known to about that. */
const GOAL_TICKS = 0.25;
/** Share of reports that the lead must be enough for by itself; the spare is for the rest. */
const ENOUGH = 0.95;
/** What was needed this long ago counts half, ms: a change of path is followed within seconds. */
const HALF_LIFE_MS = 5000;
/**
 * Share of ticks that may miss their input. Ten times rarer and the lead would have to cover every
 * hiccup of a page, at the cost of everybody seeing this player later.
 */
const LATE_SHARE = 0.001;
/**
 * The spare grows so much for each tick that missed its input, ms, and shrinks by LATE_SHARE of it
 * for each tick: it rests where that share is late. A stall of 100 ms is covered after two more. In
 * the first minutes of the wifi profile 4 has 0.25 % late, 8 has 0.13 %, with the same lead.
 */
const GROW_MS = 8;
/**
 * Ticks missed that count within a second: a long stall, or a path that got longer, is one event
 * and not forty. The quantile follows the path; a spare so large would stay for minutes.
 */
const MAX_MISSED = 6;
/**
 * Ticks that most inputs come early at the most: a server drops what comes 16 ticks early (I3). A
 * drop tells as a miss, which must not be answered with more lead.
 */
const MAX_SLACK_TICKS = 12;
/** Stalls longer than this are not worth a longer lead all the time, ms. */
const MAX_SPARE_MS = 150;
/** The clock of inputs runs at most this much faster or slower: not felt. */
const MAX_RATE = 0.05;
/** Part of the error that is corrected per second; a tenth of a second would follow noise. */
const GAIN_PER_S = 2;
/** Beyond this error the lead jumps, ms: slewing would take more than five seconds. */
const SNAP_MS = 250;
/** Reports may be of inputs made so much earlier than a round trip ago, ms: the line stalls. */
const SETTLE_MS = 150;
/** How fast a better margin is believed by whoever shows it, per second. */
const RELEASE_PER_S = 0.7;

export class InputTime {
  /** Ticks ahead of the server's present. */
  lead = 0;
  /** Least margin of late, ticks, for the overlay; NaN before the first. */
  margin = Number.NaN;
  readonly #tickMs: number;
  readonly #ticksPerMessage: number;
  readonly #needed = new Lateness();
  #spareMs = 0;
  /** Ticks missed at the report before, of which it is not known whether they were late. */
  #unclear = 0;
  /** Ticks missed that still count. */
  #mayCount = MAX_MISSED;
  /** Leads that inputs on their way were made with, oldest first; the first is the server's now. */
  readonly #leads: [sinceMs: number, lead: number][] = [];
  #settledMs = 0;
  #reportedMs = 0;

  /** `ticksPerMessage`: the first input of a message waits for the others. */
  constructor(tickMs: number, ticksPerMessage = 1) {
    this.#tickMs = tickMs;
    this.#ticksPerMessage = ticksPerMessage;
  }

  /** Before any margin is known: half a round trip, its jitter, and the ticks of a message. */
  start(nowMs: number, rttMs: number, jitterMs: number): void {
    this.#needed.clear();
    this.margin = Number.NaN;
    this.#set(
      nowMs,
      (rttMs / 2 + 2 * jitterMs + this.#spareMs) / this.#tickMs + this.#ticksPerMessage,
    );
    this.#settledMs = nowMs;
    this.#reportedMs = nowMs;
  }

  /** A STATE came: it tells the least margin of inputs, and the ticks that had theirs in time. */
  reported(report: Readonly<StateHeader>, nowMs: number, rttMs: number): void {
    const { marginTicks, dTick } = report;
    const settled = nowMs >= this.#settledMs;
    // What a lead on its way to what is wanted misses is known already.
    const [, before] = this.#leads[0] ?? [0, this.lead];
    if (settled && !this.#needed.isEmpty && before > this.#wantedMs / this.#tickMs - 1) {
      const mayCount = this.#mayCount + (MAX_MISSED * dTick * this.#tickMs) / 1000;
      const missed = Math.min(this.#late(report), mayCount);
      this.#mayCount = Math.min(mayCount - missed, MAX_MISSED);
      const spareMs = this.#spareMs + GROW_MS * (missed - LATE_SHARE * dTick);
      this.#spareMs = Math.min(Math.max(spareMs, 0), MAX_SPARE_MS);
    }
    if (Number.isNaN(marginTicks)) return;
    const sinceMs = nowMs - this.#reportedMs;
    this.#reportedMs = nowMs;
    if (!(marginTicks > this.margin)) this.margin = marginTicks;
    else this.margin += (marginTicks - this.margin) * Math.min((RELEASE_PER_S * sinceMs) / 1000, 1);
    if (!settled || this.#leads.length === 0) return;
    this.#forgetSeen(nowMs - rttMs);
    const neededMs = (this.#leads[0][1] - marginTicks) * this.#tickMs;
    this.#needed.add(neededMs, 2 ** (-sinceMs / HALF_LIFE_MS));
  }

  /** Slews the lead over `elapsedMs`. */
  advance(elapsedMs: number, nowMs: number, rttMs: number): void {
    if (this.#needed.isEmpty) return;
    const wantedMs = this.#wantedMs;
    const errorMs = wantedMs - this.lead * this.#tickMs;
    if (Math.abs(errorMs) > SNAP_MS) {
      this.#leads.length = 0;
      this.#set(nowMs, wantedMs / this.#tickMs);
      this.excuse(nowMs, rttMs);
      return;
    }
    const rate = Math.min(Math.max((GAIN_PER_S * errorMs) / 1000, -MAX_RATE), MAX_RATE);
    this.#forgetSeen(nowMs - rttMs);
    this.#set(nowMs, this.lead + (rate * elapsedMs) / this.#tickMs);
  }

  /** What is reported of inputs made until now says nothing: the page did not run. */
  excuse(nowMs: number, rttMs: number): void {
    this.#settledMs = nowMs + rttMs + SETTLE_MS;
  }

  /**
   * Ticks that missed an input which was late, and not one that came too early to be kept: their
   * inputs come with a negative margin, now or by the next STATE, or not at all.
   */
  #late({ marginTicks, dTick, inTime }: Readonly<StateHeader>): number {
    const missed = Math.max(dTick - inTime, 0);
    const late = marginTicks >= 0 ? 0 : missed + this.#unclear;
    this.#unclear = marginTicks >= 0 ? missed : 0;
    return late;
  }

  get #wantedMs(): number {
    const wantedMs = this.#needed.within(ENOUGH) + this.#spareMs + GOAL_TICKS * this.#tickMs;
    return Math.min(wantedMs, this.#needed.within(0.5) + MAX_SLACK_TICKS * this.#tickMs);
  }

  #set(nowMs: number, lead: number): void {
    this.lead = lead;
    this.#leads.push([nowMs, lead]);
  }

  #forgetSeen(seenMs: number): void {
    while (this.#leads.length > 1 && this.#leads[1][0] <= seenMs) this.#leads.shift();
  }
}
