// Leaderboards as games and pages meet them: what rooms post, ask and get told, also while the
// directory is away, and `GET /boards/:board`. What a directory promises is in directory-users.ts.
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type Board,
  type BoardOptions,
  type Directory,
  DirectoryError,
  type GameRoom,
  type Log,
  MemoryDirectory,
  type Standing,
} from '../src/index.ts';
import { ScorePosts } from '../src/score-posts.ts';
import { Tally } from '../src/tally.ts';
import { arcade } from './arcade.ts';
import { Deployment } from './deployment.ts';
import { closeOpened, opened } from './opened.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(closeOpened);

const boards: Readonly<Record<string, BoardOptions>> = {
  wins: { keep: 'sum' },
  laps: { keep: 'best', order: 'least' },
  level: { keep: 'last', places: 250 },
};

/** A server over a directory that can be taken away. */
async function start(field = arcade()) {
  const directory = new MemoryDirectory({ now: () => EPOCH_MS });
  let isAway = false;
  for (const asked of ['post', 'top', 'standing'] as const) {
    const ask = directory[asked].bind(directory) as (...given: unknown[]) => Promise<unknown>;
    vi.spyOn(directory, asked).mockImplementation((async (...given: unknown[]) => {
      if (isAway) throw new DirectoryError('late', 'away');
      return ask(...given);
    }) as never);
  }
  stepper = opened(await Stepper.start({ rooms: { field }, serve: { directory, boards } }));
  const { shard, edge } = stepper.server;
  const away = (away: boolean) => {
    isAway = away;
  };
  return { directory, shard, tally: edge.tally, stepper, away };
}

const lines = (rows: readonly Standing[] | undefined) =>
  rows?.map(({ place, user, score }) => `${place} ${user} ${score}`);

describe('a board', () => {
  test.each<[unknown, string]>([
    [{ 'a b': { keep: 'sum' } }, "boards['a b']"],
    [{ [`${'x'.repeat(33)}`]: { keep: 'sum' } }, '1..32 letters'],
    [{ wins: { keep: 'most' } }, "wants 'sum', 'best' or 'last'"],
    [{ wins: { keep: 'sum', order: 'best' } }, "wants 'most' or 'least'"],
    [{ wins: { keep: 'sum', places: 0 } }, '1..1000000'],
    [{ wins: { keep: 'sum', season: 1 } }, 'season'],
  ])('that cannot be is a mistake that is told: %j', async (given, message) => {
    const options = { rooms: { field: arcade() }, serve: { boards: given as never } };
    await expect(Stepper.start(options)).rejects.toThrow(message);
  });

  test('is told what rooms post, and tells all of them', async () => {
    const { shard, stepper } = await start();
    const [a, b] = [await shard.open('field'), await shard.open('field')];
    a.score('wins', 'ada', 1, { once: 'over' });
    a.score('wins', 'ada', 1, { once: 'over' });
    b.score('wins', 'ada', 1, { once: 'over' });
    b.score('wins', 'bob', 3, { once: 'over' });
    for (const seconds of [31.5, 29.25, 40]) a.score('laps', 'ada', seconds);
    b.score('laps', 'bob', 30);
    await stepper.advance(20);
    expect(lines(await b.top('wins'))).toEqual(['1 bob 3', '2 ada 2']);
    expect(lines(await a.top('wins', { from: 1, count: 1 }))).toEqual(['2 ada 2']);
    expect(lines(await a.top('laps'))).toEqual(['1 ada 29.25', '2 bob 30']);
    expect(await a.standing('laps', 'bob')).toEqual({ user: 'bob', score: 30, place: 2 });
    expect(await a.standing('laps', 'eve')).toBeUndefined();
  });

  test('refuses what cannot stand on it, where it is asked', async () => {
    const { shard } = await start();
    const room = await shard.open('field');
    expect(() => room.score('losses', 'ada', 1)).toThrow('serve({ boards }) has wins, laps, level');
    expect(() => room.score('laps', '', 1)).toThrow('a user is');
    expect(() => room.score('laps', 'ada', Number.NaN)).toThrow('NaN: wants a number');
    expect(() => room.score('laps', 'ada', 2 ** 53)).toThrow('wants a number within');
    // On the board that keeps the least, a text would be joined to a number.
    expect(() => room.score('laps', 'ada', '5' as never)).toThrow('wants a number within');
    expect(() => room.score('wins', 'ada', 1)).toThrow('a sum wants { once }');
    expect(() => room.score('wins', 'ada', 1, { once: 'a b' })).toThrow('once');
    expect(() => room.top('losses')).toThrow('serve({ boards })');
    expect(() => room.top('wins', { count: 101 })).toThrow('count 1..100');
    expect(() => room.top('wins', { from: -1 })).toThrow('from 0..');
    expect(() => room.standing('wins', 'x'.repeat(256))).toThrow('a user is');
  });

  test('takes what a room posts as it opens and as it closes', async () => {
    const field = arcade({
      open: (room) => void room.score('wins', 'opened', 1, { once: 'open' }) as undefined,
      async close(room) {
        room.score('wins', 'closed', 1, { once: 'close' });
        await room.top('wins');
        room.score('wins', 'closed', 1, { once: 'closed' });
      },
    });
    const { shard, directory, stepper } = await start(field);
    const room = await shard.open('field');
    room.close('done');
    await stepper.advance(40);
    await new Promise((resolve) => setImmediate(resolve));
    const wins = { name: 'wins', keep: 'sum', order: 'most', places: 9 } as const;
    expect(lines(await directory.top(wins, 0, 9))).toEqual(['1 closed 2', '2 opened 1']);
  });

  test('counts once what a room posts again on another shard', async () => {
    const deployment = opened(new Deployment({ field: arcade() }));
    const [a, b] = [await deployment.add({ boards }), await deployment.add({ boards })];
    const room = await a.server.shard.open('field');
    room.score('wins', 'ada', 1, { once: 'over' });
    await a.server.close();
    const again = b.server.shard.rooms.get(room.id)!;
    again.score('wins', 'ada', 1, { once: 'over' });
    again.score('wins', 'ada', 5, { once: 'again' });
    await vi.waitFor(async () => expect(lines(await again.top('wins'))).toEqual(['1 ada 6']));
  });
});

