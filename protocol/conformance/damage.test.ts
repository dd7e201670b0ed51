// Every frame of vectors.json cut at every length, and with every byte flipped: both readers take
// it or refuse it, soon and in little memory; they agree on which of the two, and on what it says.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../src/index.ts';
import { Refused } from './bytes.ts';
import { bytesOf, damaged } from './damage.ts';
import { gameOf } from './declaration.ts';
import { headOf, SecondReader, secondGame } from './second-reader.ts';
import { Onlooker } from './telling.ts';
import type { Frame, ToldFields, Vectors } from './vectors.ts';

/** A thousand times what the slowest frame here takes: no busy machine comes near it. */
const MOST_MS_PER_FRAME = 1000;
/** Megabytes that the damaged frames of a case may add to the process, garbage counted. */
const MOST_MEGABYTES = 512;

const text = readFileSync(new URL('./vectors.json', import.meta.url), 'utf8');
const { cases } = JSON.parse(text) as Vectors;

describe.each(cases)('$name', ({ game, frames }) => {
  const ourGame = gameOf(game);
  const otherGame = secondGame(game);

  test('[F4, K4] cut and flipped anywhere, every frame is read alike or refused', () => {
    const before = process.resourceUsage().maxRSS;
    const differences: string[] = [];
    frames.forEach((frame, at) => {
      for (const bytes of damaged(bytesOf(frame.hex))) {
        const onlooker = new Onlooker(ourGame);
        const reader = new SecondReader(otherGame);
        for (const earlier of frames.slice(0, at)) {
          onlooker.take(earlier.from, bytesOf(earlier.hex));
          reader.take(earlier, bytesOf(earlier.hex));
        }
        const ours = timed(() => readOrRefused(() => onlooker.take(frame.from, bytes)));
        const other = timed(() => readOrRefused(() => reader.take(frame, bytes)));
        if (agree(frame, bytes, ours, other)) continue;
        const hex = Buffer.from(bytes).toString('hex');
        differences.push(`${frame.frame} ${at} ${hex}: ${shown(ours)} and ${shown(other)}`);
      }
    });
    expect(differences).toEqual([]);
    const grownMegabytes = (process.resourceUsage().maxRSS - before) / 1024;
    expect(grownMegabytes).toBeLessThan(MOST_MEGABYTES);
  });
});

function timed<T>(run: () => T): T {
  const startMs = performance.now();
  const answer = run();
  expect(performance.now() - startMs).toBeLessThan(MOST_MS_PER_FRAME);
  return answer;
}

type Outcome = ToldFields | 'refused';

function readOrRefused(read: () => ToldFields | undefined): Outcome {
  try {
    return read() ?? {};
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof Refused) return 'refused';
    throw error;
  }
}

/** The second decoder tells less of some frames: what it tells is the same. */
function agree(frame: Frame, bytes: Uint8Array, ours: Outcome, other: Outcome): boolean {
  if (frame.from === 'client' && !hasHeadOf(frame, bytes)) return true;
  if (ours === 'refused' || other === 'refused') return ours === other;
  return isPart(other, ours);
}

/** Of what clients say the second decoder reads the inputs alone. */
function hasHeadOf({ frame, hex }: Frame, bytes: Uint8Array): boolean {
  if (frame !== 'INPUT') return false;
  const whole = bytesOf(hex);
  const head = Buffer.from(whole.subarray(0, headOf(whole)));
  return head.equals(bytes.subarray(0, head.length));
}

function isPart(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null) return part === whole;
  if (typeof whole !== 'object' || whole === null) return false;
  const inside = whole as Readonly<Record<string, unknown>>;
  if (Array.isArray(part) && part.length !== inside.length) return false;
  return Object.entries(part).every(([name, value]) => isPart(value, inside[name]));
}

function shown(outcome: Outcome): string {
  return outcome === 'refused' ? outcome : 'read';
}
