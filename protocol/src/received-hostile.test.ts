// Bodies no server of ours would send: each ends in a ProtocolError, whatever the bytes are. The
// bodies are literal arrays written by msgpackr, so they show the grammar of PROTOCOL.md 5.

import { Packr } from 'msgpackr';
import { describe, expect, test, vi } from 'vitest';
import { readAll, type Sent, SPELLINGS, Stage, type Viewer } from '../test/stage.ts';
import * as Context from './body-context.ts';
import { angle, fixed, int, list, map, record, text, vec2 } from './builders.ts';
import { RangeDecoder } from './coder.ts';
import { ProtocolError, type ProtocolErrorCode } from './errors.ts';
import { defineGame } from './game.ts';
import { ANSWERS_PER_BYTE, BODY_ANSWERS, MAX_SLOTS } from './limits.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { PackedSink } from './packed-sink.ts';
import { Random } from './random.ts';
import { Received } from './received.ts';

const game = defineGame({
  state: { round: int(0, 9) },
  entities: {
    thing: {
      n: int(0, 9),
      bag: list(int(0, 9), 4),
      notes: map(text(4), int(0, 9), 2),
      box: record({ a: int(0, 9), deep: list(int(0, 9), 4) }),
      secret: int(0, 9).serverOnly(),
      mine: int(0, 9).ownerOnly(),
    },
    ship: { x: fixed(0, 9, 1) },
  },
  step: { ship() {} },
});
const packr = new Packr({ useRecords: false });
const SEAT = 1;
// Fields of a thing: 0 owner, 1 epoch, 2 n, 3 bag, 4 notes, 5 box, 6 secret, 7 mine.
const KNOWN = [3, [], [0, [0, 1, []], 1, [0, 2, [0, SEAT]]], [], []];

/** A seat that knows thing 1 of nobody in slot 0 and its own thing 2 in slot 1; slot 2 is free. */
function seated(): Received {
  const received = new Received(game);
  received.seat = SEAT;
  read(received, KNOWN, true);
  return received;
}

function read(received: Received, body: unknown, everything = false): void {
  readAll(packr.pack(body), (from) => received.readBody(from, received.tick + 1, everything));
}

function refusal(act: () => void): ProtocolErrorCode {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as ProtocolError).code;
  }
  throw new Error('was taken');
}

describe('[S11] a shared body is refused where', () => {
  const changes = (...fields: unknown[]) => [3, [], [], [0, fields], []];
  const cases: [string, unknown, ProtocolErrorCode][] = [
    ['a slot leaves that is not known', [3, [2], [], [], []], 'bad-state'],
    ['a slot leaves that does not exist', [3, [7], [], [], []], 'bad-state'],
    ['a slot changes that is not known', [3, [], [], [2, []], []], 'bad-state'],
    ['a slot leaves and changes', [3, [0], [], [0, []], []], 'bad-state'],
    ['a slot is taken', [3, [], [0, [0, 5, []]], [], []], 'bad-state'],
    ['an id arrives twice', [3, [], [2, [0, 1, []]], [], []], 'bad-state'],
    ['an entity without an id arrives', [3, [], [2, [0, 0, []]], [], []], 'bad-state'],
    ['a kind does not exist', [3, [], [2, [2, 5, []]], [], []], 'bad-value'],
    ['slots descend', [3, [1, 0], [], [], []], 'bad-value'],
    ['the limit shrinks', [2, [], [], [], []], 'bad-state'],
    ['the limit passes 65,536', [65_537, [], [], [], []], 'bad-msgpack'],
    ['a field is serverOnly', changes(6, 1), 'bad-state'],
    ['a field is ownerOnly', changes(7, 1), 'bad-state'],
    ['a field does not exist', changes(8, 1), 'bad-state'],
    ['a value is outside its levels', changes(2, 10), 'bad-value'],
    ['a value is negative', changes(2, -1), 'bad-value'],
    ['a value is no integer', changes(2, 1.5), 'bad-msgpack'],
    ['a field has no value', changes(2), 'bad-value'],
    ['a list has a hole', changes(3, [2, 1, 5]), 'bad-state'],
    ['a list is shorter than it says', changes(3, [2, 0, 5]), 'bad-state'],
    ['a list is longer than declared', changes(3, [5]), 'bad-msgpack'],
    ['a map is larger than declared', changes(4, [1, 3, 'a', 1, 'b', 1, 'c', 1]), 'bad-msgpack'],
    ['a key is longer than declared', changes(4, [1, 1, 'abcde', 1]), 'bad-value'],
    ['a record has no such field', changes(5, [2, 1]), 'bad-state'],
    ['a part is neither whole nor changes', changes(5, [1, 2, [0]]), 'bad-value'],
    ['a slot falls behind that is not known', [3, [], [], [], [], [2]], 'bad-state'],
    ['a group holds more than it should', [3, [], [], [], [], [], 1], 'bad-value'],
    ['a group ends too early', [3, [], []], 'bad-value'],
    ['a group is something else', [3, 7, [], [], []], 'bad-msgpack'],
    ['the state has no such field', [3, [], [], [], [1, 1]], 'bad-state'],
  ];

  test.each(cases)('%s', (_name, body, code) => {
    expect(refusal(() => read(seated(), body))).toBe(code);
  });

  test('a map grows past its size by changes', () => {
    const received = seated();
    read(received, changes(4, [1, 2, 'a', 1, 'b', 2]));
    expect(refusal(() => read(received, changes(4, [0, 0, 1, 'c', 3])))).toBe('bad-state');
  });

  test('bytes are left over after it', () => {
    const bytes = Buffer.concat([packr.pack(KNOWN), Buffer.from([0])]);
    const received = new Received(game);
    expect(refusal(() => readAll(bytes, (from) => received.readBody(from, 1, true)))).toBe(
      'bad-msgpack',
    );
  });

  test('groups nest deeper than any declaration', () => {
    let deep: unknown = [];
    for (let i = 0; i < 60; i++) deep = [deep];
    expect(refusal(() => read(seated(), deep))).toMatch(/^bad-/);
  });
});