describe('while the directory is away', () => {
  test('nothing is known, and what is posted is told later, the last one last', async () => {
    const { shard, stepper, away, tally } = await start();
    const room = await shard.open('field');
    away(true);
    for (const [index, level] of [3, 9, 4].entries()) {
      room.score('level', 'ada', level);
      room.score('wins', 'ada', 1, { once: `match ${index}`.replace(' ', '.') });
      await stepper.advance(600);
    }
    expect(await room.top('level')).toBeUndefined();
    expect(await room.standing('level', 'ada')).toBeUndefined();
    away(false);
    await stepper.advance(1_500);
    expect(lines(await room.top('level'))).toEqual(['1 ada 4']);
    expect(lines(await room.top('wins'))).toEqual(['1 ada 3']);
    expect(tally.postsLost).toBe(0);
  });

  test('so many posts wait, and those beyond are lost, counted, and told in the log', async () => {
    const { shard, stepper, away, tally } = await start();
    const room = await shard.open('field');
    away(true);
    for (let i = 0; i < 10_005; i++) room.score('wins', `u${i}`, 1, { once: 'over' });
    expect(tally.postsLost).toBe(5);
    expect(stepper.log.filter(({ msg }) => msg === 'scores are lost')).toMatchObject([
      { room: room.id, board: 'wins', why: 'too many wait' },
    ]);
    away(false);
    await stepper.advance(1_500);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await room.standing('wins', 'u9999')).toMatchObject({ score: 1 });
    expect(await room.standing('wins', 'u10000')).toBeUndefined();
  });

  test('what waits is told as the server closes, or lost', async () => {
    const { shard, stepper, away, tally, directory } = await start();
    const room = await shard.open('field');
    away(true);
    room.score('level', 'ada', 7);
    await stepper.advance(100);
    away(false);
    await stepper.close();
    const level = { name: 'level', keep: 'last', order: 'most', places: 250 } as const;
    expect(await directory.standing(level, 'ada')).toMatchObject({ score: 7 });
    expect(tally.postsLost).toBe(0);
  });
});

