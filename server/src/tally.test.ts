// Unit tests of the counters an operator reads: distributions in Prometheus' sense, and keys that
// no peer can multiply.
import { expect, test } from 'vitest';
import { Distribution, Tally } from './tally.ts';

test('a distribution counts values up to each bound, the bound included', () => {
  const seen = new Distribution([-1, 0, 2]);
  for (const value of [-5, -1, -0.5, 0, 1, 2, 2.5, 1000]) seen.observe(value);
  expect(seen.upTo()).toEqual([2, 4, 6, 8]);
  expect(seen.sum).toBe(-5 - 1 - 0.5 + 0 + 1 + 2 + 2.5 + 1000);
});

test('a distribution adds what another has seen', () => {
  const [one, other] = [new Distribution([1, 2]), new Distribution([1, 2])];
  one.observe(1);
  other.observe(2);
  other.observe(3);
  one.add(other);
  expect([one.upTo(), one.sum]).toEqual([[1, 2, 3], 6]);
  expect([other.upTo(), other.sum]).toEqual([[0, 1, 2], 5]);
});

test('several ticks made up for in one go are counted each, and waited for once', () => {
  const tally = new Tally();
  tally.ticked(100, 30, 3);
  tally.ticked(-1, 1, 1);
  expect(tally.tickSeconds.upTo().at(-1)).toBe(4);
  expect(tally.tickSeconds.sum).toBeCloseTo(0.031);
  expect(tally.lateSeconds.upTo().at(-1)).toBe(2);
  expect(tally.lateSeconds.sum).toBeCloseTo(0.1);
});

test('a reason to refuse keeps its code', () => {
  const tally = new Tally();
  tally.refused('origin', 403);
  tally.refused('origin', 403);
  tally.refused('text-frame', 1003);
  expect([...tally.refusals]).toEqual([
    ['origin', { code: 403, count: 2 }],
    ['text-frame', { code: 1003, count: 1 }],
  ]);
});

test('close codes that are none of ours are one', () => {
  const tally = new Tally();
  for (let code = 3000; code < 5000; code++) tally.closed(code);
  tally.closed(1000);
  tally.closed(1002);
  const { size } = tally.closes;
  expect(size).toBeLessThan(25);
  expect(tally.closes.get(1000)).toBe(1);
  expect(tally.closes.get(1002)).toBe(1);
  expect(tally.closes.get(0)).toBeGreaterThan(1900);
});
