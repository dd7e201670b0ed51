// A night in the life of a simulated cluster: it grows, is played on, loses a tenth of its shards,
// has a slow Redis, has none for five seconds, and is restarted shard by shard. Called by
// cluster.ts; answers figures by phase and by second. The lengths of phases are shares of the
// whole, so that a short run has them all.

import { COMMANDS } from './cluster-costs.ts';
import { Players } from './cluster-players.ts';
import { type RedisSecond, SimulatedRedis } from './cluster-redis.ts';
import { type ClusterSize, ClusterWorld } from './cluster-world.ts';
import { deviation, type Spread, spread } from './figures.ts';

export type PhaseName = 'growth' | 'steady' | 'deaths' | 'slow' | 'away' | 'rolling';

/** Share of the whole at which each begins. */
const PHASES: readonly (readonly [name: PhaseName, from: number])[] = [
  ['growth', 0],
  ['steady', 0.3],
  ['deaths', 0.45],
  ['slow', 0.6],
  ['away', 0.7],
  ['rolling', 0.8],
];
/** Part of growth in which the shards are started: the last fifth finds a full house. */
const STARTED_IN = 0.8;
/** Ms between two groups of players. */
const FILL_MS = 50;
/** All seats are wanted before growth ends. */
const FILLED_IN = 0.9;
/**
 * Players who come in a second of growth at most: a third of those that one Redis seats when it
 * does nothing else. The others sit there from the beginning.
 */
const COMING_PER_SECOND = 2_000;
const DEAD_SHARE = 0.1;
/** Dead processes are started again after this part of their phase. */
const REPLACED_IN = 0.4;
const SLOW = { leastMs: 50, mostMs: 300 };
/** The second half of the slow phase is for getting well. */
const SLOW_IN = 0.5;
const AWAY_MS = 5_000;
/** In a short run, this part of its phase: the rest is for getting well. */
const AWAY_IN = 0.5;
/** Restarted at once, and the part of the phase in which all are. */
const ROLLED_SHARE = 0.05;
const ROLLED_IN = 0.8;
/** Of a second, from which on Redis has no time left. */
const SATURATED = 0.95;

/** What stood at the end of a second. */
export interface ClusterSecond {
  readonly shards: number;
  readonly seats: number;
  readonly rooms: number;
  readonly meanSeats: number;
  readonly mostSeats: number;
  /** Standard deviation of the shards' seats over their mean. */
  readonly spread: number;
  readonly roomsDown: number;
  readonly playersAway: number;
}

export interface PhaseFigures {
  readonly seconds: number;
  readonly reservations: number;
  readonly reserveMs: Spread | undefined;
  readonly refused: number;
  readonly overpromised: number;
  readonly loadSpread: { readonly most: number; readonly end: number };
  readonly mostOverMean: number;
  readonly redis: RedisFigures;
  readonly ownedAgain: { readonly rooms: number; readonly ms: Spread | undefined };
  readonly playersBack: { readonly players: number; readonly ms: Spread | undefined };
  readonly seatsLost: number;
  readonly claimsLost: number;
  readonly stolen: number;
  readonly ownedTwice: number;
}

export interface NodeFigures {
  readonly perSecond: number;
  /** Of its core: in the mean, and in its busiest second. */
  readonly busy: number;
  readonly mostBusy: number;
}

/** Of all nodes together; `busy` and `shares` of a mean one, the other extremes of any. */
export interface RedisFigures {
  readonly perSecond: number;
  readonly mostPerSecond: number;
  readonly mbPerSecond: number;
  readonly busy: number;
  readonly mostBusy: number;
  readonly nodes: readonly NodeFigures[];
  readonly saturatedSeconds: number;
  readonly longestQueueMs: number;
  readonly late: number;
  readonly unreachable: number;
  /** Of a mean second. */
  readonly commands: Readonly<Record<string, number>>;
  /** Share of Redis's core, of those that have a hundredth or more. */
  readonly shares: Readonly<Record<string, number>>;
}

export class ClusterRun {
  readonly size: ClusterSize;
  readonly world: ClusterWorld;
  readonly players: Players;
  readonly seconds: ClusterSecond[] = [];
  readonly phases = new Map<PhaseName, PhaseFigures>();
  /** Of all phases. */
  overpromised = 0;
  readonly #wholeMs: number;
  #before = { claimsLost: 0, stolen: 0, ownedTwice: 0 };

  constructor(size: ClusterSize) {
    this.size = size;
    this.world = new ClusterWorld(size);
    this.players = new Players(this.world);
    this.#wholeMs = size.minutes * 60_000;
  }

