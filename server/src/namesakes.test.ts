import { expect, test } from 'vitest';
import { shardLifeMs } from './directory.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { lookForNamesakes, namesakesDueMs } from './namesakes.ts';

const LEASE_MS = 2_000;
const HERE = 'https://play.example/s0';

function deployment() {
  const clock = { ms: 1_000_000 };
  const directory = new MemoryDirectory({ leaseMs: LEASE_MS, now: () => clock.ms });
  const about = { build: 'b', load: 0, rooms: 0, seats: 0 };
  const announce = (id: string, url: string, draining = false) =>
    directory.announce({ id, url, ...about, draining });
  const said: unknown[] = [];
  const log = { error: (details: object) => void said.push(details) };
  const look = () =>
    lookForNamesakes({ directory, shard: { owner: { shard: 'own', url: HERE } }, log });
  return { clock, announce, said, look };
}

test('two servers by one address are told of, once', async () => {
  const { announce, said, look } = deployment();
  await announce('own', HERE);
  await announce('other', HERE);
  await announce('third', 'https://play.example/s1');
  expect(await look()).toBe(Number.POSITIVE_INFINITY);
  expect(said).toEqual([{ publicUrl: HERE, servers: 2 }]);
});

test('who was killed before, or closes, may have had the address of this one', async () => {
  const { clock, announce, said, look } = deployment();
  await announce('killed', HERE);
  await announce('own', HERE);
  clock.ms += namesakesDueMs({ leaseMs: LEASE_MS });
  await announce('own', HERE);
  await announce('closing', HERE, true);
  await look();
  expect(said).toEqual([]);
});

test('it is looked when all that were there before are forgotten', () => {
  for (const leaseMs of [50, LEASE_MS, 600_000])
    expect(namesakesDueMs({ leaseMs })).toBeGreaterThan(shardLifeMs(leaseMs));
});
