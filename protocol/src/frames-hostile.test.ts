// One sample of every frame, cut at every length and with every byte changed to every value: each
// ends in a value or a ProtocolError. The samples go through the whole of reading, bodies included.
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { type Spelling, Stage } from '../test/stage.ts';
import { bool, fixed, int, list, map, packed, text } from './builders.ts';
import { changedTables, ODDS, tableChanges } from './coding-tables.ts';
import { readContinuity, writeContinuity } from './continuity.ts';
import { ProtocolError } from './errors.ts';
import * as frames from './frames.ts';
import { FrameType } from './frames.ts';
import { defineGame } from './game.ts';
import { readHello, writeHello } from './hello.ts';
import { neutralInput, readInputs, writeInputs } from './input-codec.ts';
import { readMoved, writeMoved } from './moved.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { PackedSink } from './packed-sink.ts';
import { PackedSource } from './packed-source.ts';
import { PlainSink, PlainSource } from './plain.ts';
import type { Plan } from './plan.ts';
import { readExpiry, readRenew, writeExpiry, writeRenew } from './renewal.ts';
import type { Source } from './sink.ts';
import { readWaiting, writeWaiting } from './waiting.ts';

const packr = new Packr({ useRecords: false });
const game = defineGame({
  state: { board: map(text(4), int(0, 9), 4) },
  entities: {
    thing: { x: fixed(0, 9, 1 / 8), bag: list(int(0, 9), 4), mine: int(0, 9).ownerOnly() },
  },
  input: { dx: int(-1, 1), fire: bool().press() },
  events: { hit: { by: int(0, 99), blob: packed<unknown>(64) } },
  commands: { say: { words: list(text(8), 4) } },
  step: { thing() {} },
});
const SEAT = 1;
const header = { dTick: 1, everything: true, inTime: 1, marginTicks: -0.5, sentAt: 0.25 };

function written(write: (out: MsgpackWriter, sink: PlainSink) => void): Uint8Array {
  const out = new MsgpackWriter();
  write(out, new PlainSink(out));
  return out.bytes().slice();
}

function stateFrame(wire: Spelling): Uint8Array {
  const stage = new Stage(game, { wire });
  const seat = stage.join(SEAT);
  stage.spawn('thing', { x: 3.3, bag: [1, 2], mine: 4 }, SEAT);
  stage.spawn('thing', { x: 9 });
  stage.state.rows[1]!.board = [['a', 1]];
  stage.send();
  return written((out) => {
    frames.writeStateHeader(out, header, 2);
    for (const body of [seat.last.shared!, seat.last.own!])
      if (wire === 'packed') out.bin(body);
      else out.raw(body);
  });
}

const pressed = neutralInput(game.input).fill(1);
function inputFrame(wire: Spelling): Uint8Array {
  return written((out, plain) => {
    const sink = wire === 'packed' ? new PackedSink(out, game.priors) : plain;
    frames.writeInputHeader(out, { dState: 1, dShown: -70, dFirst: 0 });
    const before = neutralInput(game.input);
    writeInputs(sink, game.input, before, [pressed, neutralInput(game.input)]);
    sink.finish();
  });
}

const learnt = game.priors.odds.map((odds, c) => (c % 50 === 1 ? ODDS[c % 128] : odds));
const samples: [name: string, bytes: Uint8Array, wire?: Spelling][] = [
  [
    'HELLO',
    written((out) =>
      writeHello(out, {
        version: 1,
        hash: game.hash,
        room: 'field',
        credential: 0,
        secret: 'ü',
        spectate: false,
      }),
    ),
  ],
  [
    'WELCOME',
    written((out) =>
      frames.writeWelcome(out, {
        seat: 1,
        tick: 300,
        resumeKey: 'key',
        serverTimeMs: 1.5,
        roomId: 'r',
        sendEvery: 1,
        packed: false,
      }),
    ),
  ],
  ['STATE', stateFrame('plain')],
  ['STATE, packed', stateFrame('packed'), 'packed'],
  ['INPUT', inputFrame('plain')],
  ['INPUT, packed', inputFrame('packed'), 'packed'],
  ['ACK', written((out) => frames.writeAck(out, 1))],
  [
    'EVENT',
    written((out, sink) => {
      frames.writeEventHeader(out, 0, 0);
      frames.writePayload(sink, game.events[0], { by: 7, blob: { a: [1, 'x'] } });
    }),
  ],
  [
    'COMMAND',
    written((out, sink) => {
      frames.writeCommandHeader(out, 1, 0);
      frames.writePayload(sink, game.commands[0], { words: ['a', 'bc'] });
    }),
  ],
  ['REPLY', written((out) => frames.writeReply(out, 1, true, packr.pack({ ok: [1] })))],
  ['PING', written((out) => frames.writePing(out, 1, 2.5))],
  ['PONG', written((out) => frames.writePong(out, 1, 2.5, 7.25))],
  [
    'TABLES',
    written((out) => {
      const changes = tableChanges(learnt, game.priors.odds);
      frames.writeTables(out, { version: 1, base: 0, changes });
    }),
  ],
  [
    'CONTINUITY',
    written((out) => writeContinuity(out, { lostEvents: 1, inputTick: 300, commands: 2 })),
  ],
  ['BYE', written((out) => frames.writeBye(out, 4000, 'why'))],
  ['RESYNC', written(frames.writeResync)],
  ['RENEW', written((out) => writeRenew(out, 'a new token'))],
  ['MOVED', written((out) => writeMoved(out, { url: 'wss://b.example:1/x', ticket: 't' }))],
  ['EXPIRY', written((out) => writeExpiry(out, 3_600_000))],
  ['WAITING', written((out) => writeWaiting(out, { waiting: 300, found: 3, wanted: 4, etaS: 70 }))],
];

