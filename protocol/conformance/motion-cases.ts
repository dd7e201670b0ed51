// The cases of tracks by themselves, of motion that is one's own or out of sight, and of odds that
// TABLES gave.
import { by, course, run, spawned } from './courses.ts';
import { angle, fixed, inPacked, int, quat, SMOOTH, text, vec2, withOdds } from './fields.ts';
import type { Act, Case, Step } from './vectors.ts';

const walker = {
  tickRate: 20,
  entities: {
    walker: {
      x: fixed(-500, 500, 1 / 16, SMOOTH),
      y: fixed(-500, 500, 1 / 16, { smooth: { within: 3 } }),
      heading: angle(8, SMOOTH),
      grid: int(0, 20, SMOOTH),
      turn: quat(9, SMOOTH),
      hp: int(0, 100),
    },
  },
};

const BY_ITSELF: Case[] = [
  ...inPacked(
    withOdds({
      name: 'by itself: goes on, slows, jumps and turns around',
      seat: 1,
      game: walker,
      script: {
        steps: [
          spawned('walker', { x: 10 }),
          ...course({ x: run(11, 1, 4), heading: run(3, 0.1, 4) }),
          ...course({ x: [14.4, 14.7, 14.9, 15, 15, 15, 15.0625] }),
          ...course({ x: [400, 401, 402, 403], grid: [20, 18, 16, 14] }),
          ...course({ grid: [15, 17, 19, 20, 20], heading: [-3.1, -2.9, -2.7, 3, 2.8] }),
          ...course({ x: [403.1, 402.7, 403.5, 403.2], hp: [undefined, 3, undefined, 9] }),
          ...course({
            turn: [
              { x: 1, y: 0, z: 0, w: 0 },
              { x: 0.9, y: 0.1, z: 0, w: 0.1 },
            ],
          }),
          ...course({ x: [-500, -499, -498, -497], grid: [0, 4, 0, 20] }),
        ],
      },
    }),
  ),
  ...inPacked({
    name: 'by itself: within three steps, seen late, and after a rest',
    seat: 1,
    game: walker,
    script: {
      stepsBefore: 4,
      steps: [
        spawned('walker', { y: 10 }),
        ...course({ y: [10.1, 10.2, 10.3, 10.5, 10.8, 11.2, 11.7, 12.3], x: run(0, 2, 8) }),
        ...course({ y: run(13, 0.6, 4) }).map((step, i) =>
          i < 2 ? { ...step, skip: true as const } : step,
        ),
        {},
        {},
        {},
        ...course({ y: [15, 15.5, 16, 16.5], x: [20, 23, 26, 29] }),
        { ahead: [{ resync: true as const }] },
        ...course({ y: [17.25], x: [32] }),
      ],
    },
  }),
];

const racer = {
  tickRate: 20,
  entities: {
    racer: {
      at: vec2(-100, 100, 1 / 8, by('speed')),
      speed: vec2(-20, 20, 1 / 2),
      z: fixed(0, 50, 1 / 4, SMOOTH),
      name: text(8),
    },
  },
  steps: ['racer'],
};

const lap = {
  steps: [
    spawned('racer', { speed: { x: 3.3, y: 0 }, name: 'mine' }, 1),
    ...course({
      at: [
        { x: 0.17, y: 0 },
        { x: 0.33, y: 0.01 },
        { x: 0.5, y: 0.4 },
      ],
      z: run(1, 1, 3),
    }),
    { acts: [{ spawn: 'racer', owner: 2 }] },
    ...course({ at: [{ x: 0.9, y: 0.4 }], z: [4.1] }),
    {
      acts: [
        { own: 1, seat: 2 },
        { own: 2, seat: 1 },
      ],
    },
    ...course({
      at: [
        { x: 1.2, y: 0.4 },
        { x: 1.6, y: 0.4 },
      ],
      z: [5, 6, 6],
    }),
    {
      acts: [
        { own: 2, seat: 0 },
        { set: 2, to: { at: { x: 7.77, y: -7.77 } } },
      ],
    },
    {},
  ],
};

