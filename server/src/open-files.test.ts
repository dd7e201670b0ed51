import { expect, test } from 'vitest';
import { linesThatFit } from './open-files.ts';

const limits = (soft: string) => `Limit  Soft Limit  Hard Limit  Units
Max processes             95975                95975                processes
Max open files            ${soft}                 4096                files
`;

test.each([
  ['120', 57],
  ['1024', 780],
  ['40', 1],
  ['unlimited', Number.POSITIVE_INFINITY],
])('{S48} a limit of %s open files leaves %d lines', (soft, lines) => {
  expect(linesThatFit(() => limits(soft))).toBe(lines);
});

test('where nobody tells, nothing is known', () => {
  const nothing = () => {
    throw new Error('ENOENT');
  };
  expect(linesThatFit(nothing)).toBe(Number.POSITIVE_INFINITY);
});
