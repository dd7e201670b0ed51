// The chapters of directory-contract.ts about what shards leave for each other: checkpoints, word
// of themselves, messages and the secret.
import { expect, test } from 'vitest';
import type { ShardEntry } from '../src/index.ts';
import {
  bytes,
  chapterSuite,
  claimed,
  facts,
  HOLDS_MS,
  saved,
  south,
  until,
} from './directory-doors.ts';

export const checkpoints = chapterSuite('checkpoints', HOLDS_MS, (doors) => {
  test('the newest checkpoint is what another shard loads', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    expect(await b.load('r1')).toBeUndefined();
    const state = Uint8Array.from({ length: 8_192 }, (_, i) => i % 256);
    expect(await saved(a, lease, 0, bytes('first'))).toBe(true);
    expect(await saved(a, lease, 40, state)).toBe(true);
    expect(await b.load('r1')).toEqual({ epoch: lease.epoch, tick: 40, bytes: state });
    expect(await b.load('no such room')).toBeUndefined();
  });

  test('one that comes late changes nothing, and its room is not lost by it', async () => {
    const { a } = doors;
    const lease = await claimed(a, facts('r1'));
    await saved(a, lease, 100, bytes('newest'));
    expect(await saved(a, lease, 99, bytes('older'))).toBe(true);
    expect(await saved(a, lease, 9, bytes('older'))).toBe(true);
    expect((await a.load('r1'))?.bytes).toEqual(bytes('newest'));
    expect(await saved(a, lease, 100, bytes('again'))).toBe(true);
    expect((await a.load('r1'))?.bytes).toEqual(bytes('again'));
  });

  test('a room that begins anew is saved over what the owner before saved', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    await saved(a, old, 500, bytes('cannot be restored'));
    const lease = { id: 'r1', epoch: Number(await a.handOver(old, south)) };
    expect(await saved(b, lease, 1, bytes('anew'))).toBe(true);
    expect(await a.load('r1')).toEqual({ epoch: lease.epoch, tick: 1, bytes: bytes('anew') });
    expect(await saved(a, old, 501, bytes('of the owner before'))).toBe(false);
    expect((await a.load('r1'))?.bytes).toEqual(bytes('anew'));
  });

  test('a checkpoint is of the moment it was given, whatever becomes of its bytes', async () => {
    const { a } = doors;
    const lease = await claimed(a, facts('r1'));
    const buffer = bytes('before');
    const saving = saved(a, lease, 1, buffer);
    buffer.fill(0);
    await saving;
    expect((await a.load('r1'))?.bytes).toEqual(bytes('before'));
  });

  test('of several at once each stands by itself', async () => {
    const { a, b } = doors;
    expect(await a.save([])).toEqual({ lost: [], unheard: [] });
    const [mine, newer] = [await claimed(a, facts('r1')), await claimed(a, facts('r2'))];
    const lost = await claimed(a, facts('r3'));
    await a.handOver(lost, south);
    await saved(a, newer, 100, bytes('newest'));
    const never = { id: 'no such room', epoch: 1 };
    const saves = [lost, mine, never, newer].map((lease) => {
      return { lease, tick: 40, bytes: bytes(`of ${lease.id}`) };
    });
    const outcome = await a.save(saves);
    expect([...outcome.lost].sort()).toEqual(['no such room', 'r3']);
    expect(outcome.unheard).toEqual([]);
    expect(await b.load('r1')).toEqual({ epoch: mine.epoch, tick: 40, bytes: bytes('of r1') });
    expect((await b.load('r2'))?.bytes).toEqual(bytes('newest'));
    expect(await b.load('r3')).toBeUndefined();
  });

  test('the next owner goes on from it, under its own epoch', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    await saved(a, old, 10, bytes('old'));
    const lease = { id: 'r1', epoch: Number(await a.handOver(old, south)) };
    expect(await b.load('r1')).toEqual({ epoch: old.epoch, tick: 10, bytes: bytes('old') });
    expect(await saved(b, lease, 12, bytes('new'))).toBe(true);
    expect(await a.load('r1')).toEqual({ epoch: lease.epoch, tick: 12, bytes: bytes('new') });
  });
});

