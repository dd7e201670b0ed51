// The cases of values: every type of field, in both spellings, and the own part of a seat.
import {
  angle,
  bool,
  both,
  choice,
  entity,
  fixed,
  int,
  list,
  map,
  OWN,
  packed,
  quat,
  record,
  SECRET,
  spawn,
  text,
  vec2,
  vec3,
} from './fields.ts';
import type { Case } from './vectors.ts';

const typed = {
  tickRate: 30,
  state: { wind: vec2(-1, 1, 1 / 64), over: bool(), best: entity('thing') },
  entities: {
    thing: {
      tiny: int(-3, 12),
      sixteen: int(0, 16),
      wide: int(-(2 ** 50), 2 ** 50),
      seventh: fixed(0, 10, 1 / 7, { default: 0.33 }),
      turn: angle(8),
      coarse: angle(2),
      on: bool({ default: true }),
      mode: choice(['idle', 'fast', 'dead'], { default: 'fast' }),
      alone: choice(['only']),
      target: entity('thing'),
      aim: vec2(-8, 8, 1 / 32),
      at: vec3(-500, 500, 1 / 8, { default: { x: 1, y: 2, z: 3 } }),
      look: quat(9),
      rough: quat(3),
      hidden: int(0, 9, SECRET),
    },
  },
};

const VALUES: Case[] = [
  ...both({
    name: 'every type of number',
    seat: 1,
    game: typed,
    script: {
      steps: [
        { acts: [spawn('thing'), spawn('thing', { tiny: 12, sixteen: 16, wide: -1, coarse: 3 })] },
        {
          acts: [
            {
              set: 1,
              to: {
                tiny: -3,
                sixteen: 15,
                wide: 2 ** 50,
                seventh: 9.9,
                turn: -3.1,
                coarse: 1.6,
                on: false,
                mode: 'dead',
                target: 2,
                hidden: 4,
              },
            },
            { set: 0, to: { wind: { x: 0.5, y: -1 }, best: 1 } },
          ],
        },
        {
          acts: [
            { set: 1, to: { aim: { x: -8, y: 0.03125 }, at: { x: 1, y: 2, z: -3 } } },
            { set: 2, to: { look: { x: 0.1, y: -0.9, z: 0.3, w: 0.2 }, wide: 12_345_678_901 } },
            { set: 0, to: { over: true } },
          ],
        },
        {
          acts: [
            { set: 1, to: { seventh: 99, tiny: 99, rough: { x: 1, y: 1, z: 1, w: 1 } } },
            { set: 2, to: { look: { x: 0.1, y: -0.9, z: 0.31, w: 0.2 }, wide: -12_345_678_901 } },
          ],
          skip: true,
        },
        { acts: [{ set: 2, to: { mode: 'idle', turn: 3.14, target: 4_000_000_000 } }] },
        { acts: [{ set: 2, to: { wide: 12_345_678_901, turn: -3.14 } }, { teleport: 1 }] },
        { acts: [{ set: 0, to: { wind: { x: 0.5, y: 0 } } }, { teleport: 1 }, { teleport: 2 }] },
      ],
    },
  }),
  ...both({
    name: 'texts and free values',
    seat: 1,
    game: {
      tickRate: 20,
      state: { title: text(40), extra: packed(200) },
      entities: { sign: { words: text(12, { default: 'nobody' }), blob: packed(120) } },
    },
    script: {
      steps: [
        {
          acts: [spawn('sign'), spawn('sign', { words: '' }), spawn('sign', { words: 'abc 09~' })],
        },
        {
          acts: [
            { set: 1, to: { words: 'd\u00e9j\u00e0 vu' } },
            { set: 0, to: { title: 'Round \u2116 1' } },
          ],
        },
        { acts: [{ set: 2, to: { words: 'cut here: \u{1F680}\u{1F680}' } }] },
        { acts: [{ set: 3, to: { words: '\u0000\u007f\ufeff\uffff' } }], skip: true },
        { acts: [{ set: 1, to: { blob: { n: -1, s: ['x', null, true], f: 0.1 } } }] },
        {
          acts: [
            { set: 2, to: { blob: 4_294_967_296 } },
            { set: 0, to: { extra: [[[], {}], ''] } },
          ],
        },
        {
          acts: [
            { set: 1, to: { blob: null } },
            { set: 0, to: { title: '' } },
          ],
        },
      ],
    },
  }),
  ...both({
    name: 'collections',
    seat: 1,
    game: {
      tickRate: 20,
      state: { scores: map(entity('box'), int(-99, 9999), 12), feed: list(text(12), 3) },
      entities: {
        box: {
          bag: list(int(0, 255), 6),
          notes: map(text(4), list(bool(), 4), 3),
          gear: record({ level: int(1, 9), look: quat(7), spare: list(vec2(0, 1, 1 / 8), 3) }),
          shelves: list(
            record({ name: text(4), stock: map(int(0, 9), record({ hp: int(0, 99) }), 4) }),
            3,
          ),
        },
      },
    },
    script: {
      steps: [
        {
          acts: [
            spawn('box'),
            spawn('box', {
              bag: [1, 200, 3],
              notes: [['a', [true]]],
              shelves: [{ name: 'top', stock: [[3, { hp: 5 }]] }, { name: 'low' }],
            }),
          ],
        },
        {
          acts: [
            { call: 2, path: ['bag'], method: 'set', args: [1, 201] },
            { call: 2, path: ['bag'], method: 'push', args: [9, 8] },
            { call: 2, path: ['notes'], method: 'set', args: ['b', [false, true]] },
            { call: 1, path: ['gear'], method: '=', args: ['level', 7] },
            { call: 0, path: ['scores'], method: 'set', args: [2, -5] },
            { call: 0, path: ['feed'], method: 'push', args: ['hello'] },
          ],
        },
        {
          acts: [
            { call: 2, path: ['notes', 'a'], method: 'push', args: [false] },
            { call: 2, path: ['notes'], method: 'delete', args: ['b'] },
            { call: 2, path: ['shelves', 0, 'stock', 3], method: '=', args: ['hp', 6] },
            { call: 2, path: ['shelves', 1, 'stock'], method: 'set', args: [0, { hp: 1 }] },
          ],
        },
        { acts: [{ call: 2, path: ['bag'], method: 'remove', args: [0] }], skip: true },
        {
          acts: [
            { call: 2, path: ['notes'], method: 'delete', args: ['a'] },
            { call: 2, path: ['notes'], method: 'set', args: ['\u00e9', []] },
            { call: 1, path: ['gear', 'spare'], method: 'push', args: [{ x: 1, y: 0.5 }] },
            { call: 1, path: ['gear'], method: '=', args: ['look', { x: 0, y: 1, z: 0, w: 0 }] },
          ],
        },
        {
          acts: [
            { call: 2, path: ['bag'], method: 'clear', args: [] },
            { call: 2, path: ['shelves'], method: 'insert', args: [0, { name: 'new' }] },
            { call: 0, path: ['scores'], method: 'set', args: [1, 9999] },
            { call: 0, path: ['scores'], method: 'delete', args: [2] },
          ],
        },
      ],
    },
  }),
];

