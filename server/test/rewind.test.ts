// Rewind gives the game the world as a player was shown it: the same tick, the same blend.

import { type EntityId, FrameType, type Link } from '@tickwire/protocol';
import { afterEach, expect, test } from 'vitest';
import { arcade, BAD_LINE, game } from './arcade.ts';
import { Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

const TURN_TICKS = 7;
/** Both ends round a shown place to a sixteenth. */
const STEP = 1 / 16;

/** A coin that zigzags, its places by tick, and what a shooter's rewind and screen said of it. */
async function shots(sendEvery: number, line: typeof BAD_LINE) {
  const places = new Map<number, number>();
  const past: { tick: number; x: number; done: number }[] = [];
  let coin = 0 as EntityId<'coin'>;
  const field = arcade({
    sendEvery,
    open: (room) => void (coin = room.spawn('coin', {}).id) as undefined,
    tick(room) {
      const row = room.get('coin', coin)!;
      const seat = room.seat(1);
      if (seat && room.tick > 120)
        room.rewind(seat, (world) => {
          past.push({ tick: world.tick, x: world.get('coin', coin)!.x, done: room.tick - 1 });
        });
      row.x += Math.floor(room.tick / TURN_TICKS) % 3 === 0 ? 9.3 : -4.7;
      places.set(room.tick, row.x);
    },
  });
  stepper = await Stepper.start({ rooms: { field } });
  const shown: number[] = [];
  const a = await stepper.join(game, {
    room: 'field',
    up: { ...line },
    down: { ...line },
    sample: () => ({ dx: 0, dy: 0, fire: false }),
  });
  for (let frame = 0; frame < 600; frame++) {
    await stepper.advance(1000 / 60);
    shown.push(a.client.view().tick);
  }
  return { places, past, shown, stats: a.client.stats };
}

test.each([1, 2, 3])('rewind blends between the ticks that were sent (every %i)', async (every) => {
  const { places, past } = await shots(every, { ...BAD_LINE, stallMs: 0, stallEveryMs: 0 });
  expect(past.length).toBeGreaterThan(100);
  for (const { tick, x } of past) {
    const older = Math.floor(tick / every) * every;
    const from = places.get(older)!;
    const to = places.get(older + every) ?? from;
    expect(Math.abs(x - (from + ((to - from) * (tick - older)) / every))).toBeLessThan(STEP);
  }
});

test('rewind goes to the fractional tick that was on the screen', async () => {
  const { past, shown } = await shots(1, {
    ...BAD_LINE,
    jitterMs: 10,
    stallMs: 0,
    stallEveryMs: 0,
  });
  expect(past.some(({ tick }) => tick % 1 !== 0)).toBe(true);
  for (const { tick } of past) {
    const nearest = Math.min(...shown.map((one) => Math.abs(one - tick)));
    expect(nearest).toBeLessThan(0.6);
  }
});

test('{T56} [C3] rewind reaches no further than the measured line allows', async () => {
  const { past } = await shots(1, { ...BAD_LINE, latencyMs: 20, jitterMs: 0, stallMs: 0 });
  const tickMs = 1000 / game.tickRate;
  for (const { tick, done } of past)
    expect(done - tick).toBeLessThan((40 + 33 + 250 + 20) / tickMs);
  const room = stepper.room('field');
  const seat = room.seat(1)!;
  // A client that lies about what it was shown gets no further.
  const stamps = Float64Array.of(room.tick - 5000, Number.NaN, room.tick);
  seat.inputs.put(room.tick, Float64Array.of(1, 1, 0), stamps);
  seat.takeInput(room.tick);
  const reached = room.rewind(seat, (world) => (world as { tick: number }).tick);
  expect(room.doneTick - reached).toBeLessThan((60 + 34 + 250) / tickMs);
});

test('{T56} [C3] a client that answers only some pings in time reaches no further', async () => {
  stepper = await Stepper.start({ rooms: { field: arcade() } });
  let pongs = 0;
  const hold = (line: Link): Link => {
    const { send } = line;
    line.send = (bytes) => {
      // A frame is [type, ...]: the type stands behind the array's head.
      const holds = bytes[1] === FrameType.Pong && ++pongs % 4 !== 0;
      const copy = bytes.slice();
      if (holds) stepper.later(900, () => send.call(line, copy));
      else send.call(line, copy);
    };
    return line;
  };
  await stepper.join(game, { room: 'field', link: hold });
  await stepper.advance(20_000);
  expect(pongs).toBeGreaterThan(10);
  const room = stepper.room('field');
  const seat = room.seat(1)!;
  expect(seat.rttMs).toBeGreaterThan(300);
  const stamps = Float64Array.of(room.tick - 5000, Number.NaN, room.tick);
  seat.inputs.put(room.tick, Float64Array.of(1, 1, 0), stamps);
  seat.takeInput(room.tick);
  const reached = room.rewind(seat, (world) => (world as { tick: number }).tick);
  expect(room.doneTick - reached).toBeLessThan((34 + 250 + 20) / (1000 / game.tickRate));
});
