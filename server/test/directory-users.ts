// The chapters of directory-contract.ts about users, beyond the rooms that they sit in: where they
// are, and how they stand on boards.
import { expect, test } from 'vitest';
import type { Board, Directory, Lease, Presence } from '../src/index.ts';
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

const sums: Board = { name: 'wins', keep: 'sum', order: 'most', places: 100 };

/** A board that is read as 'place user score'. */
async function linesOf(directory: Directory, board: Board, from = 0, count = 100) {
  const rows = await directory.top(board, from, count);
  return rows.map(({ place, user, score }) => `${place} ${user} ${score}`);
}

export const boards = chapterSuite('boards', HOLDS_MS, (doors) => {
  test('keep the sum, the best or the last score, the most or the least first', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    const given = { ada: [5, 2, 3], bob: [1, 9, -4], eve: [4, 4, 4] };
    const expected = {
      'sum most': ['1 eve 12', '2 ada 10', '3 bob 6'],
      'sum least': ['1 bob 6', '2 ada 10', '3 eve 12'],
      'best most': ['1 bob 9', '2 ada 5', '3 eve 4'],
      'best least': ['1 bob -4', '2 ada 2', '3 eve 4'],
      'last most': ['1 eve 4', '2 ada 3', '3 bob -4'],
      'last least': ['1 bob -4', '2 ada 3', '3 eve 4'],
    };
    for (const keep of ['sum', 'best', 'last'] as const)
      for (const order of ['most', 'least'] as const) {
        const board: Board = { name: keep, keep, order, places: 9 };
        for (const [user, scores] of Object.entries(given))
          for (const score of scores)
            expect(await a.post(lease, board, { user, score, once: undefined })).toBe('posted');
        expect([keep, order, await linesOf(b, board)]).toEqual([
          keep,
          order,
          expected[`${keep} ${order}`],
        ]);
      }
  });

  test('tell a page, and one user’s place; equal scores stand by the users’ bytes', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    const users = ['b', 'a', '\u{10000}', '\uffff', '__proto__', 'B', 'a b'];
    for (const user of users) await a.post(lease, sums, { user, score: 7, once: undefined });
    await a.post(lease, sums, { user: 'last', score: -7, once: undefined });
    const inOrder = ['B', '__proto__', 'a', 'a b', 'b', '\uffff', '\u{10000}'];
    expect((await b.top(sums, 0, 7)).map(({ user }) => user)).toEqual(inOrder);
    expect(await linesOf(b, sums, 2, 2)).toEqual(['3 a 7', '4 a b 7']);
    expect(await linesOf(b, sums, 7, 50)).toEqual(['8 last -7']);
    expect(await linesOf(b, sums, 8, 50)).toEqual([]);
    expect(await b.standing(sums, '\uffff')).toEqual({ user: '\uffff', score: 7, place: 6 });
    expect(await b.standing(sums, 'nobody')).toBeUndefined();
    expect(await linesOf(b, { ...sums, order: 'least' })).toEqual([]);
    expect(await linesOf(b, { ...sums, name: 'other' })).toEqual([]);
  });

  test('keep so many users and no more, and who falls off begins again', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    const board = { ...sums, places: 3 };
    const post = (user: string, score: number) =>
      a.post(lease, board, { user, score, once: undefined });
    for (const [index, user] of ['d', 'c', 'b', 'a'].entries()) await post(user, 10 - index);
    expect(await linesOf(b, board)).toEqual(['1 d 10', '2 c 9', '3 b 8']);
    expect(await b.standing(board, 'a')).toBeUndefined();
    await post('a', 20);
    expect(await linesOf(b, board)).toEqual(['1 a 20', '2 d 10', '3 c 9']);
    await post('b', 9.5);
    expect(await linesOf(b, board)).toEqual(['1 a 20', '2 d 10', '3 b 9.5']);
  });

  test('count what is posted once of a room and a user once, whatever epoch says it', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    const post = (lease: Lease, user: string, once?: string) =>
      a.post(lease, sums, { user, score: 1, once });
    expect(await post(old, 'ada', 'over')).toBe('posted');
    expect(await post(old, 'ada', 'over')).toBe('known');
    expect(await post(old, 'bob', 'over')).toBe('posted');
    expect(await post(old, 'ada', 'again')).toBe('posted');
    const lease = { id: 'r1', epoch: Number(await a.handOver(old, south)) };
    expect(await post(lease, 'ada', 'over')).toBe('known');
    expect(await post(old, 'ada', 'late')).toBe(false);
    expect(await post(old, 'ada')).toBe(false);
    const other = await claimed(b, facts('r2'));
    expect(await post(other, 'ada', 'over')).toBe('posted');
    await a.release(lease);
    expect(await post(lease, 'ada', 'at the end')).toBe('posted');
    expect(await linesOf(b, sums)).toEqual(['1 ada 4', '2 bob 1']);
  });

  test('add up to the last bit, stop at whole numbers’ end, and know no minus zero', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    const all: [string, ...number[]][] = [
      ['thirds', 0.1, 0.2, 1 / 3, 1e-300],
      ['large', Number.MAX_SAFE_INTEGER, 7],
      ['small', -Number.MAX_SAFE_INTEGER, -0.5],
      ['zero', -0],
      ['gone', 5, -5],
      ['tiny', Number.MIN_VALUE],
    ];
    for (const [user, ...scores] of all)
      for (const score of scores) await a.post(lease, sums, { user, score, once: undefined });
    const scoreOf = async (user: string) => (await b.standing(sums, user))?.score;
    expect(await scoreOf('thirds')).toBe(0.1 + 0.2 + 1 / 3 + 1e-300);
    expect(await scoreOf('large')).toBe(Number.MAX_SAFE_INTEGER);
    expect(await scoreOf('small')).toBe(-Number.MAX_SAFE_INTEGER);
    expect(await scoreOf('zero')).toBe(0);
    expect(await scoreOf('gone')).toBe(0);
    expect(await scoreOf('tiny')).toBe(Number.MIN_VALUE);
  });

  test('of many who post at once none is lost', async () => {
    const { a, b } = doors;
    const leases = [await claimed(a, facts('r1')), await claimed(b, facts('r2'))];
    const posts = Array.from({ length: 400 }, (_, i) => {
      const post = { user: `u${i % 8}`, score: 1, once: `n${i >> 1}` };
      return [a, b][i % 2].post(leases[i % 2], sums, post);
    });
    expect(new Set(await Promise.all(posts))).toEqual(new Set(['posted']));
    expect((await a.top(sums, 0, 8)).map(({ score }) => score)).toEqual(Array(8).fill(50));
  });
});
