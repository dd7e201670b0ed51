// Lists, maps and records of the live stage, as a game writes them: what is refused is refused
// before anything changed, and what is kept is what was given.
import { describe, expect, test } from 'vitest';
import {
  bool,
  choice,
  fixed,
  int,
  list,
  map,
  packed,
  quat,
  record,
  text,
  vec2,
} from '../src/builders.ts';
import type { TrackedList, TrackedMap, TrackedRecord } from '../src/collections.ts';
import { defineGame } from '../src/game.ts';
import type { Row } from '../src/table.ts';
import { Stage } from './stage.ts';

const game = defineGame({
  entities: {
    box: {
      at: vec2(0, 100, 1 / 4),
      bag: list(int(0, 9), 4),
      path: list(vec2(0, 100, 1 / 4), 4),
      turns: list(quat(6), 4),
      sorts: list(choice('a', 'b'), 4),
      words: list(text(4), 4),
      notes: map(text(3), int(0, 9), 2),
      counts: map(int(-3, 3), list(int(0, 9), 2), 3),
      blobs: list(packed<unknown>(40), 3),
      blob: packed<unknown>(40),
      name: text(4),
      gear: record({
        name: text(8),
        stamp: int(0, 9),
        spec: int(0, 9),
        values: list(int(0, 9), 3).default([1, 2]),
        stamps: bool(),
        assign: fixed(0, 1, 1 / 8).default(0.5),
        touch: text(4).default('hi'),
        inner: record({ level: int(0, 9).default(3) }).default({ level: 7 }),
      }),
      shelf: list(record({ n: int(0, 9), at: vec2(0, 9, 1) }), 3),
    },
  },
});

type Box = Row & {
  bag: TrackedList;
  path: TrackedList;
  turns: TrackedList;
  sorts: TrackedList;
  words: TrackedList;
  notes: TrackedMap;
  counts: TrackedMap;
  blobs: TrackedList;
  shelf: TrackedList;
  gear: Record<string, unknown>;
};

