// One direction of a bad line, seeded: latency, jitter, stalls, bursts of loss and bandwidth. Pure:
// time is passed in; simulator.ts puts two of these around a link. Trap: like TCP it is reliable
// and in order: nothing is lost, a late message holds up everything behind it.
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
  /** Messages lost and sent again, percent; each comes later by `recoveryMs`. Default 0. */
  lossPercent?: number;
  /**
   * Messages lost in a row, mean, 1 or more: a line of Gilbert's (1960) that is either whole or
   * drops everything. Left out: each message is lost or not for itself.
   */
  lossBurst?: number;
  /** How much later a lost message comes, ms. Default 2 x latencyMs: a round trip of this line. */
  recoveryMs?: number;
  /** Nothing arrives before this time, ms of the clock of the line: an outage made on purpose. */
  heldUntilMs?: number;
}

/** A line that neither waits nor loses. */
export const CLEAR_LINE: Readonly<LineSettings> = {
  latencyMs: 0,
  jitterMs: 0,
  stallMs: 0,
  stallEveryMs: 0,
  bandwidthKbps: 0,
};

/**
 * One-way times that a loss costs unless `recoveryMs` says otherwise: the gap is reported on one
 * way more, the message sent again on another.
 */
const WAYS_PER_LOSS = 2;

/**
 * Parts the two streams of chance of one line, and the two lines of one link. The number must be
 * odd and is otherwise free.
 */
export const SEED_STRIDE = 0x9e3779b9;

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
  /** The message before was lost: the next is likelier to be. */
  #losing = false;
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
    if (nowMs < (this.settings.heldUntilMs ?? 0)) return;
    while (this.#flying.length > 0 && this.#flying[0].dueMs <= nowMs) {
      yield (this.#flying.shift() as Flying).bytes;
    }
  }

  /**
   * When `deliver` should be called next, ms; Infinity if nothing is under way. It may then yield
   * nothing yet.
   */
  get nextDueMs(): number {
    if (this.#flying.length > 0)
      return Math.max(this.#flying[0].dueMs, this.settings.heldUntilMs ?? 0);
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
    const { latencyMs, jitterMs, recoveryMs = WAYS_PER_LOSS * latencyMs } = this.settings;
    // Both are drawn for every message, so that a change of one setting leaves the rest of the line
    // as it was.
    const spread = this.#messages.next() * 2 - 1;
    this.#losing = this.#messages.next() < this.#lossChance();
    const wayMs = Math.max(0, latencyMs + spread * jitterMs);
    const arrivalMs = leftMs + wayMs + (this.#losing ? recoveryMs : 0);
    this.#lastDueMs = this.#afterStall(Math.max(arrivalMs, this.#lastDueMs));
    this.#flying.push({ bytes, dueMs: this.#lastDueMs });
  }

  /**
   * Chance that the next message is lost. In the long run `lossPercent` of them are, whatever the
   * length of bursts: a burst ends with 1 / lossBurst, and begins as often as that takes.
   */
  #lossChance(): number {
    const share = (this.settings.lossPercent ?? 0) / 100;
    const { lossBurst } = this.settings;
    if (lossBurst === undefined || share >= 1) return share;
    return this.#losing ? 1 - 1 / lossBurst : share / (1 - share) / lossBurst;
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
