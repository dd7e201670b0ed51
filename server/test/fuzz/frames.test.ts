// 200,000 frames of the fuzz: what `npm run fuzz` does, in as many as a gate has time for.
// TICKWIRE_FUZZ_SEED asks for others. What reading costs in time is told by `npm run fuzz` and
// judged nowhere: a busy machine's figure is none.
import { beforeAll, describe, expect, test } from 'vitest';
import { ByteFuzz, type Direction } from './byte-fuzz.ts';
import { type Recording, ROOM_NAMES, recordAll } from './recording.ts';
import { SequenceFuzz } from './sequence-fuzz.ts';

const SEED = Number(process.env.TICKWIRE_FUZZ_SEED ?? 1);
/** Of each room, either way. */
const FRAMES = 31_000;
const SEQUENCE_FRAMES = 14_000;
/** Some seconds each; far more where many tests run at once. */
const TIMEOUT_MS = 240_000;
const DIRECTIONS: readonly [Direction, string][] = [
  ['up', '{T42} frames of a client'],
  ['down', '{T43} frames of a server'],
];

let recordings: Recording[];
beforeAll(async () => {
  recordings = await recordAll(SEED);
});

describe.each(ROOM_NAMES)('a room that is %s', (room) => {
  test.each(DIRECTIONS)(
    '%s: %s end in a value or a refusal',
    { timeout: TIMEOUT_MS },
    async (direction) => {
      const recording = recordings.find((one) => one.room === room)!;
      const fuzz = await ByteFuzz.start(SEED, recording, direction);
      await fuzz.run(FRAMES);
      const { taken, refused } = await fuzz.figures();
      await fuzz.close();
      // A fuzz that is always refused at the door tries nothing.
      expect(taken).toBeGreaterThan(FRAMES / 50);
      expect(refused).toBeGreaterThan(FRAMES / 2);
    },
  );
});

test('{T42, T43, T46, T48} frames in any order cost only whoever says them', {
  timeout: TIMEOUT_MS,
}, async () => {
  const fuzz = await SequenceFuzz.start(SEED, recordings);
  await fuzz.run(SEQUENCE_FRAMES);
  const { compared, misledFrames, refusals } = await fuzz.figures();
  await fuzz.close();
  expect(compared).toBeGreaterThan(1000);
  expect(misledFrames).toBeGreaterThan(10);
  for (const reason of ['bad-msgpack', 'bad-frame', 'bad-state', 'join-4007', 'join-4009'])
    expect(refusals[reason], reason).toBeGreaterThan(0);
});
