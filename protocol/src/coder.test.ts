// The range coder by itself: whatever bits at whatever odds come back, the reader stands at the end
// of what was written, and bytes that nobody wrote end in bits or a refusal after bounded work.
import { describe, expect, test } from 'vitest';
import { BitList, EVEN_BITS, RangeDecoder, RangeEncoder } from './coder.ts';
import { ODDS } from './coding-tables.ts';
import { ProtocolError } from './errors.ts';
import { ANSWERS_PER_BYTE, BODY_ANSWERS } from './limits.ts';
import { Random } from './random.ts';

const EVEN_ODDS = 2048;

/** One thing that is said: a bit of a context, or some even bits (context -1). */
interface Said {
  readonly context: number;
  readonly bits: number;
  readonly value: number;
}

function listOf(said: readonly Said[]): BitList {
  const list = new BitList();
  for (const { context, bits, value } of said)
    if (context < 0) list.pushEven(value, bits);
    else list.push(context, value);
  return list;
}

function encode(said: readonly Said[], odds: Uint16Array, encoder = new RangeEncoder()) {
  const length = encoder.encode(listOf(said), odds);
  return encoder.bytes.slice(0, length);
}

/** What a reader that asks the same questions is told; throws unless it ends at the end. */
function decode(bytes: Uint8Array, asked: readonly Said[], odds: Uint16Array): number[] {
  const decoder = new RangeDecoder();
  decoder.begin(bytes, odds, 0, bytes.length);
  const told = asked.map(({ context, bits }) =>
    context < 0 ? decoder.even(bits) : decoder.bit(context),
  );
  decoder.finish();
  return told;
}

const values = (said: readonly Said[]) => said.map(({ value }) => value);

/** `count` things by chance; bits as their odds have it, but for a few. */
function someSaid(random: Random, odds: Uint16Array, count: number): Said[] {
  return Array.from({ length: count }, () => {
    if (random.next() < 0.2) {
      const bits = random.integer(33);
      return { context: -1, bits, value: Math.floor(random.next() * 2 ** bits) };
    }
    const context = random.integer(odds.length);
    const likely = random.next() < odds[context] / 4096 ? 1 : 0;
    return { context, bits: 1, value: random.next() < 0.05 ? 1 - likely : likely };
  });
}

describe('any bits at any odds', () => {
  const all = Uint16Array.from([EVEN_ODDS, ...ODDS, 2, 4094, 1, 4095]);

  test.each(Array.from({ length: 30 }, (_, i) => i + 1))('come back (seed %i)', (seed) => {
    const random = new Random(seed);
    const encoder = new RangeEncoder();
    for (let i = 0; i < 60; i++) {
      // Many contexts, or one of them only: runs of what is nearly certain.
      const odds = i % 3 ? all : all.map(() => ODDS[random.integer(ODDS.length)]);
      const from = i % 5 === 0 ? odds.map((_, c) => odds[c % (1 + random.integer(3))]) : odds;
      const said = someSaid(random, from, random.integer(i < 50 ? 40 : 4000));
      const bytes = encode(said, from, encoder);
      expect(decode(bytes, said, from)).toEqual(values(said));
    }
  });

  test.each([1, 2, 2048, 4094, 4095])('come back where all are 1, or 0, at odds of %i', (p) => {
    for (const value of [0, 1])
      for (const count of [0, 1, 2, 7, 8, 9, 1000, 40_000]) {
        const odds = Uint16Array.of(p);
        const said = Array.from({ length: count }, () => ({ context: 0, bits: 1, value }));
        expect(decode(encode(said, odds), said, odds)).toEqual(values(said));
      }
  });

  test('cost what their odds say, and a byte or two', () => {
    const random = new Random(7);
    const odds = Uint16Array.from(ODDS);
    const said = someSaid(random, odds, 20_000);
    let bits = 0;
    for (const { context, bits: even, value } of said) {
      const one = context < 0 ? 0 : odds[context] / 4096;
      bits += context < 0 ? even : -Math.log2(value ? one : 1 - one);
    }
    // Where the interval is cut to whole units one side gains what the other loses: a thousandth.
    const { length } = encode(said, odds);
    expect(length).toBeGreaterThan((bits / 8) * 0.999);
    expect(length).toBeLessThan((bits / 8) * 1.001 + 2);
  });

  test('of which there are none take one byte', () => {
    const odds = Uint16Array.of(EVEN_ODDS);
    expect(encode([], odds)).toHaveLength(1);
    expect(decode(encode([], odds), [], odds)).toEqual([]);
  });
});

