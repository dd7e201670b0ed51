import { describe, expect, test } from 'vitest';
import { type Directory, DirectoryError, type Lease } from './directory.ts';
import { Leases } from './leases.ts';
import type { Log } from './log.ts';
import { Tally } from './tally.ts';

const LEASE_MS = 2_000;

describe('{S54} rooms without an owner', () => {
  test('are left alone for a lease by a process that has only begun', () => {
    let nowMs = 50_000;
    const leases = new Leases({
      directory: { leaseMs: LEASE_MS } as Directory,
      onLoss: 'continue',
      log: {} as Log,
      tally: new Tally(),
      now: () => nowMs,
      takeBack: async () => false,
      back() {},
      lost() {},
    });
    // It may have waited for a directory that was away for all.
    expect(leases.settled).toBe(false);
    nowMs += LEASE_MS;
    expect(leases.settled).toBe(false);
    nowMs++;
    expect(leases.settled).toBe(true);
  });
});

describe('{S54} rooms that the directory has forgotten', () => {
  test('are claimed again while the others are renewed', async () => {
    const renewed: number[] = [];
    const claims: (() => void)[] = [];
    const leases = new Leases({
      directory: {
        leaseMs: LEASE_MS,
        async renew(sent: readonly Lease[]) {
          renewed.push(sent.length);
          return renewed.length === 1 ? sent.map(({ id }) => id) : [];
        },
      } as Partial<Directory> as Directory,
      onLoss: 'continue',
      log: {} as Log,
      tally: new Tally(),
      now: () => 50_000,
      takeBack: () => new Promise((resolve) => claims.push(() => resolve(true))),
      back() {},
      lost() {},
    });
    for (let i = 0; i < 10; i++) leases.add({ id: `room-${i}`, epoch: 1 });
    await leases.renew();
    await leases.renew();
    expect(renewed).toEqual([10, 10]);
    // The directory takes its time for these.
    expect(claims).toHaveLength(4);
    for (let claimed = 0; claimed < 10; claimed++) {
      claims[claimed]();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await leases.claimed;
    expect(claims).toHaveLength(10);
  });
});

test('{S54} a directory that is back is told what it does not take at first', async () => {
  let isAway = true;
  let told = 0;
  const leases = new Leases({
    directory: {
      leaseMs: LEASE_MS,
      async renew() {
        if (isAway) throw new DirectoryError('late', 'no answer');
        return [];
      },
    } as Partial<Directory> as Directory,
    onLoss: 'continue',
    log: { info() {}, warn() {}, error() {} } as Partial<Log> as Log,
    tally: new Tally(),
    now: () => 50_000,
    takeBack: async () => true,
    async back() {
      if (++told === 1) throw new DirectoryError('late', 'no answer');
    },
    lost() {},
  });
  const after: number[] = [];
  const renewed = async () => {
    await leases.renew();
    await new Promise((resolve) => setImmediate(resolve));
    after.push(told);
  };
  await renewed();
  isAway = false;
  for (let i = 0; i < 3; i++) await renewed();
  expect(after).toEqual([0, 1, 2, 2]);
});
