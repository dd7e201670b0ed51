// Who is online, and what they do: a lobby asks the directory where its own visitors have seats,
// and tells the other lobbies. Visitors of all lobbies are rows. Called by lobby.ts, about once a
// second.

import { type Channels, tell } from './between-rooms.ts';
import type { LobbyRoom } from './lobby-room.ts';

/** Ticks after which what another room said is no longer so: it says it every second. */
const STALE_AFTER = 40;

type Doing = Channels['online']['visitors'][number]['doing'];

/** Asks where one's own visitors are, and tells all lobbies. */
export async function lookAround(room: LobbyRoom): Promise<void> {
  const users = new Set(
    [...room.all('visitor')].filter(({ here }) => here).map(({ user }) => user),
  );
  const found = await room.whereAre([...users]);
  // Some may have come or gone meanwhile.
  if (found)
    for (const visitor of room.all('visitor'))
      if (visitor.here) visitor.doing = doingOf(found.get(visitor.user) ?? []);
  tellOnline(room);
}

function doingOf(rooms: readonly { readonly kind: string }[]): Doing {
  const kinds = new Set(rooms.map(({ kind }) => kind));
  return kinds.has('duel') ? 'duel' : kinds.has('party') ? 'party' : 'lobby';
}

/** Two tabs of one user are one visitor to others. */
export function tellOnline(room: LobbyRoom): void {
  const own = [...room.all('visitor')].filter(({ here }) => here);
  const told = own.map(({ user, name, doing }) => [user, { user, name, doing }] as const);
  const visitors = [...new Map(told).values()];
  tell(room, 'online', { lobby: room.id, port: room.state.port, visitors });
}

export function hearOnline(room: LobbyRoom, { lobby, port, visitors }: Channels['online']): void {
  const known = new Map<string, ReturnType<typeof addVisitor>>();
  for (const row of room.all('visitor')) if (row.lobby === lobby) known.set(row.user, row);
  for (const { user, name, doing } of visitors) {
    const row = known.get(user) ?? addVisitor(room, user, lobby);
    known.delete(user);
    Object.assign(row, { name, doing, port, heardTick: room.tick });
  }
  for (const gone of known.values()) room.despawn(gone);
}

function addVisitor(room: LobbyRoom, user: string, lobby: string) {
  return room.spawn('visitor', { user, lobby });
}

export function hearDuel(room: LobbyRoom, said: Channels['duel']): void {
  const known = [...room.all('duel')].find((row) => row.room === said.room);
  if (said.phase === 'gone') {
    if (known) room.despawn(known);
    return;
  }
  Object.assign(known ?? room.spawn('duel', {}), said, { heardTick: room.tick });
}

/** Rooms that have not been heard of for a while are gone, or with a shard that is. */
export function forgetStale(room: LobbyRoom): void {
  const isStale = (row: { heardTick: number }) => row.heardTick < room.tick - STALE_AFTER;
  for (const row of room.all('visitor')) if (!row.here && isStale(row)) room.despawn(row);
  for (const row of room.all('duel')) if (isStale(row)) room.despawn(row);
}
