import { maySpeak, newAllowance } from '@tickwire/kit/words';
import { expect, test } from 'vitest';

test('lets a few lines through at once and then one every second and a half', () => {
  const allowance = newAllowance(0);
  const speak = (tick: number) => maySpeak(allowance, tick, 30);
  expect([1, 2, 3, 4, 5].map(() => speak(0))).toEqual([true, true, true, true, false]);
  expect(speak(44)).toBe(false);
  expect(speak(46)).toBe(true);
});
