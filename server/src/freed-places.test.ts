// What a directory is told of places that are nobody's, where it is late or does not answer.
import { beforeEach, expect, test } from 'vitest';
import { DirectoryError } from './directory.ts';
import { FreedPlaces } from './freed-places.ts';
import type { GameRoom } from './room.ts';

let told: (readonly string[])[];
let isAway: boolean;
let isLate: boolean;
let freed: FreedPlaces;
const room = { over: false } as { over: boolean } as GameRoom & { over: boolean };

beforeEach(() => {
  told = [];
  isAway = isLate = room.over = false;
  const leave = async (_: unknown, places: readonly string[]) => {
    told.push(places);
    if (isAway) throw new DirectoryError('unreachable', 'it is gone');
    return true;
  };
  const shard = { leaseOf: () => ({ id: 'r', epoch: 1 }) };
  freed = new FreedPlaces({ shard, directory: { leave }, isLate: () => isLate });
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('it is told at once, and of a place until it knows', async () => {
  freed.add(room, ['1']);
  expect([told, freed.has(room, '1')]).toEqual([[['1']], true]);
  await settled();
  expect(freed.has(room, '1')).toBe(false);
  isLate = true;
  freed.add(room, ['2', '3']);
  isLate = false;
  // Who makes room for himself asks for it right after this.
  freed.add(room, ['4']);
  expect(told.at(-1)).toEqual(['4']);
  freed.sweep();
  await settled();
  expect([told.slice(2), freed.countOf(room)]).toEqual([[['2', '3']], 0]);
});

test('it is told again while it does not answer, each place once', async () => {
  isAway = true;
  for (const place of ['1', '2', '1']) freed.add(room, [place]);
  await settled();
  for (let sweep = 0; sweep < 3; sweep++) {
    freed.sweep();
    await settled();
  }
  expect(told.slice(3)).toEqual(Array(3).fill(['1', '2']));
  expect([freed.countOf(room), freed.has(room, '2')]).toEqual([2, true]);
  isAway = false;
  freed.sweep();
  await settled();
  expect(freed.countOf(room)).toBe(0);
});

test('nothing is kept of a room that is over', async () => {
  isAway = true;
  freed.add(room, ['1']);
  await settled();
  room.over = true;
  freed.sweep();
  await settled();
  freed.sweep();
  await settled();
  expect([told.length, freed.countOf(room)]).toEqual([1, 0]);
});
