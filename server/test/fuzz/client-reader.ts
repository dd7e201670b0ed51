// A client as the reader of one frame: what stands in a Received after valid frames, and then any
// bytes. After a refusal the same Received starts over from everything, as a session's does, and
// must hold what a fresh one would. Reads as the client's wire dispatches.
import {
  badFrame,
  FrameType,
  type Game,
  MsgpackReader,
  PlainSource,
  ProtocolError,
  Received,
  readBye,
  readContinuity,
  readDigest,
  readEventHeader,
  readFrame,
  readListing,
  readPayload,
  readPing,
  readPong,
  readReply,
  rowDigest,
  StateFeed,
} from '@tickwire/protocol';
import { game as declared } from '../fuzz-game.ts';
import { type Recording, typeOf } from './recording.ts';

const game = declared as unknown as Game;
/** Valid STATEs that come before the one that is changed: all forms of a row have come by then. */
const STATES_BEFORE = 3;
/** Reads between two comparisons: what a frame leaves behind wrongly stays until it is seen. */
const COMPARED_EVERY = 8;
/**
 * Rows of all kinds together, as for the slots that name them, and as much again as arrays grow.
 */
const MOST_ROWS = 2 * 65_536;

/** Frames that what stands in a Received or a feed depends on. */
const LASTING: ReadonlySet<FrameType> = new Set([FrameType.State, FrameType.Tables]);

export class ClientReader {
  refused = 0;
  taken = 0;
  readonly #opening: readonly Uint8Array[];
  readonly #reader = new MsgpackReader();
  readonly #plain = new PlainSource(this.#reader);
  readonly #frame = { elements: 0 };
  readonly #received = new Received(game);
  readonly #wanted: readonly number[];
  #feed = this.#startOver();
  #reads = 0;
  /** Something was read that leaves a trace. */
  #touched = true;

  constructor({ down }: Recording) {
    const states = down.filter((frame) => typeOf(frame) === FrameType.State);
    this.#opening = [down[0], ...states.slice(0, STATES_BEFORE)];
    const fresh = new Received(game);
    this.#open(new StateFeed(game, fresh, this.#reader));
    this.#wanted = digestsOf(fresh);
  }

  /** Starts over from everything; throws if what is held then is not what was told. */
  async ready(): Promise<void> {
    if (!this.#touched) return;
    this.#feed = this.#startOver();
    this.#open(this.#feed);
    this.#touched = false;
    if (++this.#reads % COMPARED_EVERY !== 0) return;
    const held = digestsOf(this.#received);
    if (held.some((digest, i) => digest !== this.#wanted[i]))
      throw new Error('after everything was told again, the seat holds something else');
  }

  /** Reads one frame as it came from a server. */
  read(frame: Uint8Array): void {
    try {
      this.#reader.reset(frame);
      this.#plain.reset();
      this.#take(readFrame(this.#reader, this.#frame), this.#feed);
      this.taken++;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.refused++;
    }
  }

  /** What a client keeps that frames could make grow, beyond its bounds: names with counts. */
  overgrown(): string[] {
    const rows = this.#received.tables.reduce((sum, { capacity }) => sum + capacity, 0);
    return rows > MOST_ROWS ? [`rows: ${rows}`] : [];
  }

  async close(): Promise<void> {}

  #startOver(): StateFeed {
    for (const table of this.#received.tables) table.settle(Number.MAX_VALUE);
    return new StateFeed(game, this.#received, this.#reader);
  }

  #open(feed: StateFeed): void {
    for (const frame of this.#opening) {
      this.#reader.reset(frame);
      this.#take(readFrame(this.#reader, this.#frame), feed);
    }
  }

  #take(type: FrameType, feed: StateFeed): void {
    const from = this.#reader;
    this.#touched ||= LASTING.has(type);
    if (type === FrameType.Bye) readBye(from);
    else if (!feed.welcome) {
      if (type !== FrameType.Welcome) badFrame('a frame before WELCOME');
      feed.takeWelcome(this.#frame.elements);
    } else if (type === FrameType.State) feed.takeState(this.#frame.elements);
    else if (type === FrameType.Tables) feed.takeTables();
    else this.#takeOther(type);
    from.end();
  }

  #takeOther(type: FrameType): void {
    const from = this.#reader;
    switch (type) {
      case FrameType.Event: {
        const { event } = readEventHeader(from);
        const plan = game.events[event] ?? badFrame('an event nobody declared');
        readPayload(this.#plain, plan);
        return;
      }
      case FrameType.Reply:
        readReply(from);
        return;
      case FrameType.Ping:
        readPing(from);
        return;
      case FrameType.Pong:
        readPong(from);
        return;
      case FrameType.Continuity:
        readContinuity(from);
        return;
      case FrameType.Digest:
        readDigest(from, game.kinds.length + 2);
        return;
      case FrameType.Listing:
        readListing(from);
        return;
      default:
        badFrame('a frame that a client does not take');
    }
  }
}

/** Of each kind and of the state: the sum of the hashes of its rows, and how many there are. */
function digestsOf({ tables, state }: Received): number[] {
  return [...tables, state].flatMap((table) => {
    let [sum, count] = [0, 0];
    for (let row = 1; row <= table.high; row++)
      if (table.ids[row] !== 0) {
        sum = (sum + rowDigest(table, row)) | 0;
        count++;
      }
    return [sum, count];
  });
}
