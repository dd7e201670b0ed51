// What every directory promises, as one suite that is run over each: in memory, with a parent, on
// Redis (directory.test.ts). Two doors to one store stand for two shards.
import { describe, expect, test } from 'vitest';
import type { Directory, Lease } from '../src/index.ts';
import {
  bytes,
  chapterSuite,
  claimed,
  facts,
  HOLDS_MS,
  LONG_MS,
  north,
  type OpenStore,
  promises,
  SHORT_MS,
  saved,
  south,
  until,
} from './directory-doors.ts';
import { lists } from './directory-lists.ts';
import { checkpoints, messages, shards } from './directory-news.ts';
import { promisedSeats, takenSeats } from './directory-seats.ts';
import { boards, orphanedUsers, whereabouts } from './directory-users.ts';

const claims = chapterSuite('claims', HOLDS_MS, (doors) => {
  test('a room that nobody has is taken, and known to all as it was described', async () => {
    const { a, b } = doors;
    expect(await a.room('r1')).toBeUndefined();
    const room = facts('r1', { match: 'duel', seats: 2, build: 'b7' });
    const { epoch } = await claimed(a, room);
    expect(epoch).toBeGreaterThan(0);
    const free = { taken: 0, locked: false, orphan: false, falls: 0 };
    expect(await b.room('r1')).toEqual({ ...room, ...north, epoch, ...free });
  });

  test('a room that is owned is refused, also to its owner, and who has it is said', async () => {
    const { a, b } = doors;
    await claimed(a, facts('r1'));
    const lost = { won: false, owner: north };
    expect(await b.claim(facts('r1'), south)).toEqual(lost);
    expect(await a.claim(facts('r1'), north)).toEqual(lost);
  });

  test('of many who race for a room one wins, and all others are told who', async () => {
    const { a, b } = doors;
    const owners = Array.from({ length: 40 }, (_, i) => ({ shard: `s${i}`, url: `wss://s${i}/` }));
    const race = owners.map((owner, i) => (i % 2 ? a : b).claim(facts('r1'), owner));
    const outcomes = await Promise.all(race);
    const winners = owners.filter((_, i) => outcomes[i].won);
    expect(winners).toHaveLength(1);
    const losers = outcomes.flatMap((claim) => (claim.won ? [] : [claim.owner]));
    expect(losers).toEqual(Array(39).fill(winners[0]));
  });

  test('a room is handed over in one step, and the old epoch is refused at once', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    const epoch = await a.handOver(old, south);
    expect(epoch).toBeGreaterThan(old.epoch);
    expect(await b.room('r1')).toMatchObject({ ...south, epoch, orphan: false });
    expect(await a.lock(old, true)).toBe(false);
    expect(await a.handOver(old, north)).toBe(false);
    expect(await b.renew([{ id: 'r1', epoch: Number(epoch) }])).toEqual({ lost: [], unheard: [] });
    expect(await a.claim(facts('r1'), north)).toEqual({ won: false, owner: south });
  });

  test('of a room that is released only that stays, and it may be opened again', async () => {
    const { a, b, store } = doors;
    const empty = await store.count?.();
    const lease = await claimed(a, facts('r1', { match: 'duel' }));
    await a.reserve('r1', promises('p1', 'p2'), LONG_MS);
    await a.redeem(lease, 'p1');
    await saved(a, lease, 5, bytes('state'));
    expect(await a.release(lease)).toBe(true);
    expect(await store.count?.()).toBe(empty === undefined ? undefined : empty + 1);
    expect(await b.room('r1')).toBeUndefined();
    expect(await b.load('r1')).toBeUndefined();
    expect(await b.rooms()).toEqual([]);
    expect(await b.candidates('field', 'b1', 'duel', 5)).toEqual([]);
    expect(await a.release(lease)).toBe(false);
    await claimed(b, facts('r1'), south);
    expect(await a.room('r1')).toMatchObject({ ...south, taken: 0 });
  });
});

