// What rewind gives is what the seat's own view() showed for the stamp that its input carried:
// fraction, rounding, teleports, sight and skipped STATEs included. The client is the judge: each
// look of the server is compared with the picture it drew at that shown tick.

import {
  bool,
  defineGame,
  type EntityId,
  fixed,
  int,
  list,
  map,
  record,
  text,
} from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { defineRoom, type Past, type RoomDefinition } from '../src/index.ts';
import { type Player, Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

/** Coarse on purpose: a rewind that forgets to round is off by up to two steps. */
const STEP = 2;
const TICK_RATE = 30;
/** Fastest motion, units in a tick. */
const FASTEST = 11;
/** Steps that the far may be off. */
const FAR = 4;
/**
 * A shown tick travels in 1/64: half of that at the fastest that is shown, which rounding by half a
 * step and those of `far` at either end adds to.
 */
const STAMP_ERROR = (FASTEST + (2 * FAR + 1) * STEP) / 128;

const game = defineGame({
  tickRate: TICK_RATE,
  entities: {
    runner: {
      x: fixed(-4000, 4000, STEP).smooth({ within: 1, far: FAR }),
      y: fixed(-4000, 4000, STEP).smooth({ by: 'vy', far: FAR }),
      vy: fixed(-400, 400, 1),
      hidden: bool(),
      label: text(8),
      secret: int(0, 9999).serverOnly(),
      bag: list(int(0, 9), 4),
      pairs: map(int(0, 9), int(0, 9), 4),
      group: record({ n: int(0, 9) }),
    },
    gunner: { x: fixed(-4000, 4000, STEP).smooth(), y: fixed(-4000, 4000, STEP).smooth() },
  },
  input: { dx: int(-1, 1), seen: int(0, 99_999) },
  step: {
    gunner(self, { dx }, { dt }) {
      self.x += dx * 97.3 * dt;
    },
  },
});
type Definition = RoomDefinition<typeof game, undefined, undefined>;
type Runner = EntityId<'runner'>;

interface Picture {
  readonly tick: number;
  /** Newest STATE that was there to draw from; of a look, when its input was made. */
  readonly newest?: number;
  readonly places: ReadonlyMap<number, { x: number; y: number }>;
}

interface Look extends Picture {
  /** Tick of the server at that moment. */
  readonly now: number;
}

const RUNNERS = 6;

/** Runners that zigzag, jump, and hide; a gunner that looks at them in every tick. */
async function play(
  more: Partial<Definition>,
  latencyMs: number,
  stallMs = 0,
  ms = 12_000,
  seed = 1,
) {
  const looks: Look[] = [];
  const ids: Runner[] = [];
  /** The newest STATE at each reading of the controls: what an input tells of as `seen`. */
  const known = [0];
  const field = defineRoom<typeof game>(game, {
    open: (room) => {
      for (let i = 0; i < RUNNERS; i++) ids.push(room.spawn('runner', { y: i * 50 }).id);
    },
    join: (room, seat) => void room.spawn('gunner', {}, seat),
    tick(room) {
      const seat = room.seat(1);
      if (seat && room.tick > 150) {
        const newest = known[seat.input.seen];
        looks.push({ ...room.rewind(seat, placesOf), now: room.tick, newest });
      }
      ids.forEach((id, i) => {
        const row = room.get('runner', id)!;
        row.x += Math.floor((room.tick + i) / 7) % 3 === 0 ? FASTEST - 0.7 : -5.3;
        row.vy = Math.floor(room.tick / 40) % 2 === 0 ? 61 : -61;
        row.y += row.vy * room.dt;
        row.hidden = Math.floor((room.tick + 9 * i) / 45) % 2 === 0;
        if (room.tick % 53 === i) {
          row.x = -row.x;
          row.teleport();
        }
      });
    },
    ...more,
  });
  stepper = await Stepper.start({ rooms: { field }, seed });
  const line = { latencyMs, jitterMs: 8, stallMs, stallEveryMs: 2500, bandwidthKbps: 0 };
  let player: Player<typeof game> | undefined;
  player = await stepper.join(game, {
    room: 'field',
    up: { ...line, stallMs: 0 },
    down: line,
    sample: () => {
      if (player) known.push(player.client.newest().tick);
      return { dx: (Math.floor(stepper.nowMs / 300) % 3) - 1, seen: known.length - 1 };
    },
  });
  const pictures: Picture[] = [];
  stepper.onStride = () => {
    const view = player.client.view();
    const { tick: newest } = player.client.newest();
    pictures.push({ ...pictureOf(view.tick, view.all('runner')), newest });
  };
  await stepper.advance(ms);
  return { looks, pictures, player, ids };
}

function placesOf(past: Past<typeof game>): Picture {
  return pictureOf(past.tick, past.all('runner'));
}

function pictureOf(tick: number, rows: Iterable<{ id: number; x: number; y: number }>): Picture {
  const places = new Map<number, { x: number; y: number }>();
  for (const { id, x, y } of rows) places.set(id, { x, y });
  return { tick, places };
}

/** The picture drawn at a shown tick, as near as a stamp says it. */
function drawnAt(pictures: readonly Picture[], tick: number): Picture | undefined {
  return pictures.find((picture) => Math.abs(picture.tick - tick) <= 1 / 128 + 1e-9);
}

const KINDS: Record<string, Partial<Definition>> = {
  'every tick': {},
  'every third tick': { sendEvery: 3 },
  'plain, every second tick': { sendEvery: 2, wire: 'plain' },
  'less exactly to the far': {
    sendEvery: 2,
    interest: { around: () => ({ x: -3000, y: 0 }), radius: 9000, far: 100 },
  },
  'with sight': { sendEvery: 2, sees: (_seat, row) => row.kind !== 'runner' || !row.hidden },
};

describe.each(Object.keys(KINDS))('a room that sends %s', (name) => {
  test('shows the server what its player was shown', async () => {
    const { looks, pictures } = await play(KINDS[name], 60);
    let compared = 0;
    let between = 0;
    for (const look of looks) {
      const drawn = drawnAt(pictures, look.tick);
      if (!drawn) continue;
      // Within half a stamp of a STATE either side of it may have been drawn.
      const every = KINDS[name].sendEvery ?? 1;
      const near = Math.abs(look.tick / every - Math.round(look.tick / every)) * every < 1 / 64;
      if (near) continue;
      expect([...look.places.keys()].sort()).toEqual([...drawn.places.keys()].sort());
      for (const [id, { x, y }] of drawn.places) {
        const seen = look.places.get(id)!;
        expect(Math.abs(seen.x - x), `x of ${id} at ${look.tick}`).toBeLessThan(STAMP_ERROR);
        expect(Math.abs(seen.y - y), `y of ${id} at ${look.tick}`).toBeLessThan(STAMP_ERROR);
      }
      compared++;
      if (look.tick % 1 !== 0) between++;
    }
    expect(compared).toBeGreaterThan(looks.length / 2);
    expect(between).toBeGreaterThan(100);
  });
});

test('an input carries the picture that its player saw when it made it', async () => {
  const stamps: { seen: number; tick: number }[] = [];
  const field = defineRoom<typeof game>(game, {
    sendEvery: 2,
    tick(room) {
      const seat = room.seat(1);
      if (seat && room.tick > 150)
        stamps.push({ seen: seat.input.seen, tick: room.rewind(seat, (past) => past.tick) });
    },
  });
  stepper = await Stepper.start({ rooms: { field } });
  const line = { latencyMs: 40, jitterMs: 0, stallMs: 0, stallEveryMs: 0, bandwidthKbps: 0 };
  const drawn: number[] = [0];
  const sample = () => ({ dx: 0, seen: drawn.length - 1 });
  const player = await stepper.join(game, { room: 'field', up: line, down: { ...line }, sample });
  // Some drawn frames are late: inputs are made between two of them as well.
  for (let frame = 0; frame < 900; frame++) {
    await stepper.advance(frame % 10 === 0 ? 50 : 1000 / 60);
    drawn.push(player.client.view().tick);
  }
  const off = stamps.filter(({ seen, tick }) => Math.abs(drawn[seen] - tick) > 1 / 128 + 1e-9);
  expect(stamps.length).toBeGreaterThan(300);
  expect(off.length).toBeLessThan(stamps.length / 100);
});

test.each([1, 4, 9, 12])(
  'what was guessed while news were late is guessed again: %i',
  async (seed) => {
    const { looks, pictures } = await play({ sendEvery: 2 }, 40, 220, 45_000, seed);
    let guessed = 0;
    let same = 0;
    for (const look of looks) {
      const drawn = drawnAt(pictures, look.tick);
      if (!drawn || drawn.tick <= drawn.newest! + 1 / 64) continue;
      const off = [...drawn.places].map(([id, { x, y }]) => {
        const seen = look.places.get(id)!;
        return Math.max(Math.abs(seen.x - x), Math.abs(seen.y - y));
      });
      const isSame = Math.max(...off) < STAMP_ERROR;
      // News came between the picture and the input: the server knows better than the picture.
      if (!isSame && look.newest !== drawn.newest) continue;
      guessed++;
      if (isSame) same++;
    }
    expect(guessed).toBeGreaterThan(20);
    // What was guessed wrongly before may still be gliding back in the picture.
    expect(same / guessed).toBeGreaterThan(0.85);
  },
);