function spawn(init: Readonly<Record<string, unknown>> = {}, strict = false) {
  const stage = new Stage(game, { strict });
  const table = stage.table('box');
  const box = stage.spawn('box', init as never) as unknown as Box;
  const begin = (tick: number) => {
    table.round();
    table.tick = tick;
  };
  return { stage, table, box, begin };
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('a list', () => {
  test('holds what was pushed, inserted, set, removed and assigned', () => {
    const { box } = spawn({ bag: [1, 2] });
    box.bag.push(3);
    box.bag.insert(0, 0);
    box.bag.set(1, 9);
    expect(plain(box.bag)).toEqual([0, 9, 2, 3]);
    box.bag.remove(1);
    box.bag.pop();
    expect([...box.bag]).toEqual([0, 2]);
    box.bag.assign([5, 6, 7]);
    expect([box.bag.length, box.bag.at(-1), box.bag.at(3)]).toEqual([3, 7, undefined]);
    box.bag.clear();
    box.bag.pop();
    expect(box.bag.length).toBe(0);
  });

  test('refuses what does not fit and stays as it was', () => {
    const { box } = spawn({ bag: [1, 2, 3], sorts: ['a', 'b'] });
    expect(() => box.sorts.insert(1, 'c')).toThrow('c is not one of a, b');
    expect(() => box.sorts.push('c')).toThrow('box.sorts[2]');
    expect(() => box.sorts.set(0, 'c')).toThrow('not one of');
    expect(plain(box.sorts)).toEqual(['a', 'b']);
    expect(() => box.bag.assign([1, 2, 3, 4, 5])).toThrow('box.bag is full');
    expect(() => box.bag.push(4, 5)).toThrow('box.bag is full');
    expect(() => box.bag.set(4, 1)).toThrow('no element 4; it has 4');
    expect(() => box.bag.remove(-1)).toThrow('no element -1');
    expect(() => box.bag.insert(9, 1)).toThrow();
    expect(plain(box.bag)).toEqual([1, 2, 3, 4]);
  });

  test('touches only the elements that differ', () => {
    const { box, begin } = spawn({ bag: [1, 2, 3] });
    begin(5);
    box.bag.assign([1, 9, 3]);
    expect(box.bag.stamps).toEqual([1, 5, 1]);
    begin(6);
    box.bag.assign([1, 9, 3]);
    box.bag.set(0, 1);
    expect([box.bag.$stamp, box.bag.stamps]).toEqual([5, [1, 5, 1]]);
    box.bag.remove(0);
    expect(box.bag.stamps).toEqual([6, 6]);
  });

  test('copies vectors, also those of a row, and nobody can write to the copy', () => {
    const { box } = spawn({ at: { x: 3, y: 4 } });
    box.path.push(box.at, { x: 1, y: 2, z: 9 });
    box.turns.push({ x: 0, y: 0, z: 1, w: 0 });
    (box.at as { x: number }).x = 50;
    expect(plain(box.path)).toEqual([
      { x: 3, y: 4 },
      { x: 1, y: 2 },
    ]);
    expect(Object.isFrozen(box.path.at(0))).toBe(true);
    box.path.set(0, { x: 3, y: 4 });
    expect(plain(box.turns)).toEqual([{ x: 0, y: 0, z: 1, w: 0 }]);
  });

  test('sees that a frozen packed value was replaced', () => {
    const { box, begin } = spawn({ blobs: [Object.freeze({ n: 1 })] });
    begin(5);
    box.blobs.set(0, Object.freeze({ n: 2 }));
    expect([plain(box.blobs), box.blobs.stamps]).toEqual([[{ n: 2 }], [5]]);
  });
});

describe('a map', () => {
  test('holds what was set until it is deleted', () => {
    const { box } = spawn({ notes: [['a', 1]] });
    box.notes.set('b', 2);
    box.notes.set('a', 3);
    expect(plain(box.notes)).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect(box.notes.delete('a')).toBe(true);
    expect(box.notes.delete('a')).toBe(false);
    expect([box.notes.size, box.notes.has('a'), box.notes.get('b')]).toEqual([1, false, 2]);
    expect([[...box.notes.keys()], [...box.notes.values()]]).toEqual([['b'], [2]]);
    box.notes.clear();
    expect([...box.notes]).toEqual([]);
  });

  test('refuses what does not fit and stays as it was', () => {
    const { box } = spawn({ notes: [['a', 1]], counts: [[-3, [1]]] });
    expect(() => box.notes.set('long', 1)).toThrow('long is not a key');
    expect(() => box.notes.set(1, 1)).toThrow('not a key');
    expect(() => box.counts.set(4, [])).toThrow('not a key');
    expect(() => box.counts.set(1.5, [])).toThrow('not a key');
    expect(() => box.counts.set(1, [1, 2, 3])).toThrow('full');
    box.notes.set('b', 1);
    expect(() => box.notes.set('c', 1)).toThrow('box.notes is full');
    const three = [...'xyz'].map((key) => [key, 1] as const);
    expect(() => box.notes.$assign(three)).toThrow('box.notes is full');
    expect([plain(box.notes), plain(box.counts)]).toEqual([
      [
        ['a', 1],
        ['b', 1],
      ],
      [[-3, [1]]],
    ]);
  });

  test('remembers deleted keys until they are forgotten, and no more than it has room for', () => {
    const { box, begin } = spawn({ notes: [['a', 1]] });
    for (let tick = 2; tick < 9; tick++) {
      begin(tick);
      box.notes.clear();
      box.notes.set(`k${tick}`, tick);
    }
    expect([...box.notes.tombstones]).toEqual([
      ['k6', 7],
      ['k7', 8],
    ]);
    expect(box.notes.forgottenTick).toBe(6);
    box.notes.forget(7);
    expect([...box.notes.tombstones, box.notes.forgottenTick]).toEqual([['k7', 8], 7]);
  });
});

describe('a record', () => {
  test('may have fields of any name', () => {
    const { box, begin } = spawn();
    begin(5);
    Object.assign(box.gear, { name: 'rail', stamp: 4, spec: 5, stamps: true, touch: 'yo' });
    box.gear.assign = 1;
    expect(plain(box.gear)).toMatchObject({ name: 'rail', stamp: 4, spec: 5, stamps: true });
    expect(plain(box.gear)).toMatchObject({ touch: 'yo', assign: 1 });
    expect((box.gear as unknown as TrackedRecord).$stamp).toBe(5);
  });

  test('starts from the defaults of its fields, nested ones too', () => {
    const { box } = spawn();
    expect(plain(box.gear)).toEqual({
      name: '',
      stamp: 0,
      spec: 0,
      values: [1, 2],
      stamps: false,
      assign: 0.5,
      touch: 'hi',
      inner: { level: 7 },
    });
  });

  test('takes another record, a spread of one, or some of its fields', () => {
    const { box, stage } = spawn();
    const other = stage.spawn('box', { gear: { name: 'b', values: [9] } }) as unknown as Box;
    box.gear = other.gear;
    expect(plain(box.gear)).toEqual(plain(other.gear));
    other.gear.name = 'c';
    expect(box.gear.name).toBe('b');
    box.gear = { ...other.gear };
    expect(box.gear.name).toBe('c');
    box.gear = { stamp: 2 };
    expect([box.gear.name, box.gear.stamp]).toEqual(['c', 2]);
    expect(() => (box.gear = { colour: 1 })).toThrow('box.gear has no field colour');
    box.shelf.push({ n: 1 }, { n: 2 });
    box.shelf.push(box.shelf.at(0));
    expect(plain(box.shelf)[2]).toEqual({ n: 1, at: { x: 0, y: 0 } });
  });

  test('must have names that a game can write', () => {
    expect(() => record({ $spec: int(0, 1) })).toThrow('letters, digits and _');
    expect(() => record({ ['__proto__']: int(0, 1) })).toThrow('letters, digits and _');
  });
});

describe('values', () => {
  test('text is cut to its length without cutting a character in two', () => {
    const { box } = spawn({ name: 'abcdef', words: ['abc\u{1F680}', '\u{1F680}\u{1F680}'] });
    expect(box.name).toBe('abcd');
    expect(plain(box.words)).toEqual(['abc', '\u{1F680}\u{1F680}']);
    expect(() => box.words.push(7)).toThrow('wants text, got number');
  });

  test('a packed value that no receiver would take is refused where it is set', () => {
    const { box } = spawn({ blob: { n: 1 } });
    expect(() => (box.blob = 'x'.repeat(40))).toThrow('box.blob: 42 bytes in packed(40)');
    expect(() => (box.blob = new Map())).toThrow('box.blob: a Map cannot be sent');
    expect(() => box.blobs.push({ n: Number.NaN })).toThrow('box.blobs[0]: NaN cannot be sent');
    expect(box.blob).toEqual({ n: 1 });
  });

  test('numbers outside their range in a collection are counted, and refused when strict', () => {
    const { box, table } = spawn();
    box.bag.push(10);
    box.path.push({ x: -1, y: Number.NaN });
    box.counts.set(0, [11]);
    expect(table.clamped).toBe(4);
    const strict = spawn({}, true).box;
    expect(() => strict.bag.push(10)).toThrow('box.bag[0] = 10 is outside its declared range');
    expect(() => strict.path.push({ x: -1, y: 0 })).toThrow('box.path[0].x = -1');
    expect([strict.bag.length, strict.path.length]).toEqual([0, 0]);
  });
});

describe('the collections of a despawned entity', () => {
  test('read as empty and throw on write, and no other entity gets the write', () => {
    const { stage, box } = spawn({ bag: [1], notes: [['a', 1]] });
    const bag = box.bag;
    stage.despawn(box);
    expect([box.bag.length, box.notes.size, box.gear.name]).toEqual([0, 0, '']);
    expect(() => bag.push(1)).toThrow('box.bag: this box is gone');
    expect(() => box.bag.push(1)).toThrow('box.bag: this box is gone');
    expect(() => box.notes.set('b', 2)).toThrow('box.notes: this box is gone');
    expect(() => (box.gear.name = 'x')).toThrow('box.gear: this box is gone');
    expect(() => (box.gear.inner as { level: number }).level++).toThrow('this box is gone');
    stage.next();
    const next = stage.spawn('box') as unknown as Box;
    expect(() => bag.push(1)).toThrow('box.bag: this box is gone');
    expect([next.notes.size, next.bag.length, box.notes.size]).toEqual([0, 0, 0]);
  });
});
