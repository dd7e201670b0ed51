// The server that load.ts loads, in a process and so on a core of its own: one room over real
// uWebSockets.js sockets on 127.0.0.1, whose ticks are watched. Trap: the watch stands around the
// framework's methods, which costs a little; it is the same little for every seat count.
import { PackedSink } from '@tickwire/protocol';
import { type GameRoom, type RoomKind, serve } from '@tickwire/server';
import { type ArenaSize, arenaOf, arenaRoom } from './arena.ts';
import { type ShipsSize, shipsRoom } from './interest-room.ts';
import { type Listening, LoadWatch, serveTask } from './load-watch.ts';
import { watchTicks } from './watch-ticks.ts';

/** A room of arena-N, or one of players who fly their own ships. */
export interface RoomTask {
  readonly ships?: ShipsSize;
  readonly players?: ArenaSize;
  /** As it stands on the internet: default limits, and a log. */
  readonly exposed?: boolean;
  /** Bodies for seats that are told everything are counted. */
  readonly countsJoins?: boolean;
}

/** Seats whose players left wait for them and take a place: a second storm needs as many again. */
const STORMS = 2;

const watch = new LoadWatch();
serveTask(watch, start);

async function start(task: RoomTask): Promise<Listening> {
  const [seats, kind] = roomOf(task);
  const most = seats * STORMS;
  const server = await serve({
    rooms: { load: { ...kind, definition: { ...kind.definition, seats: most } } },
    transport: 'uws',
    port: 0,
    host: '127.0.0.1',
    signals: false,
    findDesyncs: false,
    log: task.exposed ? 'info' : 'silent',
    limits: task.exposed ? {} : { connectionsPerAddress: most, connections: most },
  });
  const [room] = server.shard.rooms.values();
  watchTicks(room, watch);
  if (task.countsJoins) countJoins(room);
  watch.dueMs = () => room.schedule.dueMs(0);
  return { port: server.port, hash: kind.game.hash, room: 'load' };
}

function roomOf({ ships, players }: RoomTask): [seats: number, RoomKind] {
  if (ships) return [ships.seats, shipsRoom(ships).kind];
  return [players!.seats, arenaRoom(arenaOf(players!.tickRate), players!)];
}

function countJoins(room: GameRoom): void {
  const { replication } = room;
  const send = replication.send.bind(replication);
  const end = replication.end.bind(replication);
  const { finish } = PackedSink.prototype;
  let bodies = 0;
  let joined = 0;
  let full = 0;
  PackedSink.prototype.finish = function () {
    bodies++;
    finish.call(this);
  };
  replication.send = (seat, time) => {
    const joins = seat.needsEverything;
    const before = bodies;
    const sent = send(seat, time);
    if (!joins || !sent) return sent;
    joined++;
    full += bodies - before;
    return sent;
  };
  replication.end = () => {
    end();
    watch.joined(joined, full);
    joined = 0;
    full = 0;
  };
}
