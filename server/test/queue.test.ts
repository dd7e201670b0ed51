// Who waits for a match, as players meet it: what they are told, when the match begins, what ends
// the wait, and who goes together. One server in virtual time; several are in queue-shards.test.ts.
import type { Waiting } from '@tickwire/client';
import { CloseCode, FrameType, writePong } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import type { Limits, MatchRule } from '../src/index.ts';
import { arcade, type Definition, game } from './arcade.ts';
import { TICKET } from './raw-player.ts';
import { EPOCH_MS, Player, Stepper } from './stepper.ts';
import { WaitingPlayer } from './waiting-player.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

/** `name rating` */
const named: Partial<Definition> = {
  authenticate: ((token: string) => ({ name: token.split(' ')[0], at: token })) as never,
  user: (({ name }: { name: string }) => name || undefined) as never,
};

async function start(
  match: MatchRule<never>,
  more: Partial<Definition> = {},
  limits: Partial<Limits> = {},
) {
  const field = arcade({ ...named, seats: 8, match: match as MatchRule, ...more });
  stepper = await Stepper.start({ rooms: { field }, limits });
}

async function comes(token = '', room = 'field', credential: 0 | 1 = 0): Promise<WaitingPlayer> {
  const player = new WaitingPlayer(stepper);
  player.hello(credential, token, { room });
  await stepper.advance(20);
  return player;
}

const rooms = () => [...stepper.server.shard.rooms.values()];
const seated = (players: readonly WaitingPlayer[]) => players.map((player) => player.seated);
const last = (player: WaitingPlayer) => player.last;