const ship = {
  tickRate: 20,
  entities: {
    ship: {
      x: fixed(-500, 500, 1 / 16),
      heading: angle(8),
      turn: quat(9),
      on: bool(),
      ammo: int(0, 63, { ...OWN, default: 5 }),
      spin: angle(6, OWN),
      pin: text(8, OWN),
      cloak: int(0, 3, SECRET),
      hold: list(record({ cut: choice(['raw', 'round']), by: text(6) }), 3, OWN),
      name: text(8),
    },
    crate: {
      sort: choice(['wood', 'iron']),
      code: int(-5, 9999, OWN),
      tilt: quat(5, OWN),
      locks: map(int(0, 9), fixed(0, 9, 1 / 8), 3, OWN),
      blob: packed(40, OWN),
    },
    sign: { words: text(8) },
  },
  steps: ['ship'],
};

const owned = {
  steps: [
    {
      acts: [
        spawn('ship', { x: Math.PI, heading: 1, name: 'one', ammo: 60 }, 1),
        spawn('ship', { x: -1 / 3, pin: 'p\u00efn' }, 2),
        spawn('crate', { code: 17, locks: [[3, 1.5]] }, 1),
        spawn('sign', {}, 1),
      ],
    },
    {
      acts: [
        { set: 1, to: { x: 3.2, turn: { x: 0.1, y: 0.2, z: 0.3, w: 0.9 }, cloak: 2 } },
        { set: 2, to: { x: 1e-9, ammo: 3 } },
        { set: 3, to: { code: -5, tilt: { x: 0, y: 0, z: 0.7, w: 0.7 } } },
        { call: 1, path: ['hold'], method: 'push', args: [{ cut: 'round', by: 'me' }] },
      ],
    },
    {
      acts: [
        { set: 1, to: { spin: 3, on: true } },
        { set: 3, to: { blob: { a: 1 } } },
      ],
    },
    {
      acts: [
        { own: 2, seat: 1 },
        { own: 1, seat: 2 },
        { own: 3, seat: 2 },
      ],
    },
    {
      acts: [
        { set: 1, to: { x: 4.4444, pin: 'new' } },
        { set: 2, to: { x: 77.7, heading: -2 } },
        { call: 3, path: ['locks'], method: 'set', args: [4, 8] },
      ],
    },
    {
      acts: [
        { own: 1, seat: 1 },
        { own: 2, seat: 0 },
        { set: 4, to: { words: 'mine' } },
      ],
      skip: true as const,
    },
    {
      acts: [
        { set: 1, to: { x: 123.456 } },
        { own: 3, seat: 1 },
      ],
    },
    { acts: [{ set: 1, to: { x: 123.457 } }], ahead: [{ resync: true as const }] },
  ],
};

const OWNED: Case[] = [1, 2].flatMap((seat) =>
  both({ name: `owners that change, as seat ${seat} sees it`, seat, game: ship, script: owned }),
);

export const VALUE_CASES: readonly Case[] = [...VALUES, ...OWNED];
