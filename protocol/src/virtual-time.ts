// A clock that stands still until it is moved, and the timers that go by it: how tests and the
// bench run both ends, and simulated lines between them, without waiting. Part of the entry point
// `@tickwire/protocol/simulator`. Trap: nothing runs by itself; whoever moves the clock also moves
// what does not go by timers.

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

export class VirtualTime {
  /** Monotonic, ms. Not 0 at the start, which a clock may take for "never". */
  nowMs = 1000;
  /** By due time; of equal ones the first set comes first. */
  readonly #timers: Timer[] = [];

  readonly now = (): number => this.nowMs;

  /** Runs once, `ms` from now; answers what cancels it. */
  readonly later = (ms: number, run: () => void): (() => void) => {
    const timer = { dueMs: this.nowMs + Math.max(ms, 0), run };
    let at = this.#timers.length;
    while (at > 0 && this.#timers[at - 1].dueMs > timer.dueMs) at--;
    this.#timers.splice(at, 0, timer);
    return () => {
      const found = this.#timers.indexOf(timer);
      if (found >= 0) this.#timers.splice(found, 1);
    };
  };

  /** Timers that were set and not run. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** When the next timer is due, ms; Infinity if there is none. */
  get dueMs(): number {
    return this.#timers[0]?.dueMs ?? Infinity;
  }

  /**
   * Runs what is due, and what that sets for now; answers how many timers that were. `slackMs`: due
   * so much later counts, for times that were added up.
   */
  runDue(slackMs = 0): number {
    let runs = 0;
    for (; this.dueMs <= this.nowMs + slackMs; runs++) this.#timers.shift()!.run();
    return runs;
  }

  /** Moves the clock and runs what is due by then; answers how many timers that were. */
  moveTo(nowMs: number): number {
    this.nowMs = nowMs;
    return this.runDue();
  }
}
