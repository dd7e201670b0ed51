// Who asks for a room that is between two owners: waits for the next one, and is sent there.
import { CloseCode } from '@tickwire/protocol';
import { beforeEach, expect, test, vi } from 'vitest';
import { MemoryDirectory } from './memory-directory.ts';
import { Owners } from './owners.ts';

const LEASE_MS = 500;
const facts = { id: 'r-1', kind: 'r', build: 'b', seats: 2, match: '', hidden: false };
const dead = { shard: 'dead', url: 'https://dead' };
const next = { shard: 'next', url: 'https://next' };
const own = { shard: 'own', url: 'https://own' };

let nowMs: number;
let directory: MemoryDirectory;
let here: Set<string>;
let owners: Owners;
beforeEach(async () => {
  nowMs = 1_000;
  directory = new MemoryDirectory({ leaseMs: LEASE_MS, now: () => nowMs });
  here = new Set();
  const isHere = (id: string) => here.has(id);
  owners = new Owners({ directory, shard: 'own', isHere, now: () => nowMs });
  await directory.claim(facts, dead);
});

/** What it came to, once it has. */
function watch(asked: Promise<unknown>) {
  const seen: { came?: unknown } = {};
  asked.then(
    (value) => (seen.came = { value }),
    (error) => (seen.came = { error }),
  );
  return seen;
}

const looked = () => vi.waitFor(() => expect(directory.room).toHaveBeenCalledTimes(3));

test('a room of another shard is said at once, and one that nobody knows is nobody’s', async () => {
  expect(await owners.of('r-1')).toMatchObject(dead);
  expect(await owners.of('r-2')).toBe(undefined);
});

test('an orphan is waited for until somebody has it', async () => {
  vi.spyOn(directory, 'room');
  nowMs += LEASE_MS + 1;
  const [one, other] = [watch(owners.of('r-1', 'key')), watch(owners.of('r-1'))];
  await looked();
  expect([one.came, other.came]).toEqual([undefined, undefined]);
  await directory.claim(facts, next);
  await vi.waitFor(() => expect(one.came).toMatchObject({ value: next }));
  expect(other.came).toMatchObject({ value: next });
});

test('who comes back from an owner waits for the next, and others are sent there', async () => {
  expect(await owners.of('r-1', 'key')).toMatchObject(dead);
  vi.spyOn(directory, 'room');
  const again = watch(owners.of('r-1', 'key'));
  await looked();
  expect(again.came).toBe(undefined);
  expect(await owners.of('r-1', 'another key')).toMatchObject(dead);
  nowMs += LEASE_MS + 1;
  await directory.claim(facts, next);
  await vi.waitFor(() => expect(again.came).toMatchObject({ value: next }));
});

test('who comes back from an owner that is well is sent there again after a while', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  try {
    const lease = { id: 'r-1', epoch: (await owners.of('r-1', 'key'))!.epoch };
    const again = watch(owners.of('r-1', 'key'));
    for (let i = 0; i < 10; i++) {
      nowMs += LEASE_MS / 2;
      await directory.renew([lease]);
    }
    // The clock jumped while it looked: as if the directory were slow, and it pauses for long.
    await vi.advanceTimersByTimeAsync(3_000);
    expect(again.came).toMatchObject({ value: dead });
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  [1, 20],
  [60, 3],
  [900, 1],
])('a directory that takes %i ms is asked %i times a second', async (tookMs, times) => {
  vi.useFakeTimers();
  try {
    nowMs += LEASE_MS + 1;
    const look = vi.spyOn(directory, 'room').mockImplementation(async () => {
      nowMs += tookMs;
      const entry = { ...facts, ...dead, epoch: 1, taken: 0, locked: false, falls: 0 };
      return { ...entry, orphan: true };
    });
    owners.of('r-1').catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    look.mockClear();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Math.abs(look.mock.calls.length - times)).toBeLessThanOrEqual(1);
  } finally {
    vi.useRealTimers();
  }
});

test('a room that was claimed here is waited for until it plays', async () => {
  nowMs += LEASE_MS + 1;
  await directory.claim(facts, own);
  vi.spyOn(directory, 'room');
  const asked = watch(owners.of('r-1', 'key'));
  await looked();
  expect(asked.came).toBe(undefined);
  here.add('r-1');
  await vi.waitFor(() => expect(asked.came).toEqual({ value: undefined }));
});

test('an orphan that nobody takes is nobody’s, and clients ask again', async () => {
  nowMs += LEASE_MS + 1;
  const asked = watch(owners.of('r-1'));
  await vi.waitFor(() => {
    nowMs += LEASE_MS;
    expect(asked.came).toMatchObject({ error: { closeCode: CloseCode.Restart } });
  });
});
