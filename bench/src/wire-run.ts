// One room and one spectator in this process, on a virtual clock: what `wire` measures. The room is
// the real one, opened by serve(); the spectator takes its messages, reads them with the protocol's
// own reading side as the client does, and acknowledges them. Encoding and reading are timed apart
// from the game's own work; what arrived is there to be compared with the truth after every tick.
import {
  Credential,
  FrameType,
  type Game,
  MsgpackReader,
  MsgpackWriter,
  PROTOCOL_VERSION,
  Received,
  readFrame,
  readStateHeader,
  StateFeed,
  type StateHeader,
  writeAck,
  writeHello,
} from '@tickwire/protocol';
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

/** What one tick cost. */
export interface TickCost {
  /** Every message of the tick, by its payload's bytes. */
  readonly messages: readonly number[];
  /** Of them, what the STATE's body takes: without type, ticks, margin and the body's length. */
  readonly bodyBytes: number;
  readonly tablesBytes: number;
  /** The room's rounding and replication. */
  readonly encodeUs: number;
  /** From messages to tables. */
  readonly decodeUs: number;
}

/** The spectator's end of a line that neither waits nor loses. */
class Spectator implements Socket {
  readonly remoteAddress = '127.0.0.1';
  readonly context = undefined;
  readonly received: Received;
  readonly inbox: Uint8Array[] = [];
  closed = '';
  /** Of the TABLES since the last look. */
  tablesBytes = 0;
  handler: SocketHandler | undefined;
  readonly #reader = new MsgpackReader();
  readonly #frame = { elements: 0 };
  readonly #feed: StateFeed;

  constructor(game: Game) {
    this.received = new Received(game);
    this.#feed = new StateFeed(game, this.received, this.#reader);
  }

  get tick(): number {
    return this.#feed.tick;
  }

  get isPacked(): boolean {
    return this.#feed.welcome?.packed ?? false;
  }

  send(frame: Uint8Array): void {
    this.inbox.push(frame.slice());
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

  say(write: (out: MsgpackWriter) => void): void {
    const out = new MsgpackWriter();
    write(out);
    this.handler!.message(out.bytes());
  }

  /** Reads what came. */
  read(): void {
    for (const message of this.inbox) this.#take(message);
    this.inbox.length = 0;
  }

  #take(message: Uint8Array): void {
    this.#reader.reset(message);
    const type = readFrame(this.#reader, this.#frame);
    if (type === FrameType.Welcome) this.#feed.takeWelcome();
    else if (type === FrameType.Tables) {
      this.#feed.takeTables();
      this.tablesBytes += message.length;
    } else if (type === FrameType.State) {
      this.#feed.takeState(this.#frame.elements);
      for (const table of this.received.tables) table.settle(this.tick);
    } else throw new Error(`a frame of type ${type} came to a spectator`);
    this.#reader.end();
  }
}

/** Bytes of a STATE's one body, without its length; 0 for a frame of another type. */
function bodyBytesOf(message: Uint8Array, isPacked: boolean): number {
  const reader = new MsgpackReader();
  const frame = { elements: 0 };
  reader.reset(message);
  if (readFrame(reader, frame) !== FrameType.State || frame.elements === HEADER_ELEMENTS) return 0;
  readStateHeader(reader, {} as StateHeader);
  return isPacked ? reader.passBin(message.length) : message.length - reader.position;
}

/** Elements of a STATE after its type, where nothing follows the header. */
const HEADER_ELEMENTS = 4;

class SpectatorTransport implements Transport {
  readonly name = 'spectator';
  #handler: TransportHandler | undefined;

  async listen(_options: object, handler: TransportHandler): Promise<{ port: number }> {
    this.#handler = handler;
    return { port: 1 };
  }
  stopListening(): void {}
  async close(): Promise<void> {}
  open(spectator: Spectator): void {
    spectator.handler = this.#handler!.open(spectator);
  }
}

export class WireRun {
  readonly room: GameRoom;
  readonly #server: Server;
  readonly #spectator: Spectator;
  readonly #clock: { nowMs: number };
  #encodeMs = 0;

  private constructor(server: Server, spectator: Spectator, clock: { nowMs: number }) {
    this.#server = server;
    this.#spectator = spectator;
    this.#clock = clock;
    this.room = [...server.shard.rooms.values()][0];
    // A room that fails is closed, and says why in its log alone.
    this.room.fail = (_where, error) => {
      throw error;
    };
    this.#timeEncoding();
  }

  /** `kind` must be kept open (`keep`) and let one spectator in. */
  static async start(kind: RoomKind): Promise<WireRun> {
    const clock = { nowMs: 1000 };
    const transport = new SpectatorTransport();
    const server = await serve({
      rooms: { wire: kind },
      transport,
      port: 0,
      ticking: false,
      signals: false,
      log: 'silent',
      now: () => clock.nowMs,
    });
    const spectator = new Spectator(kind.game);
    transport.open(spectator);
    spectator.say((out) =>
      writeHello(out, {
        version: PROTOCOL_VERSION,
        hash: kind.game.hash,
        room: 'wire',
        credential: Credential.Token,
        secret: '',
        spectate: true,
      }),
    );
    // Joining is asynchronous by a few turns of the microtask queue.
    while (spectator.inbox.length === 0 && spectator.closed === '') await turn();
    if (spectator.closed) throw new Error(`the spectator was refused: ${spectator.closed}`);
    spectator.read();
    return new WireRun(server, spectator, clock);
  }

  get received(): Received {
    return this.#spectator.received;
  }

  /** One tick of the room; its messages are read and acknowledged. */
  tick(): TickCost {
    const spectator = this.#spectator;
    const { game } = this.room;
    this.#encodeMs = 0;
    this.#clock.nowMs += 1000 / game.tickRate;
    if (this.room.run(this.#clock.nowMs) !== 1) throw new Error('a tick did not come');
    const messages = spectator.inbox.map(({ length }) => length);
    const { isPacked } = spectator;
    const bodyBytes = spectator.inbox.reduce((sum, sent) => sum + bodyBytesOf(sent, isPacked), 0);
    const before = spectator.tick;
    spectator.tablesBytes = 0;
    const began = performance.now();
    spectator.read();
    const decodeUs = (performance.now() - began) * 1000;
    spectator.say((out) => writeAck(out, spectator.tick - before));
    const { tablesBytes } = spectator;
    return { messages, bodyBytes, tablesBytes, encodeUs: this.#encodeMs * 1000, decodeUs };
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** Counts the time inside rounding and replication, and in nothing else of the tick. */
  #timeEncoding(): void {
    const { world, replication } = this.room;
    const timed = <A extends unknown[], R>(call: (...args: A) => R) => {
      return (...args: A): R => {
        const began = performance.now();
        const answer = call(...args);
        this.#encodeMs += performance.now() - began;
        return answer;
      };
    };
    world.round = timed(world.round.bind(world));
    replication.begin = timed(replication.begin.bind(replication));
    replication.send = timed(replication.send.bind(replication));
    replication.end = timed(replication.end.bind(replication));
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
