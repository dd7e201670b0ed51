// One Redis, or one node of several, as its callers feel it: a single core that serves what comes
// in turn, a network before and after it, times at which it is slow or away, and the deadline of
// RedisLine. Asked by cluster-directory.ts; counts by the second what it was asked. Trap: a
// question that is answered too late is served all the same, as in life: an overrun Redis is busy
// with what nobody waits for.
import { DirectoryError } from '@tickwire/server';
import type { ClusterClock } from './cluster-clock.ts';
import { COMMANDS, type CommandName, costOf, type Demand } from './cluster-costs.ts';

/** From a shard to Redis, one way: machines of one data centre. */
const NETWORK_MS = 0.25;
/** redis-line.ts' DEADLINE_MS. */
const DEADLINE_MS = 1_000;
/** redis-line.ts' RETRY_CAP_MS: Redis is back for a line up to this much later. */
const RETRY_CAP_MS = 500;

/** Numbers of the commands, for arrays. */
const NUMBER = new Map(COMMANDS.map((name, number) => [name, number]));

/** What Redis did in one second. */
export interface RedisSecond {
  /** By COMMANDS: how many, and how long they took. */
  readonly commands: Float64Array;
  readonly us: Float64Array;
  busyMs: number;
  bytes: number;
  /** Longest time that something waited for its turn, ms. */
  queueMs: number;
  late: number;
  unreachable: number;
}

/** A shard's connection: answers come in the order of the questions. */
export interface Line {
  /** The shard is gone: whatever it asks is refused. */
  dead: boolean;
  answeredMs: number;
  /** Connected again, after Redis came back that many times. */
  readyMs: number;
  returns: number;
}

export function newLine(): Line {
  return { dead: false, answeredMs: 0, readyMs: 0, returns: 0 };
}

export class SimulatedRedis {
  readonly seconds: RedisSecond[] = [];
  readonly #clock: ClusterClock;
  /** 0 <= n < 1. */
  readonly chance: () => number;
  /** Times that a command takes longer than was measured. */
  readonly #slowness: number;
  /** All that came until now is served by then. */
  #freeMs = 0;
  #isAway = false;
  /** When it was last lost: what was asked before was not answered. */
  #lostMs = Number.NEGATIVE_INFINITY;
  #returns = 0;
  #backMs = 0;
  /** Between these an answer takes longer; undefined: it does not. */
  slow: { readonly leastMs: number; readonly mostMs: number } | undefined;

  constructor(clock: ClusterClock, chance: () => number, slowness = 1) {
    this.#clock = clock;
    this.chance = chance;
    this.#slowness = slowness;
  }

  get away(): boolean {
    return this.#isAway;
  }

  set away(away: boolean) {
    this.#isAway = away;
    const { nowMs } = this.#clock;
    this.#freeMs = nowMs;
    if (away) {
      this.#lostMs = nowMs;
      // What waited for its turn is not served.
      this.seconds.splice(Math.floor(nowMs / 1_000) + 1);
    } else {
      this.#returns++;
      this.#backMs = nowMs;
    }
  }

  /** Questions of one turn; `serve` is what comes of them in the store. */
  ask<T>(line: Line, demand: Demand, serve: () => T | Promise<T>): Promise<T> {
    const askedMs = this.#clock.nowMs;
    if (!this.#reaches(line)) {
      this.second(askedMs).unreachable++;
      return Promise.reject(new DirectoryError('unreachable', 'Redis: away'));
    }
    const endedMs = this.#turn(askedMs + NETWORK_MS, demand);
    const { slow } = this;
    const more = slow ? slow.leastMs + this.chance() * (slow.mostMs - slow.leastMs) : 0;
    const answeredMs = Math.max(endedMs + NETWORK_MS + more, line.answeredMs);
    line.answeredMs = answeredMs;
    return new Promise((resolve, reject) => {
      if (answeredMs - askedMs > DEADLINE_MS) this.#refuseAt(askedMs + DEADLINE_MS, reject);
      // Half of what it is slow by lies before Redis; else its turn and its answer are one moment.
      this.#clock.at(answeredMs - more / 2, () => {
        if (askedMs < this.#lostMs && endedMs > this.#lostMs)
          return reject(new DirectoryError('unreachable', 'Redis: the connection was lost'));
        const served = serve();
        if (more > 0) this.#clock.at(answeredMs, () => resolve(served));
        else resolve(served);
      });
    });
  }

  /** What nobody waits for. */
  tell(line: Line, demand: Demand): void {
    if (this.#reaches(line)) this.#turn(this.#clock.nowMs + NETWORK_MS, demand);
  }

  #refuseAt(ms: number, reject: (error: DirectoryError) => void): void {
    this.#clock.at(ms, () => {
      this.second(ms).late++;
      reject(new DirectoryError('late', 'Redis: no answer'));
    });
  }

  #reaches(line: Line): boolean {
    if (this.#isAway || line.dead) return false;
    if (line.returns !== this.#returns) {
      line.returns = this.#returns;
      line.readyMs = this.#backMs + this.chance() * RETRY_CAP_MS;
    }
    return line.readyMs <= this.#clock.nowMs;
  }

  second(ms: number): RedisSecond {
    const index = Math.floor(ms / 1000);
    while (this.seconds.length <= index)
      this.seconds.push({
        commands: new Float64Array(COMMANDS.length),
        us: new Float64Array(COMMANDS.length),
        ...{ busyMs: 0, bytes: 0, queueMs: 0, late: 0, unreachable: 0 },
      });
    return this.seconds[index];
  }

  /** Of a kind of command, in one second. */
  static countOf({ commands }: RedisSecond, name: CommandName): number {
    return commands[NUMBER.get(name)!];
  }

  /** Of Redis's core, in that second. */
  static shareOf({ us }: RedisSecond, name: CommandName): number {
    return us[NUMBER.get(name)!] / 1e6;
  }

  /** When it is served, which is after all that came before. */
  #turn(arrivedMs: number, demand: Demand): number {
    const { bytes } = costOf(demand);
    const us = costOf(demand).us * this.#slowness;
    const beganMs = Math.max(arrivedMs, this.#freeMs);
    const endedMs = beganMs + us / 1000;
    this.#freeMs = endedMs;
    const second = this.second(beganMs);
    for (const part of demand) {
      const number = NUMBER.get(part[0])!;
      second.commands[number] += part[1];
      second.us[number] += costOf([part]).us * this.#slowness;
    }
    second.busyMs += us / 1000;
    second.bytes += bytes;
    second.queueMs = Math.max(second.queueMs, beganMs - arrivedMs);
    return endedMs;
  }
}