describe('[S11, O1] an own body is refused where', () => {
  const own = (body: unknown) => () =>
    readAll(packr.pack(body), (from) => seated().readOwnBody(from));

  test.each([
    ["the entity is somebody else's", [0, [7, 1]], 'bad-state'],
    ['the slot is not known', [2, [7, 1]], 'bad-state'],
    ['the field is shared alone', [1, [2, 1]], 'bad-state'],
    ['the field is serverOnly', [1, [6, 1]], 'bad-state'],
    ['the value is outside its levels', [1, [7, 10]], 'bad-value'],
  ])('%s', (_name, body, code) => {
    expect(refusal(own(body))).toBe(code);
  });

  test('a float is not one', () => {
    const received = seated();
    read(received, [3, [], [2, [1, 9, [0, SEAT]]], [], []]);
    const act = (value: unknown) => () =>
      readAll(packr.pack([2, [2, value]]), (from) => received.readOwnBody(from));
    expect(act(0.25)).not.toThrow();
    expect(refusal(act('x'))).toBe('bad-msgpack');
    expect(refusal(act(Number.NaN))).toMatch(/^bad-/);
  });
});

describe('[T5] a departure that leaves the declaration is refused', () => {
  // The writer has a wider range than the reader: as many contexts, other levels.
  const ofRange = (max: number) =>
    defineGame({
      entities: {
        ship: {
          vx: fixed(-40, 40, 1 / 4),
          x: fixed(0, max, 1 / 16).smooth({ by: 'vx' }),
          y: fixed(0, max, 1 / 16).smooth(),
          turn: angle(8).smooth(),
        },
      },
    });

  test.each([
    ['by velocity', { x: 95 }],
    ['by itself', { y: 95 }],
  ])('%s', (_name, jump) => {
    const stage = new Stage(ofRange(100), { wire: 'packed' });
    const seat = stage.join(SEAT);
    const ship = stage.spawn('ship', { x: 80, y: 80 });
    const narrow = new Stage(ofRange(90), { wire: 'packed' }).join(SEAT);
    stage.send();
    narrow.read(seat.last);
    Object.assign(ship, jump);
    stage.send();
    expect(refusal(() => narrow.read(seat.last))).toBe('bad-state');
  });
});