const staleOwners = chapterSuite('stale owners', HOLDS_MS, (doors) => {
  /** Every write about a room, as somebody whose lease is `lease` makes it. */
  const writes = (directory: Directory, lease: Lease): Record<string, () => Promise<unknown>> => ({
    handOver: () => directory.handOver(lease, north),
    lock: () => directory.lock(lease, true),
    redeem: () => directory.redeem(lease, 'p1'),
    take: () => directory.take(lease, 'p2'),
    leave: () => directory.leave(lease, ['p3']),
    occupy: () => directory.occupy(lease, ['p4']),
    save: () => saved(directory, lease, 99, bytes('stale')),
    release: () => directory.release(lease),
  });

  test.each(Object.keys(writes({} as Directory, { id: '', epoch: 0 })))(
    '%s is refused by epoch, and changes nothing',
    async (write) => {
      const { a, b } = doors;
      const old = await claimed(a, facts('r1'));
      await a.take(old, 'p3');
      await a.reserve('r1', promises('p1'), LONG_MS);
      await saved(a, old, 7, bytes('newest'));
      await a.handOver(old, south);
      const [room, checkpoint] = [await b.room('r1'), await b.load('r1')];
      expect(room?.taken).toBe(2);
      for (const stale of [old, { ...old, epoch: old.epoch - 1 }, { id: 'r2', epoch: old.epoch }])
        expect(await writes(a, stale)[write]()).toBe(false);
      expect(await b.room('r1')).toEqual(room);
      expect(await b.load('r1')).toEqual(checkpoint);
      expect(await b.room('r2')).toBeUndefined();
    },
  );

  test('renew tells those that are lost, and only those', async () => {
    const { a } = doors;
    const kept = await claimed(a, facts('kept'));
    const given = await claimed(a, facts('given'));
    await a.handOver(given, south);
    const never = { id: 'never', epoch: 5 };
    expect(await a.renew([given, kept, never])).toEqual({ lost: ['given', 'never'], unheard: [] });
    expect(await a.renew([kept])).toEqual({ lost: [], unheard: [] });
    expect(await a.renew([])).toEqual({ lost: [], unheard: [] });
    expect(await a.room('given')).toMatchObject(south);
  });
});

const leases = chapterSuite('leases that run out', SHORT_MS, (doors) => {
  const isOrphan = (directory: Directory, id: string) =>
    until(
      () => directory.room(id),
      (room) => room?.orphan === true,
    );

  test('a room whose lease ran out is an orphan, and is kept for who claims it', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    await a.take(old, 'p1');
    await saved(a, old, 3, bytes('state'));
    await isOrphan(b, 'r1');
    expect(await b.reserve('r1', promises('p2'), LONG_MS)).toBe('orphan');
    expect(await b.candidates('field', 'b1', '', 5)).toEqual([]);
    const lease = await claimed(b, facts('r1'), south);
    expect(lease.epoch).toBeGreaterThan(old.epoch);
    expect(await a.room('r1')).toMatchObject({ ...south, taken: 1, epoch: lease.epoch });
    expect(await b.load('r1')).toEqual({ epoch: old.epoch, tick: 3, bytes: bytes('state') });
    expect(await a.renew([old])).toEqual({ lost: ['r1'], unheard: [] });
    expect(await saved(a, old, 4, bytes('late'))).toBe(false);
  });

  test('who is late but alone goes on with the room', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    await isOrphan(b, 'r1');
    const renewed = async () => {
      expect(await a.renew([lease])).toEqual({ lost: [], unheard: [] });
      return b.room('r1');
    };
    const room = await until(renewed, (found) => found?.orphan === false);
    expect(room).toMatchObject({ ...north, epoch: lease.epoch });
  });

  test('orphans are told the longest first, hidden ones too, and owned ones not', async () => {
    const { a, b } = doors;
    await claimed(a, facts('first', { hidden: true }));
    await isOrphan(b, 'first');
    await claimed(a, facts('second'));
    await isOrphan(b, 'second');
    await claimed(a, facts('third'));
    const told = await until(
      () => b.orphans(),
      (ids) => ids.length === 3,
    );
    expect(told.map(({ id }) => id)).toEqual(['first', 'second', 'third']);
    expect(told[0]).toEqual(await a.room('first'));
    const passed = await b.orphans(new Set(['first', 'third']));
    expect(passed.map(({ id }) => id)).toEqual(['second']);
    await claimed(b, facts('second'), south);
    const left = await until(
      () => b.orphans(),
      (found) => found.length < 3 || found[2].id === 'second',
    );
    expect(left.slice(0, 2).map(({ id }) => id)).toEqual(['first', 'third']);
  });

  test('owners that are soon gone are counted, if they had begun with the room', async () => {
    const { a, b } = doors;
    const falls = async () => (await isOrphan(b, 'r1'))?.falls;
    await claimed(a, facts('r1'));
    expect(await falls()).toBe(1);
    await claimed(b, facts('r1'), south);
    expect(await falls()).toBe(1);
    const lease = await claimed(b, facts('r1'), south);
    await b.occupy(lease, []);
    expect(await falls()).toBe(2);
    const back = await b.claim(facts('r1'), south, lease.epoch);
    expect(await falls()).toBe(2);
    const held = { id: 'r1', epoch: back.won ? back.epoch : 0 };
    const epoch = Number(await b.handOver(held, north));
    expect(await falls()).toBe(1);
    await a.occupy({ id: 'r1', epoch }, []);
    expect(await falls()).toBe(2);
    expect((await b.orphans()).map((room) => room.falls)).toEqual([2]);
    // Who lost it lives: only what came after him counts.
    expect(await a.renew([held])).toEqual({ lost: ['r1'], unheard: [] });
    expect(await falls()).toBe(1);
  });
});

