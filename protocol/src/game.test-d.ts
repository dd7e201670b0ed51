// What a declaration makes of rows, inputs, events and commands, judged by the compiler. What the
// game did not declare, or may not do at that place, is an error.
import { describe, expectTypeOf, test } from 'vitest';
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
  vec3,
} from './builders.ts';
import type { Dictionary, EntityId, List, Vec2, Vec2Like } from './field.ts';
import {
  type CommandFields,
  type CommandReply,
  type CommandsOf,
  command,
  defineGame,
  type EventsOf,
  type InitFields,
  type InputFieldsOf,
  type InputOf,
  type KindName,
  type KindsOf,
  type LiveRowOf,
  type LiveState,
  type OwnRowOf,
  type PayloadOf,
  type RowId,
  type ShownRowOf,
  type ShownState,
} from './game.ts';

const game = defineGame({
  tickRate: 20,
  state: { phase: choice('lobby', 'playing') },
  entities: {
    ship: {
      x: fixed(0, 9, 1).smooth(),
      at: vec2(0, 9, 1),
      ammo: int(0, 9).ownerOnly(),
      secret: int(0, 9).serverOnly(),
      target: entity('coin'),
      path: list(vec2(0, 9, 1), 4),
      notes: map(text(4), record({ n: int(0, 9), at: vec3(0, 9, 1) }), 4),
      blob: packed<{ a: number }>(64),
    },
    coin: { n: int(0, 9) },
  },
  input: { dx: int(-1, 1), fire: bool().press(), aim: vec2(0, 9, 1) },
  events: { hit: { by: entity('ship'), how: choice('near', 'far') } },
  commands: {
    rename: command({ name: text(8) }).replies<{ ok: boolean }>(),
    shout: { words: list(text(8), 4) },
  },
  step: {
    ship(self, input, { dt, near, replaying, spawn }) {
      expectTypeOf(self.x).toEqualTypeOf<number>();
      expectTypeOf(self.ammo).toEqualTypeOf<number>();
      expectTypeOf(self.at).toEqualTypeOf<Vec2>();
      expectTypeOf(input.dx).toEqualTypeOf<number>();
      expectTypeOf(input.fire).toEqualTypeOf<boolean>();
      expectTypeOf(input.aim).toEqualTypeOf<Vec2Like>();
      expectTypeOf(dt).toEqualTypeOf<number>();
      expectTypeOf(replaying).toEqualTypeOf<boolean>();
      self.x += input.dx * dt;
      self.at.set(1, 2).add(input.aim, dt).clamp();
      self.teleport();
      // @ts-expect-error: the owner's browser does not have it
      self.secret;
      // @ts-expect-error: no such field
      self.y;
      // @ts-expect-error: no such input
      input.dy;
      // @ts-expect-error: inputs are not written
      input.dx = 1;
      for (const coin of near('coin', self.x, 0, 5)) {
        expectTypeOf(coin.n).toEqualTypeOf<number>();
        // @ts-expect-error: others are not written in a step
        coin.n = 1;
      }
      // @ts-expect-error: no such kind
      near('boat', 0, 0, 5);
      spawn('coin', { n: 1 });
      spawn('ship', { x: 1, at: { x: 1, y: 2 }, target: 5 as EntityId<'coin'> });
      // @ts-expect-error: no such kind
      spawn('boat', {});
      // @ts-expect-error: no such field
      spawn('coin', { m: 1 });
      // @ts-expect-error: the owner's browser does not have it
      spawn('ship', { secret: 1 });
      // @ts-expect-error: lists are not predicted
      spawn('ship', { path: [{ x: 1, y: 2 }] });
    },
  },
});
type G = typeof game;

test('kinds are the declared ones', () => {
  expectTypeOf<KindName<G>>().toEqualTypeOf<'ship' | 'coin'>();
  // @ts-expect-error: no such kind
  type _Boat = LiveRowOf<G, 'boat'>;
  defineGame({
    entities: { ship: {} },
    step: {
      ship() {},
      // @ts-expect-error: no such kind
      boat() {},
    },
  });
});

describe('a live row', () => {
  const row = undefined as unknown as LiveRowOf<G, 'ship'>;
  const write = () => {
    row.x = 1;
    row.secret = 2;
    row.target = 0;
    row.blob = { a: 1 };
    // @ts-expect-error: a number
    row.x = 'far';
    // @ts-expect-error: never reused, never written
    row.id = 5;
    // @ts-expect-error: give it away with setOwner
    row.owner = 1;
    // @ts-expect-error: no such field
    row.y = 1;
    // @ts-expect-error: of another shape
    row.blob = { b: 1 };
  };

  test('is written field by field, each as its type', () => {
    expectTypeOf(write).toBeFunction();
    expectTypeOf(row.id).toEqualTypeOf<EntityId<'ship'>>();
    expectTypeOf(row.kind).toEqualTypeOf<'ship'>();
    expectTypeOf(row.target).toEqualTypeOf<EntityId<'coin'>>();
    expectTypeOf(row.blob).toEqualTypeOf<{ a: number } | null>();
    expectTypeOf(row.path).toEqualTypeOf<List<Vec2Like, Vec2Like>>();
    expectTypeOf(row.notes).toExtend<Dictionary<string, { n: number }, unknown>>();
  });

  test('has vectors to write through, but read-only ones inside collections', () => {
    const inside = () => {
      row.at.x = 1;
      row.path.set(0, { x: 1, y: 2 });
      // @ts-expect-error: replace it instead
      row.path.at(0)!.x = 1;
      // @ts-expect-error: replace it instead
      row.notes.get('a')!.at.x = 1;
      row.notes.get('a')!.n = 1;
      // @ts-expect-error: a vector
      row.path.push(5);
      // @ts-expect-error: a text is the key
      row.notes.get(5);
    };
    expectTypeOf(inside).toBeFunction();
  });
});