export const shards = chapterSuite('shards', HOLDS_MS, (doors) => {
  const shard = (id: string, load = 0): ShardEntry => {
    const counts = { load, rooms: 2, seats: 40, draining: false };
    return { id, url: `wss://${id}.example/`, build: 'b1', ...counts };
  };

  test('shards are known by their newest word until they go', async () => {
    const { a, b } = doors;
    expect(await a.shards()).toEqual([]);
    await a.announce(shard('north'));
    await b.announce(shard('south', 300));
    await a.announce({ ...shard('north', 700), draining: true });
    const known = [...(await b.shards())].sort((x, y) => (x.id < y.id ? -1 : 1));
    expect(known).toEqual([{ ...shard('north', 700), draining: true }, shard('south', 300)]);
    await a.withdraw('north');
    await a.withdraw('never');
    expect(await b.shards()).toEqual([shard('south', 300)]);
  });

  test('some of them are told by chance, each once, and none that went', async () => {
    const { a, b } = doors;
    expect(await a.someShards(2)).toEqual([]);
    const all = Array.from({ length: 12 }, (_, i) => shard(`s${i}`, i));
    for (const one of all) await a.announce(one);
    await a.withdraw('s11');
    const times = new Map<string, number>();
    for (let i = 0; i < 200; i++) {
      const some = await b.someShards(3);
      expect(new Set(some.map(({ id }) => id)).size).toBe(3);
      for (const one of some) {
        expect(one).toEqual(all[one.load]);
        times.set(one.id, (times.get(one.id) ?? 0) + 1);
      }
    }
    // 54 each: fewer than 20 is one chance in ten millions.
    expect([...times.keys()].sort()).toEqual(
      all
        .slice(0, 11)
        .map(({ id }) => id)
        .sort(),
    );
    expect(Math.min(...times.values())).toBeGreaterThan(19);
    expect(await b.someShards(20)).toHaveLength(11);
  });

  test('they share a secret of 32 bytes', async () => {
    const { a, b } = doors;
    const [one, other] = await Promise.all([a.secret(), b.secret()]);
    expect(one).toHaveLength(32);
    expect(new Set(one).size).toBeGreaterThan(8);
    expect(other).toEqual(one);
    expect(await a.secret()).toEqual(one);
  });
});

export const messages = chapterSuite('messages', HOLDS_MS, (doors) => {
  test('what is said on a channel is heard by all who listen there, in order', async () => {
    const { a, b } = doors;
    const heard: string[][] = [[], [], []];
    const text = (message: Uint8Array) => new TextDecoder().decode(message);
    await a.subscribe('one', (message) => heard[0].push(text(message)));
    await b.subscribe('one', (message) => heard[1].push(text(message)));
    await b.subscribe('two', (message) => heard[2].push(text(message)));
    await a.publish('nobody', bytes('lost'));
    for (let i = 0; i < 20; i++) await a.publish('one', bytes(`word ${i}`));
    await b.publish('two', Uint8Array.of(0, 255, 10, 13));
    await until(
      async () => heard,
      ([x, y, z]) => x.length + y.length + z.length >= 41,
    );
    const words = Array.from({ length: 20 }, (_, i) => `word ${i}`);
    expect(heard[0]).toEqual(words);
    expect(heard[1]).toEqual(words);
    expect(heard[2]).toHaveLength(1);
  });

  test('who listens twice hears twice, and who has left hears nothing', async () => {
    const { a, b } = doors;
    const heard: string[] = [];
    const hears = (who: string) => (message: Uint8Array) =>
      heard.push(`${who} ${new TextDecoder().decode(message)}`);
    const first = await b.subscribe('one', hears('first'));
    const second = await b.subscribe('one', hears('second'));
    await a.publish('one', bytes('1'));
    await until(
      async () => heard.length,
      (count) => count === 2,
    );
    await first();
    await first();
    await a.publish('one', bytes('2'));
    await until(
      async () => heard.length,
      (count) => count === 3,
    );
    await second();
    await a.publish('one', bytes('3'));
    const third = await b.subscribe('one', hears('third'));
    await a.publish('one', bytes('4'));
    await until(
      async () => heard,
      (words) => words.includes('third 4'),
    );
    await third();
    // Nodes of a cluster tell each other: what was said just before may be heard after.
    const words = heard.filter((word) => word !== 'third 3').sort();
    expect(words).toEqual(['first 1', 'second 1', 'second 2', 'third 4']);
  });

  test('a message is of the moment it was said', async () => {
    const { a, b } = doors;
    const heard: Uint8Array[] = [];
    await b.subscribe('one', (message) => heard.push(message));
    const buffer = Uint8Array.of(1, 2, 3);
    const said = a.publish('one', buffer);
    buffer.fill(9);
    await said;
    await until(
      async () => heard.length,
      (count) => count === 1,
    );
    expect(heard).toEqual([Uint8Array.of(1, 2, 3)]);
  });
});
