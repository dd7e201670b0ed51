// Who a player is to the server: seats and tickets counted by user over all rooms and addresses,
// whatever the room kind's `authenticate` knows besides.

import { SignJWT } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { type Limits, Refusal } from '../src/index.ts';
import { jwt } from '../src/jwt.ts';
import { arcade, type Definition } from './arcade.ts';
import { post, RawPlayer, RESUME, TICKET, TOKEN } from './raw-player.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

/** `guest` is nobody in particular. */
const named: Partial<Definition> = {
  authenticate: ((token: string) => ({ name: token })) as never,
  user: ((auth: { name: string }) => (auth.name === 'guest' ? undefined : auth.name)) as never,
};

async function start(more: Partial<Definition> = {}, limits: Partial<Limits> = {}) {
  const field = arcade({ ...named, ...more });
  stepper = await Stepper.start({ rooms: { field, arena: field }, limits });
}

async function player(
  token: string,
  { credential = TOKEN as 0 | 1 | 2, room = 'field', remoteAddress = '10.0.0.1' } = {},
) {
  const raw = new RawPlayer(stepper, { remoteAddress });
  raw.hello(credential, token, { room });
  await stepper.advance(50);
  return raw;
}

const refusals = () => Object.fromEntries(stepper.server.edge.refusals);
const stays = (raw: RawPlayer) => [raw.seated, raw.closed];

describe('{T60} the seats of one user', () => {
  test('are bounded over a hundred tabs, many addresses and two kinds of room', async () => {
    await start();
    const tabs: RawPlayer[] = [];
    for (let i = 0; i < 100; i++)
      tabs.push(
        await player('ada', { room: i % 2 ? 'field' : 'arena', remoteAddress: `10.0.${i}.1` }),
      );
    expect(tabs.filter(({ seated }) => seated)).toHaveLength(4);
    expect(tabs.slice(4).every(({ closed }) => closed === 4005)).toBe(true);
    expect(refusals()).toMatchObject({ 'user-seats': 96 });
    expect((await player('bob')).seated).toBe(true);
  });

  test('leave who is nobody in particular alone', async () => {
    await start({}, { seatsPerUser: 1 });
    for (let i = 0; i < 5; i++) expect((await player('guest')).seated).toBe(true);
  });

  test('are free again at once when one is left, and count while one is dropped', async () => {
    await start({}, { seatsPerUser: 1 });
    const first = await player('ada');
    first.peer.close(1000, 'done');
    const second = await player('ada');
    expect(second.seated).toBe(true);
    second.peer.cut();
    await stepper.advance(100);
    expect((await player('ada')).closed).toBe(4005);
    expect((await player(second.key, { credential: RESUME })).seated).toBe(true);
  });

  test('are counted anew when two joins race through a slow authenticate', async () => {
    const wake: (() => void)[] = [];
    const authenticate = async (token: string) => {
      await new Promise<void>((resolve) => wake.push(resolve));
      return { name: token };
    };
    await start({ authenticate: authenticate as never }, { seatsPerUser: 1 });
    const twins = await Promise.all([player('ada'), player('ada')]);
    for (const run of wake) run();
    await new Promise((resolve) => setImmediate(resolve));
    await stepper.advance(50);
    expect(twins.filter(({ seated }) => seated)).toHaveLength(1);
    expect(twins.filter(({ closed }) => closed === 4005)).toHaveLength(1);
  });
});

describe('{T60, S47} a room that lets a newer tab win', () => {
  const extraSeat = 'supersede';

  test('gives the oldest seat up with 4007', async () => {
    const left: number[] = [];
    const leave = (_: unknown, seat: { id: number }) => void left.push(seat.id);
    await start({ extraSeat, leave }, { seatsPerUser: 2 });
    const [one, two, three] = [await player('ada'), await player('ada'), await player('ada')];
    expect([stays(one), stays(two), stays(three)]).toEqual([
      [false, 4007],
      [true, undefined],
      [true, undefined],
    ]);
    expect(left).toEqual([1]);
    expect((await player(one.key, { credential: RESUME })).closed).toBe(4009);
  });

  test('gives one without a line up before an older one', async () => {
    await start({ extraSeat }, { seatsPerUser: 2 });
    const [one, two] = [await player('ada'), await player('ada')];
    two.peer.cut();
    await stepper.advance(100);
    expect((await player('ada')).seated).toBe(true);
    expect(stays(one)).toEqual([true, undefined]);
  });

  test('lets it have the place of the older one in a full room', async () => {
    await start({ extraSeat, seats: 1 }, { seatsPerUser: 1 });
    const one = await player('ada');
    const { id } = stepper.room('field');
    expect((await player('bob', { room: id })).closed).toBe(4005);
    expect((await player('ada', { room: id })).seated).toBe(true);
    expect(one.closed).toBe(4007);
    expect(stepper.room('field').taken).toBe(1);
  });
});

