// Every declared field from its declaration over live table and wire to what a seat holds. What is
// rounded, what is clamped and counted, and what starts from a default.
import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { heldBy, Stage } from '../test/stage.ts';
import { expected, held as heldValue } from '../test/truth.ts';
import {
  angle,
  bool,
  choice,
  entity,
  fixed,
  int,
  list,
  map,
  packed,
  quat,
  record,
  text,
  vec2,
  vec3,
} from './builders.ts';
import type { AnyField } from './field.ts';
import { defineGame } from './game.ts';
import { quatToWire, toWire } from './quantize.ts';
import type { Row } from './table.ts';

/** A room with one kind of one field, and one seat in it. */
function roomOf(value: AnyField, strict = false) {
  const game = defineGame({ entities: { thing: { value } } });
  const stage = new Stage(game, { strict });
  const seat = stage.join(9);
  const row = stage.spawn('thing') as unknown as Row;
  const live = stage.tables[0];
  return { stage, seat, row, live, f: live.plan.byName.get('value')! };
}

/** What the seat holds as numbers once `values` were written; checks that it goes back. */
function pass(field: AnyField, values: readonly number[]): { held: number[]; clamped: number } {
  const { stage, seat, row, live, f } = roomOf(field);
  values.forEach((value, i) => {
    live.values[f.column + i][row.$index] = value;
  });
  stage.send();
  const table = seat.received.tables[0];
  const held = values.map((_, i) => table.values[f.column + i][1]);
  const said = values.map((_, i) => live.wire[f.column + i][row.$index]);
  expect(wireOf(f.spec, held)).toEqual(said);
  return { held, clamped: live.clamped };
}

function wireOf(spec: AnyField['spec'], held: readonly number[]): number[] {
  if (spec.type !== 'quat') return held.map((value) => toWire(spec, value));
  const wire = new Float64Array(4);
  quatToWire(spec, held, wire);
  return [...wire];
}

const range = fc.record({
  min: fc.integer({ min: -1000, max: 1000 }),
  levels: fc.integer({ min: 1, max: 100_000 }),
  step: fc.constantFrom(1 / 16, 0.1, 0.3, 1 / 1024, 2.5),
});
const part = fc.double({ min: 0, max: 1, noNaN: true });
/** Half a step, and what float64 loses on the way. */
const half = (step: number): number => step / 2 + 1e-9;

describe('a number that travels', () => {
  test('[S3, S12] fixed: is off by half a step at most and goes back to its wire value', () => {
    fc.assert(
      fc.property(range, part, ({ min, levels, step }, at) => {
        const value = min + at * levels * step;
        const { held, clamped } = pass(fixed(min, min + levels * step, step), [value]);
        expect(Math.abs(held[0] - value)).toBeLessThanOrEqual(half(step));
        expect(clamped).toBe(0);
      }),
      { seed: 1 },
    );
  });

  test('[S3, S12] int: a whole number arrives as it is, any other as the nearest', () => {
    const wide = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
    fc.assert(
      fc.property(wide, fc.integer({ min: 1, max: 2 ** 40 }), part, (min, span, at) => {
        const value = min + Math.floor(at * span);
        expect(pass(int(min, min + span), [value]).held).toEqual([value]);
      }),
      { seed: 2 },
    );
    expect(pass(int(0, 9), [3.4]).held).toEqual([3]);
    expect(pass(int(0, 9), [3.6]).held).toEqual([4]);
  });

  test('[S3, S12] angle: wraps, and comes back in -PI..PI within half a step', () => {
    const any = fc.double({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), any, (bits, value) => {
        const field = angle(bits);
        const { held, clamped } = pass(field, [value]);
        const turns = (held[0] - value) / (2 * Math.PI);
        const off = Math.abs(turns - Math.round(turns)) * 2 * Math.PI;
        expect(off).toBeLessThanOrEqual(half(field.spec.step));
        expect(held[0]).toBeGreaterThanOrEqual(-Math.PI);
        expect(held[0]).toBeLessThan(Math.PI);
        expect(clamped).toBe(0);
      }),
      { seed: 3 },
    );
  });

  test('[S3, S12] vec2, vec3: each component is off by half a step at most', () => {
    fc.assert(
      fc.property(range, fc.tuple(part, part, part), ({ min, levels, step }, parts) => {
        const max = min + levels * step;
        const values = parts.map((at) => min + at * levels * step);
        const three = pass(vec3(min, max, step), values).held;
        const two = pass(vec2(min, max, step), values.slice(0, 2)).held;
        expect(two).toEqual(three.slice(0, 2));
        three.forEach((held, i) => {
          expect(Math.abs(held - values[i])).toBeLessThanOrEqual(half(step));
        });
      }),
      { seed: 4 },
    );
  });

  test('[S12] quat: is a unit turn within two steps in each component, or its negative', () => {
    const axis = fc.double({ min: -1, max: 1, noNaN: true });
    const turn = fc
      .tuple(axis, axis, axis, axis)
      .filter((q) => Math.hypot(...q) > 0.01)
      .map((q) => q.map((each) => each / Math.hypot(...q)));
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 20 }), turn, (bits, q) => {
        const field = quat(bits);
        const { held } = pass(field, q);
        expect(Math.hypot(...held)).toBeCloseTo(1, 9);
        const sign = Math.sign(held.reduce((sum, each, i) => sum + each * q[i], 0));
        for (let i = 0; i < 4; i++)
          expect(Math.abs(held[i] - sign * q[i])).toBeLessThanOrEqual(2 * field.spec.step);
      }),
      { seed: 5, numRuns: 400 },
    );
  });

  test('[S12] quat: turns with equal components go back too, at every number of bits', () => {
    for (let bits = 2; bits <= 20; bits++)
      for (const q of [
        [1, 1, 1, 1],
        [1, -1, 0, 0],
        [0, 0, 1, 1],
        [-1, 1, 1, 0],
        [0, 0, 0, -1],
      ])
        pass(quat(bits), q);
  });

  test.each([[[0, 0, 0, 0]], [[Number.NaN, 0, 0, 1]], [[Number.POSITIVE_INFINITY, 0, 0, 0]]])(
    'a quat without a direction (%j) travels as no turn at all',
    (q) => {
      expect(pass(quat(8), q).held.map((each) => Math.round(each))).toEqual([0, 0, 0, 1]);
    },
  );
});

