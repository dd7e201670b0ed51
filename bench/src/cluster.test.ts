// That the simulated cluster is what it says: the same figures for the same seed, no room with two
// owners, none overfull, none left behind; and that its questions are those of RedisDirectory,
// counted at a real Redis.
import { spawnSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { Board, Directory, Lease } from '@tickwire/server';
import { redis } from '@tickwire/server/redis';
import { describe, expect, test } from 'vitest';
import { ClusterClock } from './cluster-clock.ts';
import { COMMANDS } from './cluster-costs.ts';
import { SimulatedDirectory } from './cluster-directory.ts';
import { simulateJoining } from './cluster-joining.ts';
import { SimulatedNodes } from './cluster-nodes.ts';
import { SimulatedRedis } from './cluster-redis.ts';
import { ClusterRun } from './cluster-run.ts';
import { ClusterTruth } from './cluster-truth.ts';
import { startRedis } from './redis-program.ts';

const SMALL = { shards: 20, seats: 2_000, seed: 7 };

async function simulated(minutes: number) {
  const run = new ClusterRun({ ...SMALL, minutes });
  await run.run();
  const { world, players, phases } = run;
  const { ownedTwice, downMs, homes } = world;
  const unplayed = [...homes].filter(([id, home]) => !(home.alive && home.playing(id)));
  return {
    figures: JSON.stringify([[...phases], run.seconds]),
    broken: { ownedTwice, overpromised: run.overpromised, down: downMs.size, unplayed },
    seats: players.present,
    lost: phases.get('deaths')!.ownedAgain.rooms,
  };
}

test('a small cluster lives through all phases', async () => {
  const { broken, lost, seats } = await simulated(1);
  expect(broken).toEqual({ ownedTwice: 0, overpromised: 0, down: 0, unplayed: [] });
  expect(lost).toBeGreaterThan(5);
  expect(seats).toBeGreaterThan(SMALL.seats * 0.99);
});

test('{S54} a node of three that is away takes no room from its owner, whoever dies', async () => {
  const run = new ClusterRun({ ...SMALL, minutes: 1, nodes: 3 });
  const { clock, redis } = run.world;
  // Shards die at 27 s.
  clock.at(24_000, () => void (redis.all[0].away = true));
  clock.at(34_000, () => void (redis.all[0].away = false));
  const down: number[] = [];
  for (const ms of [27_001, 33_900]) clock.at(ms, () => down.push(run.world.downMs.size));
  await run.run();
  const { world, overpromised, phases } = run;
  expect([world.ownedTwice, overpromised, world.downMs.size]).toEqual([0, 0, 0]);
  const { stolen, reservations } = phases.get('deaths')!;
  expect([stolen, reservations > 20]).toEqual([0, true]);
  // Those that are found and kept on other nodes did not wait for it; the others did.
  const [lost, waiting] = down;
  expect([lost > 10, waiting > 0, waiting < lost * 0.8]).toEqual([true, true, true]);
});

describe('{S54} more players than one Redis can seat', () => {
  /** A thousand shards and one and a half million seats, at a hundredth. */
  const OVERRUN = { shards: 10, seats: 5_000, seed: 7, minutes: 1, leaseMs: 6_000, slowness: 300 };

  const steady = async (spares: boolean) => {
    const run = new ClusterRun({ ...OVERRUN, spares });
    await run.run();
    const { redis, reservations } = run.phases.get('steady')!;
    return { ...redis, reservations };
  };

  test('keep it from answering anybody where all are let in', async () => {
    const { late, longestQueueMs, reservations } = await steady(false);
    expect([late > 500, longestQueueMs > 1_500, reservations]).toEqual([true, true, 0]);
  });

  test('do not where shards refuse those who join', async () => {
    const { late, longestQueueMs, reservations } = await steady(true);
    expect([late, longestQueueMs < 1_000, reservations > 5]).toEqual([0, true, true]);
  });
});

test('empty shards that join full ones have their share soon, and no room comes back', async () => {
  const few = { full: 8, fresh: 2, seed: 7 };
  const { spreadBefore, spreadAfter, mostOverMean, ...moved } = await simulateJoining(few);
  expect([spreadBefore > 0.4, spreadAfter < 0.1, mostOverMean < 1.12]).toEqual([true, true, true]);
  expect(moved.roomsMoved).toBeGreaterThan(50);
  expect([moved.cameBack, moved.seatsLost]).toEqual([0, 0]);
  const left = await simulateJoining({ ...few, balance: false });
  expect([left.spreadAfter > 0.4, left.roomsMoved]).toEqual([true, 0]);
});

test('a seed has the same figures each time', async () => {
  const [once, again] = [await simulated(0.2), await simulated(0.2)];
  expect(again.figures).toBe(once.figures);
});

const found = spawnSync('redis-server', ['--version']).status === 0;
if (!found && process.env.CI) throw new Error('redis-server is missing: .ci/run installs it');

/** What Redis is sent from outside, by scripts' names, since it was last asked. */
class Monitor {
  readonly #socket: Socket;
  #heard = '';

  constructor(url: string) {
    const { port, hostname } = new URL(url);
    this.#socket = connect(Number(port), hostname);
    this.#socket.on('data', (text) => void (this.#heard += text));
    this.#socket.write('MONITOR\r\n');
  }

  async sent(): Promise<string[]> {
    const mark = `mark-${this.#heard.length}`;
    return new Promise((resolve) => {
      const asks = connect(this.#socket.remotePort!, '127.0.0.1');
      const look = () => {
        if (!this.#heard.includes(`"${mark}"`)) return;
        this.#socket.off('data', look);
        asks.destroy();
        const lines = this.#heard.split('\r\n').filter((line) => / \[\d+ \d/.test(line));
        this.#heard = '';
        const names = lines.map((line) => /"(\w+)"/.exec(line)?.[1] ?? line);
        resolve(names.filter((name) => name !== 'ECHO' && name !== 'PING'));
      };
      this.#socket.on('data', look);
      asks.write(`ECHO ${mark}\r\n`);
    });
  }

  end(): void {
    this.#socket.destroy();
  }
}

test.skipIf(!found)('its questions cost the commands that a real Redis is sent', async () => {
  const server = await startRedis();
  const real = redis({ url: server.url, leaseMs: LEASE_MS });
  const monitor = new Monitor(server.url);
  const clock = new ClusterClock();
  const nodes = new SimulatedNodes(1, clock, () => 0.5);
  const [store] = nodes.all;
  const simulated = new SimulatedDirectory(new ClusterTruth(clock, LEASE_MS, () => 0.5), nodes, 8);
  try {
    for (const step of STEPS) {
      // The first time Redis may not know the scripts.
      const leases = [await begun(real, 'a'), await begun(real, 'b')];
      await step(real, leases[0]);
      await monitor.sent();
      await step(real, leases[1]);
      const sent = await monitor.sent();
      const asked = begun(simulated, 'b').then((lease) => {
        store.seconds.length = 0;
        return step(simulated, lease);
      });
      await clock.runUntil(clock.nowMs + 500);
      await asked;
      expect([String(step), counted(store)]).toEqual([String(step), counts(sent)]);
    }
  } finally {
    monitor.end();
    await real.close();
    server.stop();
  }
});

/** Plain commands by name; scripts together. */
function counts(sent: readonly string[]): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const name of sent) counted[name] = (counted[name] ?? 0) + 1;
  return counted;
}

const PLAIN = new Set(['ZADD', 'ZREM', 'ZRANGE', 'HMGET', 'PUBLISH', 'GET', 'SET']);

function counted(store: SimulatedRedis): Record<string, number> {
  const names = store.seconds.flatMap((second) =>
    COMMANDS.flatMap((name) => {
      const count = SimulatedRedis.countOf(second, name);
      return Array.from({ length: count }, () => (PLAIN.has(name) ? name : 'EVALSHA'));
    }),
  );
  return counts(names);
}

/** Longer than the test, in either time. */
const LEASE_MS = 600_000;
const OWNER = { shard: 's', url: 'wss://s.example/' };
const FACTS = { kind: 'field', build: 'b', seats: 4, match: '', hidden: false };
let rooms = 0;

/** A room with a seat that is promised. */
async function begun(directory: Directory, name: string): Promise<Lease> {
  const id = `${name}${++rooms}`;
  const claim = await directory.claim({ id, ...FACTS }, OWNER);
  await directory.reserve(id, [{ seat: 'held', identity: new Uint8Array(1) }], 60_000);
  return { id, epoch: claim.won ? claim.epoch : 0 };
}

const WINS: Board = { name: 'wins', keep: 'sum', order: 'most', places: 9 };

type Step = (directory: Directory, lease: Lease) => Promise<unknown>;
const STEPS: readonly Step[] = [
  (directory, { id }) => directory.claim({ ...FACTS, id: `${id}-new` }, OWNER),
  (directory, { id }) => directory.claim({ ...FACTS, id }, OWNER),
  (directory, lease) => directory.renew([lease]),
  (directory, lease) => directory.handOver(lease, OWNER),
  (directory, lease) => directory.lock(lease, true),
  (directory, lease) => directory.release(lease),
  (directory, { id }) => directory.room(id),
  (directory, { id }) => directory.reserve(id, [{ seat: 's', identity: new Uint8Array(1) }], 1_000),
  (directory, lease) => directory.redeem(lease, 'held'),
  (directory, lease) => directory.take(lease, 'mine'),
  (directory, lease) => directory.leave(lease, ['held']),
  (directory, lease) => directory.occupy(lease, ['held', 'mine']),
  (directory, lease) => directory.arrive(lease, ['ada', 'bob']),
  (directory, lease) => directory.depart(lease, ['ada', 'bob']),
  async (directory, lease) => {
    await directory.arrive(lease, [`eve of ${lease.id}`]);
    return directory.whereabouts([`eve of ${lease.id}`, 'nobody']);
  },
  (directory, lease) => directory.post(lease, WINS, { user: 'ada', score: 1, once: 'over' }),
  (directory) => directory.top(WINS, 0, 10),
  (directory) => directory.standing(WINS, 'ada'),
  (directory, lease) => directory.save([{ lease, tick: 1, bytes: new Uint8Array(8) }]),
  (directory, { id }) => directory.load(id),
  (directory) => directory.shards(),
  (directory) => directory.someShards(4),
  (directory) => directory.withdraw('s'),
  (directory) => directory.orphans(),
  (directory) => directory.publish('channel', new Uint8Array(8)),
];
