// What a look into the past holds and how it is asked: sight, one's own, what is not kept, looks
// inside looks, and shots on their way. Who looks is a seat whose stamps the test writes itself.

import type { EntityId } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { type Definition, type Field, type Hunt, hunt } from './hunt.ts';
import { closeOpened } from './opened.ts';

afterEach(closeOpened);

describe('what is there', () => {
  test('fields that are not smooth, and those of the server, are as they were', async () => {
    let duck: EntityId<'duck'> = 0;
    const { field, inTick } = await hunt(
      { open: (room) => void (duck = room.spawn('duck', {}).id) as undefined },
      (room) => {
        const row = room.get('duck', duck)!;
        row.x = room.tick;
        row.name = `t${room.tick}`;
        row.secret = room.tick;
      },
    );
    await inTick(5.5, () => {
      const row = field.rewind(field.seat(1)!, (past) => past.get('duck', duck)!);
      const then = field.tick - 6;
      expect([row.x, row.name, row.secret]).toEqual([then + 0.5, `t${then}`, then]);
    });
  });

  test('who died since is there; who was born since is not', async () => {
    const born: EntityId<'duck'>[] = [];
    const { field, inTick } = await hunt({}, (room) => {
      for (const row of room.all('duck')) room.despawn(row);
      born.push(room.spawn('duck', { x: room.tick }).id);
    });
    await inTick(4.2, () => {
      field.rewind(field.seat(1)!, (past) => {
        const rows = [...past.all('duck')];
        // Of the STATE before, and not blended with what stands in its place.
        expect(rows.map(({ x }) => x)).toEqual([field.tick - 5]);
        expect(rows[0].id).toBe(born.at(-5));
        expect(past.get('duck', born.at(-5)!)).toBe(rows[0]);
        expect(past.get('duck', born.at(-1)!)).toBeUndefined();
        expect(past.near('duck', field.tick - 5, 0, 1)).toHaveLength(1);
      });
    });
  });

  test("one's own are as they are now, for so they are shown", async () => {
    const { field, inTick, seat } = await hunt({
      sees: () => false,
    });
    await inTick(8, () => {
      const own = seat.own('hunter') as unknown as { id: EntityId<'hunter'>; x: number };
      own.x = 123.456;
      field.rewind(field.seat(1)!, (past) => {
        expect([...past.all('hunter')].map(({ x }) => x)).toEqual([123.456]);
        expect(past.get('hunter', own.id)!.x).toBe(123.456);
        expect(past.near('hunter', 123, 0, 1)).toHaveLength(1);
      });
    });
  });

  test('a bot, and a seat that made no input yet, see the present', async () => {
    const { field, inTick } = await hunt({}, (room) => {
      for (const row of room.all('duck')) row.x += 7;
    });
    await inTick(8, () => {
      const bot = field.spawn('hunter', {});
      const duck = field.spawn('duck', { x: 40.25 });
      field.rewind(bot, (past) => {
        expect(past.tick).toBe(field.tick);
        expect(past.get('duck', duck.id)!.x).toBe(40.25);
        expect(past.near('duck', 40, 0, 1)).toHaveLength(1);
      });
    });
  });

  test('lists, maps and records are not kept, and say so', async () => {
    const { field, inTick } = await hunt({ open: (room) => void room.spawn('duck', {}) as never });
    await inTick(3, () => {
      field.rewind(field.seat(1)!, (past) => {
        const [duck] = past.all('duck');
        for (const name of ['bag', 'pairs', 'group'])
          expect(() => (duck as never)[name]).toThrow(`duck.${name}: the past keeps no`);
        expect(JSON.parse(JSON.stringify(duck))).toMatchObject({ kind: 'duck', name: '' });
      });
    });
  });
});

