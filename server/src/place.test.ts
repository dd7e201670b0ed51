import { UsageError } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { readPlace, writePlace } from './place.ts';

test.each([
  { index: 0, count: 1, port: undefined },
  { index: 3, count: 4, port: 9004 },
])('what is written is read: %o', (place) => {
  expect(readPlace(writePlace(place), true)).toEqual(place);
});

test('who has no parent is no shard, whatever it inherited', () => {
  expect(readPlace('index=1,count=4', false)).toBeUndefined();
  expect(readPlace(undefined, true)).toBeUndefined();
});

test('another line is a mistake', () => {
  for (const line of ['', '1/4', 'index=1', 'index=1,count=4,port=x'])
    expect(() => readPlace(line, true)).toThrow(UsageError);
});
