import { describe, expect, test } from 'vitest';
import { bool, choice, fixed, int, list, map, packed, record, text, vec2 } from './builders.ts';
import type { TrackedList, TrackedMap } from './collections.ts';
import { ProtocolError } from './errors.ts';
import { defineGame } from './game.ts';
import { LiveTable } from './live-table.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import type { Row } from './table.ts';
import { type ColdForm, readTableState, writeTableState } from './table-state.ts';

const { kinds } = defineGame({
  entities: {
    ship: {
      x: fixed(-9, 9, 1),
      mood: choice('calm', 'wild'),
      on: bool(),
      name: text(4),
      bag: list(record({ n: int(0, 9), at: vec2(-9, 9, 1), tags: list(text(3), 2) }), 3),
      left: map(text(4), map(int(0, 9), choice('a', 'b'), 3).default([[7, 'b']]), 3),
      note: packed<number[]>(50),
    },
  },
});
const cold: ColdForm = {
  write: (out, _, value) => out.value(value),
  read: (from) => from.value(),
};
const MOST_BYTES = 10_000;

/** A table of `count` ships with the ids 1, 2, 3. */
function ships(count: number): LiveTable {
  const table = new LiveTable(kinds[0], 5);
  for (let id = 1; id <= count; id++) table.add(id);
  return table;
}

function written(table: LiveTable): Uint8Array {
  const out = new MsgpackWriter();
  expect(writeTableState(out, table, cold, MOST_BYTES)).toBe(true);
  return out.bytes().slice();
}

function read(bytes: Uint8Array, nextId = 100): LiveTable {
  const from = new MsgpackReader();
  from.reset(bytes);
  const table = new LiveTable(kinds[0], 9);
  readTableState(from, table, cold, { nextId, seen: new Set() });
  from.end();
  return table;
}

describe('a table that is kept', () => {
  test('holds exact numbers, and collections in their order, defaults or not', () => {
    const table = ships(2);
    const row = table.rows[1] as Row & Record<string, never>;
    const of = row as unknown as Record<string, unknown> & {
      bag: TrackedList;
      left: TrackedMap;
    };
    Object.assign(of, { x: 1 / 3, mood: 'wild', on: true, name: 'ä😀', note: [1, -0] });
    of.bag.push({ n: 3, at: { x: -0, y: 1e9 }, tags: ['x', 'yy'] }, {});
    of.left.set('b', []);
    of.left.set('a', [
      [3, 'a'],
      [7, 'a'],
    ]);
    const again = read(written(table)).rows[1] as unknown as typeof of;
    expect(JSON.stringify(again)).toBe(JSON.stringify(of));
    expect(Object.is((again.bag.items[0] as { at: { x: number } }).at.x, -0)).toBe(true);
    expect([...(again.left.get('a') as TrackedMap).keys()]).toEqual([3, 7]);
    expect([...again.left.keys()]).toEqual(['b', 'a']);
    expect((again.left.get('b') as TrackedMap).size).toBe(0);
  });

  test('gives its rows to new entities in the same order', () => {
    const table = ships(6);
    for (const row of [2, 6, 4]) table.remove(row, row);
    table.settle(4);
    const again = read(written(table));
    for (const one of [table, again]) one.settle(6);
    const order = (one: LiveTable) => [91, 92, 93, 94].map((id) => one.add(id));
    expect(order(again)).toEqual(order(table));
  });

  test('is not written where it is too big: columns, or what stands in rows', () => {
    const fits = (table: LiveTable, most: number) =>
      writeTableState(new MsgpackWriter(), table, cold, most);
    const { length } = written(ships(3));
    expect([fits(ships(3), length), fits(ships(3), length - 1)]).toEqual([true, false]);
    expect(fits(ships(100), 500)).toBe(false);
  });
});

describe('what is no table', () => {
  const spoiled: [what: string, message: string, spoil: (table: LiveTable) => void][] = [
    ['an id to come', 'never given', ({ ids }) => void (ids[2] = 100)],
    ['an id that is no whole number', 'never given', ({ ids }) => void (ids[2] = 1.5)],
    ['an id below 1', 'never given', ({ ids }) => void (ids[2] = -3)],
    ['an id that is not a number', 'never given', ({ ids }) => void (ids[2] = Number.NaN)],
    ['an id of two rows', 'two rows have', ({ ids }) => void (ids[2] = 1)],
    ['a row that is lost', 'nobody could use', (table) => setHoles(table, [], [])],
    ['a free row in use', 'free row that is none', (table) => setHoles(table, [3, 1], [])],
    ['a row that is free twice', 'free row that is none', (table) => setHoles(table, [3, 3], [])],
    ['a free row that rests', 'free row that is none', (table) => setHoles(table, [3], [3])],
    ['a row beyond all', 'out of range', (table) => setHoles(table, [3, 4], [])],
    ['a choice beyond its names', 'mood of no meaning', ({ values }) => void (values[3][1] = 2)],
    ['a choice between two', 'mood of no meaning', ({ values }) => void (values[3][1] = 0.5)],
    ['a bool of 2', 'on of no meaning', ({ values }) => void (values[4][1] = 2)],
    ['an owner that cannot be', 'owner of no meaning', ({ values }) => void (values[0][1] = 7e4)],
    ['a teleport that cannot be', 'epoch of no meaning', ({ values }) => void (values[1][1] = -1)],
    ['a text that is too long', 'longer than', ({ objects }) => void (objects[0][1] = 'abcde')],
    [
      'a list that is too long',
      'array too long',
      ({ objects }) => {
        const { items } = objects[1][1] as TrackedList;
        (objects[1][1] as TrackedList).push({});
        for (let i = 0; i < 3; i++) items.push(items[0]);
      },
    ],
    [
      'a key of no meaning',
      'not a key of its declared type',
      ({ objects }) => {
        const outer = objects[2][1] as TrackedMap;
        outer.set('a', []);
        const { entries } = outer.get('a') as TrackedMap;
        entries.set(99, { value: 'a', stamp: 0 });
      },
    ],
  ];
  test.each(spoiled)('is refused: %s', (_, message, spoil) => {
    const table = ships(3);
    table.remove(3, 1);
    table.settle(1);
    expect(read(written(table)).count).toBe(2);
    spoil(table);
    expect(() => read(written(table))).toThrow(message);
  });

  test('is refused wherever it is cut', () => {
    const bytes = written(ships(2));
    for (let length = 0; length < bytes.length; length++)
      expect(() => read(bytes.subarray(0, length))).toThrow(ProtocolError);
  });
});

function setHoles(table: LiveTable, free: readonly number[], resting: readonly number[]): void {
  table.holes = { free, resting: resting.map((row) => ({ row, tick: 1 })) };
}
