// Lists, maps and records of the live world: which elements are stamped by which write, that what
// changed since any tick makes the truth of what was held then, and what a game is told when it is
// wrong.
import { Unpackr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { heldBy, Stage } from '../test/stage.ts';
import { differences } from '../test/truth.ts';
import {
  bool,
  choice,
  entity,
  fixed,
  int,
  list,
  map,
  packed,
  record,
  text,
  vec2,
} from './builders.ts';
import type { TrackedList, TrackedMap, TrackedRecord } from './collections.ts';
import { UsageError } from './errors.ts';
import type { List } from './field.ts';
import { defineGame } from './game.ts';
import { Random } from './random.ts';

const game = defineGame({
  entities: {
    thing: {
      bag: list(int(0, 99), 6),
      notes: map(text(8), int(0, 99), 4),
      box: record({ n: int(0, 9), name: text(8), how: choice('a', 'b') }),
      deep: list(record({ on: bool(), hits: map(int(0, 9), int(0, 99), 4) }), 4),
      path: list(vec2(0, 9, 1), 4),
      seen: map(entity('thing'), bool(), 4),
      blob: list(packed<{ a: number }>(32), 4),
    },
  },
});

function setting() {
  const stage = new Stage(game);
  const [seat, late] = [stage.join(1), stage.join(2)];
  const thing = stage.spawn('thing');
  stage.send();
  return { stage, seat, late, thing };
}

/** Replaces the notes, as a game that has them as plain pairs does. */
function fill(thing: object, ...notes: [string, number][]): void {
  Object.assign(thing, { notes });
}

/** The value of one field of the one entity in a delta, as msgpackr reads it. */
function said(bytes: Uint8Array | undefined, field: number): unknown {
  const [, , , changes] = new Unpackr({ useRecords: false }).unpack(bytes!);
  const fields = changes[1] as unknown[];
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === field) return fields[i + 1];
  return undefined;
}
const [BAG, NOTES, BOX, DEEP] = [2, 3, 4, 5];

describe('what travels of a change', () => {
  test('[S3] a list tells its length and the elements that changed', () => {
    const { stage, seat, thing } = setting();
    thing.bag.push(1, 2, 3, 4);
    stage.send();
    thing.bag.set(1, 9);
    stage.send();
    expect(said(seat.last.shared, BAG)).toEqual([4, 1, 9]);
    thing.bag.pop();
    stage.send();
    expect(said(seat.last.shared, BAG)).toEqual([3]);
    thing.bag.remove(1);
    stage.send();
    expect(said(seat.last.shared, BAG)).toEqual([2, 1, 3]);
    thing.bag.insert(0, 7);
    stage.send();
    expect(said(seat.last.shared, BAG)).toEqual([3, 0, 7, 1, 1, 2, 3]);
    expect(heldBy(seat, 0, thing).bag).toEqual([7, 1, 3]);
  });

  test('[S3] a value that is the same again is no change', () => {
    const { stage, seat, thing } = setting();
    thing.bag.assign([1, 2]);
    thing.notes.set('a', 1);
    thing.box.name = 'x';
    thing.path.push({ x: 1, y: 2 });
    stage.send();
    thing.bag.assign([1, 2]);
    thing.notes.set('a', 1);
    thing.box.name = 'x';
    thing.path.set(0, { x: 1, y: 2 });
    Object.assign(thing, { bag: [1, 2], notes: [['a', 1]], box: { name: 'x' } });
    stage.send();
    expect(seat.last.shared).toBeUndefined();
  });

  test('[S3] a map tells deleted keys and changed entries, a record changed fields', () => {
    const { stage, seat, thing } = setting();
    fill(thing, ['a', 1], ['b', 2]);
    stage.send();
    thing.notes.delete('a');
    thing.notes.set('c', 3);
    thing.box.how = 'b';
    stage.send();
    expect(said(seat.last.shared, NOTES)).toEqual([0, 1, 'a', 1, 'c', 3]);
    expect(said(seat.last.shared, BOX)).toEqual([2, 1]);
    expect(heldBy(seat, 0, thing).box).toEqual({ n: 0, name: '', how: 'b' });
  });

  test('[S13] of a nested collection only the branch that changed is told, as changes', () => {
    const { stage, seat, thing } = setting();
    thing.deep.push({ hits: [[1, 10]] }, { hits: [[2, 20]] });
    stage.send();
    thing.deep.at(1)!.hits.set(3, 30);
    stage.send();
    expect(said(seat.last.shared, DEEP)).toEqual([2, 1, 0, [1, 0, [0, 0, 1, 3, 30]]]);
    thing.deep.push({ on: true });
    stage.send();
    expect(said(seat.last.shared, DEEP)).toEqual([3, 2, 1, [0, 1, 1, [1, 0]]]);
    expect(heldBy(seat, 0, thing).deep).toEqual([
      { on: false, hits: new Map([[1, 10]]) },
      {
        on: false,
        hits: new Map([
          [2, 20],
          [3, 30],
        ]),
      },
      { on: true, hits: new Map() },
    ]);
  });

  test('stamps say when each element was replaced, and bubble up', () => {
    const { stage, thing } = setting();
    const deep = thing.deep as unknown as TrackedList;
    thing.deep.push({}, {});
    stage.skip();
    const before = [...deep.stamps];
    thing.deep.at(0)!.hits.set(1, 1);
    expect(deep.stamps).toEqual(before);
    expect(deep.$stamp).toBe(stage.tick);
    expect((deep.items[0] as TrackedRecord).$stamp).toBe(stage.tick);
    expect((deep.items[1] as TrackedRecord).$stamp).toBeLessThan(stage.tick);
  });
});

