// Tracks in numbers worked out by hand: where they come to, what a departure makes of them, and the
// ends of their range. protocol/test/motion.test.ts has both sides follow them together.
import { describe, expect, test } from 'vitest';
import { angle, fixed, int, quat, vec2 } from './builders.ts';
import { defineGame } from './game.ts';
import { MOST_TRUST, restsAt, SUB_STEPS, Tracks } from './tracks.ts';

const game = defineGame({
  tickRate: 20,
  entities: {
    ship: {
      vx: fixed(-40, 40, 1 / 4),
      x: fixed(0, 100, 1 / 16).smooth({ by: 'vx' }),
      turning: fixed(-4, 4, 1 / 32),
      course: angle(8).smooth({ by: 'turning' }),
      y: fixed(0, 100, 1 / 16).smooth(),
      heading: angle(8).smooth(),
      at: vec2(0, 9, 1).smooth(),
      turn: quat(8).smooth(),
      secret: fixed(0, 9, 1).smooth().ownerOnly(),
      vast: fixed(0, 2 ** 32, 1).smooth(),
      quick: int(0, 2 ** 32),
      far: fixed(0, 100, 1 / 16).smooth({ by: 'quick' }),
    },
  },
});
const plan = game.kinds[0];
const ROW = 1;
const LEVELS = 1600;
const indexOf = (tracks: Tracks, name: string) => tracks.ofField[plan.byName.get(name)!.index];

/** A track of a field that starts on a wire value, with a velocity's wire value if it has one. */
function trackOf(name: string, wire: number, velocityWire?: number) {
  const tracks = new Tracks(plan, 1 / 20, 2);
  const i = indexOf(tracks, name);
  tracks.start(i, ROW, wire);
  if (velocityWire !== undefined) tracks.steer(i, ROW, velocityWire);
  let held = wire;
  return {
    tracks,
    i,
    /** One send of `ticks`; the truth is on the track, or at `truth`. Answers where it came to. */
    send(truth?: number, ticks = 1): number {
      const comesTo = tracks.predict(i, ROW, held, ticks);
      const told = truth ?? comesTo;
      tracks.follow(i, ROW, held, comesTo, told);
      held = told;
      return comesTo;
    },
    place: () => tracks.place[i][ROW],
    rate: () => tracks.rate[i][ROW],
    bent: () => tracks.bent[i][ROW],
  };
}

/** Wire value of a velocity of vx. */
const velocity = (perSecond: number) => (perSecond + 40) * 4;

describe('which fields have tracks', () => {
  const tracks = new Tracks(plan, 1 / 20, 2);

  test('smooth ones that everybody sees, one for each component', () => {
    expect(tracks.plans.map(({ field, component }) => `${field.name} ${component}`).sort()).toEqual(
      ['at 0', 'at 1', 'course 0', 'far 0', 'heading 0', 'x 0', 'y 0'].sort(),
    );
  });

  test.each(['vx', 'turn', 'secret', 'vast'])('not %s', (name) => {
    expect(indexOf(tracks, name)).toBe(-1);
  });
});

