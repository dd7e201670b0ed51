// Two servers on one virtual clock over one directory, whose answers a case may withhold. Used by
// suites about waiting queues over several shards. No duty of a shard runs: a case does by hand
// what it needs of them.
import { DirectoryError, MemoryDirectory, type RoomKind, type Server } from '../src/index.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';
import { WaitingPlayer } from './waiting-player.ts';

export const [A, B] = ['http://a.example', 'http://b.example'];
/** As a page's socket has it. */
const SOCKET_OF_B = 'ws://b.example';
/** Longer than any case. */
const LEASE_MS = 600_000;

export class TwoServers {
  /** Nobody is answered by the directory, and why. */
  away: DirectoryError['code'] | undefined;
  readonly directory: MemoryDirectory;
  stepper!: Stepper;
  a!: Server;
  b!: Server;

  private constructor() {
    const now = () => EPOCH_MS + (this.stepper?.nowMs ?? 0);
    this.directory = new MemoryDirectory({ leaseMs: LEASE_MS, now });
  }

  static async start(rooms: Readonly<Record<string, RoomKind>>): Promise<TwoServers> {
    const two = new TwoServers();
    const { directory } = two;
    const door = new Proxy(directory, {
      get(_, name: keyof MemoryDirectory) {
        const found = directory[name] as unknown;
        if (typeof found !== 'function') return found;
        return async (...given: never[]) => {
          if (two.away) throw new DirectoryError(two.away, 'it is gone');
          return found.apply(directory, given);
        };
      },
    });
    two.stepper = await Stepper.start({ rooms, serve: { directory: door, publicUrl: A } });
    two.a = two.stepper.server;
    two.b = await two.stepper.add(SOCKET_OF_B, { rooms, serve: { directory: door, publicUrl: B } });
    return two;
  }

  transportOf(server: Server) {
    return server === this.b
      ? this.stepper.others.get(SOCKET_OF_B)!.transport
      : this.stepper.transport;
  }

  /** One who says HELLO to a server, and is not sent on. */
  async comes(to: Server, secret = '', credential: 0 | 1 = 0): Promise<WaitingPlayer> {
    const player = new WaitingPlayer(this.stepper, this.transportOf(to));
    player.hello(credential, secret, { room: 'field' });
    await this.stepper.advance(20);
    return player;
  }
}
