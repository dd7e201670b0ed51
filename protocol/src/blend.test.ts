// Between two snapshots: numbers go straight, angles and turns the short way, and what is not
// smooth, was teleported or is somebody else does not move at all. Server and browser show by these
// rules.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blendRow, extendRow, wrapped } from './blend.ts';
import { angle, fixed, int, quat, text, vec3 } from './builders.ts';
import { defineGame } from './game.ts';
import { EPOCH } from './plan.ts';
import { Table } from './table.ts';

const game = defineGame({
  entities: {
    thing: {
      x: fixed(0, 10, 1).smooth(),
      at: vec3(0, 10, 1).smooth(),
      heading: angle(8).smooth(),
      turn: quat(8).smooth(),
      ammo: int(0, 10),
      name: text(8),
    },
  },
});
const plan = game.kind('thing');
const column = (name: string): number => plan.byName.get(name)!.column;

function tableOf(values: Readonly<Record<string, readonly number[]>>, id = 1, epoch = 0): Table {
  const table = new Table(plan);
  table.put(1, id);
  table.values[EPOCH][1] = epoch;
  for (const [name, parts] of Object.entries(values))
    parts.forEach((part, i) => {
      table.values[column(name) + i][1] = part;
    });
  return table;
}

function blended(a: Table, b: Table, fraction: number, name: string): number[] {
  const out = new Table(plan);
  out.put(1, 1);
  blendRow(out, 1, a, b, fraction);
  const { components } = plan.byName.get(name)!.spec;
  return [...Array(components).keys()].map((i) => out.values[column(name) + i][1]);
}

describe('a smooth field', () => {
  test('goes straight from one value to the next', () => {
    const [a, b] = [tableOf({ x: [2], at: [0, 4, 8] }), tableOf({ x: [6], at: [8, 4, 0] })];
    expect(blended(a, b, 0.25, 'x')).toEqual([3]);
    expect(blended(a, b, 0.5, 'at')).toEqual([4, 4, 4]);
    expect(blended(a, b, 0, 'x')).toEqual([2]);
    expect(blended(a, b, 1, 'x')).toEqual([6]);
  });

  test('that is an angle goes the short way and stays in [-PI, PI)', () => {
    const any = fc.double({ min: -Math.PI, max: 3.14, noNaN: true });
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(any, any, part, (from, to, fraction) => {
        const a = tableOf({ heading: [from] });
        const [held] = blended(a, tableOf({ heading: [to] }), fraction, 'heading');
        const whole = wrapped(to - from);
        expect(Math.abs(wrapped(held - from - whole * fraction))).toBeLessThan(1e-9);
        expect(Math.abs(whole)).toBeLessThanOrEqual(Math.PI);
        expect(held).toBeGreaterThanOrEqual(-Math.PI);
        expect(held).toBeLessThan(Math.PI);
      }),
      { seed: 1 },
    );
  });

  test('that is a turn stays of unit length, goes the short way, and near the great circle', () => {
    const about = (radians: number) => [0, 0, Math.sin(radians / 2), Math.cos(radians / 2)];
    for (const by of [0.1, 0.5, -0.5]) {
      const b = about(1 + by);
      for (const end of [b, b.map((part) => -part)])
        for (const fraction of [0, 0.3, 0.5, 1]) {
          const held = blended(
            tableOf({ turn: about(1) }),
            tableOf({ turn: end }),
            fraction,
            'turn',
          );
          expect(Math.hypot(...held)).toBeCloseTo(1, 12);
          const off = 2 * Math.atan2(held[2], held[3]) - (1 + by * fraction);
          expect(Math.abs(wrapped(off))).toBeLessThan((0.1 / 180) * Math.PI);
        }
    }
  });
});

