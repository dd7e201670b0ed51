// The lobby's rooms over real sockets, with clients in Node and a clock that runs faster for duels:
// who is told what, what is refused, and that parties stay together. What a page makes of it, and
// what becomes of it on several shards, is lobby.browser.test.ts.
import { type ConnectOptions, connect, type GameClient } from '@tickwire/client';
import { type Server, serve } from '@tickwire/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { duel } from '../src/duel-game.ts';
import { lobby } from '../src/lobby-game.ts';
import { party } from '../src/party-game.ts';
import { Accounts } from '../src/server/account.ts';
import { duelRoom } from '../src/server/duel.ts';
import { BOARDS } from '../src/server/leaders.ts';
import { lobbyRoom } from '../src/server/lobby.ts';
import { partyRoom } from '../src/server/party.ts';
import { ThisShard } from '../src/server/this-shard.ts';

/** Longest wait for something to be shown, ms: a join and a few ticks on a busy machine. */
const PATIENCE = { timeout: 10_000, interval: 20 };
const QUICK = {
  queueSeconds: 0.3,
  arriveSeconds: 0.2,
  readySeconds: 0.2,
  playSeconds: 2,
  overSeconds: 0.3,
};

const tokenOf = (name: string) => `${Buffer.from(name).toString('hex').padEnd(32, '0')} ${name}`;

let server: Server;
const clients: { leave(): void }[] = [];

beforeEach(async () => {
  const accounts = new Accounts('a key of a test');
  const shard = new ThisShard({ mayKill: false });
  server = await serve({
    rooms: {
      lobby: lobbyRoom(accounts, shard),
      duel: duelRoom(accounts, shard, QUICK),
      party: partyRoom(accounts, shard),
    },
    port: 0,
    host: '127.0.0.1',
    boards: BOARDS,
    limits: { seatsPerUser: 12 },
    log: 'silent',
  });
  Object.assign(shard, { port: server.port, url: server.url });
  await server.shard.open('lobby');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
  // A client whose room failed joins another one, and would see what its test waits for.
  const failures = [...server.shard.past].filter(([, { failures: of }]) => of > 0);
  await server.close();
  expect(failures).toEqual([]);
});

async function join<G extends { readonly hash: string }>(
  game: G,
  name: string,
  room: string,
  more: Pick<ConnectOptions<G>, 'ticket' | 'onWaiting' | 'signal'> = {},
): Promise<GameClient<G>> {
  const { url } = server;
  const client = await connect(game, { url, room, token: tokenOf(name), WebSocket, ...more });
  clients.push(client);
  return client;
}

type Lobby = GameClient<typeof lobby>;

const namesIn = (client: Lobby) => [...client.view().all('visitor')].map(({ name }) => name).sort();
const linesIn = (client: Lobby) =>
  [...client.view().all('line')].map(({ name, text }) => `${name}: ${text}`);
const phaseOf = (client: GameClient<typeof duel>) => client.view().state.phase;

describe('two lobbies', () => {
  let [ada, bob]: Lobby[] = [];

  beforeEach(async () => {
    ada = await join(lobby, 'Ada', 'lobby');
    bob = await join(lobby, 'Bob', 'lobby');
    await vi.waitFor(() => expect(namesIn(ada)).toEqual(['Ada', 'Bob']), PATIENCE);
  });

  test('spread visitors over themselves, and show all of them in each', async () => {
    expect(bob.room).not.toBe(ada.room);
    await vi.waitFor(() => expect(namesIn(bob)).toEqual(['Ada', 'Bob']), PATIENCE);
    await vi.waitFor(() => {
      const places = [...ada.view().all('visitor')].map(({ name, lobby: of }) => [name, of]);
      expect(Object.fromEntries(places)).toEqual({ Ada: ada.room, Bob: bob.room });
    }, PATIENCE);
    const second = await join(lobby, 'Ada', ada.room);
    await second.call('rename', { name: ' Lady\u202E Ada ' });
    await vi.waitFor(() => expect(namesIn(bob)).toEqual(['Bob', 'Lady Ada']), PATIENCE);
    bob.leave();
    await vi.waitFor(() => expect(namesIn(ada)).toEqual(['Ada', 'Lady Ada']), PATIENCE);
  });

  test('have one chat, cleaned, and not too much of it', async () => {
    await ada.call('say', { line: ' <b>hi</b>\u202E ' });
    for (const client of [bob, ada])
      await vi.waitFor(() => expect(linesIn(client)).toEqual(['Ada: <b>hi</b>']), PATIENCE);
    await expect(ada.call('say', { line: ' \n ' })).rejects.toThrow('nothing to say');
    const lines = Array.from({ length: 10 }, (_, n) => ada.call('say', { line: `line ${n}` }));
    const said = await Promise.allSettled(lines);
    expect(said[0].status).toBe('fulfilled');
    expect(said.at(-1)).toMatchObject({ reason: { message: expect.stringMatching('Slow down') } });
  });

  test('bring an invitation to whom it is for', async () => {
    const [toAda, toBob]: string[][] = [[], []];
    ada.on('invited', ({ by }) => toAda.push(by));
    bob.on('invited', ({ by, party: room }) => toBob.push(`${by} ${room}`));
    const { user } = [...ada.view().all('visitor')].find(({ name }) => name === 'Bob')!;
    await ada.call('invite', { user, party: 'party-1' });
    await vi.waitFor(() => {
      ada.view();
      bob.view();
      expect(toBob).toEqual(['Ada party-1']);
    }, PATIENCE);
    expect(toAda).toEqual([]);
  });

  test('kill nobody unless the server was started for it', async () => {
    await expect(ada.call('kill', {})).rejects.toThrow('--allow-kill');
    expect(ada.status.state).toBe('live');
  });
});

