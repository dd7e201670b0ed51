// The frames of one connection: what is said and heard over one Link, with the positions that
// differences are taken from. Knows no time line and no row; session.ts gives it things to say and
// is told what came. A frame that breaks the protocol ends the link here, and the session starts
// over from everything.
import {
  badFrame,
  CLOSE_LOST,
  CLOSE_MALFORMED,
  type Continuity,
  carryPresses,
  FrameType,
  type Game,
  type Hello,
  type Link,
  MAX_STATE_BYTES,
  type Moved,
  MsgpackReader,
  MsgpackWriter,
  neutralInput,
  PackedInputSink,
  PlainSink,
  PlainSource,
  ProtocolError,
  type Received,
  readBye,
  readContinuity,
  readEventHeader,
  readExpiry,
  readFrame,
  readMoved,
  readPayload,
  readPing,
  readPong,
  readReply,
  readWaiting,
  SHOWN_UNITS,
  StateFeed,
  type StateHeader,
  type Waiting,
  type Welcome,
  writeAck,
  writeCommandHeader,
  writeHello,
  writeInputHeader,
  writeInputs,
  writePayload,
  writePing,
  writePong,
  writeRenew,
  writeResync,
} from '@tickwire/protocol';

/** What looks into what a session received: see ./desync. */
export type Inspect = (game: Game, received: Received) => Inspector;

export interface Inspector {
  /** Takes the rest of a DIGEST or LISTING; answers on `line`. */
  take(line: InspectedLine, type: FrameType, rest: MsgpackReader): void;
}

/** The line that an inspector answers on. */
export interface InspectedLine {
  say(type: FrameType, write: (out: MsgpackWriter) => void): void;
  resync(): void;
}

/** What a wire tells its session. */
export interface WireEvents {
  now(): number;
  welcomed(welcome: Welcome): void;
  /** In a queue: how far it is. */
  waits(waiting: Waiting): void;
  /** The room lives elsewhere. */
  moved(to: Moved): void;
  /** `received` holds the state of `tick` now. */
  stated(tick: number, header: StateHeader): void;
  happened(tick: number, event: number, payload: Record<string, unknown>): void;
  replied(id: number, ok: boolean, value: unknown): void;
  ponged(id: number, tick: number): void;
  /** What came over all lines of the seat, and what is lost. */
  continued(continuity: Continuity): void;
  /** How long the token is good for. */
  expires(leftMs: number): void;
  /** A DIGEST or a LISTING; its rest may be read, or left. */
  inspected(type: FrameType, rest: MsgpackReader): void;
  closed(code: number, reason: string): void;
}

/** Bytes of whole messages by frame name, and how many messages. */
export interface Traffic {
  bytesIn: number;
  bytesOut: number;
  framesIn: number;
  framesOut: number;
  inByFrame: Record<string, number>;
  outByFrame: Record<string, number>;
}

export function noTraffic(): Traffic {
  return {
    bytesIn: 0,
    bytesOut: 0,
    framesIn: 0,
    framesOut: 0,
    inByFrame: {},
    outByFrame: {},
  };
}

/**
 * Bytes that may wait in the socket: about a second of input. What is put behind more is old when
 * it arrives, and TCP cannot take it back.
 */
const MAX_BUFFERED_BYTES = 2048;
/** Input ticks held back while the line takes none: the server keeps no more than this ahead. */
const MAX_HELD = 16;

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(FrameType).map(([name, type]) => [type, name.toLowerCase()]),
);

export class Wire {
  readonly #game: Game;
  readonly #link: Link;
  readonly #events: WireEvents;
  readonly #traffic: Traffic;
  readonly #out = new MsgpackWriter(512);
  #sink = new PlainSink(this.#out);
  readonly #reader = new MsgpackReader();
  readonly #source = new PlainSource(this.#reader);
  readonly #packedSink: PackedInputSink;
  /** What came of the room's state. */
  readonly #feed: StateFeed;
  readonly #frame = { elements: 0 };
  readonly #previous: Float64Array;
  /** Inputs not sent yet, of consecutive ticks. */
  readonly #held: Float64Array[] = [];
  #heldLast = 0;
  /** Fractional tick that was shown when the first of those was made. */
  #heldShown = 0;
  readonly #ticksPerMessage: number;
  #over = false;
  #waits = false;
  /** Newest tick said to be applied; newest input said; shown delay said. */
  #ackTick = 0;
  #inputTick = 0;
  #shownDelay = 0;
  #bye: { code: number; reason: string } | undefined;
  /** When STATEs were last acknowledged, by INPUT or ACK, ms. */
  ackedMs = 0;

