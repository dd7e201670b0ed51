// When rooms are packed, and what of it the directory is asked to keep, with time in the tests'
// hands.
import { expect, test } from 'vitest';
import { DirectoryError, type Outcome, type Save } from './directory.ts';
import type { GameRoom } from './room.ts';
import { Saves, type SavesOptions } from './saves.ts';
import { Tally } from './tally.ts';

const STEP_MS = 10;
/** Of a tick, and from one look to the next. */
const TICK_MS = 50;
const CHECKPOINT_MS = 500;
const KEPT: Outcome = { lost: [], unheard: [] };

type Place = (length: number) => Uint8Array;

/** Rooms that tick one after the other, under a directory that notes what it is to keep. */
class Bench {
  nowMs = 1_000;
  readonly asked: { readonly atMs: number; readonly saves: readonly Save[] }[] = [];
  /** Leases that were said to be refused. */
  readonly refused: string[] = [];
  readonly unsaved = new Set<GameRoom>();
  readonly tally = new Tally();
  readonly rooms: readonly GameRoom[];
  /** Those that are still here. */
  readonly playing: Map<string, GameRoom>;
  /** Ms at which each was packed. */
  readonly packed = new Map<GameRoom, number[]>();
  readonly saves: Saves;
  pack = (_: Place): Uint8Array => new Uint8Array(8);
  ticks = true;
  holds = true;
  keep: (saves: readonly Save[]) => Promise<Outcome> = async () => KEPT;
  #isSending = false;

  constructor(count: number) {
    this.rooms = Array.from({ length: count }, (_, i) => {
      return { id: `field-${i}`, failover: 'restore', doneTick: 0 } as GameRoom;
    });
    this.playing = new Map(this.rooms.map((room) => [room.id, room]));
    const save = (saves: readonly Save[]) => {
      this.asked.push({ atMs: this.nowMs, saves });
      return this.keep(saves);
    };
    const shard = {
      rooms: this.playing,
      playing: (id: string) => this.playing.get(id),
      leaseOf: ({ id }: GameRoom) => ({ id, epoch: 1 }),
    };
    const pack = (room: GameRoom, _: unknown, { place }: { place: Place }) => {
      this.packed.set(room, [...(this.packed.get(room) ?? []), this.nowMs]);
      return this.pack(place);
    };
    this.saves = new Saves({
      ...{ directory: { save }, shard, seating: { unsaved: this.unsaved, recordsOf: () => [] } },
      leases: {
        holds: () => this.holds,
        refused: async ({ id }: { id: string }) => this.refused.push(id),
      },
      ...{ clocks: { now: () => this.nowMs }, tally: this.tally },
      ...{ checkpointMs: CHECKPOINT_MS, pack },
    } as never as SavesOptions);
  }

