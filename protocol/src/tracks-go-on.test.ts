// Tracks that go on for many sends at once: where they come to is what so many sends come to one by
// one, and it takes a few rounds however many they are. Seeded.
import { describe, expect, test, vi } from 'vitest';
import { angle, fixed, int } from './builders.ts';
import { defineGame } from './game.ts';
import { MAX_STEP_TICKS } from './limits.ts';
import { Random } from './random.ts';
import { MOST_TRUST, Tracks } from './tracks.ts';

const game = defineGame({
  tickRate: 20,
  entities: {
    ship: {
      vx: fixed(-40, 40, 1 / 4),
      x: fixed(0, 100, 1 / 16).smooth({ by: 'vx' }),
      turning: fixed(-90, 90, 1 / 32),
      course: angle(8).smooth({ by: 'turning' }),
      y: fixed(0, 100, 1 / 16).smooth(),
      heading: angle(4).smooth(),
      odd: angle(1).smooth(),
      bit: int(0, 1).smooth(),
      wide: fixed(0, 2 ** 30, 1).smooth(),
    },
  },
});
const plan = game.kinds[0];
const ROW = 1;
const CASES = 2000;
/** Rounds of one track: its trust is made, it comes to an end of its range or half way around. */
const MOST_ROUNDS = 16;

const start = new Tracks(plan, 1 / 20, 2);
const names = start.plans.map(({ field }) => field.name);

/** A track that stands somewhere and goes somewhere, the same for the same seed. */
function trackBy(random: Random, i: number): { tracks: Tracks; held: number } {
  const tracks = new Tracks(plan, 1 / 20, 2);
  const { spec, rateSpec, mostBias } = tracks.plans[i];
  const held = random.integer(spec.levels + 1);
  tracks.start(i, ROW, held);
  if (rateSpec) {
    tracks.steer(i, ROW, random.integer(rateSpec.levels + 1));
    tracks.bend(i, ROW, random.integer(255) - 127, random.integer(mostBias * 2) - mostBias);
  } else {
    // Rates of all sizes: a wide field has far more that end at once than that go on.
    const most = Math.max(Math.floor(spec.levels * random.next() ** 8), 1);
    tracks.rate[i][ROW] = random.integer(2 * most + 1) - most;
    tracks.bent[i][ROW] = random.integer(MOST_TRUST + 1);
  }
  return { tracks, held };
}

const kept = (tracks: Tracks, i: number) =>
  [tracks.place, tracks.rate, tracks.bent].map((column) => column[i][ROW]);

describe.each(names.map((name, i) => ({ name, i })))('[T2] a track of $name', ({ i }) => {
  test('comes in many sends at once to where it comes one by one', () => {
    for (let seed = 1; seed <= CASES; seed++) {
      const random = new Random(seed);
      const sends = 1 + random.integer(random.next() < 0.1 ? 2000 : 20);
      const ticks = 1 + random.integer(4);
      const { tracks: one, held } = trackBy(new Random(seed), i);
      let wire = held;
      for (let left = sends; left > 0; left--) {
        const comesTo = one.predict(i, ROW, wire, ticks);
        one.follow(i, ROW, wire, comesTo, comesTo);
        wire = comesTo;
      }
      const { tracks: all } = trackBy(new Random(seed), i);
      const cameTo = all.goOn(i, ROW, held, ticks, sends);
      expect([cameTo, ...kept(all, i)], `seed ${seed}`).toEqual([wire, ...kept(one, i)]);
    }
  });

  test('{T43} takes a few rounds for as many sends as a frame may ask for', () => {
    const predict = vi.spyOn(Tracks.prototype, 'predict');
    for (let seed = 1; seed <= CASES; seed++) {
      const { tracks, held } = trackBy(new Random(seed), i);
      predict.mockClear();
      tracks.goOn(i, ROW, held, 1, MAX_STEP_TICKS);
      expect(predict.mock.calls.length, `seed ${seed}`).toBeLessThanOrEqual(MOST_ROUNDS);
    }
    predict.mockRestore();
  });
});
