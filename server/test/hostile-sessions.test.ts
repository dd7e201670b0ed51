// Who takes a seat with what is not theirs, or takes more than their share: tickets, resume keys,
// tokens, promised seats, inputs beyond the rules. Raw frames on a whole server with virtual time.

import {
  neutralInput,
  PackedSink,
  Random,
  writeAck,
  writeInputHeader,
  writeInputs,
} from '@tickwire/protocol';
import pino from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { Refusal } from '../src/index.ts';
import { arcade, type Definition, game, SPEED } from './arcade.ts';
import { post as postTo, RawPlayer, RESUME, TICKET, TOKEN } from './raw-player.ts';
import { Stepper, type StepperOptions } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

async function start(more: Partial<Definition> = {}, options: Partial<StepperOptions> = {}) {
  stepper = await Stepper.start({ rooms: { field: arcade(more) }, ...options });
}

type From = ConstructorParameters<typeof RawPlayer>[1];

class Raw extends RawPlayer {
  constructor(from: From = {}) {
    super(stepper, from);
  }
}

/** What becomes of a HELLO. */
async function hello(
  credential: 0 | 1 | 2 = TOKEN,
  secret = '',
  room = 'field',
  from: From = {},
): Promise<Raw> {
  const raw = new Raw(from);
  raw.hello(credential, secret, { room });
  await stepper.advance(50);
  return raw;
}

const post = (body: object, remoteAddress?: string) => postTo(stepper, body, remoteAddress);

describe('{T46, S39} a ticket', () => {
  test('seats once', async () => {
    await start();
    const { ticket, room } = await post({});
    expect((await hello(TICKET, ticket, room)).seated).toBe(true);
    expect((await hello(TICKET, ticket, room)).closed).toBe(4002);
    expect(stepper.room('field').taken).toBe(1);
  });

  test('of two that race seats one', async () => {
    await start();
    const { ticket, room } = await post({});
    const twins = [new Raw(), new Raw()];
    for (const raw of twins) raw.hello(TICKET, ticket, { room });
    await stepper.advance(50);
    expect(twins.filter(({ seated }) => seated)).toHaveLength(1);
    expect(twins.filter(({ closed }) => closed === 4002)).toHaveLength(1);
  });

  test('is good for its time and no longer', async () => {
    await start();
    const [early, late] = [await post({}), await post({})];
    await stepper.advance(9_900);
    expect((await hello(TICKET, early.ticket)).seated).toBe(true);
    await stepper.advance(100);
    expect((await hello(TICKET, late.ticket)).closed).toBe(4002);
  });

  test('cut or changed anywhere is none, and the true one stays good', async () => {
    await start({}, { limits: { ticketMs: 60_000 } });
    const { ticket } = await post({});
    for (let at = 0; at < ticket.length; at++) {
      const changed = `${ticket.slice(0, at)}${ticket[at] === 'x' ? 'y' : 'x'}`;
      const from = { remoteAddress: `10.0.0.${at}` };
      const whole = changed + ticket.slice(at + 1);
      expect((await hello(TICKET, whole, 'field', from)).closed).toBe(4002);
      expect((await hello(TICKET, ticket.slice(0, at), 'field', from)).closed).toBe(4002);
    }
    expect((await hello(TICKET, ticket)).seated).toBe(true);
  });

  test('seats in its own room, as its own user, whatever room HELLO names', async () => {
    const users: unknown[] = [];
    const authenticate = (token: string) => ({ user: token }) as never;
    await start({ authenticate, join: (_, seat) => void users.push(seat.auth) });
    const mine = await post({ create: true, token: 'ada' });
    const other = await post({ create: true, token: 'eve' });
    expect(mine.room).not.toBe(other.room);
    expect((await hello(TICKET, mine.ticket, other.room)).seated).toBe(true);
    expect(stepper.server.shard.rooms.get(mine.room)?.taken).toBe(1);
    expect(stepper.server.shard.rooms.get(other.room)?.taken).toBe(0);
    expect(users).toEqual([{ user: 'ada' }]);
  });

  test('is neither a token nor a resume key, and these are no tickets', async () => {
    const authenticate = () => {
      throw new Refusal('no');
    };
    await start();
    const { ticket } = await post({});
    expect((await hello(RESUME, ticket)).closed).toBe(4009);
    const { key } = await hello(TICKET, ticket);
    expect((await hello(TICKET, key)).closed).toBe(4002);
    await stepper.close();
    await start({ authenticate });
    expect((await hello(TOKEN, ticket)).closed).toBe(4001);
  });
});

