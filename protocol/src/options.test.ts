import { expect, test } from 'vitest';
import { UsageError } from './errors.ts';
import { checkNames } from './options.ts';

const KNOWN = ['seats', 'join', 'leave', 'sendEvery'];

test('names that are known pass, also where they are undefined', () => {
  expect(() => checkNames('a room', {}, KNOWN)).not.toThrow();
  expect(() => checkNames('a room', { seats: 1, join: undefined }, KNOWN)).not.toThrow();
});

test.each([
  ['onJoin', 'a room has no onJoin: did you mean join?'],
  ['Leave', 'a room has no Leave: did you mean leave?'],
  ['seat', 'a room has no seat: did you mean seats?'],
  ['sendevry', 'a room has no sendevry: did you mean sendEvery?'],
  ['xyz', 'a room has no xyz: it takes seats, join, leave, sendEvery'],
  ['toString', 'a room has no toString: it takes seats, join, leave, sendEvery'],
])('%s is refused, with the nearest name that is known or all of them', (name, message) => {
  const check = () => checkNames('a room', { seats: 1, [name]: undefined }, KNOWN);
  expect(check).toThrow(UsageError);
  expect(check).toThrow(message);
});

test('where nothing is known there is none', () => {
  expect(() => checkNames('weights', { ship: 1 }, [])).toThrow(
    'weights has no ship: it takes none',
  );
});
