// What a game may choose: when own actions are shown, how much is predicted, how often is sent.
// Each choice keeps what prediction promises: no correction where inputs come in time, each press
// once.

import type { GameClient } from '@tickwire/client';
import { CLEAR_LINE, type LineSettings } from '@tickwire/protocol/simulator';
import { afterEach, describe, expect, test } from 'vitest';
import { type Gunnery, gunnery, gunneryRoom, SHIP_SPEED } from './gunnery.ts';
import { type PlayerOptions, Stepper } from './stepper.ts';

const FRAME_MS = 1000 / 60;
const input = { dx: 0, fire: false, burst: false };
const STEADY: LineSettings = { ...CLEAR_LINE, latencyMs: 100 };

let stepper: Stepper;
afterEach(() => stepper.close());

async function join(
  options: Partial<PlayerOptions<Gunnery>> = {},
  more: Parameters<typeof gunneryRoom>[1] = {},
): Promise<GameClient<Gunnery>> {
  Object.assign(input, { dx: 0, fire: false, burst: false });
  stepper = await Stepper.start({ rooms: { range: gunneryRoom(undefined, more) } });
  const line = { up: STEADY, down: STEADY };
  const sample = () => ({ ...input });
  const player = await stepper.join(gunnery, { room: 'range', sample, ...line, ...options });
  await draw(player.client, 180);
  return player.client;
}

async function draw(
  client: GameClient<Gunnery>,
  frames: number,
  look = (_frame: number) => {},
): Promise<void> {
  for (let frame = 0; frame < frames; frame++) {
    await stepper.advance(FRAME_MS);
    client.view();
    look(frame);
  }
}

/** Plays for a while; answers corrections, ticks without an input in time, and presses. */
async function play(client: GameClient<Gunnery>, frames: number) {
  const before = client.stats;
  let presses = 0;
  await draw(client, frames, (frame) => {
    if (frame % 17 === 0) input.dx = [1, 0, -1][(frame / 17) % 3];
    input.fire = frame % 20 === 0;
    if (input.fire) presses++;
  });
  input.fire = false;
  await draw(client, 60);
  const { corrections, ticks, ticksInTime, framesOut } = client.stats;
  return {
    presses,
    corrections: corrections - before.corrections,
    late: ticks - before.ticks - (ticksInTime - before.ticksInTime),
    messages: framesOut - before.framesOut,
  };
}

function shots(): number {
  const [ship] = stepper.room('range').world.all('ship');
  return ship.shots as number;
}

/** Frames from pressing to the first picture of own motion. */
async function framesToScreen(client: GameClient<Gunnery>): Promise<number> {
  const { x } = client.view().mine('ship')!;
  input.dx = 1;
  for (let frame = 1; frame < 60; frame++) {
    await stepper.advance(FRAME_MS);
    if (client.view().mine('ship')!.x > x) return frame;
  }
  return Number.POSITIVE_INFINITY;
}

describe('an input delay', () => {
  test.each([0, 3, 6])('of %i ticks shows own motion so much later', async (inputDelayTicks) => {
    const client = await join({ inputDelayTicks });
    expect(client.stats.inputDelayTicks).toBe(inputDelayTicks);
    const frames = await framesToScreen(client);
    expect(frames).toBeGreaterThanOrEqual(Math.max(inputDelayTicks, 1));
    expect(frames).toBeLessThanOrEqual(inputDelayTicks + 1);
  });

  test('is never corrected, and shows own motion smoothly', async () => {
    const client = await join({ inputDelayTicks: 4 });
    let { x } = client.view().mine('ship')!;
    const { corrections, presses, late } = await play(client, 600);
    expect([corrections, late]).toEqual([0, 0]);
    expect(shots()).toBe(presses);
    input.dx = 1;
    await draw(client, 30);
    ({ x } = client.view().mine('ship')!);
    await draw(client, 60, () => {
      const next = client.view().mine('ship')!.x;
      expect(next - x).toBeCloseTo(SHIP_SPEED / 60, 1);
      ({ x } = client.view().mine('ship')!);
    });
  });

  test('shows a shot as late as everything else one does', async () => {
    const client = await join({ inputDelayTicks: 4 });
    input.fire = true;
    const shown: number[] = [];
    await draw(client, 12, () => void shown.push([...client.view().all('bolt')].length));
    const first = shown.indexOf(1);
    expect(first).toBeGreaterThanOrEqual(3);
    expect(first).toBeLessThanOrEqual(4);
    expect(shown.slice(first).every((count) => count === 1)).toBe(true);
  });

  test('is no longer than what there is to predict', async () => {
    const client = await join({ inputDelayTicks: 60 });
    const { inputDelayTicks } = client.stats;
    expect(inputDelayTicks).toBeGreaterThan(5);
    expect(inputDelayTicks).toBeLessThan(16);
    expect((await play(client, 300)).corrections).toBe(0);
  });

  test('of all there is to predict leaves room for states that come early', async () => {
    const line = { ...STEADY, jitterMs: 30 };
    const client = await join({ inputDelayTicks: 60, up: line, down: line });
    input.dx = 1;
    await draw(client, 60);
    let { x } = client.view().mine('ship')!;
    let uneven = 0;
    await draw(client, 600, () => {
      const next = client.view().mine('ship')!.x;
      if (Math.abs((next - x) / (SHIP_SPEED / 60) - 1) > 0.15) uneven++;
      x = next;
    });
    expect(uneven).toBeLessThanOrEqual(6);
  });
});

