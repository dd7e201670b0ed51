// Inputs of consecutive ticks from one side to the other: the same wire values, presses as edges, a
// byte or two where nobody touched anything.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { angle, bool, choice, entity, fixed, int, quat, vec2, vec3 } from './builders.ts';
import { ProtocolError } from './errors.ts';
import { writeInputHeader } from './frames.ts';
import { defineGame } from './game.ts';
import {
  carryPresses,
  inputFromWire,
  neutralInput,
  readInputs,
  releasePresses,
  roundInput,
  writeInputs,
} from './input-codec.ts';
import { MAX_HELLO_BYTES, MAX_INPUT_TICKS } from './limits.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { PackedInputSink } from './packed-input-sink.ts';
import { PackedSource } from './packed-source.ts';
import { PlainSink, PlainSource } from './plain.ts';
import { levelsOf } from './quantize.ts';

const plan = defineGame({
  entities: { ship: {} },
  input: {
    dx: int(-1, 1),
    thrust: fixed(0, 1, 1 / 100).default(0.25),
    heading: angle(8),
    fire: bool().press(),
    held: bool(),
    weapon: choice('gun', 'rail', 'none').default('rail'),
    target: entity('ship'),
    aim: vec2(-1, 1, 1 / 64),
    at: vec3(2, 9, 1 / 2),
    look: quat(7),
    jump: bool().press(),
  },
}).input;

const presses = plan.fields.filter((f) => f.spec.press).map((f) => f.column);

/** Wire values within their levels. */
const wireOf = fc
  .tuple(
    ...plan.fields.flatMap((f) =>
      Array.from({ length: f.spec.components }, (_, i) => fc.nat(levelsOf(f.spec, i))),
    ),
  )
  .map((values) => Float64Array.from(values));

function write(previous: Float64Array, ticks: readonly Float64Array[]): Uint8Array {
  const out = new MsgpackWriter();
  writeInputs(new PlainSink(out), plan, previous, ticks);
  return out.bytes().slice();
}

function read(bytes: Uint8Array, previous: Float64Array): number[][] {
  const reader = new MsgpackReader();
  const source = new PlainSource(reader);
  reader.reset(bytes);
  source.reset();
  const taken: number[][] = [];
  readInputs(source, plan, previous, (i) => {
    expect(i).toBe(taken.length);
    taken.push([...previous]);
  });
  reader.end();
  return taken;
}

describe('inputs', () => {
  test('arrive tick by tick as they were said, over any frames', () => {
    fc.assert(
      fc.property(fc.array(fc.array(wireOf, { maxLength: 6 }), { maxLength: 5 }), (frames) => {
        const said = neutralInput(plan);
        const heard = neutralInput(plan);
        for (const ticks of frames) {
          const taken = read(write(said, ticks), heard);
          expect(taken).toEqual(ticks.map((wire) => [...wire]));
          if (ticks.length > 0) expect([...heard]).toEqual([...said]);
        }
      }),
    );
  });

  test('[I1] a press is true in the ticks that say so and in no other', () => {
    const said = neutralInput(plan);
    const heard = neutralInput(plan);
    const pressed = neutralInput(plan);
    for (const column of presses) pressed[column] = 1;
    const idle = neutralInput(plan);
    const ticks = [pressed, pressed, idle, pressed];
    const taken = [...read(write(said, ticks), heard), ...read(write(said, [idle, idle]), heard)];
    for (const column of presses)
      expect(taken.map((wire) => wire[column])).toEqual([1, 1, 0, 1, 0, 0]);
  });

  test('[I1] a tick that says nothing of a press does not press, whatever was said before', () => {
    const heard = neutralInput(plan);
    heard.fill(1);
    const taken = read(Uint8Array.of(0x91, 3), heard);
    for (const wire of taken) for (const column of presses) expect(wire[column]).toBe(0);
    expect(taken).toHaveLength(3);
  });

  test('[F7] an INPUT as the one before is at most 8 bytes, whatever its margins', () => {
    const said = neutralInput(plan);
    const held = neutralInput(plan);
    held[0] = 2;
    write(said, [held]);
    for (const dShown of [0, 1, -31, 127, -127, 127 * 64, -127 * 64]) {
      const out = new MsgpackWriter();
      writeInputHeader(out, { dState: 1, dShown, dFirst: 0 });
      out.raw(write(said, [held]));
      expect(out.length, `dShown ${dShown}`).toBeLessThanOrEqual(dShown === 0 ? 7 : 9);
      if (Math.abs(dShown) <= 127) expect(out.length).toBeLessThanOrEqual(8);
    }
  });

  test('carry their presses when they are late, and lose them when they are repeated', () => {
    const late = neutralInput(plan);
    late[presses[0]] = 1;
    const next = neutralInput(plan);
    next[presses[1]] = 1;
    carryPresses(plan, late, next);
    expect(presses.map((column) => next[column])).toEqual([1, 1]);
    releasePresses(plan, next);
    expect([...next]).toEqual([...neutralInput(plan)]);
  });
});

