// Which groups come of those who wait, against all groups that there are.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkQueue,
  formGroups,
  oldestFirst,
  oncePerUser,
  type Queued,
  type QueueRule,
  RatingCount,
} from './queue.ts';

interface One extends Queued {
  readonly name: string;
}

const NOW_MS = 100_000;
const one = (name: string, waitedS: number, size = 1, rating = 0, users: string[] = []): One => {
  return { name, size, rating, users, sinceMs: NOW_MS - waitedS * 1000 };
};
const names = (groups: readonly One[][]) => groups.map((group) => group.map(({ name }) => name));
const form = (waiters: readonly One[], rule: QueueRule, most?: number) =>
  names(formGroups(waiters, rule, NOW_MS, most));

const sizeOf = (group: readonly Queued[]) => group.reduce((sum, { size }) => sum + size, 0);

/** Whether these may play together. */
function fits(group: readonly Queued[], rule: QueueRule): boolean {
  const { players, within = Number.POSITIVE_INFINITY, widenPerS = 0, startWith } = rule;
  const waitedS = Math.max(...group.map(({ sinceMs }) => (NOW_MS - sinceMs) / 1000));
  const ratings = group.map(({ rating }) => rating);
  const isFull = sizeOf(group) === players;
  const isLate = startWith !== undefined && waitedS >= startWith.afterS;
  const mayBegin = isLate && sizeOf(group) >= startWith.players && sizeOf(group) <= players;
  const spread = Math.max(...ratings) - Math.min(...ratings);
  return (isFull || mayBegin) && spread <= within + widenPerS * waitedS;
}

function* subsets<T>(of: readonly T[]): Generator<T[]> {
  for (let mask = 1; mask < 2 ** of.length; mask++) yield of.filter((_, i) => mask & (1 << i));
}

const waiters = fc
  .uniqueArray(
    fc.record({ waitedS: fc.integer({ min: 0, max: 60 }), size: sizes(), rating: r() }),
    {
      selector: ({ waitedS }) => waitedS,
      maxLength: 9,
    },
  )
  .map((all) => all.map(({ waitedS, size, rating }, i) => one(`${i}`, waitedS, size, rating)));
function sizes() {
  return fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 }));
}
function r() {
  return fc.integer({ min: 0, max: 20 });
}
const rules: fc.Arbitrary<QueueRule> = fc
  .record({
    players: fc.integer({ min: 1, max: 6 }),
    within: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
    widenPerS: fc.constantFrom(0, 0.1, 1),
    least: fc.integer({ min: 1, max: 6 }),
    afterS: fc.integer({ min: 0, max: 80 }),
    starts: fc.boolean(),
  })
  .map(({ players, within, widenPerS, least, afterS, starts }) => ({
    players,
    ...(within === undefined ? {} : { within, widenPerS, rating: () => 0 }),
    ...(starts && { startWith: { players: Math.min(least, players), afterS } }),
  }));

