// What happened since the server started, as plain numbers: refusals, closes, answers, and how long
// things took. One per server, made by serve(); whoever sees something happen bumps it, metrics.ts
// reads it when somebody asks. Trap: every key must come from a short list of ours, never from what
// a peer sent, or an attacker fills the memory of whoever collects.
import { CloseCode } from '@tickwire/protocol';
import type { Restarts } from './restarts.ts';

/**
 * Seconds. A tick at 60 Hz lasts 0.0167; the last is what HOSTILE T62 calls a room that loops for
 * ever.
 */
const TICK_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.0167, 0.033, 0.05, 0.1, 0.25, 0.5, 2];
/** Seconds: a timer is 1 ms late on an idle machine; two ticks late is seen by players. */
const LATE_SECONDS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.0167, 0.033, 0.05, 0.1, 0.25, 1];
/** Seconds: a machine's own line, a city, a continent, the world, a satellite, a stall. */
const RTT_SECONDS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2];

/** Seconds: at once, a page that loads, a look at the clock, a walk away. */
const WAITED_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600];

/** How often values came up to each bound. HOT: `observe` allocates nothing. */
export class Distribution {
  /** Upper bounds, ascending, inclusive. */
  readonly bounds: readonly number[];
  /** By bound, those above the last, and the sum of all values. */
  readonly #numbers: Float64Array;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#numbers = new Float64Array(bounds.length + 2);
  }

  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > bounds[at]) at++;
    this.#numbers[at]++;
    this.#numbers[bounds.length + 1] += value;
  }

  /** Adds what another one of the same bounds has seen. */
  add(other: Distribution): void {
    for (let i = 0; i < this.#numbers.length; i++) this.#numbers[i] += other.#numbers[i];
  }

  /** Values up to each bound, then all: what Prometheus calls cumulative. */
  upTo(): number[] {
    let sum = 0;
    return Array.from(this.#numbers.subarray(0, -1), (count) => (sum += count));
  }

  get sum(): number {
    return this.#numbers[this.bounds.length + 1];
  }
}

/** What this protocol closes with, and what a WebSocket itself says: bad frames, bad UTF-8. */
const KNOWN_CODES: ReadonlySet<number> = new Set([...Object.values(CloseCode), 1002, 1005, 1007]);
/** In place of a code that only a peer could think of: 3000..4999 are 2,000 labels. */
const OTHER_CODE = 0;

export interface Refusals {
  /** Close code, or HTTP status before the upgrade. */
  readonly code: number;
  count: number;
}

export class Tally {
  /** Of the server, by its supervisor; undefined where there is none. */
  readonly restarts: Restarts | undefined;
  /** By reason: a name of ours. */
  readonly refusals = new Map<string, Refusals>();
  /** Ended connections by close code; 0 for codes that are none of ours. */
  readonly closes = new Map<number, number>();
  /** HTTP answers by status. */
  readonly answers = new Map<number, number>();
  /** Handlers that threw and cost one request or socket. */
  faults = 0;
  connections = 0;
  /** Players who wait for a match, by room kind, and matches that were made here. */
  readonly waiting = new Map<string, number>();
  readonly matches = new Map<string, number>();
  /** What those waited who were in a match. */
  readonly waitedSeconds = new Distribution(WAITED_SECONDS);
  /** Clients that were sent to another server. */
  moved = 0;
  /** Rooms of other shards that go on here, for their owner is gone; and those handed over. */
  takenOver = 0;
  handedOver = 0;
  /** Rooms that another shard has although nobody gave it them: this one was cut off or stopped. */
  roomsLost = 0;
  /** Rooms that were ended, for the processes that had them ended in a row. */
  givenUp = 0;
  /** Rooms that the directory had forgotten, and that went on. */
  takenBack = 0;
  /** Scores that no board was told of. */
  postsLost = 0;
  checkpoints = 0;
  checkpointBytes = 0;
  /** The directory does not answer, or a part of it. */
  directoryAway = false;
  /** Requests whose X-Forwarded-For came from no named proxy. */
  forwardsIgnored = 0;
  /** Time of a tick; of each, where several were made up for in one go. */
  readonly tickSeconds = new Distribution(TICK_SECONDS);
  /** How much later than due a room was woken. */
  readonly lateSeconds = new Distribution(LATE_SECONDS);
  /** Of each pong. */
  readonly rttSeconds = new Distribution(RTT_SECONDS);

  constructor(restarts?: Restarts) {
    this.restarts = restarts;
  }

  refused(reason: string, code: number): void {
    const seen = this.refusals.get(reason);
    if (seen) seen.count++;
    else this.refusals.set(reason, { code, count: 1 });
  }

  closed(code: number): void {
    bump(this.closes, KNOWN_CODES.has(code) ? code : OTHER_CODE);
  }

  matched(kind: string): void {
    this.matches.set(kind, (this.matches.get(kind) ?? 0) + 1);
  }

  answered(status: number): void {
    bump(this.answers, status);
  }

  /** A room was woken `lateMs` after its tick was due, and did `ticks` in `tookMs`. */
  ticked(lateMs: number, tookMs: number, ticks: number): void {
    this.lateSeconds.observe(Math.max(lateMs, 0) / 1000);
    for (let i = 0; i < ticks; i++) this.tickSeconds.observe(tookMs / ticks / 1000);
  }
}

function bump(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
