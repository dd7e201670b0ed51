// What a directory is told that is back, while players come.
import { expect, test } from 'vitest';
import { Recovery, type RecoveryOptions } from './recovery.ts';

test('{S55} a player who sits down while the places are told is told as well', async () => {
  const places = ['first'];
  const taken: string[][] = [];
  const directory = {
    lock: async () => true,
    occupy: async (_: unknown, told: string[]) => {
      taken.push(told);
      // A ticket was redeemed before, and is answered now.
      if (taken.length === 1) places.push('second');
      return true;
    },
  };
  const room = { id: 'r', over: false, locked: false };
  const again: object[] = [];
  const recovery = new Recovery({
    directory,
    attendance: { again: (whose: object) => void again.push(whose) },
    shard: { rooms: new Map([[room.id, room]]), leaseOf: () => ({ id: 'r', epoch: 1 }) },
    seating: { recordsOf: () => places.map((place) => ({ place })) },
    signsBySecret: false,
  } as never as RecoveryOptions);
  await recovery.setRight();
  expect(taken).toEqual([['first'], ['first', 'second']]);
  // Where its users are as well.
  expect(again).toEqual([room]);
});