describe('even bits', () => {
  const odds = Uint16Array.of(EVEN_ODDS);

  test('come back, of every length up to 53 by the reader, 32 by the writer', () => {
    for (let bits = 0; bits <= 32; bits++)
      for (const value of [0, 2 ** bits - 1, Math.floor(0.7 * 2 ** bits)]) {
        const said = [{ context: -1, bits, value }];
        expect(decode(encode(said, odds), said, odds)).toEqual([value]);
      }
    const halves = [
      { context: -1, bits: 21, value: 2 ** 21 - 3 },
      { context: -1, bits: 32, value: 0xdead_beef },
    ];
    const whole = [{ context: -1, bits: 53, value: 0 }];
    expect(decode(encode(halves, odds), whole, odds)).toEqual([
      (2 ** 21 - 3) * 2 ** 32 + 0xdead_beef,
    ]);
  });

  test('of a value take only its lowest bits, EVEN_BITS in each entry of the list', () => {
    const list = new BitList();
    list.pushEven(0xfff5, 4);
    list.pushEven(0x1234_5678, 32);
    expect(list.length).toBe(1 + 32 / EVEN_BITS);
    const asked = [4, 32].map((bits) => ({ context: -1, bits, value: 0 }));
    const encoder = new RangeEncoder();
    const bytes = encoder.bytes.slice(0, encoder.encode(list, odds));
    expect(decode(bytes.length ? bytes : encoder.bytes, asked, odds)).toEqual([5, 0x1234_5678]);
  });
});

describe('a carry', () => {
  test('runs back through every byte of 255', () => {
    // The path to exactly one half keeps the interval's low end at 0111..., its high end above it.
    const odds = Uint16Array.of(1365);
    const half = Uint8Array.of(128, ...Array<number>(200).fill(0));
    const decoder = new RangeDecoder();
    decoder.begin(half, odds, 0, half.length);
    const path = Array.from({ length: 150 }, () => ({
      context: 0,
      bits: 1,
      value: decoder.bit(0),
    }));
    const seen = new Set<number>();
    let longest = 0;
    for (let length = 40; length <= path.length; length++)
      for (const flip of [0, 1]) {
        const said = path.slice(0, length);
        const last = said[length - 1];
        said[length - 1] = { ...last, value: last.value ^ flip };
        const bytes = encode(said, odds);
        expect(decode(bytes, said, odds)).toEqual(values(said));
        seen.add(bytes[0]);
        const run = bytes.findIndex((byte, i) => i > 0 && byte !== 0);
        if (bytes[0] === 128) longest = Math.max(longest, run < 0 ? bytes.length : run);
      }
    expect([...seen].sort()).toEqual([127, 128]);
    expect(longest).toBeGreaterThan(10);
  });
});

