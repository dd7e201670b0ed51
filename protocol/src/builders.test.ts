// What a declaration may say. What cannot travel is refused where it is written.
import { describe, expect, test } from 'vitest';
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
import { describe as tableOf } from './describe.ts';
import { UsageError } from './errors.ts';
import { defineGame } from './game.ts';

const bad = (make: () => unknown, message: string) => {
  expect(make).toThrow(UsageError);
  expect(make).toThrow(message);
};

describe('ranges', () => {
  test.each<[string, () => unknown]>([
    ['an empty range', () => int(3, 3)],
    ['a range backwards', () => fixed(1, 0, 0.1)],
    ['no number', () => fixed(Number.NaN, 1, 0.1)],
    ['no end', () => fixed(0, Number.POSITIVE_INFINITY, 1)],
    ['no step', () => vec2(0, 1, 0)],
    ['a step larger than the range', () => fixed(0, 1, 3)],
    ['steps that float64 cannot tell apart', () => fixed(1e15, 1e15 + 10, 0.001)],
    ['too many steps', () => vec3(0, 1, 2 ** -52)],
    ['halves', () => int(0.5, 3)],
  ])('%s is refused', (_what, make) => expect(make).toThrow(UsageError));

  test('what is said in excess, or not at all, is refused', () => {
    const loose = { fixed, int, vec2 } as unknown as Record<string, (...given: unknown[]) => void>;
    bad(() => loose.fixed(0, 640), 'fixed(0, 640): wants a step');
    bad(() => loose.fixed(0, 640, 1, { smooth: true }), 'fixed() takes min, max and step');
    bad(() => loose.vec2(0, 640, 1, 1), 'vec2() takes min, max and step');
    bad(() => loose.int(0, 9, 1), 'int() takes min and max');
    const smooth = { bye: 'vy' } as object;
    bad(() => int(0, 9).smooth(smooth), 'smooth has no bye: did you mean by?');
  });

  test('counts are whole and within their limits', () => {
    bad(() => angle(0), '1..24');
    bad(() => quat(1), '2 bits or more');
    bad(() => quat(21), '1..20');
    bad(() => text(5000), '1..4096');
    bad(() => packed(0), '1..16384');
    bad(() => list(int(0, 1), 1.5), 'whole number');
    bad(() => choice('a', 'a'), 'different names');
    bad(() => int(0, 9).smooth({ within: -1 }), '0 or more');
  });
});

describe('defaults', () => {
  test('are values of their field', () => {
    bad(() => int(0, 9).default(10), 'no value of this int()');
    bad(() => fixed(-1, 1, 0.5).default(Number.NaN), 'no value of this fixed()');
    bad(() => choice('a', 'b').default('c' as 'a'), 'no value of this choice()');
    bad(() => text(3).default('abcd'), 'no value of this text()');
    bad(() => angle(8).default(Number.POSITIVE_INFINITY), 'no value of this angle()');
    expect(angle(8).default(9).spec.initial).toBe(9);
    expect(list(int(0, 9), 3).default([1]).spec.initial).toEqual([1]);
  });

  test('are 0 where that is in range, else the least', () => {
    expect([int(-3, 3), int(2, 5), fixed(-9, -1, 1)].map((f) => f.spec.initial)).toEqual([
      0, 2, -9,
    ]);
    expect([choice('x', 'y').spec.initial, text(4).spec.initial]).toEqual(['x', '']);
  });
});

describe('collections', () => {
  test('hold plain fields, at most four deep', () => {
    bad(() => list(int(0, 1).ownerOnly(), 3), 'on the whole field');
    bad(() => record({ x: fixed(0, 1, 1).smooth() }), 'on the whole field');
    bad(() => map(fixed(0, 1, 1) as never, bool(), 3), 'a key is text(), int() or entity()');
    let deep = list(int(0, 1), 2) as ReturnType<typeof list>;
    for (let i = 0; i < 3; i++) deep = list(deep as never, 2) as never;
    bad(() => list(deep as never, 2), 'at most 4 deep');
  });
});

describe('a game', () => {
  const x = fixed(0, 9, 1);
  test('has kinds, fields and references that exist', () => {
    bad(() => defineGame({ tickRate: 0, entities: {} }), 'tickRate');
    bad(() => defineGame({ entities: { a: { id: int(0, 1) } } }), 'every row has its own id');
    bad(() => defineGame({ entities: { a: { 'b-c': int(0, 1) } } }), 'letters, digits and _');
    bad(() => defineGame({ entities: { a: { b: entity('c') } } }), "entity('c') is no kind");
    bad(() => defineGame({ entities: { a: { b: list(entity('c'), 2) } } }), "entity('c')");
    bad(() => defineGame({ entities: {}, step: { a: () => {} } as never }), 'step.a: no such kind');
    bad(() => defineGame({ entities: { a: { x: x.smooth({ by: 'v' }) } } }), "by: 'v'");
    bad(() => defineGame({ entities: {} }).kind('a'), 'no kind a');
  });

  test('keeps smooth, scopes and presses where they mean something', () => {
    bad(() => defineGame({ entities: {}, input: { a: text(3) } as never }), 'numbers only');
    bad(() => defineGame({ entities: { a: { b: bool().press() } } }), 'press() is for input');
    bad(() => defineGame({ entities: {}, state: { a: x.ownerOnly() } }), 'for entity fields');
    bad(() => defineGame({ entities: {}, events: { e: { a: x.smooth() } } }), 'for entity fields');
  });

  test('has at most 30 fields a kind, and with 30 every mask holds', () => {
    const fields = (n: number) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, int(0, 9).ownerOnly()]));
    bad(() => defineGame({ entities: { a: fields(31) } }), 'at most 30');
    const plan = defineGame({ entities: { a: fields(30) } }).kinds[0];
    expect([plan.sharedMask, plan.ownMask]).toEqual([3, 2 ** 32 - 4]);
  });

  test('has another hash when anything that travels is another', () => {
    const of = (b: unknown, tickRate = 30) =>
      defineGame({ tickRate, entities: { a: { b: b as typeof x } } }).hash;
    const hashes = [
      of(int(0, 9)),
      of(int(0, 10)),
      of(int(0, 9), 31),
      of(int(0, 9).default(3)),
      of(int(0, 9).ownerOnly()),
      of(int(0, 9).smooth()),
      of(fixed(0, 9, 1)),
      of(choice('a', 'b')),
      of(choice('b', 'a')),
      of(list(int(0, 9), 3)),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(of(int(0, 9))).toBe(hashes[0]);
    expect(hashes[0]).toMatch(/^[0-9a-f]{16}$/);
  });

  test('prints its wire table', () => {
    const game = defineGame({ entities: { a: { turn: quat(8), n: int(0, 9).ownerOnly() } } });
    const lines = tableOf(game).split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[3]).toMatch(/^a\.turn\s+quat\s+.*\s26$/);
    expect(lines[4]).toMatch(/^a\.n\s+int\s+0\.\.9\s+1\s+4\s+ownerOnly$/);
  });
});
