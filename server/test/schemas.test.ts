// What a command carries, before a handler sees it. Texts are composed; free-form values are judged
// by schemas of the game: zod's, valibot's, and one written by hand. What fits is handed on as the
// schema made it; what does not is told to who said it, and harms nobody; who goes on loses the
// connection.
import { command, defineGame, int, list, map, packed, record, text } from '@tickwire/protocol';
import * as v from 'valibot';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineRoom, Refusal } from '../src/index.ts';
import { Stepper } from './stepper.ts';

const handmade = {
  '~standard': {
    version: 1 as const,
    vendor: 'by hand',
    types: undefined as { input: number; output: number } | undefined,
    validate: (value: unknown) => {
      if (value === 13) throw new Refusal('not on my ship');
      if (value === 0) throw new Error('nobody thought of nothing');
      if (typeof value === 'number') return { value: value * 2 };
      return { issues: [{ message: 'wants a number' }] };
    },
  },
};

/** A loadout: nested, with a default, with a bound in the depth. */
const loadouts = {
  zod: z.object({
    name: z.string().trim().min(1),
    items: z.array(z.object({ kind: z.enum(['gun', 'shield']), level: z.int().min(1).max(9) })),
    colour: z.string().default('red'),
  }),
  valibot: v.object({
    name: v.pipe(v.string(), v.trim(), v.minLength(1)),
    items: v.array(
      v.object({
        kind: v.picklist(['gun', 'shield']),
        level: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9)),
      }),
    ),
    colour: v.optional(v.string(), 'red'),
  }),
};

const game = defineGame({
  tickRate: 30,
  entities: { ship: { x: int(0, 9) } },
  commands: {
    zod: command({ slot: int(0, 9), loadout: packed(512, loadouts.zod) }),
    valibot: command({ slot: int(0, 9), loadout: packed(512, loadouts.valibot) }),
    handmade: command({ value: packed(64, handmade) }),
    free: command({ value: packed<unknown>(64) }),
    texts: command({
      name: text(4),
      list: list(text(8), 4),
      map: map(text(8), int(0, 9), 4),
      record: record({ inner: text(8) }),
    }),
  },
});

type Library = keyof typeof loadouts;

let stepper: Stepper;
afterEach(() => stepper?.close());

/** Answers with what the handlers were given. */
async function start() {
  const answer = (_room: unknown, _seat: unknown, args: object) => ({ ...args });
  const room = defineRoom(game, {
    commands: {
      ...{ zod: answer, valibot: answer, handmade: answer, free: answer },
      texts: (_room, _seat, args) => ({ ...args, map: [...args.map] }),
    },
  });
  stepper = await Stepper.start({ rooms: { field: room } });
  const a = await stepper.join(game, { room: 'field' });
  const b = await stepper.join(game, { room: 'field' });
  return { a, b };
}

type Player = Awaited<ReturnType<typeof start>>['a'];

/** As a client that has no types would. */
const call = (player: Player, name: string, args: object) =>
  stepper.until(player.client.call(name as never, args as never) as Promise<unknown>);

describe.each(['zod', 'valibot'] as const)('a schema of %s', (library: Library) => {
  test('hands the game what it made of the value', async () => {
    const { a } = await start();
    const loadout = { name: ' Ada ', items: [{ kind: 'gun', level: 3 }] };
    expect(await call(a, library, { slot: 1, loadout })).toEqual({
      slot: 1,
      loadout: { name: 'Ada', items: [{ kind: 'gun', level: 3 }], colour: 'red' },
    });
  });

  test.each([
    ['nothing', null, /^loadout\b/],
    ['another shape', ['a', 'b'], /^loadout\b/],
    [
      'a bad value in the depth',
      { name: 'Ada', items: [{ kind: 'gun', level: 99 }] },
      /^loadout\.items\.0\.level: /,
    ],
    [
      'a bad name',
      { name: '', items: [{ kind: 'bomb', level: 1 }] },
      /^loadout\.name: .*; loadout\.items\.0\.kind: /,
    ],
  ])('{S40, T54} tells who said %s what is wrong, and nobody else', async (_, loadout, says) => {
    const { a, b } = await start();
    await expect(call(a, library, { slot: 1, loadout })).rejects.toThrow(says);
    const { refusals } = stepper.server.edge.tally;
    expect(refusals.get('bad-arguments')).toEqual({ code: 4013, count: 1 });
    expect([a.state, b.state]).toEqual(['live', 'live']);
  });

  test('{T35} takes keys that mean something to JavaScript for keys', async () => {
    const { a } = await start();
    const loadout = JSON.parse('{"name":"Ada","items":[],"__proto__":{"colour":"stolen"}}');
    const { loadout: heard } = (await call(a, library, { slot: 1, loadout })) as {
      loadout: { colour: string };
    };
    expect(heard.colour).toBe('red');
    expect(({} as { colour?: string }).colour).toBeUndefined();
  });
});