describe('[K6] more answers than bytes allow', () => {
  const odds = Uint16Array.of(4095, EVEN_ODDS);
  /** Each all but certain: 30 bytes would hold them all. */
  const said = (count: number) => Array<Said>(count).fill({ context: 0, bits: 1, value: 1 });
  const filled = (count: number) => Math.max(Math.ceil((count - 1024) / 16), 1);
  const encoded = (count: number, granted: number) => {
    const encoder = new RangeEncoder();
    // What a body before it left in the buffer is no part of this one.
    encoder.encode(listOf(someSaid(new Random(1), odds, 9000)), odds);
    return encoder.bytes.slice(0, encoder.encode(listOf(said(count)), odds, granted));
  };
  const read = (bytes: Uint8Array, count: number, granted = 0) => {
    const decoder = new RangeDecoder();
    decoder.begin(bytes, odds, 0, bytes.length);
    decoder.grant(granted);
    for (let i = 0; i < count; i++) expect(decoder.bit(0)).toBe(1);
    decoder.finish();
  };
  const refused = expect.objectContaining({ code: 'bad-state' });

  test.each([1000, 1040, 1041, 1100, 5000])('%i answers are filled up with zeros', (count) => {
    const bytes = encode(said(count), odds);
    expect(bytes).toHaveLength(filled(count));
    read(bytes, count);
    expect(encoded(count, 0)).toEqual(bytes);
  });

  test.each([16, 700, 3000])('%i more are granted for what the reader holds', (granted) => {
    const bytes = encoded(5000, granted);
    expect(bytes).toHaveLength(filled(5000 - granted));
    read(bytes, 5000, granted);
    expect(() => read(bytes, 5000, granted - 16)).toThrow(refused);
    expect(() => read(bytes, 5000, granted + 16)).toThrow(refused);
  });

  test('a byte less, a byte more, and a byte that is no zero are refused', () => {
    const bytes = encoded(5000, 0);
    expect(() => read(bytes.slice(0, -1), 5000)).toThrow(refused);
    expect(() => read(Uint8Array.of(...bytes, 0), 5000)).toThrow(refused);
    for (const at of [5, 100, bytes.length - 1])
      expect(() => read(bytes.with(at, 1), 5000)).toThrow(refused);
  });

  test('even bits are an answer for each eight', () => {
    const even = Array<Said>(30).fill({ context: -1, bits: 20, value: 0xbeef5 });
    const bytes = encode([...said(4000), ...even], odds);
    expect(bytes).toHaveLength(filled(4000 + 30 * 3));
    expect(decode(bytes, [...said(4000), ...even], odds).slice(-1)).toEqual([0xbeef5]);
  });
});

describe('bytes that nobody wrote', () => {
  const odds = Uint16Array.from([EVEN_ODDS, 1, 100, 3000, 4095]);
  const said = someSaid(new Random(3), odds, 120);
  const bytes = encode(said, odds);

  test('[K3] a body cut anywhere is refused, or says something else', () => {
    for (let end = 0; end < bytes.length; end++)
      expect(attempt(bytes.slice(0, end), said)).not.toEqual(values(said));
  });

  test('[K3] a body that goes on is refused', () => {
    for (const more of [[0], [255], [0, 0, 0], [0, 0, 0, 0, 0]])
      expect(() => decode(Uint8Array.of(...bytes, ...more), said, odds)).toThrow(
        expect.objectContaining({ code: 'bad-state' }),
      );
  });

  test.each(Array.from({ length: 10 }, (_, i) => i + 1))(
    'are bits or a refusal (seed %i)',
    (seed) => {
      const random = new Random(seed);
      for (let i = 0; i < 200; i++) {
        const any = Uint8Array.from({ length: random.integer(30) }, () => random.integer(256));
        const told = attempt(any, said);
        if (told)
          for (const [k, { bits }] of said.entries()) {
            expect(told[k]).toBeGreaterThanOrEqual(0);
            expect(told[k]).toBeLessThan(2 ** bits);
          }
      }
    },
  );

  test('[K6] end after 8 bits a byte at even odds, after 1,024 and 16 a byte at the surest', () => {
    const most = (p: number, value: number, length: number) => {
      const decoder = new RangeDecoder();
      let count = 0;
      try {
        decoder.begin(new Uint8Array(length).fill(value), Uint16Array.of(p), 0, length);
        for (;;) {
          decoder.bit(0);
          count++;
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
      return count;
    };
    for (const length of [0, 1, 2, 100]) {
      // What is read ahead counts, and what is left of the interval at the end: 4 bytes more.
      expect(most(2048, 0x5a, length)).toBeLessThanOrEqual((length + 4) * 8);
      // By themselves these would be 22,713 a byte.
      const allowed = length > 0 ? BODY_ANSWERS + ANSWERS_PER_BYTE * length : 0;
      expect(most(4095, 0, length)).toBe(allowed);
      expect(most(1, 255, length)).toBe(allowed);
    }
  });

  function attempt(from: Uint8Array, asked: readonly Said[]): number[] | undefined {
    try {
      return decode(from, asked, odds);
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }
});
