// A transport without a network, a queue or a client: what the server sends is counted and dropped,
// what players say is handed over at once. Leaves exactly the framework's own work to be measured.
// NullLine opens one room over it, on a clock that the caller moves tick by tick. Trap: it takes
// WELCOME and STATE for granted and judges nothing.
import { FrameType } from '@tickwire/protocol';
import {
  type GameRoom,
  type RoomKind,
  type Server,
  type Socket,
  type SocketHandler,
  serve,
  type Transport,
  type TransportHandler,
} from '@tickwire/server';

/** Where virtual time starts, ms. Not 0, which a clock may take for "never". */
const START_MS = 1000;

/** One player's end. */
export class NullPlayer implements Socket {
  readonly remoteAddress = '127.0.0.1';
  readonly context = undefined;
  /** STATE frames and their bytes, and the bytes of everything, since the start. */
  states = 0;
  stateBytes = 0;
  bytes = 0;
  /** Ticks from the STATE before, or from WELCOME, to the newest. */
  ticks = 0;
  /** Bytes of the shortest STATE. */
  leastState = Number.POSITIVE_INFINITY;
  welcomed = false;
  closed = '';
  #handler: SocketHandler | undefined;

  say(frame: Uint8Array): void {
    this.#handler!.message(frame);
  }

  opened(handler: SocketHandler): void {
    this.#handler = handler;
  }

  send(frame: Uint8Array): void {
    this.bytes += frame.length;
    // Every frame of ours is an array of fewer than 16 elements: the type is the second byte.
    const type = frame[1];
    if (type === FrameType.Welcome) this.welcomed = true;
    if (type !== FrameType.State) return;
    this.states++;
    // The difference of ticks in one byte: below zero for a STATE of everything.
    this.ticks = frame[2] < 128 ? frame[2] : 255 - frame[2];
    this.stateBytes += frame.length;
    if (frame.length < this.leastState) this.leastState = frame.length;
  }

  bufferedBytes(): number {
    return 0;
  }

  cork(run: () => void): void {
    run();
  }

  close(code: number, reason: string): void {
    this.closed = `${code} ${reason}`;
  }

  terminate(): void {
    this.closed = 'terminated';
  }
}

export class NullTransport implements Transport {
  readonly name = 'null';
  #handler: TransportHandler | undefined;

  async listen(_options: object, handler: TransportHandler): Promise<{ port: number }> {
    this.#handler = handler;
    return { port: 1 };
  }

  stopListening(): void {}

  async close(): Promise<void> {}

  open(player: NullPlayer): void {
    player.opened(this.#handler!.open(player));
  }
}

export class NullLine {
  readonly room: GameRoom;
  readonly #server: Server;
  readonly #clock: { nowMs: number };

  private constructor(server: Server, clock: { nowMs: number }) {
    this.#server = server;
    this.#clock = clock;
    this.room = [...server.shard.rooms.values()][0];
  }

  /** One room of a kind and the players in it, before its first tick. Throws if one is refused. */
  static async open(
    name: string,
    kind: RoomKind,
    players: readonly NullPlayer[],
    hello: Uint8Array,
  ): Promise<NullLine> {
    const clock = { nowMs: START_MS };
    const transport = new NullTransport();
    const server = await serve({
      rooms: { [name]: kind },
      transport,
      port: 0,
      ticking: false,
      signals: false,
      findDesyncs: false,
      log: 'silent',
      now: () => clock.nowMs,
      limits: { connectionsPerAddress: players.length },
    });
    for (const player of players) {
      transport.open(player);
      player.say(hello);
    }
    // Joining is asynchronous by a few turns of the microtask queue.
    while (!players.every(({ welcomed, closed }) => welcomed || closed))
      await new Promise(setImmediate);
    const refused = players.find(({ closed }) => closed !== '');
    if (refused) throw new Error(`a player was refused: ${refused.closed}`);
    return new NullLine(server, clock);
  }

  /** One tick of the room. */
  tick(): void {
    this.#clock.nowMs += 1000 / this.room.game.tickRate;
    if (this.room.run(this.#clock.nowMs) !== 1) throw new Error('a tick did not come');
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