const HIDDEN: Case[] = [
  ...inPacked({
    name: 'motion of one\u2019s own is followed unseen',
    seat: 1,
    game: racer,
    script: lap,
  }),
  ...inPacked(
    withOdds({
      name: 'moving rows out of sight, held back, and in step again',
      seat: 1,
      game: walker,
      script: {
        sight: true,
        steps: [
          {
            acts: [spawned('walker', { x: 1 }), spawned('walker', { x: 2 })].flatMap((s) => [
              ...s.acts!,
            ]),
          },
          ...pairs([2, 3, 4, 5], [4, 6, 8, 10]),
          { acts: [{ defer: [1] }, ...moves(7, 12)] },
          ...pairs([9, 11], [14, 16]),
          { acts: [{ defer: [] }, { hide: [2] }, ...moves(13, 18)] },
          ...pairs([15, 17], [20, 22]),
          { acts: [{ hide: [] }, ...moves(19, 24)] },
          ...pairs([21], [26]),
          { acts: [{ defer: [1, 2] }, ...moves(23.5, 27)], skip: true },
          { acts: [...moves(25, 28)] },
          { acts: [{ defer: [2] }, ...moves(26, 29)] },
          { acts: [{ defer: [] }, ...moves(27, 30)] },
          ...pairs([28], [31]),
        ],
      },
    }),
  ),
];

const drifter = {
  tickRate: 20,
  entities: {
    drifter: {
      x: fixed(-500, 500, 1 / 16, { smooth: { by: 'vx', far: 24 } }),
      vx: fixed(-40, 40, 1 / 16),
      heading: angle(8, { smooth: { far: 12 } }),
      hp: int(0, 100),
    },
  },
};

/**
 * What a row's velocity says, and where it is: now and then off by more than who is far may see.
 */
function drift(id: number, x: number, vx: number, heading = 0): Act {
  return { set: id, to: { x, vx, heading } };
}

const FAR: Case[] = inPacked(
  withOdds({
    name: 'rows that are far, and near again, on tracks of their own',
    seat: 1,
    game: drifter,
    script: {
      sight: true,
      steps: [
        { acts: [...spawned('drifter', {}).acts!, ...spawned('drifter', {}).acts!] },
        { acts: [{ far: [2] }, drift(1, 1, 20), drift(2, 1, 20, 0.5)] },
        { acts: [drift(1, 2, 20), drift(2, 1.5, 10, 0.6)] },
        { acts: [drift(1, 2.5, 10), drift(2, 1.75, 5, 0.7), { set: 2, to: { hp: 5 } }] },
        { acts: [drift(1, 3, 10), drift(2, 2, 5, 0.8)] },
        { acts: [{ far: [1, 2] }, drift(1, 3.5, 10), drift(2, 2.25, 5)] },
        { acts: [{ far: [1] }, drift(1, 3.4, -2), drift(2, 2.5, 5)] },
        { acts: [{ defer: [1] }, { far: [] }, drift(1, 3.3, -2), drift(2, 2.75, 5)] },
        { acts: [{ defer: [] }, drift(1, 3.2, -2), drift(2, 3, 5)] },
        { acts: [{ far: [1, 2] }, drift(2, 3.25, 5)], skip: true },
        { acts: [drift(1, 3, -2), drift(2, 3.5, 5)] },
        { acts: [{ far: [] }] },
        { acts: [drift(1, 2.9, -2), drift(2, 3.75, 5)] },
      ],
    },
  }),
);

function moves(first: number, second: number): Act[] {
  return [
    { set: 1, to: { x: first } },
    { set: 2, to: { x: second } },
  ];
}

function pairs(first: readonly number[], second: readonly number[]): Step[] {
  return first.map((x, i) => ({ acts: moves(x, second[i]) }));
}

const ODDS: Case[] = [
  ...inPacked({
    name: 'odds that TABLES gives, on the declaration\u2019s and on the version before',
    seat: 1,
    game: walker,
    script: {
      steps: [
        {
          ahead: [{ tables: 1, share: 0.15, onto: 'first' }],
          ...spawned('walker', { x: 5, hp: 7 }),
        },
        ...course({ x: [6, 7, 8.1], hp: [undefined, 8] }),
        {
          ahead: [{ tables: 2, share: 0.04, onto: 'newest' }],
          ...spawned('walker', { heading: 1 }),
        },
        ...course({ x: [9, 10.5, 11], heading: [0.3] }),
        { ahead: [{ tables: 3, share: 0.01, onto: 'newest' }] },
        ...course({ x: [30], turn: [{ x: 0.6, y: 0, z: 0, w: 0.8 }] }),
        { ahead: [{ tables: 4, share: 0.1, onto: 'first' }, { resync: true as const }] },
        ...course({ x: [31, 32, 33] }),
      ],
    },
  }),
];

export const MOTION_CASES: readonly Case[] = [...BY_ITSELF, ...HIDDEN, ...FAR, ...ODDS];
