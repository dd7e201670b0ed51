import { expect, test } from 'vitest';
import { shardLifeMs } from './directory.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { lookAround, newcomerLooksMs } from './newcomer.ts';

const LEASE_MS = 2_000;
const HERE = 'https://play.example/s0';
const THERE = 'https://play.example/s1';

function deployment() {
  const clock = { ms: 1_000_000 };
  const directory = new MemoryDirectory({ leaseMs: LEASE_MS, now: () => clock.ms });
  const about = { load: 0, rooms: 0, seats: 0, build: 'b', draining: false };
  const announce = (id: string, url: string, more: { build?: string; draining?: boolean } = {}) =>
    directory.announce({ id, url, ...about, ...more });
  const said: unknown[] = [];
  const note = (details: object) => void said.push(details);
  const log = { info: note, error: note };
  const shard = { owner: { shard: 'own', url: HERE }, build: 'b' };
  return { clock, announce, said, look: () => lookAround({ directory, shard, log }) };
}

test('two servers by one address are told of, once', async () => {
  const { announce, said, look } = deployment();
  await announce('own', HERE);
  await announce('other', HERE);
  await announce('third', THERE);
  expect(await look()).toBe(Number.POSITIVE_INFINITY);
  expect(said).toEqual([{ publicUrl: HERE, servers: 2 }]);
});

test('who was killed before, or closes, may have had the address of this one', async () => {
  const { clock, announce, said, look } = deployment();
  await announce('killed', HERE);
  await announce('own', HERE);
  clock.ms += newcomerLooksMs({ leaseMs: LEASE_MS });
  await announce('own', HERE);
  await announce('closing', HERE, { draining: true });
  await look();
  expect(said).toEqual([]);
});

test('servers of another build are told of', async () => {
  const { announce, said, look } = deployment();
  await announce('own', HERE);
  await announce('old', THERE, { build: 'a' });
  await announce('new', 'https://play.example/s2');
  await look();
  expect(said).toEqual([{ servers: 2, otherBuild: 1 }]);
});

test('it looks when all that were there before are forgotten', () => {
  for (const leaseMs of [50, LEASE_MS, 600_000])
    expect(newcomerLooksMs({ leaseMs })).toBeGreaterThan(shardLifeMs(leaseMs));
});
