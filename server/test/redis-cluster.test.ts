// The directory on a Redis Cluster: its contract, and what only a cluster can do to it: lose one of
// its nodes, promote a replica, move slots to another node while rooms in them are played. Trap:
// the cases share one cluster, since it takes 3 s to start, and the last ones change it for good; a
// room is put where a case needs it by the choice of its id.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Directory, DirectoryError, Lease } from '../src/index.ts';
import { redis } from '../src/redis.ts';
import { RedisKeys } from '../src/redis-keys.ts';
import { slotOf } from '../src/redis-slots.ts';
import { directorySuite } from './directory-contract.ts';
import {
  bytes,
  claimed,
  facts,
  HOLDS_MS,
  LONG_MS,
  promises,
  refusal,
  saved,
  until,
} from './directory-doors.ts';
import { RedisCluster } from './redis-cluster.ts';
import { type RedisServer, redisMissing } from './redis-server.ts';

const why = redisMissing ? `, left out: ${redisMissing}` : '';

describe('the options of a cluster', () => {
  test.each([
    ['that name nothing', {}, 'wants url'],
    ['that name a server as well', { url: 'redis://a', cluster: ['redis://a'] }, 'wants url'],
    ['without a node', { cluster: [] }, 'names no node'],
    ['of another protocol', { cluster: ['http://user:secret@b'] }, 'is not like redis://'],
    ['with a database', { cluster: ['redis://a:6379/3'] }, 'is not like redis://'],
    ['that are no URLs', { cluster: ['redis://a', 'secret'] }, 'is not like redis://'],
  ])('%s are refused, and no password is said', (_, options, said) => {
    expect(() => redis(options)).toThrow(said);
    expect(() => redis(options)).not.toThrow('secret');
  });
});