  async run(tell: (line: string) => void = () => {}): Promise<void> {
    const giveBack = this.world.clock.takeTimers();
    try {
      for (const [index, [name, from]] of PHASES.entries()) {
        const [, to = 1] = PHASES[index + 1] ?? [];
        await this.#phase(name, from * this.#wholeMs, to * this.#wholeMs);
        const { redis, reserveMs } = this.phases.get(name)!;
        const { perSecond, nodes } = redis;
        const busy = nodes.map((node) => node.busy).join(' ');
        tell(`cluster: ${name}: ${perSecond} commands/s, busy ${busy}, p99 ${reserveMs?.p99} ms`);
      }
    } finally {
      giveBack();
    }
  }

  async #phase(name: PhaseName, fromMs: number, toMs: number): Promise<void> {
    const { clock } = this.world;
    this.#plan(name, fromMs, toMs - fromMs);
    const began = this.seconds.length;
    while (clock.nowMs < toMs) {
      await clock.runUntil(Math.min(toMs, (this.seconds.length + 1) * 1_000));
      if (clock.nowMs >= (this.seconds.length + 1) * 1_000) this.seconds.push(this.#look());
    }
    this.phases.set(name, this.#figures(began));
  }

  /** What happens in it, by the clock. */
  #plan(name: PhaseName, fromMs: number, lengthMs: number): void {
    const { world, size } = this;
    const { clock, redis } = world;
    const start = () => void world.start();
    switch (name) {
      case 'growth':
        return this.#grow(lengthMs);
      case 'steady':
        return;
      case 'deaths': {
        const dead = Math.max(Math.round(size.shards * DEAD_SHARE), 1);
        clock.at(fromMs, () => void world.kill(dead));
        for (let i = 0; i < dead; i++) clock.at(fromMs + lengthMs * REPLACED_IN, start);
        return;
      }
      case 'slow':
        clock.at(fromMs, () => void (redis.slow = SLOW));
        clock.at(fromMs + lengthMs * SLOW_IN, () => void (redis.slow = undefined));
        return;
      case 'away':
        clock.at(fromMs, () => void (redis.away = true));
        clock.at(fromMs + Math.min(AWAY_MS, lengthMs * AWAY_IN), () => void (redis.away = false));
        return;
      case 'rolling':
        this.#roll(fromMs, lengthMs * ROLLED_IN);
    }
  }

  /** From nothing, or from as many as one Redis can not have let in meanwhile. */
  #grow(lengthMs: number): void {
    const { world, players, size } = this;
    const { clock } = world;
    const filledMs = lengthMs * FILLED_IN;
    const perSecond = COMING_PER_SECOND / (size.slowness ?? 1);
    const coming = Math.min(size.seats, (filledMs / 1_000) * perSecond);
    const seated = size.seats - coming;
    const apartMs = seated > 0 ? 1 : (lengthMs * STARTED_IN) / size.shards;
    let waiting = seated > 0 ? size.shards : 0;
    // A fifth is there before the first player.
    for (let i = 0; i < size.shards; i++)
      clock.at(Math.max(i - size.shards / 5, 0) * apartMs, async () => {
        const shard = await world.start();
        await players.seat(shard, Math.round(seated / size.shards));
        waiting--;
      });
    for (let ms = FILL_MS; ms <= filledMs + FILL_MS; ms += FILL_MS)
      clock.at(ms, () => {
        if (waiting > 0 || world.shards.length === 0) return;
        players.wanted = Math.round(seated + coming * Math.min(ms / filledMs, 1));
        players.fill();
      });
  }

  /** Each is closed, and another one started in its place, some at a time. */
  #roll(fromMs: number, lengthMs: number): void {
    const { world } = this;
    const atOnce = Math.max(Math.round(world.shards.length * ROLLED_SHARE), 1);
    const old = [...world.shards];
    const turns = Math.ceil(old.length / atOnce);
    for (let turn = 0; turn < turns; turn++)
      world.clock.at(fromMs + (turn / turns) * lengthMs, () => {
        for (const shard of old.slice(turn * atOnce, (turn + 1) * atOnce))
          void world.retire(shard).then(() => world.start());
      });
  }

  #look(): ClusterSecond {
    const { world, players } = this;
    const loads = world.shards.map(({ seats }) => seats);
    const seats = loads.reduce((sum, load) => sum + load, 0);
    const mean = seats / Math.max(loads.length, 1);
    let rooms = 0;
    for (const shard of world.shards) rooms += shard.rooms.size;
    return {
      ...{ shards: loads.length, seats, rooms, meanSeats: mean },
      mostSeats: loads.reduce((most, load) => Math.max(most, load), 0),
      spread: deviation(loads),
      roomsDown: world.downMs.size,
      playersAway: players.away,
    };
  }

  #figures(began: number): PhaseFigures {
    const { world, players } = this;
    const seconds = this.seconds.slice(began);
    const { reserveMs, backMs, ...counts } = players.take();
    this.overpromised += counts.overpromised;
    const rooms = world.ownedAgainMs;
    world.ownedAgainMs = [];
    const { stolen, ownedTwice } = world;
    const now = { claimsLost: world.redis.claimsLost, stolen, ownedTwice };
    const before = this.#before;
    this.#before = now;
    const overMean = seconds.map(({ mostSeats, meanSeats }) => mostSeats / (meanSeats || 1));
    return {
      seconds: seconds.length,
      reservations: reserveMs.length,
      reserveMs: spreadOf(reserveMs),
      ...counts,
      loadSpread: {
        most: Math.max(...seconds.map((second) => second.spread)),
        end: seconds[seconds.length - 1]?.spread ?? 0,
      },
      mostOverMean: overMean[overMean.length - 1] ?? 0,
      redis: redisFigures(world.redis.seconds(began, this.seconds.length)),
      ownedAgain: { rooms: rooms.length, ms: spreadOf(rooms) },
      playersBack: { players: backMs.length, ms: spreadOf(backMs) },
      claimsLost: now.claimsLost - before.claimsLost,
      stolen: now.stolen - before.stolen,
      ownedTwice: now.ownedTwice - before.ownedTwice,
    };
  }
}

