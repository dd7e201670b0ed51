// What our own reader makes of a connection's frames, in the words of a vector: an onlooker that
// hears both sides, for the sides need each other's positions. It is made of the protocol package
// alone, as client and server are. Trap: it keeps to the order of a connection, so one that refused
// a frame is spent.
import {
  FrameType,
  type Game,
  MARGIN_UNITS,
  MAX_STATE_BYTES,
  MsgpackReader,
  neutralInput,
  PackedSource,
  PlainSource,
  type Plan,
  ProtocolError,
  ProtocolErrorCode,
  Received,
  readAck,
  readBye,
  readCommandHeader,
  readContinuity,
  readDigest,
  readEventHeader,
  readExpiry,
  readFrame,
  readHello,
  readInputHeader,
  readInputs,
  readListing,
  readMoved,
  readPayload,
  readPing,
  readPong,
  readRenew,
  readReply,
  readReport,
  readWaiting,
  SENT_UNITS,
  StateFeed,
} from '../src/index.ts';
import { toldHoldings, toldInput, toldPayload } from './told.ts';
import type { Side, Told, ToldFields } from './vectors.ts';

const {
  Hello,
  Welcome,
  State,
  Input,
  Ack,
  Event,
  Command,
  Reply,
  Ping,
  Pong,
  Tables,
  Bye,
  Resync,
  Digest,
  Report,
  Listing,
  Continuity,
  Renew,
  Expiry,
  Moved,
  Waiting,
} = FrameType;
const BY_CLIENT: readonly FrameType[] = [
  Hello,
  Input,
  Ack,
  Command,
  Ping,
  Pong,
  Resync,
  Report,
  Renew,
];
const BY_SERVER: readonly FrameType[] = [
  Welcome,
  State,
  Event,
  Reply,
  Ping,
  Pong,
  Tables,
  Bye,
  Digest,
  Listing,
  Continuity,
  Expiry,
  Moved,
  Waiting,
];

export class Onlooker {
  readonly #game: Game;
  readonly #reader = new MsgpackReader();
  readonly #plain = new PlainSource(this.#reader);
  readonly #packed = new PackedSource();
  readonly #frame = { elements: 0 };
  readonly #feed: StateFeed;
  readonly #input: Float64Array;
  #stage: 'silent' | 'asked' | 'waiting' | 'welcomed' | 'moved' = 'silent';
  /** Tick of the newest STATE said to be applied. */
  #ackTick = 0;
  #inputTick = 0;
  #shown = 0;

  constructor(game: Game) {
    this.#game = game;
    this.#input = neutralInput(game.input);
    this.#feed = new StateFeed(game, new Received(game), this.#reader);
  }

  /** What a frame says. Throws ProtocolError. */
  take(from: Side, bytes: Uint8Array): ToldFields {
    this.#reader.reset(bytes);
    this.#plain.reset();
    const type = readFrame(this.#reader, this.#frame);
    const by = from === 'client' ? BY_CLIENT : BY_SERVER;
    if (!by.includes(type) || !this.#mayCome(type)) bad(`a frame of type ${type} from ${from}`);
    const says = this.#says(type);
    this.#reader.end();
    return says;
  }

  #mayCome(type: FrameType): boolean {
    if (type === Bye) return true;
    if (type === Hello) return this.#stage === 'silent';
    const waits = this.#stage === 'waiting';
    const asks = waits || this.#stage === 'asked';
    if (type === Welcome || type === Waiting) return asks;
    if (type === Moved) return asks || this.#stage === 'welcomed';
    if (type === Ping || type === Pong) return waits || this.#stage === 'welcomed';
    return this.#stage === 'welcomed';
  }

  #says(type: FrameType): ToldFields {
    const reader = this.#reader;
    switch (type) {
      case Hello:
        this.#stage = 'asked';
        return { ...readHello(reader) };
      case Welcome:
        return this.#welcomed();
      case State:
        return this.#state();
      case Input:
        return this.#inputs();
      case Ack:
        return { state: this.#applied(readAck(reader)) };
      case Tables:
        return this.#tables();
      case Bye:
        return { ...readBye(reader) };
      case Moved:
        this.#stage = 'moved';
        return { ...readMoved(reader) };
      case Waiting:
        this.#stage = 'waiting';
        return this.#waiting();
      case Continuity:
        return { ...readContinuity(reader) };
      case Renew:
        return { token: readRenew(reader) };
      case Expiry:
        return { leftMs: readExpiry(reader) };
      case Resync:
        return {};
      case Ping:
        return { ...readPing(reader) };
      case Pong:
        return this.#pong();
      case Digest:
      case Report:
      case Listing:
        return this.#inspected(type);
      default:
        return this.#message(type);
    }
  }

  #waiting(): ToldFields {
    const { waiting, found, wanted, etaS = null } = readWaiting(this.#reader);
    return { waiting, found, wanted, etaS };
  }

  #welcomed(): ToldFields {
    const welcome = this.#feed.takeWelcome(this.#frame.elements);
    this.#stage = 'welcomed';
    this.#ackTick = this.#inputTick = welcome.tick;
    return { ...welcome };
  }