describe('a seat that skips', () => {
  test('[S8, S14] a list that shrank and grew between its frames is what it is now', () => {
    const { stage, seat, late, thing } = setting();
    thing.bag.assign([1, 2, 3, 4]);
    thing.deep.push({ hits: [[1, 1]] }, { hits: [[2, 2]] });
    stage.send();
    thing.bag.clear();
    thing.deep.pop();
    stage.send(seat);
    thing.bag.assign([1, 2]);
    thing.deep.push({ hits: [[5, 5]] });
    stage.send();
    expect([seat, late].flatMap((one) => differences(stage, one))).toEqual([]);
    expect(heldBy(late, 0, thing).bag).toEqual([1, 2]);
  });

  test('[S15] a map whose deletions were forgotten comes whole, and only to who needs it', () => {
    const { stage, seat, late, thing } = setting();
    fill(thing, ['a', 1], ['b', 2]);
    stage.send();
    thing.notes.delete('a');
    stage.send(seat);
    for (const table of stage.tables) table.forget(stage.tick - 1);
    thing.notes.set('c', 3);
    stage.send();
    expect(said(seat.last.shared, NOTES)).toEqual([0, 0, 1, 'c', 3]);
    expect(said(late.last.shared, NOTES)).toEqual([1, 2, 'b', 2, 'c', 3]);
    expect(differences(stage, late)).toEqual([]);
  });

  test('[S15] deletions remembered by the map are told by key', () => {
    const { stage, seat, late, thing } = setting();
    fill(thing, ['a', 1]);
    stage.send();
    thing.notes.delete('a');
    stage.send(seat);
    thing.notes.set('a', 2);
    thing.notes.delete('a');
    thing.notes.set('b', 2);
    stage.send();
    expect(said(late.last.shared, NOTES)).toEqual([0, 1, 'a', 1, 'b', 2]);
    expect(differences(stage, late)).toEqual([]);
  });

  test('a map that lives by deleting forgets its oldest, and nobody holds a ghost', () => {
    const { stage, late, thing } = setting();
    const notes = thing.notes as unknown as TrackedMap;
    for (let i = 0; i < 50; i++) {
      thing.notes.set(`k${i}`, i);
      stage.send(stage.viewers[0]);
      thing.notes.delete(`k${i}`);
      expect(notes.tombstones.size).toBeLessThanOrEqual(4);
    }
    stage.send();
    expect(differences(stage, late)).toEqual([]);
  });

  test('a key that is set again is no deletion any more; deleted again it is the newest', () => {
    const { thing } = setting();
    const notes = thing.notes as unknown as TrackedMap;
    fill(thing, ['a', 1], ['b', 2]);
    thing.notes.delete('a');
    thing.notes.set('a', 3);
    expect([...notes.tombstones.keys()]).toEqual([]);
    thing.notes.delete('b');
    thing.notes.delete('a');
    expect([...notes.tombstones.keys()]).toEqual(['b', 'a']);
  });

  test.each([1, 2, 3])('[S8] holds the truth whatever is nested in what (seed %i)', (seed) => {
    const random = new Random(seed);
    const { stage, thing } = setting();
    for (let tick = 1; tick <= 300; tick++) {
      for (let i = random.integer(4); i > 0; i--) change(thing.deep as never, random);
      if (random.next() < 0.05) for (const table of stage.tables) table.forget(stage.tick - 2);
      const to = stage.viewers.filter(() => random.next() < 0.4);
      if (to.length) stage.send(...to);
      else stage.skip();
      const wrong = to.flatMap((one) => differences(stage, one));
      expect(wrong, `seed ${seed}, tick ${tick}`).toEqual([]);
    }
  });
});

type Hits = { set(k: number, v: number): void; delete(k: number): void; size: number };
type Deep = List<{ on: boolean; hits: Hits }, unknown>;

