// Many things, a few at a time.
import { expect, test } from 'vitest';
import { abreast } from './abreast.ts';

test('runs for each value, so many of them at once and no more', async () => {
  const ran: number[] = [];
  let running = 0;
  let most = 0;
  await abreast(3, [1, 2, 3, 4, 5, 6, 7], async (value) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    ran.push(value);
  });
  expect([ran.length, most]).toEqual([7, 3]);
});

test('rejects where one does, once the others have done the rest', async () => {
  const ended: number[] = [];
  const asked = abreast(2, [1, 2, 3, 4, 5, 6], async (value) => {
    if (value === 3) throw new Error('the third');
    for (let turns = 0; turns < 20; turns++) await Promise.resolve();
    ended.push(value);
  });
  await expect(asked).rejects.toThrow('the third');
  expect(ended).toEqual([1, 2, 4, 5, 6]);
});

test('tries no more than so many in vain', async () => {
  let tried = 0;
  const asked = abreast(3, Array(1_000).keys(), async (value) => {
    tried++;
    throw new Error(`${value}`);
  });
  await expect(asked).rejects.toThrow('0');
  expect(tried).toBe(3);
});
