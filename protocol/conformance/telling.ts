// What our own reader makes of a connection's frames, in the words of a vector: an onlooker that
// hears both sides, for the sides need each other's positions. It is made of the protocol package
// alone, as client and server are. Trap: it keeps to the order of a connection, so one that refused
// a frame is spent.
import {
  CodingTables,
  changedTables,
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
  readEventHeader,
  readFrame,
  readHello,
  readInputHeader,
  readInputs,
  readPayload,
  readPing,
  readPong,
  readReply,
  readStateHeader,
  readTables,
  readWelcome,
  SENT_UNITS,
  type Source,
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
} = FrameType;
const BY_CLIENT: readonly FrameType[] = [Hello, Input, Ack, Command, Ping, Pong, Resync];
const BY_SERVER: readonly FrameType[] = [Welcome, State, Event, Reply, Ping, Pong, Tables, Bye];

export class Onlooker {
  readonly received: Received;
  readonly #game: Game;
  readonly #reader = new MsgpackReader();
  readonly #plain = new PlainSource(this.#reader);
  readonly #packed = new PackedSource();
  readonly #frame = { elements: 0 };
  readonly #input: Float64Array;
  #stage: 'silent' | 'asked' | 'welcomed' = 'silent';
  #isPacked = false;
  /** A STATE came. */
  #isTold = false;
  #tables: CodingTables;
  /** Tick of the newest STATE, and of the newest said to be applied. */
  #stateTick = 0;
  #ackTick = 0;
  #inputTick = 0;
  #shown = 0;

  constructor(game: Game) {
    this.#game = game;
    this.#tables = game.priors;
    this.#input = neutralInput(game.input);
    this.received = new Received(game);
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
    if (type === Welcome) return this.#stage === 'asked';
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
        return this.#newTables();
      case Bye:
        return { ...readBye(reader) };
      case Resync:
        return {};
      case Ping:
        return { ...readPing(reader) };
      case Pong:
        return this.#pong();
      default:
        return this.#message(type);
    }
  }

  #welcomed(): ToldFields {
    const welcome = readWelcome(this.#reader);
    const { received } = this;
    this.#stage = 'welcomed';
    this.#isPacked = welcome.packed;
    this.#stateTick = this.#ackTick = this.#inputTick = received.tick = welcome.tick;
    received.seat = welcome.seat;
    if (welcome.packed) received.expectPacked(1 / this.#game.tickRate, welcome.sendEvery);
    return { ...welcome };
  }

  #state(): ToldFields {
    const reader = this.#reader;
    const header = { dTick: 0, everything: false, inTime: 0, marginTicks: 0, sentAt: 0 };
    readStateHeader(reader, header);
    const { dTick, everything, inTime, marginTicks, sentAt } = header;
    if (dTick < 1) bad('a STATE of a tick that was told already');
    if (!everything && !this.#isTold) bad('a first STATE that does not hold everything');
    const tick = this.#stateTick + dTick;
    const bodies = this.#frame.elements - 4;
    if (bodies > 0 && !reader.tryNil())
      this.#body((source) => this.received.readBody(source, tick, everything));
    else if (everything) bad('everything without a body');
    else this.received.pass(tick);
    if (bodies > 1) this.#body((source) => this.received.readOwnBody(source));
    this.#stateTick = tick;
    this.#isTold = true;
    const margin = Number.isNaN(marginTicks) ? null : marginTicks * MARGIN_UNITS;
    const holds = toldHoldings(this.#game, this.received);
    return { tick, everything, inTime, margin, sentAt: sentAt * SENT_UNITS, holds };
  }

  #body(read: (source: Source) => void): void {
    if (!this.#isPacked) {
      this.#plain.reset();
      return read(this.#plain);
    }
    this.#packed.begin(this.#reader.bin(MAX_STATE_BYTES), this.#tables.odds);
    read(this.#packed);
    this.#packed.finish();
  }

  #newTables(): ToldFields {
    const { version, base, changes } = readTables(this.#reader);
    if (!this.#isPacked) bad('TABLES in a plain room');
    if (base !== 0 && base !== this.#tables.version) bad('tables that change others');
    const { odds } = base === 0 ? this.#game.priors : this.#tables;
    this.#tables = new CodingTables(version, changedTables(changes, odds));
    return { version, base };
  }

  #applied(dState: number): number {
    this.#ackTick += dState;
    if (this.#ackTick > this.#stateTick)
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
    if (this.#isPacked) {
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

  #message(type: FrameType): ToldFields {
    if (type === Reply) return readReply(this.#reader) as unknown as ToldFields;
    const { events, commands } = this.#game;
    if (type === Event) {
      const { dTick, event } = readEventHeader(this.#reader);
      const plan = declared(events, event);
      const payload = this.#payload(plan);
      return { tick: this.#stateTick + dTick, event: plan.name, payload };
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
