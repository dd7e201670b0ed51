// Servers on one virtual clock over one directory, whose answers a case may withhold. Used by
// suites about waiting queues over several shards. No duty of a shard runs: a case does by hand
// what it needs of them.
import {
  type Directory,
  DirectoryError,
  MemoryDirectory,
  type MemoryTransport,
  type RoomKind,
  type Server,
} from '../src/index.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';
import { WaitingPlayer } from './waiting-player.ts';

export const [A, B, C] = ['http://a.example', 'http://b.example', 'http://c.example'];
/** Longer than any case. */
const LEASE_MS = 600_000;

export class ShardStage {
  /** Nobody is answered by the directory, and why. */
  away: DirectoryError['code'] | undefined;
  readonly directory: MemoryDirectory;
  stepper!: Stepper;
  a!: Server;
  b!: Server;
  readonly #rooms: Readonly<Record<string, RoomKind>>;
  readonly #door: Directory;
  readonly #transports = new Map<Server, MemoryTransport>();

  private constructor(rooms: Readonly<Record<string, RoomKind>>) {
    const now = () => EPOCH_MS + (this.stepper?.nowMs ?? 0);
    this.directory = new MemoryDirectory({ leaseMs: LEASE_MS, now });
    this.#rooms = rooms;
    this.#door = new Proxy(this.directory, {
      get: (directory, name: keyof MemoryDirectory) => {
        const found = directory[name] as unknown;
        if (typeof found !== 'function') return found;
        return async (...given: never[]) => {
          if (this.away) throw new DirectoryError(this.away, 'it is gone');
          return found.apply(directory, given);
        };
      },
    });
  }

  static async start(rooms: Readonly<Record<string, RoomKind>>): Promise<ShardStage> {
    const stage = new ShardStage(rooms);
    stage.stepper = await Stepper.start(stage.#optionsOf(A));
    stage.a = stage.stepper.server;
    stage.#transports.set(stage.a, stage.stepper.transport);
    stage.b = await stage.add(B);
    return stage;
  }

  async add(url: string): Promise<Server> {
    // As a page's socket has it.
    const address = url.replace('http', 'ws');
    const server = await this.stepper.add(address, this.#optionsOf(url));
    this.#transports.set(server, this.stepper.others.get(address)!.transport);
    return server;
  }

  #optionsOf(publicUrl: string) {
    return { rooms: this.#rooms, serve: { directory: this.#door, publicUrl } };
  }

  transportOf(server: Server): MemoryTransport {
    return this.#transports.get(server)!;
  }

  /** One who says HELLO to a server, and is not sent on. */
  async comes(to: Server, secret = '', credential: 0 | 1 = 0): Promise<WaitingPlayer> {
    const player = new WaitingPlayer(this.stepper, this.transportOf(to));
    player.hello(credential, secret, { room: 'field' });
    await this.stepper.advance(20);
    return player;
  }
}
