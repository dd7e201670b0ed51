// A seat whose token ends: told when, renewed in time by the client, closed where it is not, and
// not taken up again after that. Both ends, in virtual time.
import { FrameType, MsgpackReader, readExpiry, readFrame, writeRenew } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { Refusal } from '../src/index.ts';
import { arcade, type Definition, game } from './arcade.ts';
import { post, RawPlayer, RESUME, TICKET, TOKEN } from './raw-player.ts';
import { EPOCH_MS, type Player, Stepper, type StepperOptions } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

/** Tokens are `name:seconds`, good for so long from when they are shown; 0: for ever. */
interface Auth {
  name: string;
  endsMs: number | undefined;
}

let shown: string[] = [];
const timed = {
  authenticate: (token: string): Auth => {
    shown.push(token);
    const [name, seconds] = token.split(':');
    if (name === '') throw new Refusal('who are you?');
    const endsMs = EPOCH_MS + stepper.nowMs + Number(seconds) * 1000;
    return { name, endsMs: seconds === '0' ? undefined : endsMs };
  },
  user: ({ name }: Auth) => name,
  expiresAtMs: ({ endsMs }: Auth) => endsMs,
} as never as Partial<Definition>;

async function start(more: Partial<Definition> = {}, options: Partial<StepperOptions> = {}) {
  shown = [];
  stepper = await Stepper.start({ rooms: { field: arcade({ ...timed, ...more }) }, ...options });
}

async function raw(secret: string, credential: 0 | 1 | 2 = TOKEN): Promise<RawPlayer> {
  const player = new RawPlayer(stepper);
  player.hello(credential, secret);
  await stepper.advance(50);
  return player;
}

/** A raw player that goes on hearing; it is no idle connection for a minute. */
const renew = (player: RawPlayer, token: string) => player.say((out) => writeRenew(out, token));

/** What the server said of how long the token is good for, each time. */
function expiries({ frames }: RawPlayer): number[] {
  const from = new MsgpackReader();
  return frames.flatMap((bytes) => {
    from.reset(bytes);
    return readFrame(from, { elements: 0 }) === FrameType.Expiry ? [readExpiry(from)] : [];
  });
}

const still = { dx: 0, dy: 0, fire: false, aim: 0 };
const join = (token: () => string | Promise<string>) =>
  stepper.join(game, { room: 'field', token, sample: () => still as never });
const auth = () => (stepper.room('field').seat(1)?.auth as unknown as Auth | undefined)?.name;
const last = ({ statuses }: Player<never>) => statuses.at(-1)!;
const refusals = () => Object.fromEntries(stepper.server.edge.refusals);

