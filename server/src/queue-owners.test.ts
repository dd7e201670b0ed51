// Which shard keeps a queue: the same for all who know the same shards.
import { expect, test, vi } from 'vitest';
import { DirectoryError } from './directory.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { QueueOwners } from './queue-owners.ts';

const BUILD = 'build-1';
const NAMES = ['a', 'b', 'c', 'd'];

let nowMs = 0;
const now = () => nowMs;

async function shards(more: Record<string, object> = {}) {
  const directory = new MemoryDirectory({ leaseMs: 3_000, now });
  const rest = { build: BUILD, rooms: 0, seats: 0, load: 0, draining: false };
  for (const id of NAMES)
    await directory.announce({ id, url: `http://${id}`, ...rest, ...more[id] });
  return {
    directory,
    owners: (shard: string) => new QueueOwners({ directory, shard, build: BUILD, now }),
  };
}

const QUEUES = Array.from({ length: 200 }, (_, i) => ({ kind: 'duel', match: `mode.${i}` }));
const namedBy = (one: QueueOwners) => Promise.all(QUEUES.map((queue) => one.of(queue)));

test('all name the same, and each shard keeps some queues', async () => {
  const { owners } = await shards();
  const named = await namedBy(owners('a'));
  for (const name of NAMES) expect(await namedBy(owners(name))).toEqual(named);
  for (const name of NAMES)
    expect(named.filter((owner) => owner === name).length).toBeGreaterThan(20);
});

test('a shard that does not answer loses its queues for a while, others keep theirs', async () => {
  const { owners } = await shards();
  const one = owners('a');
  const before = await namedBy(one);
  one.suspect('b');
  const after = await namedBy(one);
  expect(after).not.toContain('b');
  for (const [i, owner] of before.entries()) if (owner !== 'b') expect(after[i]).toBe(owner);
  nowMs += 5_001;
  expect(await namedBy(one)).toEqual(before);
});

test('neither a shard that closes keeps one, nor one of another build', async () => {
  const { owners } = await shards({ b: { draining: true }, c: { build: 'build-2' } });
  const named = new Set(await namedBy(owners('a')));
  expect([...named].sort()).toEqual(['a', 'd']);
  expect((await owners('a').another())?.url).toBe('http://d');
});

test('who waits goes where there is less to do, and nowhere where there is nobody', async () => {
  const busy = { load: 500 };
  const { owners } = await shards({ a: busy, b: busy, d: busy });
  expect((await owners('a').another())?.url).toBe('http://c');
  const alone = { draining: true };
  const { owners: last } = await shards({ b: alone, c: alone, d: alone });
  expect(await last('a').another()).toBe(undefined);
  expect(await last('a').of(QUEUES[0])).toBe('a');
});

test('many who ask at once cost one look at the shards, also where it fails', async () => {
  const { directory, owners } = await shards();
  const look = vi.spyOn(directory, 'shards');
  const one = owners('a');
  await namedBy(one);
  await Promise.all(Array.from({ length: 50 }, () => one.urlOf('gone')));
  expect(look).toHaveBeenCalledTimes(2);
  nowMs += 1_001;
  look.mockRejectedValueOnce(new DirectoryError('late', 'no answer'));
  const asked = await Promise.allSettled(QUEUES.map((queue) => one.of(queue)));
  expect(asked.every(({ status }) => status === 'rejected')).toBe(true);
  await namedBy(one);
  expect(look).toHaveBeenCalledTimes(4);
});
