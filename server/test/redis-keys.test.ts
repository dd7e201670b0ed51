// What stands in Redis, and for how long: nothing of a player that is not needed, nothing for ever,
// and lists that are wrong and are set right. Asked as an operator would, beside the directory.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Board, Directory } from '../src/index.ts';
import { type RedisOptions, redis } from '../src/redis.ts';
import {
  bytes,
  claimed,
  facts,
  LONG_MS,
  north,
  promises,
  SHORT_MS,
  saved,
  south,
  until,
} from './directory-doors.ts';
import { RedisServer, redisMissing } from './redis-server.ts';

const why = redisMissing ? `, left out: ${redisMissing}` : '';
const LEASE_MS = 30_000;
/** A room is kept so long after its lease. */
const KEEP_MS = 600_000;
const KEEP_STEP_MS = 60_000;

test.each<[RedisOptions, string]>([
  [{ url: 'http://127.0.0.1:6379' }, 'url is not like redis://'],
  [{ url: 'no url, with a pass:word' }, 'url is not like redis://'],
  [{ url: '' }, 'url is not like redis://'],
  [{ uri: 'redis://:pass:word@host' } as RedisOptions, 'redis has no uri: did you mean url?'],
  [{ url: 'redis://127.0.0.1', leaseMs: 49 }, 'leaseMs is 49'],
  [{ url: 'redis://127.0.0.1', leaseMs: Number.NaN }, 'leaseMs is NaN'],
  [{ url: 'redis://127.0.0.1', leaseMs: Number.POSITIVE_INFINITY }, 'leaseMs is Infinity'],
  [{ url: 'redis://127.0.0.1', prefix: 'a{b}:' }, 'prefix has'],
  [{ url: 'redis://127.0.0.1', prefix: 'x'.repeat(65) }, 'prefix has'],
])('%j is a UsageError that says why and shows no password', (options, message) => {
  expect(() => redis(options)).toThrow(message);
  expect(() => redis(options)).not.toThrow('pass:word');
});