describe('[J9] a token that ends', () => {
  test('is told with WELCOME, and closes its seat with 4001 when it does', async () => {
    const left: number[] = [];
    await start({ leave: (_, seat) => void left.push(seat.id) });
    const player = await raw('ada:10');
    expect(expiries(player)).toEqual([10_000]);
    await stepper.advance(9_800);
    expect([player.closed, left]).toEqual([undefined, []]);
    await stepper.advance(500);
    expect([player.closed, player.reason]).toEqual([4001, 'the authentication has expired']);
    expect([left, refusals()]).toMatchObject([[1], { 'auth-expired': 1 }]);
  });

  test('is renewed in time by a client, by itself, and the game sees the new claims', async () => {
    await start();
    let asked = 0;
    const player = await join(() => `ada:${60 + asked++}`);
    await stepper.advance(290_000);
    expect(player.statuses.map(({ state }) => state)).toEqual(['live']);
    expect(shown.slice(0, 4)).toEqual(['ada:60', 'ada:61', 'ada:62', 'ada:63']);
    // At four fifths of each life: 48 s, 48.8 s, 49.6 s ...
    expect(shown).toHaveLength(6);
    expect([auth(), player.closes]).toEqual(['ada', []]);
  });

  test('is asked for again where the page has none at first', async () => {
    await start();
    let asked = 0;
    const player = await join(async () => {
      asked++;
      if (asked === 2 || asked === 3) throw new Error('the token service is down');
      return 'ada:60';
    });
    await stepper.advance(100_000);
    expect([player.statuses.length, asked]).toEqual([1, 4]);
    expect(shown).toHaveLength(2);
  });

  test('ends the line of a client that has no other, which then joins afresh', async () => {
    await start();
    const player = await stepper.join(game, { room: 'field', token: 'ada:10' });
    await stepper.when(() => last(player as never).state === 'live' && player.statuses.length > 2);
    expect(last(player as never)).toMatchObject({ state: 'live', fresh: true });
    // A plain text is not shown again before: it would be the same one.
    expect([shown, player.closes.length]).toEqual([['ada:10', 'ada:10'], 1]);
  });

  test('ends for good a client whose next one is refused as well', async () => {
    await start();
    let token = 'ada:10';
    const player = await join(() => token);
    token = ':';
    await stepper.advance(20_000);
    expect(last(player as never)).toMatchObject({ state: 'closed', reason: 'refused' });
  });

  test('counts while the line is down: a resume after it is refused with 4001', async () => {
    await start({ graceMs: 60_000 });
    const [early, late] = [await raw('ada:10'), await raw('ada:10')];
    early.peer.cut();
    late.peer.cut();
    await stepper.advance(5_000);
    const back = await raw(early.key, RESUME);
    expect([back.seated, expiries(back)[0]]).toEqual([true, expect.toBeOneOf([4_900, 4_950])]);
    await stepper.advance(6_000);
    expect((await raw(late.key, RESUME)).closed).toBe(4001);
    expect((await raw(late.key, RESUME)).closed).toBe(4009);
    expect(stepper.room('field').taken).toBe(0);
  });

  test('that is over already gives no seat, nor does a ticket that outlives it', async () => {
    await start();
    expect((await raw('ada:-1')).closed).toBe(4001);
    const { ticket } = await post(stepper, { token: 'ada:5' });
    await stepper.advance(6_000);
    expect((await raw(ticket, TICKET)).closed).toBe(4001);
  });

  test('beyond what can be told is told as the longest', async () => {
    await start();
    expect(expiries(await raw(`ada:${40 * 86_400}`))).toEqual([2 ** 31 - 1]);
  });
});

describe('[J9] RENEW', () => {
  test('is answered by how long the new one is good for', async () => {
    await start();
    const player = await raw('ada:10');
    renew(player, 'ada:3600');
    await stepper.advance(50);
    expect(expiries(player)).toEqual([10_000, 3_600_000]);
    await stepper.advance(20_000);
    expect(player.closed).toBe(undefined);
  });

  test.each([
    ['of another player', 'eve:60', 'this seat is of another player', 'other-user'],
    ['that is refused', ':', 'who are you?', 'join-4001'],
    ['that is over', 'ada:-1', 'the authentication has expired', 'auth-expired'],
  ])('with a token %s closes the seat with 4001 for good', async (_, token, reason, counter) => {
    await start();
    const player = await raw('ada:10');
    const { key } = player;
    renew(player, token);
    await stepper.advance(50);
    expect([player.closed, player.reason]).toEqual([4001, reason]);
    expect(refusals()).toMatchObject({ [counter]: 1 });
    expect((await raw(key, RESUME)).closed).toBe(4009);
  });

  test('where nothing ends may not come', async () => {
    await start();
    const player = await raw('ada:0');
    expect(expiries(player)).toEqual([]);
    renew(player, 'ada:60');
    await stepper.advance(50);
    expect(player.closed).toBe(4000);
  });

  test('{S41} too often is cut with 4008, and costs no more calls than that', async () => {
    await start();
    const player = await raw('ada:100');
    for (let i = 0; i < 50; i++) renew(player, 'ada:100');
    await stepper.advance(50);
    expect([player.closed, player.reason]).toEqual([4008, 'too many renewals']);
    expect(shown.length).toBeLessThanOrEqual(5);
  });

  test('of a game that takes too long costs the line and not the seat', async () => {
    let slow = false;
    const authenticate = (token: string) =>
      slow ? new Promise(() => {}) : (timed.authenticate as (token: string) => unknown)(token);
    await start({ authenticate: authenticate as never }, { limits: { authenticateMs: 20 } });
    const player = await raw('ada:30');
    slow = true;
    renew(player, 'ada:60');
    await stepper.advance(10);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await stepper.advance(50);
    expect(player.closed).toBe(1013);
    expect((await raw(player.key, RESUME)).seated).toBe(true);
  });
});