describe('the groups of those who wait', () => {
  test('are what may play, of nobody twice, and leave nobody who still could', () => {
    fc.assert(
      fc.property(waiters, rules, (all, rule) => {
        const groups = formGroups(all, rule, NOW_MS);
        const members = groups.flat();
        expect(new Set(members).size).toBe(members.length);
        for (const group of groups) expect(fits(group, rule)).toBe(true);
        const left = all.filter((waiter) => !members.includes(waiter));
        for (const group of subsets(left)) expect(fits(group, rule)).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  test('{T60} have no user twice, and leave nobody who could play with others', () => {
    const several = fc.array(
      fc.array(fc.constantFrom('ada', 'bob', 'cy', 'di'), { maxLength: 2 }),
      {
        minLength: 9,
        maxLength: 9,
      },
    );
    fc.assert(
      fc.property(waiters, several, rules, (some, users, rule) => {
        const all = some.map((waiter, i) => ({ ...waiter, users: [...new Set(users[i])] }));
        const groups = formGroups(all, rule, NOW_MS);
        for (const group of groups) {
          expect(fits(group, rule)).toBe(true);
          const members = group.flatMap((waiter) => waiter.users);
          expect(new Set(members).size).toBe(members.length);
        }
        const members = new Set(groups.flat());
        expect(members.size).toBe(groups.flat().length);
        const left = oldestFirst(all.filter((waiter) => !members.has(waiter)));
        const { once, by } = oncePerUser(left);
        for (const candidates of [once, oncePerUser([...by, ...once]).once])
          for (const group of subsets(candidates)) expect(fits(group, rule)).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  test('{T60} have who waits longest of a user, and another where only that one fits', () => {
    const tabs = [one('a1', 9, 1, 0, ['ada']), one('a2', 8, 1, 0, ['ada']), one('b', 7)];
    expect(form(tabs, { players: 2 })).toEqual([['a1', 'b']]);
    expect(form(tabs.slice(0, 2), { players: 2 })).toEqual([]);
    const party = [one('a', 9, 1, 0, ['ada']), one('ab', 8, 2, 0, ['ada', 'bob']), one('c', 7)];
    expect(form(party, { players: 3 })).toEqual([['ab', 'c']]);
    expect(form([...tabs, one('c', 6), one('d', 5)], { players: 2 })).toEqual([
      ['a1', 'b'],
      ['a2', 'c'],
    ]);
  });

  test('{T60} are found among thousands of tabs of one user', () => {
    const all = Array.from({ length: 4000 }, (_, i) => one(`${i}`, i / 100, 1, i, ['ada']));
    expect(form(all, { players: 2 })).toEqual([]);
    expect(form([...all, one('b', 0)], { players: 2 })).toEqual([['3999', 'b']]);
  });

  test('have the oldest who can play at all in the first', () => {
    fc.assert(
      fc.property(waiters, rules, (all, rule) => {
        const [first] = formGroups(all, rule, NOW_MS, 1);
        // A group is one of its oldest member, who counts for how far ratings may differ.
        const oldest = [...all]
          .sort((a, b) => a.sinceMs - b.sinceMs)
          .find((waiter, i, byAge) =>
            [...subsets(byAge.slice(i + 1)), []].some((rest) => fits([waiter, ...rest], rule)),
          );
        expect(first?.[0]).toBe(oldest);
      }),
      { numRuns: 400 },
    );
  });

  test('are the same whatever the order in which they are listed', () => {
    fc.assert(
      fc.property(waiters, rules, (all, rule) => {
        expect(form([...all].reverse(), rule)).toEqual(form(all, rule));
      }),
    );
  });

  test('come one after the other as people come', () => {
    const all = [one('a', 9), one('b', 8), one('c', 7), one('d', 6), one('e', 5)];
    expect(form(all, { players: 2 })).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(form(all, { players: 2 }, 1)).toEqual([['a', 'b']]);
    expect(form(all.slice(0, 1), { players: 2 })).toEqual([]);
  });

  test('fill up with parties that fit, and tear none', () => {
    const all = [one('a', 9, 2), one('b', 8, 3), one('c', 7), one('d', 6, 2)];
    expect(form(all, { players: 4 })).toEqual([
      ['a', 'd'],
      ['b', 'c'],
    ]);
    expect(form([one('a', 9, 3), one('b', 8, 3)], { players: 4 })).toEqual([]);
    expect(form([one('a', 9, 5), one('b', 8, 4)], { players: 4 })).toEqual([['b']]);
  });

  test('are of the nearest in rating, and of others as time goes by', () => {
    const rule = { players: 2, rating: () => 0, within: 10, widenPerS: 5 };
    const all = [
      one('a', 1, 1, 100),
      one('b', 0, 1, 112),
      one('c', 0.5, 1, 95),
      one('d', 0, 1, 90),
    ];
    expect(form(all, rule)).toEqual([['a', 'c']]);
    expect(form([one('a', 1, 1, 100), one('b', 0, 1, 130)], rule)).toEqual([]);
    expect(form([one('a', 5, 1, 100), one('b', 0, 1, 130)], rule)).toEqual([['a', 'b']]);
  });

  test('begin with fewer after a while, and with as many as there are', () => {
    const rule = { players: 4, startWith: { players: 2, afterS: 30 } };
    expect(form([one('a', 29), one('b', 1), one('c', 0)], rule)).toEqual([]);
    expect(form([one('a', 30), one('b', 1), one('c', 0)], rule)).toEqual([['a', 'b', 'c']]);
    expect(form([one('a', 30)], rule)).toEqual([]);
  });

  test('are found among thousands who cannot play with each other', () => {
    const rule = { players: 4, rating: () => 0, within: 1 };
    const all = Array.from({ length: 4000 }, (_, i) => one(`${i}`, i / 100, 3, i * 0.7));
    expect(form(all, rule)).toEqual([]);
    expect(form([...all, one('last', 0, 1, 140)], rule)).toHaveLength(1);
  });

  // Looking anew at all parties of each window took 16 s.
  test('of a hundred are found among thousands of parties', { timeout: 5_000 }, () => {
    const rule = { players: 100, rating: () => 0, within: 100 };
    const all = Array.from({ length: 4000 }, (_, i) => one(`${i}`, i / 100, 2 + (i % 2), i % 97));
    const groups = formGroups(all, rule, NOW_MS);
    expect(groups.length).toBeGreaterThan(95);
    expect(new Set(groups.map(sizeOf))).toEqual(new Set([100]));
  });
});

test('players near a rating are counted', () => {
  const count = new RatingCount([one('a', 0, 2, 5), one('b', 0, 1, 7), one('c', 0, 1, -3)]);
  expect([count.all, count.within(5, 2), count.within(5, 1.5), count.within(100, 3)]).toEqual([
    4, 3, 2, 0,
  ]);
  expect(count.within(0, Number.POSITIVE_INFINITY)).toBe(4);
});

test.each([
  [{ players: 0 }, 'players'],
  [{ players: 9 }, 'players'],
  [{ players: 2, within: 5 }, 'within'],
  [{ players: 2, rating: 'elo' }, 'rating'],
  [{ players: 2, rating: () => 0, widenPerS: 1 }, 'widenPerS'],
  [{ players: 2, startWith: { players: 3, afterS: 1 } }, 'startWith.players'],
  [{ players: 2, startWith: { players: 1, afterS: -1 } }, 'afterS'],
  [{ players: 2, size: 3 }, 'size'],
])('%j is a mistake that is told at once', (rule, what) => {
  expect(() => checkQueue(rule as QueueRule, 8)).toThrow(what);
});
