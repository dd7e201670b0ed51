// What a kind's own functions answer where somebody joins (`match.queue.rating`, `match.pick`), and
// what becomes of who joins where they fail: he is told that the game's code did, it is in the log,
// and nobody else is hurt.
import { CloseCode, FrameType } from '@tickwire/protocol';
import { afterEach, expect, test } from 'vitest';
import type { MatchRule } from '../src/index.ts';
import { arcade, game } from './arcade.ts';
import { RawPlayer } from './raw-player.ts';
import { Player, Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

/** A player's token is what `rating` makes something of. */
async function start(match: MatchRule<{ token: string }>) {
  const field = arcade({
    seats: 8,
    authenticate: ((token: string) => ({ token })) as never,
    match: match as unknown as MatchRule,
  });
  stepper = await Stepper.start({ rooms: { field } });
}

async function comes(token: string): Promise<RawPlayer> {
  const player = new RawPlayer(stepper);
  player.hello(0, token, { room: 'field' });
  await stepper.advance(20);
  return player;
}

async function post(body: object) {
  const request = { method: 'POST', path: '/rooms/field', body: JSON.stringify(body) };
  const { status, headers, body: said } = await stepper.transport.request(request);
  return { status, type: headers?.['content-type'], ...JSON.parse(String(said)) };
}

const errors = () => stepper.log.filter(({ level }) => level >= 50);
const FAILED = "the server's game code failed; its log says how";

test('a rating that throws refuses who comes, and is logged with its error', async () => {
  const rating = ({ token }: { token: string }) => {
    if (token === 'bad') throw new RangeError('no such league');
    return 1000;
  };
  await start({ queue: { players: 2, rating } });
  const first = await comes('ada');
  const refused = { status: 500, type: 'application/json; charset=utf-8', error: FAILED };
  expect(await post({ token: 'bad' })).toEqual(refused);
  expect(errors()).toMatchObject([
    {
      msg: 'match.queue.rating of field failed',
      kind: 'field',
      err: { type: 'RangeError', message: 'no such league' },
    },
  ]);
  expect(await post({ tokens: ['cy', 'bad'] })).toEqual(refused);
  const bad = await comes('bad');
  expect([bad.closed, bad.reason]).toEqual([CloseCode.RoomError, FAILED]);
  expect(Object.fromEntries(stepper.server.edge.refusals)).toMatchObject({ 'game-code': 3 });
  const { waiting, secrets } = stepper.server.seating;
  expect([waiting.size, secrets.tickets, errors().length]).toEqual([1, 0, 3]);
  // Who waits goes on, and has a match.
  const second = await comes('bob');
  for (const { frames } of [first, second])
    expect(frames.map((bytes) => bytes[1])).toContain(FrameType.Welcome);
});

test.each([
  ['NaN', () => Number.NaN, 'NaN'],
  ['no end', () => Number.POSITIVE_INFINITY, 'Infinity'],
  ['a text', () => '1000' as never, 'string'],
  ['nothing', () => undefined as never, 'undefined'],
  ['a promise', async () => Promise.reject(new Error('unheard')) as never, 'a promise'],
])('a rating of %s is a mistake that the log names', async (_, rating, named) => {
  await start({ queue: { players: 2, rating: rating as never } });
  expect(await post({ token: 'ada' })).toMatchObject({ status: 500, error: FAILED });
  expect((await comes('ada')).closed).toBe(CloseCode.RoomError);
  const wants = `match.queue.rating of field: ${named}: wants a finite number`;
  const wrong = { msg: 'match.queue.rating of field failed', err: { message: wants } };
  expect(errors()).toMatchObject([wrong, wrong]);
  expect(errors()[0].err).toMatchObject({ type: 'UsageError' });
  expect(stepper.server.seating.waiting.size).toBe(0);
});

test('a party is as strong as its players are in the mean, however strong they are', async () => {
  const rating = ({ token }: { token: string }) => Number(token);
  await start({ queue: { players: 3, rating } });
  expect((await post({ tokens: ['1.7e308', '1.7e308'] })).status).toBe(200);
  expect(errors()).toEqual([]);
});

test('a page is told so by a reason of its own', async () => {
  await start({ queue: { players: 2, rating: () => Number.NaN } });
  const player = new Player(stepper, { room: 'field' });
  const joining = stepper.until(player.connect(game as never));
  await expect(joining).rejects.toMatchObject({ reason: 'room-error', message: FAILED });
});

test.each([
  ['that throws', () => JSON.parse('{') as never, /JSON/],
  ['of no list', () => 'field-1' as never, /wants a list of the rooms it was given/],
  ['of other rooms', () => [{ id: 'field-1' }] as never, /wants a list of the rooms it was given/],
])('a pick %s refuses who comes, and is logged', async (_, pick, said) => {
  await start({ pick });
  expect(await post({ token: 'ada' })).toMatchObject({ status: 500, error: FAILED });
  expect((await comes('ada')).closed).toBe(CloseCode.RoomError);
  expect(errors()).toMatchObject([
    { msg: 'match.pick of field failed' },
    { msg: 'match.pick of field failed' },
  ]);
  expect((errors()[0].err as Error).message).toMatch(said);
});

test('a flood of them is counted in the log, not told one by one', async () => {
  await start({ queue: { players: 2, rating: () => Number.NaN } });
  for (let i = 0; i < 30; i++) await comes('ada');
  expect(errors()).toHaveLength(20);
  await stepper.advance(10_500);
  const counted = stepper.log.filter(({ reason }) => reason === 'match.queue.rating of field');
  expect(counted).toMatchObject([{ count: 10 }]);
});
