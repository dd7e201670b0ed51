// Rooms saved and restored: what goes on after it is what would have gone on without it. Rooms are
// run by hand; with clients it is failover.test.ts, and what is no checkpoint is
// damaged-checkpoints.test.ts'.
import { createHash } from 'node:crypto';
import { UsageError } from '@tickwire/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError, checkpointOf, restoreRoom, saveRoom } from '../src/checkpoint.ts';
import type { Identity } from '../src/identity.ts';
import type { GameRoom, RoomKind } from '../src/index.ts';
import type { RoomSeat } from '../src/seat.ts';
import { Bench, EPOCH_MS, menagerie, openRoom, optionsOf, play, portrait } from './menagerie.ts';

const record = (seat: RoomSeat, more: Partial<Identity> = {}) => ({
  seat,
  identity: { auth: seat.auth, user: undefined, untilMs: Number.POSITIVE_INFINITY, ...more },
  place: undefined,
  keys: undefined,
});

describe('a room that is restored', () => {
  const runs = fc.record({
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
    before: fc.integer({ min: 0, max: 150 }),
    after: fc.integer({ min: 1, max: 60 }),
    players: fc.integer({ min: 0, max: 4 }),
    sendEvery: fc.constantFrom(1, 3),
    wire: fc.constantFrom('packed', 'plain'),
  });

  test('computes what the room would have computed', () => {
    const whole = fc.property(runs, ({ seed, before, after, players, sendEvery, wire }) => {
      const a = new Bench(menagerie({ sendEvery, wire, seed }));
      a.seat(players);
      for (let tick = 0; tick < before; tick++) {
        play(a, seed);
        a.run(1);
      }
      // With inputs that wait, and presses that came too late.
      play(a, seed);
      const b = a.restored(a.save());
      expect(portrait(b.room)).toEqual(portrait(a.room));
      for (let tick = 0; tick < after; tick++) {
        for (const bench of [a, b]) {
          if (tick > 0) play(bench, seed);
          bench.run(1);
        }
        expect(portrait(b.room)).toEqual(portrait(a.room));
      }
    });
    fc.assert(whole, { numRuns: 40 });
  });

  test('is walked as it was, by who spawns on the way', () => {
    const a = new Bench(menagerie({ tick: undefined }));
    const rocks = Array.from({ length: 6 }, () => a.room.spawn('rock', {}));
    for (const rock of [rocks[1], rocks[4], rocks[5]]) a.room.despawn(rock);
    a.run(2);
    const walk = ({ room }: Bench) => {
      const met: number[] = [];
      for (const { id } of room.all('rock') as Iterable<{ id: number }>) {
        if (met.push(id) <= 3) room.spawn('rock', {});
      }
      return met;
    };
    const b = a.restored(a.save());
    const met = walk(a);
    expect(met.length).toBeGreaterThan(3);
    expect(walk(b)).toEqual(met);
  });

  test('is saved again as the same bytes', () => {
    const a = new Bench(menagerie());
    a.seat(3);
    a.run(90);
    for (const seat of a.room.seats) a.room.drop(seat);
    const bytes = a.save();
    expect(Buffer.compare(a.restored(bytes).save(), bytes)).toBe(0);
  });

  test('gives no id again that the lost process may have given', () => {
    const a = new Bench(menagerie());
    a.run(50);
    const bytes = a.save(false);
    a.run(200);
    const given = a.room.world.nextId;
    const b = a.restored(bytes);
    expect(b.room.spawn('rock', {}) as { id: number }).toMatchObject({ kind: 'rock' });
    const [first] = [...(b.room.all('rock') as Iterable<{ id: number }>)]
      .map(({ id }) => id)
      .slice(-1);
    expect(first).toBeGreaterThanOrEqual(given);
  });

  test('keeps numbers that no wire would', () => {
    const a = new Bench(menagerie({ tick: undefined }));
    const odd = [Number.NaN, -0, Number.POSITIVE_INFINITY, 1e300, Number.MIN_VALUE, 2 ** 53];
    for (const x of odd) a.room.spawn('bird', { x, secret: -x, path: [{ x, y: -x }] });
    const b = a.restored(a.save());
    expect(portrait(b.room)).toEqual(portrait(a.room));
    const xs = [...(b.room.all('bird') as Iterable<{ x: number }>)].map(({ x }) => x);
    expect(xs.every((x, i) => Object.is(x, odd[i]))).toBe(true);
  });

  test('goes on with the grace time of who was away, and drops who was there', () => {
    const told: string[] = [];
    const drop = (room: GameRoom, seat: RoomSeat) =>
      told.push(`${room.tick} ${seat.id} ${seat.connected} ${room.data !== undefined}`);
    const leave = (_: unknown, seat: RoomSeat) => void told.push(`left ${seat.id}`);
    const a = new Bench(menagerie({ drop, leave, graceMs: 10_000, tick: undefined }));
    a.seat(2);
    a.room.drop(a.room.seat(1)!);
    a.run(100);
    told.length = 0;
    const b = a.restored(a.save());
    expect(told).toEqual(['101 2 false true']);
    b.run(101);
    expect(told.slice(1)).toEqual(['left 1']);
    b.run(100);
    expect(told.slice(2)).toEqual(['left 2']);
  });

  test('goes on with its topics, but for those that nothing hears any more', () => {
    const hears = { party: () => {}, guild: () => {} };
    const a = new Bench(menagerie({ hears, tick: undefined }));
    for (const topic of ['party.2', 'guild.9', 'party.1']) a.room.subscribe(topic);
    expect([...a.restored(a.save()).room.contacts.topics]).toEqual([
      'party.2',
      'guild.9',
      'party.1',
    ]);
    const fewer = menagerie({ hears: { party: () => {} }, tick: undefined });
    const b = restoreRoom({ ...a.options, definition: fewer }, a.save(), a.clocks);
    expect([...b.room.contacts.topics]).toEqual(['party.2', 'party.1']);
  });

  test('goes on with shots that are on their way', () => {
    const a = new Bench(menagerie({ tick: undefined }));
    a.seat(1);
    const seat = a.room.seat(1)!;
    a.run(30);
    seat.inputs.put(31, Float64Array.of(0, 0, 0), Float64Array.of(27, Number.NaN, 30));
    a.run(1);
    a.room.launch(a.room.spawn('rock', {}), seat);
    expect(a.room.rewinds.launches.size).toBe(1);
    const b = a.restored(a.save());
    expect(portrait(b.room)).toEqual(portrait(a.room));
    expect([...b.room.rewinds.launches.values()][0].seat).toBe(b.room.seat(1));
    // The past begins anew; whoever asks for what was before it is shown what there is.
    const again = b.room.seat(1)!;
    const [shot] = b.room.all('rock') as Iterable<never>;
    for (let tick = b.room.tick; tick < 60; tick++) {
      again.inputs.put(tick, Float64Array.of(0, 0, 0), Float64Array.of(tick - 5, tick - 3, tick));
      b.run(1);
      for (const who of [again, shot]) {
        const looked = b.room.rewind(who, (past) => [past.tick, [...past.all('rock')].length]);
        expect(looked[0]).toBeGreaterThan(tick - 12);
        expect(looked[0]).toBeLessThanOrEqual(tick + 1);
        expect(looked[1]).toBe(1);
      }
    }
  });

  test('answers what finds its seats again, by the clocks of this process', () => {
    const a = new Bench(menagerie());
    a.seat(2);
    const [one, two] = a.room.seats;
    const digest = (text: string) => createHash('sha256').update(text).digest('base64');
    const keys = { newest: digest('a'), before: undefined, spent: digest('b') };
    const given = [
      { ...record(one, { user: 'ann', untilMs: 3_000 }), place: 'nonce', keys },
      record(two),
    ];
    const bytes = checkpointOf(a.room, given, a);
    const later = { now: () => 1_000_000, wallClockMs: () => EPOCH_MS + 2_000 };
    const { records, room } = restoreRoom(a.options, bytes, later);
    expect(records.map(({ identity }) => identity)).toEqual([
      { auth: { name: 'p0' }, user: 'ann', untilMs: 1_001_000 },
      { auth: { name: 'p1' }, user: undefined, untilMs: Number.POSITIVE_INFINITY },
    ]);
    expect(records.map((one) => one.keys)).toEqual([keys, undefined]);
    expect(records.map((one) => one.place)).toEqual(['nonce', undefined]);
    expect(records.map(({ seat }) => seat)).toEqual([...room.seats]);
  });
});

