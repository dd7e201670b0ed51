// What a peer may send after its handshake, case by case, and what both sides see of it on each
// transport. Numbered as the Autobahn test suite numbers its chapters: 1 sizes, 2 pings, 3 reserved
// bits, 4 reserved opcodes, 5 fragments, 6 UTF-8, 7 closing, 9 limits; 20 is masking. Run by
// conformance.test.ts, which holds docs/conformance.md against it. Trap: text is told apart and
// never echoed, since games are binary.

import { BINARY, CLOSE, closeBody, frame, PING, PONG, TEXT } from './raw-socket.ts';

/**
 * What the peer got, `; `, what the handler was told, both in order. The peer ends with `open`,
 * with the code of a close frame, or `cut` without one; an echo that is not what was sent is
 * `changed`.
 */
export type Outcome = string;

export interface FrameCase {
  readonly id: string;
  readonly title: string;
  /** Each of these in a write and a turn of its own. */
  readonly writes: readonly Uint8Array[];
  readonly seen: { readonly uws: Outcome; readonly ws: Outcome };
}

/** Room for the sizes that Autobahn tries; production takes 4,096 bytes. */
export const MAX_FRAME_BYTES = 65_536;

/** Bytes that tell where they stood: an echo of other bytes does not compare equal. */
export function pattern(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => ((from + index) * 31) & 255);
}

type Seen = Outcome | FrameCase['seen'];
type Row = [id: string, title: string, writes: Uint8Array | readonly Uint8Array[], seen: Seen];

const caseOf = ([id, title, writes, seen]: Row): FrameCase => ({
  id,
  title,
  writes: writes instanceof Uint8Array ? [writes] : writes,
  seen: typeof seen === 'string' ? { uws: seen, ws: seen } : seen,
});

const echoed = (length: number) => `binary ${length}, open; message ${length}`;
/** `times` over, with commas. */
const listed = (text: string, times: number) => Array(times).fill(text).join(', ');
const answered = (code: number) => `close ${code}; close ${code}`;
const TEXT_TOLD = 'open; text';
const CUT = 'cut; close 1006';
/** Both refuse: ws says why in a close frame, uWebSockets.js cuts the line. */
const refused = (code: number): Seen => ({ uws: CUT, ws: `close ${code}; close 1006` });
/** uWebSockets.js answers a close that it does not like with an empty one. */
const emptied = (ws: Outcome): Seen => ({ uws: 'close 1005; close 1006', ws });

/** Bytes in pieces of `size`. */
function chopped(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * size).subarray(0, size),
  );
}

const all = (...frames: Uint8Array[]): Uint8Array => Buffer.concat(frames);
const begun = (opcode: number, payload: Uint8Array | string) =>
  frame(opcode, payload, { fin: false });
const more = (payload: Uint8Array | string) => frame(0, payload, { fin: false });
const last = (payload: Uint8Array | string) => frame(0, payload);
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A message of `total` bytes in fragments of `size`. */
function fragments(total: number, size: number): Uint8Array[] {
  const pieces = chopped(pattern(total), size);
  return pieces.map((piece, index) =>
    frame(index === 0 ? BINARY : 0, piece, { fin: index === pieces.length - 1 }),
  );
}

