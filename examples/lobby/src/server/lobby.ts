// The lobby rooms: one for each shard, which look like one to their visitors. Each shows who is
// online, the chat, the duels and the leaders, and tells the others of its own. Trap: any of it may
// be restored on another shard between two ticks, so what is known of others stands in rows.
import { defineRoom, Refusal, type Room, type RoomKind, type Seat } from '@tickwire/server';
import { lobby } from '../lobby-game.ts';
import type { Account, Accounts } from './account.ts';
import { type Channels, tell } from './between-rooms.ts';
import type { ThisShard } from './this-shard.ts';
import { type Allowance, cleanLine, cleanName, maySpeak, newAllowance } from './words.ts';

/** Lines that who comes new still sees. */
const LINES = 50;
/** Leaders that are shown. */
const LEADERS = 8;
/** Ticks between two words to the other lobbies: a second. */
const TELL_EVERY = 10;
/** Ticks after which what another room said is no longer so: it says it every second. */
const STALE_AFTER = 40;

/** As account.ts makes them. */
const USER = /^[0-9a-f]+$/;

interface Data {
  /** How much each seat may still say, by seat id. */
  allowances: Map<number, Allowance>;
}

type LobbyRoom = Room<typeof lobby, Account, Data>;
type LobbySeat = Seat<typeof lobby, Account>;

export function lobbyRoom(accounts: Accounts, shard: ThisShard): RoomKind {
  return defineRoom(lobby, {
    authenticate: accounts.authenticate,
    user: ({ user }) => user,
    open: (): Data => ({ allowances: new Map() }),
    save: ({ data }) => [...data.allowances],
    load: (_, saved): Data => ({ allowances: new Map(saved) }),
    seats: 200,
    keep: true,
    // Visitors spread over the lobbies, and so over the shards.
    match: { pick: 'emptiest' },
    join(room, seat) {
      const { user, name } = seat.auth;
      room.spawn('visitor', { user, name, lobby: room.id, here: true }, seat);
      room.data.allowances.set(seat.id, newAllowance(room.tick));
      room.subscribe(invitationsOf(user));
      tellOnline(room);
    },
    tick(room) {
      shard.tell(room.state);
      for (const visitor of room.all('visitor')) if (visitor.here) visitor.port = shard.port;
      forgetStale(room);
      if (room.tick % TELL_EVERY === 0) tellOnline(room);
    },
    drop: (_, seat) => setAway(seat, true),
    resume: (_, seat) => setAway(seat, false),
    leave,
    hears: {
      chat: (room, said: Channels['chat']) => addLine(room, said),
      online: (room, said: Channels['online']) => hearOnline(room, said),
      duel: (room, said: Channels['duel']) => hearDuel(room, said),
      result: (room, said: Channels['result']) => hearResult(room, said),
      invitation: (room, said: Channels['invitation']) => invite(room, said),
    },
    commands: {
      say(room, seat, { line }) {
        const text = cleanLine(line);
        if (text === '') throw new Refusal('There was nothing to say.');
        checkPace(room, seat);
        announce(room, { mark: 'said', name: nameOf(seat), port: shard.port, text });
      },
      rename,
      invite(room, seat, { user, party }) {
        if (!USER.test(user)) throw new Refusal('There is no such user.');
        checkPace(room, seat);
        const invitation = { to: user, by: nameOf(seat), party };
        invite(room, invitation);
        room.publish(invitationsOf(user), invitation);
      },
      kill(room, seat) {
        shard.kill();
        const text = `${nameOf(seat)} pressed kill -9 on shard :${shard.port}`;
        announce(room, { mark: 'news', name: '', port: shard.port, text });
      },
    },
  });
}

function leave(room: LobbyRoom, seat: LobbySeat): void {
  const { user } = seat.auth;
  room.data.allowances.delete(seat.id);
  const hasMore = [...room.seats].some((one) => one !== seat && one.auth.user === user);
  if (!hasMore) room.unsubscribe(invitationsOf(user));
}

function rename(room: LobbyRoom, seat: LobbySeat, { name }: { name: string }): void {
  const visitor = seat.own('visitor');
  const wished = cleanName(name);
  if (!visitor || wished === '') throw new Refusal('A name needs at least one letter.');
  visitor.name = wished;
  tellOnline(room);
}

