// What a player sees of what their own step spawns: at once, once, and as the server has it in the
// end, on any line. Both ends in virtual time.

import type { GameClient } from '@tickwire/client';
import { defineGame, fixed, Random, type RowBase } from '@tickwire/protocol';
import type { LineSettings } from '@tickwire/protocol/simulator';
import { CLEAR_LINE } from '@tickwire/protocol/simulator';
import { afterEach, describe, expect, test } from 'vitest';
import { defineRoom } from '../src/index.ts';
import { BOLT_SPEED, BOLT_TICKS, fired, type Gunnery, gunnery, gunneryRoom } from './gunnery.ts';
import { type Player, type PlayerOptions, Stepper } from './stepper.ts';

const FRAME_MS = 1000 / 60;

let stepper: Stepper;
let player: Player<Gunnery>;
afterEach(() => stepper.close());

const input = { dx: 0, fire: false, burst: false };

/** Ids of the bolts that the server spawned. */
let born: number[] = [];

async function join(
  options: Partial<PlayerOptions<Gunnery>> = {},
  seed = 1,
  more: Parameters<typeof gunneryRoom>[1] = {},
): Promise<GameClient<Gunnery>> {
  Object.assign(input, { dx: 0, fire: false, burst: false });
  born = [];
  fired.length = 0;
  const room = gunneryRoom((id) => born.push(id), more);
  stepper = await Stepper.start({ rooms: { range: room }, seed });
  const sample = () => ({ ...input });
  player = await stepper.join(gunnery, { room: 'range', sample, ...options });
  return player.client;
}

/** Keeps the books of every bolt that was ever drawn, and complains of what may not be. */
class Witness {
  /** Every id above 0 that a row object had, in all. */
  readonly told = new Map<RowBase, number>();
  readonly present = new Set<RowBase>();
  takenBack = 0;
  entered = 0;
  readonly #client: GameClient<Gunnery>;

  constructor(client: GameClient<Gunnery>) {
    this.#client = client;
  }

