import { expect, test } from 'vitest';
import { ExpectedLoad } from './expected-load.ts';

function measured(load: number, rooms: number, times: number): ExpectedLoad {
  const expected = new ExpectedLoad(() => load);
  for (let i = 0; i < times; i++) expected.measure(rooms);
  return expected;
}

test('a shard is as busy as it was measured, and a room that was opened since counts', () => {
  const load = measured(0.4, 8, 100);
  expect(load.with(8)).toBeCloseTo(0.4, 9);
  expect(load.with(10)).toBeCloseTo(0.5, 9);
  expect(load.with(28)).toBeCloseTo(1.4, 9);
  expect(load.with(4)).toBeCloseTo(0.2, 9);
});

test('rooms that nothing is known of count for a little each', () => {
  const load = measured(0.9, 0, 5);
  expect([load.with(0), load.with(1), load.with(4)]).toEqual([0, 0.01, 0.04]);
});

test('one measurement is not believed whole, and four nearly', () => {
  expect(measured(1, 10, 1).with(10)).toBeCloseTo(0.325, 9);
  expect(measured(1, 10, 4).with(10)).toBeGreaterThan(0.7);
});