function spreadOf(samples: readonly number[]): Spread | undefined {
  return samples.length > 0 ? spread(samples) : undefined;
}

export function commandsOf({ commands }: RedisSecond): number {
  return commands.reduce((sum, count) => sum + count, 0);
}

/** By node. */
function redisFigures(nodes: readonly (readonly RedisSecond[])[]): RedisFigures {
  const all = nodes.flat();
  const length = Math.max(nodes[0].length, 1);
  const sum = (of: (second: RedisSecond) => number) => all.reduce((sum, one) => sum + of(one), 0);
  const most = (of: (second: RedisSecond) => number) => Math.max(0, ...all.map(of));
  const mean = (of: (second: RedisSecond) => number) => sum(of) / length;
  const commands = COMMANDS.map((name) => {
    const perSecond = mean((second) => SimulatedRedis.countOf(second, name));
    return [name, Math.round(perSecond)] as const;
  });
  const shares = COMMANDS.map((name) => {
    const share = mean((second) => SimulatedRedis.shareOf(second, name)) / nodes.length;
    return [name, Number(share.toFixed(3))] as const;
  });
  const bySecond = Array.from(nodes[0], (_, at) => nodes.map((node) => node[at]));
  const totals = bySecond.map((some) => some.reduce((sum, one) => sum + commandsOf(one), 0));
  const isSaturated = (second: RedisSecond) => busyOf(second) >= SATURATED;
  return {
    perSecond: Math.round(mean(commandsOf)),
    mostPerSecond: Math.round(Math.max(0, ...totals)),
    mbPerSecond: Number(mean(({ bytes }) => bytes / 1e6).toFixed(2)),
    busy: Number((mean(busyOf) / nodes.length).toFixed(4)),
    mostBusy: Number(most(busyOf).toFixed(4)),
    nodes: nodes.map((seconds) => nodeFigures(seconds, length)),
    saturatedSeconds: bySecond.filter((some) => some.some(isSaturated)).length,
    longestQueueMs: Number(most(({ queueMs }) => queueMs).toFixed(1)),
    late: sum(({ late }) => late),
    unreachable: sum(({ unreachable }) => unreachable),
    commands: Object.fromEntries(commands.filter(([, count]) => count > 0)),
    shares: Object.fromEntries(shares.filter(([, share]) => share >= 0.01)),
  };
}

function nodeFigures(seconds: readonly RedisSecond[], length: number): NodeFigures {
  const sum = (of: (second: RedisSecond) => number) => seconds.reduce((s, one) => s + of(one), 0);
  return {
    perSecond: Math.round(sum(commandsOf) / length),
    busy: Number((sum(busyOf) / length).toFixed(3)),
    mostBusy: Number(Math.max(0, ...seconds.map(busyOf)).toFixed(3)),
  };
}

export function busyOf({ busyMs }: RedisSecond): number {
  return busyMs / 1_000;
}
