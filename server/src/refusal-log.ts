// Keeps a flood of refusals from becoming a flood of log lines: of each reason the first few in a
// while are told one by one, the others counted and told together. Asked by the edge and by
// connections before they log; swept with them. The counters (tally.ts) count each of them always.
import type { Log } from './log.ts';

/** Lines of one reason before they are counted, and ms until they are told again: two a second. */
const LINES = 20;
const WINDOW_MS = 10_000;

export class RefusalLog {
  readonly #log: Log;
  /** Since the window began, by reason. */
  readonly #counts = new Map<string, number>();
  #beganMs = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** True if a line of this reason is to be written; else it is counted. */
  says(reason: string): boolean {
    const count = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, count);
    return count <= LINES;
  }

  /** Tells how many were only counted, when their time is over. */
  sweep(nowMs: number): void {
    if (nowMs - this.#beganMs < WINDOW_MS) return;
    this.#beganMs = nowMs;
    for (const [reason, count] of this.#counts)
      if (count > LINES)
        this.#log.warn(
          { reason, count: count - LINES, windowMs: WINDOW_MS },
          `${count - LINES} more of '${reason}', which were not logged one by one`,
        );
    this.#counts.clear();
  }
}
