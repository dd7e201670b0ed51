// What a `step` may do with what is no number, judged by the compiler: the browser runs it over the
// snapshots it shows, so collections are read only, and only by what both sides have.
import { expectTypeOf, test } from 'vitest';
import { entity, int, list, map, packed, quat, record, text, vec2 } from './builders.ts';
import type { EntityId, Quat, Vec2, Vec2Like } from './field.ts';
import { defineGame } from './game.ts';
import type { ListView, MapView } from './row.ts';

test('collections of a step are read only, numbers and vectors are written', () => {
  defineGame({
    entities: {
      ship: {
        at: vec2(0, 9, 1),
        turn: quat(8),
        target: entity('ship'),
        name: text(4),
        bag: list(int(0, 9), 4),
        path: list(vec2(0, 9, 1), 4),
        notes: map(text(4), list(int(0, 9), 4), 4),
        gear: record({ level: int(0, 9), marks: list(int(0, 9), 2) }),
        blob: packed<{ a: number[] }>(64),
        seen: map(entity('ship'), int(0, 9), 4).ownerOnly(),
      },
    },
    step: {
      ship(self) {
        self.at = { x: 1, y: 2 } as Vec2;
        self.name = 'x';
        expectTypeOf(self.turn).toEqualTypeOf<Quat>();
        expectTypeOf(self.target).toEqualTypeOf<EntityId<'ship'>>();
        expectTypeOf(self.bag).toEqualTypeOf<ListView<number>>();
        expectTypeOf(self.path.at(0)).toEqualTypeOf<Vec2Like | undefined>();
        expectTypeOf(self.notes).toEqualTypeOf<MapView<string, ListView<number>>>();
        expectTypeOf(self.seen).toEqualTypeOf<MapView<EntityId<'ship'>, number>>();
        expectTypeOf(self.gear.level).toEqualTypeOf<number>();
        for (const level of self.bag) expectTypeOf(level).toEqualTypeOf<number>();
        for (const [key, marks] of self.notes) expectTypeOf([key, marks.length]).toBeArray();
        // @ts-expect-error: the browser's list is a snapshot
        self.bag.push(1);
        // @ts-expect-error: the server's list is no array
        self.bag.filter((n) => n > 1);
        // @ts-expect-error: read only
        self.bag = [];
        // @ts-expect-error: read only
        self.notes.set('a', []);
        // @ts-expect-error: read only
        self.gear.level = 2;
        // @ts-expect-error: read only
        self.gear.marks.push(1);
        // @ts-expect-error: read only
        self.blob = null;
      },
    },
  });
});

test('an id is written as a plain number, but not as the id of another kind', () => {
  const take = (id: EntityId<'ship'>) => id;
  const use = (coin: EntityId<'coin'>, any: EntityId, ship: EntityId<'ship'>) => {
    // 0, "none", and ids that come from outside (a saved game, a text) need no cast.
    take(0);
    take(Number('7'));
    // @ts-expect-error: a coin's
    take(coin);
    expectTypeOf(ship).toExtend<number>();
    expectTypeOf(any).toExtend<number>();
  };
  expectTypeOf(use).toBeFunction();
});
