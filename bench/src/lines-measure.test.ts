// The measure finds what it is to find: a made-up trace in which everything is right gives zeros,
// and each thing put wrong in it is counted, alone.
import { expect, test } from 'vitest';
import { MAX_SPEED, sightOf, TICK_MS } from './lines-game.ts';
import { measure } from './lines-measure.ts';
import { type Frame, Trace } from './lines-trace.ts';

const TICKS = 300;
const SPAN = { fromMs: 0, toMs: TICKS * TICK_MS };
const JITTER_MS = 20;

/** Five seconds of perfect play: shown six ticks late, input made four ticks early. */
function perfect(): Trace {
  const trace = new Trace();
  trace.firstInputMs = 100;
  for (let tick = 0; tick < TICKS + 10; tick++) {
    trace.frames.push(frameAt(tick, {}));
    trace.predicted[tick] = [tick, 0, 60, 0, 0];
    trace.stepped[tick] = [tick, 0, 60, 0, 0];
    trace.inTime[tick] = true;
    trace.leads[tick] = 4;
    trace.slacks[tick] = 2;
  }
  trace.inputFrames.push(0);
  trace.pressesMs.push(500, 1500);
  trace.firesMs.push(580, 1580);
  const at = { x: 100, y: 0 };
  const sight = sightOf({ x: 0, y: 0 }, 0, at, 44);
  trace.shots.push({ target: 7, firedMs: 800, saw: sight, gave: sight, taken: true, inTime: true });
  return trace;
}

function frameAt(tick: number, changes: Partial<Frame>): Frame {
  return {
    atMs: tick * TICK_MS,
    serverTick: tick,
    saidServerTick: tick,
    shownTick: tick - 6,
    newestTick: tick - 3,
    fastest: MAX_SPEED,
    moving: 3,
    moved: 3,
    saidCorrections: 0,
    ...changes,
  };
}

/** What is found when one thing is wrong. */
function found(spoil: (trace: Trace) => void) {
  const trace = perfect();
  spoil(trace);
  return measure([trace], SPAN, JITTER_MS);
}

test('perfect play has nothing to count', () => {
  const { figures, details } = found(() => {});
  expect(figures).toEqual({
    clockErrorP50Ms: 0,
    clockErrorP99Ms: 0,
    lateInputShare: 0,
    leadTicks: 4,
    shownDelayP50Ms: 100,
    shownDelayP95Ms: 100,
    frozenShare: 0,
    jumps: 0,
    backward: 0,
    correctionsAboveStep: 0,
    hitAgreement: 1,
    inputToScreenFrames: 0,
    convergedMs: 100,
  });
  expect(details).toMatchObject({ inputsDoubled: 0, inputsLost: 0, shotsMisaimed: 0 });
  expect(details.failures).toEqual([]);
});

test('a frame that shows an older tick is backward, one that shows the same is frozen', () => {
  const back = found(({ frames }) => {
    frames[100] = frameAt(100, { shownTick: 92 });
  });
  expect(back.figures.backward).toBe(1);
  const frozen = found(({ frames }) => {
    frames[100] = frameAt(100, { shownTick: 93 });
    frames[200] = frameAt(200, { moved: 0 });
  });
  expect(frozen.figures.backward).toBe(0);
  expect(frozen.figures.frozenShare).toBeCloseTo(2 / TICKS, 4);
});

test('a frame that shows more than was told is a guess', () => {
  const { details } = found(({ frames }) => {
    frames[100] = frameAt(100, { newestTick: 93.9 });
  });
  expect(details.guessedShare).toBeCloseTo(1 / TICKS, 4);
});

test('motion beyond one and a half times the fastest ship is a jump', () => {
  const { figures, details } = found(({ frames }) => {
    frames[100] = frameAt(100, { fastest: MAX_SPEED * 1.49 });
    frames[101] = frameAt(101, { fastest: MAX_SPEED * 1.51 });
  });
  expect(figures.jumps).toBe(1);
  expect(details.failures).toEqual(['jump: bot 0 at 1683 ms, 1.51 x the fastest ship']);
});

test('a wrong clock is an error either way, and delays the convergence', () => {
  const { figures } = found(({ frames }) => {
    for (let tick = 0; tick < 30; tick++)
      frames[tick] = frameAt(tick, { saidServerTick: tick + (tick % 2 ? 1 : -1) });
  });
  expect(figures.clockErrorP50Ms).toBe(0);
  expect(figures.clockErrorP99Ms).toBeCloseTo(TICK_MS, 1);
  expect(figures.convergedMs).toBe(500);
});

test('a correction counts as in time unless an input was late since both ends agreed', () => {
  const spoil = (trace: Trace) => {
    for (let tick = 200; tick < 206; tick++) trace.predicted[tick] = [tick + 1, 0, 60, 0, 0];
  };
  const { figures } = found(spoil);
  expect(figures.correctionsAboveStep).toBe(2);
  const late = found((trace) => {
    spoil(trace);
    trace.inTime[199] = false;
  });
  expect(late.figures.correctionsAboveStep).toBe(0);
  expect(late.details.correctionsLate).toBe(2);
  expect(late.figures.lateInputShare).toBeCloseTo(1 / TICKS, 4);
});

test('a correction by less than a step is none, an angle wraps', () => {
  const { figures } = found((trace) => {
    trace.predicted[201] = [201 + 1 / 20, 0, 60, 0, 0];
    trace.predicted[204] = [204, 0, 60, 0, 2 * Math.PI];
    trace.predicted[207] = [207, 0, 60, 0, 0.01];
  });
  expect(figures.correctionsAboveStep).toBe(1);
});

test('a press that the server takes twice, early or never is found', () => {
  expect(found(({ firesMs }) => firesMs.push(1600)).details.inputsDoubled).toBe(1);
  expect(found(({ firesMs }) => firesMs.splice(0, 1, 490)).details.inputsDoubled).toBe(1);
  expect(found(({ firesMs }) => firesMs.splice(0, 1, 700)).details.inputsDoubled).toBe(0);
  expect(found(({ firesMs }) => firesMs.pop()).details.inputsLost).toBe(1);
});

test('a shot that only one end sees hit is disagreed on, with the reason', () => {
  const { figures, details } = found(({ shots }) => {
    const gave = sightOf({ x: 0, y: 0 }, 0, { x: 100, y: 20 }, 45.5);
    shots.push({ ...shots[0], gave });
  });
  expect(figures.hitAgreement).toBe(0.5);
  expect(details.failures).toEqual([
    'shot: bot 0 at 800 ms, seen only: 1.5 ticks after the view, target off by 20, shooter by 0',
  ]);
});
