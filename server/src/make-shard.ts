// Puts the parts of a shard together and opens the rooms that are to stand. Called by serve(),
// which puts a transport before it.

import type { RoomKind } from './define-room.ts';
import type { Directory, Owner } from './directory.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { MakeSecret } from './keys.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import type { GameRoom } from './room.ts';
import { Seating } from './seating.ts';
import { Shard } from './shard.ts';
import type { Ticker } from './ticker.ts';

export interface ShardParts {
  rooms: Readonly<Record<string, RoomKind>>;
  limits: Limits;
  directory: Directory;
  /** Which process this is, and where clients reach it. */
  owner: Owner;
  log: Log;
  heartbeat: Heartbeat;
  ticker: Ticker;
  /** False: who drives the rooms does so himself. */
  ticking?: boolean;
  /** Monotonic ms. */
  now: () => number;
  /** Ms since 1970. */
  wallClockMs: () => number;
  makeSecret: MakeSecret;
  /** Signs tickets. */
  ticketKey: Uint8Array;
  /** Short random text for room ids. */
  makeId: () => string;
  seed: () => number;
  production: boolean;
  /** Rooms look for desyncs. */
  findDesyncs?: boolean;
}

export async function makeShard(parts: ShardParts): Promise<{ shard: Shard; seating: Seating }> {
  const { ticker, ticking, production, findDesyncs = !production } = parts;
  const start = ticking === false ? undefined : (room: GameRoom) => ticker.start(room);
  const shard = new Shard({ ...parts, findDesyncs, start });
  const seating = new Seating({ ...parts, shard });
  await shard.start();
  return { shard, seating };
}
