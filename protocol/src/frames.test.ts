// Every frame there and back, and each envelope as msgpackr reads it, which knows nothing of ours.
// Wrong counts and types are refused before anything else is read.
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { int, list, text } from './builders.ts';
import { type Continuity, readContinuity, writeContinuity } from './continuity.ts';
import { ProtocolError } from './errors.ts';
import * as frames from './frames.ts';
import { FrameType } from './frames.ts';
import { defineGame } from './game.ts';
import { Credential, type Hello, readHello, writeHello } from './hello.ts';
import { PROTOCOL_VERSION } from './limits.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { PlainSink, PlainSource } from './plain.ts';
import { MAX_EXPIRY_MS, readExpiry, readRenew, writeExpiry, writeRenew } from './renewal.ts';

const packr = new Packr({ useRecords: false, int64AsType: 'number' });
const game = defineGame({
  entities: { thing: {} },
  events: { hit: { by: int(0, 99), how: text(8) } },
  commands: { say: { words: list(text(8), 4) } },
});

function written(write: (out: MsgpackWriter) => void): Uint8Array {
  const out = new MsgpackWriter();
  write(out);
  return out.bytes().slice();
}

/** Opens the frame, reads the rest of it, and stands at its end. */
function readBack<T>(bytes: Uint8Array, read: (from: MsgpackReader, elements: number) => T): T {
  const from = new MsgpackReader();
  from.reset(bytes);
  const frame = { elements: 0 };
  frames.readFrame(from, frame);
  const value = read(from, frame.elements);
  from.end();
  return value;
}

function refusal(bytes: Uint8Array, read: (from: MsgpackReader) => unknown = () => {}): string {
  try {
    readBack(bytes, read);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as ProtocolError).code;
  }
  return 'taken';
}

const hello: Hello = {
  version: PROTOCOL_VERSION,
  hash: '0123456789abcdef',
  room: 'field',
  credential: Credential.Ticket,
  secret: 'pssst ü',
  spectate: true,
  events: 300,
};
const welcome: frames.Welcome = {
  seat: 65_535,
  tick: 2 ** 32 - 1,
  resumeKey: 'key',
  serverTimeMs: 1_700_000_000_123.5,
  roomId: 'room-1',
  sendEvery: 3,
  packed: false,
};

