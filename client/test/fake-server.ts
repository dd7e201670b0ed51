// The other end for client tests: just enough of a server to be talked to frame by frame, in
// virtual time. It keeps a world of live tables, says everything in each STATE, and notes what the
// client said. The real server is not here: both meet in server/test.
import {
  CodingTables,
  FrameType,
  type Game,
  type Hello,
  KnownSet,
  type Link,
  LiveTable,
  linkPair,
  MsgpackReader,
  MsgpackWriter,
  NEVER,
  PackedSink,
  PlainSink,
  readFrame,
  readHello,
  readPing,
  type Sink,
  SlotList,
  type StateHeader,
  tableChanges,
  type Welcome,
  writeBody,
  writeBye,
  writeContinuity,
  writeEventHeader,
  writeMoved,
  writeOwnBody,
  writePayload,
  writePing,
  writePong,
  writeReply,
  writeStateHeader,
  writeTables,
  writeWaiting,
  writeWelcome,
} from '@tickwire/protocol';
import { VirtualTime as Time } from '@tickwire/protocol/simulator';

/** A clock that moves by hand, and lets promises run as it goes. */
export class VirtualTime extends Time {
  /** Runs what is due within `ms`, in order, and lets promises that are ready run in between. */
  async advance(ms: number, each: () => void = () => {}): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      each();
      if (this.dueMs > endMs) break;
      this.moveTo(Math.max(this.nowMs, this.dueMs));
    }
    this.nowMs = endMs;
  }
}

/** The frames of a world, as a server writes them. */
export class FakeWorld {
  readonly game: Game;
  readonly tables: readonly LiveTable[];
  readonly state: LiveTable;
  readonly known = new KnownSet();
  tick = 100;
  readonly #out = new MsgpackWriter(1024);
  /** Of events and replies, and of bodies. */
  readonly #plain = new PlainSink(this.#out);
  readonly #sink: Sink;
  readonly #packed: boolean;
  #odds: CodingTables;
  #nextId = 1;
  #told = 0;

  constructor(game: Game, wire: 'plain' | 'packed' = 'plain') {
    this.game = game;
    this.#packed = wire === 'packed';
    this.#odds = game.priors;
    this.#sink = this.#packed ? new PackedSink(this.#out, this.#odds) : this.#plain;
    const dt = this.#packed ? 1 / game.tickRate : 0;
    this.tables = game.kinds.map((plan) => new LiveTable(plan, this.tick, false, dt));
    this.state = new LiveTable(game.state, this.tick, false, dt);
    this.state.put(1, 1);
  }

