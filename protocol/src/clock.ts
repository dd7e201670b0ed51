// Where the remote's clock stands, from pings and states (NETCODE 3.1), in its fractional ticks;
// and when to ping. The client follows the server's tick with it; the server measures each client's
// rtt with the same two classes. Pure: local monotonic milliseconds come in as arguments. Trap: ask
// `remoteTickAt` for now only, never for later.
import { assert } from './errors.ts';

/**
 * Pongs that count, and for how long, ms. The more, the likelier one of them was quick: on the wifi
 * profile 16 leave the clock off by 1.6 ms (p50) and 5.2 (p99), 64 by 0.7 and 2.4. Crystals that
 * differ by 100 ppm part by 3 ms in that time.
 */
const WINDOW_PONGS = 64;
const WINDOW_MS = 30_000;

/** Pongs until `synced`. Until then nothing is shown, so the offset may step freely. */
const SYNC_PONGS = 5;

/** Pings at the start: a stall of a tenth of a second at any moment leaves enough of them. */
const BURST_PINGS = 25;

/**
 * Local ms per ms by which the applied offset may move: 1 ms per 100 ms, which no eye sees. While
 * the burst is answered it is not known well, and an error that stays for seconds is worse.
 */
const SLEW_RATE = 1 / 100;
const FIRST_SLEW_RATE = 1 / 10;

/**
 * Error above which the offset snaps, ms: slewing it away would take 25 s, so a clock was stopped.
 */
const SNAP_MS = 250;

/**
 * Contradiction that proves a stepped clock, ms: above the drift of a window and the rounding of
 * browsers' clocks.
 */
const STEPPED_MS = 5;

/**
 * Smoothing of rtt and of its deviation, as TCP does (RFC 6298): one spike is ignored, 8 pings are
 * not.
 */
const RTT_GAIN = 1 / 8;
const JITTER_GAIN = 1 / 4;

/** One answered ping. Times are local and monotonic, ms. */
export interface PongSample {
  readonly sentMs: number;
  readonly receivedMs: number;
  /** The remote's fractional tick when it answered; without it only the rtt is measured. */
  readonly remoteTick?: number;
  /**
   * Between the ping's arrival and its answer, as the remote says, ms. Zero where it answers at
   * once.
   */
  readonly holdMs?: number;
}

/**
 * The offset (remote time - local time) lies above every `remote time sent - local time received`,
 * which falls short of it by that message's way down, and below every `remote time received - local
 * time sent`, which passes it by the way up. The least delays of each way, each from whichever
 * message had it, are therefore the two best bounds; their middle is off by half the asymmetry of
 * the undelayed line, and by nothing that queues or stalls. (The offset of the one pong of least
 * rtt also carries that pong's own two delays.) States count as messages down.
 */
export class ClockEstimator {
  readonly #tickMs: number;
  readonly #window: number;
  readonly #atMs: Float64Array;
  readonly #rttMs: Float64Array;
  /**
   * Upper and lower bound of each pong's slot, ms. States lower down in time fold into the newest
   * slot.
   */
  readonly #highMs: Float64Array;
  readonly #lowMs: Float64Array;
  #slots = 0;
  #newest = -1;
  #pongs = 0;
  /** Best bound of the states that came before there was a slot, ms. */
  #earlyLowMs = -Infinity;
  #targetMs = Number.NaN;
  #appliedMs = Number.NaN;
  #slewedAtMs = 0;
  #lastTick = -Infinity;
  #smoothedMs = 0;
  #deviationMs = 0;
  #leastMs = 0;

