// Touching somebody who is shown in the past. A step that asks `near` gets others as they are shown
// in the browser, and as they are on the server: where the two differ there is a correction. It is
// counted, it fades, and when the two have parted both ends agree again.

import type { GameClient } from '@tickwire/client';
import { defineGame, fixed, int } from '@tickwire/protocol';
import { CLEAR_LINE } from '@tickwire/protocol/simulator';
import { afterEach, describe, expect, test } from 'vitest';
import { defineRoom } from '../src/index.ts';
import { Stepper } from './stepper.ts';

const FRAME_MS = 1000 / 60;
const SPEED = 120;
const RADIUS = 20;
const place = () => fixed(-4000, 4000, 1 / 16).smooth();

const bumpers = defineGame({
  tickRate: 60,
  entities: { car: { x: place(), y: place() } },
  input: { dx: int(-1, 1), dy: int(-1, 1) },
  step: {
    car(self, { dx, dy }, { dt, near }) {
      self.x += dx * SPEED * dt;
      self.y += dy * SPEED * dt;
      for (const other of near('car', self.x, self.y, 2 * RADIUS)) {
        if (other.id === self.id) continue;
        const gap = Math.hypot(self.x - other.x, self.y - other.y) || 1;
        const push = (2 * RADIUS - gap) / gap;
        self.x += (self.x - other.x) * push;
        self.y += (self.y - other.y) * push;
      }
    },
  },
});
type G = typeof bumpers;

let stepper: Stepper;
afterEach(() => stepper.close());

const mine = { dx: 0, dy: 0 };
const theirs = { dx: 0, dy: 0 };

async function start(): Promise<GameClient<G>> {
  const room = defineRoom<G>(bumpers, {
    join: (room, seat) => void room.spawn('car', { x: seat.id === 1 ? 0 : 300 }, seat),
  });
  stepper = await Stepper.start({ rooms: { field: room } });
  const line = { ...CLEAR_LINE, latencyMs: 60 };
  const lines = { up: line, down: line };
  const { client } = await stepper.join(bumpers, {
    room: 'field',
    sample: () => ({ ...mine }),
    ...lines,
  });
  await stepper.join(bumpers, { room: 'field', sample: () => ({ ...theirs }), ...lines });
  Object.assign(mine, { dx: 0, dy: 0 });
  Object.assign(theirs, { dx: 0, dy: 0 });
  await draw(client, 180);
  return client;
}

/** Draws; answers the longest way that one's own car was seen to go between two pictures. */
async function draw(client: GameClient<G>, frames: number): Promise<number> {
  let longest = 0;
  let last = client.view().mine('car');
  let at = last && { x: last.x, y: last.y };
  for (let frame = 0; frame < frames; frame++) {
    await stepper.advance(FRAME_MS);
    last = client.view().mine('car');
    if (last && at) longest = Math.max(longest, Math.hypot(last.x - at.x, last.y - at.y));
    at = last && { x: last.x, y: last.y };
  }
  return longest;
}

/** How far the picture of one's own car is from the truth, once nothing is on its way. */
function error(client: GameClient<G>): number {
  const { id, x, y } = client.view().mine('car')!;
  const truth = stepper.room('field').world.get('car', id)!;
  return Math.hypot(x - (truth.x as number), y - (truth.y as number));
}

describe('one’s own car against another', () => {
  test('that stands still is stopped by it in the same picture, and not corrected', async () => {
    const client = await start();
    mine.dx = 1;
    await draw(client, 300);
    expect(client.view().mine('car')!.x).toBeCloseTo(300 - 2 * RADIUS, 0);
    expect(client.stats.corrections).toBe(0);
  });

  test('that comes towards it is corrected, without a jump, and settles', async () => {
    const client = await start();
    mine.dx = 1;
    theirs.dx = -1;
    const longest = await draw(client, 240);
    expect(client.stats.corrections).toBeGreaterThan(0);
    // Its own speed and a fading correction: what nobody takes for a jump.
    expect(longest).toBeLessThan((SPEED / 60) * 1.5);
    mine.dx = -1;
    theirs.dx = 1;
    await draw(client, 60);
    const { corrections } = client.stats;
    await draw(client, 120);
    expect(client.stats.corrections).toBe(corrections);
    mine.dx = 0;
    await draw(client, 120);
    expect(error(client)).toBeLessThan(1 / 16);
  });
});
