import {
  changedTables,
  defineGame,
  FrameType,
  fixed,
  int,
  MAX_STEP_TICKS,
  MsgpackReader,
  PackedSource,
  type Plan,
  packed,
  Received,
  readFrame,
  readStateHeader,
  readTables,
} from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from './limits.ts';
import { Replication } from './replication.ts';
import { RoomSeat } from './seat.ts';
import { Visibility } from './visibility.ts';
import { World } from './world.ts';

const game = defineGame({
  tickRate: 20,
  entities: {
    ship: { x: fixed(0, 99, 1), fuel: int(0, 99).ownerOnly(), note: packed<object>(100) },
  },
});

class Bench {
  readonly world: World;
  readonly replication: Replication;
  readonly frames = new Map<number, Uint8Array[]>();
  readonly seats: RoomSeat[] = [];
  tick = 1;

  /** With `bytesPerSecond` every seat has a known set of its own, and no more bytes than that. */
  constructor(wire: 'plain' | 'packed' = 'plain', bytesPerSecond = 0) {
    this.world = new World(game, 1, false, wire === 'packed');
    const weights = Float64Array.of(1);
    const budget = { bytesPerSecond, sendSeconds: 1 / game.tickRate, weights };
    this.replication = new Replication(this.world, {
      visibility: bytesPerSecond ? new Visibility(this.world, { radius: 0 }) : undefined,
      budget: bytesPerSecond ? budget : undefined,
      limits: DEFAULT_LIMITS,
      priors: wire === 'packed' ? game.priors : undefined,
      learns: wire === 'packed',
    });
  }

  seat(): RoomSeat {
    const id = this.seats.length + 1;
    const owned = () => this.world.owned.get(id);
    const options = { id, auth: undefined, spectator: false, game, limits: DEFAULT_LIMITS };
    const seat = new RoomSeat({ ...options, owned, kick: () => {} } as never);
    const send = (frame: Uint8Array) => void this.frames.get(id)!.push(frame.slice());
    this.frames.set(id, []);
    seat.attach({ send, cork: (run) => run(), close: () => {}, move: () => {} }, this.tick - 1);
    this.seats.push(seat);
    return seat;
  }

  run(to: readonly RoomSeat[] = this.seats): void {
    const { tick } = this;
    this.world.round(1);
    this.replication.begin(tick);
    for (const seat of to) this.replication.send(seat, { tick, sentAt: 0, nowMs: 1 });
    this.replication.end();
    this.tick++;
    this.world.begin(this.tick, this.tick);
  }

  sizes(): number[] {
    return this.seats.map(({ id }) => this.frames.get(id)!.at(-1)!.length);
  }
}