  /** `tickMs`: length of the remote's tick, ms. `window`: pongs that count, at most. */
  constructor(tickMs: number, window = WINDOW_PONGS) {
    assert(tickMs > 0, 'a tick takes time');
    this.#tickMs = tickMs;
    this.#window = window;
    const column = () => new Float64Array(window);
    [this.#atMs, this.#rttMs, this.#highMs, this.#lowMs] = [column(), column(), column(), column()];
  }

  /** Smoothed round-trip time, ms; 0 before the first pong. */
  get rttMs(): number {
    return this.#smoothedMs;
  }

  /** Least round-trip time of the window, ms; 0 before the first pong. */
  get rttMinMs(): number {
    return this.#leastMs;
  }

  /**
   * Smoothed deviation of the round-trip time from its mean, ms. Starts at 0, not at RFC 6298's
   * half rtt.
   */
  get jitterMs(): number {
    return this.#deviationMs;
  }

  /** Whether enough pings are answered: from here on the remote tick runs smoothly. */
  get synced(): boolean {
    return this.#pongs >= SYNC_PONGS;
  }

  /**
   * Whether no pong came yet, or none since a state proved that a clock stood: the remote is as far
   * as the states say, or much further, for they may have waited.
   */
  get inDoubt(): boolean {
    return this.#slots === 0;
  }

  addPong(sample: PongSample): void {
    const { sentMs, receivedMs, remoteTick } = sample;
    const elapsedMs = Math.max(0, receivedMs - sentMs);
    const holdMs = Math.min(Math.max(0, sample.holdMs ?? 0), elapsedMs);
    const rttMs = elapsedMs - holdMs;
    this.#measureRtt(rttMs);
    const remoteMs = (remoteTick ?? 0) * this.#tickMs;
    const known = remoteTick !== undefined;
    const highMs = known ? remoteMs - holdMs - sentMs : Infinity;
    const lowMs = known ? remoteMs - receivedMs : -Infinity;
    if (highMs < this.#bestLow() - STEPPED_MS || lowMs > this.#bestHigh() + STEPPED_MS)
      this.#forget();
    this.#newest = (this.#newest + 1) % this.#window;
    this.#slots = Math.min(this.#slots + 1, this.#window);
    this.#atMs[this.#newest] = receivedMs;
    this.#rttMs[this.#newest] = rttMs;
    this.#highMs[this.#newest] = highMs;
    this.#lowMs[this.#newest] = Math.max(lowMs, this.#earlyLowMs);
    this.#earlyLowMs = -Infinity;
    this.#pongs++;
    this.#expire(receivedMs);
    this.#aim(receivedMs);
  }

  /** A state that was sent at the remote's fractional tick `remoteTick` came at `receivedMs`. */
  addState(remoteTick: number, receivedMs: number): void {
    const lowMs = remoteTick * this.#tickMs - receivedMs;
    if (lowMs > this.#bestHigh() + STEPPED_MS) this.#forget();
    if (this.#slots === 0) this.#earlyLowMs = Math.max(this.#earlyLowMs, lowMs);
    else this.#lowMs[this.#newest] = Math.max(this.#lowMs[this.#newest], lowMs);
    this.#aim(receivedMs);
  }

  /**
   * The remote's fractional tick at the local time `nowMs`, which is never earlier than in the call
   * before. It never runs backwards and never jumps, except where a clock was stopped. Needs one
   * pong or state before.
   */
  remoteTickAt(nowMs: number): number {
    assert(!Number.isNaN(this.#targetMs), 'the clock is asked after its first sample');
    this.#slew(nowMs);
    this.#lastTick = Math.max(this.#lastTick, (nowMs + this.#appliedMs) / this.#tickMs);
    return this.#lastTick;
  }

  #measureRtt(rttMs: number): void {
    if (this.#pongs === 0) {
      this.#smoothedMs = rttMs;
      return;
    }
    this.#deviationMs += (Math.abs(rttMs - this.#smoothedMs) - this.#deviationMs) * JITTER_GAIN;
    this.#smoothedMs += (rttMs - this.#smoothedMs) * RTT_GAIN;
  }

  /** Drops the slots that are too old, but not the newest, and finds the least rtt of the rest. */
  #expire(nowMs: number): void {
    this.#leastMs = Infinity;
    let kept = 0;
    for (; kept < this.#slots; kept++) {
      const slot = this.#slot(kept);
      if (kept > 0 && nowMs - this.#atMs[slot] > WINDOW_MS) break;
      this.#leastMs = Math.min(this.#leastMs, this.#rttMs[slot]);
    }
    this.#slots = kept;
  }

  /** Index of the slot `age` pongs before the newest. */
  #slot(age: number): number {
    return (this.#newest - age + this.#window) % this.#window;
  }

  #bestLow(): number {
    let low = this.#earlyLowMs;
    for (let age = 0; age < this.#slots; age++) low = Math.max(low, this.#lowMs[this.#slot(age)]);
    return low;
  }

  #bestHigh(): number {
    let high = Infinity;
    for (let age = 0; age < this.#slots; age++) {
      high = Math.min(high, this.#highMs[this.#slot(age)]);
    }
    return high;
  }

  /** One of the two clocks was stopped: what was measured before says nothing about now. */
  #forget(): void {
    this.#slots = 0;
    this.#earlyLowMs = -Infinity;
  }

  /**
   * Sets where the offset should be; the applied one follows by slewing, or at once if it is
   * hopeless.
   */
  #aim(nowMs: number): void {
    const low = this.#bestLow();
    const high = this.#bestHigh();
    if (low === -Infinity) return;
    // Without a bound above, the least rtt known stands in for both ways.
    this.#targetMs = high === Infinity ? low + this.#leastMs / 2 : (low + high) / 2;
    if (!this.synced || Number.isNaN(this.#appliedMs)) {
      this.#appliedMs = this.#targetMs;
      this.#slewedAtMs = nowMs;
    }
  }

  #slew(nowMs: number): void {
    const errorMs = this.#targetMs - this.#appliedMs;
    if (Math.abs(errorMs) > SNAP_MS) {
      this.#appliedMs = this.#targetMs;
      this.#lastTick = -Infinity;
      // As at the start: what came last is all that is known.
      this.#pongs = SYNC_PONGS;
    } else {
      const rate = this.#pongs < BURST_PINGS ? FIRST_SLEW_RATE : SLEW_RATE;
      const mostMs = Math.max(0, nowMs - this.#slewedAtMs) * rate;
      this.#appliedMs += Math.min(mostMs, Math.max(-mostMs, errorMs));
    }
    this.#slewedAtMs = nowMs;
  }
}

/** Between the pings that `synced` waits for, ms: they are answered in one rtt and 80 ms. */
const SYNC_GAP_MS = 20;

/** Between the other pings of the burst, ms: all are sent within the first second. */
const BURST_GAP_MS = 40;

/** Between pings after the burst, ms: as many as count, in the time that they do. */
const PING_GAP_MS = 500;

/**
 * Pings that may wait for their pong: a whole burst, however far the peer is. An older one is given
 * up, so a silent peer costs nothing.
 */
const OUTSTANDING_PINGS = 32;

/** Ids run from 0 to 127: one MessagePack byte each, and far apart from those outstanding. */
const ID_COUNT = 128;

/** When to ping, and which pong answers which ping. */
export class PingSchedule {
  /** By id modulo the outstanding pings: the id and when it was sent, ms; -1 is none. */
  readonly #ids = new Int16Array(OUTSTANDING_PINGS).fill(-1);
  readonly #sentMs = new Float64Array(OUTSTANDING_PINGS);
  #nextId = 0;
  #sent = 0;
  #dueMs = -Infinity;

  /**
   * Whether a ping should be sent now: sooner after the burst while the clock is `inDoubt`, and
   * fewer than a server takes. A ticker that slept owes one ping, not many.
   */
  due(nowMs: number, inDoubt?: boolean): boolean {
    const early = inDoubt && this.#sent >= BURST_PINGS ? PING_GAP_MS / 2 : 0;
    return nowMs >= this.#dueMs - early;
  }

  /** Notes a ping as sent at `nowMs` and answers its id, 0..127. */
  sent(nowMs: number): number {
    const id = this.#nextId;
    this.#nextId = (id + 1) % ID_COUNT;
    this.#ids[id % OUTSTANDING_PINGS] = id;
    this.#sentMs[id % OUTSTANDING_PINGS] = nowMs;
    this.#sent++;
    if (this.#sent < SYNC_PONGS) this.#dueMs = nowMs + SYNC_GAP_MS;
    else this.#dueMs = nowMs + (this.#sent < BURST_PINGS ? BURST_GAP_MS : PING_GAP_MS);
    return id;
  }

  /**
   * When the ping that this pong answers was sent, ms; undefined if it waits for no such pong (or
   * no longer).
   */
  pong(id: number): number | undefined {
    const slot = id % OUTSTANDING_PINGS;
    if (id < 0 || this.#ids[slot] !== id) return undefined;
    this.#ids[slot] = -1;
    return this.#sentMs[slot];
  }

  /** A new connection: forgets what is outstanding and begins with a burst. */
  restart(): void {
    this.#ids.fill(-1);
    this.#sent = 0;
    this.#dueMs = -Infinity;
  }
}
