// The agreement as a whole: two declarations with one hash exchange frames, so whatever changes the
// wire changes it, and nothing else does. What a game got wrong is named with its cure.
import { expect, describe as group, test } from 'vitest';
import {
  angle,
  bool,
  choice,
  entity,
  fixed,
  int,
  list,
  map,
  quat,
  record,
  text,
  vec2,
} from './builders.ts';
import { describe } from './describe.ts';
import { UsageError } from './errors.ts';
import type { Fields } from './field.ts';
import { command, defineGame } from './game.ts';

const base = {
  tickRate: 30,
  state: { round: int(0, 9) },
  entities: {
    ship: {
      x: fixed(0, 9, 1 / 4).smooth(),
      vx: fixed(-1, 1, 1 / 4),
      name: text(8),
      how: choice('a', 'b'),
      bag: list(int(0, 9), 4),
      box: record({ n: int(0, 9) }),
    },
    coin: { n: int(0, 9) },
  },
  input: { dx: int(-1, 1), fire: bool() },
  events: { hit: { by: entity('ship') } },
  commands: { say: { words: text(8) } },
};
const { ship, coin } = base.entities;
const withShip = (fields: Fields) =>
  defineGame({ ...base, entities: { ship: { ...ship, ...fields }, coin } }).hash;

