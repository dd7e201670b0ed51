import { defineGame, fixed, MsgpackReader, packed, readFrame } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from './limits.ts';
import { Replication } from './replication.ts';
import { RoomSeat } from './seat.ts';
import { World } from './world.ts';

const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: fixed(0, 99, 1), note: packed<object>(100) } },
});

class Bench {
  readonly world = new World(game, 1, false);
  readonly replication = new Replication(this.world, {
    visibility: undefined,
    limits: DEFAULT_LIMITS,
    priors: undefined,
    learns: false,
  });
  readonly frames = new Map<number, Uint8Array[]>();
  readonly seats: RoomSeat[] = [];
  tick = 1;

  seat(): RoomSeat {
    const id = this.seats.length + 1;
    const owned = () => this.world.owned.get(id);
    const options = { id, auth: undefined, spectator: false, game, limits: DEFAULT_LIMITS };
    const seat = new RoomSeat({ ...options, owned, kick: () => {} } as never);
    const send = (frame: Uint8Array) => void this.frames.get(id)!.push(frame.slice());
    this.frames.set(id, []);
    seat.attach({ send, cork: (run) => run(), close: () => {} }, this.tick - 1);
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

describe('replication without interest', () => {
  test('encodes one body a tick for all seats in step', () => {
    const bench = new Bench();
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
    const bench = new Bench();
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
    const bench = new Bench();
    const seat = bench.seat();
    const ship = bench.world.spawn('ship', {}, 0);
    for (let i = 0; i < 3000; i++) {
      ship.x = i % 90;
      ship.note = { text: 'x'.repeat(80) };
      bench.run();
    }
    const before = bench.frames.get(1)!.length;
    expect(before).toBeLessThan(1000);
    expect(seat.skips).toBe(3000 - before);
    seat.acknowledge(seat.sentTick);
    bench.run();
    expect(bench.frames.get(1)!.length).toBe(before + 1);
  });

  test('[J3] tells everything in the first STATE of a connection, and of the next one', () => {
    const bench = new Bench();
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
