import { expect, test } from 'vitest';
import { isPacked } from './define-room.ts';

test('rooms are packed, but those that hide rows only where they say so', () => {
  const sees = () => true;
  expect(isPacked({})).toBe(true);
  expect(isPacked({ wire: 'plain' })).toBe(false);
  expect(isPacked({ sees })).toBe(false);
  expect(isPacked({ sees, wire: 'packed' })).toBe(true);
});
