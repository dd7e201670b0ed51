// Commands as a liar writes them: frames that were right but for some of their values. Whatever
// comes, it is refused as bytes, or the handler sees only what its declaration allows. Trap: most
// lies are refused, so the suite counts those that pass.
import {
  angle,
  bool,
  choice,
  command,
  defineGame,
  entity,
  type FieldSpec,
  FrameType,
  fixed,
  int,
  list,
  MsgpackReader,
  MsgpackWriter,
  map,
  PlainSink,
  PlainSource,
  ProtocolError,
  packed,
  quat,
  readFrame,
  record,
  text,
  vec2,
  vec3,
  writePayload,
} from '@tickwire/protocol';
import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { expect, test } from 'vitest';
import { packCold } from '../src/cold.ts';
import { CommandDesk } from '../src/commands.ts';
import { GameCode } from '../src/game-code.ts';
import { Heartbeat } from '../src/heartbeat.ts';
import { Tally } from '../src/tally.ts';

const game = defineGame({
  entities: { ship: { x: int(0, 9) } },
  commands: {
    all: command({
      int: int(-5, 300),
      fixed: fixed(-2, 2, 1 / 8),
      angle: angle(8),
      bool: bool(),
      choice: choice('a', 'b', 'c'),
      entity: entity('ship'),
      vec2: vec2(0, 10, 1 / 4),
      vec3: vec3(-1, 1, 1 / 16),
      quat: quat(8),
      text: text(6),
      packed: packed<unknown>(64),
      list: list(record({ n: int(0, 9), t: text(3) }), 3),
      map: map(text(4), list(fixed(0, 1, 1 / 4), 2), 3),
    }),
  },
});
const [plan] = game.commands;

const honest = fc.record({
  int: fc.integer({ min: -5, max: 300 }),
  fixed: fc.double({ min: -2, max: 2, noNaN: true }),
  angle: fc.double({ min: -4, max: 4, noNaN: true }),
  bool: fc.boolean(),
  choice: fc.constantFrom('a', 'b', 'c'),
  entity: fc.nat(),
  vec2: fc.record({ x: fc.nat(10), y: fc.nat(10) }),
  vec3: fc.constant({ x: 0.5, y: -1, z: 1 }),
  quat: fc.constant({ x: 0, y: 0, z: Math.SQRT1_2, w: Math.SQRT1_2 }),
  text: fc.string({ unit: 'grapheme', maxLength: 8 }),
  packed: fc.jsonValue({ maxDepth: 2 }).filter((value) => packCold(value).length <= 64),
  list: fc.array(fc.record({ n: fc.nat(9), t: fc.string({ maxLength: 3 }) }), { maxLength: 3 }),
  map: fc.array(fc.tuple(fc.string({ maxLength: 4 }), fc.constant([0, 1])), { maxLength: 3 }),
});

