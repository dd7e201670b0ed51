import { expect, test } from 'vitest';
import { Timers } from './timers.ts';

test('timers come due in order of time, then in the order they were set, each once', () => {
  const timers = new Timers({ a: 1, b: 1 });
  timers.set(5, 'a', 'second');
  timers.set(3, 'b', 'first');
  timers.set(5, 'b', 'third');
  expect(timers.next(2)).toBe(undefined);
  const due = [];
  for (let timer = timers.next(5); timer; timer = timers.next(5)) due.push(timer.data);
  expect(due).toEqual(['first', 'second', 'third']);
  expect(timers.next(100)).toBe(undefined);
});

test('a timer nobody declared is a mistake of the game, and the message shows the cure', () => {
  const timers = new Timers({ respawn: 1, storm: 1 });
  expect(() => timers.set(1, 'respwan', 0)).toThrow('timers: { respwan(room, data) {} }');
  expect(() => new Timers().set(1, 'x', 0)).toThrow('no such timer');
  expect(() => timers.set(1, 'toString', 0)).toThrow('no such timer');
});

test('a time that is not a number is refused, and stands in nobody’s way', () => {
  const timers = new Timers({ a: 1 });
  for (const tick of [Number.NaN, Number.POSITIVE_INFINITY, '12' as unknown as number])
    expect(() => timers.set(tick, 'a', 1)).toThrow("after(..., 'a'): wants ticks");
  timers.set(2, 'a', 'due');
  expect(timers.next(2)?.data).toBe('due');
});
