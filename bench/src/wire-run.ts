// One room and one spectator in this process, on a virtual clock: what `wire` measures. The room is
// the real one, opened by serve(); the spectator takes its messages, reads them with the protocol's
// own reading side as the client does, and acknowledges them. Encoding and reading are timed apart
// from the game's own work; what arrived is there to be compared with the truth after every tick.
import {
  FrameType,
  type Game,
  MsgpackReader,
  MsgpackWriter,
  Received,
  readFrame,
  readStateHeader,
  StateFeed,
  type StateHeader,
  writeAck,
} from '@tickwire/protocol';
import type { GameRoom, RoomKind } from '@tickwire/server';
import { NullLine, NullPlayer } from './null-line.ts';
import { helloFrame } from './script.ts';

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

/** Reads and acknowledges what comes. */
class Spectator extends NullPlayer {
  readonly received: Received;
  readonly inbox: Uint8Array[] = [];
  /** Of the TABLES since the last look. */
  tablesBytes = 0;
  readonly #reader = new MsgpackReader();
  readonly #frame = { elements: 0 };
  readonly #feed: StateFeed;
  readonly #out = new MsgpackWriter();

  constructor(game: Game) {
    super();
    this.received = new Received(game);
    this.#feed = new StateFeed(game, this.received, this.#reader);
  }

  get tick(): number {
    return this.#feed.tick;
  }

  get isPacked(): boolean {
    return this.#feed.welcome?.packed ?? false;
  }

  override send(frame: Uint8Array): void {
    super.send(frame);
    this.inbox.push(frame.slice());
  }

  acknowledge(ticks: number): void {
    this.#out.reset();
    writeAck(this.#out, ticks);
    this.say(this.#out.bytes());
  }

  /** Reads what came. */
  read(): void {
    for (const message of this.inbox) this.#take(message);
    this.inbox.length = 0;
  }

  #take(message: Uint8Array): void {
    this.#reader.reset(message);
    const type = readFrame(this.#reader, this.#frame);
    if (type === FrameType.Welcome) this.#feed.takeWelcome(this.#frame.elements);
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

export class WireRun {
  readonly #line: NullLine;
  readonly #spectator: Spectator;
  #encodeMs = 0;

  private constructor(line: NullLine, spectator: Spectator) {
    this.#line = line;
    this.#spectator = spectator;
    // A room that fails is closed, and says why in its log alone.
    line.room.code.fail = (_where, error) => {
      throw error;
    };
    this.#timeEncoding();
  }

  /** `kind` must be kept open (`keep`) and let one spectator in. */
  static async start(kind: RoomKind): Promise<WireRun> {
    const spectator = new Spectator(kind.game);
    const hello = helloFrame(kind.game.hash, 'wire', true);
    const line = await NullLine.open('wire', kind, [spectator], hello);
    spectator.read();
    return new WireRun(line, spectator);
  }

  get room(): GameRoom {
    return this.#line.room;
  }

  get received(): Received {
    return this.#spectator.received;
  }

  /** One tick of the room; its messages are read and acknowledged. */
  tick(): TickCost {
    const spectator = this.#spectator;
    this.#encodeMs = 0;
    this.#line.tick();
    const messages = spectator.inbox.map(({ length }) => length);
    const { isPacked } = spectator;
    const bodyBytes = spectator.inbox.reduce((sum, sent) => sum + bodyBytesOf(sent, isPacked), 0);
    const before = spectator.tick;
    spectator.tablesBytes = 0;
    const began = performance.now();
    spectator.read();
    const decodeUs = (performance.now() - began) * 1000;
    spectator.acknowledge(spectator.tick - before);
    const { tablesBytes } = spectator;
    return { messages, bodyBytes, tablesBytes, encodeUs: this.#encodeMs * 1000, decodeUs };
  }

  close(): Promise<void> {
    return this.#line.close();
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
