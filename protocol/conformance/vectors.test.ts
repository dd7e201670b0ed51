// vectors.json against everything that speaks the protocol: our writer makes the same bytes again,
// msgpackr takes every envelope apart, and our reader finds in every frame what the vector says.
// Then every frame is cut at every length and has every byte flipped. decoder.test.ts does the same
// with the second decoder.
import { readFileSync } from 'node:fs';
import { unpack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { FrameType, ProtocolError } from '../src/index.ts';
import { bytesOf, damaged } from './damage.ts';
import { gameOf } from './declaration.ts';
import { Onlooker } from './telling.ts';
import { textOfVectors } from './text-of-vectors.ts';
import type { Vectors } from './vectors.ts';

/** A thousand times what the slowest frame here takes: no busy machine comes near it. */
const MOST_MS_PER_FRAME = 1000;
/** Megabytes that all damaged frames together may add to the process, garbage counted. */
const MOST_MEGABYTES = 512;

const text = readFileSync(new URL('./vectors.json', import.meta.url), 'utf8');
const { cases } = JSON.parse(text) as Vectors;

test('our writer makes the vectors byte for byte of their scripts', () => {
  expect(textOfVectors() === text, 'run make-vectors.ts if the wire was meant to change').toBe(
    true,
  );
});

test('the vectors hold every frame there is but MOVED', () => {
  const names = new Set(cases.flatMap(({ frames }) => frames.map(({ frame }) => frame)));
  const all = Object.keys(FrameType).map((name) => name.toUpperCase());
  expect([...names].sort()).toEqual(all.filter((name) => name !== 'MOVED').sort());
});

describe.each(cases)('$name', ({ game: declared, hash, frames }) => {
  const game = gameOf(declared);

  test('[F2] msgpackr reads every frame as one array that ends where the frame does', () => {
    for (const { frame, hex } of frames) {
      const envelope = unpack(bytesOf(hex)) as unknown[];
      expect(Array.isArray(envelope), hex).toBe(true);
      const names = Object.entries(FrameType).filter(([, type]) => type === envelope[0]);
      expect(names.map(([name]) => name.toUpperCase())).toEqual([frame]);
    }
  });

  test('[S1] our reader finds in every frame what it says', () => {
    expect(game.hash).toBe(hash);
    const onlooker = new Onlooker(game);
    for (const { from, hex, says } of frames)
      expect(onlooker.take(from, bytesOf(hex)), hex).toEqual(says);
  });

  test('[F4, K4] cut and flipped anywhere, every frame is read or refused', () => {
    const before = process.resourceUsage().maxRSS;
    let refused = 0;
    for (let at = 0; at < frames.length; at++) {
      const { from, hex } = frames[at];
      for (const bytes of damaged(bytesOf(hex))) {
        const onlooker = new Onlooker(game);
        for (const earlier of frames.slice(0, at))
          onlooker.take(earlier.from, bytesOf(earlier.hex));
        const startMs = performance.now();
        try {
          onlooker.take(from, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          refused++;
        }
        expect(performance.now() - startMs).toBeLessThan(MOST_MS_PER_FRAME);
      }
    }
    expect(refused).toBeGreaterThan(frames.length);
    const grownMegabytes = (process.resourceUsage().maxRSS - before) / 1024;
    expect(grownMegabytes).toBeLessThan(MOST_MEGABYTES);
  });
});
