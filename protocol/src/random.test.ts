import { expect, test } from 'vitest';
import { Random } from './random.ts';

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.next());

test('the same seed gives the same numbers and another seed gives others', () => {
  expect(draw(new Random(7), 50)).toEqual(draw(new Random(7), 50));
  expect(draw(new Random(7), 50)).not.toEqual(draw(new Random(8), 50));
  expect(draw(new Random(7), 50)).not.toEqual(draw(new Random(7 + 2 ** 32), 50));
});

test('the numbers of a seed never change between versions', () => {
  const random = new Random(1);
  expect([random.integer(1000), random.integer(1000), random.integer(1000)]).toEqual([
    102, 143, 382,
  ]);
});

test('a stored state continues where it was, through JSON too', () => {
  const random = new Random(-3.5);
  draw(random, 10);
  const stored = JSON.parse(JSON.stringify(random.state));
  const expected = draw(random, 20);
  const other = new Random(0);
  other.state = stored;
  expect(draw(other, 20)).toEqual(expected);
});

test('numbers fill [0, 1) evenly', () => {
  const random = new Random(42);
  const buckets = new Array(16).fill(0);
  for (let i = 0; i < 160_000; i++) buckets[random.integer(16)]++;
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  for (const value of draw(random, 10_000)) {
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(1);
  }
});
