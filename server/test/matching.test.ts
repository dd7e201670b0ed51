// Which room somebody is put into: by what rooms are told apart by, how full they are, whether they
// are locked or private.

import { afterEach, describe, expect, test } from 'vitest';
import { defineRoom, type MatchRule, Refusal, type RoomEntry } from '../src/index.ts';
import { arcade, game } from './arcade.ts';
import { RawPlayer, TICKET } from './raw-player.ts';
import { Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

const MODES: MatchRule = { by: { mode: ['duel', 'team'], map: ['ice', 'sand'] } };

async function start(match: MatchRule, more: Parameters<typeof arcade>[0] = {}) {
  stepper = await Stepper.start({ rooms: { field: arcade({ seats: 4, match, ...more }) } });
}

/** Where a HELLO for `room` ends: the room's id and match, or the close code. */
async function hello(room: string, more: { credential?: 0 | 1; secret?: string } = {}) {
  const player = new RawPlayer(stepper);
  player.hello(more.credential ?? 0, more.secret ?? '', { room });
  await stepper.advance(20);
  return player;
}

async function post(body: object) {
  const answer = await stepper.transport.request({
    method: 'POST',
    path: '/rooms/field',
    body: JSON.stringify(body),
  });
  // What is no request for a room at all is told in plain text.
  const said = answer.status === 400 ? {} : JSON.parse(String(answer.body));
  return { status: answer.status, ...said } as {
    status: number;
    room: string;
    ticket: string;
    error?: string;
  };
}

const rooms = () => [...stepper.server.shard.rooms.values()];

describe('what rooms are told apart by', () => {
  test('brings together who wants the same, with defaults for what is not said', async () => {
    await start(MODES);
    for (const room of ['field', 'field~map.ice~mode.duel', 'field~mode.team', 'field~map.sand'])
      expect((await hello(room)).seated).toBe(true);
    expect((await post({ match: { mode: 'team' } })).room).toBe(rooms()[1].id);
    expect(rooms().map(({ match, taken }) => ({ ...match, taken }))).toEqual([
      { mode: 'duel', map: 'ice', taken: 2 },
      { mode: 'team', map: 'ice', taken: 1 },
      { mode: 'duel', map: 'sand', taken: 1 },
    ]);
  });

  test('is refused where no room may be of it', async () => {
    await start(MODES);
    const odd = ['field~mode.war', 'field~size.big', 'field~', 'field~mode', 'field~__proto__.x'];
    for (const room of odd) expect([room, (await hello(room)).closed]).toEqual([room, 4004]);
    for (const match of [{ mode: 1 }, { mode: ['duel'] }, { toString: 'x' }])
      expect((await post({ match })).status).toBe(404);
    for (const match of [null, 'duel', 3]) expect((await post({ match })).status).toBe(400);
    for (const odd of [{ romm: 'field' }, { match: {}, private_: true }, ['field'], 'field'])
      expect((await post(odd as object)).status).toBe(400);
    expect((await post({ room: 'x'.repeat(64) })).status).toBe(404);
    for (const room of ['x'.repeat(65), 'x'.repeat(4000), '\ud800', 'x\udfff'])
      expect((await post({ room })).status).toBe(400);
    expect(rooms()).toEqual([]);
  });

  test.each([
    [{ by: { mode: [] } }, 'mode'],
    [{ by: { 'a mode': ['x'] } }, 'a mode'],
    [{ by: { mode: ['a.b'] } }, 'a.b'],
    [{ by: { mode: ['a'.repeat(24)], map: ['b'.repeat(10)] } }, 'characters'],
    [{ capacity: 5 }, 'capacity'],
    [{ pick: 'best' }, 'best'],
    [{ size: 3 }, 'size'],
  ])('%j is a mistake that is told at once', (match, what) => {
    const definition = { seats: 4, match: match as MatchRule, commands: {} };
    expect(() => defineRoom(game as never, definition as never)).toThrow(what);
  });
});

describe('who comes to a kind', () => {
  test('fills no room beyond its capacity, which is for who knows it', async () => {
    await start({ capacity: 2 });
    for (let i = 0; i < 3; i++) await hello('field');
    expect(rooms().map(({ taken }) => taken)).toEqual([2, 1]);
    expect((await hello(rooms()[0].id)).seated).toBe(true);
    expect(rooms()[0].taken).toBe(3);
  });

  test('comes into the fullest room, the emptiest, or the one that the kind picks', async () => {
    const single = (found: readonly RoomEntry[]) => found.filter(({ taken }) => taken === 1);
    for (const [pick, taken] of [
      ['fullest', [2, 4, 1]],
      ['emptiest', [2, 3, 2]],
      [single, [2, 3, 2]],
    ] as const) {
      await start({ pick });
      const ids: string[] = [];
      for (const count of [2, 3, 1]) {
        const { room, ticket } = await post({ create: true });
        ids.push(room);
        await hello(room, { credential: TICKET, secret: ticket });
        for (let i = 1; i < count; i++) await hello(room);
      }
      await hello('field');
      const counts = ids.map((id) => stepper.server.shard.rooms.get(id)!.taken);
      expect([pick, counts]).toEqual([pick, taken]);
      await stepper.close();
    }
  });
});

describe('a locked room', () => {
  test('takes who has a ticket or a seat, and nobody else until it is open again', async () => {
    await start({});
    await hello('field');
    const [room] = rooms();
    const { ticket } = await post({ room: room.id });
    room.locked = true;
    expect((await hello(room.id)).closed).toBe(4005);
    expect((await post({ room: room.id })).status).toBe(409);
    expect((await hello('field')).seated).toBe(true);
    expect(rooms()).toHaveLength(2);
    expect((await hello(room.id, { credential: TICKET, secret: ticket })).seated).toBe(true);
    room.locked = false;
    expect((await hello(room.id)).seated).toBe(true);
  });

  test('is listed without a free place', async () => {
    await start({});
    await hello('field');
    const [room] = rooms();
    const listed = async () => {
      const { body } = await stepper.transport.request({ path: '/rooms' });
      const [{ taken, free }] = JSON.parse(String(body));
      return [taken, free];
    };
    const [taken, free] = await listed();
    room.locked = true;
    await stepper.advance(600);
    expect(await listed()).toEqual([taken, 0]);
    room.locked = false;
    await stepper.advance(600);
    expect([await listed(), free > 0]).toEqual([[taken, free], true]);
  });

  test('may be locked as it opens', async () => {
    await start({}, { open: (room) => void (room.locked = true) });
    const { room } = await post({ create: true });
    expect(room).toBe(undefined);
    expect(rooms().map(({ locked }) => locked)).toEqual([true]);
  });
});

test('a private room is in no list, and takes who knows its id', async () => {
  await start({});
  const { room, ticket } = await post({ private: true });
  expect((await hello('field')).seated).toBe(true);
  expect(rooms().map(({ id, taken }) => [id === room, taken])).toEqual([
    [true, 0],
    [false, 1],
  ]);
  const list = await stepper.transport.request({ path: '/rooms' });
  expect(String(list.body)).not.toContain(room);
  expect((await hello(room)).seated).toBe(true);
  expect((await hello(room, { credential: TICKET, secret: ticket })).seated).toBe(true);
});

describe('a party', () => {
  const asked = (tokens: string[], more = {}) => post({ tokens, ...more });

  test('comes into one room that has a place for all, or into a new one', async () => {
    await start({});
    await hello('field');
    await hello('field');
    const { room, tickets } = (await asked(['a', 'b', 'c'])) as never as Party;
    expect(rooms().map(({ id }) => id === room)).toEqual([false, true]);
    for (const ticket of tickets)
      expect((await hello(room, { credential: TICKET, secret: ticket })).seated).toBe(true);
    expect(rooms().map(({ taken }) => taken)).toEqual([2, 3]);
    expect(((await asked(['a', 'b'])) as never as Party).room).toBe(rooms()[0].id);
  });

  test('gets all its places or none', async () => {
    await start({});
    await hello('field');
    const [{ id }] = rooms();
    expect((await asked(['a', 'b', 'c', 'd'], { room: id })).status).toBe(409);
    expect((await asked(['a', 'b', 'c', 'd', 'e'])).status).toBe(409);
    expect(rooms()).toHaveLength(1);
    expect(stepper.server.seating.secrets.tickets).toBe(0);
    expect((await asked(['a', 'b', 'c'], { room: id })).status).toBe(200);
    expect((await post({ room: id })).status).toBe(409);
  });

  test('is refused with the one who is', async () => {
    const authenticate = (token: string) => {
      if (token === 'bad') throw new Refusal('who are you?');
      return undefined;
    };
    await start({}, { authenticate });
    expect((await asked(['a', 'bad'])).status).toBe(401);
    for (const tokens of [[], ['a', 1], 'ab', Array.from({ length: 17 }, String)])
      expect((await post({ tokens })).status).toBe(400);
    expect(rooms()).toEqual([]);
  });

  test('counts for its address as so many tickets', async () => {
    stepper = await Stepper.start({
      rooms: { field: arcade({ seats: 8 }) },
      limits: { connectionsPerAddress: 4 },
    });
    expect((await asked(['a', 'b', 'c'])).status).toBe(200);
    expect((await asked(['a', 'b'])).status).toBe(429);
  });
});

interface Party {
  room: string;
  tickets: string[];
}

describe('{T59} who only watches', () => {
  const watch = async (room: string, secret = '') => {
    const player = new RawPlayer(stepper);
    player.hello(secret ? TICKET : 0, secret, { room, spectate: true });
    await stepper.advance(20);
    return player;
  };

  test('is put into no private room, and into none of another match', async () => {
    await start(MODES);
    const { ticket, room } = await post({ create: true, private: true });
    await hello(room, { credential: TICKET, secret: ticket });
    expect((await watch('field')).closed).toBe(4005);
    expect((await watch(room)).seated).toBe(true);
    await hello('field~mode.team');
    expect((await watch('field')).closed).toBe(4005);
    expect((await watch('field~mode.team')).seated).toBe(true);
  });

  test('does so by a ticket only where there is a place to watch from', async () => {
    await start({}, { spectators: 0 });
    const { ticket, room } = await post({});
    expect((await watch(room, ticket)).closed).toBe(4005);
    expect((await stepper.server.directory.room(room))?.taken).toBe(0);
  });
});
