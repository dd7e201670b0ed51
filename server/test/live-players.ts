// Players of the arcade over real sockets, who stand still and come back soon: for suites about
// processes that end. They leave when their suite says so, after each case.
import { connect, type GameClient, type Status } from '@tickwire/client';
import { WebSocket } from 'ws';
import { game } from './arcade.ts';

export type LivePlayer = GameClient<typeof game>;

const players: LivePlayer[] = [];

/** `statuses` is told of each status, the first one included. */
export async function joinPort(port: number, statuses: Status[] = []): Promise<LivePlayer> {
  const url = `ws://127.0.0.1:${port}`;
  const sample = () => ({ dx: 0, dy: 0, fire: false }) as const;
  const player = await connect(game, { url, room: 'field', WebSocket, sample, retryCapMs: 300 });
  players.push(player);
  player.onStatus((status) => void statuses.push(status));
  return player;
}

/** For afterEach. */
export function leaveAll(): void {
  for (const player of players.splice(0)) player.leave();
}
