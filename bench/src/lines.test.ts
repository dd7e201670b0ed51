// What must be 0 on every line, whatever its figures: each profile played for a few virtual seconds
// with the harness that `npm run bench -- lines` uses.
import { LINE_PROFILES, type ProfileName } from '@tickwire/protocol/simulator';
import { expect, test } from 'vitest';
import { playLine } from './lines.ts';
import { measure } from './lines-measure.ts';
import { playStalls } from './lines-stall.ts';

const NAMES = Object.keys(LINE_PROFILES) as ProfileName[];
/** Long enough for a stall or a burst of loss on each of the bad lines; 0.3 s of real time. */
const SHORT = { bots: 3, warmMs: 2000, measuredMs: 6000 };

async function play(name: ProfileName, seed: number) {
  const { traces, span } = await playLine(LINE_PROFILES[name], seed, SHORT);
  return measure(traces, span, LINE_PROFILES[name].rttJitterMs);
}

test.each(NAMES)(
  '%s: nothing runs back, jumps, counts twice, or is corrected though it came in time',
  async (name) => {
    // Seed 2 on the far line: presses and inputs that came too late to be predicted, pinned.
    for (const seed of [1, 2]) {
      const { figures, details } = await play(name, seed);
      expect(details.shots).toBeGreaterThan(5);
      expect(figures.shownDelayP50Ms).toBeGreaterThan(LINE_PROFILES[name].rttMs / 2);
      expect(figures.backward).toBe(0);
      expect(figures.jumps).toBe(0);
      expect(figures.correctionsAboveStep).toBe(0);
      expect(figures.inputToScreenFrames).toBe(0);
      expect(details.inputsDoubled).toBe(0);
    }
  },
);

test('the same seed plays the same game, another seed another', async () => {
  const [first, again, other] = [
    await play('wifi', 1),
    await play('wifi', 1),
    await play('wifi', 2),
  ];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test('600 ms of silence are over at once, and nothing is played faster', async () => {
  const stalls = await playStalls(LINE_PROFILES.wifi, 1);
  expect(stalls.shownAgainMs).toBeLessThanOrEqual(stalls.allowedMs);
  expect(stalls.forwardFrames).toBe(0);
  expect(stalls.inputsDoubled).toBe(0);
});
