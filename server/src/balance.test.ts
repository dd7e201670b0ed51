// Shards that hand rooms over to each other, in a time of their own: when they begin, when they
// end, and that no room goes back and forth.
import { Random } from '@tickwire/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Balance } from './balance.ts';
import type { ShardEntry } from './directory.ts';
import { ExpectedLoad } from './expected-load.ts';
import { Others } from './others.ts';

const LOOK_MS = 2_000;
const MINUTE_MS = 60_000;

/** Each beside the others, with rooms of given weights; loads are known from the look before. */
class Fleet {
  nowMs = 0;
  /** Of a room: where it was, in turn. */
  readonly ways = new Map<string, string[]>();
  readonly shards: Simulated[] = [];
  readonly random: Random;
  /** By how much a measured load is wrong at most, as a share of it. */
  readonly noise: number;
  /** From where to where. */
  readonly moves: [from: string, to: string][] = [];
  answersShare = 1;

  constructor(seed = 1, noise = 0) {
    this.random = new Random(seed);
    this.noise = noise;
  }

  add(weights: readonly number[]): Simulated {
    const shard = new Simulated(this, `s${this.shards.length}`);
    this.shards.push(shard);
    for (const [i, weight] of weights.entries()) shard.open(`${shard.id}-${i}`, weight);
    return shard;
  }

  async pass(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += LOOK_MS;
      for (const shard of this.shards) shard.measure();
      // All at the same moment, by what they said before.
      await Promise.all(this.shards.map((shard) => shard.balance.look()));
      for (const shard of this.shards) shard.say();
    }
  }

  get loads(): number[] {
    return this.shards.map(({ weight }) => weight);
  }
}

interface Room {
  readonly id: string;
  weight: number;
  over: boolean;
  readonly failover: 'restore' | 'end';
}

class Simulated {
  readonly id: string;
  readonly rooms = new Map<string, Room>();
  readonly balance: Balance;
  draining = false;
  full = false;
  entry: ShardEntry;
  readonly #fleet: Fleet;
  readonly #load: ExpectedLoad;

  constructor(fleet: Fleet, id: string) {
    this.#fleet = fleet;
    this.id = id;
    const error = () => 1 + (2 * fleet.random.next() - 1) * fleet.noise;
    this.#load = new ExpectedLoad(() => this.weight * error());
    const counts = { rooms: 0, seats: 0, draining: false };
    this.entry = { id, url: 'wss://a.example/', build: 'b', load: 0, ...counts };
    const now = () => fleet.nowMs;
    const chance = () => fleet.random.next();
    const load = () => this.#load.with(this.rooms.size) * 1_000;
    const shards = async () => fleet.shards.map((shard) => shard.entry);
    const someShards = async (most: number) => {
      const left = await shards();
      const pick = () => left.splice(Math.floor(chance() * left.length), 1);
      return Array.from({ length: Math.min(most, left.length) }, pick).flat();
    };
    const own = { owner: { shard: id, url: '' }, build: 'b', draining: false };
    const directory = { shards, someShards };
    const others = new Others({ directory, shard: own, load, now, chance });
    const at = (to: string) => fleet.shards.find((shard) => shard.id === to)!;
    this.balance = new Balance({
      shard: this as never,
      leases: { hold: true, settled: true },
      peers: {
        ask: async (to, service, ...given) => {
          expect(service).toBe('takeOne');
          return at(to).balance.takeOne(...(given as [string, number, number]));
        },
      },
      others,
      moving: {
        move: async (room, to) => {
          this.rooms.delete(room.id);
          at(to.id).open(room.id, (room as never as Room).weight);
          fleet.moves.push([id, to.id]);
          return true;
        },
      },
      answerTimes: { share: () => fleet.answersShare },
      log: { info() {} } as never,
      ...{ load, now, chance },
    });
  }