describe('what the seat was not told of', () => {
  /** Every duck hides for 10 of 20 ticks, each from another tick on. */
  const sees: Definition['sees'] = (_seat, row) => row.kind !== 'duck' || !row.hidden;
  const hide = (room: Field): void => {
    let i = 0;
    for (const duck of room.all('duck')) duck.hidden = (room.tick + ++i * 3) % 20 < 10;
  };
  const open = (room: Field): undefined => {
    for (let i = 0; i < 9; i++) room.spawn('duck', { x: i, y: i });
    return undefined;
  };

  test('{T55} is not in its past, however it is asked', async () => {
    const { field, inTick } = await hunt({ sees, open }, hide);
    for (let step = 0; step < 25; step++)
      await inTick(6, () => {
        const then = field.tick - 6;
        const seen = [...field.all('duck')].filter((_, i) => (then + (i + 1) * 3) % 20 >= 10);
        const ids = seen.map(({ id }) => id).sort();
        field.rewind(field.seat(1)!, (past) => {
          const sorted = (rows: Iterable<{ id: number }>) => [...rows].map(({ id }) => id).sort();
          expect(sorted(past.all('duck'))).toEqual(ids);
          expect(sorted(past.near('duck', 4, 4, 99))).toEqual(ids);
          const along = past.ray('duck', { x: -1, y: -1 }, { x: 20, y: 20 }, 1);
          expect(sorted(along.map(({ row }) => row))).toEqual(ids);
          for (const { id } of field.all('duck'))
            expect(past.get('duck', id) !== undefined).toBe(ids.includes(id));
        });
      });
  });

  test('is there for who asks for the unseen', async () => {
    const { field, inTick } = await hunt({ sees, open }, hide);
    await inTick(6, () => {
      const count = field.rewind(field.seat(1)!, (past) => [...past.all('duck')].length, {
        unseen: true,
      });
      expect(count).toBe(9);
    });
  });
});

describe('looks', () => {
  test('may look again: each has a past of its own', async () => {
    let duck: EntityId<'duck'> = 0;
    const { field, inTick } = await hunt(
      { open: (room) => void (duck = room.spawn('duck', {}).id) as undefined },
      (room) => void (room.get('duck', duck)!.x = room.tick),
    );
    await inTick(9, () => {
      const bot = field.spawn('hunter', {});
      field.rewind(field.seat(1)!, (past) => {
        const outer = past.get('duck', duck)!;
        field.rewind(bot, (now) => {
          expect(now.get('duck', duck)!.x).toBe(field.tick - 1);
          expect(outer.x).toBe(field.tick - 9);
        });
        expect(past.get('duck', duck)!.x).toBe(field.tick - 9);
      });
      expect(() =>
        field.rewind(bot, () => {
          throw new Error('mine');
        }),
      ).toThrow('mine');
      field.rewind(bot, (now) => expect(now.tick).toBe(field.tick));
    });
  });

  test('[C3] are counted, and logged where the line does not allow them', async () => {
    const { stepper, field, room, seat, inTick } = await hunt();
    const { looks } = room.rewinds;
    for (let i = 0; i < 12; i++) await inTick(45, () => field.rewind(field.seat(1)!, () => 0));
    expect(room.rewinds.looks - looks).toBe(12);
    expect([room.rewinds.capped, seat.rewindsCapped]).toEqual([12, 12]);
    const lines = stepper.log.filter(({ msg }) => msg.startsWith('rewind capped'));
    expect(lines.map(({ times }) => times)).toEqual([1, 10]);
    expect(lines[0]).toMatchObject({ seat: 1, shownMs: 880, reachMs: 270 });
  });
});

test('[C3] what an input waited at the server is not counted against its line', async () => {
  const { stepper, field, room, seat, inTick } = await hunt();
  const reached = () => field.tick - 1 - field.rewind(field.seat(1)!, (past) => past.tick);
  await inTick(45, () => expect(reached()).toBeCloseTo(270 / 20, 9));
  const stamps = Float64Array.of(room.tick + 6 - 45, Number.NaN, room.tick - 0.5);
  seat.inputs.put(room.tick + 6, Float64Array.of(1), stamps);
  await stepper.advance(6 * 20);
  await inTick(0, () => expect(reached()).toBeCloseTo(270 / 20 + 5.5, 9));
});