/** Reads a frame to its end, as the two connections do. */
function readWhole(bytes: Uint8Array, wire: Spelling): FrameType {
  const from = new MsgpackReader();
  from.reset(bytes);
  const plain = new PlainSource(from);
  const body = (read: (source: Source) => void): void => {
    if (wire === 'packed') {
      const source = new PackedSource();
      source.begin(from.bin(bytes.length), game.priors.odds);
      read(source);
      source.finish();
      return;
    }
    plain.reset();
    read(plain);
  };
  const payload = (plan: Plan): void => {
    plain.reset();
    frames.readPayload(plain, plan);
  };
  const frame = { elements: 0 };
  const type = frames.readFrame(from, frame);
  const read: Partial<Record<FrameType, () => void>> = {
    [FrameType.Hello]: () => readHello(from),
    [FrameType.Welcome]: () => frames.readWelcome(from, frame.elements),
    [FrameType.State]: () => readState(from, body, frame.elements, wire),
    [FrameType.Input]: () => {
      frames.readInputHeader(from, { dState: 0, dShown: 0, dFirst: 0 });
      body((source) => readInputs(source, game.input, neutralInput(game.input), () => {}));
    },
    [FrameType.Ack]: () => frames.readAck(from),
    [FrameType.Event]: () => {
      frames.readEventHeader(from);
      payload(game.events[0]);
    },
    [FrameType.Command]: () => {
      frames.readCommandHeader(from);
      payload(game.commands[0]);
    },
    [FrameType.Reply]: () => frames.readReply(from),
    [FrameType.Ping]: () => frames.readPing(from),
    [FrameType.Pong]: () => frames.readPong(from),
    [FrameType.Tables]: () => changedTables(frames.readTables(from).changes, game.priors.odds),
    [FrameType.Continuity]: () => readContinuity(from),
    [FrameType.Bye]: () => frames.readBye(from),
    [FrameType.Moved]: () => readMoved(from),
    [FrameType.Renew]: () => readRenew(from),
    [FrameType.Expiry]: () => readExpiry(from),
    [FrameType.Waiting]: () => readWaiting(from),
  };
  read[type]?.();
  from.end();
  return type;
}

type ReadBody = (read: (source: Source) => void) => void;

function readState(from: MsgpackReader, body: ReadBody, elements: number, wire: Spelling): void {
  const { received } = new Stage(game, { wire }).join(SEAT);
  const said = { ...header };
  frames.readStateHeader(from, said);
  if (elements > 4 && !from.tryNil())
    body((source) => received.readBody(source, 1, said.everything));
  if (elements > 5) body((source) => received.readOwnBody(source));
}

function attempt(bytes: Uint8Array, wire: Spelling): 'taken' | 'refused' {
  try {
    readWhole(bytes, wire);
    return 'taken';
  } catch (error) {
    if (error instanceof ProtocolError) return 'refused';
    throw error;
  }
}

describe.each(samples)('[F4] %s', (_name, bytes, wire = 'plain') => {
  test('is read to its end', () => {
    expect(attempt(bytes, wire)).toBe('taken');
  });

  test('cut at any length is refused', () => {
    for (let end = 0; end < bytes.length; end++)
      expect([end, attempt(bytes.slice(0, end), wire)]).toEqual([end, 'refused']);
  });

  test('{T39} with a byte more is refused', () => {
    for (const extra of [0, 0xc0, 0xc1, 0xff])
      expect(attempt(Uint8Array.from([...bytes, extra]), wire)).toBe('refused');
  });

  test('{T42} with any byte changed ends in a value or a refusal', () => {
    const changed = bytes.slice();
    for (let at = 0; at < bytes.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        changed[at] = byte;
        attempt(changed, wire);
      }
      changed[at] = bytes[at];
    }
  });
});
