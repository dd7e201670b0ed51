// Bytes that are not what was written, as a store may give them back: cut off, changed, of another
// room, game or version. All are refused whole, with the reason.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError, checkpointOf, restoreRoom } from '../src/checkpoint.ts';
import type { GameRoom } from '../src/index.ts';
import type { RoomOptions } from '../src/room.ts';
import type { RoomSeat } from '../src/seat.ts';
import type { Timer, Timers } from '../src/timers.ts';
import { Bench, menagerie, play, TICK_MS } from './menagerie.ts';

/** A room of a little of everything, as bytes. */
function sample(ticks: number): { bench: Bench; bytes: Uint8Array } {
  const bench = new Bench(menagerie());
  bench.seat(2);
  for (let tick = 0; tick < ticks; tick++) {
    play(bench, 7);
    bench.run(1);
  }
  bench.room.drop(bench.room.seat(1)!);
  bench.run(2);
  bench.room.rewinds.launches.set(1, {
    ...{ behind: 2, born: 3, hold: 1, over: 4 },
    seat: bench.room.seat(2)!,
  });
  return { bench, bytes: bench.save(false) };
}

/** The bytes with a checksum that says they are whole. */
function forged(bytes: Uint8Array): Uint8Array {
  const body = bytes.subarray(0, bytes.length - 8);
  const made = bytes.slice();
  made.set(createHash('sha256').update(body).digest().subarray(0, 8), body.length);
  return made;
}

const timersOf = ({ waiting }: Timers) => waiting as Timer[];

/** Restores a room, or answers why not. */
function outcome(bench: Bench, bytes: Uint8Array): GameRoom | CheckpointError {
  try {
    return bench.restored(bytes).room;
  } catch (error) {
    if (error instanceof CheckpointError) return error;
    throw error;
  }
}

