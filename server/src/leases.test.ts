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
          const lost = renewed.length === 1 ? sent.map(({ id }) => id) : [];
          return { lost, unheard: [] };
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

test.each([
  ['freeze', 1_600],
  ['continue', 30_000],
] as const)('{S54} a lost room that cannot be claimed may %s for a while', async (onLoss, ms) => {
  let nowMs = 50_000;
  const gone: string[] = [];
  const leases = new Leases({
    directory: {
      leaseMs: LEASE_MS,
      renew: async () => ({ lost: ['lost'], unheard: [] }),
    } as Partial<Directory> as Directory,
    onLoss,
    log: { warn() {}, error() {} } as Partial<Log> as Log,
    tally: new Tally(),
    now: () => nowMs,
    takeBack: () => Promise.reject(new DirectoryError('late', 'no answer')),
    back() {},
    lost: (id) => gone.push(id),
  });
  for (const id of ['ours', 'lost']) leases.add({ id, epoch: 1 });
  // Another may play it meanwhile.
  const mayPlay = () => gone.length === 0 && leases.holds('lost');
  const renewedFor = async (forMs: number) => {
    for (const endMs = nowMs + forMs; nowMs < endMs; nowMs += 500) {
      await leases.renew();
      await leases.claimed;
    }
  };
  await renewedFor(ms - 100);
  expect(mayPlay()).toBe(true);
  await renewedFor(600);
  expect([mayPlay(), leases.holds('ours')]).toEqual([false, true]);
});

test('{S54} a directory that was away between two renewals is told', async () => {
  let nowMs = 50_000;
  let told = 0;
  const leases = new Leases({
    directory: {
      leaseMs: LEASE_MS,
      renew: async () => ({ lost: [], unheard: [] }),
    } as Partial<Directory> as Directory,
    onLoss: 'continue',
    log: {} as Log,
    tally: new Tally(),
    now: () => nowMs,
    takeBack: async () => true,
    back: () => told++,
    lost() {},
  });
  nowMs += LEASE_MS + 1;
  await leases.renew();
  expect([told, leases.settled]).toEqual([0, true]);
  leases.doubt();
  leases.doubt();
  expect([told, leases.settled]).toEqual([0, false]);
  await leases.renew();
  await leases.renew();
  nowMs += LEASE_MS + 1;
  expect([told, leases.settled]).toEqual([1, true]);
});

test('{S54} a directory that is back is told what it does not take at first', async () => {
  let isAway = true;
  let told = 0;
  const leases = new Leases({
    directory: {
      leaseMs: LEASE_MS,
      async renew() {
        if (isAway) throw new DirectoryError('late', 'no answer');
        return { lost: [], unheard: [] };
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

describe('{S54} a part of the directory that does not answer', () => {
  let nowMs: number;
  /** Rooms that nothing is heard of, and those that are lost. */
  let unheard: string[];
  let lost: string[];
  let gone: string[];
  let backs: number;
  let said: string[];

  function leasesOf(onLoss: 'continue' | 'freeze'): Leases {
    [nowMs, unheard, lost, gone, backs, said] = [50_000, [], [], [], 0, []];
    const log = (_: object, text: string) => said.push(text);
    const leases = new Leases({
      directory: {
        leaseMs: LEASE_MS,
        renew: async () => ({ lost, unheard }),
      } as Partial<Directory> as Directory,
      onLoss,
      log: { warn: log, error: log } as unknown as Log,
      tally: new Tally(),
      now: () => nowMs,
      takeBack: async () => true,
      back: () => backs++,
      lost: (id) => gone.push(id),
    });
    for (const id of ['north', 'south']) leases.add({ id, epoch: 1 });
    return leases;
  }

  async function renewedFor(leases: Leases, ms: number): Promise<void> {
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 500) await leases.renew();
  }

  test('stops its own rooms, and no others', async () => {
    const leases = leasesOf('freeze');
    await renewedFor(leases, 3_000);
    unheard = ['south'];
    await renewedFor(leases, 3_000);
    expect([leases.holds('north'), leases.holds('south')]).toEqual([true, false]);
    expect([leases.hold, leases.settled]).toEqual([true, true]);
    unheard = [];
    await renewedFor(leases, 500);
    expect(leases.holds('south')).toBe(true);
  });

  test('is waited for, and told what it may have forgotten when it is back', async () => {
    const leases = leasesOf('continue');
    unheard = ['south'];
    await renewedFor(leases, 29_000);
    expect(leases.holds('south')).toBe(true);
    await renewedFor(leases, 3_000);
    expect([leases.holds('north'), leases.holds('south'), backs]).toEqual([true, false, 0]);
    unheard = [];
    await renewedFor(leases, 1_000);
    expect([leases.holds('south'), backs]).toEqual([true, 1]);
    expect(said).toEqual([
      'a part of the directory does not answer',
      'the directory answers again',
    ]);
  });

  test('vouches for nothing to a process that stood still, though others do', async () => {
    const leases = leasesOf('continue');
    await renewedFor(leases, 1_000);
    nowMs += 5_000;
    unheard = ['south'];
    await renewedFor(leases, 500);
    expect([leases.holds('north'), leases.holds('south')]).toEqual([true, false]);
    // Others may have had it meanwhile, and ended it.
    [lost, unheard] = [['south'], []];
    await renewedFor(leases, 500);
    await leases.claimed;
    expect(gone).toEqual(['south']);
  });

  test('leaves lost rooms of the others lost', async () => {
    const leases = leasesOf('continue');
    unheard = ['south'];
    await renewedFor(leases, 31_000);
    [lost, unheard] = [['south'], []];
    await renewedFor(leases, 500);
    await leases.claimed;
    expect(gone).toEqual(['south']);
  });
});
