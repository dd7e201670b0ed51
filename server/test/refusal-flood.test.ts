// What a flood of bad tokens writes into the log: a few lines and their sum, however many addresses
// it comes from, for each address alone keeps below its limits.

import { CloseCode } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { Refusal } from '../src/index.ts';
import { arcade } from './arcade.ts';
import { post, RawPlayer, TOKEN } from './raw-player.ts';
import { Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

const FLOOD = 60;

describe.each([
  ['refuses', new Refusal('who are you?', 'stranger'), 'authenticate refused a token'],
  ['throws', new Error('the database is down'), 'authenticate threw'],
])('{T44, T63} a game that %s each token', (_, thrown, line) => {
  test('says so of a few, and then of how many', async () => {
    const authenticate = () => {
      throw thrown;
    };
    stepper = await Stepper.start({ rooms: { field: arcade({ authenticate }) } });
    for (let i = 0; i < FLOOD; i++)
      expect((await post(stepper, { token: 'x' }, `10.0.${i}.1`)).status).toBe(401);
    const told = stepper.log.filter(({ msg }) => msg.startsWith(line)).length;
    expect([told > 0, told < FLOOD / 2]).toEqual([true, true]);
    await stepper.advance(11_000);
    expect(stepper.log.map(({ count }) => count)).toContain(FLOOD - told);
  });
});

test('{T44} a rating that is none is told of a few times, and refuses nobody else', async () => {
  const rating = ((at: number) => at) as never;
  const match = { queue: { players: 2, rating } };
  const authenticate = ((token: string) => (token === 'ok' ? 1 : Number.NaN)) as never;
  stepper = await Stepper.start({ rooms: { field: arcade({ seats: 2, match, authenticate }) } });
  const come = async (token: string) => {
    const player = new RawPlayer(stepper);
    player.hello(TOKEN, token);
    await stepper.advance(20);
    return player;
  };
  const first = await come('ok');
  for (let i = 0; i < FLOOD; i++) expect((await come('x')).closed).toBe(CloseCode.RoomError);
  const told = stepper.log.filter(({ msg }) => msg === 'match.queue.rating of field failed').length;
  expect([told > 0, told < FLOOD / 2]).toEqual([true, true]);
  const players = [first, await come('ok')];
  expect(players.map(({ closed }) => closed)).toEqual([undefined, undefined]);
  expect([...stepper.server.shard.rooms.values()].map(({ taken }) => taken)).toEqual([2]);
});
