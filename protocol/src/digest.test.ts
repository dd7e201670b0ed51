// Both sides hash what they hold by the same walk: the live world and what was received of it agree
// in either spelling, every part of a row counts, the order of a map does not. The frames keep what
// they carry, and refuse what is too much.

import { describe, expect, test } from 'vitest';
import { SPELLINGS, Stage } from '../test/stage.ts';
import {
  bool,
  choice,
  fixed,
  int,
  list,
  map,
  packed,
  quat,
  record,
  text,
  vec2,
} from './builders.ts';
import {
  listRow,
  MAX_FINDING_CHARS,
  MAX_LISTING_BYTES,
  ownDigest,
  readDigest,
  readListing,
  readReport,
  rowDigest,
  writeDigest,
  writeListing,
  writeReport,
} from './digest.ts';
import { ProtocolError } from './errors.ts';
import { readFrame } from './frames.ts';
import { defineGame } from './game.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';

const game = defineGame({
  tickRate: 20,
  entities: {
    thing: {
      x: fixed(0, 100, 1 / 4).smooth(),
      at: vec2(0, 10, 1 / 2),
      turn: quat(8),
      on: bool(),
      name: text(8),
      blob: packed<unknown>(100),
      bag: list(record({ what: choice('wood', 'iron'), to: quat(6), full: bool() }), 4),
      pairs: map(int(0, 9), list(fixed(0, 1, 1 / 8), 3), 4),
      fuel: fixed(0, 1, 1 / 16).ownerOnly(),
      code: text(8).ownerOnly(),
      secret: int(0, 9).serverOnly(),
    },
  },
  step: { thing() {} },
});
const { kinds } = game as unknown as { kinds: readonly { sharedMask: number }[] };
const SEAT = 3;

describe.each(SPELLINGS)('in a %s room', (wire) => {
  function told() {
    const stage = new Stage(game, { wire });
    const viewer = stage.join(SEAT);
    const row = stage.spawn(
      'thing',
      {
        x: 20.2,
        at: { x: 1.3, y: 2 },
        turn: { x: 0.2, y: -0.3, z: 0.1, w: 0.9 },
        name: 'box',
        blob: { n: [1, -0, 2.5], s: 'a', none: null },
        bag: [{ what: 'iron', to: { x: 0.7, y: 0.1, z: -0.7, w: 0.1 }, full: true }],
        pairs: [
          [3, [0.51, 0.26]],
          [1, []],
        ],
        fuel: 0.3333,
        code: 'open',
        secret: 3,
      },
      SEAT,
    );
    stage.send();
    const live = stage.tables[0];
    const held = viewer.received.tables[0];
    const same = () => ({
      shared: rowDigest(live, 1) === rowDigest(held, 1),
      own: ownDigest(live, 1, live.exact) === ownDigest(held, 1, held.values),
    });
    return { stage, row, live, held, same };
  }

  test('[D1] the live row and the received one have the same hashes', () => {
    const { stage, row, live, held, same } = told();
    const BOTH = { shared: true, own: true };
    expect(same()).toEqual(BOTH);
    expect(JSON.stringify(listRow(live, 1))).toBe(JSON.stringify(listRow(held, 1)));
    row.x += 7.3;
    row.bag.at(0)!.full = false;
    row.pairs.set(2, [1]);
    row.fuel = 0.1;
    stage.send();
    expect(same()).toEqual(BOTH);
    row.secret = 9;
    stage.send();
    expect(same()).toEqual(BOTH);
  });

  test('[D1] every shared field counts in one, every own one in the other', () => {
    const { stage, row, live } = told();
    const { plan } = live;
    const changes: Record<string, () => void> = {
      x: () => void (row.x = 3),
      at: () => void (row.at.y = 5),
      turn: () => void row.turn.set(0, 1, 0, 0),
      on: () => void (row.on = true),
      name: () => void (row.name = 'bax'),
      blob: () => void (row.blob = { n: [1, 0, 2.25], s: 'a', none: null }),
      bag: () => void (row.bag.at(0)!.what = 'wood'),
      pairs: () => void row.pairs.delete(1),
      fuel: () => void (row.fuel = 0.33331),
      code: () => void (row.code = ''),
    };
    const declared = plan.fields.filter(({ spec, index }) => index > 1 && spec.scope !== 'server');
    expect(Object.keys(changes).sort()).toEqual(declared.map(({ name }) => name).sort());
    for (const [name, change] of Object.entries(changes)) {
      const before = [rowDigest(live, 1), ownDigest(live, 1, live.exact)];
      change();
      stage.send();
      const bit = 1 << plan.byName.get(name)!.index;
      const counts = [(kinds[0].sharedMask & bit) !== 0, (plan.ownMask & bit) !== 0];
      const changed = [
        rowDigest(live, 1) !== before[0],
        ownDigest(live, 1, live.exact) !== before[1],
      ];
      expect([name, ...changed]).toEqual([name, ...counts]);
    }
  });

  test('[D1] a map counts in whatever order, a list in its own', () => {
    const { held } = told();
    const [pairs, bag] = ['pairs', 'bag'].map((name) => held.plan.byName.get(name)!.object);
    const before = rowDigest(held, 1);
    held.objects[pairs][1] = new Map(
      [...(held.objects[pairs][1] as Map<number, unknown>)].reverse(),
    );
    expect(rowDigest(held, 1)).toBe(before);
    const one = (held.objects[bag][1] as readonly object[])[0];
    const two = { ...one, what: 'wood' };
    held.objects[bag][1] = [one, two];
    const either = rowDigest(held, 1);
    held.objects[bag][1] = [two, one];
    expect(rowDigest(held, 1)).not.toBe(either);
  });
});

describe('frames', () => {
  function opened(write: (out: MsgpackWriter) => void): MsgpackReader {
    const out = new MsgpackWriter();
    write(out);
    const reader = new MsgpackReader();
    reader.reset(out.bytes().slice());
    readFrame(reader, { elements: 0 });
    return reader;
  }

  test('keep what they carry', () => {
    const digest = { tick: 70_000, sums: Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1) };
    expect(
      readDigest(
        opened((out) => writeDigest(out, digest)),
        4,
      ),
    ).toEqual(digest);
    for (const finding of [undefined, '', 'ship 1.x: \u{1F680}']) {
      const report = { tick: 9, part: 255, finding };
      expect(readReport(opened((out) => writeReport(out, report)))).toEqual(report);
    }
    const listing = { tick: 9, part: 2, rows: '[[1,0,[3]]]', cut: true };
    expect(readListing(opened((out) => writeListing(out, listing)))).toEqual(listing);
  });

  test('are refused with another number of sums, and where a text is too long', () => {
    const digest = opened((out) => writeDigest(out, { tick: 1, sums: new Int32Array(3) }));
    expect(() => readDigest(digest, 4)).toThrow(ProtocolError);
    const finding = 'x'.repeat(MAX_FINDING_CHARS * 4);
    const report = opened((out) => writeReport(out, { tick: 1, part: 0, finding }));
    expect(readReport(report).finding).toHaveLength(MAX_FINDING_CHARS);
    const rows = 'x'.repeat(MAX_LISTING_BYTES + 1);
    const listing = opened((out) => writeListing(out, { tick: 1, part: 0, rows, cut: false }));
    expect(() => readListing(listing)).toThrow(ProtocolError);
  });
});
