// What a player sees of others on a bad line: shown time and the motion drawn, against what the
// server knows. The bench's `lines` measures the same for longer; these are the bounds that bind.
import { bool, defineGame, fixed, Random } from '@tickwire/protocol';
import { LINE_PROFILES, type LineSettings, profileLines } from '@tickwire/protocol/simulator';
import { afterEach, expect, test } from 'vitest';
import { defineRoom } from '../src/index.ts';
import { type Player, Stepper } from './stepper.ts';

const TICK_MS = 1000 / 60;
const FRAME_MS = 1000 / 60;
const SEND_EVERY = 3;
const SPEED = 200;
const WALKERS = 6;

const game = defineGame({
  tickRate: 60,
  entities: {
    walker: { x: fixed(-9999, 9999, 1 / 16).smooth(), y: fixed(-9999, 9999, 1 / 16).smooth() },
    gun: { shots: fixed(0, 9999, 1) },
  },
  input: { fire: bool().press() },
  step: {
    gun(self, { fire }) {
      if (fire) self.shots++;
    },
  },
});

/** Walkers that turn and stop as they like, every third of a second or so. */
function walkers(seed: number) {
  const random = new Random(seed);
  const ways: { untilTick: number; vx: number; vy: number }[] = [];
  return defineRoom<typeof game>(game, {
    seats: 2,
    sendEvery: SEND_EVERY,
    open(room) {
      for (let i = 0; i < WALKERS; i++) room.spawn('walker', {});
      return undefined;
    },
    join: (room, seat) => void room.spawn('gun', {}, seat),
    tick(room, dt) {
      let i = 0;
      for (const walker of room.all('walker')) {
        if (!((ways[i]?.untilTick ?? 0) > room.tick)) {
          const speed = random.integer(4) === 0 ? 0 : SPEED;
          const way = random.next() * 2 * Math.PI;
          const untilTick = room.tick + 10 + random.integer(30);
          ways[i] = { untilTick, vx: Math.cos(way) * speed, vy: Math.sin(way) * speed };
        }
        const { vx, vy } = ways[i++]!;
        walker.x += vx * dt;
        walker.y += vy * dt;
      }
    },
  });
}

let stepper: Stepper;
afterEach(() => stepper.close());

/** What was drawn, frame by frame. */
class Eyes {
  readonly delaysMs: number[] = [];
  frozen = 0;
  backward = 0;
  /** Fastest motion drawn, in multiples of SPEED. */
  fastest = 0;
  #tick = Number.NaN;
  readonly #places = new Map<number, { x: number; y: number }>();
  readonly #player: Player<typeof game>;

  constructor(player: Player<typeof game>) {
    this.#player = player;
  }

  async watch(seconds: number): Promise<this> {
    const room = stepper.room('field');
    for (let frame = 0; frame < seconds * 60; frame++) {
      await stepper.advance(FRAME_MS);
      const view = this.#player.client.view();
      this.delaysMs.push((room.schedule.tickAt(stepper.nowMs) - view.tick) * TICK_MS);
      if (view.tick < this.#tick) this.backward++;
      if (view.tick - this.#tick < 0.01) this.frozen++;
      this.#tick = view.tick;
      for (const { id, x, y } of view.all('walker')) {
        const before = this.#places.get(id) ?? { x, y };
        const moved = Math.hypot(x - before.x, y - before.y);
        this.fastest = Math.max(this.fastest, moved / (SPEED * (FRAME_MS / 1000)));
        this.#places.set(id, { x, y });
      }
    }
    return this;
  }

  get delayMs(): number {
    return this.delaysMs.toSorted((a, b) => a - b)[this.delaysMs.length >> 1];
  }
}

async function join(seed: number, up: LineSettings, down: LineSettings, fire = () => false) {
  stepper = await Stepper.start({ rooms: { field: walkers(seed) }, seed });
  const sample = () => ({ fire: fire() });
  return stepper.join(game, { room: 'field', up, down, sample });
}

test.each([1, 2, 3])('on wifi others never jump, and hardly ever stand (seed %i)', async (seed) => {
  const { up, down } = profileLines(LINE_PROFILES.wifi, TICK_MS, TICK_MS * SEND_EVERY);
  const player = await join(seed, up, down);
  // The lead learns from the first stalls, one in five seconds.
  await new Eyes(player).watch(30);
  const before = player.client.stats;
  const eyes = await new Eyes(player).watch(60);
  const after = player.client.stats;
  expect(eyes.backward).toBe(0);
  expect(eyes.fastest).toBeLessThan(1.5);
  expect(eyes.frozen / eyes.delaysMs.length).toBeLessThan(0.005);
  expect(eyes.delayMs).toBeLessThan(130);
  const ticks = after.ticks - before.ticks;
  expect(1 - (after.ticksInTime - before.ticksInTime) / ticks).toBeLessThan(0.005);
});

test('a stall of 600 ms is seen no more as soon as it ends, and no press is doubled', async () => {
  const clear = { latencyMs: 40, jitterMs: 0, stallMs: 0, stallEveryMs: 0, bandwidthKbps: 0 };
  const [up, down]: LineSettings[] = [{ ...clear }, { ...clear }];
  let presses = 0;
  let frame = 0;
  const player = await join(1, up, down, () => {
    // Down for a frame of every ten.
    const fires = ++frame % 10 === 0;
    if (fires) presses++;
    return fires;
  });
  const eyes = await new Eyes(player).watch(10);
  const usualMs = eyes.delaysMs.at(-1)!;
  up.heldUntilMs = down.heldUntilMs = stepper.nowMs + 600;
  await eyes.watch(0.55);
  expect(eyes.delaysMs.at(-1)).toBeGreaterThan(usualMs + 300);
  // A round trip and 150 ms after its end.
  await eyes.watch(0.05 + 0.08 + 0.15);
  expect(eyes.delaysMs.at(-1)).toBeLessThan(usualMs + 50);
  await eyes.watch(5);
  expect(eyes.backward).toBe(0);
  expect(eyes.fastest).toBeLessThan(1.5);
  const gun = stepper.room('field').seat(1)!.own('gun') as unknown as { shots: number };
  expect(gun.shots).toBeLessThanOrEqual(presses);
  // Presses of the stall may fall on one tick; none else is missed, but those still on their way.
  expect(gun.shots).toBeGreaterThan(presses - 10);
});
