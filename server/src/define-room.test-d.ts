// What a game's handlers may write, judged by the compiler: auth and data are inferred, and what
// the game did not declare is an error.

import {
  command,
  defineGame,
  type EntityId,
  entity,
  fixed,
  int,
  list,
  packed,
  text,
} from '@tickwire/protocol';
import * as v from 'valibot';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineRoom } from './define-room.ts';
import type { Presence, Standing } from './directory.ts';
import { jwt } from './jwt.ts';
import type { Sender } from './room-api.ts';

const game = defineGame({
  tickRate: 20,
  state: { left: int(0, 9) },
  entities: {
    ship: { x: fixed(0, 9, 1), ammo: int(0, 9).ownerOnly(), bag: list(int(0, 9), 4) },
    coin: { x: fixed(0, 9, 1), secret: int(0, 9).serverOnly() },
  },
  input: { dx: int(-1, 1) },
  events: { hit: { by: entity('ship'), n: int(0, 9) } },
  commands: { rename: command({ name: text(8) }).replies<{ ok: boolean }>() },
});
const commands = { rename: () => ({ ok: true }) };

describe('seat.auth and room.data', () => {
  test('are undefined without authenticate and open', () => {
    defineRoom(game, {
      seats: 1,
      commands,
      join(room, seat) {
        expectTypeOf(seat.auth).toEqualTypeOf<undefined>();
        expectTypeOf(room.data).toEqualTypeOf<undefined>();
      },
    });
  });

  test('are what authenticate and open return', () => {
    defineRoom(game, {
      seats: 1,
      authenticate: async (token) => ({ name: token }),
      open: () => ({ scores: new Map<string, number>() }),
      join(room, seat) {
        expectTypeOf(seat.auth).toEqualTypeOf<{ name: string }>();
        expectTypeOf(room.data.scores).toEqualTypeOf<Map<string, number>>();
      },
      commands: {
        rename(room, seat, { name }) {
          expectTypeOf(name).toEqualTypeOf<string>();
          expectTypeOf(seat.auth.name).toEqualTypeOf<string>();
          expectTypeOf(room.data.scores.size).toEqualTypeOf<number>();
          return { ok: true };
        },
      },
    });
  });

  test('are what user and expiresAtMs read, and the claims of a JWT', () => {
    defineRoom(game, {
      commands,
      authenticate: async (token) => ({ id: token, endsMs: 7 }),
      user(auth) {
        expectTypeOf(auth).toEqualTypeOf<{ id: string; endsMs: number }>();
        return auth.id;
      },
      expiresAtMs: (auth) => auth.endsMs,
    });
    const rules = { key: 'x', algorithms: ['HS256'], issuer: 'id', audience: 'game' } as const;
    defineRoom(game, {
      commands,
      authenticate: jwt<{ name: string }>(rules),
      user: ({ sub }) => sub,
      join(_, seat) {
        expectTypeOf(seat.auth.name).toEqualTypeOf<string>();
        expectTypeOf(seat.auth.exp).toEqualTypeOf<number | undefined>();
      },
    });
    defineRoom(game, {
      commands,
      authenticate: () => ({ id: 7 }),
      // @ts-expect-error a user is a text
      user: (auth) => auth.id,
    });
  });

  test('are what a waiting queue rates players by', () => {
    defineRoom(game, {
      commands,
      authenticate: async (token) => ({ name: token, elo: 1500 }),
      match: { by: { mode: ['a', 'b'] }, queue: { players: 2, rating: ({ elo }) => elo } },
      join(_, seat) {
        expectTypeOf(seat.auth).toEqualTypeOf<{ name: string; elo: number }>();
      },
    });
    defineRoom(game, {
      commands,
      authenticate: () => ({ name: 'ada' }),
      // @ts-expect-error nobody said how strong players are
      match: { queue: { players: 2, rating: ({ elo }) => elo } },
    });
  });

  test('are told apart: one with the other left out', () => {
    defineRoom(game, {
      seats: 1,
      commands,
      open: () => 7,
      tick(room) {
        expectTypeOf(room.data).toEqualTypeOf<number>();
        for (const seat of room.seats) expectTypeOf(seat.auth).toEqualTypeOf<undefined>();
      },
    });
  });
});

describe('what a checkpoint keeps of room.data', () => {
  const open = () => ({ scores: new Map<string, number>() });

  test('is what save answers, and load makes room.data of it', () => {
    defineRoom(game, {
      commands,
      failover: 'restore',
      open,
      save(room) {
        expectTypeOf(room.data.scores).toEqualTypeOf<Map<string, number>>();
        return { scores: [...room.data.scores] };
      },
      load(room, saved) {
        expectTypeOf(room.data).toEqualTypeOf<undefined>();
        expectTypeOf(saved).toEqualTypeOf<{ scores: [string, number][] }>();
        return { scores: new Map(saved.scores) };
      },
      tick(room) {
        expectTypeOf(room.data.scores.size).toEqualTypeOf<number>();
      },
    });
  });

  test('makes no other data than open does', () => {
    defineRoom(game, {
      commands,
      open,
      save: ({ data }) => [...data.scores],
      // @ts-expect-error open answers scores
      load: (_, saved) => new Map(saved),
    });
  });

  test('is not lost in silence: a room with data says how it is kept, or is not restored', () => {
    defineRoom(game, { commands, failover: 'restore' });
    defineRoom(game, {
      commands,
      failover: 'restore',
      open: (room) => void room.spawn('coin', {}),
    });
    defineRoom(game, { commands, failover: 'restart', open });
    // @ts-expect-error its data would be lost
    defineRoom(game, { commands, failover: 'restore', open });
    // @ts-expect-error no such way
    defineRoom(game, { commands, failover: 'resume' });
  });
});