function checkPace(room: LobbyRoom, seat: LobbySeat): void {
  if (maySpeak(room.data.allowances.get(seat.id)!, room.tick)) return;
  throw new Refusal('Slow down: one line every second and a half.');
}

/** The topic that a lobby hears while the user is in it. */
function invitationsOf(user: string): string {
  return `invitation.${user}`;
}

function nameOf(seat: LobbySeat): string {
  return seat.own('visitor')?.name ?? seat.auth.name;
}

function setAway(seat: LobbySeat, away: boolean): void {
  const visitor = seat.own('visitor');
  if (visitor) visitor.away = away;
}

/** Here, and in all other lobbies. */
function announce(room: LobbyRoom, said: Channels['chat']): void {
  addLine(room, said);
  tell(room, 'chat', said);
}

function addLine(room: LobbyRoom, said: Channels['chat']): void {
  room.spawn('line', said);
  const lines = [...room.all('line')].sort((a, b) => a.id - b.id);
  for (const line of lines.slice(0, Math.max(lines.length - LINES, 0))) room.despawn(line);
}

/** Two tabs of one user are one visitor to others. */
function tellOnline(room: LobbyRoom): void {
  const own = [...room.all('visitor')].filter(({ here }) => here);
  const visitors = [...new Map(own.map(({ user, name }) => [user, { user, name }])).values()];
  tell(room, 'online', { lobby: room.id, port: room.state.port, visitors });
}

function hearOnline(room: LobbyRoom, { lobby: id, port, visitors }: Channels['online']): void {
  const known = new Map<string, ReturnType<typeof addVisitor>>();
  for (const row of room.all('visitor')) if (row.lobby === id) known.set(row.user, row);
  for (const { user, name } of visitors) {
    const row = known.get(user) ?? addVisitor(room, user, id);
    known.delete(user);
    Object.assign(row, { name, port, heardTick: room.tick });
  }
  for (const gone of known.values()) room.despawn(gone);
}

function addVisitor(room: LobbyRoom, user: string, id: string) {
  return room.spawn('visitor', { user, lobby: id });
}

function hearDuel(room: LobbyRoom, { users, ...said }: Channels['duel']): void {
  const known = [...room.all('duel')].find((row) => row.room === said.room);
  if (users.length === 0) {
    if (known) room.despawn(known);
    return;
  }
  const row = known ?? room.spawn('duel', {});
  Object.assign(row, said, { heardTick: room.tick });
  row.users.assign(users);
}

/** Rooms that have not been heard of for a while are gone, or with a shard that is. */
function forgetStale(room: LobbyRoom): void {
  const isStale = (row: { heardTick: number }) => row.heardTick < room.tick - STALE_AFTER;
  for (const row of room.all('visitor')) if (!row.here && isStale(row)) room.despawn(row);
  for (const row of room.all('duel')) if (isStale(row)) room.despawn(row);
}

function hearResult(room: LobbyRoom, { players }: Channels['result']): void {
  const [first, ...others] = [...players].sort((a, b) => b.score - a.score);
  const isDraw = others.some(({ score }) => score === first.score);
  const table = players.map(({ name, score }) => `${name} ${score}`).join(', ');
  const text = isDraw ? `A draw: ${table}` : `${first.name} won: ${table}`;
  addLine(room, { mark: 'news', name: '', port: 0, text });
  for (const player of players) {
    const known = [...room.all('leader')].find(({ user }) => user === player.user);
    const leader = known ?? room.spawn('leader', { user: player.user });
    leader.name = player.name;
    leader.points += player.score;
    if (player === first && !isDraw) leader.wins++;
  }
  const ranked = [...room.all('leader')].sort((a, b) => b.points - a.points);
  for (const low of ranked.slice(LEADERS)) room.despawn(low);
}

/** Tells the one it is for, if he is here. */
function invite(room: LobbyRoom, { to, by, party }: Channels['invitation']): void {
  for (const seat of room.seats)
    if (seat.auth.user === to) room.emit('invited', { by, party }, { to: seat });
}
