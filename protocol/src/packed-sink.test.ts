// The packed spelling, method for method: whatever a sink is told its source tells again, at any
// odds, one thing after the other; and what was kept is said again bit for bit.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Baseline } from './baseline.ts';
import * as Context from './body-context.ts';
import { CodingTables, ODDS, PRICE_UNITS, pricesOf } from './coding-tables.ts';
import { FORM_ARRIVAL, FORM_STEP, type Form } from './contexts.ts';
import { UsageError } from './errors.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { PackedSink } from './packed-sink.ts';
import { PackedSource } from './packed-source.ts';
import { Random } from './random.ts';
import type { Sink, Source } from './sink.ts';

const CONTEXTS = 4096;
/** A block that no other question of these tests has. */
const FIELD = 2048;

function someTables(seed: number): CodingTables {
  const random = new Random(seed);
  const odds = Uint16Array.from({ length: CONTEXTS }, () => ODDS[random.integer(ODDS.length)]);
  return new CodingTables(1, odds);
}

/** One thing said, and asked: both answer what they said or were told. */
interface Said {
  readonly name: string;
  write(sink: Sink): void;
  read(source: Source): unknown;
  readonly wanted: unknown;
}

function spell(tables: CodingTables, write: (sink: PackedSink) => void): Uint8Array {
  const out = new MsgpackWriter();
  const sink = new PackedSink(out, tables);
  sink.reset();
  write(sink);
  sink.finish();
  const reader = new MsgpackReader();
  reader.reset(out.bytes());
  const bytes = reader.bin(out.length).slice();
  reader.end();
  return bytes;
}

function hear<T>(bytes: Uint8Array, { odds }: CodingTables, read: (source: PackedSource) => T): T {
  const source = new PackedSource();
  source.begin(bytes, odds);
  const told = read(source);
  source.finish();
  return told;
}

/** LEVELS of every shape: none, small trees, one more than a tree, wide, beyond 32 bits. */
const levels = fc.oneof(
  fc.constantFrom(0, 1, 2, 7, 15, 16, 17, 255, 65_535, 2 ** 31, 2 ** 32 - 1, 2 ** 32),
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  fc.maxSafeInteger().map(Math.abs),
);
const within = (most: number) =>
  fc.oneof(
    fc.constantFrom(0, most, Math.floor(most / 2), Math.max(most - 1, 0)),
    fc.double({ min: 0, max: 1, noNaN: true }).map((share) => Math.floor(share * most)),
  );
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 5e-324, -5e-324, 2.2e-308, Number.MAX_VALUE, -Number.MAX_VALUE, 1, -1),
);

const count: fc.Arbitrary<Said> = within(Number.MAX_SAFE_INTEGER).map((value) => ({
  name: `count ${value}`,
  write: (sink) => sink.count(FIELD, value),
  read: (source) => source.count(FIELD, value),
  wanted: value,
}));
const level: fc.Arbitrary<Said> = levels.chain((most) =>
  within(most).map((value) => ({
    name: `level ${value} of ${most}`,
    write: (sink) => sink.level(FIELD, value, most),
    read: (source) => source.level(FIELD, most),
    wanted: value,
  })),
);
const change: fc.Arbitrary<Said> = levels.chain((most) =>
  fc.tuple(within(most), within(most)).map(([before, after]) => {
    // What has two values and changed has the other one.
    const value = most === 1 ? 1 - before : after;
    return {
      name: `change ${before} to ${value} of ${most}`,
      write: (sink) => sink.change(FIELD, value, before, most),
      read: (source) => source.change(FIELD, before, most),
      wanted: value,
    };
  }),
);
const steps: fc.Arbitrary<Said> = fc
  .tuple(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 30 }))
  .map(([value, shift]) => value >>> shift || 1)
  .map((value) => ({
    name: `steps ${value}`,
    write: (sink) => sink.steps(FIELD, 7, FIELD + 100, value),
    read: (source) => source.steps(FIELD, 7, FIELD + 100, value),
    wanted: value,
  }));
const near = (value: number) =>
  fc.oneof(
    number,
    fc.constant(value),
    fc.constant(-value),
    fc.constantFrom(Math.fround(value), value * (1 + 2 ** -40)).map((x) => (x - x === 0 ? x : 0)),
  );
