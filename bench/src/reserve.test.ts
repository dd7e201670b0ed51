// That the figures of `reserve` count what they say: calls that were answered as wanted.
import { expect, test } from 'vitest';
import { findsRedis } from './redis-program.ts';
import { measureReserve } from './reserve.ts';

const found = findsRedis();

test.skipIf(!found)('a short run counts reservations, joins, saves and renewals', async () => {
  const figures = await measureReserve(200);
  for (const part of ['reservations', 'joins', 'checkpoints', 'renewals'] as const) {
    const { perSecond, ms } = figures[part];
    expect([part, perSecond > 0, ms.p50 > 0]).toEqual([part, true, true]);
  }
  expect(figures.redis).toMatch(/^\d+\.\d+/);
});
