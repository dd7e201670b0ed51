// That the simulated cluster is what it says: the same figures for the same seed, no room with two
// owners, none overfull, none left behind. That its store does what Redis does is shown in
// cluster-scripts.test.ts.
import { describe, expect, test } from 'vitest';
import { simulateJoining } from './cluster-joining.ts';
import { ClusterRun } from './cluster-run.ts';

const SMALL = { shards: 20, seats: 2_000, seed: 7 };

async function simulated(minutes: number) {
  const run = new ClusterRun({ ...SMALL, minutes });
  await run.run();
  const { world, players, phases } = run;
  const { ownedTwice, downMs, homes } = world;
  const unplayed = [...homes].filter(([id, home]) => !(home.alive && home.playing(id)));
  return {
    figures: JSON.stringify([[...phases], run.seconds]),
    broken: { ownedTwice, overpromised: run.overpromised, down: downMs.size, unplayed },
    seats: players.present,
    lost: phases.get('deaths')!.ownedAgain.rooms,
  };
}

test('a small cluster lives through all phases', async () => {
  const { broken, lost, seats } = await simulated(1);
  expect(broken).toEqual({ ownedTwice: 0, overpromised: 0, down: 0, unplayed: [] });
  expect(lost).toBeGreaterThan(5);
  expect(seats).toBeGreaterThan(SMALL.seats * 0.99);
});

test('{S54} a node of three that is away takes no room from its owner, whoever dies', async () => {
  const run = new ClusterRun({ ...SMALL, minutes: 1, nodes: 3 });
  const { clock, redis } = run.world;
  // Shards die at 27 s.
  clock.at(24_000, () => void (redis.all[0].away = true));
  clock.at(34_000, () => void (redis.all[0].away = false));
  const down: number[] = [];
  for (const ms of [27_001, 33_900]) clock.at(ms, () => down.push(run.world.downMs.size));
  await run.run();
  const { world, overpromised, phases } = run;
  expect([world.ownedTwice, overpromised, world.downMs.size]).toEqual([0, 0, 0]);
  const { stolen, reservations } = phases.get('deaths')!;
  expect(stolen).toBe(0);
  // As long as the phase before, in which all nodes were there.
  expect(reservations).toBeGreaterThan(phases.get('steady')!.reservations / 2);
  // Those that are found and kept on other nodes did not wait for it; the others did.
  const [lost, waiting] = down;
  expect([lost > 10, waiting > 0, waiting < lost * 0.8]).toEqual([true, true, true]);
});

describe('{S54} more players than one Redis can seat', () => {
  /** A thousand shards and one and a half million seats, at a hundredth. */
  const OVERRUN = { shards: 10, seats: 5_000, seed: 7, minutes: 1, leaseMs: 6_000, slowness: 300 };

  const steady = async (spares: boolean) => {
    const run = new ClusterRun({ ...OVERRUN, spares });
    await run.run();
    const { redis, reservations } = run.phases.get('steady')!;
    return { ...redis, reservations };
  };

  test('keep it from answering anybody where all are let in', async () => {
    const { late, longestQueueMs, reservations } = await steady(false);
    expect([late > 500, longestQueueMs > 1_500, reservations]).toEqual([true, true, 0]);
  });

  test('do not where shards refuse those who join', async () => {
    const { late, longestQueueMs, reservations } = await steady(true);
    expect([late, longestQueueMs < 1_000, reservations > 5]).toEqual([0, true, true]);
  });
});

test('empty shards that join full ones have their share soon, and no room comes back', async () => {
  const few = { full: 8, fresh: 2, seed: 7 };
  const { spreadBefore, spreadAfter, mostOverMean, ...moved } = await simulateJoining(few);
  expect([spreadBefore > 0.4, spreadAfter < 0.1, mostOverMean < 1.12]).toEqual([true, true, true]);
  expect(moved.roomsMoved).toBeGreaterThan(50);
  expect([moved.cameBack, moved.seatsLost]).toEqual([0, 0]);
  const left = await simulateJoining({ ...few, balance: false });
  expect([left.spreadAfter > 0.4, left.roomsMoved]).toEqual([true, 0]);
});

test('a seed has the same figures each time', async () => {
  const [once, again] = [await simulated(0.2), await simulated(0.2)];
  expect(again.figures).toBe(once.figures);
});
