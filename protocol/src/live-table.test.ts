// The live table by itself: what is stamped when, what is clamped, what a dead row does, and what
// survives growth.
import { describe, expect, test } from 'vitest';
import { Stage } from '../test/stage.ts';
import { angle, bool, choice, fixed, int, quat, text, vec2 } from './builders.ts';
import { defineGame } from './game.ts';
import { LiveTable } from './live-table.ts';
import type { Row } from './table.ts';

const game = defineGame({
  entities: {
    ship: {
      x: fixed(0, 100, 1 / 4),
      heading: angle(8),
      at: vec2(-1, 1, 1 / 8),
      turn: quat(8),
      on: bool(),
      mode: choice('a', 'b'),
      name: text(4),
      ammo: int(0, 9).ownerOnly(),
      secret: int(0, 9).serverOnly(),
    },
  },
  step: { ship: () => {} },
});
const plan = game.kinds[0];
const at = (name: string) => plan.byName.get(name)!;

function table(strict = false) {
  const live = new LiveTable(plan, 1, strict);
  live.add(7);
  live.round();
  const row = live.rows[1]!;
  const stamp = (name: string) => live.stamps[at(name).index][1];
  const ownStamp = (name: string) => live.ownStamps[at(name).index][1];
  const next = () => {
    live.round();
    live.tick++;
  };
  next();
  return { live, row, stamp, ownStamp, next };
}

describe('rounding', () => {
  test('stamps a field when its wire value changes, and slow motion is not frozen', () => {
    const { row, live, stamp, ownStamp, next } = table();
    const told: number[] = [];
    for (let i = 0; i < 12; i++) {
      row.x = (row.x as number) + 0.05;
      live.round();
      if (stamp('x') === live.tick) told.push(live.wire[at('x').column][1]);
      expect(ownStamp('x')).toBe(live.tick);
      next();
    }
    expect(row.x).toBeCloseTo(0.6, 10);
    expect(told).toEqual([1, 2]);
  });

  test('a value set and set back within a tick is no change', () => {
    const { row, live, stamp, next } = table();
    next();
    row.x = 50;
    row.x = 0;
    live.round();
    expect(stamp('x')).toBe(1);
  });

  test('clamps what is outside its range, and counts it', () => {
    const { row, live } = table();
    row.x = 101;
    row.at = { x: -7, y: 0.5 };
    row.ammo = Number.POSITIVE_INFINITY;
    live.round();
    const wire = (name: string, i = 0) => live.wire[at(name).column + i][1];
    expect([wire('x'), wire('at'), wire('at', 1), wire('ammo')]).toEqual([400, 0, 12, 9]);
    expect([row.x, live.clamped]).toEqual([101, 3]);
  });

  test('an angle wraps and is not clamped', () => {
    const { row, live } = table();
    row.heading = -Math.PI / 2;
    live.round();
    expect(live.wire[at('heading').column][1]).toBe(192);
    row.heading = 20 * Math.PI + Math.PI / 2;
    live.round();
    expect([live.wire[at('heading').column][1], live.clamped]).toEqual([64, 0]);
  });

  test('what is not a number travels as the last that was, for its owner too', () => {
    const { row, live, ownStamp } = table();
    row.x = 25;
    live.round();
    row.x = Number.NaN;
    row.heading = Number.NaN;
    row.turn = { x: Number.NaN, y: 0, z: 0, w: 1 };
    live.round();
    const { column } = at('x');
    expect([live.wire[column][1], live.exact[column][1], live.clamped]).toEqual([100, 25, 2]);
    expect(live.exact.slice(at('turn').column, at('turn').column + 4).map((c) => c[1])).toEqual([
      0, 0, 0, 1,
    ]);
    live.tick++;
    row.on = true;
    live.round();
    expect(ownStamp('x')).toBe(live.tick - 1);
  });

  test('strict throws, naming the field', () => {
    const { row, live } = table(true);
    row.x = -1;
    expect(() => live.round()).toThrow('ship.x = -1 is outside its declared range');
  });

  test('serverOnly is never stamped, ownerOnly only in the own part', () => {
    const { row, live, stamp, ownStamp } = table();
    row.secret = 3;
    row.ammo = 3;
    live.round();
    expect([stamp('secret'), ownStamp('secret'), stamp('ammo')]).toEqual([0, 0, 0]);
    expect(ownStamp('ammo')).toBe(2);
  });

  test('a choice takes its names and nothing else', () => {
    const { row } = table();
    row.mode = 'b';
    expect(row.mode).toBe('b');
    expect(() => (row.mode = 'c')).toThrow("ship.mode = 'c': not one of a, b");
  });
});

