// Which shard gets a room, of many that are known by what they said.
import { Random } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import type { ShardEntry } from './directory.ts';
import { Others } from './others.ts';

const OWN = 's0';
const entry = (id: string, load: number, more: Partial<ShardEntry> = {}): ShardEntry => {
  const counts = { rooms: 0, seats: 0, draining: false };
  return { id, url: `wss://${id}.example/`, build: 'b1', load, ...counts, ...more };
};

/** `some` are told in this order; the list has all. */
function othersOf(
  some: readonly ShardEntry[],
  all = some,
  more: { load?: number; seed?: number } = {},
) {
  const asked: string[] = [];
  let nowMs = 0;
  const random = new Random(more.seed ?? 1);
  const shard = { owner: { shard: OWN, url: '' }, build: 'b1', draining: false };
  const others = new Others({
    directory: {
      async someShards(most) {
        asked.push(`some ${most}`);
        return some.slice(0, most);
      },
      async shards() {
        asked.push('all');
        return all;
      },
    },
    shard,
    load: () => more.load ?? 500,
    now: () => nowMs,
    chance: () => random.next(),
  });
  const pass = (ms: number) => void (nowMs += ms);
  return { others, asked, shard, pass };
}

describe('another shard for a new room', () => {
  test('is the less loaded of two, without this one and those that take none', async () => {
    const { others, asked } = othersOf([
      entry(OWN, 0),
      entry('closes', 0, { draining: true }),
      entry('busy', 400),
      entry('idle', 100),
    ]);
    expect((await others.lessLoaded())?.id).toBe('idle');
    expect(asked).toEqual(['some 4']);
  });

  test('is looked for among all where some are none, and that list is kept', async () => {
    const newer = Array.from({ length: 8 }, (_, i) => entry(`new${i}`, 0, { build: 'b2' }));
    const all = [...newer, entry('last', 400), entry(OWN, 0)];
    const { others, asked, pass } = othersOf(newer, all);
    for (let i = 0; i < 3; i++) expect((await others.lessLoaded())?.id).toBe('last');
    expect(asked.filter((what) => what === 'all')).toHaveLength(1);
    pass(2_001);
    await others.lessLoaded();
    expect(asked.filter((what) => what === 'all')).toHaveLength(2);
    others.forget();
    await others.emptier();
    expect(asked.filter((what) => what === 'all')).toHaveLength(3);
  });

  test('is looked for by one list for all who ask at once', async () => {
    const newer = Array.from({ length: 4 }, (_, i) => entry(`new${i}`, 0, { build: 'b2' }));
    const { others, asked } = othersOf(newer, [...newer, entry('last', 400)]);
    await Promise.all(Array.from({ length: 20 }, () => others.lessLoaded()));
    expect(asked.filter((what) => what === 'all')).toHaveLength(1);
  });

  test('has less to do, unless this one closes', async () => {
    const busy = othersOf([entry('a', 600), entry('b', 700)]);
    expect(await busy.others.lessLoaded()).toBeUndefined();
    busy.shard.draining = true;
    expect((await busy.others.lessLoaded())?.id).toBe('a');
    expect(await othersOf([entry(OWN, 0)]).others.lessLoaded()).toBeUndefined();
  });

  test('has by itself what was sent to it, until it says how busy it is', async () => {
    const { others, pass } = othersOf([entry('a', 400), entry('b', 415)]);
    const sent: string[] = [];
    for (let i = 0; i < 5; i++) {
      const to = (await others.lessLoaded())!;
      others.send(to);
      sent.push(to.id);
    }
    expect(sent.join('')).toBe('aabab');
    expect(others.loadOf(entry('a', 400))).toBe(430);
    expect(others.loadOf(entry('a', 440))).toBe(440);
    pass(4_000);
    others.send(entry('b', 415));
    expect(others.loadOf(entry('a', 400))).toBe(400);
  });
});

describe('{S56} other shards for the rooms of those that close', () => {
  /** How many rooms each of `all` is sent by so many that close at once and know no newer list. */
  async function sentTo(all: readonly ShardEntry[], closing: number, rooms: number) {
    const sent = new Map(all.map(({ id }) => [id, 0]));
    for (let seed = 1; seed <= closing; seed++) {
      const { others } = othersOf([], all, { seed });
      for (let room = 0; room < rooms; room++) {
        const to = (await others.emptier())!;
        others.send(to);
        sent.set(to.id, sent.get(to.id)! + 1);
      }
    }
    return [...sent.values()];
  }

  test('are not the same one for all of them at first', async () => {
    const all = Array.from({ length: 40 }, (_, i) => entry(`a${i}`, 600));
    // 1.25 each.
    expect(Math.max(...(await sentTo(all, 50, 1)))).toBeLessThan(8);
    // 15 each.
    const spread = await sentTo(all, 10, 60);
    expect([Math.min(...spread) > 5, Math.max(...spread) < 26]).toEqual([true, true]);
  });

  test('are those first that have only begun, and not beyond the others', async () => {
    const full = Array.from({ length: 35 }, (_, i) => entry(`full${i}`, 600));
    const fresh = Array.from({ length: 5 }, (_, i) => entry(`fresh${i}`, 0));
    const spread = await sentTo([...full, ...fresh], 5, 60);
    const ofFresh = spread.slice(35);
    expect([Math.min(...ofFresh) > 40, Math.max(...ofFresh) < 70]).toEqual([true, true]);
    expect(Math.max(...spread.slice(0, 35))).toBeLessThan(8);
  });

  test('are none where there are none', async () => {
    expect(await othersOf([entry(OWN, 0)]).others.emptier()).toBeUndefined();
  });
});
