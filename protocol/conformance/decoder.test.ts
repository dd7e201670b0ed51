// The worked example of PROTOCOL.md (section 16), decoded by the second implementation.
// The bytes are the document's; the vectors' suite feeds the decoder everything else.

import { describe, expect, test } from 'vitest';
import type { Game } from './decoder.ts';
import { Connection, decodeConnection, Refused } from './decoder.ts';
import { plansOf, SIZES } from './game.ts';
import type { Row } from './rows.ts';
import { startRow } from './rows.ts';
import { coast } from './tracks.ts';

const GAME: Game = {
  tickRate: 20,
  kinds: [
    {
      name: 'ship',
      fields: [
        { name: 'x', type: 'fixed', min: 0, max: 100, step: 0.25, smooth: true, by: 'vx' },
        { name: 'vx', type: 'fixed', min: -8, max: 8, step: 1 },
        { name: 'hp', type: 'int', min: 0, max: 10 },
      ],
    },
  ],
  state: [{ name: 'round', type: 'int', min: 0, max: 7 }],
  input: [],
  events: [],
  commands: [],
};

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.trim().split(/\s+/), (pair) => Number.parseInt(pair, 16));
}

// Seat 1, tick 0, sendEvery 1, packed; all texts empty.
const WELCOME = bytes('98 01 01 00 a0 00 a0 01 c3');
const TICK_1 = bytes('96 02 fe 01 cc 80 00 c4 06 13 0a 37 b4 21 56');
const NOTHING_1 = bytes('95 02 01 01 cc 80 00');
const TICK_4 = bytes('96 02 01 01 cc 80 00 c4 03 d3 6e 8e');
const TABLES = bytes('94 0a 01 00 c4 0c ff ff ff ff ff ff ff ff ff ff ce 31');
const EXAMPLE = [WELCOME, TICK_1, NOTHING_1, NOTHING_1, TICK_4];

describe('the example of the protocol', () => {
  test('its contexts are those of the table', () => {
    const { kinds, state } = plansOf(GAME);
    const rows = [...kinds[0]!.fields, ...state.fields];
    expect(rows.map(({ field, F, V, D }) => [field.name, F, V, ...D])).toEqual([
      ['owner', 1179, 1185, 1217],
      ['epoch', 1252, 1258, 1274],
      ['vx', 1293, 1299, 1307],
      ['x', 1318, 1324, 1340],
      ['hp', 1549, 1555, 1571],
      ['round', 1601, 1607, 1615],
    ]);
    const [track] = kinds[0]!.fields[3]!.tracks;
    expect(track).toMatchObject({ T: 1359, velocity: { scale: 51.2, most: 27, nudge: 3 } });
  });

  test('[S3] [T1] its four STATEs say what the text says', () => {
    const { states } = decodeConnection(GAME, EXAMPLE);
    const ship = { slot: 0, kind: 'ship', id: 7, owner: 0, epoch: 0, behind: false, own: {} };
    const at = (tick: number, x: number, hp: number) => ({
      tick,
      everything: tick === 1,
      inTime: 1,
      margin: 128,
      sentAt: 0,
      entities: [{ ...ship, fields: { vx: 11, x, hp } }],
      state: { round: 0 },
    });
    expect(states).toEqual([at(1, 40, 9), at(2, 41, 9), at(3, 41, 9), at(4, 44, 8)]);
  });

  test('[K5] TABLES change the odds of the STATE that follows', () => {
    const connection = new Connection(GAME);
    for (const frame of EXAMPLE.slice(0, 4)) connection.read(frame);
    expect(SIZES[49]).toBe(682);
    connection.read(TABLES);
    let shown: unknown;
    try {
      shown = connection.read(TICK_4)?.entities[0]?.fields;
    } catch (error) {
      expect(error).toBeInstanceOf(Refused);
    }
    expect(shown).not.toEqual({ vx: 11, x: 44, hp: 8 });
  });
});

describe('bytes that are not those of the example', () => {
  test('[K3] every cut and every longer body is refused', () => {
    for (let length = 0; length < TICK_1.length; length += 1) {
      const cut = TICK_1.slice(0, length);
      if (length > 9) cut[8] = length - 9;
      expect(() => decodeConnection(GAME, [WELCOME, cut])).toThrow(Refused);
    }
    const longer = Uint8Array.from([...TICK_1, 0]);
    longer[8] = 7;
    expect(() => decodeConnection(GAME, [WELCOME, longer])).toThrow(Refused);
  });

  test('[K4] [F4] any damage ends in an answer or in a refusal', () => {
    for (const [at, frame] of EXAMPLE.entries()) {
      for (let i = 0; i < frame.length * 256; i += 1) {
        const damaged = Uint8Array.from(frame);
        damaged[Math.floor(i / 256)] = i % 256;
        try {
          decodeConnection(GAME, EXAMPLE.with(at, damaged));
        } catch (error) {
          expect(error).toBeInstanceOf(Refused);
        }
      }
    }
  });
});

describe('rows that are not named', () => {
  const fields: Game['state'] = [
    { name: 'spin', type: 'angle', bits: 5 },
    { name: 'speed', type: 'int', min: -300, max: 300 },
    { name: 'by', type: 'int', min: 0, max: 4000, smooth: true, by: 'speed' },
    { name: 'turned', type: 'angle', bits: 6, smooth: true, by: 'spin' },
    { name: 'own', type: 'int', min: 0, max: 4000, smooth: true },
    { name: 'way', type: 'angle', bits: 6, smooth: true },
  ];
  const [plan] = plansOf({ ...GAME, kinds: [{ name: 'mover', fields }] }).kinds;

  /** A row with tracks in any state, from a small seeded generator. */
  function anyRow(seed: number): Row {
    let state = seed;
    const upTo = (most: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor(state / 256) % (most + 1);
    };
    const row = startRow(plan!, 0, 1);
    for (const [position, tracks] of row.tracks.entries()) {
      for (const track of tracks) {
        const { levels } = track.plan.shape;
        track.held = upTo(levels);
        row.values[position] = [track.held];
        track.rate = upTo(2 * levels) - levels;
        if (upTo(1) === 1) track.rate = upTo(6) - 3;
        if (track.by === 'itself') track.trust = upTo(3);
        else {
          track.place = track.held * 256 + upTo(255) - 128;
          track.bias = upTo(20) - 10;
        }
      }
    }
    return row;
  }

  test('[T2] go as far in one STATE after several ticks as in several', () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const [once, often] = [anyRow(seed), anyRow(seed)];
      const n = 1 + (seed % 150);
      coast(once, n, n);
      for (let i = 0; i < n; i += 1) coast(often, 1, 1);
      for (const track of [...once.tracks, ...often.tracks].flat()) {
        // The same place on a circle may be told by two numbers.
        const circle = (track.plan.shape.levels + 1) * 256;
        if (track.by === 'velocity') track.place = ((track.place % circle) + circle) % circle;
      }
      expect(once, `seed ${seed}`).toEqual(often);
    }
  });

  test('[F4] take no longer for a STATE that stands for billions', () => {
    for (let seed = 1; seed <= 200; seed += 1) coast(anyRow(seed), 2 ** 32 - 1, 2 ** 32 - 1);
  });
});
