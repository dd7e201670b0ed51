// Rows over columns: indices that stay, rest and come back, growth that keeps everything, copies
// that take it all. What a game does with a row object stands in row.test.ts.
import { describe, expect, test } from 'vitest';
import { Stage } from '../test/stage.ts';
import { fixed, int, list, text, vec3 } from './builders.ts';
import { defineGame } from './game.ts';
import { LiveTable } from './live-table.ts';
import { Random } from './random.ts';
import type { Row } from './table.ts';
import { Table } from './table.ts';

const game = defineGame({
  entities: {
    thing: {
      n: int(0, 9).default(4),
      x: fixed(0, 1, 1 / 4).default(0.3),
      at: vec3(0, 9, 1),
      name: text(8).default('new'),
      bag: list(int(0, 9), 4),
    },
  },
  step: { thing() {} },
});
const plan = game.kind('thing');
const column = (name: string): number => plan.byName.get(name)!.column;

describe('an index', () => {
  test('is used again only after settle reached the tick of its removal', () => {
    const table = new Table(plan);
    const [first, second] = [table.add(1), table.add(2)];
    table.remove(first, 5);
    expect(table.add(3)).not.toBe(first);
    table.settle(4);
    expect(table.add(4)).not.toBe(first);
    table.remove(second, 6);
    table.settle(5);
    expect(table.add(5)).toBe(first);
    table.settle(6);
    expect(table.add(6)).toBe(second);
  });

  test('that was released is the caller’s at once', () => {
    const table = new Table(plan);
    table.put(7, 1);
    table.release(7);
    table.put(7, 2);
    expect([table.ids[7], table.count, table.high]).toEqual([2, 1, 7]);
  });

  test('that is taken or empty is a bug of ours', () => {
    const table = new Table(plan);
    table.put(3, 1);
    expect(() => table.put(3, 2)).toThrow('Tickwire bug');
    expect(() => table.put(4, 0)).toThrow('Tickwire bug');
    expect(() => table.remove(4, 1)).toThrow('Tickwire bug');
  });

  test('used again starts from the defaults: rounded where shown, full where live', () => {
    for (const [table, x] of [
      [new Table(plan), 0.25],
      [new LiveTable(plan, 1), 0.3],
    ] as const) {
      const row = table.add(1);
      table.values[column('n')][row] = 9;
      table.values[column('x')][row] = 1;
      table.objects[0][row] = 'old';
      table.remove(row, 1);
      table.settle(1);
      expect(table.add(2)).toBe(row);
      expect(table.values[column('n')][row]).toBe(4);
      expect(table.values[column('x')][row]).toBe(x);
      expect(table.objects[0][row]).toBe('new');
    }
  });
});

describe('growth', () => {
  test('keeps ids, values, objects, row objects and what was said', () => {
    const stage = new Stage(game);
    const seat = stage.join(1);
    const rows: Row[] = [];
    for (let n = 0; n < 100; n++) {
      const row = stage.spawn('thing', { n: n % 10, name: `n${n}`, at: { x: n % 9, y: 1, z: 2 } });
      rows.push(row as unknown as Row);
      if (n % 7 === 0) stage.send();
    }
    stage.send();
    const [live] = stage.tables;
    expect(live.capacity).toBeGreaterThan(100);
    rows.forEach((row, n) => {
      expect([row.id, row.n, row.name, row.$index]).toEqual([n + 1, n % 10, `n${n}`, n + 1]);
      expect(live.rows[row.$index]).toBe(row);
    });
    stage.send();
    expect(seat.last.shared).toBeUndefined();
  });

  test('by a far index reserves all up to it', () => {
    const table = new Table(plan);
    table.put(1000, 5);
    expect([table.capacity, table.ids[1000], table.high]).toEqual([1024, 5, 1000]);
    expect(table.values[column('n')][1000]).toBe(4);
  });
});

describe('a copy', () => {
  test.each([1, 2, 3])('holds what its original does, again and again (seed %i)', (seed) => {
    const random = new Random(seed);
    const table = new Table(plan);
    const copy = new Table(plan);
    const held: number[] = [];
    for (let tick = 1; tick <= 200; tick++) {
      if (random.next() < 0.6) {
        const row = table.add(tick);
        held.push(row);
        table.values[column('x')][row] = random.next();
        table.objects[0][row] = `n${tick}`;
      } else if (held.length) table.remove(held.splice(random.integer(held.length), 1)[0], tick);
      table.settle(tick - 2);
      copy.copyFrom(table);
      expect([copy.count, copy.high]).toEqual([table.count, table.high]);
      for (let row = 1; row <= table.high; row++) {
        expect(copy.ids[row]).toBe(table.ids[row]);
        expect(copy.values[column('x')][row]).toBe(table.values[column('x')][row]);
        expect(copy.objects[0][row]).toBe(table.objects[0][row]);
      }
    }
  });

  test('of one row takes that row alone', () => {
    const [from, to] = [new Table(plan), new Table(plan)];
    for (const table of [from, to]) for (let id = 1; id <= 3; id++) table.add(id);
    for (let row = 1; row <= 3; row++) from.values[column('n')][row] = row;
    to.copyRow(2, from);
    expect([...to.values[column('n')].slice(1, 4)]).toEqual([4, 2, 4]);
  });
});

describe('the live table', () => {
  test('stamps what was written with another value, at the tick that will carry it', () => {
    const table = new LiveTable(plan, 3);
    const row = table.add(1);
    table.round();
    const stampOf = (name: string) => table.stamps[plan.byName.get(name)!.index][row];
    expect([stampOf('n'), table.born[row], table.changed[row]]).toEqual([3, 3, 3]);
    table.tick = 8;
    table.rows[row]!.n = 4;
    table.round();
    expect([stampOf('n'), table.changed[row]]).toEqual([3, 3]);
    table.rows[row]!.n = 5;
    table.round();
    expect([stampOf('n'), stampOf('x'), table.changed[row]]).toEqual([8, 3, 8]);
  });

  test('stamps a change below the wire step for the owner alone', () => {
    const table = new LiveTable(plan, 1);
    const row = table.add(1);
    table.round();
    table.tick = 2;
    table.rows[row]!.x = 0.31;
    table.round();
    expect([table.changed[row], table.ownChanged[row]]).toEqual([1, 2]);
  });
});
