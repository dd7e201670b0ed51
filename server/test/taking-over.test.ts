// Who takes whose place: proofs of a handshake that come with a resume key, and what is left of the
// older line. Frames alone, in virtual time.

import { afterEach, describe, expect, test } from 'vitest';
import type { Limits } from '../src/index.ts';
import { arcade, type Definition } from './arcade.ts';
import { post, RawPlayer, RESUME, TOKEN } from './raw-player.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

/** Tokens are `name:seconds`, as long good as they say from when they are shown. */
interface Auth {
  readonly name: string;
  readonly rank: string;
  readonly endsMs: number;
}

function judging(rank: string): Partial<Definition> {
  return {
    authenticate: (token: string): Auth => {
      const [name, seconds] = token.split(':');
      return { name, rank, endsMs: EPOCH_MS + stepper.nowMs + Number(seconds) * 1000 };
    },
    user: ({ name }: Auth) => name,
    expiresAtMs: ({ endsMs }: Auth) => endsMs,
  } as never as Partial<Definition>;
}

async function start(more: Partial<Definition> = {}, limits: Partial<Limits> = {}) {
  const field = arcade({ ...judging('checked'), ...more });
  stepper = await Stepper.start({ rooms: { field, lobby: arcade(judging('guest')) }, limits });
}

/** A player whose handshake offers a token for a room. */
function knocks(token: string, room = 'field'): Promise<RawPlayer> {
  const offered = `token.${Buffer.from(token).toString('base64url')}`;
  const headers = { 'sec-websocket-protocol': `tickwire.v1, room.${room}, ${offered}` };
  return RawPlayer.knocking(stepper, { headers });
}

async function seated(token: string): Promise<RawPlayer> {
  const player = new RawPlayer(stepper);
  player.hello(TOKEN, token);
  await stepper.advance(50);
  expect(player.seated).toBe(true);
  return player;
}

const auth = () => stepper.room('field').seat(1)?.auth as unknown as Auth | undefined;

describe('[J10] {T49} a resume key with a token in the handshake', () => {
  test('is not renewed by a token that another room kind accepted', async () => {
    await start();
    const ada = await seated('ada:10');
    const back = await knocks('ada:3600', 'lobby');
    back.hello(RESUME, ada.key);
    await stepper.advance(50);
    expect(back.closed).toBe(4001);
    expect(auth()).toMatchObject({ rank: 'checked' });
    expect(ada.seated).toBe(true);
  });

  test.each(['kind', 'room'])('is renewed by one for its %s', async (named) => {
    await start();
    const ada = await seated('ada:10');
    const { id } = stepper.room('field');
    const back = await knocks('ada:3600', named === 'kind' ? 'field' : id);
    back.hello(RESUME, ada.key);
    await stepper.advance(50);
    expect(back.seated).toBe(true);
    expect(auth()?.endsMs).toBeGreaterThan(EPOCH_MS + 3_000_000);
  });

  test('that ended meanwhile ends the older line with the seat', async () => {
    await start();
    const ada = await seated('ada:3600');
    const back = await knocks('ada:1');
    await stepper.advance(1500);
    back.hello(RESUME, ada.key);
    await stepper.advance(1);
    expect(back.closed).toBe(4001);
    expect(stepper.room('field').taken).toBe(0);
    expect(ada.closed).toBe(4001);
  });
});

describe('{T17, S38} the places of an address', () => {
  test('are no more for handshakes that are judged at the same moment', async () => {
    let judge = () => {};
    const judged = new Promise<void>((resolve) => {
      judge = resolve;
    });
    const authenticate = async () => {
      await judged;
      return { name: 'guest' };
    };
    const limits = { connectionsPerAddress: 4 };
    await start(
      { authenticate: authenticate as never, user: undefined, expiresAtMs: undefined },
      limits,
    );
    const coming = Array.from({ length: 8 }, () => knocks('guest:1'));
    await new Promise((resolve) => setImmediate(resolve));
    judge();
    const came = (await Promise.allSettled(coming)).filter(({ status }) => status === 'fulfilled');
    await stepper.advance(1);
    const open = came.filter(
      (one) => (one as PromiseFulfilledResult<RawPlayer>).value.closed === undefined,
    );
    expect(open.length).toBe(4);
    expect(stepper.server.edge.connections.size).toBe(4);
  });
});

describe('{T59} POST /rooms', () => {
  test('of one kind opens no room of another, whose check it did not pass', async () => {
    let opened = 0;
    const ranked = arcade({ ...judging('checked'), open: () => void opened++ });
    const rooms = { ranked, field: arcade(judging('guest')) };
    stepper = await Stepper.start({ rooms });
    expect((await post(stepper, { token: 'ada:60', room: 'ranked' })).status).toBe(404);
    expect([opened, stepper.server.shard.rooms.size]).toEqual([0, 0]);
  });
});

describe('{T26} a WELCOME that cannot be written', () => {
  test('costs that line, and not the process', async () => {
    await start();
    const ada = await seated('ada:60');
    ada.peer.cut();
    await stepper.advance(50);
    stepper.room('field').seat(1)!.inputTick = 2 ** 53;
    const back = new RawPlayer(stepper);
    back.hello(RESUME, ada.key);
    await stepper.advance(50);
    expect(back.closed).toBe(1013);
    expect(stepper.log.map(({ msg }) => msg)).toContain('joining failed');
  });
});
