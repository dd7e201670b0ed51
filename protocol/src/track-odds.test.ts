// Hints about tracks: what both sides know before the answer, in cases worked out by hand, and that
// every hint leads to contexts of its own question.
import { describe, expect, test } from 'vitest';
import { fixed } from './builders.ts';
import { COUNT_CONTEXTS, OWN_TRACK_CONTEXTS, treeBits, VELOCITY_CONTEXTS } from './contexts.ts';
import { defineGame } from './game.ts';
import {
  asksStill,
  ByItself,
  ByVelocity,
  departsByItself,
  departsByVelocity,
  downByItself,
  downByVelocity,
  OWN_STEPS,
  stepsByItself,
  stepsByVelocity,
  stillByVelocity,
  TrackRun,
  VELOCITY_STEPS,
} from './track-odds.ts';
import { MOST_ACTIVITY, MOST_TRUST, SUB_STEPS, Tracks } from './tracks.ts';

const game = defineGame({
  entities: {
    ship: {
      vx: fixed(-40, 40, 1 / 4),
      x: fixed(0, 100, 1 / 16).smooth({ by: 'vx' }),
      y: fixed(0, 100, 1 / 16).smooth(),
      z: fixed(0, 100, 1 / 16).smooth(),
    },
  },
});
const ROW = 1;

function setting() {
  const [plan] = game.kinds;
  const tracks = new Tracks(plan, 1 / 20, 2);
  const indexOf = (name: string) => tracks.ofField[plan.byName.get(name)!.index];
  const [x, y, z] = [indexOf('x'), indexOf('y'), indexOf('z')];
  for (const i of [x, y, z]) tracks.start(i, ROW, 100);
  return { tracks, run: new TrackRun(), x, y, z };
}

/** The hint of a track by velocity that came from 100 to `comesTo`, so far beside its middle. */
function hintBeside(beside: number, comesTo = 100, steered = false): number {
  const { tracks, run, x } = setting();
  tracks.beside = beside;
  return run.hint(tracks, x, ROW, 100, comesTo, steered, 1);
}

