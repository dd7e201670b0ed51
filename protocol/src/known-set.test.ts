// What a receiver is held to know: slots of entities that come and go, told or not.
import { describe, expect, test } from 'vitest';
import { KnownSet } from './known-set.ts';
import { Random } from './random.ts';
import { SlotList } from './slot-list.ts';

describe('the slots of a known set', () => {
  test.each([1, 2, 3])('are found by id however entities come and go (seed %i)', (seed) => {
    const random = new Random(seed);
    const known = new KnownSet(0);
    const model = new Map<number, number>();
    for (let tick = 1; tick <= 3000; tick++) {
      // Ids ascend with gaps, up to the highest a room may reach.
      const id = tick * 1_400_000 + random.integer(1000);
      if (random.next() < 0.55) model.set(id, known.enter(0, tick, id, tick));
      else {
        const [gone] = [...model].slice(random.integer(Math.max(model.size, 1)));
        if (!gone) continue;
        known.leave(gone[1], tick);
        model.delete(gone[0]);
        expect(known.slotOf(gone[0])).toBe(-1);
      }
      if (random.next() < 0.3) known.told();
      if (tick % 100 === 0) for (const [each, slot] of model) expect(known.slotOf(each)).toBe(slot);
    }
    expect(known.count).toBe(model.size);
    expect(new Set(model.values()).size).toBe(model.size);
  });

  test('are not used again before the receivers were told who left', () => {
    const known = new KnownSet();
    const first = known.enter(0, 1, 10, 1);
    known.leave(first, 2);
    expect(known.enter(0, 2, 11, 2)).not.toBe(first);
    known.told();
    expect(known.enter(0, 3, 12, 3)).toBe(first);
  });

  test('are told in ascending order', () => {
    const list = new SlotList();
    for (let i = 0; i < 100; i++) list.push((i * 37) % 100);
    list.sort();
    expect([...list.slots.subarray(0, list.count)]).toEqual([...Array(100).keys()]);
  });
});