  constructor(
    game: Game,
    link: Link,
    received: Received,
    events: WireEvents,
    traffic: Traffic,
    ticksPerMessage = 1,
  ) {
    this.#game = game;
    this.#ticksPerMessage = ticksPerMessage;
    this.#link = link;
    this.#feed = new StateFeed(game, received, this.#reader);
    this.#events = events;
    this.#traffic = traffic;
    this.#previous = neutralInput(game.input);
    this.#packedSink = new PackedInputSink(this.#out, game.priors);
    link.onMessage = (bytes) => this.#take(bytes);
    link.onClose = (code, reason) => {
      this.#over = true;
      const { code: said = code, reason: why = reason } = this.#bye ?? {};
      this.#events.closed(said, why);
    };
  }

  /** True while the socket does not get rid of what it has: nothing more is worth sending. */
  get isFull(): boolean {
    return this.#link.bufferedBytes > MAX_BUFFERED_BYTES;
  }

  /** Whether the server has seated us: only then does it take more than HELLO. */
  get welcomed(): boolean {
    return this.#feed.welcome !== undefined;
  }

  hello(hello: Hello): void {
    writeHello(this.#out, hello);
    this.#send(FrameType.Hello);
  }

  /**
   * Inputs of consecutive ticks from `first`, made while `shownTick` was shown. They are held back
   * until there are enough for a message, and while the line takes none: the newest ones only;
   * presses of the others go with them.
   */
  inputs(first: number, ticks: readonly Float64Array[], shownTick: number, unheard = false): void {
    const { input } = this.#game;
    const held = this.#held;
    const last = first + ticks.length - 1;
    const follows = this.#heldLast + 1 === first;
    if (!follows && held.length > 0) {
      for (const wire of held) carryPresses(input, wire, ticks[0]);
      held.length = 0;
    }
    if (held.length === 0) this.#heldShown = shownTick;
    held.push(...ticks);
    for (; held.length > MAX_HELD; this.#heldShown++) carryPresses(input, held.shift()!, held[0]);
    this.#heldLast = last;
    if (unheard || this.isFull || held.length < this.#ticksPerMessage) return;
    const start = last - held.length + 1;
    const delay = Math.round((start - this.#heldShown) * SHOWN_UNITS);
    writeInputHeader(this.#out, {
      dState: this.#feed.tick - this.#ackTick,
      dShown: delay - this.#shownDelay,
      dFirst: start - this.#inputTick - 1,
    });
    const sink = this.#feed.welcome?.packed ? this.#packedSink : this.#sink;
    writeInputs(sink, input, this.#previous, held);
    sink.finish();
    held.length = 0;
    this.#shownDelay = delay;
    this.#inputTick = last;
    this.#ackTick = this.#feed.tick;
    this.#send(FrameType.Input);
  }

  acknowledge(): void {
    writeAck(this.#out, this.#feed.tick - this.#ackTick);
    this.#ackTick = this.#feed.tick;
    this.#send(FrameType.Ack);
  }

  /** Answers the frame, to be said again on another line. */
  command(id: number, command: number, args: Readonly<Record<string, unknown>>): Uint8Array {
    writeCommandHeader(this.#out, id, command);
    try {
      writePayload(this.#sink, this.#game.commands[command], args);
    } catch (error) {
      // The game's mistake must not spoil the next frame.
      this.#out.reset();
      this.#sink = new PlainSink(this.#out);
      throw error;
    }
    const frame = this.#out.bytes().slice();
    this.#send(FrameType.Command);
    return frame;
  }

  ping(id: number): void {
    writePing(this.#out, id, this.#events.now());
    this.#send(FrameType.Ping);
  }

  resync(): void {
    writeResync(this.#out);
    this.#send(FrameType.Resync);
  }

  renew(token: string): void {
    writeRenew(this.#out, token);
    this.#send(FrameType.Renew);
  }

  /** A frame that the wire does not know how to write. */
  say(type: FrameType, write: (out: MsgpackWriter) => void): void {
    write(this.#out);
    this.#send(type);
  }

  /** Ends the link; `closed` is not called. */
  close(code: number, reason: string): void {
    this.#over = true;
    this.#link.close(code, reason);
  }

  #send(type: FrameType): void {
    const bytes = this.#out.bytes();
    this.#traffic.bytesOut += bytes.length;
    this.#traffic.framesOut++;
    count(this.#traffic.outByFrame, type, bytes.length);
    this.#link.send(bytes);
    this.#out.reset();
    if (type === FrameType.Input || type === FrameType.Ack) this.ackedMs = this.#events.now();
  }

  #take(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#traffic.bytesIn += bytes.length;
    this.#traffic.framesIn++;
    try {
      if (bytes.length > MAX_STATE_BYTES) badFrame('a frame longer than any state');
      this.#reader.reset(bytes);
      this.#source.reset();
      const type = readFrame(this.#reader, this.#frame);
      count(this.#traffic.inByFrame, type, bytes.length);
      this.#dispatch(type);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(CLOSE_MALFORMED, error.message);
      // A server that cannot be understood is a lost line: a new connection starts from everything.
      this.#events.closed(CLOSE_LOST, error.message);
    }
  }

  #dispatch(type: FrameType): void {
    const from = this.#reader;
    if (type === FrameType.Bye) {
      this.#bye = readBye(from);
    } else if (type === FrameType.Moved) {
      const to = readMoved(from);
      from.end();
      this.#events.moved(to);
      return;
    } else if (!this.welcomed && type === FrameType.Waiting) {
      const waiting = readWaiting(from);
      from.end();
      this.#waits = true;
      this.#events.waits(waiting);
      return;
    } else if (!this.welcomed && !(this.#waits && type === FrameType.Ping)) {
      if (type !== FrameType.Welcome) badFrame('a frame before WELCOME');
      const welcome = this.#feed.takeWelcome(this.#frame.elements);
      this.#ackTick = this.#inputTick = welcome.tick;
      this.#events.welcomed(welcome);
    } else if (type === FrameType.State) {
      this.#feed.takeState(this.#frame.elements);
      from.end();
      this.#events.stated(this.#feed.tick, this.#feed.header);
      return;
    } else if (type === FrameType.Digest || type === FrameType.Listing) {
      this.#events.inspected(type, from);
      return;
    } else this.#takeOther(type);
    from.end();
  }

  #takeOther(type: FrameType): void {
    const from = this.#reader;
    switch (type) {
      case FrameType.Event: {
        const { dTick, event } = readEventHeader(from);
        const plan = this.#game.events[event] ?? badFrame('an event nobody declared');
        this.#events.happened(this.#feed.tick + dTick, event, readPayload(this.#source, plan));
        return;
      }
      case FrameType.Expiry:
        this.#events.expires(readExpiry(from));
        return;
      case FrameType.Tables:
        this.#feed.takeTables();
        return;
      case FrameType.Continuity:
        this.#events.continued(readContinuity(from));
        return;
      case FrameType.Reply: {
        const { id, ok, value } = readReply(from);
        this.#events.replied(id, ok, value);
        return;
      }
      case FrameType.Ping: {
        const { id } = readPing(from);
        // A late answer would only say that the socket was full.
        if (this.isFull) return;
        writePong(this.#out, id, this.#events.now(), 0);
        this.#send(FrameType.Pong);
        return;
      }
      case FrameType.Pong: {
        const { id, tick } = readPong(from);
        this.#events.ponged(id, tick);
        return;
      }
      default:
        badFrame('a frame that a client does not take');
    }
  }
}

function count(byFrame: Record<string, number>, type: FrameType, bytes: number): void {
  const name = NAMES[type];
  byFrame[name] = (byFrame[name] ?? 0) + bytes;
}