describe('the tickets of one user', () => {
  test('{T58} are three at once, whatever the address, until they are used or late', async () => {
    await start();
    const ask = async (token: string, at: number) => post(stepper, { token }, `10.1.0.${at}`);
    const tickets = [await ask('ada', 1), await ask('ada', 2), await ask('ada', 3)];
    expect((await ask('ada', 4)).status).toBe(429);
    expect((await ask('bob', 4)).status).toBe(200);
    expect(refusals()).toMatchObject({ 'user-tickets': 1 });
    expect((await player(tickets[0].ticket, { credential: TICKET })).seated).toBe(true);
    expect((await ask('ada', 5)).status).toBe(200);
    expect((await ask('ada', 6)).status).toBe(429);
    await stepper.advance(10_100);
    expect((await ask('ada', 7)).status).toBe(200);
  });

  test('{T46} seat their user, whose seats they count to', async () => {
    await start({}, { seatsPerUser: 1 });
    const { ticket } = await post(stepper, { token: 'ada' });
    expect((await player('ada')).seated).toBe(true);
    expect((await player(ticket, { credential: TICKET })).closed).toBe(4005);
    expect((await post(stepper, { token: 'ada' })).status).toBe(409);
  });
});

describe('a user', () => {
  test.each<{ user: unknown; fault: string }>([
    { user: '', fault: 'empty' },
    { user: 'x'.repeat(256), fault: 'too long' },
    { user: 7, fault: 'no text' },
  ])('that is $fault is refused, and the log says what is wanted', async ({ user }) => {
    await start({ user: (() => user) as never });
    expect((await player('ada')).closed).toBe(4001);
    const line = stepper.log.find(({ msg }) => msg.startsWith('authenticate threw'));
    expect(JSON.stringify(line)).toContain('1..255 characters');
  });

  test('is what authenticate brings along, unless the room kind says otherwise', async () => {
    const authenticate = Object.assign((token: string) => ({ name: token }), {
      user: (auth: { name: string }) => auth.name,
    });
    const theirs = { authenticate: authenticate as never, user: undefined };
    await start(theirs, { seatsPerUser: 1 });
    expect([(await player('ada')).closed, (await player('ada')).closed]).toEqual([undefined, 4005]);
    await stepper.close();
    await start({ ...theirs, user: () => undefined }, { seatsPerUser: 1 });
    expect([(await player('ada')).closed, (await player('ada')).closed]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('{S45} that is refused is counted under the name that the game gives', async () => {
    const authenticate = () => {
      throw new Refusal('you are banned', 'banned');
    };
    await start({ authenticate });
    expect(await player('ada')).toMatchObject({ closed: 4001, reason: 'you are banned' });
    expect(refusals()).toMatchObject({ banned: 1 });
  });
});

describe('{T44, S37, S45} a room kind with JWTs', () => {
  const secret = 'a secret of thirty-two bytes, or more';
  const token = (claims: object, key = secret) =>
    new SignJWT({ iss: 'id', aud: 'game', ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(key));

  /** Signatures are checked on another thread, which takes time that is not virtual. */
  async function judged(secret: string): Promise<RawPlayer> {
    const raw = await player(secret);
    while (raw.frames.length === 0 && raw.closed === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      await stepper.advance(1);
    }
    return raw;
  }

  test('seats by sub and exp, and refuses the rest, each under its counter', async () => {
    const authenticate = jwt({
      key: secret,
      algorithms: ['HS256'],
      issuer: 'id',
      audience: 'game',
      currentDate: () => new Date(EPOCH_MS + stepper.nowMs),
    });
    const kind = { authenticate: authenticate as never, user: undefined };
    await start(kind, { seatsPerUser: 1 });
    const exp = EPOCH_MS / 1000 + 60;
    const ada = await token({ sub: 'ada', exp });
    expect((await judged(ada)).seated).toBe(true);
    expect(stepper.room('field').seat(1)?.auth).toMatchObject({ sub: 'ada', exp });
    expect((await judged(await token({ sub: 'ada', exp }))).closed).toBe(4005);
    expect((await judged(await token({ sub: 'eve', exp }, `${secret}!`))).closed).toBe(4001);
    expect((await judged(await token({ sub: 'eve' }))).closed).toBe(4001);
    expect((await post(stepper, { token: 'x.y.z' })).status).toBe(401);
    expect((await post(stepper, { token: await token({ sub: 'bob', exp: 1 }) })).status).toBe(401);
    await stepper.advance(66_000);
    expect(stepper.room('field').taken).toBe(0);
    expect(refusals()).toMatchObject({
      'user-seats': 1,
      'jwt-signature': 1,
      'jwt-claim': 1,
      'jwt-malformed': 1,
      'jwt-expired': 1,
    });
  });
});
