import { expect, test } from 'vitest';
import { UnreadLines } from './unread-lines.ts';

function counted() {
  const seen = { told: 0 };
  const unread = new UnreadLines(() => void seen.told++);
  const end = (count: number) => {
    for (let i = 0; i < count; i++) unread.ended();
    return seen.told;
  };
  return { unread, end };
}

test('four lines in a row that say nothing are told, once', () => {
  const { end } = counted();
  expect(end(3)).toBe(0);
  expect(end(1)).toBe(1);
  expect(end(100)).toBe(1);
});

test('a request in between begins a new row', () => {
  const { unread, end } = counted();
  end(3);
  unread.read(0);
  expect(end(3)).toBe(0);
});

test('lines that stood at the last request may have been read', () => {
  const { unread, end } = counted();
  unread.read(100);
  expect(end(103)).toBe(0);
  expect(end(1)).toBe(1);
});