describe('a bound on what is predicted', () => {
  test('delays own actions by what the line wants more', async () => {
    const client = await join({ maxPredictTicks: 6 });
    const { inputLeadTicks, inputDelayTicks, rttMs } = client.stats;
    expect(inputLeadTicks + rttMs / 2 / FRAME_MS - inputDelayTicks).toBeCloseTo(6, 0);
    const { corrections, late, presses } = await play(client, 600);
    expect([corrections, late]).toEqual([0, 0]);
    expect(shots()).toBe(presses);
  });

  test('delays nothing where there is less to predict', async () => {
    const line = { ...CLEAR_LINE, latencyMs: 10 };
    const client = await join({ maxPredictTicks: 12, up: line, down: line });
    expect(client.stats.inputDelayTicks).toBe(0);
  });

  test('lets own motion neither jump nor stand while the line becomes longer', async () => {
    const up = { ...STEADY };
    const down = { ...STEADY };
    const client = await join({ maxPredictTicks: 6, up, down });
    input.dx = 1;
    await draw(client, 30);
    let { x } = client.view().mine('ship')!;
    up.latencyMs = down.latencyMs = 130;
    await draw(client, 300, () => {
      const next = client.view().mine('ship')!.x;
      expect(next - x).toBeGreaterThan((SHIP_SPEED / 60) * 0.85);
      expect(next - x).toBeLessThan((SHIP_SPEED / 60) * 1.15);
      x = next;
    });
  });
});

describe('two ticks in a message', () => {
  test('send half the messages, and are in time all the same', async () => {
    const client = await join({ ticksPerMessage: 2 });
    const { corrections, late, presses, messages } = await play(client, 600);
    expect([corrections, late]).toEqual([0, 0]);
    expect(shots()).toBe(presses);
    // 660 ticks; and pings and pongs, a few a second.
    expect(messages).toBeGreaterThan(329);
    expect(messages).toBeLessThan(420);
  });

  test('cost one tick of lead, from the first input on', async () => {
    const one = (await join()).stats.inputLeadTicks;
    await stepper.close();
    const two = (await join({ ticksPerMessage: 2 })).stats.inputLeadTicks;
    expect(two - one).toBeCloseTo(1, 0);
  });

  test('show own motion in the next picture, as ever', async () => {
    const client = await join({ ticksPerMessage: 2 });
    expect(await framesToScreen(client)).toBe(1);
  });
});

describe('a room that sends every third tick', () => {
  test('neither corrects what is predicted nor loses a press', async () => {
    const client = await join({}, { sendEvery: 3 });
    const { corrections, late, presses } = await play(client, 600);
    expect([corrections, late]).toEqual([0, 0]);
    expect(shots()).toBe(presses);
  });

  test('shows own motion in the next picture, also with two ticks in a message', async () => {
    const client = await join({ ticksPerMessage: 2 }, { sendEvery: 3 });
    expect(await framesToScreen(client)).toBe(1);
  });
});

describe('the past that a shot is judged in', () => {
  test.each([
    [1, 1],
    [2, 1],
    [1, 3],
    [2, 3],
  ])(
    'is what was shown, with %i ticks in a message and a state every %i ticks',
    async (ticksPerMessage, sendEvery) => {
      const judged: number[] = [];
      const client = await join(
        { ticksPerMessage },
        {
          sendEvery,
          tick(room) {
            for (const seat of room.seats)
              if (seat.input.fire) room.rewind(seat, (past) => judged.push(past.tick));
          },
        },
      );
      const shown: number[] = [];
      await draw(client, 400, (frame) => {
        input.fire = frame % 37 === 0;
        if (input.fire) shown.push(client.view().tick);
      });
      await draw(client, 60);
      expect(judged.length).toBe(shown.length);
      // A press is made within a tick of its picture, and the past is told in 1/64 tick.
      for (const [i, tick] of judged.entries()) expect(Math.abs(tick - shown[i])).toBeLessThan(1.1);
    },
  );
});