describe('a shown row', () => {
  const row = undefined as unknown as ShownRowOf<G, 'ship'>;
  const own = undefined as unknown as OwnRowOf<G, 'ship'>;

  test('cannot be written', () => {
    const write = () => {
      // @ts-expect-error: shown
      row.x = 1;
      // @ts-expect-error: shown
      row.at.x = 1;
      // @ts-expect-error: shown
      row.path[0] = { x: 1, y: 2 };
      // @ts-expect-error: shown
      row.notes.set('a', undefined);
      // @ts-expect-error: only the world teleports
      row.teleport();
    };
    expectTypeOf(write).toBeFunction();
    expectTypeOf(row.path).toEqualTypeOf<readonly Vec2Like[]>();
  });

  test('[S9] has ownerOnly fields of others as undefined, and no serverOnly ones', () => {
    expectTypeOf(row.ammo).toEqualTypeOf<number | undefined>();
    expectTypeOf(own.ammo).toEqualTypeOf<number>();
    expectTypeOf(row).not.toHaveProperty('secret');
    expectTypeOf(own).not.toHaveProperty('secret');
  });
});

describe('ids', () => {
  test('of another kind are no ids of this one', () => {
    const take = (id: EntityId<'ship'>) => id;
    const coin = undefined as unknown as EntityId<'coin'>;
    const pass = () => {
      // @ts-expect-error: a coin's
      take(coin);
      const ship = undefined as unknown as LiveRowOf<G, 'ship'>;
      // @ts-expect-error: a ship's
      ship.target = ship.id;
    };
    expectTypeOf(pass).toBeFunction();
    expectTypeOf<RowId<'ship'>>().toEqualTypeOf<EntityId<'ship'>>();
  });
});

describe('what else is inferred', () => {
  test('the state, written on the server and shown in the browser', () => {
    expectTypeOf<LiveState<G>>().toEqualTypeOf<{ phase: 'lobby' | 'playing' }>();
    expectTypeOf<ShownState<G>>().toEqualTypeOf<{ readonly phase: 'lobby' | 'playing' }>();
  });

  test('what a spawn may be given', () => {
    type Init = InitFields<KindsOf<G>['ship']>;
    const init: Init = { x: 1, path: [{ x: 1, y: 2 }], notes: [['a', { n: 1 }]], secret: 1 };
    expectTypeOf(init).toExtend<Init>();
    // @ts-expect-error: no such field
    const wrong: Init = { y: 1 };
    // @ts-expect-error: numbers
    const inside: Init = { path: ['x'] };
    expectTypeOf([wrong, inside]).toBeArray();
  });

  test('inputs and the payloads of events and commands', () => {
    type Input = InputOf<InputFieldsOf<G>>;
    expectTypeOf<Input>().toEqualTypeOf<{
      readonly dx: number;
      readonly fire: boolean;
      readonly aim: Vec2Like;
    }>();
    type Hit = PayloadOf<EventsOf<G>['hit']>;
    expectTypeOf<Hit['how']>().toEqualTypeOf<'near' | 'far'>();
    expectTypeOf<Hit['by']>().toEqualTypeOf<EntityId<'ship'>>();
    // @ts-expect-error: not one of its names
    const hit: Hit = { by: 0, how: 'up' };
    expectTypeOf(hit).toBeObject();
  });

  test('what a command takes and answers', () => {
    type Rename = CommandsOf<G>['rename'];
    type Shout = CommandsOf<G>['shout'];
    expectTypeOf<CommandReply<Rename>>().toEqualTypeOf<{ ok: boolean }>();
    expectTypeOf<CommandReply<Shout>>().toEqualTypeOf<unknown>();
    expectTypeOf<PayloadOf<CommandFields<Rename>>>().toEqualTypeOf<{ readonly name: string }>();
    expectTypeOf<PayloadOf<CommandFields<Shout>>['words']>().toEqualTypeOf<readonly string[]>();
  });
});

test('fields in collections keep their scopes outside, and keys are texts or whole numbers', () => {
  const declare = () => {
    // @ts-expect-error: a key is a text or a number
    map(vec2(0, 9, 1), int(0, 9), 4);
    // @ts-expect-error: only a bool can be pressed
    int(0, 9).press();
    // @ts-expect-error: a text does not move
    text(4).smooth();
    // @ts-expect-error: at least one name
    choice();
    // @ts-expect-error: not one of its names
    choice('a', 'b').default('c');
  };
  expectTypeOf(declare).toBeFunction();
});
