import { LINE_PROFILES } from '@tickwire/protocol/simulator';
import { expect, test } from 'vitest';
import { simulate } from './simulator.ts';

test('a line by name is half of its round trip each way, and as lossy', () => {
  const { up, down } = simulate(LINE_PROFILES.train);
  const { rttMs, rttJitterMs, lossPercent, upKbps, downKbps } = LINE_PROFILES.train;
  for (const way of [up, down])
    expect(way).toMatchObject({ latencyMs: rttMs / 2, jitterMs: rttJitterMs / 2, lossPercent });
  expect([up.bandwidthKbps, down.bandwidthKbps]).toEqual([upKbps, downKbps]);
});

test('numbers are of each direction, and may be changed while it runs', () => {
  const simulation = simulate({ latencyMs: 40 });
  expect([simulation.up.latencyMs, simulation.down.latencyMs, simulation.up.jitterMs]).toEqual([
    40, 40, 0,
  ]);
  simulation.set({ jitterMs: 10 });
  expect([simulation.up.jitterMs, simulation.down.jitterMs]).toEqual([10, 10]);
});
