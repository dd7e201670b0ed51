// What a directory is told that is back, while players come.
import { expect, test } from 'vitest';
import { Recovery, type RecoveryOptions } from './recovery.ts';

const leaseOf = () => ({ id: 'r', epoch: 1 });

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
    shard: { rooms: new Map([[room.id, room]]), leaseOf, mayBeLocked: () => false },
    seating: { recordsOf: () => places.map((place) => ({ place })) },
    signsBySecret: false,
  } as never as RecoveryOptions);
  await recovery.setRight();
  expect(taken).toEqual([['first'], ['first', 'second']]);
  // Where its users are as well.
  expect(again).toEqual([room]);
});

test('{S55} of rooms that were never locked only forgotten ones are told', async () => {
  const rooms = ['never', 'was', 'is'].map((id) => ({ id, over: false, locked: id === 'is' }));
  const told: string[] = [];
  const lease = leaseOf();
  const recovery = new Recovery({
    directory: {
      claim: async () => ({ won: true, epoch: 2 }),
      occupy: async () => true,
      async lock(_: unknown, locked: boolean) {
        told.push(locked ? 'locked' : 'open');
        return true;
      },
    },
    attendance: { again() {} },
    shard: {
      rooms: new Map(rooms.map((room) => [room.id, room])),
      leaseOf: () => lease,
      factsOf: () => ({}),
      hold: () => true,
      mayBeLocked: ({ id }: { id: string }) => id !== 'never',
    },
    seating: { recordsOf: () => [], unsaved: new Set() },
    log: { warn() {} },
    tally: {},
    signsBySecret: false,
  } as never as RecoveryOptions);
  await recovery.setRight();
  expect(told).toEqual(['open', 'locked']);
  // What the directory has of it now is older than the room knows.
  lease.id = 'never';
  expect(await recovery.takeBack(lease)).toBe(true);
  expect(told).toEqual(['open', 'locked', 'open']);
});
