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

test('rooms whose players came all at once are saved one after the other', async () => {
  const ROOMS = 64;
  const rooms = Array.from({ length: ROOMS }, (_, i) => {
    return { id: `field-${i}`, failover: 'restore', taken: 1, doneTick: 1 };
  });
  const saved = new Map<string, number[]>(rooms.map(({ id }) => [id, []]));
  let nowMs = 1_000;
  const save = async ({ id }: { id: string }) => saved.get(id)!.push(nowMs) > 0;
  const shard = {
    ...{ rooms: new Map(rooms.map((room) => [room.id, room])), owner: { shard: 's', url: '' } },
    playing: (id: string) => rooms.find((room) => room.id === id),
    leaseOf: ({ id }: { id: string }) => ({ id, epoch: 1 }),
  };
  const seating = { unsaved: new Set<object>(), recordsOf: () => [] };
  const cluster = new Cluster({
    directory: { leaseMs: 2_000, announce: async () => {}, orphans: async () => [], save },
    ...{ shard, seating, clocks: { now: () => nowMs }, checkpointMs: 500 },
    leases: { everyMs: 667, hold: true, settled: true, renew: async () => {} },
    ...{ tally: {}, load: () => 0, chance: () => 0, pack: () => new Uint8Array(1) },
  } as never as ClusterOptions);
  let most = 0;
  const work = async () => {
    const all = () => [...saved.values()].reduce((sum, { length }) => sum + length, 0);
    nowMs += WORK_MS;
    const before = all();
    cluster.work();
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, all() - before);
  };
  await work();
  most = 0;
  const cameMs = nowMs;
  for (const room of rooms) seating.unsaved.add(room);
  for (let i = 0; i < 60; i++) await work();
  expect(most).toBe(ROOMS / 8);
  for (const times of saved.values()) {
    const since = times.filter((ms) => ms > cameMs);
    // Their keys are safe within half a second, and nothing is lost that is older than that.
    for (const [i, ms] of since.entries()) expect(ms - (since[i - 1] ?? cameMs)).toBeLessThan(550);
  }
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