/** A frame whose length stands in 2 or 8 bytes, whatever shorter form would hold it; unmasked. */
function spelt(lengthBytes: 2 | 8, announced: bigint, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(2 + lengthBytes + 4);
  head[0] = 0x80 | BINARY;
  head[1] = 0x80 | (lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(Number(announced), 2);
  else head.writeBigUInt64BE(announced, 2);
  return Buffer.concat([head, payload]);
}

const SIZES = [0, 125, 126, 127, 128, 65_535, 65_536];

const SIZE_ROWS: Row[] = [
  ...SIZES.map((size, index): Row => {
    return [`1.1.${index + 1}`, `text of ${size} bytes`, frame(TEXT, 'x'.repeat(size)), TEXT_TOLD];
  }),
  ...SIZES.map((size, index): Row => {
    const bytes = frame(BINARY, pattern(size));
    return [`1.2.${index + 1}`, `binary of ${size} bytes`, bytes, echoed(size)];
  }),
  [
    '1.2.8',
    'binary of 65536 bytes in writes of 997',
    chopped(frame(BINARY, pattern(65_536)), 997),
    echoed(65_536),
  ],
  ['1.3.1', 'a length of 5 in 2 bytes', spelt(2, 5n, pattern(5)), echoed(5)],
  ['1.3.2', 'a length of 5 in 8 bytes', spelt(8, 5n, pattern(5)), echoed(5)],
  ['1.3.3', 'a length of 2^53', spelt(8, 2n ** 53n, pattern(5)), refused(1009)],
  ['1.3.4', 'a length of 2^63', spelt(8, 2n ** 63n, pattern(20)), refused(1009)],
];

const TEN_PINGS = all(...Array(10).fill(frame(PING, pattern(4))));
const TEN_PONGS = `${listed('pong 4', 10)}, open; ${listed('ping', 10)}`;

const PING_ROWS: Row[] = [
  ['2.1', 'an empty ping', frame(PING), 'pong 0, open; ping'],
  ['2.2', 'a ping of 5 bytes', frame(PING, pattern(5)), 'pong 5, open; ping'],
  ['2.4', 'a ping of 125 bytes', frame(PING, pattern(125)), 'pong 125, open; ping'],
  ['2.5', 'a ping of 126 bytes', frame(PING, pattern(126)), refused(1002)],
  ['2.6', '2.4 byte by byte', chopped(frame(PING, pattern(125)), 1), 'pong 125, open; ping'],
  ['2.7', 'an empty pong that nobody asked for', frame(PONG), 'open; '],
  ['2.8', 'such a pong of 5 bytes', frame(PONG, pattern(5)), 'open; '],
  [
    '2.9',
    'such a pong, then a ping',
    [frame(PONG, pattern(5)), frame(PING, pattern(3))],
    'pong 3, open; ping',
  ],
  ['2.10', 'ten pings in one write', TEN_PINGS, TEN_PONGS],
  ['2.11', 'ten pings byte by byte', chopped(TEN_PINGS, 1), TEN_PONGS],
  ['2.12', 'a pong of 126 bytes', frame(PONG, pattern(126)), refused(1002)],
];

/** What came before in the same read is told; its answer is lost on uWebSockets.js. */
const REFUSED_LATE: Seen = {
  uws: 'cut; message 5, close 1006',
  ws: 'binary 5, close 1002; message 5, close 1006',
};
const GOOD = frame(BINARY, pattern(5));

const RESERVED_ROWS: Row[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv): Row => {
    const title = `reserved bits ${rsv.toString(2).padStart(3, '0')}`;
    return [`3.${rsv}`, title, frame(BINARY, pattern(5), { rsv }), refused(1002)];
  }),
  ['3.8', 'a reserved bit on a ping', frame(PING, '', { rsv: 4 }), refused(1002)],
  ['3.9', 'a reserved bit on a close', frame(CLOSE, '', { rsv: 4 }), refused(1002)],
  [
    '3.10',
    'a reserved bit on a continuation',
    [begun(BINARY, pattern(3)), frame(0, pattern(2, 3), { rsv: 4 })],
    refused(1002),
  ],
  [
    '3.11',
    'a good message, then a reserved bit',
    all(GOOD, frame(BINARY, '', { rsv: 4 })),
    REFUSED_LATE,
  ],
  ...[3, 4, 5, 6, 7].map((opcode, index): Row => {
    return [`4.1.${index + 1}`, `opcode ${opcode}`, frame(opcode, pattern(5)), refused(1002)];
  }),
  ...[11, 12, 13, 14, 15].map((opcode, index): Row => {
    return [`4.2.${index + 1}`, `opcode ${opcode}`, frame(opcode, pattern(5)), refused(1002)];
  }),
];

const [HEAD, TAIL] = fragments(5, 3);
const PINGED = [HEAD, frame(PING, pattern(2)), TAIL];
const PINGED_TOLD = 'pong 2, binary 5, open; ping, message 5';
/** uWebSockets.js takes a message inside a message for more of the same. */
const merged = (length: number): Seen => ({
  uws: `binary ${length} changed, open; message ${length}`,
  ws: 'close 1002; close 1006',
});