test('rows, inputs and state are those of the game', () => {
  defineRoom(game, {
    seats: 1,
    commands,
    tick(room, dt) {
      expectTypeOf(dt).toEqualTypeOf<number>();
      expectTypeOf(room.state.left).toEqualTypeOf<number>();
      for (const ship of room.all('ship')) {
        expectTypeOf(ship.id).toEqualTypeOf<EntityId<'ship'>>();
        expectTypeOf(ship.kind).toEqualTypeOf<'ship'>();
        ship.x = 1;
        ship.bag.push(1);
        expectTypeOf(room.inputOf(ship)?.dx).toEqualTypeOf<number | undefined>();
        room.rewind(ship, (past) => {
          // @ts-expect-error the past is not to be written
          for (const row of past.all('ship')) row.x = 2;
          // @ts-expect-error nor does it keep lists
          for (const row of past.all('ship')) row.bag;
          const [hit] = past.ray('ship', { x: 0, y: 0 }, { x: 9, y: 0 }, 1);
          expectTypeOf(hit.row.id).toEqualTypeOf<EntityId<'ship'>>();
          expectTypeOf(hit.row.ammo).toEqualTypeOf<number>();
          expectTypeOf(hit.distance).toEqualTypeOf<number>();
        });
      }
    },
  });
});

test('what the game did not declare is an error', () => {
  defineRoom(game, {
    seats: 1,
    commands,
    tick(room) {
      // @ts-expect-error no such kind
      room.all('boat');
      // @ts-expect-error no such kind
      room.spawn('boat', {});
      // @ts-expect-error no such field
      room.spawn('ship', { z: 1 });
      // @ts-expect-error wrong value
      room.spawn('ship', { x: 'left' });
      // @ts-expect-error no such event
      room.emit('miss', {});
      const ship = room.spawn('ship', {});
      const coin = room.spawn('coin', {});
      room.emit('hit', { by: ship.id, n: 1 });
      // @ts-expect-error wrong payload
      room.emit('hit', { by: ship.id, n: 'one' });
      // @ts-expect-error a payload that lacks a field
      room.emit('hit', { n: 1 });
      // @ts-expect-error the id of another kind
      room.emit('hit', { by: coin.id, n: 1 });
      // @ts-expect-error the id of another kind
      room.get('ship', coin.id);
      room.get('ship', ship.id);
      // @ts-expect-error ids are given by the room
      ship.id = 7;
      // @ts-expect-error owners change by room.give
      ship.owner = 2;
    },
  });
});

test('commands answer what they declare', () => {
  // @ts-expect-error another answer than declared
  defineRoom(game, { seats: 1, commands: { rename: () => ({ ok: 'yes' }) } });
  defineRoom(game, { seats: 1, commands: { rename: async () => ({ ok: false }) } });
});

test('a handler is given what the schema of a field made of it', () => {
  const judged = defineGame({
    entities: {},
    commands: {
      zod: command({ it: packed(64, z.object({ a: z.string().transform(Number) })) }),
      valibot: { n: int(0, 9), it: packed(64, v.object({ a: v.optional(v.number(), 1) })) },
      free: { it: packed<{ a: number }>(64) },
    },
  });
  defineRoom(judged, {
    commands: {
      zod: (_room, _seat, { it }) => expectTypeOf(it).toEqualTypeOf<{ a: number }>(),
      valibot(_room, _seat, { n, it }) {
        expectTypeOf(n).toEqualTypeOf<number>();
        expectTypeOf(it).toEqualTypeOf<{ a: number }>();
      },
      free: (_room, _seat, { it }) => expectTypeOf(it).toEqualTypeOf<{ a: number } | null>(),
    },
  });
});

test('what a room asks of users and boards may be unknown, and the game says what then', () => {
  defineRoom(game, {
    commands,
    hears: {
      party(_room, _line: { text: string }, from) {
        expectTypeOf(from).toEqualTypeOf<Sender>();
      },
      news: (_room, _line: string) => {},
    },
    async tick(room) {
      expectTypeOf(await room.whereIs('ada')).toEqualTypeOf<readonly Presence[] | undefined>();
      const found = await room.whereAre(['ada']);
      // @ts-expect-error the directory may be away
      found.get('ada');
      expectTypeOf(await room.top('wins')).toEqualTypeOf<readonly Standing[] | undefined>();
      expectTypeOf(await room.standing('wins', 'ada')).toEqualTypeOf<Standing | undefined>();
      room.score('wins', 'ada', 1, { once: 'over' });
      // @ts-expect-error whose score
      room.score('wins', 1);
    },
  });
});
