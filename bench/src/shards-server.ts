// One server, or one shard of several, that shards.ts loads: rooms of arena-N over real sockets,
// whose ticks are watched together. Says on stdout, a JSON line each, when it is up and, on every
// second SIGUSR2, what it noted since the one before. Trap: children of a parent inherit the task
// and stdout, and are known by what they say alone.
import { type Server, serve } from '@tickwire/server';
import { type ArenaSize, arenaOf, arenaRoom } from './arena.ts';
import { LoadWatch, type ServerFigures } from './load-watch.ts';
import { watchTicks } from './watch-ticks.ts';

export interface ShardsTask {
  /** Processes; 0: one, and no parent. */
  readonly shards: number;
  readonly room: ArenaSize;
  /** Sockets that each takes. */
  readonly most: number;
}

export type ShardSaid = { readonly pid: number } & (
  | { readonly is: 'up'; readonly port: number; readonly hash: string }
  | {
      readonly is: 'noted';
      readonly figures: ServerFigures;
      readonly rooms: number;
      readonly seats: number;
    }
);

export const SHARDS_VARIABLE = 'TICKWIRE_BENCH_SHARDS';
export const KIND = 'load';
/** Rooms that were opened meanwhile are found soon against what is measured. */
const LOOK_MS = 50;

const arena = ({ room }: ShardsTask) => arenaOf(room.tickRate);

async function run(task: ShardsTask): Promise<void> {
  const options = {
    rooms: { [KIND]: arenaRoom(arena(task), task.room) },
    transport: 'uws',
    port: 0,
    host: '127.0.0.1',
    publicUrl: 'http://127.0.0.1:{port}',
    findDesyncs: false,
    log: 'silent',
    limits: { connectionsPerAddress: task.most, connections: task.most },
  } as const;
  const server = await serve(task.shards > 0 ? { ...options, shards: task.shards } : options);
  if ('shard' in server) watch(server, task);
}

function watch({ port, shard }: Server, task: ShardsTask): void {
  const notes = new LoadWatch();
  const watched = new WeakSet();
  setInterval(() => {
    for (const room of shard.rooms.values()) if (!watched.has(room)) watchTicks(room, notes);
    for (const room of shard.rooms.values()) watched.add(room);
  }, LOOK_MS).unref();
  let measuring = false;
  process.on('SIGUSR2', () => {
    measuring = !measuring;
    if (measuring) return notes.measure();
    const rooms = [...shard.rooms.values()];
    const seats = rooms.reduce((sum, { taken }) => sum + taken, 0);
    say({ is: 'noted', pid: process.pid, figures: notes.report(), rooms: rooms.length, seats });
  });
  say({ is: 'up', pid: process.pid, port, hash: arena(task).hash });
}

function say(what: ShardSaid): void {
  console.log(JSON.stringify(what));
}

const given = process.env[SHARDS_VARIABLE];
if (given !== undefined) await run(JSON.parse(given));