const FRAGMENT_ROWS: Row[] = [
  ['5.1', 'a ping in two', [begun(PING, 'a'), last('b')], refused(1002)],
  ['5.2', 'a pong in two', [begun(PONG, 'a'), last('b')], refused(1002)],
  ['5.2.1', 'a close in two', [begun(CLOSE, ''), last('')], refused(1002)],
  ['5.3', 'a message in two', [HEAD, TAIL], echoed(5)],
  ['5.4', '5.3 in one write', all(HEAD, TAIL), echoed(5)],
  ['5.5', '5.3 byte by byte', chopped(all(HEAD, TAIL), 1), echoed(5)],
  ['5.6', 'a ping between two fragments', PINGED, PINGED_TOLD],
  ['5.7', '5.6 in one write', all(...PINGED), PINGED_TOLD],
  ['5.8', '5.6 byte by byte', chopped(all(...PINGED), 1), PINGED_TOLD],
  ['5.9', 'the end of nothing', last(pattern(5)), refused(1002)],
  ['5.10', 'a continuation of nothing', more(pattern(5)), refused(1002)],
  ['5.11', '5.10, then a message', all(more(pattern(5)), GOOD), refused(1002)],
  ['5.12', 'a whole message, then 5.9', all(GOOD, last(pattern(5))), REFUSED_LATE],
  [
    '5.15',
    'a message inside a message',
    [begun(BINARY, pattern(5)), frame(BINARY, pattern(3))],
    merged(8),
  ],
  ['5.16', 'text inside a message', [begun(BINARY, pattern(5)), frame(TEXT, 'abc')], refused(1002)],
  [
    '5.17',
    'a message begun inside a message',
    [begun(BINARY, pattern(5)), begun(BINARY, pattern(3)), last(pattern(1))],
    merged(9),
  ],
  [
    '5.19',
    'five fragments, a ping before each',
    fragments(25, 5).flatMap((piece) => [frame(PING, pattern(3)), piece]),
    `${listed('pong 3', 5)}, binary 25, open; ${listed('ping', 5)}, message 25`,
  ],
  [
    '5.21',
    'empty fragments around a message',
    [begun(BINARY, ''), more(pattern(5)), more(''), last('')],
    echoed(5),
  ],
  ['5.22', 'three empty fragments', [begun(BINARY, ''), more(''), last('')], echoed(0)],
  ['5.23', '65536 bytes in 256 fragments', fragments(65_536, 256), echoed(65_536)],
  ['5.24', '4096 bytes in 4096 fragments', all(...fragments(4096, 1)), echoed(4096)],
];

/** Good and bad UTF-8 (RFC 3629), in hex. */
const TEXTS: readonly [string, string, string, Seen][] = [
  ['6.2.1', 'letters of two and three bytes', 'ce ba e1 bd b9 cf 83', TEXT_TOLD],
  ['6.2.2', 'a character of four bytes', 'f0 9f 8e ae', TEXT_TOLD],
  ['6.2.3', 'the last code point', 'f4 8f bf bf', TEXT_TOLD],
  ['6.2.4', 'a byte order mark', 'ef bb bf 61', TEXT_TOLD],
  ['6.2.5', 'U+FFFF, which is no character', 'ef bf bf', TEXT_TOLD],
  ['6.3.1', 'a surrogate', 'ed a0 80', refused(1007)],
  ['6.3.2', 'a pair of surrogates', 'ed a0 bd ed b8 80', refused(1007)],
  ['6.4.1', 'a code point beyond the last', 'f4 90 80 80', refused(1007)],
  ['6.6.1', 'two bytes cut to one', 'c3', refused(1007)],
  ['6.6.2', 'three bytes cut to two', 'e1 bd', refused(1007)],
  ['6.6.3', 'a continuation byte alone', '80', refused(1007)],
  ['6.6.4', 'a lead byte before a bracket', 'c3 28', refused(1007)],
  ['6.10.1', 'a slash in two bytes', 'c0 af', refused(1007)],
  ['6.10.2', 'a slash in three bytes', 'e0 80 af', refused(1007)],
  ['6.10.3', 'a character of five bytes', 'f8 88 80 80 80', refused(1007)],
  ['6.10.4', 'bytes fe and ff', 'fe ff', refused(1007)],
];