describe('[F1, F2] each frame comes back, and is one array to any reader of msgpack', () => {
  test('RENEW and EXPIRY', () => {
    const renew = written((out) => writeRenew(out, 'ey.ü'));
    expect([readBack(renew, readRenew), packr.unpack(renew)]).toEqual(['ey.ü', [18, 'ey.ü']]);
    const expiry = written((out) => writeExpiry(out, MAX_EXPIRY_MS));
    expect([readBack(expiry, readExpiry), packr.unpack(expiry)]).toEqual([
      MAX_EXPIRY_MS,
      [19, MAX_EXPIRY_MS],
    ]);
    for (const raw of [[18, 'x'.repeat(4_097)], [18, 7], [18], [19, -1], [19, 2 ** 31], [19]])
      expect(refusal(packr.pack(raw), raw[0] === 18 ? readRenew : readExpiry)).not.toBe('taken');
  });

  test('HELLO', () => {
    const bytes = written((out) => writeHello(out, hello));
    expect(readBack(bytes, readHello)).toEqual(hello);
    const { version, hash, room, credential, secret, spectate } = hello;
    const raw = [0, version, hash, room, credential, secret, spectate, 300];
    expect(packr.unpack(bytes)).toEqual(raw);
  });

  test('WELCOME', () => {
    const bytes = written((out) => frames.writeWelcome(out, welcome));
    expect(readBack(bytes, frames.readWelcome)).toEqual(welcome);
    const { seat, tick, resumeKey, serverTimeMs, roomId, sendEvery, packed } = welcome;
    expect(packr.unpack(bytes)).toEqual([
      1,
      seat,
      tick,
      resumeKey,
      serverTimeMs,
      roomId,
      sendEvery,
      packed,
    ]);
  });

  test.each([
    [3, false, 2, -1.5, 0.5, [2, 3, 2, -384, 64]],
    [1, true, 0, Number.NaN, 0, [2, -2, 0, null, 0]],
    [0, true, 0, 500, 0.999, [2, -1, 0, 32_512, 127]],
    [70_000, false, 9, -500, 1, [2, 70_000, 9, -32_512, 127]],
  ])(
    '[F8, I5, C2] STATE, %i ticks later',
    (dTick, everything, inTime, marginTicks, sentAt, raw) => {
      const header = { dTick, everything, inTime, marginTicks, sentAt };
      const bytes = written((out) => frames.writeStateHeader(out, header, 0));
      expect(packr.unpack(bytes)).toEqual(raw);
      const back = { dTick: 0, everything: false, inTime: 0, marginTicks: 0, sentAt: 0 };
      readBack(bytes, (from) => frames.readStateHeader(from, back));
      expect(back).toMatchObject({ dTick, everything, inTime });
      const most = Number.isNaN(marginTicks)
        ? Number.NaN
        : Math.min(Math.max(marginTicks, -127), 127);
      expect(back.marginTicks).toBe(most);
      expect(back.sentAt).toBe(Math.min(Math.floor(sentAt * 128), 127) / 128);
    },
  );

  test('CONTINUITY', () => {
    const said: Continuity = { lostEvents: 7, inputTick: 2 ** 32 - 1, commands: 300 };
    const bytes = written((out) => writeContinuity(out, said));
    expect(readBack(bytes, readContinuity)).toEqual(said);
    expect(packr.unpack(bytes)).toEqual([17, 7, 2 ** 32 - 1, 300]);
  });

  test('STATE with bodies says how many follow', () => {
    const header = { dTick: 1, everything: false, inTime: 1, marginTicks: 0, sentAt: 0 };
    for (const bodies of [0, 1, 2]) {
      const bytes = written((out) => {
        frames.writeStateHeader(out, header, bodies);
        for (let i = 0; i < bodies; i++) out.nil();
      });
      const elements = readBack(bytes, (from, count) => {
        frames.readStateHeader(from, { ...header });
        for (let i = 4; i < count; i++) expect(from.tryNil()).toBe(true);
        return count;
      });
      expect(elements).toBe(4 + bodies);
    }
  });

  test('INPUT and ACK', () => {
    const header = { dState: 3, dShown: -70, dFirst: 1 };
    const bytes = written((out) => {
      frames.writeInputHeader(out, header);
      out.raw(packr.pack([0]));
    });
    expect(packr.unpack(bytes)).toEqual([3, 3, -70, 1, [0]]);
    const back = { dState: 0, dShown: 0, dFirst: 0 };
    readBack(bytes, (from) => {
      frames.readInputHeader(from, back);
      from.value();
    });
    expect(back).toEqual(header);
    const ack = written((out) => frames.writeAck(out, 300));
    expect([packr.unpack(ack), readBack(ack, frames.readAck)]).toEqual([[4, 300], 300]);
  });

  test('[E1] EVENT, with all declared fields in order', () => {
    const [plan] = game.events;
    const bytes = written((out) => {
      frames.writeEventHeader(out, -2, 0);
      frames.writePayload(new PlainSink(out), plan, { how: 'hard', by: 7 });
    });
    expect(packr.unpack(bytes)).toEqual([5, -2, 0, [7, 'hard']]);
    const back = readBack(bytes, (from) => {
      const { dTick, event } = frames.readEventHeader(from);
      return [dTick, event, payloadOf(from, plan)];
    });
    expect(back).toEqual([-2, 0, { by: 7, how: 'hard' }]);
  });

  test('[E2] COMMAND and REPLY, the answer and the refusal', () => {
    const [plan] = game.commands;
    const bytes = written((out) => {
      frames.writeCommandHeader(out, 9, 0);
      frames.writePayload(new PlainSink(out), plan, { words: ['a', 'b'] });
    });
    expect(packr.unpack(bytes)).toEqual([6, 9, 0, [[2, 0, 'a', 1, 'b']]]);
    const back = readBack(bytes, (from) => [frames.readCommandHeader(from), payloadOf(from, plan)]);
    expect(back).toEqual([{ id: 9, command: 0 }, { words: ['a', 'b'] }]);
    for (const [ok, value] of [
      [true, { a: [1, null] }],
      [false, 'no'],
    ] as const) {
      const reply = written((out) => frames.writeReply(out, 9, ok, packr.pack(value)));
      expect(packr.unpack(reply)).toEqual([7, 9, ok, value]);
      expect(readBack(reply, frames.readReply)).toEqual({ id: 9, ok, value });
    }
    const wordless = written((out) => frames.writeReply(out, 9, false, packr.pack(7)));
    expect(() => readBack(wordless, frames.readReply)).toThrow('a refusal without its reason');
  });

  test('[C1] PING and PONG, to a 1024th of a tick', () => {
    const ping = written((out) => frames.writePing(out, 4, 12.75));
    expect([packr.unpack(ping), readBack(ping, frames.readPing)]).toEqual([
      [8, 4, 12.75],
      { id: 4, timeMs: 12.75 },
    ]);
    const pong = written((out) => frames.writePong(out, 4, 12.75, 100.5));
    expect(packr.unpack(pong)).toEqual([9, 4, 12.75, 100, 512]);
    expect(readBack(pong, frames.readPong)).toEqual({ id: 4, timeMs: 12.75, tick: 100.5 });
  });

  test('TABLES', () => {
    const tables = { version: 7, base: 6, changes: Uint8Array.of(255, 3) };
    const bytes = written((out) => frames.writeTables(out, tables));
    expect(packr.unpack(bytes)).toEqual([10, 7, 6, tables.changes]);
    expect(readBack(bytes, frames.readTables)).toEqual(tables);
  });

  test('BYE and RESYNC', () => {
    const bye = written((out) => frames.writeBye(out, 4005, 'full'));
    expect([packr.unpack(bye), readBack(bye, frames.readBye)]).toEqual([
      [11, 4005, 'full'],
      { code: 4005, reason: 'full' },
    ]);
    const long = written((out) => frames.writeBye(out, 4005, 'ü'.repeat(1000)));
    expect(readBack(long, frames.readBye).reason).toBe('ü'.repeat(256));
    const resync = written(frames.writeResync);
    expect(packr.unpack(resync)).toEqual([12]);
    readBack(resync, () => {});
  });
});