describe('a value of any other kind', () => {
  const cases: [string, AnyField, unknown, unknown][] = [
    ['bool', bool(), true, 1],
    ['choice', choice('a', 'b', 'c'), 'c', 2],
    ['entity', entity('thing'), 2 ** 32 - 1, 2 ** 32 - 1],
    ['text', text(8), 'grüße 👾', 'grüße 👾'],
    ['packed', packed(64), { a: [1, null, 'x'], b: 1.5 }, { a: [1, null, 'x'], b: 1.5 }],
    ['list', list(fixed(0, 1, 1 / 4), 4), [0.3, 1], [0.25, 1]],
    ['map', map(text(4), int(0, 9), 4), [['k', 3]], new Map([['k', 3]])],
    [
      'record',
      record({ n: int(0, 9), b: bool(), c: choice('x', 'y') }),
      { n: 4.4, b: true, c: 'y' },
      { n: 4, b: true, c: 'y' },
    ],
    ['vec3 in a list', list(vec3(0, 9, 1), 2), [{ x: 1.4, y: 2, z: 8.6 }], [{ x: 1, y: 2, z: 9 }]],
  ];

  test.each(cases)('[S3] %s arrives', (_name, field, value, wanted) => {
    const { stage, seat, row } = roomOf(field);
    row.value = value;
    stage.send();
    expect(heldBy(seat, 0, row).value).toEqual(wanted);
  });

  test.each(cases)('[S3] %s arrives as a change too', (_name, field, value, wanted) => {
    const { stage, seat, row } = roomOf(field);
    stage.send();
    row.value = value;
    stage.send();
    expect(heldBy(seat, 0, row).value).toEqual(wanted);
    expect(seat.last.everything).toBe(false);
  });

  test('[S12] elements in collections go back to their wire values', () => {
    const element = fixed(-3, 5, 0.1);
    fc.assert(
      fc.property(fc.array(fc.double({ min: -3, max: 5, noNaN: true }), { maxLength: 8 }), (v) => {
        const { stage, seat, row, live, f } = roomOf(list(element, 8));
        row.value = v;
        stage.send();
        const held = heldValue(f.spec, heldBy(seat, 0, row).value) as number[];
        expect(held).toEqual(expected(f.spec, live.objects[f.object][row.$index]));
        held.forEach((each, i) => {
          expect(Math.abs(each - v[i])).toBeLessThanOrEqual(half(0.1));
          expect(toWire(element.spec, each)).toBe(toWire(element.spec, v[i]));
        });
      }),
      { seed: 6 },
    );
  });

  test('a packed value is sent whole when it is replaced, and not when it is not', () => {
    const { stage, seat, row } = roomOf(packed(64));
    row.value = { a: 1, b: 'kept' };
    stage.send();
    (row.value as { a: number }).a = 2;
    stage.send();
    expect(seat.last.shared).toBeUndefined();
    row.value = { a: 3, b: 'kept' };
    stage.send();
    expect(heldBy(seat, 0, row).value).toEqual({ a: 3, b: 'kept' });
    expect(Buffer.from(seat.last.shared!).includes('kept')).toBe(true);
  });

  test('a text is cut to its length without halving a character', () => {
    const { stage, seat, row } = roomOf(text(4));
    row.value = 'abc👾';
    stage.send();
    expect(heldBy(seat, 0, row).value).toBe('abc');
  });
});