const float: fc.Arbitrary<Said> = number.chain((value) =>
  near(value).map((alike) => ({
    name: `float ${value} near ${alike}`,
    write: (sink) => sink.float(FIELD, Float64Array.of(value, alike)),
    read: (source) => source.float(FIELD, alike),
    wanted: value,
  })),
);
const text: fc.Arbitrary<Said> = fc
  .oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(fc.integer({ min: 0, max: 65_535 })).map((units) => String.fromCharCode(...units)),
  )
  .map((value) => ({
    name: `text ${JSON.stringify(value)}`,
    write: (sink) => sink.text(FIELD, value),
    read: (source) => source.text(FIELD, value.length),
    wanted: value,
  }));
const free: fc.Arbitrary<Said> = fc.jsonValue({ maxDepth: 3 }).map((value) => ({
  name: 'free',
  write: (sink) => sink.free(FIELD, value, 100_000),
  read: (source) => source.free(FIELD, 100_000),
  wanted: value,
}));
const option: fc.Arbitrary<Said> = fc.boolean().map((present) => ({
  name: `option ${present}`,
  write: (sink) => sink.option(FIELD, present),
  read: (source) => source.option(FIELD),
  wanted: present,
}));
const anything = fc.oneof(count, level, change, steps, float, text, free, option);

/** Candidates, of which the chosen ones have something of their own, and so on inward. */
const selection = fc.letrec<{ group: Said; said: Said }>((tie) => ({
  said: fc.oneof({ maxDepth: 3 }, anything, tie('group')),
  group: fc
    .tuple(fc.boolean(), fc.array(fc.option(tie('said')), { maxLength: 12 }))
    .map(([sparse, candidates]) => group(sparse, candidates)),
})).group;

function group(sparse: boolean, candidates: readonly (Said | null)[]): Said {
  const chosen = candidates.filter((each) => each !== null).length;
  const at = (i: number) => FIELD + 200 + i;
  return {
    name: 'selection',
    write(sink) {
      sink.select(Context.Changed, sparse, chosen);
      candidates.forEach((each, i) => {
        sink.offer(at(i), i, each !== null);
        each?.write(sink);
      });
      sink.close();
    },
    read(source) {
      source.select(Context.Changed);
      const told = candidates.map((each, i) =>
        source.offered(at(i), i) ? each?.read(source) : null,
      );
      source.close();
      return told;
    },
    wanted: candidates.map((each) => (each === null ? null : each.wanted)),
  };
}