function payloadOf(from: MsgpackReader, plan: (typeof game.events)[number]) {
  const source = new PlainSource(from);
  source.reset();
  return frames.readPayload(source, plan);
}

describe('[F7] an empty STATE', () => {
  test('is at most 8 bytes, for every margin within 127 ticks and for none', () => {
    const margins = [Number.NaN];
    for (let margin = -127; margin <= 127; margin += 1 / 256) margins.push(margin);
    const times = [
      [1, 0],
      [3, 0.999],
      [127, 0.5],
    ];
    const out = new MsgpackWriter();
    let longest = 0;
    for (const marginTicks of margins)
      for (const [dTick, sentAt] of times) {
        const header = { dTick, everything: false, inTime: dTick, marginTicks, sentAt };
        out.reset();
        frames.writeStateHeader(out, header, 0);
        longest = Math.max(longest, out.length);
      }
    expect(longest).toBe(8);
  });
});

describe('a frame is refused', () => {
  const counts: [FrameType, number[]][] = [
    [FrameType.Hello, [2, 3, 4, 5, 6, 7, 8, 9]],
    [FrameType.Welcome, [8, 9]],
    [FrameType.State, [5, 6, 7]],
    [FrameType.Input, [5]],
    [FrameType.Ack, [2]],
    [FrameType.Event, [4]],
    [FrameType.Command, [4]],
    [FrameType.Reply, [4]],
    [FrameType.Ping, [3]],
    [FrameType.Pong, [5]],
    [FrameType.Tables, [4]],
    [FrameType.Bye, [3]],
    [FrameType.Resync, [1]],
    [FrameType.Digest, [3]],
    [FrameType.Report, [4]],
    [FrameType.Listing, [5]],
    [FrameType.Continuity, [4]],
    [FrameType.Moved, [3]],
    [FrameType.Waiting, [5]],
  ];

  test.each(counts)('[F5] of type %i with any other number of elements', (type, allowed) => {
    for (let count = 1; count <= 20; count++) {
      const bytes = packr.pack([type, ...Array<number>(count - 1).fill(0)]);
      const code = refusal(bytes, (from) => {
        for (let i = 1; i < count; i++) from.value();
      });
      expect([count, code]).toEqual([count, allowed.includes(count) ? 'taken' : 'bad-frame']);
    }
  });

  test.each([18, 19, 127, 128, 70_000, -1])('[F5] of the unknown type %i', (type) => {
    expect(refusal(packr.pack([type, 0, 0]))).toBe('bad-frame');
  });

  test('[F5] that is empty', () => {
    expect(refusal(packr.pack([]))).toBe('bad-frame');
  });

  test.each([[{ type: 1 }], ['hello'], [null], [7], [['0', 1]], [[0.5]]])(
    '[F2] that is no array with a type: %j',
    (value) => {
      expect(refusal(packr.pack(value))).toBe('bad-msgpack');
    },
  );

  test('[F2] with bytes left over', () => {
    const bytes = Buffer.concat([written(frames.writeResync), Buffer.from([0xc0])]);
    expect(refusal(bytes)).toBe('bad-msgpack');
  });

  test('[J1] where a HELLO is of another version, whatever else it holds', () => {
    for (const raw of [
      [0, PROTOCOL_VERSION + 1],
      [0, 0, 'x', {}, [], 5],
      [0, 255, 1, 2, 3, 4, 5, 6],
    ])
      expect(refusal(packr.pack(raw), readHello)).toBe('game-mismatch');
  });
});

describe('a payload', () => {
  test('that misses a field is the game’s mistake, named', () => {
    const sink = new PlainSink(new MsgpackWriter());
    const act = () => frames.writePayload(sink, game.events[0], { by: 1 });
    expect(act).toThrow('hit.how is missing');
    expect(act).toThrow(expect.objectContaining({ name: 'UsageError' }));
  });

  test('after one that failed is written whole', () => {
    const out = new MsgpackWriter();
    const sink = new PlainSink(out);
    expect(() => frames.writePayload(sink, game.events[0], { by: 1 })).toThrow();
    out.reset();
    frames.writePayload(sink, game.events[0], { by: 1, how: 'x' });
    expect(packr.unpack(out.bytes())).toEqual([1, 'x']);
  });
});
