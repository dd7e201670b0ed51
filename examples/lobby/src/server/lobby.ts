// The lobby rooms: one for each shard, which look like one to their visitors. Each shows who is
// online (online.ts), the chat, the duels and the leaders, and tells the others of its own. Trap:
// any of them may go on on another shard between two ticks, so what is known stands in rows.
import { defineRoom, Refusal, type RoomKind } from '@tickwire/server';
import { lobby } from '../lobby-game.ts';
import type { Accounts } from './account.ts';
import type { Channels } from './between-rooms.ts';
import type { LobbyData, LobbyRoom, LobbySeat } from './lobby-room.ts';
import { forgetStale, hearDuel, hearOnline, lookAround, tellOnline } from './online.ts';
import { addLine, announce, hearInvitation, invitationsOf, invite, nameOf, say } from './talk.ts';
import type { ThisShard } from './this-shard.ts';
import { cleanName, newAllowance } from './words.ts';

/** Leaders that are shown. */
const LEADERS = 8;
/** Ticks between two looks at where visitors are: a second. */
const LOOK_EVERY = 10;

export function lobbyRoom(accounts: Accounts, shard: ThisShard): RoomKind {
  return defineRoom(lobby, {
    authenticate: accounts.authenticate,
    user: ({ user }) => user,
    open(room): LobbyData {
      room.after(LOOK_EVERY, 'look');
      return { allowances: new Map() };
    },
    // All else stands in rows; timers and topics are kept as well.
    save: ({ data }) => [...data.allowances],
    load: (_, saved): LobbyData => ({ allowances: new Map(saved) }),
    seats: 200,
    keep: true,
    // Visitors spread over the lobbies, and so over the shards.
    match: { pick: 'emptiest' },
    join,
    tick(room) {
      shard.tell(room.state);
      for (const visitor of room.all('visitor')) if (visitor.here) visitor.port = shard.port;
      forgetStale(room);
    },
    timers: {
      look(room) {
        room.after(LOOK_EVERY, 'look');
        return lookAround(room);
      },
    },
    drop: (_, seat) => setAway(seat, true),
    resume: (_, seat) => setAway(seat, false),
    leave,
    hears: {
      chat: (room, said: Channels['chat']) => addLine(room, said),
      online: (room, said: Channels['online']) => hearOnline(room, said),
      duel: (room, said: Channels['duel']) => hearDuel(room, said),
      result: (room, said: Channels['result']) => hearResult(room, said),
      invitation: (room, said: Channels['invitation']) => hearInvitation(room, said),
    },
    commands: {
      say,
      rename,
      invite,
      kill(room, seat) {
        shard.kill();
        const text = `${nameOf(seat)} pressed kill -9 on shard :${shard.port}`;
        announce(room, { mark: 'news', name: '', port: shard.port, text });
      },
    },
  });
}

function join(room: LobbyRoom, seat: LobbySeat): void {
  const { user, name } = seat.auth;
  room.spawn('visitor', { user, name, lobby: room.id, here: true }, seat);
  room.data.allowances.set(seat.id, newAllowance(room.tick));
  room.subscribe(invitationsOf(user));
  tellOnline(room);
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

function setAway(seat: LobbySeat, away: boolean): void {
  const visitor = seat.own('visitor');
  if (visitor) visitor.away = away;
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
