// How many frames, and bytes in them, a seat may say what it does with. What they do is tested with
// both ends.
import { expect, test } from 'vitest';
import { Intake } from './intake.ts';

const TICK_RATE = 60;
const PER_SECOND = TICK_RATE * 1.25 * 2;

function intake(): Intake {
  const room = { game: { tickRate: TICK_RATE, input: { initialWire: new Float64Array(3) } } };
  return new Intake(room as never, { sentTick: 0 } as never, 1.25);
}

/** Frames of so many bytes that come in at once, and then in a second. */
function allowed(bytes: number): [atOnce: number, inASecond: number] {
  const from = intake();
  const count = (nowMs: number) => {
    let frames = 0;
    while (from.allows(nowMs, bytes)) frames++;
    return frames;
  };
  return [count(1000), count(2000)];
}

test('two seconds of frames come in at once, and then two and a half for each tick', () => {
  expect(allowed(40)).toEqual([2 * PER_SECOND, PER_SECOND]);
  expect(allowed(256)).toEqual([2 * PER_SECOND, PER_SECOND]);
});

test('{T52} long frames count for more: bytes are bounded with them', () => {
  const [atOnce, inASecond] = allowed(4096);
  expect(atOnce * 4096).toBeLessThanOrEqual(2 * PER_SECOND * 256);
  expect(inASecond * 4096).toBeLessThanOrEqual((PER_SECOND + 16) * 256);
  expect(inASecond).toBeGreaterThan(0);
});