describe('nothing is blended', () => {
  test('of a field that is not smooth: it holds the older value until the newer tick', () => {
    const [a, b] = [tableOf({ ammo: [2] }), tableOf({ ammo: [6] })];
    a.objects[0][1] = 'old';
    b.objects[0][1] = 'new';
    expect(blended(a, b, 0.99, 'ammo')).toEqual([2]);
    const out = new Table(plan);
    out.put(1, 1);
    blendRow(out, 1, a, b, 0.99);
    expect(out.objects[0][1]).toBe('old');
  });

  test('[S10] across a teleport', () => {
    const [a, b] = [tableOf({ x: [2] }), tableOf({ x: [6] }, 1, 1)];
    expect(blended(a, b, 0.9, 'x')).toEqual([2]);
  });

  test('into another entity at the same row, or into none', () => {
    const a = tableOf({ x: [2] });
    expect(blended(a, tableOf({ x: [6] }, 2), 0.9, 'x')).toEqual([2]);
    const empty = tableOf({ x: [6] });
    empty.remove(1, 1);
    expect(blended(a, empty, 0.9, 'x')).toEqual([2]);
  });

  test('with a table that has not grown as far', () => {
    const [a, out] = [new Table(plan), new Table(plan)];
    for (const table of [a, out]) table.put(500, 1);
    a.values[column('x')][500] = 3;
    blendRow(out, 500, a, new Table(plan), 0.5);
    expect(out.values[column('x')][500]).toBe(3);
  });
});

describe('after the newest snapshot', () => {
  const mover = defineGame({
    entities: {
      thing: {
        x: fixed(0, 100, 1).smooth({ by: 'vx' }),
        y: fixed(0, 100, 1).smooth(),
        vx: fixed(-50, 50, 1),
        heading: angle(8).smooth(),
        turn: quat(8).smooth(),
        ammo: int(0, 10),
      },
    },
  }).kind('thing');
  const at = (name: string): number => mover.byName.get(name)!.column;

  function table(values: Readonly<Record<string, number>>, id = 1, epoch = 0): Table {
    const made = new Table(mover);
    made.put(1, id);
    made.values[EPOCH][1] = epoch;
    for (const [name, value] of Object.entries(values)) made.values[at(name)][1] = value;
    return made;
  }

  function extended(a: Table, b: Table, share = 0.5, seconds = 0.1): (name: string) => number {
    const out = new Table(mover);
    out.put(1, 1);
    extendRow(out, 1, a, b, share, seconds);
    return (name) => out.values[at(name)][1];
  }

  test('a smooth field goes on by its velocity, or else as it came', () => {
    const read = extended(table({ x: 10, y: 10 }), table({ x: 20, y: 20, vx: -30, ammo: 3 }));
    expect(read('x')).toBe(17);
    expect(read('y')).toBe(25);
    expect([read('vx'), read('ammo')]).toEqual([-30, 3]);
  });

  test('it stays in its range; an angle goes on the short way round', () => {
    const read = extended(
      table({ y: 60, heading: 3 }),
      table({ x: 99, y: 90, vx: 50, heading: -3 }),
      0.5,
    );
    expect([read('x'), read('y')]).toEqual([100, 100]);
    expect(read('heading')).toBeCloseTo(-3 + (2 * Math.PI - 6) / 2, 9);
  });

  test('a turn goes on turning, and stays a turn', () => {
    const turn = (radians: number): Table => {
      const made = table({});
      made.values[at('turn') + 2][1] = Math.sin(radians / 2);
      made.values[at('turn') + 3][1] = Math.cos(radians / 2);
      return made;
    };
    const out = new Table(mover);
    out.put(1, 1);
    extendRow(out, 1, turn(0.5), turn(0.6), 0.5, 0.1);
    const [z, w] = [2, 3].map((i) => out.values[at('turn') + i][1]);
    expect(Math.hypot(z, w)).toBeCloseTo(1, 12);
    expect(2 * Math.atan2(z, w)).toBeCloseTo(0.65, 3);
  });

  test('[S10] who was teleported, or is new, moves by a velocity alone', () => {
    const b = table({ x: 20, y: 20, vx: 10 }, 1, 1);
    for (const a of [table({ x: 90, y: 90 }), table({ y: 90 }, 2, 1)]) {
      const read = extended(a, b);
      expect([read('x'), read('y')]).toEqual([21, 20]);
    }
    const [small, large, out] = [new Table(mover), new Table(mover), new Table(mover)];
    for (const grown of [large, out]) grown.put(500, 1);
    extendRow(out, 500, small, large, 0.5, 0.1);
    expect(out.values[at('y')][500]).toBe(0);
  });
});