describe('defaults', () => {
  const game = defineGame({
    entities: {
      thing: {
        n: int(3, 9),
        x: fixed(-1, 1, 1 / 4).default(0.3),
        at: vec2(0, 9, 1).default({ x: 2, y: 7 }),
        turn: quat(8).default({ x: 0, y: 1, z: 0, w: 0 }),
        on: bool().default(true),
        how: choice('a', 'b').default('b'),
        name: text(8).default('ada'),
        bag: list(int(0, 9), 4),
        box: record({ n: int(0, 9).default(5) }),
      },
    },
  });

  test('[S6] an arrival names no field that is at its default; the seat has them', () => {
    const stage = new Stage(game);
    const seat = stage.join(1);
    const row = stage.spawn('thing');
    stage.send();
    const { turn, ...rest } = heldBy(seat, 0, row);
    const at = { n: 3, x: 0.25, at: [2, 7], on: 1, how: 1, name: 'ada', bag: [], box: { n: 5 } };
    expect(rest).toMatchObject(at);
    expect((turn as number[])[1]).toBeCloseTo(1, 2);
    const [, , arrivals] = new Unpackr({ useRecords: false }).unpack(seat.last.shared!);
    const named = (arrivals[1][2] as unknown[]).map(String);
    expect(named).not.toContain('ada');
    expect(row.x).toBe(0.3);
  });

  test('[S6] a field that went back to its default after it was sent is told', () => {
    const stage = new Stage(game);
    const seat = stage.join(1);
    const row = stage.spawn('thing', { n: 8, name: 'bob', on: false });
    stage.send();
    expect(heldBy(seat, 0, row)).toMatchObject({ n: 8, name: 'bob', on: 0 });
    Object.assign(row, { n: 3, name: 'ada', on: true });
    stage.send();
    expect(heldBy(seat, 0, row)).toMatchObject({ n: 3, name: 'ada', on: 1 });
  });
});

describe('outside the range', () => {
  test('a value is clamped on the wire and counted, and the row keeps it', () => {
    const { stage, seat, row, live } = roomOf(fixed(0, 10, 1 / 2));
    row.value = 12;
    stage.send();
    expect(row.value).toBe(12);
    expect(heldBy(seat, 0, row).value).toBe(10);
    row.value = Number.NEGATIVE_INFINITY;
    stage.send();
    expect(heldBy(seat, 0, row).value).toBe(0);
    expect(live.clamped).toBe(2);
  });

  test('not a number holds what was said before, once, and costs nothing while it lasts', () => {
    const { stage, seat, row, live } = roomOf(fixed(0, 10, 1 / 2));
    row.value = 7;
    stage.send();
    row.value = Number.NaN;
    stage.send();
    expect(heldBy(seat, 0, row).value).toBe(7);
    expect(seat.last.shared).toBeUndefined();
    expect(live.clamped).toBe(1);
  });

  test('elements of collections are clamped and counted too', () => {
    const { stage, seat, row, live } = roomOf(list(vec2(0, 9, 1), 4));
    row.value = [{ x: -5, y: 99 }];
    stage.send();
    expect(heldBy(seat, 0, row).value).toEqual([{ x: 0, y: 9 }]);
    expect(live.clamped).toBe(2);
  });

  test.each([
    ['fixed', fixed(0, 10, 1), 11],
    ['angle', angle(8), Number.NaN],
    ['vec2', vec2(0, 9, 1), { x: 0, y: Number.NaN }],
    ['list', list(int(0, 9), 4), [1, 10]],
    ['map', map(text(4), int(0, 9), 4), [['a', -1]]],
  ])('a strict room throws UsageError instead, naming the field: %s', (_name, field, value) => {
    const { stage, row } = roomOf(field, true);
    const act = () => {
      row.value = value;
      stage.send();
    };
    expect(act).toThrow(
      expect.objectContaining({
        name: 'UsageError',
        message: expect.stringMatching(/^thing\.value.*outside its declared range/),
      }),
    );
  });
});

describe('slow motion', () => {
  test('[S3] steps below the wire step add up: the setter keeps the full number', () => {
    const { stage, seat, row } = roomOf(fixed(0, 10, 1));
    const told: number[] = [];
    for (let tick = 0; tick < 40; tick++) {
      row.value = (row.value as number) + 0.1;
      stage.send();
      if (seat.last.shared) told.push(heldBy(seat, 0, row).value as number);
    }
    expect(row.value).toBeCloseTo(4, 9);
    expect(told).toEqual([0, 1, 2, 3, 4]);
  });
});
