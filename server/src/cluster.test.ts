// The duties of a shard over a directory that does not answer.
import { describe, expect, test } from 'vitest';
import { Cluster, type ClusterOptions } from './cluster.ts';

describe('{S56} a shard that closes hands its rooms over', () => {
  const fails = async () => {
    throw new Error('no answer');
  };

  /** What was done, where these do otherwise. */
  async function drained(more: { announce?: () => Promise<void>; sendAway?: () => Promise<void> }) {
    const did: string[] = [];
    const { announce = async () => {}, sendAway = async () => {} } = more;
    const others = { forget: () => void did.push('looked for others') };
    const shard = { rooms: new Map(), owner: { shard: 's', url: '' }, build: 'b' };
    const cluster = new Cluster({
      ...{ directory: { leaseMs: 2_000, announce }, shard, others, load: () => 0 },
      chance: () => 0,
      ...{ clocks: { now: () => 0 }, leases: { everyMs: 667 }, seating: { waiting: { sendAway } } },
      log: { info() {}, error: (_: object, said: string) => void did.push(said) },
    } as never as ClusterOptions);
    await cluster.drain();
    return did;
  }

  test('where the directory was not told that it closes', async () => {
    expect(await drained({ announce: fails })).toEqual([
      'the directory was not told that this shard closes',
      'looked for others',
    ]);
  });

  test('where players who wait could not be sent away', async () => {
    expect(await drained({ sendAway: fails })).toEqual([
      'looked for others',
      'players who wait were not sent away',
    ]);
  });
});