  /** Looks happen between ticks, as the shard's duties do; nothing is asked twice at once. */
  async run(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += STEP_MS;
      for (const [i, room] of this.rooms.entries())
        if (this.ticks && (this.nowMs + i * STEP_MS) % TICK_MS === 0)
          this.saves.ticked(room, this.nowMs);
      if (this.nowMs % TICK_MS === 0) {
        this.saves.look(this.nowMs);
        void this.#send();
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    await this.saves.send().catch((error) => expect(error).toBeInstanceOf(DirectoryError));
    this.#isSending = false;
  }
}

test('rooms are packed in turns, twice a second, right after a tick of their own', async () => {
  const bench = new Bench(64);
  await bench.run(CHECKPOINT_MS);
  const spread = new Map<number, number>();
  await bench.run(20 * CHECKPOINT_MS);
  for (const [i, room] of bench.rooms.entries()) {
    const times = bench.packed.get(room)!;
    expect(times.length).toBeGreaterThanOrEqual(20);
    for (let n = 1; n < times.length; n++) expect(times[n] - times[n - 1]).toBe(CHECKPOINT_MS);
    expect(times.every((ms) => (ms + i * STEP_MS) % TICK_MS === 0)).toBe(true);
    for (const ms of times) spread.set(ms, (spread.get(ms) ?? 0) + 1);
  }
  // Of 64 rooms 13 tick at once, and 1.3 of them have their turn.
  expect(Math.max(...spread.values())).toBe(2);
});

test('checkpoints are written where those before them were, once they are kept', async () => {
  const bench = new Bench(16);
  const buffers = new Set<ArrayBufferLike>();
  const kept: Save[] = [];
  let isOpen = false;
  bench.pack = (place) => {
    const bytes = place(5_000);
    buffers.add(bytes.buffer);
    // What is not answered yet is not written over.
    for (const save of kept) expect(save.bytes.buffer).not.toBe(bytes.buffer);
    return bytes;
  };
  bench.keep = async (saves) => {
    expect(isOpen).toBe(false);
    isOpen = true;
    kept.push(...saves);
    await new Promise((resolve) => setImmediate(resolve));
    kept.length = 0;
    isOpen = false;
    return KEPT;
  };
  await bench.run(20 * CHECKPOINT_MS);
  expect(bench.tally.checkpoints).toBeGreaterThan(300);
  expect(bench.tally.checkpointBytes).toBe(5_000 * bench.tally.checkpoints);
  // Some four are packed in one look, and asked for while the next are.
  expect(buffers.size).toBeLessThan(12);
});

test('what was packed between two looks is one question', async () => {
  const bench = new Bench(64);
  await bench.run(CHECKPOINT_MS);
  const before = bench.asked.length;
  await bench.run(10 * CHECKPOINT_MS);
  const counts = bench.asked.slice(before).map(({ saves }) => saves.length);
  expect(counts).toHaveLength(100);
  expect(counts.reduce((a, b) => a + b)).toBe(640);
  // 6.4 on the mean.
  expect(Math.min(...counts)).toBeGreaterThan(3);
  expect(Math.max(...counts)).toBeLessThan(10);
  const all = bench.asked.reduce((sum, { saves }) => sum + saves.length, 0);
  expect([bench.tally.checkpoints, bench.tally.checkpointBytes]).toEqual([all, 8 * all]);
});

test('a room that does not tick is saved all the same', async () => {
  const bench = new Bench(4);
  bench.ticks = false;
  await bench.run(10 * CHECKPOINT_MS);
  for (const room of bench.rooms) expect(bench.packed.get(room)!.length).toBeGreaterThanOrEqual(9);
});

test('a directory that has more to save than it can is asked for less', async () => {
  const MINUTE_MS = 60_000;
  const asked = async (tookMs: number) => {
    const bench = new Bench(1);
    bench.keep = async () => {
      const untilMs = bench.nowMs + tookMs;
      while (bench.nowMs < untilMs) await new Promise((resolve) => setImmediate(resolve));
      return KEPT;
    };
    await bench.run(MINUTE_MS);
    return bench.asked.length;
  };
  expect(await asked(10)).toBe(120);
  // It takes 200 ms, and rests for 3 s.
  const slow = await asked(200);
  expect([slow > 14, slow < 21]).toEqual([true, true]);
  // What a player loses with the process stays bounded.
  const late = await asked(1_000);
  expect([late > 7, late < 12]).toEqual([true, true]);
});

test('after a rest rooms are not packed all at once', async () => {
  const bench = new Bench(64);
  await bench.run(1_000);
  bench.keep = async () => {
    bench.nowMs += 1_000;
    throw new DirectoryError('late', 'save: no answer in 1000 ms');
  };
  await bench.run(TICK_MS);
  bench.keep = async () => KEPT;
  const late = bench.asked.at(-1)!;
  bench.asked.length = 0;
  await bench.run(10_000);
  const [first] = bench.asked;
  expect(first.atMs - late.atMs).toBeGreaterThan(5_000);
  expect(Math.max(...bench.asked.map(({ saves }) => saves.length))).toBeLessThan(12);
});

test('a part of the directory that is away keeps nobody else from being saved', async () => {
  const bench = new Bench(8);
  await bench.run(2 * CHECKPOINT_MS);
  const before = bench.tally.checkpoints;
  bench.keep = async (saves) => {
    const unheard = idsOf(saves).filter((id) => id === 'field-1');
    if (unheard.length > 0) bench.nowMs += 10 * TICK_MS;
    return { lost: [], unheard };
  };
  await bench.run(20 * CHECKPOINT_MS);
  expect(bench.refused).toEqual([]);
  const [away, other] = bench.rooms.slice(1).map((room) => bench.packed.get(room)!.length);
  // It is asked for again and again, each time at the cost of a look or two.
  expect([away > 8, other > 8]).toEqual([true, true]);
  expect(bench.tally.checkpoints - before).toBeGreaterThan(7 * 8);
});

test('a welcomed player’s room is packed at its next tick', async () => {
  const bench = new Bench(8);
  await bench.run(CHECKPOINT_MS);
  for (const room of bench.rooms) {
    bench.unsaved.add(room);
    const before = bench.packed.get(room)!.length;
    await bench.run(2 * TICK_MS);
    expect(bench.packed.get(room)!.length).toBeGreaterThan(before);
    expect(bench.unsaved.size).toBe(0);
  }
});

test('a welcomed player’s room waits for its lease', async () => {
  const bench = new Bench(1);
  const [room] = bench.rooms;
  await bench.run(CHECKPOINT_MS);
  bench.holds = false;
  bench.unsaved.add(room);
  await bench.run(CHECKPOINT_MS / 2);
  const before = bench.packed.get(room)!.length;
  bench.holds = true;
  await bench.run(TICK_MS);
  expect(bench.packed.get(room)).toHaveLength(before + 1);
  expect(bench.unsaved.size).toBe(0);
});

test('rooms whose players came all at once are packed one after the other', async () => {
  const bench = new Bench(64);
  const most = () => Math.max(...bench.asked.map(({ saves }) => saves.length));
  await bench.run(6 * CHECKPOINT_MS);
  const quiet = most();
  expect(quiet).toBeLessThan(10);
  bench.asked.length = 0;
  const cameMs = bench.nowMs;
  for (const room of bench.rooms) bench.unsaved.add(room);
  await bench.run(3_000);
  expect(most()).toBeLessThanOrEqual(quiet + 1);
  for (const times of bench.packed.values()) {
    const since = times.filter((ms) => ms > cameMs);
    // Their keys are safe within half a second, and nothing is lost that is older than that.
    for (const [i, ms] of since.entries()) expect(ms - (since[i - 1] ?? cameMs)).toBeLessThan(550);
  }
});

test('a room that was handed over, or is over, is not saved over its last', async () => {
  const bench = new Bench(8);
  await bench.run(CHECKPOINT_MS - TICK_MS);
  const [gone, again] = bench.rooms;
  while (!bench.packed.get(gone)) await bench.run(STEP_MS);
  bench.asked.length = 0;
  bench.packed.clear();
  while (!bench.packed.get(gone)) await bench.run(STEP_MS);
  bench.playing.delete(gone.id);
  // One that came back is another object.
  bench.playing.set(again.id, { ...again } as GameRoom);
  const before = bench.asked.length;
  await bench.run(2 * CHECKPOINT_MS);
  const ids = bench.asked.slice(before).flatMap(({ saves }) => idsOf(saves));
  expect(ids).not.toContain(gone.id);
  expect(ids).toContain('field-5');
});

test('whose save is refused is said to the leases, and not counted', async () => {
  const bench = new Bench(3);
  bench.keep = async (saves) => {
    return { ...KEPT, lost: idsOf(saves).filter((id) => id === 'field-1') };
  };
  await bench.run(10 * CHECKPOINT_MS);
  expect(new Set(bench.refused)).toEqual(new Set(['field-1']));
  expect(bench.refused.length).toBeGreaterThanOrEqual(9);
  expect(bench.tally.checkpoints).toBeLessThanOrEqual(2 * 10);
});

function idsOf(saves: readonly Save[]): string[] {
  return saves.map(({ lease }) => lease.id);
}