describe('posts on their way', () => {
  const room = { id: 'r1', code: { stopped: false } } as GameRoom;
  const level: Board = { name: 'level', keep: 'last', order: 'most', places: 9 };
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  function posting(post: Directory['post']) {
    const clock = { nowMs: 0 };
    const tally = new Tally();
    const lost: object[] = [];
    const log = { error: (details: object) => void lost.push(details) } as never as Log;
    const posts = new ScorePosts({
      ...{ directory: { post } as Directory, log, tally, now: () => clock.nowMs },
      leaseOf: () => ({ id: 'r1', epoch: 1 }),
    });
    const add = (score: number, board = level, user = 'ada') =>
      posts.add(room, board, { user, score, once: undefined });
    return { posts, add, clock, tally, lost };
  }

  test('those of a board that is away keep none of another board waiting', async () => {
    const away: Board = { ...level, name: 'away' };
    const told: number[] = [];
    const { posts, add, clock, tally } = posting(async (_lease, { name }, { score }) => {
      if (name === 'away') throw new DirectoryError('late', 'its node is away');
      told.push(score);
      return 'posted';
    });
    for (let i = 0; i < 1_000; i++) add(i, away, `u${i}`);
    await settled();
    add(1);
    for (let turns = 0; turns < 3; turns++) {
      clock.nowMs += 1_000;
      posts.sweep();
      await settled();
    }
    expect(told).toEqual([1]);
    // Nor does any of them wait for longer because there are many.
    clock.nowMs = 600_000;
    for (let turns = 0; turns < 10; turns++) {
      clock.nowMs += 1_000;
      posts.sweep();
      await settled();
    }
    expect(tally.postsLost).toBe(1_000);
  });

  test('one that fails while a newer one waits does not come after it', async () => {
    const told: number[] = [];
    const { posts, add, clock } = posting(async (_lease, _board, { score }) => {
      told.push(score);
      if (score !== 1) return 'posted';
      add(2);
      throw new DirectoryError('late', 'no answer');
    });
    add(1);
    await settled();
    expect(told).toEqual([1]);
    clock.nowMs = 1_000;
    posts.sweep();
    await settled();
    clock.nowMs = 5_000;
    posts.sweep();
    await settled();
    expect(told).toEqual([1, 2]);
  });

  test('one that is refused for ten minutes is lost', async () => {
    const { posts, add, clock, tally, lost } = posting(async () => {
      throw new DirectoryError('failed', 'WRONGTYPE');
    });
    add(1);
    for (; clock.nowMs < 600_000; clock.nowMs += 1_000) {
      posts.sweep();
      await settled();
    }
    expect(tally.postsLost).toBe(0);
    posts.sweep();
    await settled();
    expect(tally.postsLost).toBe(1);
    expect(lost).toMatchObject([
      { room: 'r1', board: 'level', why: expect.stringContaining('WRONG') },
    ]);
  });
});

describe('GET /boards/:board', () => {
  async function read(target: string, headers: Record<string, string> = {}) {
    const [path, query = ''] = target.split('?');
    const asked = stepper.transport.request({ path, query, headers });
    const { status, body, headers: told } = await stepper.until(asked);
    return { status, told: JSON.parse(String(body)), headers: told };
  }

  async function filled(users: number) {
    const made = await start();
    const room = await made.shard.open('field');
    for (let i = 0; i < users; i++) room.score('level', `u${i}`, users - i);
    await made.stepper.advance(40);
    return { ...made, room };
  }

  test('tells a page of it to anybody', async () => {
    await filled(230);
    const { status, told } = await read('/boards/level');
    expect(status).toBe(200);
    expect(told).toHaveLength(10);
    expect(told[0]).toEqual({ user: 'u0', score: 230, place: 1 });
    const { told: later } = await read('/boards/level?from=195&count=100');
    expect(lines(later)!.slice(0, 2)).toEqual(['196 u195 35', '197 u196 34']);
    expect(later).toHaveLength(35);
    expect((await read('/boards/level?from=990000')).told).toEqual([]);
    expect((await read('/boards/wins')).told).toEqual([]);
    const origin = 'http://localhost:5173';
    const { headers } = await read('/boards/level', { origin });
    expect(headers).toMatchObject({ 'access-control-allow-origin': origin });
  });

  test.each([
    ['/boards/losses', 404],
    ['/boards/__proto__', 404],
    ['/boards/', 404],
    ['/boards/level?count=101', 400],
    ['/boards/level?count=0', 400],
    ['/boards/level?from=-1', 400],
    ['/boards/level?from=1e3', 400],
    ['/boards/level?from=9999999', 400],
  ])('%s is answered %i', async (path, status) => {
    await filled(3);
    expect(await read(path)).toMatchObject({ status, told: { error: expect.any(String) } });
  });

  test('is no route of a server without boards', async () => {
    stepper = opened(await Stepper.start({ rooms: { field: arcade() } }));
    expect(await read('/boards/level')).toMatchObject({
      status: 404,
      told: { error: 'not found' },
    });
  });

  test('costs the directory one question a second, however many ask', async () => {
    const { directory, room, stepper } = await filled(150);
    const asked = () => vi.mocked(directory.top).mock.calls.length;
    const pages = Array.from({ length: 60 }, (_, i) =>
      read(`/boards/level?from=${i}&count=${1 + i}`),
    );
    await Promise.all(pages);
    expect(asked()).toBe(2);
    room.score('level', 'new', 999);
    await stepper.advance(1_100);
    expect((await read('/boards/level?count=1')).told).toMatchObject([{ user: 'new' }]);
    expect(asked()).toBe(3);
  });

  test('says so while the directory is away, and no longer', async () => {
    const { away, tally } = await filled(3);
    away(true);
    expect((await read('/boards/level')).status).toBe(503);
    away(false);
    expect((await read('/boards/level')).status).toBe(200);
    expect(tally.faults).toBe(0);
  });
});
