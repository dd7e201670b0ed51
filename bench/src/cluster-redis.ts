// One Redis, or one node of several, as its callers feel it: a single core that serves what comes
// in turn, a network before and after it, times at which it is slow or away. Asked by
// cluster-line.ts; counts by the second what it was asked. Trap: a question that is answered too
// late is served all the same, as in life: an overrun Redis is busy with what nobody waits for.
import { DirectoryError } from '@tickwire/server';
import type { ClusterClock } from './cluster-clock.ts';
import { COMMANDS, type CommandName, costOf } from './cluster-costs.ts';
import { EPOCH_MS, SimulatedStore } from './cluster-store.ts';

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

interface Asked {
  readonly name: CommandName;
  readonly members: number;
}

export interface Question extends Asked {
  /** What comes of it in the store. */
  readonly serve: () => unknown;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: DirectoryError) => void;
}

/** Who asks: answers come in the order of the questions. */
export interface Caller {
  /** Its process is gone: whatever it asks is refused. */
  readonly life: { readonly dead: boolean };
  answeredMs: number;
  /** Newest answer. */
  heardMs: number;
  /** Connected again, after Redis came back that many times. */
  readyMs: number;
  returns: number;
  /** The connection was lost, or did not come back. */
  troubled(): void;
}

export class SimulatedRedis {
  readonly seconds: RedisSecond[] = [];
  readonly store: SimulatedStore;
  /** By channel: who hears it, and what they do then. */
  readonly channels = new Map<string, Map<Caller, (message: Buffer) => void>>();
  readonly callers = new Set<Caller>();
  readonly #clock: ClusterClock;
  /** 0 <= n < 1. */
  readonly #chance: () => number;
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

  constructor(clock: ClusterClock, chance: () => number, slowness = 1, checkpointBytes = 0) {
    this.#clock = clock;
    this.#chance = chance;
    this.#slowness = slowness;
    this.store = new SimulatedStore(chance, checkpointBytes);
  }

  /** By its own clock, since 1970: whole ms, as scripts have them. */
  get nowMs(): number {
    return EPOCH_MS + Math.floor(this.#clock.nowMs);
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
      this.#trouble();
    } else {
      this.#returns++;
      this.#backMs = nowMs;
    }
  }

  /** Until it is back. */
  #trouble(): void {
    if (!this.#isAway) return;
    for (const caller of [...this.callers]) if (!caller.life.dead) caller.troubled();
    this.#clock.after(RETRY_CAP_MS, () => this.#trouble());
  }

  /** What is asked in one turn. */
  ask(caller: Caller, asked: readonly Question[]): void {
    const askedMs = this.#clock.nowMs;
    if (!this.reaches(caller)) {
      if (!caller.life.dead) this.second(askedMs).unreachable += asked.length;
      for (const { reject } of asked) reject(new DirectoryError('unreachable', 'Redis: away'));
      return;
    }
    const endedMs = this.#turn(askedMs + NETWORK_MS, asked);
    const { slow } = this;
    const more = slow ? slow.leastMs + this.#chance() * (slow.mostMs - slow.leastMs) : 0;
    const answeredMs = Math.max(endedMs + NETWORK_MS + more, caller.answeredMs);
    caller.answeredMs = answeredMs;
    if (answeredMs - askedMs > DEADLINE_MS) this.#refuseAt(askedMs + DEADLINE_MS, caller, asked);
    // Half of what it is slow by lies before Redis; else its turn and its answer are one moment.
    this.#clock.at(answeredMs - more / 2, () => {
      if (askedMs < this.#lostMs && endedMs > this.#lostMs) {
        const error = new DirectoryError('unreachable', 'Redis: the connection was lost');
        for (const { reject } of asked) reject(error);
        return;
      }
      const answers = asked.map(({ serve }) => serve());
      if (more > 0) this.#clock.at(answeredMs, () => this.#answer(caller, asked, answers));
      else this.#answer(caller, asked, answers);
    });
  }

  #answer(caller: Caller, asked: readonly Question[], answers: readonly unknown[]): void {
    caller.heardMs = this.#clock.nowMs;
    for (const [index, { resolve }] of asked.entries()) resolve(answers[index] as never);
  }

  #refuseAt(ms: number, caller: Caller, asked: readonly Question[]): void {
    this.#clock.at(ms, () => {
      this.second(ms).late += asked.length;
      const error = new DirectoryError('late', 'Redis: no answer');
      error.isSilent = this.#clock.nowMs - caller.heardMs >= DEADLINE_MS / 2;
      for (const { reject } of asked) reject(error);
    });
  }

  reaches(caller: Caller): boolean {
    if (this.#isAway || caller.life.dead) return false;
    if (caller.returns !== this.#returns) {
      caller.returns = this.#returns;
      caller.readyMs = this.#backMs + this.#chance() * RETRY_CAP_MS;
    }
    return caller.readyMs <= this.#clock.nowMs;
  }

  /** Another node passed a message on. */
  hear(channel: string, message: Buffer): void {
    const hearers = this.channels.get(channel)?.size ?? 0;
    this.spend([['HEAR_OF', hearers]]);
    if (hearers > 0) this.#clock.at(this.#freeMs, () => this.tell(channel, message));
  }

  /** Those who listen here. */
  tell(channel: string, message: Buffer): void {
    const hearers = [...(this.channels.get(channel) ?? [])];
    if (hearers.length === 0) return;
    this.#clock.after(NETWORK_MS, () => {
      for (const [caller, hear] of hearers) if (this.reaches(caller)) hear(message);
    });
  }

  /** Time on what nobody asked it from outside. */
  spend(commands: readonly (readonly [name: CommandName, members: number])[]): void {
    const asked = commands.map(([name, members]) => ({ name, members }));
    if (asked.length > 0) this.#turn(this.#clock.nowMs, asked);
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

  /** When all is served, which is after all that came before. */
  #turn(arrivedMs: number, asked: readonly Asked[]): number {
    const beganMs = Math.max(arrivedMs, this.#freeMs);
    const second = this.second(beganMs);
    let wholeUs = 0;
    for (const { name, members } of asked) {
      const cost = costOf(name, members);
      const us = cost.us * this.#slowness;
      const number = NUMBER.get(name)!;
      wholeUs += us;
      second.commands[number]++;
      second.us[number] += us;
      second.bytes += cost.bytes;
    }
    this.#freeMs = beganMs + wholeUs / 1000;
    second.busyMs += wholeUs / 1000;
    second.queueMs = Math.max(second.queueMs, beganMs - arrivedMs);
    return this.#freeMs;
  }
}