describe.each(['plain', 'packed'] as const)('replication of a %s room without interest', (wire) => {
  test('encodes one body a tick for all seats in step', () => {
    const bench = new Bench(wire);
    for (let i = 0; i < 20; i++) bench.seat();
    let encoded = 0;
    const note = {
      get n() {
        encoded++;
        return 1;
      },
    };
    const ship = bench.world.spawn('ship', {}, 0);
    bench.run();
    ship.note = note;
    // It was weighed when it was set.
    encoded = 0;
    bench.run(bench.seats.slice(0, 1));
    const once = encoded;
    ship.note = {
      ...note,
      get n() {
        return note.n;
      },
    };
    encoded = 0;
    bench.run(bench.seats.slice(0, 1));
    bench.run();
    expect(once).toBeGreaterThan(0);
    // Once for the seat alone; once for the nineteen that are a tick and more behind.
    expect(encoded).toBe(2 * once);
    expect(new Set(bench.sizes().slice(1)).size).toBe(1);
  });

  test('sends an empty STATE of a few bytes where nothing changed', () => {
    const bench = new Bench(wire);
    bench.seat();
    bench.world.spawn('ship', { x: 5 }, 0);
    bench.run();
    bench.run();
    expect(bench.sizes()[0]).toBeLessThanOrEqual(8);
    const reader = new MsgpackReader();
    reader.reset(bench.frames.get(1)!.at(-1)!);
    expect(readFrame(reader, { elements: 0 })).toBe(2);
  });

  test('leaves out a seat that does not apply what it got, until it does', () => {
    const bench = new Bench(wire);
    const seat = bench.seat();
    const ship = bench.world.spawn('ship', {}, 0);
    for (let i = 0; i < 3000; i++) {
      ship.x = i % 90;
      ship.note = { text: 'x'.repeat(80) };
      bench.run();
    }
    // The second byte of a frame is its type: TABLES may have come as well.
    const states = () => bench.frames.get(1)!.filter(([, type]) => type === FrameType.State).length;
    const before = states();
    expect(before).toBeLessThan(1000);
    expect(seat.skips).toBe(3000 - before);
    seat.acknowledge(seat.sentTick);
    bench.run();
    expect(states()).toBe(before + 1);
  });

  test('[F11] tells everything to a seat that waited longer than a step may be', () => {
    const bench = new Bench(wire);
    const seat = bench.seat();
    const ship = bench.world.spawn('ship', {}, 0);
    while (seat.skips === 0) {
      ship.note = { text: 'x'.repeat(80), tick: bench.tick };
      bench.run();
    }
    bench.tick += MAX_STEP_TICKS;
    bench.run();
    seat.acknowledge(seat.sentTick);
    bench.run();
    const reader = new MsgpackReader();
    reader.reset(bench.frames.get(1)!.at(-1)!);
    readFrame(reader, { elements: 0 });
    const header = { dTick: 0, everything: false, inTime: 0, marginTicks: 0, sentAt: 0 };
    readStateHeader(reader, header);
    expect(header.dTick).toBeGreaterThan(MAX_STEP_TICKS);
    expect(header.everything).toBe(true);
  });

  test('[J3] tells everything in the first STATE of a connection, and of the next one', () => {
    const bench = new Bench(wire);
    const seat = bench.seat();
    bench.world.spawn('ship', { x: 5 }, 0);
    const everything = () => {
      bench.run();
      const reader = new MsgpackReader();
      reader.reset(bench.frames.get(1)!.at(-1)!);
      readFrame(reader, { elements: 0 });
      return reader.int() < 0;
    };
    expect([everything(), everything()]).toEqual([true, false]);
    seat.attach(seat.line!, bench.tick - 1);
    expect([everything(), everything()]).toEqual([true, false]);
    expect(bench.sizes()[0]).toBeLessThanOrEqual(8);
  });
});

/** A client of a packed room: what it makes of its frames. */
class Reader {
  readonly received = new Received(game);
  readonly types: number[] = [];
  /** Bases of the TABLES that came. */
  readonly bases: number[] = [];
  #odds = game.priors.odds;
  #version = 0;

  constructor(seat: RoomSeat) {
    this.received.seat = seat.id;
    this.received.tick = seat.sentTick;
    this.received.expectPacked(1 / game.tickRate, 1);
  }

  read(frame: Uint8Array): void {
    const from = new MsgpackReader();
    from.reset(frame);
    const opened = { elements: 0 };
    const type = readFrame(from, opened);
    this.types.push(type);
    if (type === FrameType.Tables) this.#readTables(from);
    else this.#readState(from, opened.elements - 4);
    from.end();
  }

  #readTables(from: MsgpackReader): void {
    const { version, base, changes } = readTables(from);
    expect([0, this.#version]).toContain(base);
    this.bases.push(base);
    this.#odds = changedTables(changes, base === 0 ? game.priors.odds : this.#odds);
    this.#version = version;
  }

  #readState(from: MsgpackReader, bodies: number): void {
    const header = { dTick: 0, everything: false, inTime: 0, marginTicks: 0, sentAt: 0 };
    readStateHeader(from, header);
    const tick = this.received.tick + header.dTick;
    if (bodies === 0) return this.received.pass(tick);
    if (from.tryNil()) this.received.pass(tick);
    else this.#readBody(from, (source) => this.received.readBody(source, tick, header.everything));
    if (bodies > 1) this.#readBody(from, (source) => this.received.readOwnBody(source));
  }

  #readBody(from: MsgpackReader, read: (source: PackedSource) => void): void {
    const source = new PackedSource();
    source.begin(from.bin(100_000), this.#odds);
    read(source);
    source.finish();
  }

  column(plan: Plan, name: string, row: number): number {
    return this.received.tables[plan.index].values[plan.byName.get(name)!.column][row];
  }
}