describe('bytes that are not what was written', () => {
  test('are refused at every length', () => {
    const { bench, bytes } = sample(30);
    for (let length = 0; length < bytes.length; length += length < 200 ? 1 : 13) {
      const cut = bytes.slice(0, length);
      expect(outcome(bench, cut)).toMatchObject({ reason: 'damaged' });
      if (length > 8) expect(outcome(bench, forged(cut))).toBeInstanceOf(CheckpointError);
    }
  });

  test('are refused with any bit turned', () => {
    const { bench, bytes } = sample(30);
    for (let at = 0; at < bytes.length; at += 3) {
      const turned = bytes.slice();
      turned[at] ^= 1 << (at % 8);
      expect(outcome(bench, turned)).toBeInstanceOf(CheckpointError);
    }
  });

  test('make a room or a CheckpointError, and no more memory, if the checksum was forged', () => {
    const { bench, bytes } = sample(12);
    const startBytes = process.memoryUsage().rss;
    let rooms = 0;
    const change = fc.property(
      fc.integer({ min: 0, max: bytes.length - 9 }),
      fc.uint8Array({ minLength: 1, maxLength: 5 }),
      (at, with_) => {
        const turned = bytes.slice();
        turned.set(with_.subarray(0, bytes.length - 8 - at), at);
        const made = outcome(bench, forged(turned));
        if (made instanceof CheckpointError) return;
        rooms++;
        // What was let in can be played.
        for (let tick = 0; tick < 3 && !made.over; tick++) made.run(90_000 + (tick + 1) * TICK_MS);
      },
    );
    fc.assert(change, { numRuns: 3000 });
    expect(rooms).toBeGreaterThan(100);
    expect(process.memoryUsage().rss - startBytes).toBeLessThan(512 * 2 ** 20);
  });

  const spoiled: [what: string, message: string, spoil: (room: GameRoom) => void][] = [
    ['timers out of order', 'should have run', ({ timers }) => void timersOf(timers).reverse()],
    [
      'a timer of the past',
      'should have run',
      ({ timers }) => void timersOf(timers).unshift({ dueTick: 3, name: 'bare', data: 1 }),
    ],
    [
      'a timer that nobody declares',
      'no such timer',
      ({ timers }) => void timersOf(timers).push({ dueTick: 1e6, name: 'gong', data: 1 }),
    ],
    [
      'a topic that is no channel',
      'a channel that is none',
      ({ contacts }) => void contacts.topics.add('no channel'),
    ],
    [
      'a channel without a topic',
      'a topic that comes twice, or none',
      ({ contacts }) => void contacts.topics.add('party'),
    ],
    ['an owner without rows', 'its owner does not have', ({ world }) => world.owned.clear()],
    [
      'a row that is owned twice',
      'nobody’s',
      ({ world }) => {
        const [[seat, rows]] = [...world.owned].filter((entry) => entry[1].length > 0);
        world.owned.set(seat, [...rows, rows[0]]);
      },
    ],
    [
      'an event that no browser could read',
      'expected',
      (room) => {
        room.emit('noise', { n: 1, of: 0 });
        const event = room.seat(1)!.outbox.waiting.at(-1)!;
        event.payload.fill(0xc3);
      },
    ],
    [
      'an input outside its declaration',
      'outside its declaration',
      (room) => {
        const stamps = Float64Array.of(1, Number.NaN, room.tick);
        room.seat(2)!.inputs.put(room.tick, Float64Array.of(0, 9, 0), stamps);
      },
    ],
    [
      'a shot of nobody',
      'a shot of nobody',
      ({ rewinds }) => {
        const [[id, launch]] = rewinds.launches;
        rewinds.launches.set(id, { ...launch, seat: { id: 9, gone: false } as RoomSeat });
      },
    ],
    [
      'an id for the next seat that none can have',
      'out of range',
      ({ roomSeats }) => void (roomSeats.nextId = 70_000),
    ],
  ];
  test.each(spoiled)('are refused: %s', (_, message, spoil) => {
    const { bench } = sample(60);
    expect(outcome(bench, bench.save())).not.toBeInstanceOf(CheckpointError);
    spoil(bench.room);
    const refused = outcome(bench, bench.save()) as CheckpointError;
    expect([refused.reason, refused.message]).toEqual([
      'damaged',
      expect.stringContaining(message),
    ]);
  });

  test('are refused: a key that is no digest', () => {
    const { bench } = sample(3);
    const seat = bench.room.seat(1)!;
    const identity = { auth: seat.auth, user: undefined, untilMs: Number.POSITIVE_INFINITY };
    const keys = { newest: 'secret', before: undefined, spent: undefined };
    const bytes = checkpointOf(bench.room, [{ seat, identity, place: undefined, keys }], bench);
    expect(outcome(bench, bytes)).toMatchObject({ message: 'a key that is no digest' });
  });

  test('are refused with the reason, and the room leaves no pulse', () => {
    const { bench, bytes } = sample(5);
    let stopped = 0;
    const pulse = { begin() {}, end() {}, stop: () => void stopped++ };
    const other = (more: Partial<RoomOptions>, of = bytes) => {
      try {
        restoreRoom({ ...bench.options, pulse, ...more }, of, bench.clocks);
      } catch (error) {
        return (error as CheckpointError).reason;
      }
      return 'restored';
    };
    const versioned = bytes.slice();
    versioned[14]++;
    const limits = { ...bench.options.limits, checkpointBytes: bytes.length - 1 };
    const game = { ...bench.options.definition.game, hash: 'another' };
    const load = () => {
      throw new Error('the save is of last year');
    };
    const drop = load;
    expect([
      other({ id: 'zoo-2' }),
      other({ kind: 'den' }),
      other({ definition: { ...bench.options.definition, game } }),
      other({ limits }),
      other({}, versioned),
      other({}, new TextEncoder().encode('{"room":"zoo-1"}')),
      other({ definition: menagerie({ load }) }),
      other({ definition: menagerie({ drop }) }),
    ]).toEqual(['room', 'room', 'game', 'too-big', 'version', 'damaged', 'load', 'load']);
    expect(stopped).toBe(8);
    expect(other({})).toBe('restored');
    expect(stopped).toBe(8);
  });
});