describe('what a game sampled', () => {
  const sampled = {
    dx: -1,
    thrust: 0.333,
    heading: -Math.PI / 2,
    fire: true,
    held: false,
    weapon: 'none',
    target: 7,
    aim: { x: 0.5, y: -2 },
    at: { x: 3, y: 4.3, z: 9 },
    look: { x: 0, y: 1, z: 0, w: 0 },
    jump: false,
  };
  const round = (input: Readonly<Record<string, unknown>>) => {
    const wire = new Float64Array(plan.columns.length);
    roundInput(plan, input, wire);
    return wire;
  };

  test('is rounded and clamped once, for both sides', () => {
    const out = inputFromWire(plan, round(sampled), {});
    expect(out).toMatchObject({ dx: -1, thrust: 0.33, fire: true, held: false, weapon: 'none' });
    expect(out).toMatchObject({ target: 7, aim: { x: 0.5, y: -1 }, at: { x: 3, y: 4.5, z: 9 } });
    expect(out.heading).toBe(-Math.PI / 2);
    expect((out.look as { y: number }).y).toBeCloseTo(1, 3);
    expect([...round(out)]).toEqual([...round(sampled)]);
  });

  test('is as nobody touched it where it is missing or not a number', () => {
    const neutral = [...neutralInput(plan)];
    expect([...round({})]).toEqual(neutral);
    const broken = {
      dx: Number.NaN,
      thrust: 'x',
      heading: Number.NaN,
      weapon: 'sword',
      aim: { x: Number.NaN },
      look: null,
    };
    expect([...round(broken)]).toEqual(neutral);
    expect(inputFromWire(plan, round({}), {})).toMatchObject({ dx: 0, thrust: 0.25, at: { x: 2 } });
  });

  test('round trips from any wire values of an untied turn', () => {
    fc.assert(
      fc.property(wireOf, (wire) => {
        const again = round(inputFromWire(plan, wire, {}));
        for (const f of plan.fields)
          if (f.spec.type !== 'quat')
            for (let c = f.column; c < f.column + f.spec.components; c++)
              expect(again[c], f.name).toBe(wire[c]);
      }),
    );
  });

  test('is written into the objects that were there', () => {
    const out: Record<string, unknown> = {};
    inputFromWire(plan, round(sampled), out);
    const { aim } = out;
    inputFromWire(plan, round({ ...sampled, aim: { x: 0, y: 0 } }), out);
    expect(out.aim).toBe(aim);
    expect(aim).toEqual({ x: 0, y: 0 });
  });
});

describe('packed inputs', () => {
  const { input, priors } = defineGame({
    entities: {},
    input: {
      aim: vec2(-1, 1, 1 / 64),
      /** One step each: where one of them changes, the others still have to be told apart. */
      corner: vec3(0, 1, 1),
      fire: bool().press(),
      look: quat(7),
    },
  });
  const wires = fc
    .tuple(
      ...input.fields.flatMap((f) =>
        Array.from({ length: f.spec.components }, (_, i) => fc.nat(levelsOf(f.spec, i))),
      ),
    )
    .map((values) => Float64Array.from(values));

  test('[K1] arrive tick by tick as they were said, as one bin', () => {
    fc.assert(
      fc.property(fc.array(wires, { maxLength: 6 }), (ticks) => {
        const out = new MsgpackWriter();
        const sink = new PackedInputSink(out, priors);
        writeInputs(sink, input, neutralInput(input), ticks);
        sink.finish();
        const reader = new MsgpackReader();
        reader.reset(out.bytes().slice());
        const source = new PackedSource();
        source.begin(reader.bin(MAX_HELLO_BYTES), priors.odds);
        const taken: number[][] = [];
        const heard = neutralInput(input);
        readInputs(source, input, heard, () => taken.push([...heard]));
        source.finish();
        reader.end();
        expect(taken).toEqual(ticks.map((wire) => [...wire]));
      }),
    );
  });
});

describe('hostile inputs', () => {
  const refused = (...bytes: number[]) =>
    expect(() => read(Uint8Array.from(bytes), neutralInput(plan))).toThrow(ProtocolError);

  test('are refused: too many ticks, places and values that are none', () => {
    refused(0x91, 0xcc, MAX_INPUT_TICKS + 1);
    refused(0x90);
    refused(0x91, 0xff);
    refused(0x93, 1, 1, 0x90);
    refused(0x93, 2, 0, 0xc0);
    refused(0x93, 1, 0, 0x92, 0, 3);
    refused(0x93, 1, 0, 0x92, 11, 0);
    refused(0x93, 1, 0, 0x94, 1, 0, 0, 1);
    refused(0x95, 2, 1, 0x90, 0, 0x90);
    refused(0x94, 1, 0, 0x90, 0);
    refused(0x91, 1, 0xc0);
  });

  test('an empty INPUT is no input, and neither is one of no ticks', () => {
    expect(read(write(neutralInput(plan), []), neutralInput(plan))).toEqual([]);
  });
});
