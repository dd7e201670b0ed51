// Rows that are far from a seat, between a whole server and a whole client: never further off than
// the declaration allows, exact again where they are near, and cheaper.
import { defineGame, fixed, type LiveRowOf, Random } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { defineRoom } from '../src/index.ts';
import { Stepper } from './stepper.ts';

const STEP = 1 / 16;
/** Steps that a far row may be off by. */
const FAR_STEPS = 240;
const NEAR = 100;
const SHIPS = 60;

const game = defineGame({
  tickRate: 20,
  entities: {
    ship: {
      x: fixed(-400, 400, STEP).smooth({ by: 'vx', far: FAR_STEPS }),
      y: fixed(-400, 400, STEP).smooth({ by: 'vy', far: FAR_STEPS }),
      vx: fixed(-60, 60, STEP),
      vy: fixed(-60, 60, STEP),
    },
  },
});
type Ship = LiveRowOf<typeof game, 'ship'>;

/** A room of ships that turn now and then, seen from its middle. */
function sea(far: number | undefined) {
  const chance = new Random(3);
  const ships: Ship[] = [];
  const turn = (ship: Ship) => {
    ship.vx = (chance.next() - 0.5) * 60;
    ship.vy = (chance.next() - 0.5) * 60;
  };
  const room = defineRoom(game, {
    interest: { around: () => ({ x: 0, y: 0 }), radius: 900, far, lookMs: 0 },
    open(room) {
      const at = () => (chance.next() - 0.5) * 600;
      for (let i = 0; i < SHIPS; i++) ships.push(room.spawn('ship', { x: at(), y: at() }));
    },
    tick(_room, dt) {
      for (const ship of ships) {
        if (chance.next() < 0.1) turn(ship);
        if (Math.abs(ship.x + ship.vx * dt) > 399) ship.vx *= -1;
        if (Math.abs(ship.y + ship.vy * dt) > 399) ship.vy *= -1;
        ship.x += ship.vx * dt;
        ship.y += ship.vy * dt;
      }
    },
  });
  return { room, ships };
}

async function run(far: number | undefined) {
  const { room, ships } = sea(far);
  const stepper = await Stepper.start({ rooms: { sea: room } });
  const { client } = await stepper.join(game, { room: 'sea' });
  await stepper.advance(1000);
  const before = client.stats.bytesIn;
  let [near, off, crossed] = [0, 0, 0];
  const wasNear = new Map<number, boolean>();
  for (let tick = 0; tick < 300; tick++) {
    await stepper.advance(50);
    const view = client.newest();
    for (const ship of ships) {
      const shown = view.get('ship', ship.id)!;
      const error = Math.max(Math.abs(shown.x - ship.x), Math.abs(shown.y - ship.y)) / STEP;
      // Within the hysteresis a row may be either.
      const way = Math.hypot(ship.x, ship.y);
      const exact = far === undefined || way < far * 0.9;
      expect(error).toBeLessThanOrEqual((exact ? 0 : FAR_STEPS) + 0.5 + 1e-6);
      if (exact) near++;
      else if (error > 1) off++;
      if (wasNear.get(ship.id) === !exact) crossed++;
      wasNear.set(ship.id, exact);
    }
  }
  const bytes = client.stats.bytesIn - before;
  await stepper.close();
  return { near, off, crossed, bytes };
}

test('what is far is off by no more than it may, and what is near by nothing', async () => {
  const parted = await run(NEAR);
  expect(parted.near).toBeGreaterThan(300);
  expect(parted.off).toBeGreaterThan(1000);
  expect(parted.crossed).toBeGreaterThan(10);
  const whole = await run(undefined);
  expect(parted.bytes / whole.bytes).toBeLessThan(0.8);
});
