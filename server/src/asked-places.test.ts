// What becomes of a place that the directory was told of before it was given.
import { beforeEach, expect, test } from 'vitest';
import { AskedPlaces } from './asked-places.ts';
import type { GameRoom } from './room.ts';

const room = {} as GameRoom;
const NOBODY = new Set<string>();
let freed: string[];
let places: AskedPlaces;

beforeEach(() => {
  freed = [];
  places = new AskedPlaces((_, place) => void freed.push(place));
});

const ANSWERS: readonly [string, () => Promise<string>, string[]][] = [
  ['given', async () => 'yes', []],
  ['refused', async () => 'no', ['p1']],
  ['not answered', () => Promise.reject(new Error('late')), ['p1']],
];

test.each(ANSWERS)('one that was told and is %s', async (_, answer, free) => {
  const asked = places.ask(room, 'p1', answer(), (given) => given === 'yes');
  expect(places.tell(room, NOBODY)).toEqual(['p1']);
  await asked.catch(() => {});
  expect([freed, places.size]).toEqual([free, 0]);
  expect(places.tell(room, NOBODY)).toEqual([]);
});

test('one that was not told is nobody’s to free', async () => {
  await places.ask(room, 'p1', Promise.resolve('no'), () => false);
  await expect(places.ask(room, 'p1', Promise.reject(new Error('late')))).rejects.toThrow('late');
  expect(freed).toEqual([]);
});

test('a place that somebody sits in is not freed by a second ticket for it', async () => {
  const asked = places.ask(room, 'p1', Promise.resolve('spent'), () => false);
  expect(places.tell(room, new Set(['p1']))).toEqual([]);
  await asked;
  expect(freed).toEqual([]);
});