describe('what cannot be kept', () => {
  const failing = (definition: RoomKind, auth?: unknown) => {
    const bench = new Bench(definition);
    bench.seat(1, () => auth ?? { name: 'p' });
    bench.run(1);
    return bench;
  };

  test.each<[string, () => Bench]>([
    ['auth.since: a Date cannot be kept', () => failing(menagerie(), { since: new Date() })],
    [
      'the data of timer bare.birds.0: a KindRow cannot be kept',
      () => {
        const bench = failing(menagerie({ tick: undefined }));
        bench.room.after(5, 'bare', { birds: [bench.room.spawn('bird', {})] });
        return bench;
      },
    ],
    [
      'save().fed: a Map cannot be kept; keep plain objects and arrays',
      () => failing(menagerie({ save: ({ data }: { data: unknown }) => data })),
    ],
    ['save().n: NaN cannot be kept', () => failing(menagerie({ save: () => ({ n: Number.NaN }) }))],
    [
      'save(): more than 262144 values; keep them as bytes',
      () => failing(menagerie({ save: () => new Array(2 ** 18).fill(0) })),
    ],
    [
      'room.data would be lost: give save and load',
      () => failing(menagerie({ save: undefined, load: undefined })),
    ],
  ])('is named: %s', (message, make) => {
    const bench = make();
    expect(() => bench.save()).toThrow(UsageError);
    expect(() => bench.save()).toThrow(message);
  });

  test('ends a room as it opens that is to be restored and could not be', () => {
    const hooks = { failover: 'restore', save: undefined, load: undefined };
    const options = optionsOf(menagerie(hooks));
    expect(openRoom(options).over).toBe(true);
    expect(options.warnings).toMatchObject([{ handler: 'open', err: { name: 'UsageError' } }]);
    expect(openRoom(optionsOf(menagerie({ ...hooks, failover: undefined }))).failover).toBe(
      'restart',
    );
    expect(openRoom(optionsOf(menagerie())).failover).toBe('restore');
  });

  test('is logged once, and the room plays on', () => {
    const bench = failing(menagerie({ save: () => ({ n: Number.NaN }) }));
    for (let i = 0; i < 3; i++) {
      bench.run(1);
      expect(saveRoom(bench.room, [], bench)).toBe(undefined);
    }
    expect(bench.options.warnings.length).toBe(1);
  });

  test('is more than limits.checkpointBytes: columns, lists or data', () => {
    const limits = { ...new Bench(menagerie()).options.limits, checkpointBytes: 20_000 };
    const tooBig = (fill: (room: GameRoom) => void, hooks: object = {}) => {
      const bench = new Bench(menagerie({ tick: undefined, ...hooks }), { limits });
      fill(bench.room);
      return () => bench.save();
    };
    const many = (room: GameRoom) => {
      for (let i = 0; i < 3000; i++) room.spawn('rock', {});
    };
    const wide = (room: GameRoom) => {
      for (let i = 0; i < 99; i++)
        room.spawn('bird', { note: { n: 1, deep: ['x'.repeat(150)] }, name: 'y'.repeat(12) });
    };
    expect(tooBig(many)).toThrow(/more than limits.checkpointBytes: 20000/);
    expect(tooBig(wide)).toThrow(CheckpointError);
    expect(tooBig(() => {}, { save: () => new Uint8Array(20_000) })).toThrow(CheckpointError);
    expect(tooBig(() => {}, { save: () => new Uint8Array(15_000) })).not.toThrow();
  });
});