describe('a duel', () => {
  test('waits for two, takes nobody after it began, and tells all lobbies its result', async () => {
    const watcher = await join(lobby, 'Watcher', 'lobby');
    // In the other lobby, which tells what Ada does.
    await join(lobby, 'Ada', 'lobby');
    const told: number[] = [];
    const onWaiting = ({ found }: { found: number }) => told.push(found);
    const joining = join(duel, 'Ada', 'duel', { onWaiting });
    await vi.waitFor(() => expect(told).toContain(1), PATIENCE);
    const [ada, bob] = await Promise.all([joining, join(duel, 'Bob', 'duel')]);
    expect(bob.room).toBe(ada.room);
    const calling = new AbortController();
    const { signal } = calling;
    const late = join(duel, 'Late', 'duel', { signal, onWaiting: () => calling.abort() });
    await expect(late).rejects.toMatchObject({ reason: 'left' });
    await vi.waitFor(() => expect(phaseOf(bob)).toBe('playing'), PATIENCE);
    await vi.waitFor(() => {
      const [row] = watcher.view().all('duel');
      expect(row.standing).toMatch(/^Ada \d+ : Bob \d+$/);
      const { doing } = [...watcher.view().all('visitor')].find(({ name }) => name === 'Ada')!;
      expect(doing).toBe('duel');
    }, PATIENCE);
    await vi.waitFor(() => expect(ada.status.state).toBe('closed'), PATIENCE);
    await vi.waitFor(() => {
      const leaders = [...watcher.view().all('leader')].map(({ name }) => name).sort();
      expect(leaders).toEqual(['Ada', 'Bob']);
      const duels = [...watcher.view().all('duel')].map(({ room }) => room);
      expect(duels).not.toContain(ada.room);
    }, PATIENCE);
    const board = await fetch(`${server.url}/boards/points`);
    expect(await board.json()).toHaveLength(2);
    expect(linesIn(watcher).join()).toMatch(/: (A draw|\w+ won): Ada \d+, Bob \d+$/);
  });

  test('counts what is collected, and puts another coin elsewhere', async () => {
    const room = await server.shard.open('duel');
    const ada = await join(duel, 'Ada', room.id);
    await vi.waitFor(() => expect(ada.view().mine('player')).toBeDefined(), PATIENCE);
    const [player] = room.world.all('player') as Iterable<Place & { score: number }>;
    const coins = [...(room.world.all('coin') as Iterable<Place & { golden: boolean }>)];
    const [{ golden }] = coins;
    const { x, y } = coins[0].position;
    // A coin may have lain where players begin.
    const expected = player.score + (golden ? 3 : 1);
    player.position.set(x, y);
    const scored = () => ada.view().mine('player')!.score;
    await vi.waitFor(() => expect(scored()).toBeGreaterThanOrEqual(expected), PATIENCE);
    expect(coins[0].position).not.toMatchObject({ x, y });
  });
});

interface Place {
  position: { x: number; y: number; set(x: number, y: number): void };
}

describe('a party', () => {
  test('gets into one duel, each member with a ticket of his own', async () => {
    // Two at once, or all four: nobody is left alone.
    const strangers = ['A', 'B'].map((name) => join(duel, name, 'duel'));
    const ada = await join(party, 'Ada', 'party');
    const bob = await join(party, 'Bob', ada.room);
    const told: { ticket: string; port: number }[] = [];
    for (const member of [ada, bob]) member.on('go', (seat) => told.push(seat));
    await bob.call('play', {});
    await vi.waitFor(() => {
      for (const member of [ada, bob]) member.view();
      expect(told).toHaveLength(2);
    }, PATIENCE);
    expect(told.map(({ port }) => port)).toEqual([server.port, server.port]);
    const members = await Promise.all(
      told.map(({ ticket }) => join(duel, 'nobody who is asked', 'duel', { ticket })),
    );
    await Promise.all(strangers);
    expect(members[0].room).toBe(members[1].room);
    const room = server.shard.rooms.get(members[0].room)!;
    const players = [...(room.world.all('player') as Iterable<{ name: string }>)];
    expect(players.map(({ name }) => name)).toEqual(expect.arrayContaining(['Ada', 'Bob']));
  });
});

describe('accounts', () => {
  const accounts = new Accounts('one');

  test('are the same with the same secret, whatever the name, and tell nobody the secret', () => {
    const [ada, again, bob] = ['Ada', 'Ada', 'Bob'].map((name) => tokenOf(name));
    const { user, name } = accounts.authenticate(ada);
    expect(name).toBe('Ada');
    expect(accounts.authenticate(again.replace(/ .*/, ' Other'))).toEqual({ user, name: 'Other' });
    expect(accounts.authenticate(bob).user).not.toBe(user);
    expect(ada).not.toContain(user);
    expect(() => accounts.authenticate('Ada')).toThrow('a secret and a name');
  });

  test('are known by a pass of this server, and by no other', () => {
    const ada = { user: 'abc', name: 'Ada' };
    const pass = accounts.pass(ada);
    expect(accounts.authenticate(pass)).toEqual(ada);
    expect(() => new Accounts('other').authenticate(pass)).toThrow('not a pass of this server');
    vi.useFakeTimers({ now: Date.now() + 60_000 });
    expect(() => accounts.authenticate(pass)).toThrow('over');
    vi.useRealTimers();
  });
});