describe('[C3] a client that says less than it has', () => {
  /** Ticks that the line allows: 270 ms, as above. */
  const REACH = 270 / 20;
  /** A browser guesses on for 100 ms. */
  const GUESS = 100 / 20;
  let duck: EntityId<'duck'> = 0;
  const open = (room: Field): undefined => void (duck = room.spawn('duck', {}).id) as undefined;
  const move = (room: Field): void => void (room.get('duck', duck)!.x = room.tick);

  test('about the STATEs it applied reaches no further back', async () => {
    const { field, room, seat, inTick } = await hunt({ open }, move);
    for (const held of [10, 15, 30, 45]) {
      const stamps = Float64Array.of(room.tick - 1, room.tick - held, room.tick);
      seat.inputs.put(room.tick, Float64Array.of(1), stamps);
      await inTick(0, () => {
        const { x } = field.rewind(field.seat(1)!, (past) => past.get('duck', duck)!);
        expect(field.tick - 1 - x).toBeLessThan(REACH + GUESS);
      });
    }
  });

  test('and is sent nothing for it reaches no further back', async () => {
    const { stepper, field, room, seat, inTick } = await hunt({ open, sees: () => true }, move);
    await stepper.advance(1000);
    seat.told.missed(room.tick - 40, room.tick);
    for (const shown of [1, 20, 42]) {
      await inTick(shown, () => {
        const { x } = field.rewind(field.seat(1)!, (past) => past.get('duck', duck)!);
        expect(field.tick - 1 - x).toBeLessThan(REACH + GUESS);
      });
      seat.told.missed(room.tick - 1, room.tick);
    }
  });
});

describe('a shot on its way', () => {
  /** How far behind the present a launched shot's surroundings are, tick by tick. */
  async function behindOf(
    options?: { holdMs?: number; overMs?: number },
    before: (started: Hunt) => void = () => {},
  ): Promise<number[]> {
    let shot: { id: number } | undefined;
    let duck: EntityId<'duck'> = 0;
    const behind: number[] = [];
    const started = await hunt(
      { open: (room) => void (duck = room.spawn('duck', {}).id) as undefined },
      (room) => {
        const row = room.get('duck', duck)!;
        row.x = room.tick;
        if (!shot) return;
        room.rewind(shot as never, (past) => {
          behind.push(room.tick - past.tick);
          // The duck's x is its tick: what is shown there is the tick of the surroundings.
          expect(past.get('duck', duck)!.x).toBeCloseTo(past.tick, 9);
        });
      },
    );
    before(started);
    const { stepper, field, inTick } = started;
    await inTick(6, () => {
      const made = field.spawn('duck', {});
      field.launch(made, field.seat(1)!, options);
      shot = made;
    });
    await stepper.advance(400);
    return behind;
  }

  test('is in its shooter time first, then comes to the present', async () => {
    const behind = await behindOf({ holdMs: 40, overMs: 100 });
    const wanted = [6, 6, 6, 4.8, 3.6, 2.4, 1.2, 0, 0];
    wanted.forEach((ticks, i) => {
      expect(behind[i]).toBeCloseTo(ticks, 9);
    });
  });

  test('comes within 200 ms of itself', async () => {
    const behind = await behindOf();
    expect(behind[0]).toBe(6);
    expect(behind[1]).toBeLessThan(6);
    expect(behind[10]).toBeCloseTo(0, 9);
    expect(behind.every((ticks, i) => i === 0 || ticks <= behind[i - 1])).toBe(true);
  });

  test('[C3] stays no longer in the past for a pong that was held back', async () => {
    const held = ({ seat, stepper }: Hunt) => {
      for (let i = 0; i < 3; i++) seat.clock.addPong({ sentMs: 0, receivedMs: stepper.nowMs });
      expect(seat.rttMs).toBeGreaterThan(500);
    };
    expect(await behindOf(undefined, held)).toEqual(await behindOf());
  });
});
