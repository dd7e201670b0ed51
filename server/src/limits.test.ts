import { UsageError } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, type Limits, readLimits } from './limits.ts';

const names = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
const refused = (name: string, value: unknown) => {
  expect(() => readLimits({ [name]: value } as Partial<Limits>)).toThrow(UsageError);
  expect(() => readLimits({ [name]: value } as Partial<Limits>)).toThrow(`limits.${name}: `);
};
/** The range that the refusal of NaN names. */
function rangeOf(name: string): { least: number; most: number } {
  let said = '';
  try {
    readLimits({ [name]: Number.NaN } as Partial<Limits>);
  } catch (error) {
    said = (error as Error).message;
  }
  const [, least, most] = /wants a (?:whole )?number (?:in|of) (\d+)(?:\.\.(\d+)| or more)/.exec(
    said,
  )!;
  return { least: Number(least), most: most ? Number(most) : Number.MAX_SAFE_INTEGER };
}

describe('a limit', () => {
  test('that is left out or undefined is the default', () => {
    expect(readLimits()).toEqual(DEFAULT_LIMITS);
    expect(readLimits({ rooms: 7, graceMs: undefined })).toEqual({ ...DEFAULT_LIMITS, rooms: 7 });
    expect(readLimits(DEFAULT_LIMITS)).toEqual(DEFAULT_LIMITS);
  });

  test.each(names)('%s is taken within its range alone', (name) => {
    const { least, most } = rangeOf(name);
    for (const value of [least, least + 1, most])
      expect(readLimits({ [name]: value })[name]).toBe(value);
    for (const value of [-1, least - 1, least - 0.5, most + 1]) refused(name, value);
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, '5', true, [5], null])
      refused(name, value);
    if (name !== 'hangMs') refused(name, Number.POSITIVE_INFINITY);
    if (name !== 'inputRateFactor') refused(name, least + 0.5);
  });

  test('says what it wants', () => {
    expect(() => readLimits({ rooms: -1 })).toThrow(
      'limits.rooms: -1: wants a whole number of 1 or more',
    );
    expect(() => readLimits({ graceMs: 1.5 })).toThrow(
      'limits.graceMs: 1.5: wants a whole number in 0..2147483647',
    );
    expect(() => readLimits({ inputRateFactor: 0.5 })).toThrow('wants a number of 1 or more');
    expect(readLimits({ hangMs: Number.POSITIVE_INFINITY }).hangMs).toBe(Number.POSITIVE_INFINITY);
    expect(() => readLimits({ hangMs: 499 })).toThrow('in 500..2147483647, or Infinity');
    expect(() => readLimits({ graceMS: 1 } as never)).toThrow('did you mean graceMs?');
  });
});