const UTF8_ROWS: Row[] = [
  ...TEXTS.map(([id, title, bytes, seen]): Row => [id, title, frame(TEXT, hex(bytes)), seen]),
  [
    '6.20.1',
    'a letter across two fragments',
    [begun(TEXT, hex('61 ce')), last(hex('ba'))],
    TEXT_TOLD,
  ],
  [
    '6.20.2',
    'a letter broken across two fragments',
    [begun(TEXT, hex('61 ce')), last('a')],
    refused(1007),
  ],
  ['6.20.3', 'a bad fragment whose message goes on', begun(TEXT, hex('61 ff')), 'open; '],
];

const BYE = frame(CLOSE, closeBody(1000));
const reason = (text: Uint8Array | string) =>
  frame(CLOSE, all(closeBody(1000), Buffer.from(text as Uint8Array)));

/** Codes that RFC 6455 and its registry let an endpoint send, by what uWebSockets.js thinks. */
const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 4000, 4999];
const CODES_OF_LATE = [1012, 1013, 1014, 3000, 3999];
const NO_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

const coded = (chapter: string, codes: readonly number[], seen: (code: number) => Seen) =>
  codes.map((code, index): Row => {
    const bytes = frame(CLOSE, closeBody(code));
    return [`${chapter}.${index + 1}`, `close code ${code}`, bytes, seen(code)];
  });

const CLOSE_ROWS: Row[] = [
  [
    '7.1.1',
    'a message, then a close',
    all(GOOD, BYE),
    'binary 5, close 1000; message 5, close 1000',
  ],
  ['7.1.2', 'two closes', all(BYE, frame(CLOSE, closeBody(1001))), answered(1000)],
  ['7.1.3', 'a ping after a close', all(BYE, frame(PING)), answered(1000)],
  ['7.1.4', 'a message after a close', all(BYE, GOOD), answered(1000)],
  ['7.1.5', 'a close inside a message', [HEAD, BYE, TAIL], answered(1000)],
  ['7.3.1', 'a close without a code', frame(CLOSE), answered(1005)],
  [
    '7.3.2',
    'a close of one byte',
    frame(CLOSE, 'x'),
    { uws: answered(1005), ws: 'close 1002; close 1006' },
  ],
  ['7.3.4', 'a close with a reason', reason('Hello'), answered(1000)],
  ['7.3.5', 'a reason of 123 bytes', reason('x'.repeat(123)), answered(1000)],
  ['7.3.6', 'a reason of 124 bytes', reason('x'.repeat(124)), refused(1002)],
  ['7.5.1', 'a reason that is no UTF-8', reason(hex('61 ff')), emptied('close 1007; close 1006')],
  ...coded('7.7', CODES, answered),
  ...coded('7.8', CODES_OF_LATE, (code) => emptied(answered(code))),
  ...coded('7.9', NO_CODES, () => emptied('close 1002; close 1006')),
];

const LIMIT_ROWS: Row[] = [
  ['9.1', 'one byte over the limit', frame(BINARY, pattern(65_537)), refused(1009)],
  ['9.2', '9.1 announced only', frame(BINARY, '', { announcedBytes: 65_537 }), refused(1009)],
  ['9.3', 'fragments that sum to the limit', fragments(65_536, 32_768), echoed(65_536)],
  ['9.4', 'fragments that sum to one more', fragments(65_537, 32_768), refused(1009)],
];

/** uWebSockets.js looks for a mask where none is: 4 bytes more than were announced are read. */
const unmasked = (opcode: number, payload: Uint8Array) =>
  all(frame(opcode, payload, { masked: false }), Buffer.alloc(4));

const MASK_ROWS: Row[] = [
  [
    '20.1',
    'a message without a mask',
    unmasked(BINARY, pattern(20)),
    { uws: 'binary 20 changed, open; message 20', ws: 'close 1002; close 1006' },
  ],
  [
    '20.2',
    'a ping without a mask',
    unmasked(PING, pattern(20)),
    { uws: 'pong 20 changed, open; ping', ws: 'close 1002; close 1006' },
  ],
  [
    '20.3',
    'a close without a mask',
    unmasked(CLOSE, closeBody(1000)),
    { uws: answered(1000), ws: 'close 1002; close 1006' },
  ],
];

export const FRAME_CASES: readonly FrameCase[] = [
  SIZE_ROWS,
  PING_ROWS,
  RESERVED_ROWS,
  FRAGMENT_ROWS,
  UTF8_ROWS,
  CLOSE_ROWS,
  LIMIT_ROWS,
  MASK_ROWS,
]
  .flat()
  .map(caseOf);