describe('who asks for a kind with a queue', () => {
  test('waits until there are enough, and plays with these alone', async () => {
    await start({ queue: { players: 3 } });
    const [a, b] = [await comes(), await comes()];
    await stepper.advance(30_000);
    expect(rooms()).toEqual([]);
    expect(last(a)).toEqual({ waiting: 2, found: 2, wanted: 3, etaS: undefined });
    const c = await comes();
    expect(seated([a, b, c])).toEqual([true, true, true]);
    expect(rooms().map(({ taken }) => taken)).toEqual([3]);
    const d = await comes();
    expect([d.seated, rooms().length, last(d).waiting]).toEqual([false, 1, 1]);
    const log = stepper.log.find(({ msg }) => msg === 'a match was made');
    expect(log).toMatchObject({ room: rooms()[0].id, players: 3, waitedMs: 30_040 });
  });

  test('waits by what it asks for, and the room is opened for that', async () => {
    await start({ by: { mode: ['duel', 'team'] }, queue: { players: 2 } });
    const duel = [await comes(), await comes('', 'field~mode.team')];
    expect(seated(duel)).toEqual([false, false]);
    duel.push(await comes('', 'field~mode.team'));
    expect(seated(duel)).toEqual([false, true, true]);
    expect(rooms().map(({ match }) => match)).toEqual([{ mode: 'team' }]);
    expect((await comes('', 'field~mode.war')).closed).toBe(4004);
  });

  test('goes past it by the id of a room, by a ticket for one, and to watch', async () => {
    await start({ queue: { players: 2 } }, { spectators: 2 });
    const pair = [await comes(), await comes()];
    const [{ id }] = rooms();
    const more = [await comes('', id)];
    const { ticket } = await post({ private: true });
    more.push(await comes(ticket, 'field', TICKET));
    const { ticket: byId } = await post({ room: id });
    more.push(await comes(byId, 'field', TICKET));
    const watcher = new WaitingPlayer(stepper);
    watcher.hello(0, '', { room: 'field', spectate: true });
    await stepper.advance(20);
    expect(seated([...pair, ...more, watcher])).toEqual(Array(6).fill(true));
    expect(rooms().map(({ taken }) => taken)).toEqual([4, 1]);
  });

  test('is told at once, at changes once a second, and every few seconds anyhow', async () => {
    await start({ queue: { players: 8 } });
    const a = await comes();
    expect(a.told).toHaveLength(1);
    for (let i = 0; i < 4; i++) await comes();
    expect(a.told).toHaveLength(1);
    await stepper.advance(60_000);
    expect(last(a)).toEqual({ waiting: 5, found: 5, wanted: 8, etaS: undefined });
    const gaps = a.told.slice(1).map(({ atMs }, i) => atMs - a.told[i].atMs);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3000);
  });

  test('is told how long it may take, once there were matches', async () => {
    await start({ queue: { players: 2 } });
    await comes();
    await stepper.advance(20_000);
    await comes();
    const third = await comes();
    expect(last(third)).toMatchObject({ etaS: 11 });
    await stepper.advance(5_000);
    expect(last(third)).toMatchObject({ etaS: 6 });
    await stepper.advance(8_000);
    expect(last(third)).toMatchObject({ etaS: undefined });
  });

  test('is pinged once it knows that it waits, and as often as others when it plays', async () => {
    await start({ queue: { players: 2 } });
    const a = await comes();
    await stepper.advance(20_000);
    const types = a.frames.map((bytes) => bytes[1]);
    expect(types[0]).toBe(FrameType.Waiting);
    expect(types.filter((type) => type === FrameType.Ping).length).toBe(10);
    await comes();
    const before = a.frames.length;
    await stepper.advance(3_000);
    const pings = a.frames.slice(before).filter((bytes) => bytes[1] === FrameType.Ping);
    expect(pings.length).toBeGreaterThanOrEqual(8);
  });

  test('plays with who is as strong, and with others after a while', async () => {
    const rating = ({ at }: { at: string }) => Number(at.split(' ')[1]);
    await start({ queue: { players: 2, rating, within: 50, widenPerS: 10 } });
    const players = [await comes('a 1000'), await comes('b 1200'), await comes('c 1030')];
    expect(seated(players)).toEqual([true, false, true]);
    players.push(await comes('d 1400'));
    await stepper.advance(14_000);
    expect(players[1].seated).toBe(false);
    expect(last(players[1]).found).toBe(1);
    await stepper.advance(2_000);
    expect(seated(players)).toEqual([true, true, true, true]);
  });

  test('plays with fewer after a while, where the kind says so', async () => {
    await start({ queue: { players: 8, startWith: { players: 3, afterS: 20 } } });
    const players = [await comes(), await comes()];
    await stepper.advance(21_000);
    expect(seated(players)).toEqual([false, false]);
    players.push(await comes());
    expect(seated(players)).toEqual([true, true, true]);
  });

  test('keeps waiting, in order, while no room can be opened', async () => {
    await start({ queue: { players: 2 } }, {}, { rooms: 1 });
    const first = [await comes(), await comes()];
    const rest = [await comes(), await comes(), await comes()];
    await stepper.advance(5_000);
    expect(seated([...first, ...rest])).toEqual([true, true, false, false, false]);
    const said = stepper.log.filter(({ msg }) => msg === 'a match could not be made');
    expect(said).toHaveLength(1);
    rooms()[0].end(1000, 'over');
    await stepper.advance(2_000);
    expect(seated(rest)).toEqual([true, true, false]);
  });
});

