// A map whose keys come and go faster than a seat reads: it is told the whole of it, not every
// death.

import { defineGame, int, map } from '@tickwire/protocol';
import { afterEach, expect, test } from 'vitest';
import { defineRoom } from '../src/index.ts';
import { Stepper } from './stepper.ts';

const game = defineGame({
  tickRate: 20,
  state: { scores: map(int(0, 99_999), int(0, 99), 4) },
  entities: {},
});

let stepper: Stepper;
afterEach(() => stepper.close());

test('[S15] a seat that was away from a map of short lives holds what is in it now', async () => {
  let next = 0;
  const field = defineRoom(game, {
    seats: 2,
    tick({ state: { scores } }) {
      for (let i = 0; i < 6; i++) {
        if (scores.size === 4) scores.delete(next - 4);
        scores.set(next++, 1);
      }
    },
  });
  stepper = await Stepper.start({ rooms: { field }, limits: { slowSeatBytes: 200 } });
  const a = await stepper.join(game, { room: 'field' });
  a.stalled = true;
  await stepper.advance(5000);
  a.flow();
  await stepper.advance(300);
  expect([a.closes, a.state]).toEqual([[], 'live']);
  expect(a.statuses).toHaveLength(1);
  expect([...a.client.newest().state.scores.keys()].at(-1)! % 6).toBe(5);
  expect(a.client.newest().state.scores.size).toBe(4);
});
