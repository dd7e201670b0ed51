// What is said in a lobby: the chat of all lobbies, and invitations for one visitor wherever he is.
// Called by lobby.ts for commands and for what other lobbies say.

import { cleaned, maySpeak } from '@tickwire/kit/words';
import { Refusal } from '@tickwire/server';
import { lobby } from '../lobby-game.ts';
import { LINE_LENGTH } from '../rules.ts';
import { type Channels, tell } from './between-rooms.ts';
import type { LobbyRoom, LobbySeat } from './lobby-room.ts';

/** Lines that who comes new still sees. */
const LINES = 50;

/** As account.ts makes them. */
const USER = /^[0-9a-f]+$/;

export function nameOf(seat: LobbySeat): string {
  return seat.own('visitor')?.name ?? seat.auth.name;
}

/** The topic that a lobby hears while the user is in it. */
export function invitationsOf(user: string): string {
  return `invitation.${user}`;
}

/** Here, and in all other lobbies. */
export function announce(room: LobbyRoom, said: Channels['chat']): void {
  addLine(room, said);
  tell(room, 'chat', said);
}

export function addLine(room: LobbyRoom, said: Channels['chat']): void {
  room.spawn('line', said);
  const lines = [...room.all('line')].sort((a, b) => a.id - b.id);
  for (const line of lines.slice(0, Math.max(lines.length - LINES, 0))) room.despawn(line);
}

export function say(room: LobbyRoom, seat: LobbySeat, { line }: { line: string }): void {
  const text = cleaned(line, LINE_LENGTH);
  if (text === '') throw new Refusal('There was nothing to say.');
  checkPace(room, seat);
  announce(room, { mark: 'said', name: nameOf(seat), port: room.state.port, text });
}

export function invite(
  room: LobbyRoom,
  seat: LobbySeat,
  { user, party }: { user: string; party: string },
): void {
  if (!USER.test(user)) throw new Refusal('There is no such user.');
  checkPace(room, seat);
  const invitation = { to: user, by: nameOf(seat), party };
  hearInvitation(room, invitation);
  room.publish(invitationsOf(user), invitation);
}

/** Tells the one it is for, if he is here. */
export function hearInvitation(room: LobbyRoom, said: Channels['invitation']): void {
  const { to, by, party } = said;
  for (const seat of room.seats)
    if (seat.auth.user === to) room.emit('invited', { by, party }, { to: seat });
}

function checkPace(room: LobbyRoom, seat: LobbySeat): void {
  if (maySpeak(room.data.allowances.get(seat.id)!, room.tick, lobby.tickRate)) return;
  throw new Refusal('Slow down: one line every second and a half.');
}
