// Hints about tracks: what both sides know before the answer, in cases worked out by hand, and that
// every hint leads to contexts of its own question.
import { describe, expect, test } from 'vitest';
import { fixed } from './builders.ts';
import * as ByItself from './by-itself.ts';
import * as ByVelocity from './by-velocity.ts';
import { COUNT_CONTEXTS, OWN_TRACK_CONTEXTS, treeBits, VELOCITY_CONTEXTS } from './contexts.ts';
import { defineGame } from './game.ts';
import { DepartureQuestions, OWN_STEPS, TrackRun, VELOCITY_STEPS } from './track-odds.ts';
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

/** The questions that a hint leads to, of a track whose contexts begin at 0. */
function byVelocity(hint: number, first = false): DepartureQuestions {
  const questions = new DepartureQuestions();
  questions.take(true, 0, hint, first);
  return questions;
}

function byItself(hint: number, first = false): DepartureQuestions {
  const questions = new DepartureQuestions();
  questions.take(false, 0, hint, first);
  return questions;
}

describe('by velocity', () => {
  test('a track departs the sooner the nearer it is to an edge: 0.25, 0.4, 0.46 of a step', () => {
    const contexts = [0, 63, -63, 64, 102, 103, -117, 118, -128].map(
      (beside) => byVelocity(hintBeside(beside)).departs,
    );
    expect(contexts).toEqual([0, 0, 0, 16, 16, 32, 32, 48, 48]);
    expect(byVelocity(hintBeside(128), true).departs).toBe(49);
  });

  test('it departs the other way on the other side, and either way in the middle', () => {
    const downs = [0, -70, 70, -120, 120].map((beside) => byVelocity(hintBeside(beside)).down);
    expect(downs.map((context) => context - ByVelocity.Down)).toEqual([0, 2, 8, 6, 12]);
  });

  test('a changed velocity is another case everywhere', () => {
    const hint = hintBeside(70, 100, true);
    const { departs, down, steps } = byVelocity(hint);
    expect(departs).toBe((8 + 4) * 2);
    expect(down).toBe(ByVelocity.Down + 9);
    expect(steps).toBe(ByVelocity.Steps + VELOCITY_STEPS);
  });

  test('whether it stood still is asked where it should have gone 2 steps', () => {
    const still = (comesTo: number) => byVelocity(hintBeside(0, comesTo)).still;
    const asked = ByVelocity.Still;
    expect([99, 100, 101, 102, 98].map(still)).toEqual([-1, -1, -1, asked, asked]);
    expect(byItself(1 << 10).still).toBe(-1);
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
    expect(seen.map((each) => byVelocity(each).departs)).toEqual([0, 2, 4, 6]);
    expect(seen.map((each) => byVelocity(each).still - ByVelocity.Still)).toEqual([0, 1, 1, 2]);
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
    expect(byItself(hintOf([2])).departs).toBe(9 * 4 + 2);
    expect(byItself(hintOf([])).departs).toBe(2);
    expect(byItself(hintOf([2]), true).departs).toBe(9 * 4 + 3);
    expect(byItself(hintOf([1e6])).departs).toBe(16 * 4 + 2);
  });

  test('its other tracks of this STATE count as much as it did itself', () => {
    const { tracks, run, y, z } = setting();
    run.took(tracks, y, 3, false);
    // 0 eighths of its own and 24 of the other: octave 4 and a half.
    expect(byItself(run.hint(tracks, z, ROW, 100, 100, false, 1)).departs).toBe(10 * 4 + 2);
    run.took(tracks, y, 0, false);
    expect(byItself(run.hint(tracks, z, ROW, 100, 100, false, 1)).departs).toBe(8 * 4 + 2);
  });

  test('which way it departs goes by trust and by the last two departures', () => {
    const { tracks, run, y } = setting();
    const down = (sends = 1) =>
      byItself(run.hint(tracks, y, ROW, 100, 100, false, sends)).down - ByItself.Down;
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
            const questions = byVelocity(hint, true);
            const { steps, stepContexts, mantissa } = questions;
            expect(questions.departs).toBeLessThan(ByVelocity.Down);
            expect(questions.down).toBeLessThan(ByVelocity.Still);
            expect(questions.still).toBeLessThan(ByVelocity.Steps);
            expect([stepContexts, mantissa]).toEqual([VELOCITY_STEPS, ByVelocity.Mantissa]);
            expect(steps + stepContexts).toBeLessThanOrEqual(mantissa);
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
            const { departs, down, still, steps, stepContexts, mantissa } = byItself(hint, true);
            expect(departs).toBeLessThan(ByItself.Down);
            expect([down < ByItself.Steps, still]).toEqual([true, -1]);
            expect([stepContexts, mantissa]).toEqual([OWN_STEPS, ByItself.Mantissa]);
            expect(steps + stepContexts).toBeLessThanOrEqual(mantissa);
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