test('{T47} guessed tickets seat nobody, and one address is soon refused', async () => {
  await start();
  const codes: (number | undefined)[] = [];
  let refused = 0;
  for (let guess = 0; guess < 1000; guess++) {
    try {
      const raw = new Raw();
      raw.hello(TICKET, `secret-${guess + 1000}.${guess}`);
      await stepper.advance(1);
      codes.push(raw.closed);
    } catch (error) {
      expect(error).toMatchObject({ status: 429 });
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(850);
  expect(new Set(codes)).toEqual(new Set([4002]));
  expect(stepper.server.shard.rooms.size).toBe(0);
  const neighbour = new Raw({ remoteAddress: '10.0.0.1' });
  neighbour.hello();
  await stepper.advance(50);
  expect(neighbour.seated).toBe(true);
});

test('{T48} of fifty resumes at once one has the seat in the end', async () => {
  await start();
  const owner = await hello();
  const { key } = owner;
  owner.peer.cut();
  await stepper.advance(50);
  const thieves = Array.from({ length: 50 }, () => new Raw());
  for (const raw of thieves) raw.hello(RESUME, key);
  await stepper.advance(50);
  expect(thieves.filter(({ closed }) => closed === undefined)).toHaveLength(1);
  expect(thieves.filter(({ closed }) => closed === 4007)).toHaveLength(49);
  expect([stepper.room('field').taken, stepper.room('field').seat(1)?.connected]).toEqual([
    1,
    true,
  ]);
});

describe('{T49} a resume', () => {
  test('after the grace time, or of a room that is over, is told 4009', async () => {
    await start();
    const late = await hello();
    late.peer.cut();
    await stepper.advance(6_000);
    expect((await hello(RESUME, late.key)).closed).toBe(4009);
    const ended = await hello();
    stepper.room('field').end(1000, 'over');
    await stepper.advance(50);
    expect((await hello(RESUME, ended.key)).closed).toBe(4009);
  });

  test('that has applied what was never sent is malformed', async () => {
    await start();
    const before = await hello();
    before.peer.cut();
    await stepper.advance(50);
    const after = await hello(RESUME, before.key);
    expect(after.seated).toBe(true);
    after.say((out) => writeAck(out, 10_000));
    await stepper.advance(1);
    expect(after.closed).toBe(4000);
  });
});

describe('who somebody is', () => {
  const authenticate = (token: string) => {
    if (token !== 'ada') throw new Refusal('who are you?');
    return undefined;
  };
  const origins = ['https://play.example'];
  const headers = { origin: 'https://play.example', host: 'play.example' };

  test('{T50} is not told by an Origin', async () => {
    await start({ authenticate }, { serve: { production: true, origins } });
    const raw = new Raw({ headers });
    raw.hello();
    await stepper.advance(50);
    expect([raw.closed, raw.frames.length]).toEqual([4001, 0]);
  });

  test('{S31} is not told by a cookie', async () => {
    await start({ authenticate });
    const raw = new Raw({ headers: { cookie: 'token=ada; session=ada', host: 'play.example' } });
    raw.hello();
    await stepper.advance(50);
    expect([raw.closed, raw.frames.length]).toEqual([4001, 0]);
  });

  test('{S38} is refused with 401 before a socket and with 4001 after', async () => {
    await start({ authenticate });
    expect((await post({ token: 'eve' })).status).toBe(401);
    expect((await post({ token: 'ada' })).status).toBe(200);
    expect((await hello(TOKEN, 'eve')).closed).toBe(4001);
    expect((await hello(TOKEN, 'ada')).seated).toBe(true);
    expect(JSON.stringify(stepper.log)).not.toMatch(/"(ada|eve)"/);
  });
});

test('{T63} control characters of a peer are escaped in every log line', async () => {
  const lines: string[] = [];
  const evil = '\u001b[2J\u0007\r\n{"level":60}';
  const authenticate = (token: string) => {
    throw new Refusal(`no such user: ${token}`);
  };
  const log = pino({ base: undefined }, { write: (line: string) => void lines.push(line) });
  await start({ authenticate }, { serve: { log } });
  expect((await hello(TOKEN, evil)).closed).toBe(4001);
  expect((await hello(TOKEN, '', evil)).closed).toBe(4004);
  expect(() => new Raw({ headers: { origin: evil, host: 'a' } })).toThrow();
  expect(lines.filter((line) => line.includes('[2J')).length).toBeGreaterThan(1);
  for (const line of lines) {
    expect([...line.slice(0, -1)].filter((character) => character < ' ')).toEqual([]);
    expect(JSON.parse(line).level).toBeLessThan(60);
  }
});

describe('more than a share', () => {
  test('{T58} a promised seat that nobody takes is free again after 10 s', async () => {
    await start({ seats: 2 });
    const { room } = await post({});
    await post({ room });
    expect((await post({ room })).status).toBe(409);
    expect((await hello(TOKEN, '', room)).closed).toBe(4005);
    await stepper.advance(10_100);
    expect((await hello(TOKEN, '', room)).seated).toBe(true);
    expect((await post({ room })).status).toBe(200);
  });

  test('{T59} new rooms have a bucket for each address, and a bound in all', async () => {
    await start({}, { limits: { rooms: 25 } });
    const asked = async (address: string) => {
      const statuses: number[] = [];
      for (let i = 0; i < 15; i++) statuses.push((await post({ create: true }, address)).status);
      return statuses.map((status) => [200, 429, 503].indexOf(status)).join('');
    };
    expect(await asked('10.0.0.1')).toBe('000000000011111');
    expect(await asked('10.0.0.2')).toBe('000000000011111');
    expect(await asked('10.0.0.3')).toBe('000002222211111');
    const crowded = await hello();
    expect(crowded.seated).toBe(true);
    expect(stepper.server.shard.rooms.size).toBe(25);
  });

  test('{T53} inputs that go back in time are malformed', async () => {
    await start();
    const raw = await hello();
    const still = neutralInput(game.input);
    raw.say((out) => {
      writeInputHeader(out, { dState: 0, dShown: 0, dFirst: -1 });
      const sink = new PackedSink(out, game.priors);
      writeInputs(sink, game.input, still.slice(), [still]);
      sink.finish();
    });
    await stepper.advance(1);
    expect(raw.closed).toBe(4000);
  });

  test.each([1, 2, 3])(
    '{T53} no inputs, however early, late or often, make a ship faster (seed %i)',
    async (seed) => {
      await start();
      const raw = await hello();
      const room = stepper.room('field');
      const ship = () => room.world.get('ship', 1)!;
      const east = neutralInput(game.input).fill(0);
      east[game.input.byName.get('dx')!.column] = 2;
      east[game.input.byName.get('dy')!.column] = 1;
      const chance = new Random(seed);
      const startTick = room.doneTick;
      const startX = ship().x as number;
      let said = room.seat(1)!.ackTick;
      for (let frame = 0; frame < 300; frame++) {
        // From 20 ticks ago to 24 ahead, in leaps and in bursts; ahead of the window are some lost.
        const skipped = chance.integer(3);
        const count = 1 + chance.integer(8);
        if (said < room.doneTick + 16) {
          raw.say((out) => {
            writeInputHeader(out, { dState: 0, dShown: 0, dFirst: skipped });
            const sink = new PackedSink(out, game.priors);
            const inputs = Array.from({ length: count }, () => east.slice());
            writeInputs(sink, game.input, neutralInput(game.input), inputs);
            sink.finish();
          });
          said += skipped + count;
        }
        await stepper.advance(20 + 200 * Number(chance.integer(40) === 0));
      }
      expect(raw.closed).toBe(undefined);
      const seconds = (room.doneTick - startTick) / game.tickRate;
      const moved = (ship().x as number) - startX;
      expect(moved).toBeGreaterThan(SPEED);
      expect(moved).toBeLessThanOrEqual(SPEED * seconds + 1);
    },
  );
});