/** Over within a test, and not within a race: then a second one might win. */
const RACE_MS = 1_000;

const races = chapterSuite('races', RACE_MS, (doors) => {
  test('of many who race for an orphan one wins', async () => {
    const { a, b } = doors;
    await claimed(a, facts('r1'));
    await until(
      () => a.room('r1'),
      (room) => room?.orphan === true,
    );
    const owners = Array.from({ length: 20 }, (_, i) => ({ shard: `s${i}`, url: '' }));
    const race = owners.map((owner, i) => (i % 2 ? a : b).claim(facts('r1'), owner));
    expect((await Promise.all(race)).filter(({ won }) => won)).toHaveLength(1);
  });
});

/** What is asked by who still has a room, and is not known. */
const forgotten = chapterSuite('what was forgotten', HOLDS_MS, (doors) => {
  test('a room that is unknown belongs to its owner again, under a later epoch', async () => {
    const { a, b } = doors;
    const room = facts('r1', { match: 'duel', hidden: true });
    const held = Date.now() + 90_000;
    expect(await a.claim(room, north, held)).toEqual({ won: true, epoch: held + 1 });
    expect(await b.room('r1')).toMatchObject({ ...room, ...north, taken: 0, orphan: false });
    expect(await a.renew([{ id: 'r1', epoch: held + 1 }])).toEqual({ lost: [], unheard: [] });
  });

  test('a room of an earlier owner belongs to the later one, and to that one alone', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    const held = old.epoch + 90_000;
    const claim = await b.claim(facts('r1'), south, held);
    expect(claim).toEqual({ won: true, epoch: held + 1 });
    expect(await a.renew([old])).toEqual({ lost: ['r1'], unheard: [] });
    const late = { won: false, owner: south };
    expect(await a.claim(facts('r1'), north, old.epoch)).toEqual(late);
    expect(await a.claim(facts('r1'), north, held)).toEqual(late);
  });

  test('a room that was released does not come back, but its name may', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    await a.release(lease);
    const nobody = { won: false, owner: { shard: '', url: '' } };
    expect(await a.claim(facts('r1'), north, lease.epoch)).toEqual(nobody);
    expect(await a.claim(facts('r1'), north, lease.epoch - 1)).toEqual(nobody);
    expect(await b.room('r1')).toBeUndefined();
    expect(await b.reserve('r1', promises('p1'), LONG_MS)).toBe('gone');
    const anew = await claimed(b, facts('r1'), south);
    expect(anew.epoch).toBeGreaterThan(lease.epoch);
    expect(await a.claim(facts('r1'), north, lease.epoch)).toEqual({ won: false, owner: south });
  });
});

const CHAPTERS = [
  claims,
  forgotten,
  staleOwners,
  leases,
  races,
  promisedSeats,
  takenSeats,
  checkpoints,
  lists,
  shards,
  messages,
  whereabouts,
  orphanedUsers,
  boards,
];

/** What `open` makes is a directory. */
export function directorySuite(name: string, open: OpenStore): void {
  describe(name, () => {
    for (const chapter of CHAPTERS) chapter(open);
  });
}