describe('what is said comes back', () => {
  const cases: [string, fc.Arbitrary<Said>][] = [
    ['count', count],
    ['level', level],
    ['change', change],
    ['steps', steps],
    ['float', float],
    ['text', text],
    ['free', free],
    ['option', option],
    ['selections inside selections', selection],
  ];

  test.each(cases)('%s, one after the other, at any odds', (_name, each) => {
    fc.assert(
      fc.property(fc.array(each, { maxLength: 12 }), fc.nat({ max: 50 }), (said, seed) => {
        const tables = someTables(seed);
        const bytes = spell(tables, (sink) => {
          for (const one of said) one.write(sink);
        });
        const told = hear(bytes, tables, (source) => said.map((one) => one.read(source)));
        expect(told).toEqual(said.map(({ wanted }) => wanted));
        told.forEach((value, i) => {
          if (typeof value === 'number')
            expect([said[i].name, Object.is(value, said[i].wanted)]).toEqual([said[i].name, true]);
        });
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  test('a change of every value to every other, in small and in wide ranges', () => {
    const tables = someTables(1);
    for (const most of [1, 2, 6, 15, 16, 31])
      for (let before = 0; before <= most; before++)
        for (let value = 0; value <= most; value++) {
          if (most === 1 && value === before) continue;
          const bytes = spell(tables, (sink) => sink.change(FIELD, value, before, most));
          const told = hear(bytes, tables, (source) => source.change(FIELD, before, most));
          expect([most, before, told]).toEqual([most, before, value]);
        }
  });

  test('a change goes the shorter way around, and to the mirrored value for a bit', () => {
    const bitsOf = (value: number, before: number) => {
      const sink = new PackedSink(new MsgpackWriter(), someTables(1));
      sink.change(FIELD, value, before, 1023);
      return sink.bits.length;
    };
    expect(bitsOf(1000, 23)).toBe(1);
    // Mirrored, down, four bits of the length, what is below the first bit.
    expect(bitsOf(1023, 1)).toBe(1 + 1 + 4 + 1);
    expect(bitsOf(2, 1)).toBe(1 + 1 + 4);
  });

  test('a float that is as expected costs its length alone', () => {
    const sink = new PackedSink(new MsgpackWriter(), someTables(1));
    sink.float(FIELD, Float64Array.of(0.1, 0.1));
    expect(sink.bits.length).toBe(6);
  });
});

describe('what cannot be said', () => {
  test('a packed value of too many bytes is the game’s mistake', () => {
    const act = () => spell(someTables(1), (sink) => sink.free(FIELD, 'x'.repeat(40), 20));
    expect(act).toThrow(UsageError);
  });

  test('a sink writes whole bodies after one that was broken off', () => {
    const tables = someTables(1);
    const bytes = spell(tables, (sink) => {
      for (let i = 0; i < 20; i++) sink.open();
      sink.level(FIELD, 3, 7);
      sink.reset();
      for (let i = 0; i < 20; i++) sink.open();
      sink.level(FIELD, 5, 7);
      for (let i = 0; i < 20; i++) sink.close();
    });
    expect(hear(bytes, tables, (source) => source.level(FIELD, 7))).toBe(5);
  });
});

describe('what was kept', () => {
  const table = (capacity = 8, index = 0, tier = 0) =>
    ({ capacity, plan: { index }, tier }) as unknown as Baseline;
  const ROW = 3;

  function keeper(seed = 1) {
    const sink = new PackedSink(new MsgpackWriter(), someTables(seed));
    /** Says `values` unless they are remembered; answers whether they were, and the bits. */
    const say = (values: readonly number[], form: Form, of: Baseline, row = ROW) => {
      sink.reset();
      sink.level(FIELD, 1, 7);
      const remembered = sink.recall(form, of, row);
      if (!remembered) {
        for (const value of values) sink.level(FIELD, value, 1000);
        sink.keep(form, of, row);
      }
      return [remembered, [...sink.bits.ops.slice(0, sink.bits.length)]] as const;
    };
    return { sink, say };
  }

  test('is said again bit for bit, in the same tick, form, kind and row', () => {
    const { sink, say } = keeper();
    sink.begin(5, someTables(1));
    const kind = table();
    const [first, bits] = say([7, 900, 0], FORM_STEP, kind);
    expect([first, say([1], FORM_STEP, kind)]).toEqual([false, [true, bits]]);
    expect(say([1], FORM_STEP, kind, ROW + 1)[0]).toBe(false);
    expect(say([1], FORM_ARRIVAL, kind)[0]).toBe(false);
    expect(say([1], FORM_STEP, table(8, 1))[0]).toBe(false);
    expect(say([1], FORM_STEP, table(8, 0, 1))[0]).toBe(false);
    expect(say([1], FORM_STEP, kind)).toEqual([true, bits]);
  });

  test('is forgotten with its tick, and when its table grows', () => {
    const { sink, say } = keeper();
    sink.begin(5, someTables(1));
    say([7], FORM_STEP, table());
    expect(say([7], FORM_STEP, table(16))[0]).toBe(false);
    expect(say([7], FORM_STEP, table(16))[0]).toBe(true);
    sink.begin(6, someTables(1));
    expect(say([8], FORM_STEP, table(16))[0]).toBe(false);
  });

  test('is never of the room’s state, which is told to each seat from its own tick on', () => {
    const { sink, say } = keeper();
    sink.begin(5, someTables(1));
    expect([say([7], FORM_STEP, table(8, -1))[0], say([8], FORM_STEP, table(8, -1))[0]]).toEqual([
      false,
      false,
    ]);
  });

  test('is weighed where a budget wants it: by the odds, in bits', () => {
    const { sink, say } = keeper();
    const tables = someTables(1);
    sink.weighs = true;
    sink.begin(5, tables);
    const kind = table();
    // 1 of 1000 levels: a tree of four bits over its length, and no even bits below.
    const [, bits] = say([1], FORM_STEP, kind);
    const said = bits.slice(3);
    const price = said.reduce((sum, op) => sum + pricesOf(tables)[op] / PRICE_UNITS, 0);
    expect([said.length, sink.bitsOf(FORM_STEP, kind, ROW)]).toEqual([4, price]);
  });
});
