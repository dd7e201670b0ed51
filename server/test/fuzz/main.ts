// `npm run fuzz -- --frames N [--seed S] [--json]`: bytes both ways in each kind of room, then
// sequences of frames. Progress goes to stderr, figures to stdout, as JSON on the last line with
// --json. Ends with 1 on the first frame that breaks anything, with what makes it again.
import { parseArgs } from 'node:util';
import { ByteFuzz, type Direction } from './byte-fuzz.ts';
import { recordAll } from './recording.ts';
import { SequenceFuzz } from './sequence-fuzz.ts';

/** Of all frames: those that are part of a sequence cost ten times as much. */
const SEQUENCE_SHARE = 0.1;
/** Frames between two lines of progress. */
const SAID_EVERY = 50_000;
const DIRECTIONS: readonly Direction[] = ['up', 'down'];

const USAGE = 'usage: npm run fuzz -- --frames N [--seed S] [--json]';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Fuzz {
  run(frames: number): Promise<void>;
  figures(): Promise<object>;
  close(): Promise<void>;
}

async function runOne(name: string, fuzz: Fuzz, frames: number): Promise<object> {
  for (let done = 0; done < frames; done += SAID_EVERY) {
    await fuzz.run(Math.min(SAID_EVERY, frames - done));
    say(`fuzz: ${name}: ${Math.min(done + SAID_EVERY, frames)} of ${frames}`);
  }
  const figures = await fuzz.figures();
  await fuzz.close();
  return figures;
}

async function run(frames: number, seed: number): Promise<object> {
  const ofSequences = Math.round(frames * SEQUENCE_SHARE);
  const recordings = await recordAll(seed);
  const parts = recordings.flatMap((recording) => DIRECTIONS.map((way) => ({ recording, way })));
  const each = Math.ceil((frames - ofSequences) / parts.length);
  const bytes: object[] = [];
  for (const { recording, way } of parts) {
    const fuzz = await ByteFuzz.start(seed, recording, way);
    bytes.push(await runOne(`${recording.room} ${way}`, fuzz, each));
  }
  const fuzz = await SequenceFuzz.start(seed, recordings);
  const sequences = await runOne('sequences', fuzz, ofSequences);
  return { seed, frames: each * parts.length + ofSequences, bytes, sequences };
}

const [frames, seed] = [Number(values.frames), Number(values.seed)];
if (!(frames > 0 && Number.isSafeInteger(seed))) {
  say(USAGE);
  process.exit(2);
}
const startMs = performance.now();
try {
  const figures = await run(frames, seed);
  const seconds = Math.round((performance.now() - startMs) / 1000);
  if (values.json) console.log(JSON.stringify({ ...figures, seconds }));
  else console.log({ ...figures, seconds });
} catch (error) {
  say(`FAILED ${(error as Error).message}`);
  process.exitCode = 1;
}
