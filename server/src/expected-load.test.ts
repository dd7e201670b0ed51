import { expect, test } from 'vitest';
import { ExpectedLoad } from './expected-load.ts';

test('a room that was opened since is counted as one of those before', () => {
  const load = new ExpectedLoad(() => 0.4);
  load.measure(8);
  expect(load.with(8)).toBe(0.4);
  expect(load.with(10)).toBeCloseTo(0.5, 9);
  expect(load.with(28)).toBeCloseTo(1.4, 9);
});

test('rooms of a shard that did nothing count for a little', () => {
  const load = new ExpectedLoad(() => 0);
  load.measure(0);
  expect([load.with(0), load.with(1), load.with(4)]).toEqual([0, 0.005, 0.02]);
});

test('a room that has ended lowers it when it is measured', () => {
  const values = [0.4, 0.3];
  const load = new ExpectedLoad(() => values.shift()!);
  load.measure(4);
  expect(load.with(3)).toBe(0.4);
  load.measure(3);
  expect(load.with(3)).toBe(0.3);
});