  spawn(kind: string, init: Readonly<Record<string, unknown>>, owner = 0) {
    const table = this.tables[this.game.kind(kind).index];
    const row = table.add(this.#nextId++);
    Object.assign(table.rows[row]!, init);
    if (owner) table.setOwner(row, owner);
    this.known.enter(table.plan.index, row, table.ids[row], this.tick);
    return table.rows[row]!;
  }

  welcome(seat: number, more: Partial<Welcome> = {}) {
    this.#told = this.tick;
    this.#odds = this.game.priors;
    const welcome = {
      seat,
      tick: this.tick,
      resumeKey: 'key-1',
      serverTimeMs: 0,
      roomId: 'room-1',
      sendEvery: 1,
      packed: this.#packed,
      ...more,
    };
    return this.#frame(() => writeWelcome(this.#out, welcome));
  }

  /** Everything, as of the next tick. */
  everything(seat: number, header: Partial<StateHeader> = {}): Uint8Array {
    this.tick++;
    const { tables, state, known } = this;
    for (const table of [...tables, state]) {
      table.tick = this.tick;
      table.round();
    }
    if (this.#sink instanceof PackedSink) this.#sink.begin(this.tick, this.#odds);
    const slots: number[] = [];
    for (let slot = 0; slot < known.limit; slot++)
      if (tables[known.kindAt(slot)]?.ownerOf(known.rowAt(slot)) === seat) slots.push(slot);
    const dTick = this.tick - this.#told;
    this.#told = this.tick;
    const rest = { inTime: 0, marginTicks: Number.NaN, sentAt: 0, ...header };
    return this.#frame(() => {
      writeStateHeader(this.#out, { dTick, everything: true, ...rest }, slots.length ? 2 : 1);
      const since = { since: NEVER, stateSince: NEVER, before: NEVER };
      writeBody(this.#sink, tables, state, known, since);
      this.#sink.finish();
      const own = new SlotList();
      for (const slot of slots) own.push(slot);
      if (own.count === 0) return;
      writeOwnBody(this.#sink, tables, known, own, NEVER);
      this.#sink.finish();
    });
  }

  /** Other odds for the bodies from here on, as changes of version `base`. */
  learnt(version: number, base: number, odds: Uint16Array): Uint8Array {
    const from = base === 0 ? this.game.priors.odds : this.#odds.odds;
    this.#odds = new CodingTables(version, odds);
    const changes = tableChanges(odds, from);
    return this.#frame(() => writeTables(this.#out, { version, base, changes }));
  }

  event(index: number, payload: Readonly<Record<string, unknown>>): Uint8Array {
    return this.#frame(() => {
      writeEventHeader(this.#out, 0, index);
      writePayload(this.#plain, this.game.events[index], payload);
    });
  }

  reply(id: number, ok: boolean, value: unknown): Uint8Array {
    const inner = new MsgpackWriter(64);
    inner.value(value);
    return this.#frame(() => writeReply(this.#out, id, ok, inner.bytes()));
  }

  waiting(found: number, wanted: number): Uint8Array {
    return this.#frame(() => writeWaiting(this.#out, { waiting: found, found, wanted }));
  }

  ping(id: number): Uint8Array {
    return this.#frame(() => writePing(this.#out, id, 0));
  }

  moved(url: string, ticket = ''): Uint8Array {
    return this.#frame(() => writeMoved(this.#out, { url, ticket }));
  }

  continuity(lostEvents: number, inputTick: number, commands: number): Uint8Array {
    return this.#frame(() => writeContinuity(this.#out, { lostEvents, inputTick, commands }));
  }

  bye(code: number, reason: string): Uint8Array {
    return this.#frame(() => writeBye(this.#out, code, reason));
  }

  pong(id: number, tick: number): Uint8Array {
    return this.#frame(() => writePong(this.#out, id, 0, tick));
  }

  #frame(write: () => void): Uint8Array {
    this.#out.reset();
    write();
    return this.#out.bytes().slice();
  }
}

/** One connection as the server sees it. */
export class FakePeer {
  /** Types of the frames that came, in order, and the HELLO among them. */
  readonly heard: FrameType[] = [];
  hello: Hello | undefined;
  /** What closed the line, if the client did. */
  closed: [code: number, reason: string] | undefined;
  /** Bytes that the client's socket says it still holds. */
  bufferedBytes = 0;
  readonly pings: number[] = [];
  /** COMMANDs, whole. */
  readonly commands: Uint8Array[] = [];
  /** Whether the test's server has dealt with HELLO. */
  answered = false;
  /** The client's end. */
  readonly link: Link;
  readonly #end: Link;
  readonly #pump: () => number;

  constructor() {
    const { a, b, pump } = linkPair();
    this.link = Object.defineProperty(a, 'bufferedBytes', {
      get: () => this.bufferedBytes,
      set: () => {},
    });
    this.#end = b;
    this.#pump = pump;
    b.onMessage = (bytes) => this.#take(bytes);
    b.onClose = (code, reason) => {
      this.closed = [code, reason];
    };
  }

  send(bytes: Uint8Array): void {
    this.#end.send(bytes);
  }

  close(code: number, reason = ''): void {
    this.#end.close(code, reason);
  }

  pump(): void {
    this.#pump();
  }

  count(type: FrameType): number {
    return this.heard.filter((one) => one === type).length;
  }

  #take(bytes: Uint8Array): void {
    const reader = new MsgpackReader();
    reader.reset(bytes);
    const type = readFrame(reader, { elements: 0 });
    this.heard.push(type);
    if (type === FrameType.Hello) this.hello = readHello(reader);
    if (type === FrameType.Command) this.commands.push(bytes.slice());
    if (type === FrameType.Ping) this.pings.push(readPing(reader).id);
  }
}
