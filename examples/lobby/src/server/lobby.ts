// The lobby rooms: one for each shard, which look like one to their visitors. Each shows who is
// online (online.ts), the chat, the duels and the leaders, and tells the others of its own. Trap:
// any of them may go on on another shard between two ticks, so what is known stands in rows.

import { cleaned, newAllowance } from '@tickwire/kit/words';
import { defineRoom, Refusal, type RoomKind } from '@tickwire/server';
import { lobby } from '../lobby-game.ts';
import { NAME_LENGTH } from '../rules.ts';
import type { Accounts } from './account.ts';
import type { Channels } from './between-rooms.ts';
import { hearResult, remember, showLeaders } from './leaders.ts';
import type { LobbyData, LobbyRoom, LobbySeat } from './lobby-room.ts';
import { forgetStale, hearDuel, hearOnline, lookAround, tellOnline } from './online.ts';
import { addLine, announce, hearInvitation, invitationsOf, invite, nameOf, say } from './talk.ts';
import { killNews, type ThisShard } from './this-shard.ts';

/** Ticks between two looks at where visitors are, and at the board: a second. */
const LOOK_EVERY = 10;

export function lobbyRoom(accounts: Accounts, shard: ThisShard): RoomKind {
  return defineRoom(lobby, {
    authenticate: accounts.authenticate,
    user: ({ user }) => user,
    open(room): LobbyData {
      room.after(LOOK_EVERY, 'look');
      return { allowances: new Map(), names: new Map() };
    },
    // All else stands in rows; timers and topics are kept as well.
    save: ({ data }) => ({ allowances: [...data.allowances], names: [...data.names] }),
    load: (_, { allowances, names }): LobbyData => {
      return { allowances: new Map(allowances), names: new Map(names) };
    },
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
        return Promise.all([lookAround(room), showLeaders(room)]);
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
        announce(room, killNews(nameOf(seat), shard));
      },
    },
  });
}

function join(room: LobbyRoom, seat: LobbySeat): void {
  const { user, name } = seat.auth;
  room.spawn('visitor', { user, name, lobby: room.id, here: true }, seat);
  room.data.allowances.set(seat.id, newAllowance(room.tick));
  remember(room, user, name);
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
  const wished = cleaned(name, NAME_LENGTH);
  if (!visitor || wished === '') throw new Refusal('A name needs at least one letter.');
  visitor.name = wished;
  remember(room, visitor.user, wished);
  tellOnline(room);
}

function setAway(seat: LobbySeat, away: boolean): void {
  const visitor = seat.own('visitor');
  if (visitor) visitor.away = away;
}
