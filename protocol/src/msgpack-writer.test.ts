import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { UsageError } from './errors.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MAX_FREE_DEPTH, MsgpackWriter } from './msgpack-writer.ts';

const judgeOut = new Packr({ useRecords: false, variableMapSize: true });
const judgeIn = new Unpackr({ useRecords: false, int64AsType: 'number' });
const writer = new MsgpackWriter(1);
/** The text as UTF-8 carries it: lone surrogates replaced. */
const wellFormed = (text: string) => Buffer.from(text).toString();

function written(write: (writer: MsgpackWriter) => void): Uint8Array {
  writer.reset();
  write(writer);
  return writer.bytes().slice();
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const judged = (bytes: Uint8Array) => judgeIn.unpack(Buffer.from(bytes));

/** Free values that msgpackr writes as we do: finite numbers without -0, well-formed texts. */
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger().map((n) => n + 0),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const key = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => text !== '__proto__');
const { free } = fc.letrec((tie) => ({
  free: fc.oneof(
    { maxDepth: MAX_FREE_DEPTH, depthSize: 'small' },
    leaf,
    fc.array(tie('free'), { maxLength: 40 }),
    fc.dictionary(key, tie('free'), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

describe('judged by msgpackr', () => {
  test('every free value is written as msgpackr writes it, and read back by it', () => {
    fc.assert(
      fc.property(free, (value) => {
        const bytes = written((w) => w.value(value));
        expect(hex(bytes)).toBe(hex(judgeOut.pack(value)));
        expect(judged(bytes)).toEqual(value);
      }),
      { numRuns: 2000 },
    );
  });

  test('every 32-bit integer has the smallest form', () => {
    const edges = [0, 0x1f, 0x20, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x7fffffff, 0xffffffff];
    const both = edges.flatMap((n) => [n, -n, -n - 1]).filter((n) => n >= -0x80000000);
    for (const n of both) {
      expect(hex(written((w) => w.int(n + 0)))).toBe(hex(judgeOut.pack(n + 0)));
    }
    fc.assert(
      fc.property(fc.integer({ min: -0x80000000, max: 0xffffffff }), (n) => {
        expect(hex(written((w) => w.int(n)))).toBe(hex(judgeOut.pack(n)));
      }),
    );
  });

  test('integers beyond 32 bits go as int64 or uint64', () => {
    expect(hex(written((w) => w.int(2 ** 32)))).toBe('cf0000000100000000');
    expect(hex(written((w) => w.int(-(2 ** 31) - 1)))).toBe('d3ffffffff7fffffff');
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => {
        expect(judged(written((w) => w.int(n)))).toBe(n + 0);
      }),
    );
  });

  test('every float64 is exact, NaN, -0 and the infinities too', () => {
    const special = [
      -0,
      Number.NaN,
      Infinity,
      -Infinity,
      Number.MIN_VALUE,
      Number.MAX_VALUE,
      2 ** 53,
    ];
    for (const n of special) expect(judged(written((w) => w.float(n)))).toBe(n);
    expect(hex(written((w) => w.float(3)))).toBe('03');
    expect(hex(written((w) => w.float(-0)))).toBe('cb8000000000000000');
    expect(hex(written((w) => w.float(2 ** 40)))).toBe('cb4270000000000000');
  });

  test('texts and bytes of every header size are read back', () => {
    for (const length of [0, 1, 31, 32, 255, 256, 65_535, 65_536]) {
      for (const unit of ['a', 'é', '€', '😀', 'aé']) {
        const text = wellFormed(unit.repeat(length).slice(0, length));
        const bytes = written((w) => w.str(text));
        expect(hex(bytes.subarray(0, 6))).toBe(hex(judgeOut.pack(text).subarray(0, 6)));
        expect(judged(bytes)).toBe(text);
      }
      const bin = new Uint8Array(length).fill(7);
      expect(hex(written((w) => w.bin(bin)))).toBe(hex(judgeOut.pack(Buffer.from(bin))));
    }
  });

  test('arrays and maps of every header size are read back', () => {
    for (const count of [0, 1, 15, 16, 65_535, 65_536]) {
      const array = written((w) => {
        w.arrayHeader(count);
        for (let i = 0; i < count; i++) w.int(i);
      });
      expect(hex(array)).toBe(hex(judgeOut.pack(Array.from({ length: count }, (_, i) => i))));
      const map = written((w) => {
        w.mapHeader(count);
        for (let i = 0; i < count; i++) {
          w.str(`k${i}`);
          w.bool(i % 2 === 0);
        }
      });
      const expected = Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`k${i}`, !(i % 2)]),
      );
      expect(judged(map)).toEqual(expected);
    }
  });
});

