// vectors.json against everything that speaks the protocol: our writer makes the same bytes again,
// msgpackr takes every envelope apart, and our reader and the second decoder, which knows
// PROTOCOL.md and nothing of our code, find in every frame what the vector says.
import { readFileSync } from 'node:fs';
import { Unpackr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { FrameType } from '../src/index.ts';
import { bytesOf } from './damage.ts';
import { gameOf } from './declaration.ts';
import { SecondReader, secondGame } from './second-reader.ts';
import { Onlooker } from './telling.ts';
import { textOfVectors } from './text-of-vectors.ts';
import type { Vectors } from './vectors.ts';

/** A room's epoch is longer than 32 bits, and a number all the same. */
const packr = new Unpackr({ useRecords: false, int64AsType: 'number' });

/** Frames that say their elements, in order. */
const AS_ELEMENTS = new Set([
  ...['HELLO', 'WELCOME', 'CONTINUITY', 'REPLY', 'PING', 'PONG', 'BYE', 'RESYNC'],
  ...['MOVED', 'WAITING'],
  ...['DIGEST', 'REPORT', 'LISTING'],
]);

const text = readFileSync(new URL('./vectors.json', import.meta.url), 'utf8');
const { cases } = JSON.parse(text) as Vectors;

test('our writer makes the vectors byte for byte of their scripts', () => {
  expect(textOfVectors() === text, 'run make-vectors.ts if the wire was meant to change').toBe(
    true,
  );
});

test('the vectors hold every frame there is', () => {
  const names = new Set(cases.flatMap(({ frames }) => frames.map(({ frame }) => frame)));
  const all = Object.keys(FrameType).map((name) => name.toUpperCase());
  expect([...names].sort()).toEqual(all.sort());
});

describe.each(cases)('$name', ({ game: declared, hash, frames }) => {
  const game = gameOf(declared);

  test('[F2] msgpackr reads every frame as one array, and its elements as they are said', () => {
    for (const { frame, hex, says } of frames) {
      const [type, ...elements] = packr.unpack(bytesOf(hex)) as unknown[];
      expect(nameOf(type), hex).toBe(frame);
      if (AS_ELEMENTS.has(frame)) expect(elements, hex).toEqual(Object.values(says));
      if (frame === 'STATE')
        expect(elements.slice(1, 4), hex).toEqual([says.inTime, says.margin, says.sentAt]);
    }
  });

  test('[S1] our reader finds in every frame what it says', () => {
    expect(game.hash).toBe(hash);
    const onlooker = new Onlooker(game);
    for (const { from, hex, says } of frames)
      expect(onlooker.take(from, bytesOf(hex)), hex).toEqual(says);
  });

  test('[S1] the second decoder finds the same', () => {
    const reader = new SecondReader(secondGame(declared));
    for (const frame of frames) {
      const told = reader.take(frame, bytesOf(frame.hex)) ?? {};
      for (const name of Object.keys(told))
        expect(told[name], `${name} of ${frame.hex}`).toEqual(frame.says[name]);
    }
  });
});

function nameOf(type: unknown): string | undefined {
  return Object.entries(FrameType)
    .find(([, number]) => number === type)?.[0]
    .toUpperCase();
}