describe.skipIf(redisMissing !== undefined)(`keys in Redis${why}`, () => {
  let server: RedisServer;
  let directory: Directory;
  let prefix = 0;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    directory = redis({ url: server.url, leaseMs: LEASE_MS, prefix: `keys${++prefix}:` });
  });
  afterEach(() => directory.close());

  const key = (name: string) => `keys${prefix}:${name}`;
  const keysOf = (id: string) => server.ask<string[]>('KEYS', key(`{r:${id}}:*`));
  const scoreOf = (list: string, id: string) => server.ask<unknown>('ZSCORE', list, id);

  /** The list of open rooms, whose name says nothing. */
  async function openList(): Promise<string> {
    const [list] = await server.ask<string[]>('KEYS', key('open:*'));
    return list;
  }

  /** Id of a room to the list that its lease is on. */
  async function leaseList(id: string): Promise<string> {
    for (const list of await server.ask<string[]>('KEYS', key('lease:*')))
      if ((await scoreOf(list, id)) !== null) return list;
    throw new Error(`${id} is on no list`);
  }

  test('all keys of a room end ten minutes after its last renewal', async () => {
    const lease = await claimed(directory, facts('r1'));
    await directory.take(lease, 'p0');
    await directory.reserve('r1', promises('p1', 'p2'), LONG_MS);
    await directory.redeem(lease, 'p1');
    await saved(directory, lease, 1, bytes('state'));
    const names = await keysOf('r1');
    const kinds = ['checkpoint', 'identities', 'promises', 'room', 'taken'];
    expect(names.map((name) => name.split(':').at(-1)).sort()).toEqual(kinds);
    const ends = () => Promise.all(names.map((name) => server.ask<number>('PEXPIRETIME', name)));
    const untilMs = Number(await server.ask('HGET', key('{r:r1}:room'), 'until'));
    expect(await ends()).toEqual(Array(5).fill(untilMs + KEEP_MS));
    for (const name of names) await server.ask('PEXPIRE', name, '5000');
    // Its last renewal was a minute ago: those of one minute are kept together.
    const before = String(untilMs - KEEP_STEP_MS);
    await server.ask('HSET', key('{r:r1}:room'), 'until', before);
    await directory.renew([lease]);
    const renewedMs = Number(await server.ask('HGET', key('{r:r1}:room'), 'until'));
    expect(await ends()).toEqual(Array(5).fill(renewedMs + KEEP_MS + KEEP_STEP_MS));
    await directory.renew([lease]);
    for (const end of await ends()) expect(end).toBeGreaterThan(renewedMs + KEEP_MS);
  });

  test('who a seat was promised to is forgotten with the promise, or the seat', async () => {
    const lease = await claimed(directory, facts('r1'));
    const known = () => server.ask<number>('HLEN', key('{r:r1}:identities'));
    await directory.reserve('r1', promises('p1', 'p2'), LONG_MS);
    // Over soon, and long enough to be redeemed on a busy machine.
    await directory.reserve('r1', promises('p3', 'p4'), 20 * SHORT_MS);
    expect(await known()).toBe(4);
    expect(await directory.redeem(lease, 'p3')).toEqual(bytes('who p3'));
    const renewed = async () => {
      await directory.renew([lease]);
      return known();
    };
    await until(renewed, (count) => count === 2);
    expect(await directory.redeem(lease, 'p3', true)).toBe('spent');
    expect((await directory.room('r1'))?.taken).toBe(3);
    await directory.redeem(lease, 'p1');
    await directory.leave(lease, ['p1']);
    expect(await known()).toBe(1);
    expect(await directory.redeem(lease, 'p2')).toEqual(bytes('who p2'));
    const next = { ...lease, epoch: Number(await directory.handOver(lease, south)) };
    await directory.occupy(next, ['p2']);
    const left = await keysOf('r1');
    expect(left).not.toContain(key('{r:r1}:identities'));
    expect(left).not.toContain(key('{r:r1}:promises'));
  });

  test('where a user is goes an hour after it was said, and with it what is old', async () => {
    const lease = await claimed(directory, facts('r1'));
    const hash = key('u:ada%3A{lovelace}'.replace(/[{}]/g, encodeURIComponent));
    // As an owner that died long ago left it beside a room that nobody knows.
    await server.ask('HSET', hash, 'dead', '7 1000 2000', 'torn', 'what');
    await directory.arrive(lease, ['ada:{lovelace}']);
    expect(await server.ask('HKEYS', hash)).toEqual(['r1']);
    const lifeMs = await server.ask<number>('PTTL', hash);
    expect(lifeMs).toBeGreaterThan(3_590_000);
    expect(lifeMs).toBeLessThanOrEqual(3_600_000);
    await server.ask('HSET', hash, 'r1', `${lease.epoch} 1000 2000`);
    expect(await directory.whereabouts(['ada:{lovelace}'])).toEqual([[]]);
    await directory.depart(lease, ['ada:{lovelace}']);
    expect(await server.ask('EXISTS', hash)).toBe(0);
  });

  test('what a room posted is known for a day, in the slot of a board that stays', async () => {
    const lease = await claimed(directory, facts('r1'));
    const board: Board = { name: 'wins', keep: 'sum', order: 'most', places: 9 };
    const post = (once?: string) => directory.post(lease, board, { user: 'ada', score: 1, once });
    await post('over');
    await post();
    const [epoch, once] = ['epoch', 'once'].map((part) => key(`{b:wins}:posted:r1:${part}`));
    const names = await server.ask<string[]>('KEYS', key('{b:wins}:*'));
    expect(names.sort()).toEqual([key('{b:wins}:most'), epoch, once]);
    for (const name of [epoch, once]) {
      const lifeMs = await server.ask<number>('PTTL', name);
      expect(lifeMs).toBeGreaterThan(86_390_000);
      expect(lifeMs).toBeLessThanOrEqual(86_400_000);
    }
    expect(await server.ask('PTTL', key('{b:wins}:most'))).toBe(-1);
    // As if it had been posted two days ago, in a room that goes on.
    await server.ask('ZADD', once, '1', 'over ada');
    expect(await post('over')).toBe('posted');
    expect(await post('over')).toBe('known');
    expect(await directory.standing(board, 'ada')).toMatchObject({ score: 3 });
  });

  test('a shard that says nothing is forgotten, and its keys with the last', async () => {
    const entry = { url: '', build: 'b1', load: 0, rooms: 0, seats: 0, draining: false };
    await directory.announce({ id: 'dead', ...entry });
    await directory.announce({ id: 'alive', ...entry });
    const lifeMs = await server.ask<number>('PTTL', key('{shards}:said'));
    expect(lifeMs).toBeGreaterThan(2 * LEASE_MS);
    expect(lifeMs).toBeLessThanOrEqual(3 * LEASE_MS);
    // As if it had last been heard of long ago.
    await server.ask('ZADD', key('{shards}:until'), '1', 'dead');
    expect((await directory.shards()).map(({ id }) => id)).toEqual(['alive']);
    expect(await server.ask('HEXISTS', key('{shards}:said'), 'dead')).toBe(0);
  });

  test('what is no entry of a shard hides none that is', async () => {
    const about = { build: 'b1', load: 0, rooms: 0, seats: 0, draining: false };
    const shard = { id: 'a', url: 'https://a.example/', ...about };
    await directory.announce(shard);
    for (const [id, text] of [
      ['odd', '{'],
      ['none', 'null'],
    ]) {
      await server.ask('ZADD', key('{shards}:until'), '+inf', id);
      await server.ask('HSET', key('{shards}:said'), id, text);
    }
    expect(await directory.shards()).toEqual([shard]);
    expect(await directory.someShards(9)).toEqual([shard]);
  });

  test('a list that names rooms that are none is believed in nothing, and set right', async () => {
    await claimed(directory, facts('r1', { seats: 5 }));
    const lists = [key('rooms'), key('rooms:field'), await openList(), await leaseList('r1')];
    for (const list of lists) await server.ask('ZADD', list, '1', 'ghost');
    const ids = (rooms: readonly { id: string }[]) => rooms.map(({ id }) => id);
    expect(ids(await directory.rooms())).toEqual(['r1']);
    expect(ids(await directory.rooms('field'))).toEqual(['r1']);
    expect(ids(await directory.candidates('field', 'b1', '', 9))).toEqual(['r1']);
    expect(await directory.orphans()).toEqual([]);
    const scores = () => Promise.all(lists.map((list) => scoreOf(list, 'ghost')));
    await until(scores, (all) => all.every((score) => score === null));
  });

  test('free seats and leases that a list has wrong are set right by who reads it', async () => {
    await claimed(directory, facts('r1', { seats: 5 }));
    const [open, leases] = [await openList(), await leaseList('r1')];
    const untilMs = Number(await server.ask('HGET', key('{r:r1}:room'), 'until'));
    await server.ask('ZADD', open, '2', 'r1');
    await server.ask('ZADD', leases, '1', 'r1');
    expect(await directory.candidates('field', 'b1', '', 9)).toMatchObject([
      { id: 'r1', taken: 0 },
    ]);
    expect(await directory.orphans()).toEqual([]);
    await until(
      () => scoreOf(open, 'r1'),
      (free) => free === 5,
    );
    await until(
      () => scoreOf(leases, 'r1'),
      (score) => score === untilMs,
    );
  });

  test('a candidate is found behind more that are full than are asked for', async () => {
    for (let i = 0; i < 12; i++) await claimed(directory, facts(`full${i}`, { seats: 1 }));
    await claimed(directory, facts('free', { seats: 9 }));
    for (let i = 0; i < 12; i++)
      expect(await directory.reserve(`full${i}`, promises('p1'), LONG_MS)).toBe('reserved');
    const list = await openList();
    for (let i = 0; i < 12; i++) await server.ask('ZADD', list, '1', `full${i}`);
    expect(await directory.candidates('field', 'b1', '', 2)).toMatchObject([{ id: 'free' }]);
  });

  test('a room that stands on the list of another match is no candidate there', async () => {
    await claimed(directory, facts('r1', { match: 'duel' }));
    const duels = await openList();
    const old = await claimed(directory, facts('r2', { match: 'duel' }));
    await directory.release(old);
    await claimed(directory, facts('r2', { match: 'team' }));
    await server.ask('ZADD', duels, '4', 'r2');
    expect(await directory.candidates('field', 'b1', 'duel', 9)).toMatchObject([{ id: 'r1' }]);
    await until(
      () => scoreOf(duels, 'r2'),
      (score) => score === null,
    );
    expect(await directory.candidates('field', 'b1', 'team', 9)).toMatchObject([{ id: 'r2' }]);
  });

  test('lists that are lost are written again by renewals', async () => {
    const lease = await claimed(directory, facts('r1'));
    await server.ask('DEL', await openList(), await leaseList('r1'));
    await directory.renew([lease]);
    expect(await directory.candidates('field', 'b1', '', 9)).toMatchObject([
      { id: 'r1', ...north },
    ]);
    expect(await leaseList('r1')).toContain('lease:');
  });

  test('a room that a dead owner took a moment ago is found by its lease', async () => {
    // As an owner leaves it that dies right after its claim: nothing but the first mark.
    const short = redis({ url: server.url, leaseMs: 50, prefix: key('') });
    await claimed(short, facts('r1'));
    await short.close();
    await server.ask('ZADD', await leaseList('r1'), '0', 'r1');
    const found = await until(
      () => directory.orphans(),
      (ids) => ids.length > 0,
    );
    expect(found.map(({ id }) => id)).toEqual(['r1']);
  });

  test('owners that were gone soon are forgotten by one that had the room for long', async () => {
    const short = redis({ url: server.url, leaseMs: 50, prefix: key('') });
    const { epoch } = await claimed(short, facts('r1'));
    const long = String(epoch - 11_000);
    await server.ask('HSET', key('{r:r1}:room'), 'falls', '2', 'epoch', long, 'begun', long);
    const orphan = await until(
      () => short.room('r1'),
      (room) => room?.orphan === true,
    );
    expect(orphan?.falls).toBe(1);
    await claimed(short, facts('r1'));
    expect(await short.room('r1')).toMatchObject({ falls: 1 });
    await short.close();
  });
});