describe('a track by velocity', () => {
  // 20 ticks a second, 16 steps a unit: a unit a second is 0.05 * 16 * 256 = 204.8 sub-steps a
  // tick.
  test('moves 8 steps a tick at 10 units a second', () => {
    const track = trackOf('x', 100, velocity(10));
    expect(track.rate()).toBe(2048);
    expect([track.send(), track.send(), track.send()]).toEqual([108, 116, 124]);
  });

  test('keeps its place in sub-steps: 2099 a tick at 10.25, so 108.2, 116.4, 124.6', () => {
    const track = trackOf('x', 100, velocity(10.25));
    expect(track.rate()).toBe(2099);
    expect([track.send(), track.place()]).toEqual([108, 25_600 + 2099]);
    expect([track.send(), track.send()]).toEqual([116, 125]);
    expect(track.tracks.beside).toBe(25_600 + 3 * 2099 - 125 * SUB_STEPS);
  });

  test('[T2] goes as far in one send of three ticks as in three of one', () => {
    const [one, three] = [trackOf('x', 100, velocity(-7.25)), trackOf('x', 100, velocity(-7.25))];
    for (let i = 0; i < 6; i++) one.send();
    three.send(undefined, 3);
    three.send(undefined, 3);
    expect(three.place()).toBe(one.place());
  });

  test('stops at the ends of its range, and goes back from there', () => {
    const track = trackOf('x', LEVELS - 5, velocity(10));
    expect([track.send(), track.send(), track.place()]).toEqual([
      LEVELS,
      LEVELS,
      LEVELS * SUB_STEPS,
    ]);
    track.tracks.steer(track.i, ROW, velocity(-10));
    expect(track.send()).toBe(LEVELS - 8);
    const low = trackOf('x', 3, velocity(-10));
    expect([low.send(), low.send(), low.place()]).toEqual([0, 0, 0]);
  });

  test('a step too far ahead puts it on the edge behind, and bends it by an eighth of 27', () => {
    const track = trackOf('x', 100, velocity(10));
    track.send(109);
    expect([track.place(), track.bent()]).toEqual([109 * SUB_STEPS - 128, 3]);
    expect(track.send()).toBe(Math.floor((109 * SUB_STEPS - 128 + 2048 + 3) / SUB_STEPS + 0.5));
    const behind = trackOf('x', 100, velocity(10));
    behind.send(107);
    expect([behind.place(), behind.bent()]).toEqual([107 * SUB_STEPS + 127, -3]);
  });

  test('never bends further than the rounding of its velocity may hide: 27 sub-steps', () => {
    for (const way of [1, -1]) {
      const track = trackOf('x', 800, velocity(0));
      for (let i = 0; i < 30; i++) track.send(800 + way * (i + 1));
      expect(track.bent()).toBe(way * 27);
    }
  });

  test('a departure of more steps is where it is, in the middle of its step', () => {
    const track = trackOf('x', 100, velocity(10.25));
    track.send(50);
    expect([track.place(), track.bent()]).toEqual([50 * SUB_STEPS, 0]);
  });

  test('what stood still though it should have gone 2 steps or more keeps its place', () => {
    const track = trackOf('x', 100, velocity(10.25));
    track.send();
    const place = track.place();
    expect(place).toBe(27_699);
    track.send(108);
    expect([track.place(), track.bent()]).toEqual([place, 0]);
    expect(track.send()).toBe(116);
  });

  test('another velocity forgets the bias, the same does not', () => {
    const track = trackOf('x', 100, velocity(10));
    track.send(109);
    expect([track.tracks.steer(track.i, ROW, velocity(10)), track.bent()]).toEqual([false, 3]);
    expect([track.tracks.steer(track.i, ROW, velocity(9)), track.bent()]).toEqual([true, 0]);
  });

  test('a velocity of more than 2^31 levels is the same when it is told again', () => {
    const track = trackOf('far', 100, 2 ** 31 + 5);
    expect(track.tracks.steer(track.i, ROW, 2 ** 31 + 5)).toBe(false);
  });

  test('of an angle wraps: 254 and 1043 sub-steps are 2, and 255.8 is 0', () => {
    // 2 rad/s: 0.05 * 256 / 2 pi * 256 * 2.
    const track = trackOf('course', 254, (2 + 4) * 32);
    expect(track.rate()).toBe(1043);
    expect([track.send(), track.place()]).toEqual([2, 254 * SUB_STEPS + 1043 - 65_536]);
    const near = trackOf('course', 255, (0.375 + 4) * 32);
    expect([near.rate(), near.send(), near.place()]).toEqual([196, 0, 196 - SUB_STEPS]);
    expect(near.send()).toBe(1);
  });
});

describe('a track by itself', () => {
  test('holds still until the same step came twice, then goes on', () => {
    const track = trackOf('y', 10);
    expect([track.send(13), track.bent(), track.rate()]).toEqual([10, 0, 3]);
    expect([track.send(16), track.bent()]).toEqual([13, 1]);
    expect([track.send(), track.send(), track.send(), track.bent()]).toEqual([
      19,
      22,
      25,
      MOST_TRUST,
    ]);
  });

  test('loses trust one by one, and the rate with the first stop', () => {
    const track = trackOf('y', 10);
    for (const truth of [13, 16, 19, 22, 25]) track.send(truth);
    expect(track.bent()).toBe(MOST_TRUST);
    expect([track.send(25), track.bent(), track.rate()]).toEqual([28, MOST_TRUST - 1, 0]);
    expect([track.send(), track.bent()]).toEqual([25, MOST_TRUST - 1]);
  });

  test('a jump of an eighth of the range says nothing of the next step', () => {
    const track = trackOf('y', 100);
    track.send(103);
    track.send(106);
    track.send(109 + LEVELS / 8);
    expect(track.rate()).toBe(0);
    track.send(110 + LEVELS / 8 + LEVELS / 8 - 2);
    expect(track.rate()).toBe(LEVELS / 8 - 1);
  });

  test('stops at the ends of its range', () => {
    for (const [truths, end] of [
      [[LEVELS - 8, LEVELS - 5, LEVELS - 2], LEVELS],
      [[8, 5, 2], 0],
    ] as const) {
      const track = trackOf('y', truths[0]);
      track.send(truths[1]);
      track.send(truths[2]);
      expect([track.send(), track.send()]).toEqual([end, end]);
    }
  });

  test('of an angle goes round: 250, 253, 0, 3, and back', () => {
    const track = trackOf('heading', 250);
    track.send(253);
    track.send(0);
    expect([track.rate(), track.send(), track.send()]).toEqual([3, 3, 6]);
    const back = trackOf('heading', 5);
    back.send(2);
    back.send(255);
    expect([back.rate(), back.send()]).toEqual([-3, 252]);
  });
});

