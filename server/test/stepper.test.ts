import { bool, defineGame, fixed, int } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { defineRoom } from '../src/index.ts';
import { Stepper } from './stepper.ts';

const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: fixed(-1000, 1000, 1 / 16).smooth(), shots: int(0, 999) } },
  input: { push: int(-1, 1), fire: bool().press() },
  step: {
    ship(self, { push }, { dt }) {
      self.x += push * 100 * dt;
    },
  },
});

async function play(seed: number): Promise<{ frames: string[]; xs: number[] }> {
  const field = defineRoom(game, {
    seats: 4,
    join: (room, seat) => void room.spawn('ship', { x: 10 * seat.id }, seat),
  });
  const stepper = await Stepper.start({ rooms: { field }, seed });
  let push = 0;
  const line = { latencyMs: 50, jitterMs: 20, stallMs: 0, stallEveryMs: 0, bandwidthKbps: 0 };
  const a = await stepper.join(game, {
    room: 'field',
    record: true,
    up: line,
    down: line,
    sample: () => ({ push, fire: false }),
  });
  const b = await stepper.join(game, { room: a.client.room });
  push = 1;
  await stepper.advance(2000);
  const xs = [...b.client.newest().all('ship')].map((ship) => ship.x);
  return { frames: a.frames.slice(1).map((frame) => Buffer.from(frame).toString('hex')), xs };
}

test('two clients play in virtual time, and the same seed gives the same bytes', async () => {
  const first = await play(7);
  expect(first.xs[0]).toBeGreaterThan(100);
  expect(first.xs[1]).toBe(20);
  expect(await play(7)).toEqual(first);
});
