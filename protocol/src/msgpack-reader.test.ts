import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { closeCodeOf, ProtocolError } from './errors.ts';
import { FREE_LIMITS, MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';

const reader = new MsgpackReader();
/** The text as UTF-8 carries it: lone surrogates replaced. */
const wellFormed = (text: string) => Buffer.from(text).toString();

function reading(bytes: Uint8Array | string): MsgpackReader {
  reader.reset(typeof bytes === 'string' ? Buffer.from(bytes.replaceAll(' ', ''), 'hex') : bytes);
  return reader;
}

function refusal(run: () => unknown): ProtocolError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as ProtocolError).code).toBe('bad-msgpack');
    expect(closeCodeOf(error as ProtocolError)).toBe(4000);
    return error as ProtocolError;
  }
  throw new Error('was not refused');
}

/** Objects without a prototype, as `value` makes them, next to msgpackr's plain ones. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
};

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const { free } = fc.letrec((tie) => ({
  free: fc.oneof(
    { maxDepth: 7, depthSize: 'small' },
    leaf,
    fc.array(tie('free'), { maxLength: 40 }),
    fc.dictionary(
      fc.string().filter((text) => text !== '__proto__'),
      tie('free'),
      { maxKeys: 20 },
    ),
  ),
}));

describe('judged by msgpackr', () => {
  const judges = [
    new Packr({ useRecords: false }),
    new Packr({ useRecords: false, variableMapSize: true }),
  ];

  test('whatever msgpackr writes is read as it was', () => {
    fc.assert(
      fc.property(free, fc.constantFrom(...judges), (value, judge) => {
        const bytes = judge.pack(value);
        const r = reading(bytes);
        const read = r.value();
        r.end();
        // msgpackr writes -0 as 0.
        expect(JSON.stringify(plain(read))).toBe(JSON.stringify(plain(value)));
      }),
      { numRuns: 2000 },
    );
  });

  test('a big integer comes as a float from msgpackr and is an integer here', () => {
    expect(reading(judges[0].pack(1_790_000_000_123)).int()).toBe(1_790_000_000_123);
    expect(reading(judges[0].pack(-(2 ** 40))).int()).toBe(-(2 ** 40));
  });
});

test('what the writer writes is read exactly, -0 and NaN too', () => {
  const writer = new MsgpackWriter();
  fc.assert(
    fc.property(fc.double(), fc.maxSafeInteger(), fc.string({ unit: 'binary' }), (f, i, s) => {
      writer.reset();
      writer.float(f);
      writer.int(i);
      writer.str(s);
      writer.bool(true);
      writer.nil();
      const r = reading(writer.bytes());
      expect(r.float(true)).toBe(f);
      expect(r.int()).toBe(i + 0);
      expect(r.str(1000)).toBe(wellFormed(s));
      expect(r.tryNil()).toBe(false);
      expect(r.bool()).toBe(true);
      expect(r.peek()).toBe('nil');
      expect(r.tryNil()).toBe(true);
      expect(r.tryNil()).toBe(false);
      expect(r.atEnd).toBe(true);
      expect(r.position).toBe(writer.length);
      r.end();
    }),
  );
});

test('it reads a part of a larger array and never beyond it', () => {
  const bytes = Uint8Array.of(0xff, 0x92, 0x01, 0xcd, 0x02, 0x03, 0x05);
  reader.reset(bytes, 1, 6);
  expect(reader.arrayHeader(9)).toBe(2);
  expect(reader.int()).toBe(1);
  expect(reader.int()).toBe(0x203);
  reader.end();
  refusal(() => reader.int());
  reader.reset(bytes, 1, 5);
  reader.arrayHeader(9);
  reader.int();
  refusal(() => reader.int());
});

test('{T37} every form of a number is taken, not only the smallest', () => {
  const forms = ['07', 'cc07', 'cd0007', 'ce00000007', 'cf0000000000000007'];
  forms.push(
    'd007',
    'd10007',
    'd200000007',
    'd30000000000000007',
    'ca40e00000',
    'cb401c000000000000',
  );
  for (const form of forms) {
    expect(reading(form).int()).toBe(7);
    expect(reading(form).float()).toBe(7);
  }
  for (const form of ['ff', 'd0ff', 'd1ffff', 'd2ffffffff', 'd3ffffffffffffffff', 'cabf800000']) {
    expect(reading(form).int()).toBe(-1);
  }
  expect(reading('ca3fc00000').float()).toBe(1.5);
  expect(reading('cb8000000000000000').int()).toBe(0);
  expect(Object.is(reading('cb8000000000000000').int(), 0)).toBe(true);
});

test('{T36} integers end at 2^53 and at the range asked for', () => {
  expect(reading('cf001fffffffffffff').int()).toBe(Number.MAX_SAFE_INTEGER);
  expect(reading('d3ffe0000000000001').int()).toBe(Number.MIN_SAFE_INTEGER);
  const beyond = [
    'cf0020000000000000',
    'cfffffffffffffffff',
    'd3ffe0000000000000',
    'd38000000000000000',
  ];
  for (const form of [
    ...beyond,
    'd37fffffffffffffff',
    'cb4340000000000000',
    'cb3ff8000000000000',
  ]) {
    refusal(() => reading(form).int());
  }
  for (const form of beyond) refusal(() => reading(form).float());
  expect(reading('05').int(5, 5)).toBe(5);
  refusal(() => reading('05').int(6, 9));
  refusal(() => reading('05').int(0, 4));
});

test('{T37} NaN and the infinities are refused unless asked for', () => {
  const forms = [
    'cb7ff8000000000000',
    'cb7ff0000000000000',
    'cbfff0000000000000',
    'ca7fc00001',
    'ca7f800000',
  ];
  for (const form of forms) {
    refusal(() => reading(form).float());
    refusal(() => reading(form).int());
    refusal(() => reading(form).value());
    expect(Number.isFinite(reading(form).float(true))).toBe(false);
  }
});

test('{T38} invalid UTF-8 becomes U+FFFD as TextDecoder does, and a BOM stays', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const bad = [
    '80',
    'c3',
    'c080',
    'e282',
    'eda080',
    'f8888080',
    'f09f98',
    'ff61',
    '61ff62',
    'efbbbf61',
  ];
  for (const tail of bad) {
    for (const front of [0, 100]) {
      const text = Buffer.concat([Buffer.alloc(front, 'x'), Buffer.from(tail, 'hex')]);
      const bytes = Buffer.concat([Buffer.from([0xd9, text.length]), text]);
      expect(reading(bytes).str(200)).toBe(decoder.decode(text));
    }
  }
});

test('texts and bytes longer than asked for are refused', () => {
  expect(reading('a3616263').str(3)).toBe('abc');
  refusal(() => reading('a3616263').str(2));
  expect(reading('c403010203').bin(3)).toEqual(Buffer.of(1, 2, 3));
  refusal(() => reading('c403010203').bin(2));
  refusal(() => reading('930101 01').arrayHeader(2));
  refusal(() => reading('82a16101a16202').mapHeader(1));
});

test('each kind of value is refused where another is expected', () => {
  const samples = { nil: 'c0', bool: 'c2', int: '01', float: 'cb3ff8000000000000', str: 'a161' };
  const all: Record<string, string> = { ...samples, bin: 'c40101', array: '90', map: '80' };
  const reads: Record<string, (r: MsgpackReader) => unknown> = {
    bool: (r) => r.bool(),
    int: (r) => r.int(),
    float: (r) => r.float(),
    str: (r) => r.str(9),
    bin: (r) => r.bin(9),
    array: (r) => r.arrayHeader(9),
    map: (r) => r.mapHeader(9),
  };
  for (const [type, bytes] of Object.entries(all)) {
    expect(reading(bytes).peek()).toBe(type);
    for (const [expected, read] of Object.entries(reads)) {
      if (expected === type || (expected === 'float' && type === 'int')) read(reading(bytes));
      else refusal(() => read(reading(bytes)));
    }
  }
});

describe('hostile bytes', () => {
  const zeros = (count: number) => '00'.repeat(count);
  /** In hex; the numbers are those of .ci/hostile-rows.ts. */
  const hostile: Record<string, string> = {
    '{T40} nothing at all': '',
    '{T40} the byte 0xc1': 'c1',
    '0xc1 inside': '9301c101',
    '{T28} array32 of 2^32-1': 'ddffffffff',
    '{T28} array32 of 2^32-1 with some content': `ddffffffff${zeros(100)}`,
    '{T28} array16 that lies': `dcffff${zeros(100)}`,
    '{T28} array32 of one more than follows': `dd00000003${zeros(2)}`,
    '{T28} map32 of 2^32-1': 'dfffffffff',
    '{T28} map32 of 2^32-1 with some content': `dfffffffff${zeros(100)}`,
    '{T28} map16 that lies': `deffff${zeros(100)}`,
    '{T28} map of one more pair than follows': '82a1610001',
    '{T28} str32 that lies': 'dbffffffff61',
    '{T28} str16 that lies': 'daffff61',
    '{T28} str8 that lies': 'd9ff61',
    '{T28} fixstr that lies': 'a261',
    '{T28} bin32 that lies': 'c6ffffffff00',
    '{T28} bin16 that lies': 'c5ffff00',
    '{T28} bin8 that lies': 'c4ff00',
    '{T30} arrays 16,384 deep': '91'.repeat(16_384),
    '{T30} arrays 16,384 deep with an end': `${'91'.repeat(16_384)}00`,
    '{T30} maps 4,096 deep': '81a161'.repeat(4096),
    '{T29} nested array16 that each claim the rest': 'dcffff'.repeat(16_384),
    '{T30} nested map16 that each claim the rest': 'de1000'.repeat(5_000),
    '{T29} nested array32': 'dd00001000'.repeat(3_000),
    '{T31} a record definition, ext 0x72': 'd4724091a161',
    '{T32} a regular expression, ext 0x78': 'c70478 92a16100',
    '{T32} an error, ext 0x65': 'd46500',
    '{T32} a set, ext 0x73': 'd47300',
    '{T32} a typed array, ext 0x74': 'c7027400ff',
    '{T32} a big integer, ext 0x42': 'c81000 42',
    '{T33} a cycle, ext 0x69 and 0x70': 'd6690000000191d67000000001',
    '{T34} bundled strings, ext 0x62': 'd662ffffffff',
    'undefined, fixext 1 of type 0': 'd40000',
    'a timestamp, ext -1': 'd6ff00000000',
    'fixext 2, 8 and 16': `d500${zeros(2)}`,
    'fixext 8': `d700${zeros(8)}`,
    'fixext 16': `d800${zeros(16)}`,
    'ext 8': 'c7000a',
    'ext 16': 'c800000a',
    'ext 32': 'c9000000000a',
    'ext 32 that lies': 'c9ffffffff0a',
    '{T36} uint64 of 2^64-1': 'cfffffffffffffffff',
    '{T36} int64 of -2^63': 'd38000000000000000',
    'an integer as a key': '810101',
    'an array as a key': '819001',
    'nil as a key': '81c001',
  };

  for (const [name, bytes] of Object.entries(hostile)) {
    test(`[F3] ${name} is refused`, () => {
      refusal(() => reading(bytes).value());
    });
  }

  test('{T39} [F2] trailing bytes are refused', () => {
    const r = reading('0102');
    r.int();
    refusal(() => r.end());
  });

  test('the budget of elements holds across nesting', () => {
    const limits = { maxDepth: 2, maxElements: 6 };
    expect(reading('92 92 01 02 91 03'.replaceAll(' ', '')).value(limits)).toEqual([[1, 2], [3]]);
    refusal(() => reading('92 92 01 02 92 03 04').value(limits));
    refusal(() => reading('dc1001'.concat('c0'.repeat(4097))).value(FREE_LIMITS));
    refusal(() => reading('919191c0').value(limits));
  });

  test('{T35} a key named __proto__ is a key like any other', () => {
    const key = `a9${Buffer.from('__proto__').toString('hex')}`;
    const value = reading(
      `81${key}81a8${Buffer.from('polluted').toString('hex')}c3`,
    ).value() as object;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(reading('82a16101a16102').value() as object)).toEqual(['a']);
  });

  const sample = new Packr({ useRecords: false }).pack([
    5,
    [1, -7, 300, 70_000, -40_000, 1.5, 2 ** 40],
    { name: 'héllo', tags: ['a', 'b'], at: { x: 1, y: -2 }, ok: true, none: null },
    'x'.repeat(60),
    Buffer.from([1, 2, 3]),
  ]);

  test('a frame cut at any length is refused', () => {
    for (let length = 0; length < sample.length; length++) {
      refusal(() => reading(sample.subarray(0, length)).value());
    }
    reading(sample).value();
    reader.end();
  });

  test('{T42} a frame with any byte changed to any other is a value or a ProtocolError', () => {
    for (let at = 0; at < sample.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const bytes = Uint8Array.from(sample);
        bytes[at] = byte;
        try {
          reading(bytes).value();
          reader.end();
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
        expect(reader.position).toBeLessThanOrEqual(bytes.length);
      }
    }
  });

  test('{T42} [F4] random bytes are a value or a ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          reading(bytes).value();
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
      }),
      { numRuns: 20_000 },
    );
  });

  test('{T41} bytes of a free value survive the message they came in', () => {
    const message = Uint8Array.of(0xc4, 0x02, 1, 2);
    const value = reading(message).value();
    message.fill(0);
    expect(value).toEqual(Uint8Array.of(1, 2));
  });
});