test('a lone surrogate becomes U+FFFD, at either end and inside', () => {
  for (const text of ['\ud800', '\udc00', 'a\ud800b', '\ud800\ud800', '\udc00\ud800', '😀\ud83d']) {
    expect(judged(written((w) => w.str(text)))).toBe(wellFormed(text));
  }
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0xd700, max: 0xe0ff }), { maxLength: 60 }), (units) => {
      const text = String.fromCharCode(...units);
      expect(judged(written((w) => w.str(text)))).toBe(wellFormed(text));
    }),
  );
});

test('an array counted at its end equals one counted before, nested too', () => {
  for (const [outer, inner] of [
    [0, 0],
    [3, 15],
    [15, 16],
    [16, 17],
    [20, 70_000],
  ]) {
    const items = Array.from({ length: outer }, (_, i) =>
      Array.from({ length: i === 1 ? inner : i }, (_, j) => j),
    );
    const bytes = written((w) => {
      w.str('before');
      const mark = w.openArray();
      for (const item of items) {
        const inside = w.openArray();
        for (const n of item) w.int(n);
        w.closeArray(inside, item.length);
      }
      w.closeArray(mark, outer);
      w.str('after');
    });
    const expected = [judgeOut.pack('before'), judgeOut.pack(items), judgeOut.pack('after')];
    expect(hex(bytes)).toBe(expected.map(hex).join(''));
  }
});

test('ready bytes are appended whole or in part', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  expect(hex(written((w) => w.raw(bytes)))).toBe('01020304');
  expect(hex(written((w) => w.raw(bytes, 1, 3)))).toBe('0203');
  expect(() => written((w) => w.raw(bytes, 2, 5))).toThrow('Tickwire bug');
});

test('an integer that is not safe is our bug', () => {
  for (const n of [0.5, 2 ** 53, Number.NaN, Infinity]) {
    expect(() => written((w) => w.int(n))).toThrow('Tickwire bug');
  }
});

test('a free value that cannot travel is refused and leaves nothing behind', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  class Ship {}
  const refused: unknown[] = [
    () => 0,
    Symbol('s'),
    1n,
    Number.NaN,
    Infinity,
    cycle,
    new Map(),
    new Date(),
    new Ship(),
  ];
  refused.push(new Float64Array(1), new ArrayBuffer(1));
  for (const value of refused) {
    writer.reset();
    writer.int(1);
    expect(() => writer.value({ before: 1, list: [value] })).toThrow(UsageError);
    expect(hex(writer.bytes())).toBe('01');
  }
});

test('a free value may be eight levels deep and no more', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  const bytes = written((w) => w.value(nested(MAX_FREE_DEPTH)));
  const reader = new MsgpackReader();
  reader.reset(bytes);
  expect(reader.value()).toEqual(nested(MAX_FREE_DEPTH));
  expect(() => written((w) => w.value(nested(MAX_FREE_DEPTH + 1)))).toThrow(UsageError);
});

test('an undefined property is left out and another undefined is nil', () => {
  const wide = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`k${i}`, i || undefined]));
  expect(judged(written((w) => w.value({ a: undefined, b: [undefined] })))).toEqual({ b: [null] });
  const { k0: _, ...rest } = wide;
  expect(hex(written((w) => w.value(wide)))).toBe(hex(judgeOut.pack(rest)));
  expect(written((w) => w.value(undefined))).toEqual(Uint8Array.of(0xc0));
});