describe('by velocity', () => {
  test('a track departs the sooner the nearer it is to an edge: 0.25, 0.4, 0.46 of a step', () => {
    const contexts = [0, 63, -63, 64, 102, 103, -117, 118, -128].map((beside) =>
      departsByVelocity(hintBeside(beside), false),
    );
    expect(contexts).toEqual([0, 0, 0, 16, 16, 32, 32, 48, 48]);
    expect(departsByVelocity(hintBeside(128), true)).toBe(49);
  });

  test('it departs the other way on the other side, and either way in the middle', () => {
    const downs = [0, -70, 70, -120, 120].map((beside) => downByVelocity(hintBeside(beside)));
    expect(downs.map((context) => context - ByVelocity.Down)).toEqual([0, 2, 8, 6, 12]);
  });

  test('a changed velocity is another case everywhere', () => {
    const hint = hintBeside(70, 100, true);
    expect(departsByVelocity(hint, false)).toBe((8 + 4) * 2);
    expect(downByVelocity(hint)).toBe(ByVelocity.Down + 9);
    expect(stepsByVelocity(hint)).toBe(ByVelocity.Steps + VELOCITY_STEPS);
  });

  test('whether it stood still is asked where it should have gone 2 steps', () => {
    expect([99, 100, 101, 102, 98].map((comesTo) => asksStill(hintBeside(0, comesTo)))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  test('how the track before fared is known: kept, departed, stood still', () => {
    const { tracks, run, x } = setting();
    const hint = () => run.hint(tracks, x, ROW, 100, 102, false, 1);
    const seen = [hint()];
    for (const [off, still] of [
      [0, false],
      [2, false],
      [-2, true],
    ] as const) {
      run.took(tracks, x, off, still);
      seen.push(hint());
    }
    expect(seen.map((each) => departsByVelocity(each, false))).toEqual([0, 2, 4, 6]);
    expect(seen.map((each) => stillByVelocity(each) - ByVelocity.Still)).toEqual([0, 1, 1, 2]);
    run.reset();
    expect(hint()).toBe(seen[0]);
  });
});

describe('by itself', () => {
  const hintOf = (offs: readonly number[], sends = 1) => {
    const { tracks, run, y } = setting();
    for (const off of offs) tracks.learn(y, ROW, 1, off);
    return run.hint(tracks, y, ROW, 100, 100, false, sends);
  };

  test('a track departs by its activity, in half octaves, counted twice while alone', () => {
    // 8 eighths and 8 more: 16 is octave 4, so 9 (of 0..16).
    expect(departsByItself(hintOf([2]), false)).toBe(9 * 4 + 2);
    expect(departsByItself(hintOf([]), false)).toBe(2);
    expect(departsByItself(hintOf([2]), true)).toBe(9 * 4 + 3);
    expect(departsByItself(hintOf([1e6]), false)).toBe(16 * 4 + 2);
  });

  test('its other tracks of this STATE count as much as it did itself', () => {
    const { tracks, run, y, z } = setting();
    run.took(tracks, y, 3, false);
    // 0 eighths of its own and 24 of the other: octave 4 and a half.
    expect(departsByItself(run.hint(tracks, z, ROW, 100, 100, false, 1), false)).toBe(10 * 4 + 2);
    run.took(tracks, y, 0, false);
    expect(departsByItself(run.hint(tracks, z, ROW, 100, 100, false, 1), false)).toBe(8 * 4 + 2);
  });

  test('which way it departs goes by trust and by the last two departures', () => {
    const { tracks, run, y } = setting();
    const down = (sends = 1) =>
      downByItself(run.hint(tracks, y, ROW, 100, 100, false, sends)) - ByItself.Down;
    expect(down()).toBe(MOST_TRUST * 5 + 2);
    tracks.trusted = true;
    tracks.learn(y, ROW, 1, 2);
    tracks.learn(y, ROW, 1, -5);
    expect([down(), down(2)]).toEqual([0 * 5 + 4, 1 * 5 + 2]);
  });
});

describe('contexts', () => {
  test('of a question lie between its first and the next question, whatever the hint', () => {
    const { tracks, run, x, y } = setting();
    for (let beside = -SUB_STEPS / 2; beside < SUB_STEPS / 2; beside++)
      for (const steered of [false, true])
        for (const comesTo of [100, 105])
          for (const [off, still] of [
            [0, false],
            [1, true],
            [1, false],
          ] as const) {
            tracks.beside = beside;
            run.took(tracks, x, off, still);
            const hint = run.hint(tracks, x, ROW, 100, comesTo, steered, 1);
            expect(departsByVelocity(hint, true)).toBeLessThan(ByVelocity.Down);
            expect(downByVelocity(hint)).toBeLessThan(ByVelocity.Still);
            expect(stillByVelocity(hint)).toBeLessThan(ByVelocity.Steps);
            expect(stepsByVelocity(hint) + VELOCITY_STEPS).toBeLessThanOrEqual(ByVelocity.Mantissa);
          }
    for (let activity = 0; activity <= MOST_ACTIVITY; activity++)
      for (const trusted of [false, true])
        for (let last = -2; last <= 2; last++)
          for (let others = 0; others < 40; others++) {
            run.reset();
            run.took(tracks, y, others, false);
            tracks.activity[y][ROW] = activity;
            tracks.trusted = trusted;
            tracks.last[y][ROW] = last;
            tracks.lastButOne[y][ROW] = -last;
            const hint = run.hint(tracks, y, ROW, 100, 100, false, 1);
            expect(departsByItself(hint, true)).toBeLessThan(ByItself.Down);
            expect(downByItself(hint)).toBeLessThan(ByItself.Steps);
            expect(stepsByItself(hint) + OWN_STEPS).toBeLessThanOrEqual(ByItself.Mantissa);
          }
  });

  test('of all questions fit into the block of a track', () => {
    expect([ByVelocity.Size, ByItself.Size]).toEqual([VELOCITY_CONTEXTS, OWN_TRACK_CONTEXTS]);
    expect(ByVelocity.Place + 2 ** treeBits(SUB_STEPS - 1)).toBe(ByVelocity.Bias);
    expect(ByVelocity.Bias + COUNT_CONTEXTS).toBe(ByVelocity.Size);
    expect(ByItself.Rate + COUNT_CONTEXTS).toBe(ByItself.Trust);
    expect(ByItself.Trust + 2 ** treeBits(MOST_TRUST)).toBe(ByItself.Activity);
    expect(ByItself.Activity + 2 ** treeBits(MOST_ACTIVITY)).toBe(ByItself.Last);
    expect(ByItself.Last + 2 ** treeBits(4)).toBe(ByItself.LastButOne);
    expect(ByItself.LastButOne + 2 ** treeBits(4)).toBe(ByItself.Size);
  });
});
