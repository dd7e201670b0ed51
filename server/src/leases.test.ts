import { describe, expect, test } from 'vitest';
import type { Directory } from './directory.ts';
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
