// What stands for the checks in a page for production: as many functions, and none that objects.
import { expect, test } from 'vitest';
import * as checks from './checks.ts';
import * as unchecked from './unchecked.ts';

test('a page for production has a function for each check', () => {
  expect(Object.keys(unchecked)).toEqual(Object.keys(checks));
});

test('none of them needs or judges anything', () => {
  for (const [name, check] of Object.entries(unchecked))
    expect([name, check()]).toEqual([name, undefined]);
});