describe('a table with tracks', () => {
  const moving = defineGame({
    tickRate: 20,
    entities: {
      ship: {
        vx: fixed(-40, 40, 1 / 4),
        x: fixed(0, 100, 1 / 16).smooth({ by: 'vx' }),
        y: fixed(0, 100, 1 / 16).smooth({ within: 2 }),
        z: fixed(0, 100, 1 / 16).smooth(),
      },
    },
  });
  const [kind] = moving.kinds;
  const field = (name: string) => kind.byName.get(name)!;

  function driving() {
    const live = new LiveTable(kind, 1, false, 1 / 20);
    live.add(7);
    const row = live.rows[1]!;
    Object.assign(row, { x: 10, y: 10, z: 10, vx: 10 });
    live.round();
    const wire = (name: string) => live.wire[field(name).column][1];
    const named = () => live.changed[1] === live.tick;
    /** One tick: what the game wrote is rounded. */
    const tick = (changes: Record<string, number> = {}) => {
      live.tick++;
      Object.assign(row, changes);
      live.round();
      return [named(), wire('x'), wire('y'), wire('z')];
    };
    return { tick };
  }

  test('[T3] names no row whose tracks come to where it is: half a unit a tick, 8 steps', () => {
    const { tick } = driving();
    expect([1, 2, 3].map((n) => tick({ x: 10 + n / 2 }))).toEqual([
      [false, 168, 160, 160],
      [false, 176, 160, 160],
      [false, 184, 160, 160],
    ]);
  });

  test('[T3] names a row in every STATE in which a track departs', () => {
    const { tick } = driving();
    expect(tick({ x: 12 })).toEqual([true, 192, 160, 160]);
    expect(tick({ x: 12.5, z: 11 })).toEqual([true, 200, 160, 176]);
    expect(tick({ x: 13 })).toEqual([false, 208, 160, 176]);
  });

  test('[T3] goes on though nobody wrote the row, and names it where it should not have', () => {
    const { tick } = driving();
    expect(tick()).toEqual([true, 160, 160, 160]);
    expect(tick({ x: 10.5 })).toEqual([false, 168, 160, 160]);
  });

  test('[T3] leaves what is within 2 steps, and corrects a third one to the truth', () => {
    const { tick } = driving();
    expect(tick({ x: 10.5, y: 10 + 2 / 16 })).toEqual([false, 168, 160, 160]);
    expect(tick({ x: 11, y: 10 + 3 / 16 })).toEqual([true, 176, 163, 160]);
  });

  test('[T3] names a row whose velocity changed, even where the track foretold it', () => {
    const { tick } = driving();
    expect(tick({ x: 10 + 10.25 / 20, vx: 10.25 })).toEqual([true, 168, 160, 160]);
    expect(tick({ x: 10 + 20.5 / 20 })).toEqual([false, 176, 160, 160]);
  });
});

describe('rows', () => {
  test('of a despawned entity read id 0 and throw UsageError on every write', () => {
    const { row, live } = table();
    const vector = row.at as { x: number; set(x: number, y: number): void };
    live.remove(1, 2);
    expect([row.id, row.alive, row.owner, row.x, row.name, vector.x]).toEqual([
      0,
      false,
      0,
      0,
      '',
      0,
    ]);
    const writes: (() => void)[] = [
      () => (row.x = 1),
      () => (row.on = true),
      () => (row.mode = 'b'),
      () => (row.name = 'x'),
      () => (row.at = { x: 1, y: 1 }),
      () => (vector.x = 1),
      () => vector.set(1, 1),
      () => (row as Row & { teleport(): void }).teleport(),
    ];
    for (const write of writes) expect(write).toThrow('this ship is gone; check row.alive');
    for (const column of live.values) expect(column[0]).toBe(0);
  });

  test('are used again only after they settled, and start from the defaults', () => {
    const { row, live } = table();
    row.x = 9;
    live.setOwner(1, 4);
    live.round();
    live.remove(1, live.tick);
    expect(live.add(8)).toBe(2);
    live.settle(live.tick - 1);
    expect(live.add(9)).toBe(3);
    live.settle(live.tick);
    live.tick++;
    expect(live.add(10)).toBe(1);
    live.round();
    const fresh = live.rows[1]!;
    expect([fresh.id, fresh.x, fresh.owner, row.id]).toEqual([10, 0, 0, 0]);
    expect([live.born[1], live.changed[1], live.count]).toEqual([live.tick, live.tick, 3]);
  });

  test('keep everything when the table grows', () => {
    const stage = new Stage(game);
    const rows = Array.from({ length: 100 }, (_, i) =>
      stage.spawn('ship', { x: i / 2, name: `${i}`, ammo: i % 9 }, (i % 3) + 1),
    );
    stage.round();
    const live = stage.table('ship');
    expect(live.capacity).toBe(128);
    rows.forEach((row, i) => {
      const index = (row as unknown as Row).$index;
      expect([row.x, row.name, row.ammo, row.owner]).toEqual([i / 2, `${i}`, i % 9, (i % 3) + 1]);
      expect(live.wire[at('x').column][index]).toBe(i * 2);
      expect(live.exact[at('x').column][index]).toBe(i / 2);
      expect([live.changed[index], live.ownChanged[index], live.given[index]]).toEqual([1, 1, 1]);
    });
  });

  test('teleport bumps the epoch, which wraps', () => {
    const { row, live, stamp } = table();
    for (let i = 0; i < 258; i++) (row as Row & { teleport(): void }).teleport();
    live.round();
    expect([live.wire[1][1], stamp('$epoch')]).toEqual([2, 2]);
  });

  test('vectors are written through and come back into their range', () => {
    const { row, live } = table();
    const vector = row.at as {
      x: number;
      set(x: number, y: number): typeof vector;
      add(by: object, scale?: number): typeof vector;
      clamp(): typeof vector;
    };
    vector.set(0.5, 0.25).add({ x: 1, y: -1 }, 0.5);
    expect([row.$table.values[at('at').column][1], JSON.stringify(row.at)]).toEqual([
      1,
      '{"x":1,"y":-0.25}',
    ]);
    vector.add({ x: 5, y: -5 }).clamp();
    expect(JSON.stringify(row.at)).toBe('{"x":1,"y":-1}');
    live.round();
    expect(live.clamped).toBe(0);
  });
});
