// The odds of every context: which sizes they come in, what the declaration gives, and that what
// TABLES tells is what the room has, byte for byte.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { game } from '../test/everything.ts';
import * as Context from './body-context.ts';
import {
  CodingTables,
  changedTables,
  nearestOdds,
  ODDS,
  PRICE_UNITS,
  pricesOf,
  tableChanges,
} from './coding-tables.ts';
import { COUNT_CONTEXTS } from './contexts.ts';
import { ProtocolError } from './errors.ts';
import { defineGame } from './game.ts';
import { Random } from './random.ts';

describe('the sizes of odds', () => {
  test('are 128, ascend, and are each other mirrored', () => {
    expect(ODDS).toHaveLength(128);
    for (let i = 1; i < ODDS.length; i++) expect(ODDS[i]).toBeGreaterThan(ODDS[i - 1]);
    for (let i = 0; i < ODDS.length; i++) expect(ODDS[i] + ODDS[ODDS.length - 1 - i]).toBe(4096);
    expect([ODDS[0], ODDS[63], ODDS[64], ODDS[127]]).toEqual([1, 1989, 2107, 4095]);
  });

  test('are found by the share of ones they come nearest to', () => {
    for (let wanted = 0; wanted <= 4096; wanted++) {
      const off = Math.abs(ODDS[nearestOdds(wanted / 4096)] - wanted);
      expect(off).toBe(Math.min(...ODDS.map((odds) => Math.abs(odds - wanted))));
    }
  });
});

describe('what the declaration gives', () => {
  const { odds, version } = game.priors;

  test('have as many contexts for a count as fields have', () => {
    expect(Context.Kind - Context.Limit).toBe(COUNT_CONTEXTS);
  });

  test('are odds of every context, each of a size that TABLES can name', () => {
    expect(version).toBe(0);
    expect(odds.length).toBeGreaterThan(Context.End);
    for (let c = 0; c < odds.length; c++) expect([c, ODDS.includes(odds[c])]).toEqual([c, true]);
  });

  test('are the same on both sides', () => {
    const again = defineGame(game.declaration as never);
    expect(again.priors.odds).toEqual(odds);
  });

  test('has a price for either answer, in 1/256 bit: a quarter costs two bits', () => {
    const prices = pricesOf(game.priors);
    const quarter = pricesOf(new CodingTables(1, Uint16Array.of(1024)));
    expect([...quarter]).toEqual([Math.round(Math.log2(4 / 3) * 256), 512]);
    for (let c = 0; c < odds.length; c++) {
      const share = odds[c] / 4096;
      const bits = [-Math.log2(1 - share), -Math.log2(share)];
      for (const bit of [0, 1])
        expect(Math.abs(prices[c * 2 + bit] / PRICE_UNITS - bits[bit])).toBeLessThan(
          1 / PRICE_UNITS,
        );
    }
  });
});

describe('TABLES', () => {
  const base = game.priors.odds;

  /** Odds that differ in `share` of the contexts. */
  function changed(random: Random, from: Uint16Array, share: number): Uint16Array {
    return from.map((odds, c) =>
      c > 0 && random.next() < share ? ODDS[random.integer(ODDS.length)] : odds,
    );
  }

  test.each([0, 0.001, 0.03, 0.5, 1])('[K5] tells %d of the odds', (share) => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const wanted = changed(random, base, share);
      const changes = tableChanges(wanted, base);
      expect(changedTables(changes, base), `seed ${seed}`).toEqual(wanted);
    }
  });

  test('tells odds that are as the declaration gave them again', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const learnt = changed(new Random(seed), base, 0.5);
      expect(changedTables(tableChanges(base, learnt), learnt), `seed ${seed}`).toEqual(base);
    }
  });

  test('is empty where nothing changed, and takes a byte for the odds and one to pass 128', () => {
    const one = base.slice();
    const at = 300;
    one[at] = ODDS[base[at] === ODDS[7] ? 8 : 7];
    expect(tableChanges(base, base)).toHaveLength(0);
    expect([...tableChanges(one, base)]).toEqual([
      255,
      255,
      128 + 300 - 256 - 1,
      ODDS.indexOf(one[at]),
    ]);
  });

  test('of any bytes is odds of a size there is, or a refusal; what it is told of stays', () => {
    const before = base.slice();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          const odds = changedTables(bytes, base);
          expect(odds.length).toBe(base.length);
          expect(odds.every((p) => p >= 1 && p <= 4095)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(base).toEqual(before);
  });

  test('[K5] that names a context beyond the last is refused; that passes it over is not', () => {
    const { length } = base;
    const past = [...Array<number>(Math.floor(length / 128)).fill(255), 128 + (length % 128) - 1];
    if (length % 128 === 0) past.pop();
    expect(changedTables(Uint8Array.from(past), base)).toEqual(base);
    expect(() => changedTables(Uint8Array.from([...past, 5]), base)).toThrow(
      expect.objectContaining({ code: 'bad-state' }),
    );
  });
});