test('{T54} who sends what does not fit again and again is closed with 4013', async () => {
  const { a, b } = await start();
  for (let i = 0; i < 20; i++)
    await expect(call(a, 'handmade', { value: 'x' })).rejects.toThrow('value: wants a number');
  const last = a.client.call('handmade', { value: 'x' as never });
  await expect(stepper.until(last)).rejects.toThrow();
  expect(a.closes).toEqual([[4013, 'too many commands that do not fit']]);
  expect(a.state).toBe('closed');
  expect(await call(b, 'handmade', { value: 21 })).toEqual({ value: 42 });
});

test('a schema may refuse in its own words, and one that breaks ends the room', async () => {
  const { a, b } = await start();
  await expect(call(a, 'handmade', { value: 13 })).rejects.toThrow('not on my ship');
  expect(b.state).toBe('live');
  await expect(call(a, 'handmade', { value: 0 })).rejects.toThrow();
  expect(b.closes).toEqual([[1011, 'the room failed in command handmade']]);
  expect(stepper.log.find(({ handler }) => handler === 'command handmade')).toBeDefined();
});

describe('texts of a client', () => {
  const E = 'e\u0301';
  const COMPOSED = '\u00e9';

  test('{T38} are composed, wherever they stand', async () => {
    const { a } = await start();
    const args = { name: E, list: ['x', E], map: new Map([[E, 1]]), record: { inner: E } };
    expect(await call(a, 'texts', args)).toEqual({
      name: COMPOSED,
      list: ['x', COMPOSED],
      map: [[COMPOSED, 1]],
      record: { inner: COMPOSED },
    });
  });

  test('{T38} are no longer than declared afterwards', async () => {
    const { a } = await start();
    const args = { name: '\u0958'.repeat(4), list: [], map: new Map(), record: { inner: '' } };
    const { name } = (await call(a, 'texts', args)) as { name: string };
    expect(name).toBe('\u0958\u0958'.normalize('NFC'));
    expect(name).toHaveLength(4);
  });
});

test('what has no schema is handed on as it came', async () => {
  const { a } = await start();
  expect(await call(a, 'free', { value: { any: ['thing', 1] } })).toEqual({
    value: { any: ['thing', 1] },
  });
});

describe('a schema that judges asynchronously is refused', () => {
  const roomOf = (schema: Parameters<typeof packed>[1] & object) =>
    defineRoom(
      defineGame({ entities: {}, commands: { say: command({ what: packed(64, schema) }) } }),
      { commands: { say: () => 'heard' } },
    );

  test('by defineRoom, where it is always so', () => {
    const schema = v.pipeAsync(
      v.unknown(),
      v.checkAsync(async () => true),
    );
    expect(() => roomOf(schema as never)).toThrow(
      'commands.say.what: its schema judges asynchronously',
    );
  });

  test('at its first use, where it depends on the value: that room ends', async () => {
    const schema = z.string().refine(async () => true);
    stepper = await Stepper.start({ rooms: { field: roomOf(schema) } });
    const other = defineGame({
      entities: {},
      commands: { say: command({ what: packed<string>(64) }) },
    });
    const a = await stepper.join(other, { room: 'field' });
    const said = a.client.call('say', { what: 'hello' });
    await expect(stepper.until(said)).rejects.toThrow();
    expect(a.closes[0]).toEqual([1011, 'the room failed in command say']);
  });
});

describe('defineGame refuses, naming the cure', () => {
  const schema = packed(64, handmade);
  const bad = (declare: () => unknown, says: string) => expect(declare).toThrow(says);

  test('what is no schema, and a schema where nobody would ask it', () => {
    bad(() => packed(64, {} as never), 'wants a schema of standardschema.dev');
    bad(() => list(schema, 4), 'nothing has a schema: ask one of the whole');
    bad(() => record({ schema }), 'nothing has a schema');
    const cure = 'a schema is for a field of a command';
    bad(() => defineGame({ entities: { ship: { schema } } }), `ship.schema: ${cure}`);
    bad(() => defineGame({ entities: {}, state: { schema } }), `state.schema: ${cure}`);
    bad(() => defineGame({ entities: {}, events: { hit: { schema } } }), `hit.schema: ${cure}`);
    bad(() => schema.default(null as never), 'let the schema have one');
    bad(
      () => defineGame({ entities: {}, commands: { say: { it: schema.serverOnly() } } }),
      'serverOnly are for entity fields',
    );
  });

  test('nothing of the wire: a page with another schema, or none, plays on', () => {
    const one = defineGame({ entities: {}, commands: { say: { it: schema, by: text(4) } } });
    const two = defineGame({ entities: {}, commands: { say: { it: packed(64), by: text(4) } } });
    expect(one.hash).toBe(two.hash);
  });
});
