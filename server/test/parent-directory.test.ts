// The directory of a shard whose parent holds it, on a channel that a test can cut or stop: what
// comes of silence, of a parent or child that ends, and of talk that is not ours. What it answers
// is the business of directory-contract.ts, over real processes.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DirectoryError, type RoomFacts } from '../src/directory.ts';
import { DirectoryHost } from '../src/directory-host.ts';
import { MemoryDirectory } from '../src/memory-directory.ts';
import { ParentDirectory } from '../src/parent-directory.ts';
import { PairedChannel } from './paired-channel.ts';

const LEASE_MS = 3_000;
const bytes = new Uint8Array([1, 2, 3]);

function facts(id: string): RoomFacts {
  return { id, kind: 'duel', build: 'b1', seats: 2, match: '', hidden: false };
}

function shardEntry(id: string) {
  const load = { load: 0, rooms: 0, seats: 0, draining: false };
  return { id, url: `http://${id}`, build: 'b1', ...load };
}

let truth: MemoryDirectory;
let host: DirectoryHost;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  truth = new MemoryDirectory({ leaseMs: LEASE_MS, now: () => 1_000_000 });
  host = new DirectoryHost(truth);
});
afterEach(() => void vi.useRealTimers());

async function openChild() {
  const { child, parent } = PairedChannel.pair();
  host.attend(parent);
  return { child, parent, directory: await ParentDirectory.open(child) };
}

/** How a promise that is refused was refused. */
async function refusalOf(asked: Promise<unknown>): Promise<unknown> {
  const error = await asked.then(
    () => 'it was granted',
    (reason) => reason,
  );
  return error instanceof DirectoryError ? error.code : error;
}

describe('a question', () => {
  test('is answered from the memory of the parent, bytes as bytes', async () => {
    const { directory } = await openChild();
    expect(directory.leaseMs).toBe(LEASE_MS);
    const claim = await directory.claim(facts('a'), { shard: 's1', url: 'http://s1' });
    expect(claim).toEqual({ won: true, epoch: 1_000_000 });
    const lease = { id: 'a', epoch: 1_000_000 };
    expect(await directory.save([{ lease, tick: 7, bytes }])).toEqual({ lost: [], unheard: [] });
    const { bytes: loaded } = (await directory.load('a'))!;
    expect(loaded).toBeInstanceOf(Uint8Array);
    expect([...loaded]).toEqual([1, 2, 3]);
    expect(await truth.load('a')).toMatchObject({ tick: 7 });
    expect(await directory.room('nowhere')).toBeUndefined();
  });

  test('that gets no answer is late after a second; one after that is nothing', async () => {
    const { directory, parent } = await openChild();
    parent.reads = false;
    const asked = refusalOf(directory.shards());
    await vi.advanceTimersByTimeAsync(999);
    const rejected = vi.fn();
    void asked.then(rejected);
    await Promise.resolve();
    expect(rejected).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await asked).toBe('late');
    parent.reads = true;
    parent.read();
    expect(await directory.shards()).toEqual([]);
  });

  test('is late at once while the parent has read nothing for a second', async () => {
    const { directory, parent } = await openChild();
    parent.reads = false;
    const first = refusalOf(directory.shards());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await first).toBe('late');
    const waiting = parent.unread;
    expect(await refusalOf(directory.shards())).toBe('late');
    expect(parent.unread).toBe(waiting);
  });

  test('is unreachable when the parent goes, and after', async () => {
    const { directory, child, parent } = await openChild();
    parent.reads = false;
    const asked = refusalOf(directory.shards());
    child.cut();
    expect(await asked).toBe('unreachable');
    expect(await refusalOf(directory.shards())).toBe('unreachable');
  });

  test('with a value that no channel carries fails', async () => {
    const { directory } = await openChild();
    const entry = { ...shardEntry('s1'), load: (() => 1) as never };
    expect(await refusalOf(directory.announce(entry))).toBe('failed');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of a child nobody attends to is late, and it listens to the channel no more', async () => {
    const { child } = PairedChannel.pair();
    const opened = refusalOf(ParentDirectory.open(child));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await opened).toBe('late');
    expect(child.listenerCount('message') + child.listenerCount('disconnect')).toBe(0);
  });
});