function change(deep: Deep, random: Random): void {
  const n = random.integer(6);
  const at = random.integer(Math.max(deep.length, 1));
  const one = deep.at(at);
  if (n === 0 && deep.length < 4) deep.insert(at, { hits: [[1, random.integer(99)]] });
  else if (!one) return;
  else if (n === 1) deep.remove(at);
  else if (n === 2) deep.set(at, { on: random.next() < 0.5 });
  else if (n === 3) one.hits.delete(random.integer(4));
  else if (n === 4) one.on = !one.on;
  else one.hits.set(random.integer(4), random.integer(99));
}

describe('UsageError', () => {
  const refused = (act: (thing: ReturnType<typeof setting>['thing']) => void) => {
    const { stage, seat, thing } = setting();
    thing.bag.assign([1, 2]);
    thing.notes.set('a', 1);
    let message = '';
    try {
      act(thing);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      message = (error as Error).message;
    }
    stage.send();
    expect(differences(stage, seat)).toEqual([]);
    return message;
  };

  test('names a list that is full', () => {
    expect(refused((t) => t.bag.assign([1, 2, 3, 4, 5, 6, 7]))).toContain('thing.bag is full');
    expect(refused((t) => t.bag.push(3, 4, 5, 6, 7))).toContain('thing.bag is full');
  });

  test('names an index a list does not have', () => {
    expect(refused((t) => t.bag.set(2, 1))).toContain('thing.bag: no element 2; it has 2');
    expect(refused((t) => t.bag.set(-1, 1))).toContain('thing.bag: no element -1');
    expect(refused((t) => t.bag.set(0.5, 1))).toContain('thing.bag: no element 0.5');
    expect(refused((t) => t.bag.remove(9))).toContain('thing.bag: no element 9');
    expect(refused((t) => t.bag.insert(3, 1))).toContain('thing.bag: cannot insert at 3');
  });

  test('names a map that is full, and a key of another type', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((key) => [key, 1] as const);
    expect(refused((t) => (t.notes = many as never))).toContain('thing.notes is full');
    expect(
      refused((t) => {
        for (const [key] of many) t.notes.set(key, 1);
      }),
    ).toContain('thing.notes is full');
    expect(refused((t) => t.notes.set(5 as never, 1))).toContain('thing.notes: 5 is not a key');
    expect(refused((t) => t.notes.set('longer than 8', 1))).toContain('is not a key');
    expect(refused((t) => t.seen.set(1.5, true))).toContain('thing.seen: 1.5 is not a key');
    expect(refused((t) => t.deep.push({ hits: [[10, 1]] }))).toContain('10 is not a key');
  });

  test('names a field a record does not have, and a value of another type', () => {
    expect(refused((t) => (t.box = { nn: 1 } as never))).toContain('thing.box has no field nn');
    expect(refused((t) => (t.box.name = 5 as never))).toContain('thing.box.name: wants text');
    expect(refused((t) => (t.box.how = 'c' as never))).toContain('thing.box.how: c is not one of');
  });

  test('refuses a packed value that is too long or has no form', () => {
    expect(refused((t) => t.blob.push({ a: 1, b: 'x'.repeat(40) } as never))).toContain(
      'thing.blob',
    );
    expect(refused((t) => t.blob.push((() => 1) as never))).toContain('thing.blob');
  });

  test('meets who writes to a collection of an entity that is gone', () => {
    const { stage, thing } = setting();
    const { bag } = thing;
    stage.despawn(thing);
    expect(() => bag.push(1)).toThrow(UsageError);
    expect(() => thing.bag.push(1)).toThrow(UsageError);
    const next = stage.spawn('thing');
    expect(() => bag.push(1)).toThrow(UsageError);
    expect([...next.bag]).toEqual([]);
  });
});

describe('on the server', () => {
  test('a list and a map read like their kin', () => {
    const { thing } = setting();
    thing.bag.push(3, 1);
    thing.notes.set('a', 1);
    expect([thing.bag.length, thing.bag.at(-1), [...thing.bag]]).toEqual([2, 1, [3, 1]]);
    expect([thing.notes.size, thing.notes.has('a'), [...thing.notes.keys()]]).toEqual([
      1,
      true,
      ['a'],
    ]);
    expect([...thing.notes.values(), thing.notes.delete('z')]).toEqual([1, false]);
    expect(JSON.parse(JSON.stringify(thing))).toMatchObject({ bag: [3, 1], notes: [['a', 1]] });
  });

  test('a record may have fields named as its own parts are', () => {
    const odd = defineGame({
      entities: { thing: { box: record({ spec: int(0, 9), touch: fixed(0, 1, 1 / 4) }) } },
    });
    const stage = new Stage(odd);
    const seat = stage.join(1);
    const thing = stage.spawn('thing', { box: { spec: 4 } });
    stage.send();
    thing.box.touch = 0.5;
    stage.send();
    expect(heldBy(seat, 0, thing).box).toEqual({ spec: 4, touch: 0.5 });
  });
});