  look(): void {
    const view = this.#client.view();
    for (const row of view.left('bolt')) {
      expect(this.present.delete(row)).toBe(true);
      if (row.id < 0) this.takenBack++;
    }
    for (const row of view.entered('bolt')) {
      expect(this.told.has(row) || this.present.has(row)).toBe(false);
      this.present.add(row);
      this.entered++;
    }
    const all = [...view.all('bolt')];
    expect(new Set(all)).toEqual(this.present);
    expect(new Set(all.map((row) => row.id)).size).toBe(all.length);
    for (const row of all) {
      expect(row.owner).toBe(this.#client.seat);
      expect(view.get('bolt', row.id)).toBe(row);
      if (row.id < 0) continue;
      expect(this.told.get(row) ?? row.id).toBe(row.id);
      this.told.set(row, row.id);
    }
  }
}

async function draw(
  witness: Witness,
  frames: number,
  play = (_frame: number) => {},
): Promise<void> {
  for (let frame = 0; frame < frames; frame++) {
    play(frame);
    await stepper.advance(FRAME_MS);
    witness.look();
  }
}

const line = (settings: Partial<LineSettings>): LineSettings => ({ ...CLEAR_LINE, ...settings });
const STEADY = line({ latencyMs: 150 });

describe('a shot on a steady line of 300 ms', () => {
  test('is shown in the frame of its press, as a row of one’s own with an id below 0', async () => {
    const client = await join({ up: STEADY, down: STEADY });
    const witness = new Witness(client);
    await draw(witness, 240);
    input.fire = true;
    const view = client.view();
    expect(view.entered('bolt')).toHaveLength(1);
    const [bolt] = view.entered('bolt');
    expect(bolt.id).toBeLessThan(0);
    expect(bolt.owner).toBe(client.seat);
    expect(view.mine('bolt')).toBe(bolt);
    expect(bolt.x).toBeCloseTo(view.mine('ship')!.x + 8, 6);
  });

  test('flies on as the server’s without a correction, and keeps its object', async () => {
    const client = await join({ up: STEADY, down: STEADY });
    const witness = new Witness(client);
    await draw(witness, 240);
    input.fire = true;
    await draw(witness, 1);
    input.fire = false;
    const [bolt] = witness.present;
    const seen = bolt as unknown as { id: number; x: number };
    let { x } = seen;
    let told = 0;
    await draw(witness, 100, () => {
      if (told === 0 && seen.id > 0) told = seen.id;
      if (witness.present.has(bolt)) expect(seen.x - x).toBeLessThan((BOLT_SPEED / 60) * 1.2);
      ({ x } = seen);
    });
    expect(told).toBe(born[0]);
    expect([born.length, witness.entered, witness.takenBack]).toEqual([1, 1, 0]);
    expect(client.stats.corrections).toBe(0);
    await draw(witness, 200);
    expect(witness.present.size).toBe(0);
  });

  test('makes its sound once on each side, however often it is replayed', async () => {
    const client = await join({ up: STEADY, down: STEADY });
    const witness = new Witness(client);
    await draw(witness, 240);
    await draw(witness, 120, (frame) => {
      input.fire = frame === 3;
    });
    expect(fired.length).toBe(2);
    expect(fired[0]).toBe(fired[1]);
  });

  test('comes in a burst of three, each recognised as itself', async () => {
    const client = await join({ up: STEADY, down: STEADY });
    const witness = new Witness(client);
    await draw(witness, 240);
    await draw(witness, 120, (frame) => {
      input.burst = frame === 3;
      input.dx = frame % 30 < 15 ? 1 : -1;
    });
    expect([born.length, witness.entered, witness.takenBack]).toEqual([3, 3, 0]);
    expect(client.stats.corrections).toBe(0);
  });
});

describe('a shot that the server does not fire', () => {
  test('is taken back within a round trip, and leaves with its id below 0', async () => {
    // The gun is unloaded again after every step, which the page cannot know.
    const client = await join({ up: STEADY, down: STEADY }, 1, {
      tick(room) {
        for (const ship of room.all('ship')) if (ship.shots === 0) ship.wait = 7;
      },
    });
    const witness = new Witness(client);
    await draw(witness, 240);
    expect(client.view().mine('ship')!.wait).toBe(0);
    await draw(witness, 60, (frame) => {
      input.fire = frame === 3;
    });
    expect(born).toEqual([]);
    expect(witness.entered).toBe(1);
    expect(witness.takenBack).toBe(1);
    expect(witness.present.size).toBe(0);
  });
});

describe('a step that spawns a kind without a step', () => {
  test('ends the room with the cure in its log', async () => {
    const still = defineGame({
      entities: { ship: { x: fixed(0, 9, 1) }, rock: { x: fixed(0, 9, 1) } },
      step: { ship: (_, __, { spawn }) => spawn('rock', { x: 1 }) },
    });
    const room = defineRoom<typeof still>(still, {
      join: (room, seat) => void room.spawn('ship', {}, seat),
    });
    stepper = await Stepper.start({ rooms: { range: room } });
    await expect(stepper.join(still, { room: 'range' })).rejects.toThrow('the room failed in tick');
    expect(JSON.stringify(stepper.log)).toContain('declare step.rock');
  });
});

/** What was drawn in all is what the server spawned, and nothing else is left. */
function expectSettled(witness: Witness): void {
  const alive = [...stepper.room('range').world.all('bolt')].map((row) => row.id);
  const shown = [...witness.present].map((row) => row.id);
  expect(new Set(shown)).toEqual(new Set(alive));
  const ids = [...witness.told.values()].sort((a, b) => a - b);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(witness.entered - witness.takenBack);
  expect(ids).toEqual(born.sort((a, b) => a - b));
}

/** Fires at random for so many frames, then holds still until nothing is on its way. */
async function fireAtRandom(witness: Witness, frames: number, seed: number): Promise<void> {
  const random = new Random(seed);
  await draw(witness, frames, () => {
    input.fire = random.next() < 0.08;
    input.burst = random.next() < 0.03;
    if (random.next() < 0.1) input.dx = Math.floor(random.next() * 3) - 1;
  });
  Object.assign(input, { dx: 0, fire: false, burst: false });
}

describe('a shot', () => {
  test('is one where rooms show what is near and send what fits', async () => {
    const client = await join({ up: STEADY, down: STEADY }, 1, {
      interest: { around: (seat) => seat.own('ship'), radius: 60 },
      budget: { bytesPerSecond: 2000 },
    });
    const witness = new Witness(client);
    await draw(witness, 240);
    await fireAtRandom(witness, 600, 2);
    await draw(witness, BOLT_TICKS + 60);
    expectSettled(witness);
    expect(witness.takenBack).toBe(0);
    expect(born.length).toBeGreaterThan(20);
  });

  test('on its way when the line broke is the server’s after it, or is taken back', async () => {
    const client = await join({ up: STEADY, down: STEADY });
    const witness = new Witness(client);
    await draw(witness, 240);
    for (const frames of [50, 63]) {
      await fireAtRandom(witness, frames, frames);
      input.fire = true;
      await draw(witness, 2);
      input.fire = false;
      player.cut();
      await stepper.when(() => client.status.state === 'resuming');
      await stepper.when(() => client.status.state === 'live');
      await draw(witness, 120);
    }
    await draw(witness, BOLT_TICKS + 60);
    expectSettled(witness);
    expect(witness.takenBack).toBeGreaterThan(0);
  });

  test('of a page that did not run for a while is neither lost nor doubled', async () => {
    const client = await join({ up: STEADY, down: STEADY });
    const witness = new Witness(client);
    await draw(witness, 240);
    for (const sleepMs of [150, 400, 1200]) {
      await fireAtRandom(witness, 60, sleepMs);
      input.fire = true;
      witness.look();
      input.fire = false;
      stepper.nowMs += sleepMs;
      await draw(witness, 90);
    }
    await draw(witness, BOLT_TICKS + 60);
    expectSettled(witness);
  });
});

describe('on any line', () => {
  const lines: Record<string, Partial<LineSettings>> = {
    jitter: { latencyMs: 40, jitterMs: 30 },
    stalls: { latencyMs: 40, jitterMs: 10, stallMs: 300, stallEveryMs: 900 },
    far: { latencyMs: 150, jitterMs: 50, stallMs: 300, stallEveryMs: 2000 },
    long: { latencyMs: 30, jitterMs: 5, stallMs: 1500, stallEveryMs: 4000 },
  };
  const cases = Object.keys(lines).flatMap((name) =>
    [1, 2, 3].map((seed) => [name, seed, seed === 3 ? 3 : 1] as const),
  );

  test.each(cases)(
    'each spawn of the server is shown once and no more (%s, seed %i, sendEvery %i)',
    async (name, seed, sendEvery) => {
      const bad = line(lines[name]);
      const up = { ...bad };
      const down = { ...bad };
      const client = await join({ up, down }, seed, { sendEvery });
      const witness = new Witness(client);
      await draw(witness, 60);
      await fireAtRandom(witness, 1500, seed);
      Object.assign(up, CLEAR_LINE);
      Object.assign(down, CLEAR_LINE);
      await draw(witness, 120);
      expectSettled(witness);
      expect(born.length).toBeGreaterThan(40);
    },
  );
});
