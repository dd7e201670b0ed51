// The chapters of directory-contract.ts about users, beyond the rooms that they sit in: where they
// are.
import { expect, test } from 'vitest';
import type { Directory, Presence } from '../src/index.ts';
import {
  chapterSuite,
  claimed,
  facts,
  HOLDS_MS,
  SHORT_MS,
  south,
  until,
} from './directory-doors.ts';

/** Of each user, the rooms. */
async function placesOf(directory: Directory, ...users: string[]): Promise<string[][]> {
  const rooms = (found: readonly Presence[]) => found.map(({ room }) => room);
  return (await directory.whereabouts(users)).map(rooms);
}

export const whereabouts = chapterSuite('where users are', HOLDS_MS, (doors) => {
  test('who has a seat is told, by user and in the order asked, until he has none', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    const beforeMs = Date.now();
    await a.arrive(lease, ['ada', 'bob']);
    const [[seat], none] = await b.whereabouts(['bob', 'nobody']);
    expect(none).toEqual([]);
    expect(seat).toEqual({ room: 'r1', kind: 'field', sinceMs: expect.any(Number) });
    // Stores have clocks of their own, of the same machine.
    expect(Math.abs(seat.sinceMs - beforeMs)).toBeLessThan(60_000);
    await a.arrive(lease, ['bob']);
    expect(await b.whereabouts(['bob'])).toEqual([[seat]]);
    await a.depart(lease, ['bob', 'never']);
    expect(await placesOf(b, 'ada', 'bob')).toEqual([['r1'], []]);
    expect(await b.whereabouts([])).toEqual([]);
  });

  test('all rooms of a user are told, hidden ones too, the first arrived first', async () => {
    const { a, b } = doors;
    const [first, second] = [
      await claimed(a, facts('z', { hidden: true, kind: 'den' })),
      await claimed(b, facts('b'), south),
    ];
    await a.arrive(first, ['ada']);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await b.arrive(second, ['ada']);
    expect(await a.whereabouts(['ada'])).toMatchObject([
      [
        { room: 'z', kind: 'den' },
        { room: 'b', kind: 'field' },
      ],
    ]);
  });

  test('a stale owner’s users are told to nobody, and it changes nothing', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    await a.arrive(old, ['ada', 'bob']);
    const lease = { id: 'r1', epoch: Number(await a.handOver(old, south)) };
    expect(await placesOf(b, 'ada', 'bob')).toEqual([[], []]);
    await b.arrive(lease, ['ada']);
    await a.depart(old, ['ada']);
    await a.arrive(old, ['ada', 'bob']);
    expect(await placesOf(b, 'ada', 'bob')).toEqual([['r1'], []]);
    await b.depart(lease, ['ada', 'bob']);
    expect(await placesOf(b, 'ada', 'bob')).toEqual([[], []]);
  });

  test('of a room that is over or began anew nothing is told', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    await a.arrive(old, ['ada']);
    await a.release(old);
    expect(await placesOf(b, 'ada')).toEqual([[]]);
    await a.arrive(old, ['ada']);
    expect(await placesOf(b, 'ada')).toEqual([[]]);
    await claimed(b, facts('r1'), south);
    expect(await placesOf(b, 'ada')).toEqual([[]]);
  });

  test('a thousand users arrive and are asked for at once, whatever they are called', async () => {
    const { a, b } = doors;
    const odd = ['__proto__', 'a:b{c}', 'ä\u0000 ', 'x'.repeat(255), '😀'.repeat(127), '%7B'];
    const users = [...odd, ...Array.from({ length: 1_000 }, (_, i) => `u${i}`)];
    const lease = await claimed(a, facts('r1', { seats: 2_000 }));
    await a.arrive(lease, users);
    expect(await placesOf(b, ...users)).toEqual(users.map(() => ['r1']));
    await a.depart(lease, users);
    expect(await placesOf(b, ...users)).toEqual(users.map(() => []));
  });
});

export const orphanedUsers = chapterSuite('users of a dead shard', SHORT_MS, (doors) => {
  test('are nowhere until somebody has their room, and says that they are there', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    await a.arrive(old, ['ada']);
    await until(
      () => placesOf(b, 'ada'),
      ([rooms]) => rooms.length === 0,
    );
    const renewed = async () => {
      const lease = await claimed(b, facts('r1'), south).catch(() => undefined);
      if (lease) await b.arrive(lease, ['ada']);
      return b.whereabouts(['ada']);
    };
    const [[back]] = await until(renewed, ([found]) => found.length > 0);
    expect(back).toMatchObject({ room: 'r1', kind: 'field' });
  });
});