const lie = fc.oneof(
  fc.constantFrom(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -0,
    -1,
    0.5,
    2 ** 32,
    2 ** 53 - 1,
    -(2 ** 53),
  ),
  fc.constantFrom(null, true, [], {}, '', '\ud800', 'e\u0301', '__proto__', new Uint8Array(3)),
  fc.constantFrom({ __proto__: null, constructor: { prototype: 1 } }, [[[[[[[[[1]]]]]]]]]),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
/** Where the lies stand, counted over all values of the frame, and what they are. */
const lies = fc.array(fc.tuple(fc.nat(60), lie), { minLength: 1, maxLength: 3 });

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

/** The arguments' bytes with lies in some places. */
function bytesOf(args: object, told: readonly (readonly [number, unknown])[]): Uint8Array {
  const out = new MsgpackWriter();
  const sink = new PlainSink(out, packCold);
  writePayload(sink, plan, args as Record<string, unknown>);
  let at = 0;
  const lied = (value: unknown): unknown => {
    const found = told.find(([place]) => place === at);
    at++;
    if (found) return found[1];
    return Array.isArray(value) ? value.map(lied) : value;
  };
  const frame = [FrameType.Command, 1, 0, lied(unpackr.unpack(out.bytes()))];
  return packr.pack(frame);
}

let seen: Record<string, unknown> | undefined;
const log = { info() {}, warn() {}, error: (about: object) => expect.unreachable(String(about)) };
const room = {
  game,
  limits: { pendingCommands: 16 },
  definition: {
    commands: { all: (_room: unknown, _seat: unknown, args: never) => void (seen = args) },
  },
  code: new GameCode({ id: 'r', over: false, log, end() {} }, new Heartbeat().room('r')),
};
const line = { send() {}, cork() {}, close() {}, move() {} };

/** What the handler saw of the frame; undefined where it was refused as bytes. */
function heard(bytes: Uint8Array): Record<string, unknown> | undefined {
  seen = undefined;
  const seat = { id: 1, openCommands: 0, commandsTaken: 0 };
  const desk = new CommandDesk(room as never, seat as never, line, new Tally());
  const reader = new MsgpackReader();
  reader.reset(bytes);
  const source = new PlainSource(reader);
  try {
    readFrame(reader, { elements: 0 });
    source.reset();
    desk.take(reader, source, 0);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    expect(seen).toBeUndefined();
  }
  return seen;
}

/** Throws where a value is none of its declaration. */
function expectFit(spec: FieldSpec, value: unknown): void {
  const { type, components, min, step, levels, capacity, names, element, key, fields } = spec;
  switch (type) {
    case 'bool':
      return expect(value).toBeTypeOf('boolean');
    case 'choice':
      return expect(names).toContain(value);
    case 'text':
      expect(value).toBeTypeOf('string');
      expect((value as string).length).toBeLessThanOrEqual(capacity);
      expect(value).toBe((value as string).normalize('NFC'));
      // Throws for half a surrogate pair.
      return void encodeURIComponent(value as string);
    case 'packed':
      return expect(packCold(value).length).toBeLessThanOrEqual(levels);
    case 'list':
      expect(Array.isArray(value) && value.length).toBeLessThanOrEqual(capacity);
      for (const item of value as unknown[]) expectFit(element!, item);
      return;
    case 'map':
      expect((value as Map<unknown, unknown>).size).toBeLessThanOrEqual(capacity);
      for (const [k, v] of value as Map<unknown, unknown>) {
        expectFit(key!, k);
        expectFit(element!, v);
      }
      return;
    case 'record':
      for (const [name, part] of fields) expectFit(part, (value as never)[name]);
      return;
  }
  const parts = components === 1 ? [value] : Object.values(value as object);
  expect(parts).toHaveLength(components);
  for (const part of parts as number[]) {
    expect(Number.isFinite(part)).toBe(true);
    if (type === 'quat') expect(Math.abs(part)).toBeLessThanOrEqual(1);
    else if (type === 'angle') expect(Math.abs(part)).toBeLessThanOrEqual(Math.PI);
    else if (type === 'entity') expect(part >= 0 && part < 2 ** 32 && part % 1 === 0).toBe(true);
    else
      expect(part >= min && part <= min + step * levels && ((part - min) / step) % 1 === 0).toBe(
        true,
      );
  }
}

function expectFits(args: Record<string, unknown>): void {
  expect(Object.keys(args).sort()).toEqual(plan.fields.map(({ name }) => name).sort());
  for (const { name, spec } of plan.fields) expectFit(spec, args[name]);
}

test('what is declared comes through', () => {
  const run = (args: object) => {
    const came = heard(bytesOf(args, []));
    expect(came).toBeDefined();
    expectFits(came!);
  };
  fc.assert(fc.property(honest, run), { seed: 1, numRuns: 300 });
});

test('{S40, T35, T37, T54} whatever is said, a handler sees values of its declaration', () => {
  let passed = 0;
  let refused = 0;
  const run = (args: object, told: [number, unknown][]) => {
    const came = heard(bytesOf(args, told));
    if (came) {
      passed++;
      expectFits(came);
    } else refused++;
  };
  fc.assert(fc.property(honest, lies, run), { seed: 2, numRuns: 5000 });
  expect(passed).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(500);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
