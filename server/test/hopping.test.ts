// Seats that fall behind again and again, as one does whose player acknowledges nothing until it is
// cut off and then everything at once: each time they cost a body of their own. They are told in
// turn, so many rows in a STATE, and who keeps up is told of every tick.
import { afterEach, expect, test } from 'vitest';
import { flock, flockGame, Reader } from './flock.ts';
import { Stepper } from './stepper.ts';

const BIRDS = 1000;
const HOPPERS = 24;
const TICK_MS = 1000 / flockGame.tickRate;
/** Rows told out of step in one STATE at 20 Hz (turns.ts). */
const ROWS = 2000;

let stepper: Stepper;
afterEach(() => stepper.close());

test('seats that are behind every other tick take turns, and cost others no STATE', async () => {
  stepper = await Stepper.start({
    rooms: { field: flock({ birds: BIRDS, seats: HOPPERS + 1, radius: 1500 }) },
    // Anything that is not acknowledged yet is too much.
    limits: { connectionsPerAddress: HOPPERS + 1, slowSeatBytes: 1 },
  });
  const room = stepper.room('field');
  const readers = Array.from({ length: HOPPERS + 1 }, () => {
    const reader = Reader.over(stepper.transport);
    reader.hello('field');
    return reader;
  });
  const [honest, ...hoppers] = readers;
  let hops = false;
  /** In each tick: hoppers who were told what changed since a STATE that is long past. */
  const late: number[] = [];
  const turns = new Map(hoppers.map((hopper) => [hopper, 0]));
  const last = new Map<Reader, number>();
  stepper.onTick = () => {
    let count = 0;
    for (const reader of readers) reader.look(room);
    for (const hopper of hoppers) {
      const { sentTick } = hopper.seatOf(room)!;
      if (sentTick === room.doneTick && last.get(hopper) !== room.doneTick - 1) {
        count++;
        if (hops) turns.set(hopper, turns.get(hopper)! + 1);
      }
      last.set(hopper, sentTick);
    }
    if (hops) late.push(count);
  };
  stepper.onStride = () => {
    honest.acknowledge();
    if (!hops || room.doneTick % 2 === 0) for (const hopper of hoppers) hopper.acknowledge();
  };
  await stepper.advance(40 * TICK_MS);
  const before = honest.states;
  hops = true;
  await stepper.advance(100 * TICK_MS);
  expect(honest.states - before).toBe(100);
  // A seat's turn may pass the limit by what it sees itself.
  expect(Math.max(...late)).toBeLessThanOrEqual(Math.ceil(ROWS / BIRDS) + 1);
  expect(Math.max(...late)).toBeGreaterThan(0);
  const [least, most] = [Math.min(...turns.values()), Math.max(...turns.values())];
  expect(least).toBeGreaterThan(2);
  expect(most - least).toBeLessThanOrEqual(2);

  hops = false;
  await stepper.advance(40 * TICK_MS);
  for (const reader of readers) {
    expect([reader.tick, reader.bye]).toEqual([room.doneTick, '']);
    expect(reader.differences(room)).toEqual([]);
  }
});
