// The cases of known sets: who arrives, changes, leaves, is out of sight, and is told of late.
import { both, inPacked, int, SMALL, spawn, text } from './fields.ts';
import type { Case } from './vectors.ts';

const manyCrates = Array.from({ length: 16 }, (_, i) => spawn('crate', { weight: i * 33 }));

/** The path of the letter a down the tree of a text's units (PROTOCOL.md 8.2, 8.3). */
const PATH_OF_A = [...'1100001'].map((_, i, bits) => {
  const node = Number.parseInt(`1${bits.slice(0, i).join('')}`, 2);
  return [16 + node - 1, Number(bits[i]) as 0 | 1] as const;
});

export const SET_CASES: readonly Case[] = [
  ...both({
    name: 'slots left and used again',
    seat: 1,
    game: { ...SMALL, entities: { ...SMALL.entities, mark: {}, sign: { words: text(8) } } },
    script: {
      steps: [
        { acts: [spawn('crate', { hp: 1 }), spawn('mark'), spawn('sign', { words: 'one' })] },
        { acts: [{ despawn: 2 }] },
        { acts: [spawn('sign', { words: 'two' }), { set: 1, to: { hp: 2 } }] },
        { acts: [{ despawn: 1 }, { despawn: 3 }, spawn('crate'), spawn('crate', { hp: 10 })] },
        { acts: [spawn('mark'), { set: 5, to: { weight: 1000 } }] },
      ],
    },
  }),
  ...both({
    name: 'few and many of sixteen',
    seat: 1,
    game: SMALL,
    script: {
      steps: [
        { acts: manyCrates },
        { acts: [{ set: 13, to: { hp: 4 } }] },
        { acts: manyCrates.map((_, i) => ({ set: i + 1, to: { weight: i * 33 + (i % 7) } })) },
        { acts: [4, 5, 6, 7, 15].map((id) => ({ despawn: id })) },
        { acts: [spawn('crate', { hp: 9 })] },
        { acts: Array.from({ length: 12 }, (_, i) => spawn('crate', { hp: i % 10 })) },
        {
          acts: manyCrates.slice(8).flatMap((_, i) => (i === 6 ? [] : [{ despawn: i + 9 }])),
        },
      ],
    },
  }),
  ...both({
    name: 'skipped, told late, and told everything',
    seat: 1,
    game: { ...SMALL, state: { round: int(0, 7), note: text(12, { default: 'go' }) } },
    script: {
      stepsBefore: 2,
      ticksBefore: 3,
      steps: [
        { acts: [spawn('crate', { hp: 1 }), spawn('crate', { weight: 9 })] },
        {
          acts: [
            { set: 1, to: { hp: 5 } },
            { set: 0, to: { round: 3 } },
          ],
        },
        {},
        { acts: [{ set: 2, to: { hp: 7 } }], skip: true },
        {
          acts: [{ despawn: 1 }, spawn('crate', { hp: 8 }), { set: 0, to: { note: 'on' } }],
          skip: true,
        },
        { acts: [{ set: 2, to: { weight: 10 } }] },
        { acts: [spawn('crate'), { set: 3, to: { hp: 9 } }], skip: true },
        { acts: [{ set: 0, to: { round: 7 } }], ahead: [{ resync: true }] },
        { acts: [{ set: 2, to: { hp: 0 } }] },
      ],
    },
  }),
  ...both({
    name: 'every other tick',
    seat: 1,
    game: { ...SMALL, state: { round: int(0, 7) } },
    script: {
      sendEvery: 2,
      ticksBefore: 1,
      steps: [
        { acts: [spawn('crate', { hp: 1 })] },
        { acts: [{ set: 1, to: { weight: 3 } }] },
        { skip: true },
        {
          acts: [
            { set: 1, to: { weight: 4 } },
            { set: 0, to: { round: 1 } },
          ],
        },
        {
          acts: [
            { set: 1, to: { weight: 5 } },
            { set: 0, to: { round: 6 } },
          ],
        },
      ],
    },
  }),
  ...inPacked({
    name: 'changed after a while',
    seat: 1,
    game: SMALL,
    script: {
      stepsBefore: 67,
      steps: Array.from({ length: 100 }, (_, i) =>
        i === 0
          ? { acts: [spawn('crate'), spawn('crate', { hp: 2 })] }
          : [1, 4, 9, 26, 28, 33].includes(i - 66)
            ? { acts: [{ set: 1, to: { weight: i } }] }
            : i === 88
              ? { acts: [{ set: 2, to: { hp: 3 } }] }
              : {},
      ),
    },
  }),
  ...inPacked({
    name: 'more answers than its bytes allow',
    seat: 1,
    game: { ...SMALL, entities: { ...SMALL.entities, sign: { words: text(400) } } },
    script: {
      steps: [
        { acts: [spawn('sign')] },
        { ahead: [{ sure: PATH_OF_A }], acts: [{ set: 1, to: { words: 'a'.repeat(300) } }] },
        { acts: [{ set: 1, to: { words: 'a'.repeat(170) } }] },
        { acts: [{ set: 1, to: { words: 'a'.repeat(9) } }] },
        { acts: [{ set: 1, to: { words: 'b'.repeat(20) } }] },
      ],
    },
  }),
  ...both({
    name: 'out of sight, held back, and again',
    seat: 1,
    game: SMALL,
    script: {
      sight: true,
      steps: [
        { acts: [1, 2, 3, 4, 5].map((hp) => spawn('crate', { hp })) },
        { acts: [{ hide: [2, 4] }, { set: 3, to: { hp: 8 } }] },
        {
          acts: [
            { defer: [1, 3] },
            ...[1, 2, 3, 5].map((id) => ({ set: id, to: { weight: id * 7 } })),
            { despawn: 5 },
          ],
        },
        { acts: [{ hide: [4] }, { set: 3, to: { weight: 22 } }] },
        { acts: [{ defer: [3] }, { set: 1, to: { hp: 2 } }, spawn('crate'), spawn('crate')] },
        {
          acts: [{ defer: [7, 3] }, { hide: [] }, spawn('crate'), { set: 3, to: { hp: 9 } }],
          skip: true,
        },
        {},
        { acts: [{ defer: [] }] },
        { acts: [1, 3, 7].map((id) => ({ set: id, to: { hp: 10 } })) },
      ],
    },
  }),
];