describe('steps of an angle of 256 levels', () => {
  const tracks = new Tracks(plan, 1 / 20, 2);
  const i = indexOf(tracks, 'heading');

  test('go the shorter way around', () => {
    const cases = [
      [250, 3, 9],
      [3, 250, -9],
      [0, 128, 128],
      [128, 0, -128],
      [0, 129, -127],
    ];
    for (const [from, to, steps] of cases) expect(tracks.stepsBetween(i, from, to)).toBe(steps);
  });

  test('lead from any value to any other and back', () => {
    for (let from = 0; from < 256; from++)
      for (let to = 0; to < 256; to++)
        expect(tracks.stepsFrom(i, from, tracks.stepsBetween(i, from, to))).toBe(to);
  });
});

describe('activity', () => {
  // In eighths of a step: 0, 2, 4, 8, 16, 32, 64, 128; each departure counts half.
  const active = (...offs: number[]) => {
    const track = trackOf('y', 100);
    for (const off of offs) track.tracks.learn(track.i, ROW, 1, off);
    return track;
  };

  test('is the mean of departures, of which 32 steps is the most', () => {
    const eighths = (...offs: number[]) => {
      const { tracks, i } = active(...offs);
      return tracks.activeEighths(i, ROW, 1);
    };
    expect([eighths(2), eighths(-2), eighths(2, 6)]).toEqual([8, 8, 32]);
    expect([eighths(32), eighths(1e6), eighths(1e6, 1e6)]).toEqual([128, 128, 128]);
    expect(eighths(32, 0, 0, 0, 0, 0, 0, 0)).toBe(0);
  });

  test('falls a rung for each STATE in which the row was not named', () => {
    const { tracks, i } = active(32);
    expect([1, 2, 3, 8, 99].map((sends) => tracks.activeNow(i, ROW, sends))).toEqual([
      7, 6, 5, 0, 0,
    ]);
  });

  test('remembers the last two departures, as -2..2, while they follow each other', () => {
    const { tracks, i } = active(7, -1);
    expect([tracks.lastButOne[i][ROW], tracks.last[i][ROW]]).toEqual([2, -1]);
    tracks.learn(i, ROW, 2, 1);
    expect([tracks.lastButOne[i][ROW], tracks.last[i][ROW]]).toEqual([0, 1]);
  });
});

describe('a track rests', () => {
  test('by velocity: in the middle of its step, without a bias', () => {
    const { tracks, i, send } = trackOf('x', 100, velocity(10.25));
    expect(restsAt(tracks, i, ROW, 100, 1)).toBe(true);
    send();
    expect(restsAt(tracks, i, ROW, 108, 1)).toBe(false);
  });

  test('by itself: without rate, trust, activity or a memory of the last departures', () => {
    const { tracks, i } = trackOf('y', 100);
    expect(restsAt(tracks, i, ROW, 100, 1)).toBe(true);
    tracks.learn(i, ROW, 1, 1);
    tracks.learn(i, ROW, 1, 0);
    tracks.activity[i][ROW] = 0;
    expect([restsAt(tracks, i, ROW, 100, 1), restsAt(tracks, i, ROW, 100, 2)]).toEqual([
      false,
      true,
    ]);
    tracks.rate[i][ROW] = 1;
    expect([restsAt(tracks, i, ROW, 100, 2), tracks.goes(i, ROW)]).toEqual([false, true]);
  });
});