describe('the parent', () => {
  test.each([
    ['text', 'hello'],
    ['nothing', undefined],
    ['a game’s own message', { method: 'shards', args: [], id: 1 }],
    ['a message of another kind of ours', { tickwire: 'listening', port: 1, url: '' }],
    ['a question without a number', { tickwire: 'ask', id: 'x', method: 'shards', args: [] }],
  ])('leaves %s alone', async (_, message) => {
    const { child, parent } = await openChild();
    const heard = vi.fn();
    child.on('message', heard);
    child.send(message);
    await vi.advanceTimersByTimeAsync(0);
    expect(parent.unread).toBe(0);
    expect(heard).not.toHaveBeenCalled();
  });

  test.each([
    ['a method of its own', 'lose', ['s1']],
    ['a method of all objects', 'toString', []],
    ['no method', undefined, []],
    ['no arguments', 'claim', undefined],
    ['a room without facts', 'claim', [{ id: 'a' }, { shard: 's1', url: '' }]],
    ['an epoch that is none', 'save', [{ id: 'a', epoch: Number.NaN }, 1, bytes]],
    ['text for bytes', 'publish', ['news', 'text']],
    ['leases that are none', 'renew', [[undefined]]],
  ])('refuses %s, by name', async (_, method, args) => {
    const { child } = await openChild();
    await truth.announce(shardEntry('s1'));
    const heard = vi.fn();
    child.on('message', heard);
    child.send({ tickwire: 'ask', id: 77, method, args });
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toHaveBeenCalledWith(
      expect.objectContaining({ tickwire: 'refusal', id: 77, code: 'failed' }),
    );
    expect(await truth.shards()).toHaveLength(1);
    expect(await truth.rooms()).toEqual([]);
  });

  test('frees what a child owned when its channel ends, and nothing of another', async () => {
    const [one, other] = [await openChild(), await openChild()];
    for (const [{ directory }, name] of [
      [one, 's1'],
      [other, 's2'],
    ] as const) {
      await directory.announce(shardEntry(name));
      await directory.claim(facts(`room-${name}`), { shard: name, url: '' });
    }
    // Said before the end, though not yet answered: it counts.
    const last = one.directory.save([
      { lease: { id: 'room-s1', epoch: 1_000_000 }, tick: 9, bytes },
    ]);
    await Promise.resolve();
    one.child.cut();
    await last.catch(() => {});
    expect(await other.directory.orphans()).toMatchObject([{ id: 'room-s1' }]);
    expect((await other.directory.shards()).map(({ id }) => id)).toEqual(['s2']);
    expect(await other.directory.room('room-s2')).toMatchObject({ orphan: false });
    expect(await other.directory.load('room-s1')).toMatchObject({ tick: 9 });
    const claim = await other.directory.claim(facts('room-s1'), { shard: 's2', url: '' });
    expect(claim).toEqual({ won: true, epoch: 1_000_001 });
  });
});

describe('what is published', () => {
  test('is heard by every child that listens, and by none that does no more', async () => {
    const [one, other] = [await openChild(), await openChild()];
    const [heard, heardToo] = [vi.fn(), vi.fn()];
    const end = await one.directory.subscribe('news', heard);
    await other.directory.subscribe('news', heardToo);
    await one.directory.publish('news', bytes);
    await other.directory.publish('other', bytes);
    expect(heard.mock.calls).toEqual([[bytes]]);
    expect(heardToo.mock.calls).toEqual([[bytes]]);
    await end();
    await end();
    await other.directory.close();
    await one.directory.publish('news', bytes);
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(heardToo).toHaveBeenCalledTimes(1);
  });

  test('does not pile up for a child that stands still', async () => {
    const [still, busy] = [await openChild(), await openChild()];
    const heard = vi.fn();
    await still.directory.subscribe('news', heard);
    still.child.reads = false;
    for (let i = 0; i < 1_500; i++) await busy.directory.publish('news', bytes);
    expect(still.child.unread).toBe(1_000);
    still.child.reads = true;
    still.child.read();
    await busy.directory.publish('news', bytes);
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toHaveBeenCalledTimes(1_001);
  });
});