describe.each(SPELLINGS)('{T43} [F4] any bytes at all, %s', (wire) => {
  const real = defineGame({
    state: { board: map(text(4), int(0, 9), 4) },
    entities: {
      thing: {
        at: vec2(0, 9, 1 / 4).smooth(),
        x: fixed(0, 99, 1 / 4).smooth({ by: 'vx' }),
        vx: fixed(-9, 9, 1 / 4),
        bag: list(record({ marks: map(int(0, 9), text(4), 3) }), 4),
        mine: list(int(0, 9), 4).ownerOnly(),
      },
    },
    step: { thing() {} },
  });

  /** Bodies of a seat as it arrives, in step, and after STATEs that it skipped. */
  function sample() {
    const stage = new Stage(real, { wire });
    const [seat, other] = [stage.join(SEAT), stage.join(SEAT + 1)];
    stage.spawn('thing', { bag: [{ marks: [[1, 'a']] }], x: 50, vx: 3 });
    const mine = stage.spawn('thing', { mine: [1, 2], x: 3, vx: 1 }, SEAT);
    const bodies: Sent[] = [];
    for (let n = 0; n < 5; n++) {
      mine.at.x += 3.3;
      mine.x += n;
      mine.mine.set(0, n);
      mine.bag.assign([{ marks: [[n, 'b']] }]);
      stage.state.rows[1]!.board = [['k', n]];
      if (n === 2) stage.spawn('thing', { vx: 2, x: 9 });
      // The third is skipped: the fourth tells of both.
      if (n === 3) stage.send(other);
      else stage.send();
      if (n !== 3) bodies.push(seat.last);
    }
    return bodies;
  }
  const bodies = sample();

  /** A seat that read all bodies before one of them. */
  function seatBefore(index: number): Viewer {
    const viewer = new Stage(real, { wire }).join(SEAT);
    for (const body of bodies.slice(0, index)) viewer.read(body);
    return viewer;
  }

  function attempt(index: number, changes: Partial<Sent>): 'taken' | 'refused' {
    const viewer = seatBefore(index);
    try {
      viewer.read({ ...bodies[index], ...changes });
      return 'taken';
    } catch (error) {
      if (error instanceof ProtocolError) return 'refused';
      throw error;
    }
  }
  const each = bodies.flatMap(({ everything, shared, own }, index) => [
    { index, part: 'shared' as const, bytes: shared!, everything },
    { index, part: 'own' as const, bytes: own!, everything },
  ]);

  test('a body cut at any length is refused, or shorter in what it says', () => {
    for (const { index, part, bytes } of each)
      for (let end = 0; end < bytes.length; end++) {
        const outcome = attempt(index, { [part]: bytes.slice(0, end) });
        if (wire === 'plain')
          expect([index, part, end, outcome]).toEqual([index, part, end, 'refused']);
      }
  });

  test('a body that goes on is refused', () => {
    for (const { index, part, bytes } of each)
      for (const more of [0, 1, 0xc0, 0xff])
        expect(attempt(index, { [part]: Uint8Array.of(...bytes, more) })).toBe('refused');
  });

  test('a body with any byte changed ends in a value or a refusal', () => {
    let refused = 0;
    for (const { index, part, bytes } of each)
      for (let at = 0; at < bytes.length; at++)
        for (let byte = 0; byte < 256; byte += 5)
          if (attempt(index, { [part]: bytes.map((b, i) => (i === at ? byte : b)) }) === 'refused')
            refused++;
    expect(refused).toBeGreaterThan(0);
  });

  test.each([1, 2, 3])('bytes by chance end in a value or a refusal (seed %i)', (seed) => {
    const random = new Random(seed);
    for (let i = 0; i < 1000; i++) {
      const bytes = Uint8Array.from({ length: random.integer(40) + 1 }, () => random.integer(256));
      attempt(i % bodies.length, { shared: bytes });
      attempt(i % bodies.length, { own: bytes });
    }
  });

  test('a few bytes never ask for more than the seat holds and they can say', () => {
    const asked = vi.spyOn(RangeDecoder.prototype, 'bit');
    const random = new Random(4);
    let most = 0;
    const held = bodies.length;
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: random.integer(20) + 1 }, () => random.integer(256));
      const fill = i % 4 === 0 ? bytes.fill(i % 8 === 0 ? 0 : 255) : bytes;
      const viewer = seatBefore(i % bodies.length);
      asked.mockClear();
      try {
        viewer.read({ ...bodies[i % bodies.length], shared: fill, own: undefined });
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
      most = Math.max(most, asked.mock.calls.length);
      // One more is asked before it is refused.
      const allowed = BODY_ANSWERS + ANSWERS_PER_BYTE * fill.length + held;
      expect(asked.mock.calls.length).toBeLessThanOrEqual(allowed + 1);
    }
    asked.mockRestore();
    expect(most > 0).toBe(wire === 'packed');
  });

  if (wire === 'packed')
    test('a body of all slots costs no more than its slots', () => {
      const out = new MsgpackWriter();
      const sink = new PackedSink(out, real.priors);
      // Arrivals without end: each the next id, as short as can be.
      sink.open();
      sink.level(Context.Grown, 1, 1);
      sink.count(Context.Limit, MAX_SLOTS);
      sink.select(Context.Left, true, 0);
      sink.close();
      sink.select(Context.Entered, true, 2 ** 31);
      sink.finish();
      const reader = new MsgpackReader();
      reader.reset(out.bytes());
      const body = reader.bin(out.length);
      const viewer = seatBefore(0);
      const asked = vi.spyOn(RangeDecoder.prototype, 'bit');
      expect(() =>
        readAll(body, (from) => viewer.received.readBody(from, 1, true), real.priors.odds),
      ).toThrow(ProtocolError);
      expect(asked.mock.calls.length).toBeLessThan(MAX_SLOTS);
      asked.mockRestore();
    });
});
