// Row objects as a game holds them: plain properties that write through to columns, one object from
// spawn to despawn, and a UsageError for whoever writes after that.
import { describe, expect, test } from 'vitest';
import { Stage } from '../test/stage.ts';
import { bool, choice, entity, int, packed, quat, text, vec2, vec3 } from './builders.ts';
import { UsageError } from './errors.ts';
import { defineGame } from './game.ts';
import { EPOCH } from './plan.ts';
import { assignRow, rowClass } from './row.ts';
import type { Row } from './table.ts';
import { Table } from './table.ts';

const game = defineGame({
  state: { round: int(0, 9) },
  entities: {
    thing: {
      n: int(0, 9),
      on: bool(),
      how: choice('a', 'b'),
      to: entity('thing'),
      name: text(8),
      at: vec2(0, 10, 1),
      far: vec3(-10, 10, 1),
      turn: quat(8),
      blob: packed<{ a: number }>(64),
      mine: int(0, 9).ownerOnly(),
    },
  },
});
const plan = game.kind('thing');
const setting = () => {
  const stage = new Stage(game);
  return { stage, thing: stage.spawn('thing') };
};

describe('a row', () => {
  test('is one object with one index from spawn to despawn', () => {
    const { stage, thing } = setting();
    const { $index } = thing as unknown as Row;
    for (let i = 0; i < 200; i++) stage.spawn('thing');
    thing.n = 7;
    stage.send();
    expect(stage.tables[0].rows[$index]).toBe(thing);
    expect((thing as unknown as Row).$index).toBe($index);
    expect([thing.id, thing.kind, thing.owner, thing.alive]).toEqual([1, 'thing', 0, true]);
  });

  test('reads and writes each kind of field as its own type', () => {
    const { thing } = setting();
    Object.assign(thing, { n: 2.5, on: 1, how: 'b', to: thing.id, name: 'ada' });
    expect(thing).toMatchObject({ n: 2.5, on: true, how: 'b', to: 1, name: 'ada' });
    thing.blob = { a: 1 };
    expect(thing.blob).toEqual({ a: 1 });
    expect(() => (thing.how = 'c' as never)).toThrow("thing.how = 'c': not one of a, b");
  });

  test('that was despawned reads id 0 and throws on every write, for ever', () => {
    const { stage, thing } = setting();
    const { at, turn } = thing;
    thing.n = 5;
    stage.despawn(thing);
    stage.send();
    stage.spawn('thing');
    expect([thing.id, thing.alive, thing.owner, thing.n]).toEqual([0, false, 0, 0]);
    const writes: [string, () => void][] = [
      ['n', () => (thing.n = 1)],
      ['on', () => (thing.on = true)],
      ['how', () => (thing.how = 'b')],
      ['name', () => (thing.name = 'x')],
      ['at', () => (thing.at.x = 1)],
      ['at', () => at.set(1, 2)],
      ['at', () => Object.assign(thing, { at: { x: 1, y: 1 } })],
      ['turn', () => turn.set(0, 0, 0, 1)],
      ['blob', () => (thing.blob = null)],
      ['teleport()', () => thing.teleport()],
    ];
    for (const [name, write] of writes) {
      expect(write, name).toThrow(UsageError);
      expect(write, name).toThrow(`thing.${name}: this thing is gone; check row.alive`);
    }
  });

  test('is plain data as JSON', () => {
    const { thing } = setting();
    thing.at.set(1, 2);
    expect(JSON.parse(JSON.stringify(thing))).toMatchObject({
      id: 1,
      kind: 'thing',
      owner: 0,
      at: { x: 1, y: 2 },
      turn: { x: 0, y: 0, z: 0, w: 1 },
    });
  });

  test('of the state has the declared fields and nothing of ours in front', () => {
    const { stage } = setting();
    const state = stage.state.rows[1]!;
    state.round = 3;
    expect(stage.state.values[0][1]).toBe(3);
  });
});

describe('a vector', () => {
  test('writes through to the row: components, set, add, clamp, and a whole one', () => {
    const { stage, thing } = setting();
    const { at, far } = thing;
    expect(thing.at).toBe(at);
    at.x = 3;
    at.set(4, 5).add({ x: 1, y: 2 }, 2);
    expect([at.x, at.y]).toEqual([6, 9]);
    at.add({ x: 100, y: -100 }).clamp();
    expect([at.x, at.y]).toEqual([10, 0]);
    far.set(1, 2, 3).add({ x: 1, y: 1, z: 20 }).clamp();
    expect([far.x, far.y, far.z]).toEqual([2, 3, 10]);
    Object.assign(thing, { far: { x: 7, y: 8, z: 9 } });
    Object.assign(thing, { at: far });
    expect([at.x, at.y, far.z]).toEqual([7, 8, 9]);
    const { column } = plan.byName.get('at')!;
    const { $index } = thing as unknown as Row;
    expect(stage.tables[0].values[column][$index]).toBe(7);
  });

  test('written alone makes its row travel', () => {
    const { stage, thing } = setting();
    const seat = stage.join(1);
    stage.send();
    thing.turn.w = 0.5;
    thing.turn.x = 0.5;
    stage.send();
    expect(seat.last.shared).toBeDefined();
  });
});

describe('teleport', () => {
  test('[S10] bumps the epoch, a byte that wraps', () => {
    const { stage, thing } = setting();
    const epoch = () => stage.tables[0].values[EPOCH][1];
    thing.teleport();
    expect(epoch()).toBe(1);
    for (let i = 0; i < 255; i++) thing.teleport();
    expect(epoch()).toBe(0);
  });
});

describe('assignRow', () => {
  test('refuses names that are not declared, ours among them', () => {
    const { thing } = setting();
    const row = thing as unknown as Row;
    for (const name of ['nn', 'owner', '$epoch', 'id', '$index', 'toJSON', 'alive'])
      expect(() => assignRow(row, plan, { [name]: 1 })).toThrow(`thing has no field ${name}`);
  });

  test('leaves what is undefined as it is', () => {
    const { thing } = setting();
    thing.n = 5;
    assignRow(thing as unknown as Row, plan, { n: undefined, on: true });
    expect([thing.n, thing.on]).toEqual([5, true]);
  });
});

describe('a shown row', () => {
  test('[S9] has ownerOnly fields for the viewer who owns it alone', () => {
    const table = new Table(plan, rowClass(plan, 'shown'));
    const row = table.rows[table.add(1)]!;
    table.values[0][1] = 4;
    table.values[plan.byName.get('mine')!.column][1] = 6;
    expect(row.mine).toBeUndefined();
    table.viewer = 4;
    expect(row.mine).toBe(6);
    table.viewer = 5;
    expect(row.mine).toBeUndefined();
    table.values[0][1] = 0;
    table.viewer = 0;
    expect(row.mine).toBeUndefined();
  });
});
