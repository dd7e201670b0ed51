// A bad line around any link, for tests, the bench and the demo's sliders. Its own entry point
// (`@tickwire/protocol/simulator`), so that a game which does not use it does not ship it; what one
// direction does stands in line-simulator.ts, lines by name in line-profiles.ts, a clock for all of
// it in virtual-time.ts.
import { type LineSettings, LineSimulator, SEED_STRIDE } from './line-simulator.ts';
import type { Link } from './link.ts';

export {
  LINE_PROFILES,
  type LineProfile,
  type ProfileName,
  profileLines,
} from './line-profiles.ts';
export { CLEAR_LINE, type LineSettings, LineSimulator } from './line-simulator.ts';
export { VirtualTime } from './virtual-time.ts';

/**
 * How a simulated link knows and passes time: `performance.now` and `setTimeout` at the edge, a
 * stepper in tests.
 */
export interface SimulatedLinkOptions {
  /** What this end sends. */
  up: LineSettings;
  /** What this end receives. */
  down: LineSettings;
  seed: number;
  /** Monotonic, ms. */
  now: () => number;
  /** Runs `run` once, `ms` from now. */
  schedule: (ms: number, run: () => void) => void;
}

/**
 * The same link over two bad lines. Takes over the handlers of `link`; a close of either side
 * arrives after what was sent before it, as late as a message would. The settings objects are read
 * anew for each message.
 */
export function simulateLink(link: Link, options: SimulatedLinkOptions): Link {
  return new SimulatedLink(link, options);
}

class SimulatedLink implements Link {
  onMessage: Link['onMessage'] = null;
  onClose: Link['onClose'] = null;
  readonly #link: Link;
  readonly #up: Direction;
  readonly #down: Direction;
  #closed = false;

  constructor(link: Link, options: SimulatedLinkOptions) {
    this.#link = link;
    const upLine = new LineSimulator(options.up, options.seed);
    const downLine = new LineSimulator(options.down, options.seed + 2 * SEED_STRIDE);
    this.#up = new Direction(upLine, options, {
      message: (bytes) => link.send(bytes),
      close: (code, reason) => link.close(code, reason),
    });
    this.#down = new Direction(downLine, options, {
      message: (bytes) => {
        if (!this.#closed) this.onMessage?.(bytes);
      },
      close: (code, reason) => {
        if (this.#closed) return;
        this.#closed = true;
        this.onClose?.(code, reason);
      },
    });
    link.onMessage = (bytes) => this.#down.message(bytes);
    link.onClose = (code, reason) => this.#down.close(code, reason);
  }

  get bufferedBytes(): number {
    return this.#link.bufferedBytes + this.#up.waitingBytes;
  }

  send(bytes: Uint8Array): void {
    if (!this.#closed) this.#up.message(bytes);
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#up.close(code, reason);
  }
}

interface Receiver {
  message(bytes: Uint8Array): void;
  close(code: number, reason: string): void;
}

/** A line, the timer that empties it, and the close that travels as its last message. */
class Direction implements Receiver {
  readonly #line: LineSimulator;
  readonly #time: Pick<SimulatedLinkOptions, 'now' | 'schedule'>;
  readonly #receiver: Receiver;
  #last: { readonly code: number; readonly reason: string } | null = null;
  /**
   * When the earliest pending timer runs, ms. Later ones that are still pending find nothing to do.
   */
  #armedMs = Infinity;

  constructor(
    line: LineSimulator,
    time: Pick<SimulatedLinkOptions, 'now' | 'schedule'>,
    receiver: Receiver,
  ) {
    this.#line = line;
    this.#time = time;
    this.#receiver = receiver;
  }

  get waitingBytes(): number {
    return this.#line.waitingBytes;
  }

  message(bytes: Uint8Array): void {
    if (this.#last !== null) return;
    this.#line.push(bytes, this.#time.now());
    this.#arm();
  }

  close(code: number, reason: string): void {
    if (this.#last !== null) return;
    this.message(new Uint8Array(0));
    this.#last = { code, reason };
  }

  #arm(): void {
    const dueMs = this.#line.nextDueMs;
    if (dueMs >= this.#armedMs) return;
    this.#armedMs = dueMs;
    this.#time.schedule(Math.max(0, dueMs - this.#time.now()), () => {
      this.#armedMs = Infinity;
      // A timer that runs a rounding error early has come nevertheless, else it would be set again
      // for ever.
      this.#empty(Math.max(dueMs, this.#time.now()));
    });
  }

  #empty(nowMs: number): void {
    for (const bytes of this.#line.deliver(nowMs)) {
      if (this.#last !== null && this.#line.empty) {
        this.#receiver.close(this.#last.code, this.#last.reason);
      } else this.#receiver.message(bytes);
    }
    this.#arm();
  }
}