describe('the wait', () => {
  test('ends with the line, at once', async () => {
    await start({ queue: { players: 3 } });
    const [a, b, c] = [await comes(), await comes(), new WaitingPlayer(stepper)];
    a.peer.close(1000, 'done');
    b.peer.cut();
    c.hello(0, '', { room: 'field' });
    c.peer.cut();
    await stepper.advance(300);
    expect(stepper.server.seating.waiting.size).toBe(0);
    const d = await comes();
    expect(last(d).waiting).toBe(1);
    expect(stepper.server.edge.tally.waiting.get('field')).toBe(1);
  });

  test('ends where nobody answers pings any more, and goes on where somebody does', async () => {
    await start({ queue: { players: 3 } });
    const [a, b] = [await comes(), await comes()];
    a.answers = false;
    await stepper.advance(9_000);
    expect(last(b).waiting).toBe(2);
    await stepper.advance(5_000);
    expect([a.closed, last(b).waiting, b.closed]).toEqual([1006, 1, undefined]);
    await stepper.advance(90_000);
    expect(b.closed).toBe(undefined);
  });

  test('takes nothing but answers to pings, and not too many', async () => {
    await start({ queue: { players: 3 } });
    const [a, b] = [await comes(), await comes()];
    a.say((out) => out.raw(Uint8Array.of(0x91, FrameType.Resync)));
    for (let i = 0; i < 60; i++) b.say((out) => writePong(out, i, 0, 0));
    await stepper.advance(20);
    expect([a.closed, b.closed]).toEqual([4000, 4008]);
    expect(stepper.server.seating.waiting.size).toBe(0);
  });

  test('ends with what the token says', async () => {
    const expiresAtMs = () => EPOCH_MS + stepper.nowMs + 5_000;
    await start({ queue: { players: 2 } }, { expiresAtMs: expiresAtMs as never });
    const a = await comes('ada');
    await stepper.advance(6_000);
    expect([a.closed, stepper.server.seating.waiting.size]).toEqual([4001, 0]);
  });

  test('{T60} is for as many tabs of a user, and players in all, as may be', async () => {
    await start({ queue: { players: 8 } }, {}, { seatsPerUser: 2, waiting: 4 });
    const tabs = [await comes('ada'), await comes('ada'), await comes('ada')];
    expect(tabs.map(({ closed }) => closed)).toEqual([undefined, undefined, 4005]);
    const others = [await comes('bob'), await comes('cy'), await comes('di')];
    expect(others.map(({ closed }) => closed)).toEqual([undefined, undefined, 1013]);
    expect(Object.fromEntries(stepper.server.edge.refusals)).toMatchObject({ waiting: 1 });
  });

  test('{T60} goes on in the newest tab, where the kind says so', async () => {
    await start({ queue: { players: 2 } }, { extraSeat: 'supersede' }, { seatsPerUser: 1 });
    const tabs = [await comes('ada'), await comes('ada')];
    expect(tabs.map(({ closed }) => closed)).toEqual([4007, undefined]);
    const bob = await comes('bob');
    expect(seated([tabs[1], bob])).toEqual([true, true]);
  });
});

test('who waits is held for one match at a time, and for none that was let go', async () => {
  await start({ queue: { players: 2 } });
  const [a, { services }] = [await comes(), stepper.server.seating.waiting];
  const ask = (name: string, ...given: unknown[]) => services[name](...(given as never));
  const hold = (name: string) => ask('hold', name, [1]);
  expect([await hold('x.1'), await hold('y.1')]).toEqual([[1], []]);
  await ask('letGo', 'x.1');
  expect(await hold('y.1')).toEqual([1]);
  await ask('matched', 'x.1', 'field-7', '');
  expect(stepper.server.seating.waiting.size).toBe(1);
  await stepper.advance(5_010);
  // The one who held was silent for too long, and somebody else may.
  expect(await hold('z.1')).toEqual([1]);
  await ask('matched', 'y.1', 'field-7', '');
  expect(stepper.server.seating.waiting.size).toBe(1);
  await ask('matched', 'z.1', 'field-7', 'ws://elsewhere');
  await stepper.advance(300);
  expect([stepper.server.seating.waiting.size, a.closed]).toEqual([0, 1012]);
});

interface Party {
  status: number;
  room: string;
  ticket: string;
  tickets: string[];
  error?: string;
}

async function post(body: object): Promise<Party> {
  const request = { method: 'POST', path: '/rooms/field', body: JSON.stringify(body) };
  const { status, body: said } = await stepper.transport.request(request);
  return { status, ...JSON.parse(String(said)) };
}