describe.skipIf(redisMissing !== undefined)(`a Redis Cluster${why}`, () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.stop());

  test('refuses what is about keys of several slots', async () => {
    await expect(cluster.primaries[0].ask('MSET', 'a', '1', 'b', '2')).rejects.toThrow('CROSSSLOT');
  });

  let stores = 0;
  directorySuite('{S34, S55} like every directory', async ({ leaseMs }) => {
    const prefix = `store${stores++}:`;
    const keysOf = (node: RedisServer) => node.ask<string[]>('KEYS', `${prefix}*`);
    return {
      connect: async () => redis({ cluster: cluster.urls, leaseMs, prefix }),
      count: async () => (await Promise.all(cluster.primaries.map(keysOf))).flat().length,
      close: async () => {},
    };
  });

  describe('with faults', () => {
    let directory: Directory;
    let keys: RedisKeys;
    let prefix = 0;
    beforeEach(() => {
      keys = new RedisKeys(`cluster${++prefix}:`);
      directory = open();
    });
    afterEach(async () => {
      // A test that failed leaves a node as it stood.
      for (const node of cluster.primaries) node.resume();
      await directory.close();
    });

    const open = (urls = cluster.urls, leaseMs = HOLDS_MS) =>
      redis({ cluster: urls, leaseMs, prefix: `cluster${prefix}:` });

    /** Of a room whose keys, and whose list of leases, the node had at first. */
    function idAt(node: RedisServer, from = 0): string {
      for (let i = from; ; i++) {
        const wanted = [keys.checkpoint(`r${i}`), keys.lease(`r${i}`)];
        if (wanted.every((key) => cluster.ownerOf(key) === node)) return `r${i}`;
      }
    }

    /** A room at each node, in their order. */
    function roomAtEach(): Promise<Lease[]> {
      const ids = cluster.primaries.map((node) => idAt(node));
      return Promise.all(ids.map((id) => claimed(directory, facts(id))));
    }

    /** Its lease is over, as its node says. */
    async function orphan({ id }: Lease, node = cluster.ownerOf(keys.lease(id))): Promise<void> {
      await node.ask('HSET', keys.room(id)[0], 'until', '1');
      await node.ask('ZADD', keys.lease(id), '1', id);
    }

    const orphansOf = async (from: Directory) => (await from.orphans()).map(({ id }) => id);

    /** Once the connection is lost. */
    const unreachable = ({ id }: Lease) =>
      until(
        () => refusal(directory.room(id)),
        (code) => code !== 'late',
      );

    const errorsOf = async (node: RedisServer, word: string) => {
      const info = await node.ask<string>('INFO', 'errorstats');
      return Number(new RegExp(`errorstat_${word}:count=(\\d+)`).exec(info)?.[1] ?? 0);
    };

    /** Until all rooms of all nodes are renewed. */
    const heardAgain = (leases: readonly Lease[]) =>
      until(
        () => directory.renew(leases).catch(() => ({ lost: [], unheard: ['all'] })),
        ({ unheard }) => unheard.length === 0,
      );

    test('is found by any node that answers, and by none if none does', async () => {
      const first = idAt(cluster.primaries[0]);
      await claimed(directory, facts(first));
      const dead = 'redis://127.0.0.1:1';
      const other = open([dead, cluster.urls[2]]);
      expect(await other.room(first)).toBeDefined();
      await other.close();
      expect(await refusal(other.room(first))).toBe('unreachable');
      const never = open([dead]);
      expect(await refusal(never.room(first))).toBe('unreachable');
      expect(await refusal(never.renew([]))).toBe('unreachable');
      expect(await refusal(never.subscribe('one', () => {}))).toBe('unreachable');
      expect(await refusal(never.publish('one', bytes('word')))).toBe('unreachable');
      await never.close();
    });

    test('one of whose nodes stands still is late about its slots, not about others', async () => {
      const leases = await roomAtEach();
      const [a, b, c] = leases;
      const [still] = cluster.primaries;
      expect(directory.isParted).toBe(true);
      still.pause();
      const asked = [
        refusal(directory.room(a.id)),
        refusal(saved(directory, a, 1, bytes('state'))),
      ];
      const silent = directory.room(a.id).catch(({ isSilent }: DirectoryError) => isSilent);
      const renewed = directory.renew(leases);
      expect(await directory.room(b.id)).toBeDefined();
      expect(await saved(directory, c, 1, bytes('state'))).toBe(true);
      expect(await Promise.all(asked)).toEqual(['late', 'late']);
      expect(await silent).toBe(true);
      expect(await renewed).toEqual({ lost: [], unheard: [a.id] });
      // Rooms of other nodes are saved without waiting for it.
      const late = refusal(directory.room(a.id));
      const both = [a, c].map((lease) => ({ lease, tick: 2, bytes: bytes('newer') }));
      expect(await Promise.race([late, directory.save(both)])).toEqual({
        lost: [],
        unheard: [a.id],
      });
      expect(await directory.load(c.id)).toMatchObject({ tick: 2 });
      expect(await late).toBe('late');
      still.resume();
      expect(await heardAgain(leases)).toEqual({ lost: [], unheard: [] });
    });

    test('orphans of a node that was away are left to their owners for a lease', async () => {
      const short = open(cluster.urls, 500);
      const [a, , c] = await roomAtEach();
      await orphan(a);
      await orphan(c);
      const [still] = cluster.primaries;
      still.pause();
      // That other nodes answer is as well as nothing to a room of this one.
      expect(await short.renew([])).toEqual({ lost: [], unheard: [] });
      // Of another slot.
      expect(await refusal(short.room(idAt(still, 1_000)))).toBe('late');
      still.resume();
      const found = await until(
        () => orphansOf(short),
        (ids) => ids.includes(c.id),
      );
      expect(found).not.toContain(a.id);
      await until(
        () => orphansOf(short),
        (ids) => ids.includes(a.id),
      );
      await short.close();
    });

    test('a slot that moves is followed key by key, and no room is lost', async () => {
      const [, from, to] = cluster.primaries;
      const id = idAt(from);
      const lease = await claimed(directory, facts(id));
      await directory.reserve(id, promises('p1'), LONG_MS);
      const slot = slotOf(keys.checkpoint(id));
      let user = 'u';
      for (let i = 0; slotOf(keys.user(user)) !== slot; i++) user = `u${i}`;
      const before = [await errorsOf(from, 'ASK'), await errorsOf(from, 'TRYAGAIN')];
      const setSlot = (node: RedisServer, ...args: string[]) =>
        node.ask('CLUSTER', 'SETSLOT', String(slot), ...args);
      const idOf = (node: RedisServer) => node.ask<string>('CLUSTER', 'MYID');
      await setSlot(to, 'IMPORTING', await idOf(from));
      await setSlot(from, 'MIGRATING', await idOf(to));
      // By a script that the other node has never heard of, and a command.
      await to.ask('SCRIPT', 'FLUSH');
      await directory.arrive(lease, [user]);
      expect(await directory.load(id)).toBeUndefined();
      expect((await errorsOf(from, 'ASK')) - before[0]).toBeGreaterThanOrEqual(2);
      // Some of its keys are nowhere, so that the script waits until the slot is there.
      const renewed = directory.renew([lease]);
      await until(
        () => errorsOf(from, 'TRYAGAIN'),
        (count) => count > before[1],
      );
      const there = ['127.0.0.1', String(to.port), '', '0', '5000'];
      await from.ask('MIGRATE', ...there, 'KEYS', ...keys.room(id));
      await setSlot(to, 'NODE', await idOf(to));
      await setSlot(from, 'NODE', await idOf(to));
      expect(await renewed).toEqual({ lost: [], unheard: [] });
      expect(await directory.redeem(lease, 'p1')).toEqual(bytes('who p1'));
      expect(await directory.whereabouts([user])).toMatchObject([[{ room: id }]]);
      const other = open();
      expect(await other.room(id)).toMatchObject({ taken: 1 });
      await other.close();
    });

    test('a node that starts anew has forgotten its rooms, and messages are heard on', async () => {
      const leases = await roomAtEach();
      const [, a] = leases;
      const node = cluster.primaries[1];
      const ears: Directory[] = [];
      const heard = new Set<Directory>();
      // One at least listens there.
      const hears = () => node.ask<[string, number]>('PUBSUB', 'NUMSUB', keys.channel('one'));
      while ((await hears())[1] === 0) {
        const ear = open();
        ears.push(ear);
        await ear.subscribe('one', () => heard.add(ear));
      }
      await node.end();
      expect(await unreachable(a)).toBe('unreachable');
      expect(await directory.renew(leases)).toEqual({ lost: [], unheard: [a.id] });
      const spoken = async () => {
        await directory.publish('one', bytes('word')).catch(() => {});
        return heard.size;
      };
      await until(spoken, (count) => count === ears.length);
      await node.run();
      expect(await heardAgain(leases)).toEqual({ lost: [a.id], unheard: [] });
      await Promise.all(ears.map((ear) => ear.close()));
    });

    test('a replica that is promoted is followed, and its orphans left for a lease', async () => {
      const leases = await roomAtEach();
      const [a, b] = leases;
      const [old] = cluster.primaries;
      await saved(directory, a, 7, bytes('state'));
      const short = open(cluster.urls, 1_500);
      expect(await short.room(a.id)).toBeDefined();
      await old.ask('WAIT', '1', '1000');
      await old.end();
      expect(await unreachable(a)).toBe('unreachable');
      expect(await directory.renew(leases)).toEqual({ lost: [], unheard: [a.id] });
      expect(await directory.take(b, 'p1')).toBe('taken');
      await until(
        () => refusal(short.room(a.id)),
        (code) => code === 'unreachable',
      );
      await cluster.replica.ask('CLUSTER', 'FAILOVER', 'TAKEOVER');
      expect(await heardAgain(leases)).toEqual({ lost: [], unheard: [] });
      expect(await directory.load(a.id)).toMatchObject({ tick: 7, bytes: bytes('state') });
      await orphan(a, cluster.replica);
      expect(await until(() => short.room(a.id).catch(() => undefined), Boolean)).toMatchObject({
        orphan: true,
      });
      expect(await orphansOf(short)).not.toContain(a.id);
      await until(
        () => orphansOf(short),
        (ids) => ids.includes(a.id),
      );
      await short.close();
    });
  });
});
