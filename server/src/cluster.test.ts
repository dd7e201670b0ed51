// The duties of a shard over a directory that takes its time.
import { describe, expect, test } from 'vitest';
import { Cluster, type ClusterOptions } from './cluster.ts';

const STEP_MS = 10;
const WORK_MS = 50;
const WHOLE_MS = 60_000;

/** How often a room is saved in a minute where the directory takes so long for it. */
async function savesOf(tookMs: number): Promise<number> {
  let nowMs = 1_000;
  let saves = 0;
  let answer = { atMs: Number.POSITIVE_INFINITY, resolve() {} };
  const room = { id: 'field-1', failover: 'restore', taken: 1, doneTick: 1 };
  const directory = {
    leaseMs: 2_000,
    announce: async () => {},
    orphans: async () => [],
    save: () =>
      new Promise<boolean>((resolve) => {
        saves++;
        answer = { atMs: nowMs + tookMs, resolve: () => resolve(true) };
      }),
  };
  const shard = {
    ...{ rooms: new Map([[room.id, room]]), owner: { shard: 's', url: '' }, build: 'b' },
    ...{ playing: () => room, leaseOf: () => ({ id: room.id, epoch: 1 }) },
  };
  const cluster = new Cluster({
    ...{ directory, shard, clocks: { now: () => nowMs }, checkpointMs: 500 },
    leases: { everyMs: 667, hold: true, settled: true, renew: async () => {} },
    seating: { unsaved: new Set(), recordsOf: () => [] },
    ...{ tally: {}, load: () => 0, chance: () => 0, pack: () => new Uint8Array(1) },
  } as never as ClusterOptions);
  for (const endMs = nowMs + WHOLE_MS; nowMs < endMs; nowMs += STEP_MS) {
    if (answer.atMs <= nowMs) answer.resolve();
    if (nowMs % WORK_MS === 0) cluster.work();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return saves;
}

test('a room is saved every half second where that is answered soon', async () => {
  expect(await savesOf(10)).toBeGreaterThan(75);
});

test('a directory that has more to save than it can is asked for less', async () => {
  // It takes 200 ms, and rests for 3 s.
  const slow = await savesOf(200);
  expect([slow > 14, slow < 21]).toEqual([true, true]);
  // What a player loses with the process stays bounded.
  const late = await savesOf(1_000);
  expect([late > 7, late < 12]).toEqual([true, true]);
});

describe('{S56} a shard that closes hands its rooms over', () => {
  const fails = async () => {
    throw new Error('no answer');
  };

  /** What was done, where these do otherwise. */
  async function drained(more: { announce?: () => Promise<void>; sendAway?: () => Promise<void> }) {
    const did: string[] = [];
    const { announce = async () => {}, sendAway = async () => {} } = more;
    const shards = async () => {
      did.push('looked for others');
      return [];
    };
    const shard = { rooms: new Map(), owner: { shard: 's', url: '' }, build: 'b' };
    const cluster = new Cluster({
      ...{ directory: { leaseMs: 2_000, announce, shards }, shard, load: () => 0 },
      ...{ clocks: { now: () => 0 }, leases: { everyMs: 667 }, seating: { waiting: { sendAway } } },
      log: { info() {}, error: (_: object, said: string) => void did.push(said) },
    } as never as ClusterOptions);
    await cluster.drain();
    return did;
  }

  test('where the directory was not told that it closes', async () => {
    expect(await drained({ announce: fails })).toEqual([
      'the directory was not told that this shard closes',
      'looked for others',
    ]);
  });

  test('where players who wait could not be sent away', async () => {
    expect(await drained({ sendAway: fails })).toEqual([
      'looked for others',
      'players who wait were not sent away',
    ]);
  });
});
