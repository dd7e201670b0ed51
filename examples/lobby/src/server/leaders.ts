// The leaders: duels post points to a board that all shards share, and each lobby shows its first
// places. Called by lobby.ts. Trap: a board knows users, not names; a lobby remembers the names of
// those that it has heard of.
import type { Channels } from './between-rooms.ts';
import type { LobbyRoom } from './lobby-room.ts';
import { addLine } from './talk.ts';

/** For serve(). */
export const BOARDS = { points: { keep: 'sum' } } as const;

/** Leaders that are shown. */
const LEADERS = 8;
/** Names that a lobby remembers: far more than leaders, and 50 bytes each in a checkpoint. */
const NAMES = 1_000;

/** The oldest is forgotten. */
export function remember({ data: { names } }: LobbyRoom, user: string, name: string): void {
  names.delete(user);
  names.set(user, name);
  for (const oldest of names.keys()) if (names.size > NAMES) names.delete(oldest);
}

/** What a duel came to is news; its points are on the board. */
export function hearResult(room: LobbyRoom, { players }: Channels['result']): void {
  const [first, ...others] = [...players].sort((a, b) => b.score - a.score);
  const isDraw = others.some(({ score }) => score === first.score);
  const table = players.map(({ name, score }) => `${name} ${score}`).join(', ');
  const text = isDraw ? `A draw: ${table}` : `${first.name} won: ${table}`;
  addLine(room, { mark: 'news', name: '', port: 0, text });
  for (const { user, name } of players) remember(room, user, name);
}

export async function showLeaders(room: LobbyRoom): Promise<void> {
  const top = await room.top('points', { count: LEADERS });
  if (!top) return;
  const rows = [...room.all('leader')];
  for (const { user, score, place } of top) {
    const row = rows[place - 1] ?? room.spawn('leader', {});
    Object.assign(row, {
      place,
      user,
      points: score,
      name: room.data.names.get(user) ?? 'Somebody',
    });
  }
  for (const row of rows.slice(top.length)) room.despawn(row);
}
