// A bad line, seeded: latency, jitter, stalls, loss and bandwidth around any link, for tests and
// the demo's sliders. Its own entry point (`@tickwire/protocol/simulator`), so that a game which
// does not use it does not ship it. Trap: like TCP it is reliable and in order: nothing is lost, a
// late message holds up everything behind it.
import type { Link } from './link.ts';
import { Random } from './random.ts';

/**
 * One direction of a line. May be changed while the line runs; messages already under way keep
 * their time.
 */
export interface LineSettings {
  /** One way, ms. */
  latencyMs: number;
  /** Each message takes latency +- up to this, evenly spread, ms; never less than 0 in all. */
  jitterMs: number;
  /** Length of a stall, ms: nothing arrives, then everything at once. 0 is none. */
  stallMs: number;
  /** Mean time from the end of one stall to the next, ms, exponentially spread. 0 is none. */
  stallEveryMs: number;
  /** Payload bits per ms. A real queue: what does not fit waits, in order. 0 is unlimited. */
  bandwidthKbps: number;
  /**
   * Messages that are lost and sent again, percent: each comes a round trip later. 0 by default.
   */
  lossPercent?: number;
}

/**
 * One-way times that a loss costs: the gap is reported on one way more, the message sent again on
 * another.
 */
const WAYS_PER_LOSS = 2;

/**
 * Parts the two streams of chance of one line, and the two lines of one link: any odd number would
 * do.
 */
const SEED_STRIDE = 0x9e3779b9;

interface Flying {
  readonly bytes: Uint8Array;
  readonly dueMs: number;
}

/**
 * One direction: messages go in by `push` and come out of `deliver` when they are due. Times never
 * run backwards.
 */
export class LineSimulator {
  settings: LineSettings;
  /**
   * Copies that the bandwidth has not let out yet, oldest first, and bits of the first still to go.
   */
  readonly #waiting: Uint8Array[] = [];
  #bitsLeft = 0;
  #sentUntilMs = -Infinity;
  /** Let out and on the way, in order of arrival. */
  readonly #flying: Flying[] = [];
  #lastDueMs = -Infinity;
  #stallAtMs = Infinity;
  #stallEndMs = -Infinity;
  #stallMeanMs = 0;
  /**
   * Apart, so that stalls come at the same times whatever is sent, and the same messages are late
   * whenever they stall.
   */
  readonly #messages: Random;
  readonly #stalls: Random;

  constructor(settings: LineSettings, seed: number) {
    this.settings = settings;
    this.#messages = new Random(seed);
    this.#stalls = new Random(seed + SEED_STRIDE);
  }

  /** Bytes that wait for the bandwidth: what a socket would call buffered. */
  get waitingBytes(): number {
    return this.#waiting.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  get empty(): boolean {
    return this.#waiting.length === 0 && this.#flying.length === 0;
  }

  /** Sends a copy of `bytes` at `nowMs`. */
  push(bytes: Uint8Array, nowMs: number): void {
    this.#transmit(nowMs);
    if (this.#waiting.length === 0) {
      this.#bitsLeft = bytes.length * 8;
      this.#sentUntilMs = nowMs;
    }
    this.#waiting.push(bytes.slice());
    this.#transmit(nowMs);
  }

  /** Yields what is due by `nowMs`, in the order pushed. Nothing moves unless it is iterated. */
  *deliver(nowMs: number): Generator<Uint8Array, void, undefined> {
    this.#transmit(nowMs);
    while (this.#flying.length > 0 && this.#flying[0].dueMs <= nowMs) {
      yield (this.#flying.shift() as Flying).bytes;
    }
  }

  /**
   * When `deliver` should be called next, ms; Infinity if nothing is under way. It may then yield
   * nothing yet.
   */
  get nextDueMs(): number {
    if (this.#flying.length > 0) return this.#flying[0].dueMs;
    if (this.#waiting.length === 0) return Infinity;
    return this.#sentUntilMs + this.#headMs();
  }

  /** Time the first waiting message still needs at the present bandwidth, ms. */
  #headMs(): number {
    const { bandwidthKbps } = this.settings;
    return bandwidthKbps > 0 ? this.#bitsLeft / bandwidthKbps : 0;
  }

  /** Lets out what the bandwidth allowed by `nowMs`. */
  #transmit(nowMs: number): void {
    while (this.#waiting.length > 0) {
      const doneMs = this.#sentUntilMs + this.#headMs();
      if (doneMs > nowMs) {
        this.#bitsLeft -= (nowMs - this.#sentUntilMs) * this.settings.bandwidthKbps;
        this.#sentUntilMs = nowMs;
        return;
      }
      this.#sentUntilMs = doneMs;
      this.#fly(this.#waiting.shift() as Uint8Array, doneMs);
      if (this.#waiting.length > 0) this.#bitsLeft = this.#waiting[0].length * 8;
    }
  }

  #fly(bytes: Uint8Array, leftMs: number): void {
    const { latencyMs, jitterMs, lossPercent = 0 } = this.settings;
    // Both are drawn for every message, so that a change of one setting leaves the rest of the line
    // as it was.
    const spread = this.#messages.next() * 2 - 1;
    const lost = this.#messages.next() * 100 < lossPercent;
    const wayMs = Math.max(0, latencyMs + spread * jitterMs);
    const arrivalMs = leftMs + wayMs + (lost ? WAYS_PER_LOSS * latencyMs : 0);
    this.#lastDueMs = this.#afterStall(Math.max(arrivalMs, this.#lastDueMs));
    this.#flying.push({ bytes, dueMs: this.#lastDueMs });
  }

  /**
   * `dueMs`, or the end of the stall it falls into. Asked in order of time, so the stalls are drawn
   * as they come.
   */
  #afterStall(dueMs: number): number {
    const { stallMs, stallEveryMs } = this.settings;
    const meanMs = stallMs > 0 ? stallEveryMs : 0;
    if (meanMs !== this.#stallMeanMs) {
      this.#stallMeanMs = meanMs;
      this.#stallAtMs = meanMs > 0 ? dueMs + this.#gapMs(meanMs) : Infinity;
    }
    while (this.#stallAtMs <= dueMs) {
      this.#stallEndMs = this.#stallAtMs + stallMs;
      this.#stallAtMs = this.#stallEndMs + this.#gapMs(meanMs);
    }
    return Math.max(dueMs, this.#stallEndMs);
  }

  #gapMs(meanMs: number): number {
    return -meanMs * Math.log(1 - this.#stalls.next());
  }
}

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