describe('a party', () => {
  test('waits together once all are there, and plays together', async () => {
    await start({ by: { mode: ['duel', 'team'] }, queue: { players: 3 } });
    const party = await post({ tokens: ['ada', 'bob'], match: { mode: 'team' } });
    expect([party.status, party.room]).toEqual([200, 'field~mode.team']);
    const ada = await comes(party.tickets[0], 'field', TICKET);
    expect(last(ada)).toEqual({ waiting: 1, found: 1, wanted: 3, etaS: undefined });
    const cy = await comes('cy', 'field~mode.team');
    const di = await comes('di', 'field~mode.team');
    expect(seated([ada, cy, di])).toEqual([false, false, false]);
    const bob = await comes(party.tickets[1], 'field', TICKET);
    expect(seated([ada, bob, cy, di])).toEqual([true, true, true, false]);
    expect([...rooms()[0].seats].map(({ auth }) => (auth as { name: string }).name).sort()).toEqual(
      ['ada', 'bob', 'cy'],
    );
    expect((await comes(party.tickets[1], 'field', TICKET)).closed).toBe(4002);
  });

  test('is not over when the page of one of it is an old one', async () => {
    await start({ queue: { players: 2 } });
    const { tickets } = await post({ tokens: ['ada', 'bob'] });
    const ada = await comes(tickets[0], 'field', TICKET);
    const old = new WaitingPlayer(stepper);
    old.hello(TICKET, tickets[1], { hash: '0'.repeat(game.hash.length) });
    await stepper.advance(20);
    expect(old.closed).toBe(CloseCode.GameMismatch);
    // It was reloaded, and brings its ticket again.
    expect(seated([await comes(tickets[1], 'field', TICKET), ada])).toEqual([true, true]);
  });

  test('of one has a ticket as well', async () => {
    await start({ queue: { players: 2 } });
    const { ticket, room } = await post({ token: 'ada' });
    const players = [await comes(ticket, 'field', TICKET), await comes('bob')];
    expect([room, ...seated(players)]).toEqual(['field', true, true]);
  });

  test('that does not come together in time is told so', async () => {
    await start({ queue: { players: 3 } });
    const { tickets } = await post({ tokens: ['ada', 'bob'] });
    await stepper.advance(5_000);
    const ada = await comes(tickets[0], 'field', TICKET);
    await stepper.advance(6_000);
    expect([ada.closed, ada.reason]).toEqual([
      4002,
      'not all of your party came in time: gather it again',
    ]);
    expect((await comes(tickets[1], 'field', TICKET)).closed).toBe(4002);
    expect(stepper.server.seating.waiting.size).toBe(0);
  });

  test('{T60} keeps its tickets while too many wait', async () => {
    await start({ queue: { players: 2 } }, {}, { waiting: 1 });
    const { tickets } = await post({ tokens: ['ada', 'bob'] });
    const cy = await comes('cy');
    expect((await comes(tickets[0], 'field', TICKET)).closed).toBe(1013);
    cy.peer.close(1000, 'done');
    await stepper.advance(20);
    expect((await comes(tickets[0], 'field', TICKET)).closed).toBe(undefined);
  });

  test('that one leaves waits no more', async () => {
    await start({ queue: { players: 3 } });
    const { tickets } = await post({ tokens: ['ada', 'bob'] });
    const [ada, bob] = [await comes(tickets[0], '', TICKET), await comes(tickets[1], '', TICKET)];
    bob.peer.close(1000, 'done');
    await stepper.advance(20);
    expect([ada.closed, ada.reason]).toEqual([4002, 'one of your party is gone: gather it again']);
    const rest = [await comes('cy'), await comes('di'), await comes('ed')];
    expect(seated(rest)).toEqual([true, true, true]);
  });

  test('that is larger than a match is refused, and keeps no tickets', async () => {
    await start({ queue: { players: 2 } });
    expect((await post({ tokens: ['ada', 'bob', 'cy'] })).status).toBe(409);
    expect(stepper.server.seating.secrets.tickets).toBe(0);
    expect((await post({ tokens: ['ada', 'bob'] })).status).toBe(200);
  });
});

test('a page is told how far it is, and can call it off', async () => {
  await start({ queue: { players: 2 } });
  const told: Waiting[] = [];
  const control = new AbortController();
  const first = new Player(stepper, {
    room: 'field',
    onWaiting: (waiting) => told.push(waiting),
    signal: control.signal,
  });
  const joining = first.connect(game as never);
  await stepper.advance(90_000);
  expect(told.length).toBeGreaterThan(30);
  expect(told[0]).toEqual({ waiting: 1, found: 1, wanted: 2, etaS: undefined });
  expect(first.sockets).toHaveLength(1);
  control.abort();
  await expect(joining).rejects.toMatchObject({ reason: 'left' });
  await stepper.advance(300);
  expect(stepper.server.seating.waiting.size).toBe(0);
  const pair = [0, 1].map(() => new Player(stepper, { room: 'field' }));
  await stepper.until(Promise.all(pair.map((player) => player.connect(game as never))));
  expect(pair.map(({ state }) => state)).toEqual(['live', 'live']);
});
