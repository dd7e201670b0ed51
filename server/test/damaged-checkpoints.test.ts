// Bytes that are not what was written, as a store may give them back: cut off, changed, of another
// room, game or version. All are refused whole, with the reason.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError, restoreRoom } from '../src/checkpoint.ts';
import type { GameRoom } from '../src/index.ts';
import type { RoomOptions } from '../src/room.ts';
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