describe('the odds of a packed room', () => {
  const [plan] = game.kinds;

  /** A room whose ships walk; everybody reads what it gets after each tick. */
  function walk() {
    const bench = new Bench('packed');
    const readers: Reader[] = [];
    const join = () => {
      const seat = bench.seat();
      readers.push(new Reader(seat));
      return seat;
    };
    const ships = Array.from({ length: 30 }, (_, i) => bench.world.spawn('ship', { x: 3 * i }, 0));
    const run = (ticks: number, to = bench.seats): void => {
      for (let tick = 0; tick < ticks; tick++) {
        ships.forEach((ship, i) => {
          ship.x = 50 + 40 * Math.sin((bench.tick + i) / 9);
        });
        bench.run(to);
        for (const seat of to) {
          const frames = bench.frames.get(seat.id)!;
          for (const frame of frames.splice(0)) readers[seat.id - 1].read(frame);
          seat.acknowledge(seat.sentTick);
        }
      }
    };
    const expectTruth = (reader: Reader) =>
      ships.forEach((ship) => {
        const row = reader.received.rowOf(plan.index, ship.id);
        expect(reader.column(plan, 'x', row)).toBe(Math.round(ship.x as number));
      });
    return { bench, readers, join, run, expectTruth };
  }

  test('[K2, K5] are told before the first STATE that is coded with them', () => {
    const { readers, join, run, expectTruth } = walk();
    join();
    run(100);
    const [{ types }] = readers;
    expect(types).toContain(FrameType.Tables);
    expect(types[types.indexOf(FrameType.Tables) + 1]).toBe(FrameType.State);
    expectTruth(readers[0]);
  });

  test('[K5] are told as changes to who has the ones before, and whole to who comes later', () => {
    const { readers, join, run, expectTruth } = walk();
    join();
    run(60);
    join();
    run(1);
    expect(readers[1].types.slice(0, 2)).toEqual([FrameType.Tables, FrameType.State]);
    expect(readers[1].bases).toEqual([0]);
    run(200);
    expect(Math.max(...readers[0].bases)).toBeGreaterThan(0);
    for (const reader of readers) expectTruth(reader);
  });

  test('are told whole to a seat that skipped a version', () => {
    const { bench, readers, join, run, expectTruth } = walk();
    const [stays, skips] = [join(), join()];
    run(15);
    const { length } = readers[1].bases;
    run(400, [stays]);
    expect(readers[0].bases.length).toBeGreaterThan(length + 1);
    run(1);
    expect(readers[1].bases.slice(length)).toEqual([0]);
    expect(bench.seats).toContain(skips);
    for (const reader of readers) expectTruth(reader);
  });
});

describe('a seat without bytes to spare', () => {
  test('[O3] is told at once what it gave away: until then it reads own parts as the owner', () => {
    const bench = new Bench('packed', 40);
    const seat = bench.seat();
    const reader = new Reader(seat);
    const rows = Array.from({ length: 30 }, (_, i) =>
      bench.world.spawn('ship', { x: i }, i < 2 ? seat.id : 0),
    );
    const run = () => {
      bench.run();
      for (const frame of bench.frames.get(seat.id)!.splice(0)) reader.read(frame);
    };
    for (let n = 0; n < 40; n++) {
      rows.forEach((row, i) => {
        row.x = (i * 7 + n * 13) % 99;
      });
      rows[1].fuel = n;
      if (n % 3 === 1) bench.world.setOwner(rows[0], n % 2 ? 0 : seat.id);
      run();
      const owner = reader.column(game.kinds[0], 'owner', reader.received.rowOf(0, rows[0].id));
      const fuel = reader.column(game.kinds[0], 'fuel', reader.received.rowOf(0, rows[1].id));
      expect([n, owner, fuel]).toEqual([n, rows[0].owner, n]);
    }
    const late = rows.filter((row) => {
      const held = reader.received.rowOf(0, row.id);
      return reader.column(game.kinds[0], 'x', held) !== row.x;
    });
    expect(late.length).toBeGreaterThan(10);
  });

  test('does not know what waits: no event near that is told', () => {
    const bench = new Bench('packed', 2000);
    const seat = bench.seat();
    const reader = new Reader(seat);
    bench.run();
    const rows = Array.from({ length: 60 }, (_, i) => bench.world.spawn('ship', { x: i }, 0));
    for (const least of [1, 2]) {
      bench.run();
      for (const frame of bench.frames.get(seat.id)!.splice(0)) reader.read(frame);
      const known = rows.filter(({ id }) => bench.replication.knows(seat, id));
      expect(known.length).toBeGreaterThanOrEqual(least);
      expect(known.length).toBeLessThan(rows.length);
      expect(known).toEqual(rows.filter(({ id }) => reader.received.rowOf(0, id) > 0));
    }
  });
});
