// Slots in order of priority, to within an eighth.
import { Random } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { PriorityBuckets } from './priority-buckets.ts';

test.each([1, 2, 3])(
  'are taken each once, the highest first but for an eighth (seed %i)',
  (seed) => {
    const random = new Random(seed);
    const buckets = new PriorityBuckets();
    for (const count of [300, 20, 1000]) {
      const priorities = Array.from({ length: count }, () => 2 ** (random.next() * 30 - 15));
      buckets.clear(count);
      for (let slot = 0; slot < count; slot++) buckets.add(slot, priorities[slot]);
      const taken: number[] = [];
      // What another seat left is forgotten.
      for (let slot = buckets.take(); slot >= 0 && taken.length < 200; slot = buckets.take())
        taken.push(slot);
      expect(new Set(taken).size).toBe(Math.min(count, 200));
      for (let i = 1; i < taken.length; i++)
        expect(priorities[taken[i]]).toBeLessThanOrEqual(priorities[taken[i - 1]] * 1.125);
    }
  },
);

test('take the least and the greatest numbers there are', () => {
  const buckets = new PriorityBuckets();
  buckets.clear(4);
  [5e-324, 1, 1e300, 0].forEach((priority, slot) => {
    buckets.add(slot, priority);
  });
  const order = Array.from({ length: 5 }, () => buckets.take());
  expect(order.slice(0, 2)).toEqual([2, 1]);
  expect(order.slice(2).sort()).toEqual([-1, 0, 3]);
});
