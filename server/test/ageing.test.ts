// A room in which a quarter of a million entities have come and gone tells of what is in it now in
// as many bytes as when it was new, and keeps no more for them: ids grow, but slots and rows are
// used again. Trap: odds are learnt, so the first ticks are dearer and count for nothing.

import { afterEach, expect, test } from 'vitest';
import { flock, flockGame, Reader } from './flock.ts';
import { Stepper } from './stepper.ts';

const TICK_MS = 1000 / flockGame.tickRate;
const BIRDS = 400;
const SPAWNS = 250_000;
/** One in eight dies in every tick: ages in minutes, and still a flock that mostly flies on. */
const DEATHS = 50;
/** Ticks until the room has learnt the odds of what it does. */
const LEARNING_TICKS = 600;
/** Ticks that are counted, young and old: chance moves their bytes by a fraction of a per cent. */
const COUNTED_TICKS = 1000;
const AGEING_TICKS = SPAWNS / DEATHS - LEARNING_TICKS - COUNTED_TICKS;
/** Most that age may add to the bytes of a tick; odds that are learnt better take some away. */
const AGEING_SHARE = 0.01;

let stepper: Stepper;
afterEach(() => stepper.close());

test.each([
  ['everything', undefined],
  ['its surroundings', 700],
])('[S5] a seat that sees %s is told no more after 250,000 spawns', async (_, radius) => {
  const kind = flock({ birds: BIRDS, seats: 1, deaths: DEATHS, radius });
  stepper = await Stepper.start({ rooms: { field: kind } });
  const room = stepper.room('field');
  const reader = Reader.over(stepper.transport);
  stepper.onTick = () => reader.look(room);
  stepper.onStride = () => reader.acknowledge();
  const counted = async () => {
    const { bytes } = room.replication;
    await stepper.advance(COUNTED_TICKS * TICK_MS);
    return room.replication.bytes - bytes;
  };

  reader.hello('field');
  await stepper.advance(LEARNING_TICKS * TICK_MS);
  const young = await counted();
  const { capacity } = room.world.tables[0];
  const { limit } = reader.seatOf(room)!.known;
  await stepper.advance(AGEING_TICKS * TICK_MS);
  const old = await counted();

  const newest = Math.max(...[...room.world.all('bird')].map(({ id }) => id));
  expect(newest).toBeGreaterThan(SPAWNS);
  expect(old / young).toBeLessThan(1 + AGEING_SHARE);
  expect(room.world.tables[0].capacity).toBe(capacity);
  // The most that were ever in sight at once may still grow a little.
  expect(reader.seatOf(room)!.known.limit).toBeLessThan(Math.max(limit * 1.2, 1));
  expect([reader.tick, reader.differences(room)]).toEqual([room.doneTick, []]);
});
