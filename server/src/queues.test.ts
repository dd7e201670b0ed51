// Matches that are made of what shards tell, and what becomes of those whose shard, or room, fails.
import { beforeEach, expect, test } from 'vitest';
import type { SeatPromise } from './directory.ts';
import type { Log } from './log.ts';
import { type Entrant, type Opened, Queues, type Wanted } from './queues.ts';
import { Tally } from './tally.ts';

const WANTED: Wanted = { kind: 'duel', match: '' };

let nowMs: number;
/** What shards were asked, in order. */
let asked: string[];
/** Those who wait no more although they were told, as `home:id`. */
let gone: Set<string>;
/** Shards that do not answer. */
let deaf: Set<string>;
let opens: (places: readonly SeatPromise[]) => Opened;
let errors: number;
let queues: Queues;

beforeEach(() => {
  nowMs = 100_000;
  asked = [];
  gone = new Set();
  deaf = new Set();
  errors = 0;
  let rooms = 0;
  opens = () => ({ room: `duel-${++rooms}`, url: 'http://a' });
  const answers = (home: string) => {
    if (deaf.has(home)) throw new Error(`${home} does not answer`);
  };
  queues = new Queues({
    shard: 'q',
    homes: {
      async hold(home, hold, ids) {
        answers(home);
        asked.push(`${home} holds ${ids.join()} for ${hold}`);
        return ids.filter((id) => !gone.has(`${home}:${id}`));
      },
      async letGo(home, hold) {
        answers(home);
        asked.push(`${home} lets go ${hold}`);
      },
      async matched(home, hold, { room }) {
        answers(home);
        asked.push(`${home} is told of ${room} for ${hold}`);
      },
    },
    rule: () => ({ players: 3 }),
    open: async (_wanted, places) => opens(places),
    now: () => nowMs,
    log: { info() {}, warn() {}, error: () => void errors++ } as unknown as Log,
    tally: new Tally(),
  });
});

const entrant = (id: number, ageMs = 0): Entrant => {
  return { id, ageMs, rating: 0, places: [[`seat-${id}`, '', '']] };
};
const tell = (home: string, ...ids: readonly (number | Entrant)[]) => {
  const fresh = ids.map((one) => (typeof one === 'number' ? entrant(one) : one));
  return queues.tell(
    home,
    WANTED,
    fresh.map(({ id }) => id),
    fresh,
  );
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a match holds all of it, opens a room with a place for each, and tells them', async () => {
  let given: readonly SeatPromise[] = [];
  opens = (places) => {
    given = places;
    return { room: 'duel-1', url: '' };
  };
  tell('a', 1, 2);
  tell('b', 7);
  await settled();
  expect(asked).toEqual([
    'a holds 1,2 for q.1',
    'b holds 7 for q.1',
    'a is told of duel-1 for q.1',
    'b is told of duel-1 for q.1',
  ]);
  expect(given.map(({ seat }) => seat)).toEqual(['seat-1', 'seat-2', 'seat-7']);
  expect(queues.tell('a', WANTED, [], []).waiting).toBe(0);
});

test('who is gone by then is forgotten, and the others are matched with the next', async () => {
  gone.add('a:2');
  tell('a', 1, 2);
  tell('b', 7);
  await settled();
  expect(asked.slice(2)).toEqual(['a lets go q.1', 'b lets go q.1']);
  expect(queues.tell('b', WANTED, [7], []).waiting).toBe(2);
  asked.length = 0;
  tell('c', 4);
  await settled();
  expect(asked.slice(0, 3)).toEqual([
    'a holds 1 for q.2',
    'b holds 7 for q.2',
    'c holds 4 for q.2',
  ]);
  expect(asked).toHaveLength(6);
});

test('a shard that does not answer does not keep the others waiting', async () => {
  deaf.add('a');
  tell('a', 1);
  tell('b', 7, 8);
  await settled();
  expect(asked).toEqual(['b holds 7,8 for q.1', 'b lets go q.1']);
  tell('c', 4);
  await settled();
  expect(asked.slice(2).filter((what) => what.includes('holds'))).toEqual([
    'b holds 7,8 for q.2',
    'c holds 4 for q.2',
  ]);
});

test('where no room opens all wait on in their order, and it is tried again', async () => {
  const open = opens;
  opens = () => {
    throw new Error('all rooms are taken');
  };
  tell('a', entrant(1, 5_000), entrant(2, 9_000));
  tell('b', entrant(7, 1_000), entrant(8));
  await settled();
  expect(asked).toHaveLength(4);
  for (let i = 0; i < 8; i++) {
    nowMs += 250;
    queues.sweep();
    await settled();
  }
  expect([errors, asked.filter((what) => what.includes('holds 2')).length]).toEqual([1, 3]);
  opens = open;
  asked.length = 0;
  nowMs += 1_000;
  queues.sweep();
  await settled();
  expect(asked[0]).toBe('a holds 2,1 for q.4');
  expect(asked[1]).toBe('b holds 7 for q.4');
});

test('who is not told again is forgotten with the shard, and who is told is not', async () => {
  tell('a', 1);
  tell('b', 7);
  for (let i = 0; i < 6; i++) {
    nowMs += 1_000;
    queues.tell('b', WANTED, [7], []);
    queues.sweep();
  }
  expect(queues.tell('b', WANTED, [7], []).waiting).toBe(1);
  expect(queues.tell('a', WANTED, [1], [])).toMatchObject({ unknown: [1], waiting: 1 });
});

test('many matches are made at once, and no more than so many', async () => {
  const waits: (() => void)[] = [];
  const { length } = Array.from({ length: 120 }, (_, id) => id);
  const opened = opens;
  const slow = new Queues({
    shard: 'q',
    homes: { hold: async (_, __, ids) => ids, async letGo() {}, async matched() {} },
    rule: () => ({ players: 2 }),
    open: () => new Promise((resolve) => waits.push(() => resolve(opened([])))),
    now: () => nowMs,
    log: { info() {} } as unknown as Log,
    tally: new Tally(),
  });
  const ids = Array.from({ length }, (_, id) => id);
  slow.tell(
    'a',
    WANTED,
    ids,
    ids.map((id) => entrant(id)),
  );
  await settled();
  expect(waits).toHaveLength(16);
  for (let done = 0; done < 60; done++) {
    waits[done]();
    await settled();
  }
  expect([waits.length, slow.tell('a', WANTED, [], []).waiting]).toEqual([60, 0]);
});

test('hundreds are looked at a few times a second, and not at every arrival', async () => {
  const ids = Array.from({ length: 300 }, (_, id) => id);
  tell('a', ...ids);
  await settled();
  expect(asked).toEqual([]);
  queues.sweep();
  for (let i = 0; i < 20; i++) await settled();
  expect(asked.filter((what) => what.includes('is told of'))).toHaveLength(100);
});

test('where no match can be made, rooms are tried one by one', async () => {
  let opened = 0;
  opens = () => {
    opened++;
    throw new Error('locked as it opens');
  };
  tell('a', ...Array.from({ length: 90 }, (_, i) => i));
  await settled();
  expect(opened).toBe(16);
  nowMs += 1_000;
  queues.sweep();
  await settled();
  expect(opened).toBe(17);
  opens = () => ({ room: `duel-${++opened}`, url: 'http://a' });
  nowMs += 1_000;
  queues.sweep();
  await settled();
  queues.sweep();
  await settled();
  expect(opened).toBe(17 + 30);
});
