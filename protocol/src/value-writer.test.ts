// Payloads of events and commands: what a game passes as plain values arrives as plain values.
import { expect, test } from 'vitest';
import { bool, choice, fixed, int, list, map, quat, record, text, vec2 } from './builders.ts';
import { readPayload, writePayload } from './frames.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { PlainSink, PlainSource } from './plain.ts';
import { planOf } from './plan.ts';

const plan = planOf(
  'shot',
  -1,
  {
    at: vec2(0, 10, 1 / 4),
    turn: quat(8),
    how: choice('near', 'far'),
    power: fixed(0, 1, 1 / 8),
    path: list(vec2(0, 10, 1 / 4), 8),
    hits: map(text(8), list(int(0, 9), 4), 8),
    gun: record({ name: text(8), loaded: bool(), marks: list(int(0, 9), 4) }),
  },
  false,
  16,
);

function roundTrip(payload: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out = new MsgpackWriter();
  writePayload(new PlainSink(out), plan, payload);
  const reader = new MsgpackReader();
  reader.reset(out.bytes());
  const source = new PlainSource(reader);
  source.reset();
  const read = readPayload(source, plan);
  reader.end();
  return read;
}

test('a payload of every kind of field arrives whole', () => {
  const payload = {
    at: { x: 1.25, y: 9 },
    turn: { x: 0, y: 0, z: 0, w: 1 },
    how: 'far',
    power: 0.5,
    path: [
      { x: 0, y: 0 },
      { x: 10, y: 0.25 },
    ],
    hits: new Map([
      ['ada', [1, 2]],
      ['bob', []],
    ]),
    gun: { name: 'rail', loaded: true, marks: [3] },
  };
  const { turn, ...rest } = roundTrip(payload);
  const { turn: _, ...sent } = payload;
  expect(rest).toEqual(sent);
  expect((turn as { w: number }).w).toBeCloseTo(1, 2);
});

test('empty collections arrive empty', () => {
  const payload = {
    at: { x: 0, y: 0 },
    turn: { x: 0, y: 0, z: 0, w: 1 },
    how: 'near',
    power: 0,
    path: [],
    hits: new Map(),
    gun: { name: '', loaded: false, marks: [] },
  };
  expect(roundTrip(payload)).toMatchObject({ path: [], hits: new Map() });
});

test('a text is cut to its length, and what the reader would refuse is refused here', () => {
  const payload = {
    at: { x: 0, y: 0 },
    turn: { x: 0, y: 0, z: 0, w: 1 },
    how: 'near',
    power: 0,
    path: [],
    hits: new Map(),
    gun: { name: 'a longer name', loaded: false, marks: [] },
  };
  expect(roundTrip(payload)).toMatchObject({ gun: { name: 'a longer' } });
  const marks = [1, 2, 3, 4, 5];
  const many = () => roundTrip({ ...payload, gun: { name: '', loaded: false, marks } });
  expect(many).toThrow('5 in a list of at most 4');
  const wrong = () => roundTrip({ ...payload, gun: { name: 7, loaded: false, marks: [] } });
  expect(wrong).toThrow('wants text, got number');
});
