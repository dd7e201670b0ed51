import { expect, test } from 'vitest';
import { Watches } from './watches.ts';

const LISTS = 16;

test.each([1, 2, 4])('one of %i shards looks at all lists each time', (shards) => {
  const watches = new Watches(LISTS, 3);
  watches.shards = shards;
  for (let look = 0; look < 3; look++)
    expect(watches.next().sort((a, b) => a - b)).toEqual(
      Array.from({ length: LISTS }, (_, i) => i),
    );
  expect(watches.limit).toBe(256);
});

test.each([5, 20, 100, 1000])('%i shards together look at each list often enough', (shards) => {
  const seen = new Array(LISTS).fill(0);
  for (let shard = 0; shard < shards; shard++) {
    const watches = new Watches(LISTS, shard);
    watches.shards = shards;
    for (const list of watches.next()) seen[list]++;
  }
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(2);
  expect(seen.reduce((sum, looks) => sum + looks)).toBeLessThanOrEqual(
    Math.max(4 * 16 + 20, shards),
  );
});

test('one of a thousand has looked at all after some time, and reads a few of each', () => {
  const watches = new Watches(LISTS, 5);
  watches.shards = 1_000;
  const seen = Array.from({ length: LISTS }, () => watches.next()).flat();
  expect(new Set(seen).size).toBe(LISTS);
  expect(watches.limit).toBe(16);
});
