// Several servers in one process over one directory: what a player meets of them, without the time
// that processes take to start. Each has the directory through a door of its own that a case can
// shut. Used by the suites about several shards; real processes are in drill.test.ts.
import { connect, type GameClient } from '@tickwire/client';
import WebSocket from 'ws';
import {
  type Directory,
  DirectoryError,
  MemoryDirectory,
  type RoomKind,
  type ServeOptions,
  type Server,
  serve,
} from '../src/index.ts';
import { game } from './arcade.ts';

/** Short, so that cases are; long against the pauses of a machine that others use. */
const LEASE_MS = 900;

/** A directory as one server reaches it. */
export class Door {
  shut = false;
  readonly directory: Directory;

  constructor(directory: Directory) {
    const ask = (_: object, name: string | symbol) => {
      const made = Reflect.get(directory, name);
      if (typeof made !== 'function') return made;
      return async (...given: unknown[]) => {
        if (this.shut) throw new DirectoryError('unreachable', 'the door is shut');
        return Reflect.apply(made, directory, given);
      };
    };
    this.directory = new Proxy<Directory>({} as Directory, { get: ask });
  }
}

export interface Member {
  readonly server: Server;
  readonly door: Door;
}

export class Deployment {
  readonly directory = new MemoryDirectory({
    leaseMs: LEASE_MS,
    now: () => performance.timeOrigin + performance.now(),
  });
  readonly members: Member[] = [];
  readonly players: GameClient<typeof game>[] = [];
  readonly #rooms: Readonly<Record<string, RoomKind>>;

  constructor(rooms: Readonly<Record<string, RoomKind>>) {
    this.#rooms = rooms;
  }

  async add(more: Partial<ServeOptions> = {}): Promise<Member> {
    const door = new Door(this.directory);
    const server = await serve({
      rooms: this.#rooms,
      port: 0,
      host: '127.0.0.1',
      publicUrl: 'http://127.0.0.1:{port}',
      transport: 'ws',
      signals: false,
      log: 'silent',
      directory: door.directory,
      ...more,
    } as ServeOptions);
    const member = { server, door };
    this.members.push(member);
    return member;
  }

  /** A player who comes in by this server. */
  async join(entry: Member, room = 'field', token = ''): Promise<GameClient<typeof game>> {
    const player = await connect(game, {
      url: entry.server.url,
      room,
      token,
      WebSocket,
      sample: () => ({ dx: 1, dy: 0, fire: false }),
    });
    this.players.push(player);
    return player;
  }

  async close(): Promise<void> {
    for (const player of this.players) player.leave();
    for (const { door } of this.members) door.shut = false;
    await Promise.all(this.members.map(({ server }) => server.close()));
  }
}