  open(id: string, weight: number, failover: Room['failover'] = 'restore'): void {
    this.rooms.set(id, { id, weight, over: false, failover });
    const { ways } = this.#fleet;
    ways.set(id, [...(ways.get(id) ?? []), this.id]);
  }

  measure(): void {
    this.#load.measure(this.rooms.size);
  }

  say(): void {
    const { size: rooms } = this.rooms;
    this.entry = { ...this.entry, rooms, load: Math.round(this.#load.with(rooms) * 1_000) };
  }

  /** What its rooms take of a core, 1 and more included. */
  get weight(): number {
    return [...this.rooms.values()].reduce((sum, { weight }) => sum + weight, 0);
  }
}

const rooms = (count: number, weight = 0.015) => Array<number>(count).fill(weight);

describe('a shard that is busy', () => {
  test('hands rooms over to one that comes, and keeps what is its share', async () => {
    const fleet = new Fleet();
    for (let i = 0; i < 4; i++) fleet.add(rooms(62));
    await fleet.pass(2 * MINUTE_MS);
    expect(fleet.moves).toEqual([]);
    fleet.add([]);
    await fleet.pass(2 * MINUTE_MS);
    const { loads } = fleet;
    const { length: moves } = fleet.moves;
    // Of 3.72 in all.
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(0.2);
    expect(Math.max(...loads)).toBeLessThan(0.8);
    await fleet.pass(30 * MINUTE_MS);
    expect(fleet.moves).toHaveLength(moves);
  });

  test('does so one room at a time, and leaves new ones alone for a minute', async () => {
    const fleet = new Fleet();
    fleet.add(rooms(60));
    fleet.add([]);
    await fleet.pass(MINUTE_MS);
    for (let moves = 0; moves < 6; moves++) {
      expect(fleet.moves).toHaveLength(moves);
      await fleet.pass(LOOK_MS);
    }
  });

  test('does so once it was busy for a while', async () => {
    const fleet = new Fleet();
    const shard = fleet.add(rooms(60, 0.005));
    fleet.add([]);
    await fleet.pass(2 * MINUTE_MS);
    // A burst: what was measured has it in its mean.
    for (const room of shard.rooms.values()) room.weight = 0.016;
    await fleet.pass(7 * LOOK_MS);
    for (const room of shard.rooms.values()) room.weight = 0.005;
    await fleet.pass(2 * MINUTE_MS);
    expect(fleet.moves).toEqual([]);
    for (const room of shard.rooms.values()) room.weight = 0.016;
    await fleet.pass(15 * LOOK_MS);
    expect(fleet.moves.length).toBeGreaterThan(2);
  });

  test('hands nothing over to those that have a good deal to do themselves', async () => {
    const fleet = new Fleet();
    fleet.add(rooms(64));
    for (let i = 0; i < 3; i++) fleet.add(rooms(36));
    await fleet.pass(5 * MINUTE_MS);
    expect(fleet.moves).toEqual([]);
  });

  test('nor while the directory is late, it closes, or a room would not go on', async () => {
    const fleet = new Fleet();
    const busy = fleet.add([]);
    for (const [i, weight] of rooms(60).entries()) busy.open(`ends-${i}`, weight, 'end');
    fleet.add([]);
    await fleet.pass(2 * MINUTE_MS);
    busy.rooms.clear();
    for (const [i, weight] of rooms(60).entries()) busy.open(`goes-${i}`, weight);
    fleet.answersShare = 0.9;
    await fleet.pass(2 * MINUTE_MS);
    fleet.answersShare = 1;
    busy.draining = true;
    await fleet.pass(2 * MINUTE_MS);
    expect(fleet.moves).toEqual([]);
    busy.draining = false;
    await fleet.pass(MINUTE_MS);
    expect(fleet.moves.length).toBeGreaterThan(10);
  });
});

describe('a shard that has little to do', () => {
  test('takes a few rooms at once, of those that have much more, up to a share', async () => {
    const fleet = new Fleet();
    const { balance } = fleet.add([]);
    expect(balance.takeOne('of-idle', 100, 10)).toBe(false);
    const taken = Array.from({ length: 6 }, (_, i) => balance.takeOne(`r${i}`, 900, 15));
    expect(taken).toEqual([true, true, true, true, false, false]);
    // What does not come is not waited for.
    fleet.nowMs += 5_001;
    expect(balance.takeOne('r6', 900, 15)).toBe(true);
  });

  test('counts what comes as what it is where it was', () => {
    const fleet = new Fleet();
    const { balance } = fleet.add([]);
    const taken = Array.from({ length: 4 }, (_, i) => balance.takeOne(`r${i}`, 900, 200));
    expect(taken).toEqual([true, true, true, false]);
    // One that is not like those that were measured here is not yet more than it was there.
    const few = fleet.add(rooms(10, 0.02));
    for (const shard of fleet.shards) shard.measure();
    expect(few.balance.takeOne('heavy', 900, 300)).toBe(true);
    few.open('heavy', 0.3);
    expect(few.balance.takeOne('other', 900, 300)).toBe(false);
  });

  test('takes none where it closes, or has as many rooms as it may', () => {
    const shard = new Fleet().add([]);
    shard.full = true;
    expect(shard.balance.takeOne('r0', 900, 15)).toBe(false);
    [shard.full, shard.draining] = [false, true];
    expect(shard.balance.takeOne('r0', 900, 15)).toBe(false);
  });

  test('keeps what it took, though it be busy later', async () => {
    const fleet = new Fleet();
    fleet.add(rooms(60));
    const other = fleet.add([]);
    await fleet.pass(3 * MINUTE_MS);
    const came = [...other.rooms.keys()];
    expect(came.length).toBeGreaterThan(15);
    for (const [i, weight] of rooms(60).entries()) other.open(`new-${i}`, weight);
    fleet.add([]);
    await fleet.pass(5 * MINUTE_MS);
    expect(other.weight).toBeLessThan(0.8);
    expect(came.filter((id) => !other.rooms.has(id))).toEqual([]);
  });
});

describe('of many shards, whatever loads are measured as', () => {
  const size = {
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
    busy: fc.integer({ min: 1, max: 6 }),
    idle: fc.integer({ min: 1, max: 4 }),
    rooms: fc.integer({ min: 4, max: 40 }),
    load: fc.double({ min: 0.6, max: 1.1, noNaN: true }),
  };
  const RUNS = { numRuns: 40 };

  test('none hands rooms over after it took some, where all weigh the same', async () => {
    const property = fc.asyncProperty(fc.record(size), async ({ seed, load, ...counts }) => {
      const fleet = new Fleet(seed, 0.05);
      const full = Math.max(counts.rooms, 16);
      for (let i = 0; i < counts.busy; i++) fleet.add(rooms(full, load / full));
      for (let i = 0; i < counts.idle; i++) fleet.add([]);
      await fleet.pass(20 * MINUTE_MS);
      const took = new Set<string>();
      for (const [from, to] of fleet.moves) {
        expect(took).not.toContain(from);
        took.add(to);
      }
    });
    await fc.assert(property, RUNS);
  });

  test('none goes twice within half an hour, whatever each weighs', async () => {
    const property = fc.asyncProperty(fc.record(size), async ({ seed, load, ...counts }) => {
      const fleet = new Fleet(seed, 0.1);
      for (let i = 0; i < counts.busy; i++) {
        const parts = Array.from({ length: counts.rooms }, () => 0.1 + fleet.random.next() ** 4);
        const whole = parts.reduce((sum, part) => sum + part, 0);
        fleet.add(parts.map((part) => (part / whole) * load));
      }
      for (let i = 0; i < counts.idle; i++) fleet.add([]);
      await fleet.pass(30 * MINUTE_MS);
      for (const way of fleet.ways.values()) expect(way.length).toBeLessThanOrEqual(2);
    });
    await fc.assert(property, RUNS);
  });
});
