// What a directory is told that is back, while players come.
import { beforeEach, describe, expect, test } from 'vitest';
import { AskedPlaces } from './asked-places.ts';
import type { Lease } from './directory.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { Recovery, type RecoveryOptions } from './recovery.ts';
import type { GameRoom } from './room.ts';

const leaseOf = () => ({ id: 'r', epoch: 1 });

describe('{S55} a player who is about to sit down while places are told', () => {
  const room = { id: 'r', over: false, locked: false } as GameRoom;
  const facts = { id: 'r', kind: 'field', build: '', seats: 2, match: '', hidden: false };
  const again: object[] = [];
  let directory: MemoryDirectory;
  let lease: Lease;
  let asked: AskedPlaces;
  let recovery: Recovery;
  let seated: string[];

  const promised = (seat: string) =>
    directory.reserve('r', [{ seat, identity: new Uint8Array(1) }], 60_000);

  beforeEach(async () => {
    directory = new MemoryDirectory({ leaseMs: 60_000, now: () => 1_000 });
    const claim = await directory.claim(facts, { shard: 'a', url: '' });
    lease = { id: 'r', epoch: claim.won ? claim.epoch : 0 };
    asked = new AskedPlaces((_, place) => void directory.leave(lease, [place]));
    seated = ['first'];
    again.length = 0;
    await directory.take(lease, 'first');
    recovery = new Recovery({
      directory,
      attendance: { again: (whose: object) => void again.push(whose) },
      shard: { rooms: new Map([['r', room]]), leaseOf: () => lease, mayBeLocked: () => false },
      seating: {
        recordsOf: () => seated.map((place) => ({ place })),
        placement: { asked },
      },
      signsBySecret: false,
    } as never as RecoveryOptions);
  });

  test('has his place, whenever the directory answers him', async () => {
    await promised('second');
    let answer = () => {};
    const slow = directory.redeem(lease, 'second').then(async (given) => {
      await new Promise<void>((resolve) => void (answer = resolve));
      return given;
    });
    const redeemed = asked.ask(room, 'second', slow);
    await recovery.setRight();
    expect(await promised('third')).toBe('full');
    answer();
    expect(await redeemed).toEqual(new Uint8Array(1));
    expect(await promised('third')).toBe('full');
    expect(again).toEqual([room]);
  });

  test('has it where he asks again, for the first answer was lost', async () => {
    await promised('second');
    await directory.redeem(lease, 'second');
    let again = () => {};
    const late = new Promise<void>((resolve) => void (again = resolve));
    const redeemed = asked.ask(
      room,
      'second',
      late.then(() => directory.redeem(lease, 'second', true)),
    );
    await recovery.setRight();
    again();
    expect(await redeemed).toEqual(new Uint8Array(1));
    expect(await promised('third')).toBe('full');
  });

  test('has it where he was answered in the same moment', async () => {
    await promised('second');
    await asked.ask(room, 'second', directory.redeem(lease, 'second'));
    const told = recovery.setRight();
    for (let hop = 0; hop < 20; hop++) await undefined;
    seated.push('second');
    await told;
    expect(await promised('third')).toBe('full');
  });

  test('leaves it free where the directory does not give it', async () => {
    let refuse = () => {};
    const slow = new Promise<'full'>((resolve) => void (refuse = () => resolve('full')));
    const taken = asked.ask(room, 'second', slow, () => false);
    await recovery.setRight();
    expect(await promised('third')).toBe('full');
    refuse();
    await taken;
    expect(await promised('third')).toBe('reserved');
  });
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
    seating: { recordsOf: () => [], unsaved: new Set(), placement: { asked: { tell: () => [] } } },
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
