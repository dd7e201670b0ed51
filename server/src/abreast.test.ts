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

test('rejects where one does, begins no more, and leaves none behind that runs', async () => {
  const began: number[] = [];
  const ended: number[] = [];
  const asked = abreast(2, [1, 2, 3, 4, 5, 6], async (value) => {
    began.push(value);
    if (value === 3) throw new Error('the third');
    for (let turns = value === 2 ? 20 : 1; turns > 0; turns--) await Promise.resolve();
    ended.push(value);
  });
  await expect(asked).rejects.toThrow('the third');
  const atOnce = [...ended];
  for (let turns = 0; turns < 200; turns++) await Promise.resolve();
  expect([atOnce, ended, began]).toEqual([
    [1, 2],
    [1, 2],
    [1, 2, 3],
  ]);
});