group('the hash', () => {
  test('is the same for the same declaration, and 16 hexadecimal digits', () => {
    expect(defineGame(base).hash).toBe(defineGame({ ...base }).hash);
    expect(defineGame(base).hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test('is another for each thing that changes the wire', () => {
    const { entities } = base;
    const changed: [string, string][] = [
      ['nothing', defineGame(base).hash],
      ['the tick rate', defineGame({ ...base, tickRate: 20 }).hash],
      ['a range', withShip({ x: fixed(0, 10, 1 / 4).smooth() })],
      ['its other end', withShip({ x: fixed(-1, 9, 1 / 4).smooth() })],
      ['a step', withShip({ x: fixed(0, 9, 1 / 8).smooth() })],
      ['smooth', withShip({ x: fixed(0, 9, 1 / 4) })],
      ['by', withShip({ x: fixed(0, 9, 1 / 4).smooth({ by: 'vx' }) })],
      ['within', withShip({ x: fixed(0, 9, 1 / 4).smooth({ within: 1 }) })],
      ['owner', withShip({ vx: fixed(-1, 1, 1 / 4).ownerOnly() })],
      ['server', withShip({ vx: fixed(-1, 1, 1 / 4).serverOnly() })],
      ['a default', withShip({ vx: fixed(-1, 1, 1 / 4).default(1) })],
      ['a length', withShip({ name: text(9) })],
      ['names', withShip({ how: choice('b', 'a') })],
      ['an element', withShip({ bag: list(int(0, 8), 4) })],
      ['a capacity', withShip({ bag: list(int(0, 9), 5) })],
      ['inside a record', withShip({ box: record({ n: int(0, 8) }) })],
      ['a name inside a record', withShip({ box: record({ m: int(0, 9) }) })],
      ['a type', withShip({ box: map(text(4), int(0, 9), 4) })],
      ['a field more', withShip({ more: int(0, 1) })],
      ['the order of kinds', defineGame({ ...base, entities: { coin, ship } }).hash],
      ['a kind', defineGame({ ...base, entities: { ...entities, tree: {} } }).hash],
      ['a step function', defineGame({ ...base, step: { coin() {} } }).hash],
      ['the state', defineGame({ ...base, state: { round: int(0, 8) } }).hash],
      ['the input', defineGame({ ...base, input: { dx: int(-1, 1) } }).hash],
      ['a press', defineGame({ ...base, input: { ...base.input, fire: bool().press() } }).hash],
      ['an event', defineGame({ ...base, events: { hit: { by: entity('coin') } } }).hash],
      ['its name', defineGame({ ...base, events: { hurt: { by: entity('ship') } } }).hash],
      ['a command', defineGame({ ...base, commands: { say: { words: text(9) } } }).hash],
    ];
    const seen = new Map<string, string>();
    for (const [what, hash] of changed) {
      expect([what, seen.get(hash)]).toEqual([what, undefined]);
      seen.set(hash, what);
    }
  });

  test('is the same where nothing of the wire changes', () => {
    const reply = { ...base, commands: { say: command({ words: text(8) }).replies<boolean>() } };
    expect(defineGame(reply).hash).toBe(defineGame(base).hash);
    const steps = [() => {}, (self: { n: number }) => void (self.n = 1)];
    const hashes = steps.map((coin) => defineGame({ ...base, step: { coin } }).hash);
    expect(hashes[0]).toBe(hashes[1]);
  });
});

group('UsageError names the field and the cure', () => {
  const entitiesOf = (fields: Fields) => () => defineGame({ entities: { ship: fields } });
  const cases: [string, () => unknown, RegExp][] = [
    ['a reference', entitiesOf({ to: entity('boat') }), /ship\.to: .*boat.* kinds: ship/],
    ['an inner reference', entitiesOf({ to: list(entity('boat'), 4) }), /ship\.to: .*boat/],
    ['a name of ours', entitiesOf({ owner: int(0, 9) }), /ship\.owner: .*choose another name/],
    ['a name', entitiesOf({ 'a-b': int(0, 9) }), /ship\.a-b: .*letters, digits and _/],
    ['by', entitiesOf({ x: int(0, 9).smooth({ by: 'vx' }) }), /ship\.x\.smooth\({ by: 'vx' }\)/],
    ['by itself', entitiesOf({ x: int(0, 9).smooth({ by: 'x' }) }), /in a circle/],
    [
      'by each other',
      entitiesOf({ x: int(0, 9).smooth({ by: 'y' }), y: int(0, 9).smooth({ by: 'x' }) }),
      /in a circle/,
    ],
    ['a press', entitiesOf({ fire: bool().press() }), /ship\.fire: press\(\) is for input/],
    [
      'a part',
      () => defineGame({ inputs: {}, entities: {} } as never),
      /no inputs: did you mean input/,
    ],
    ['tickRate', () => defineGame({ tickRate: 0, entities: {} }), /tickRate: 0.*1\.\.128/],
    ['fast', () => defineGame({ tickRate: 129, entities: {} }), /tickRate: 129/],
    [
      'a step',
      () => defineGame({ entities: { ship: {} }, step: { boat() {} } as never }),
      /step\.boat: no such kind; kinds: ship/,
    ],
    [
      'a text in an input',
      () => defineGame({ entities: {}, input: { name: text(4) } }),
      /input\.name: .*send text as a command/,
    ],
    [
      'a scope in an event',
      () => defineGame({ entities: {}, events: { hit: { n: int(0, 9).ownerOnly() } } }),
      /hit\.n: .*for entity fields/,
    ],
    [
      'smooth in the state',
      () => defineGame({ entities: {}, state: { n: int(0, 9).smooth() } }),
      /state\.n: .*for entity fields/,
    ],
    ['a kind that is asked for', () => defineGame(base).kind('boat'), /no kind boat; kinds: ship/],
  ];

  test.each(cases)('%s', (_name, act, message) => {
    expect(act).toThrow(UsageError);
    expect(act).toThrow(message);
  });
});

group('a plan', () => {
  test('knows a position by its names: x and y, or a vector', () => {
    const positionOf = (fields: Fields) =>
      defineGame({ entities: { thing: fields } }).kind('thing').position;
    expect(positionOf({ x: int(0, 9), y: int(0, 9) })).toEqual({ x: 2, y: 3, z: -1 });
    expect(positionOf({ n: int(0, 9), position: vec2(0, 9, 1) })).toEqual({ x: 3, y: 4, z: -1 });
    expect(positionOf({ x: int(0, 9) })).toBeUndefined();
    expect(positionOf({ x: int(0, 9), y: text(4) })).toBeUndefined();
  });

  test('orders fields as they are declared, but velocities before what they move', () => {
    const step = fixed(0, 9, 1);
    const { kinds, state, events } = defineGame({
      state: { round: int(0, 9), owner: int(0, 9) },
      entities: {
        car: {
          hp: int(0, 9),
          x: step.smooth({ by: 'v' }),
          toString: int(0, 9),
          a: step,
          v: step.smooth({ by: 'a' }),
        },
      },
      events: { sold: { price: int(0, 9), owner: int(0, 9) } },
    });
    const names = (plan: { fields: readonly { name: string }[] }) => plan.fields.map((f) => f.name);
    expect(names(kinds[0])).toEqual(['owner', '$epoch', 'a', 'v', 'hp', 'x', 'toString']);
    expect(names(state)).toEqual(['round', 'owner']);
    expect(names(events[0])).toEqual(['price', 'owner']);
  });

  test('gives each field of a game its own contexts', () => {
    const { kinds, state, input, events, commands } = defineGame(base);
    const all = [...kinds, state, input, ...events, ...commands].flatMap((plan) => plan.fields);
    expect(new Set(all.map((f) => f.contexts.flags)).size).toBe(all.length);
  });
});

test('describe prints a line for each field: range, step, bits', () => {
  const game = defineGame({
    entities: {
      ship: { x: fixed(0, 640, 1 / 16).smooth(), turn: quat(8), secret: angle(6).serverOnly() },
    },
    input: { fire: bool().press() },
  });
  const lines = describe(game)
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(lines).toContainEqual(['ship.x', 'fixed', '0..640', '0.0625', '14', 'smooth']);
  expect(lines.find(([name]) => name === 'ship.turn')?.[4]).toBe('26');
  expect(lines.find(([name]) => name === 'ship.secret')?.at(-1)).toBe('serverOnly');
  expect(lines.find(([name]) => name === 'input.fire')?.slice(-2)).toEqual(['1', 'press']);
});