  #state(): ToldFields {
    this.#feed.takeState(this.#frame.elements);
    const { tick, received } = this.#feed;
    const { everything, inTime, marginTicks, sentAt } = this.#feed.header;
    const margin = Number.isNaN(marginTicks) ? null : marginTicks * MARGIN_UNITS;
    const holds = toldHoldings(this.#game, received);
    return { tick, everything, inTime, margin, sentAt: sentAt * SENT_UNITS, holds };
  }

  #tables(): ToldFields {
    const { version, base } = this.#feed.takeTables();
    return { version, base };
  }

  #applied(dState: number): number {
    this.#ackTick += dState;
    if (this.#ackTick > this.#feed.tick)
      throw new ProtocolError(ProtocolErrorCode.BadState, 'applied a STATE that was not sent');
    return this.#ackTick;
  }

  #inputs(): ToldFields {
    const { input, priors } = this.#game;
    const header = { dState: 0, dShown: 0, dFirst: 0 };
    readInputHeader(this.#reader, header);
    const state = this.#applied(header.dState);
    const first = this.#inputTick + 1 + header.dFirst;
    const ticks: Told[] = [];
    const take = () => ticks.push(toldInput(input, this.#input));
    if (this.#feed.welcome?.packed) {
      this.#packed.begin(this.#reader.bin(MAX_STATE_BYTES), priors.odds);
      readInputs(this.#packed, input, this.#input, take);
      this.#packed.finish();
    } else readInputs(this.#plain, input, this.#input, take);
    this.#inputTick = first - 1 + ticks.length;
    this.#shown += header.dShown;
    return { state, shown: this.#shown, first, ticks };
  }

  #pong(): ToldFields {
    const { id, timeMs, tick } = readPong(this.#reader);
    const whole = Math.floor(tick);
    return { id, timeMs, tick: whole, fraction: (tick - whole) * 1024 };
  }

  /** In the order of their elements. */
  #inspected(type: FrameType): ToldFields {
    if (type === Listing) return { ...readListing(this.#reader) };
    if (type === Digest) {
      const { tick, sums } = readDigest(this.#reader, this.#game.kinds.length + 2);
      return { tick, sums: [...sums] };
    }
    const { tick, part, finding = null } = readReport(this.#reader);
    return { tick, part, finding };
  }

  #message(type: FrameType): ToldFields {
    if (type === Reply) return readReply(this.#reader) as unknown as ToldFields;
    const { events, commands } = this.#game;
    if (type === Event) {
      const { dTick, event } = readEventHeader(this.#reader);
      const plan = declared(events, event);
      const payload = this.#payload(plan);
      return { tick: this.#feed.tick + dTick, event: plan.name, payload };
    }
    const { id, command } = readCommandHeader(this.#reader);
    const plan = declared(commands, command);
    return { id, command: plan.name, payload: this.#payload(plan) };
  }

  #payload(plan: Plan): ToldFields {
    return toldPayload(plan, readPayload(this.#plain, plan));
  }
}

function declared(plans: readonly Plan[], index: number): Plan {
  return plans[index] ?? bad('nothing of that number was declared');
}

function bad(message: string): never {
  throw new ProtocolError(ProtocolErrorCode.BadFrame, message);
}
