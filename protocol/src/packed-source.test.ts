// What a packed source refuses: answers outside what was asked for, more elements than a body may
// hold, groups without end. Each body is written by a sink that was asked another question.

import { describe, expect, test } from 'vitest';
import * as Context from './body-context.ts';
import { CodingTables } from './coding-tables.ts';
import { ProtocolError } from './errors.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { PackedSink } from './packed-sink.ts';
import { PackedSource } from './packed-source.ts';

const tables = new CodingTables(1, new Uint16Array(4096).fill(2048));
const FIELD = 2048;

function sourceOf(write: (sink: PackedSink) => void): PackedSource {
  const out = new MsgpackWriter();
  const sink = new PackedSink(out, tables);
  write(sink);
  sink.finish();
  const reader = new MsgpackReader();
  reader.reset(out.bytes());
  const source = new PackedSource();
  source.begin(reader.bin(out.length), tables.odds);
  return source;
}

function refusal(write: (sink: PackedSink) => void, read: (source: PackedSource) => unknown) {
  const source = sourceOf(write);
  try {
    read(source);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as ProtocolError).code;
  }
  throw new Error('was taken');
}

describe('[F4, K4] a packed source refuses', () => {
  const cases: [string, (sink: PackedSink) => void, (source: PackedSource) => unknown][] = [
    ['a count above its most', (s) => s.count(FIELD, 9), (s) => s.count(FIELD, 8)],
    ['a count beyond 2^53', (s) => s.count(FIELD, 2 ** 59), (s) => s.count(FIELD, 2 ** 60)],
    ['a level of a tree above its levels', (s) => s.level(FIELD, 7, 7), (s) => s.level(FIELD, 6)],
    ['a wide level above its levels', (s) => s.level(FIELD, 31, 31), (s) => s.level(FIELD, 30)],
    [
      'a small change above its levels',
      (s) => s.change(FIELD, 7, 0, 7),
      (s) => s.change(FIELD, 0, 6),
    ],
    [
      'a change around the circle',
      (s) => s.change(FIELD, 60, 0, 127),
      (s) => s.change(FIELD, 0, 16),
    ],
    [
      'steps above their most',
      (s) => s.steps(FIELD, 7, FIELD + 64, 9),
      (s) => s.steps(FIELD, 7, FIELD + 64, 8),
    ],
    ['a text that is too long', (s) => s.text(FIELD, 'abc'), (s) => s.text(FIELD, 2)],
    ['a packed value that is too long', (s) => s.free(FIELD, 'abc', 9), (s) => s.free(FIELD, 3)],
    [
      'infinity',
      (s) => s.float(FIELD, Float64Array.of(2 ** 1023, 0)),
      (s) => s.float(FIELD, 2 ** -1022),
    ],
  ];

  test.each(cases)('%s', (_name, write, read) => {
    expect(refusal(write, read)).toBe('bad-value');
  });

  test('a packed value that is no MessagePack', () => {
    const notMsgpack = (sink: PackedSink) => {
      sink.count(FIELD, 1);
      sink.bits.pushEven(0xc1, 8);
    };
    expect(refusal(notMsgpack, (source) => source.free(FIELD, 9))).toBe('bad-msgpack');
  });

  test('a selection that chooses more than there is to choose from', () => {
    const write = (sink: PackedSink) => {
      sink.select(Context.Changed, true, 2);
      for (const chosen of [false, true, true]) sink.offer(FIELD, 0, chosen);
      sink.close();
    };
    const read = (candidates: number) => (source: PackedSource) => {
      source.select(Context.Changed);
      for (let i = 0; i < candidates; i++) source.offered(FIELD, i);
      source.close();
    };
    expect(refusal(write, read(2))).toBe('bad-value');
    expect(() => read(3)(sourceOf(write))).not.toThrow();
  });

  test('groups that nest deeper than any declaration', () => {
    const open = (source: PackedSource) => {
      for (let i = 0; i < 60; i++) source.open();
    };
    expect(refusal(() => {}, open)).toBe('bad-value');
  });

  test('more elements than a body may hold, and of other counts none', () => {
    const EACH = 2 ** 14;
    const write = (sink: PackedSink) => {
      for (let i = 0; i < 300; i++) sink.count(FIELD, EACH);
    };
    let taken = 0;
    const elements = (source: PackedSource) => {
      for (; taken < 300; taken++) source.elements(FIELD, EACH);
    };
    expect([refusal(write, elements), taken * EACH]).toEqual(['bad-value', 2 ** 22]);
    const counts = sourceOf(write);
    for (let i = 0; i < 300; i++) expect(counts.count(FIELD, EACH)).toBe(EACH);
    counts.finish();
  });

  test('[K3] a body that has more to say, and one that says less than it is asked', () => {
    const three = (sink: PackedSink) => {
      for (let i = 0; i < 3; i++) sink.count(FIELD, 2 ** 40 + i);
    };
    const ask = (times: number) => (source: PackedSource) => {
      for (let i = 0; i < times; i++) source.count(FIELD, 2 ** 53);
      source.finish();
    };
    expect(refusal(three, ask(2))).toBe('bad-state');
    expect(refusal(three, ask(9))).toMatch(/^bad-/);
    expect(() => ask(3)(sourceOf(three))).not.toThrow();
  });
});

describe('a source that refused a body', () => {
  test('reads the next one from its start', () => {
    const source = sourceOf((sink) => sink.count(FIELD, 9));
    for (let i = 0; i < 20; i++) source.open();
    expect(() => source.elements(FIELD, 8)).toThrow();
    const out = new MsgpackWriter();
    const sink = new PackedSink(out, tables);
    sink.count(FIELD, 5);
    sink.finish();
    source.begin(out.bytes().slice(2), tables.odds);
    for (let i = 0; i < 20; i++) source.open();
    expect(source.elements(FIELD, 8)).toBe(5);
    source.finish();
  });
});
