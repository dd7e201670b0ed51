// Makes the frames of a case with our writer: plays its script on the stage that the protocol's own
// tests use, and puts the bodies into frames as server and client do. What each frame says is taken
// from our reader, after the seat was compared with the truth. Trap: it may use nothing but the
// script, for the same script must give the same bytes.
import {
  CodingTables,
  type Game,
  listRow,
  MARGIN_UNITS,
  type Moved,
  MsgpackWriter,
  neutralInput,
  ODDS,
  ownDigest,
  PackedSink,
  PlainSink,
  PROTOCOL_VERSION,
  Random,
  type Received,
  type ReceivedTable,
  type Row,
  roundInput,
  rowDigest,
  SENT_UNITS,
  type Sink,
  type StateHeader,
  tableChanges,
  writeAck,
  writeBye,
  writeCommandHeader,
  writeContinuity,
  writeDigest,
  writeEventHeader,
  writeExpiry,
  writeHello,
  writeInputHeader,
  writeInputs,
  writeListing,
  writeMoved,
  writePayload,
  writePing,
  writePong,
  writeRenew,
  writeReply,
  writeReport,
  writeResync,
  writeStateHeader,
  writeTables,
  writeWaiting,
  writeWelcome,
} from '../src/index.ts';
import { type Sent, Stage, type Viewer } from '../test/stage.ts';
import { differences } from '../test/truth.ts';
import { gameOf } from './declaration.ts';
import { Onlooker } from './telling.ts';
import type { Act, Case, Frame, Script, Side, Step, Talk, ToldFields, Vector } from './vectors.ts';

type Fields = Readonly<Record<string, unknown>>;
type Of<Key extends string> = Extract<Talk, { readonly [key in Key]: unknown }>;

/** Plays a case. Throws where our reader and the truth differ. */
export function play(one: Case): Vector {
  const player = new Player(one);
  player.run();
  const { name, game, seat, script } = one;
  return { name, game, hash: player.game.hash, seat, script, frames: player.frames };
}

class Player {
  readonly game: Game;
  readonly frames: Frame[] = [];
  readonly #case: Case;
  readonly #script: Script;
  readonly #stage: Stage<Game>;
  readonly #onlooker: Onlooker;
  readonly #rows = new Map<number, Row>();
  readonly #out = new MsgpackWriter();
  readonly #plain: Sink = new PlainSink(this.#out);
  readonly #inputSink: Sink;
  readonly #input: Float64Array;
  readonly #hidden = new Set<number>();
  readonly #deferred = new Set<number>();
  readonly #far = new Set<number>();
  #viewer: Viewer | undefined;
  #stateTick = 0;
  #ackTick = 0;
  #inputTick = 0;
  #shown = 0;

  constructor(one: Case) {
    const { packed, sendEvery } = one.script;
    this.#case = one;
    this.#script = one.script;
    this.game = gameOf(one.game);
    this.#stage = new Stage(this.game, {
      wire: packed ? 'packed' : 'plain',
      sendEvery,
      far: one.script.sight,
    });
    this.#onlooker = new Onlooker(this.game);
    this.#inputSink = packed ? new PackedSink(this.#out, this.game.priors) : this.#plain;
    this.#input = neutralInput(this.game.input);
  }

  run(): void {
    const { steps, stepsBefore = 0 } = this.#script;
    steps.forEach((step, i) => {
      if (i === stepsBefore) this.#join();
      this.#step(step);
    });
    if (steps.length <= stepsBefore) this.#join();
  }

  #join(): void {
    const { hello, waits = [], welcome, moved, packed, ticksBefore, sight } = this.#script;
    const { seat } = this.#case;
    const said = { room: 'duel', credential: 0, secret: 'token', spectate: false } as const;
    const { hash } = this.game;
    writeHello(this.#out, { version: PROTOCOL_VERSION, hash, ...said, ...hello });
    this.#say('HELLO', 'client');
    for (const one of waits) this.#talk(one);
    if (moved) return this.#moved(moved);
    const { sendEvery, tick: next } = this.#stage;
    const tick = next - (ticksBefore ?? sendEvery);
    const answer = { resumeKey: 'key', serverTimeMs: 1_700_000_000_000, roomId: 'duel-1' };
    writeWelcome(this.#out, { seat, tick, sendEvery, packed, ...answer, ...welcome });
    this.#say('WELCOME', 'server');
    this.#stateTick = this.#ackTick = this.#inputTick = tick;
    this.#viewer = this.#stage.join(seat, sight ? 'per-seat' : 'shared');
    this.#viewer.sees = (row) => !this.#hidden.has(row.id);
    this.#viewer.defers = (row) => this.#deferred.has(row.id);
    this.#viewer.isFar = (row) => this.#far.has(row.id);
  }

  #step(step: Step): void {
    const { acts = [], ahead = [], talk = [], skip } = step;
    for (const act of acts) this.#act(act);
    for (const one of ahead) this.#talk(one);
    this.#stage.round();
    if (this.#viewer && !skip) this.#state(this.#viewer, step);
    for (const one of talk) this.#talk(one);
    this.#stage.next();
  }

  #act(act: Act): void {
    const stage = this.#stage;
    if ('spawn' in act) {
      const row = stage.spawn(act.spawn as never, act.with as never, act.owner);
      const { id } = row as unknown as Row;
      this.#rows.set(id, row as unknown as Row);
    } else if ('set' in act) Object.assign(this.#row(act.set), act.to);
    else if ('call' in act) this.#call(act);
    else if ('own' in act) stage.give(this.#row(act.own), act.seat);
    else if ('teleport' in act) (this.#row(act.teleport).teleport as () => void)();
    else if ('despawn' in act) stage.despawn(this.#row(act.despawn));
    else if ('hide' in act) replace(this.#hidden, act.hide);
    else if ('defer' in act) replace(this.#deferred, act.defer);
    else replace(this.#far, act.far);
  }

  #row(id: number): Row {
    return id === 0 ? this.#stage.state.rows[1]! : this.#rows.get(id)!;
  }

  /** A method of something inside a row; `=` sets a member. */
  #call({ call, path, method, args }: Extract<Act, { call: number }>): void {
    let at: unknown = this.#row(call);
    for (const part of path) at = inside(at, part);
    if (method === '=') (at as Record<string, unknown>)[args[0] as string] = args[1];
    else (at as Record<string, (...all: readonly unknown[]) => void>)[method](...args);
  }

  #state(viewer: Viewer, step: Step): void {
    const stage = this.#stage;
    stage.tell(viewer);
    const wrong = differences(stage as unknown as Stage, viewer);
    if (wrong.length > 0) throw new Error(`${this.#case.name}: ${wrong.join('; ')}`);
    const { inTime = 0, margin = null, sentAt = 0 } = step;
    const ticks = margin === null ? Number.NaN : margin / MARGIN_UNITS;
    const said = { inTime, marginTicks: ticks, sentAt: sentAt / SENT_UNITS };
    writeState(this.#out, viewer.last, stage.tick - this.#stateTick, said);
    this.#stateTick = stage.tick;
    this.#say('STATE', 'server');
  }

  /** Frames that are not of one kind alone come last. */
  #talk(talk: Talk): void {
    const out = this.#out;
    if ('tables' in talk) this.#tables(talk);
    else if ('sure' in talk) this.#sure(talk);
    else if ('event' in talk) this.#event(talk);
    else if ('input' in talk) this.#inputs(talk);
    else if ('command' in talk) this.#command(talk);
    else if ('reply' in talk) this.#reply(talk);
    else if ('ack' in talk) {
      writeAck(out, this.#applied());
      this.#say('ACK', 'client');
    } else if ('ping' in talk) {
      writePing(out, talk.ping, talk.timeMs);
      this.#say('PING', talk.by);
    } else if ('pong' in talk) {
      writePong(out, talk.pong, talk.timeMs, talk.tick);
      this.#say('PONG', talk.by);
    } else if ('bye' in talk) {
      writeBye(out, talk.bye, talk.reason);
      this.#say('BYE', 'server');
    } else if ('renew' in talk) {
      writeRenew(out, talk.renew);
      this.#say('RENEW', 'client');
    } else if ('expiry' in talk) {
      writeExpiry(out, talk.expiry);
      this.#say('EXPIRY', 'server');
    } else if ('continuity' in talk) {
      const [lostEvents, inputTick, commands] = talk.continuity;
      writeContinuity(out, { lostEvents, inputTick, commands });
      this.#say('CONTINUITY', 'server');
    } else if ('moved' in talk) this.#moved({ url: talk.moved, ticket: talk.ticket });
    else if ('waiting' in talk) {
      writeWaiting(out, talk);
      this.#say('WAITING', 'server');
    } else if ('digest' in talk) {
      writeDigest(out, { tick: this.#stateTick, sums: sumsOf(this.#viewer!.received) });
      this.#say('DIGEST', 'server');
    } else if ('report' in talk) {
      const finding = talk.finding ?? undefined;
      writeReport(out, { tick: this.#stateTick, part: talk.report, finding });
      this.#say('REPORT', 'client');
    } else if ('listing' in talk) this.#listing(talk);
    else {
      writeResync(out);
      this.#say('RESYNC', 'client');
      this.#viewer!.needsEverything = true;
    }
  }

  #moved(moved: Moved): void {
    writeMoved(this.#out, moved);
    this.#say('MOVED', 'server');
  }

  #listing({ listing: part, cut }: Of<'listing'>): void {
    const { tables, state } = this.#viewer!.received;
    const table = tables[part] ?? state;
    const listed = rowsOf(table).map((row) => listRow(table, row));
    const rows = JSON.stringify(listed);
    writeListing(this.#out, { tick: this.#stateTick, part, rows, cut });
    this.#say('LISTING', 'server');
  }

  #tables({ tables, share, onto }: Of<'tables'>): void {
    const { odds: current } = this.#stage;
    const base = onto === 'first' ? this.game.priors : current;
    const chance = new Random(tables);
    const odds = base.odds.map((size) =>
      chance.next() < share ? ODDS[chance.integer(ODDS.length)] : size,
    );
    this.#odds(odds, base);
  }

  #sure({ sure }: Of<'sure'>): void {
    const odds = this.game.priors.odds.slice();
    for (const [context, bit] of sure) odds[context] = ODDS[bit ? ODDS.length - 1 : 0];
    this.#odds(odds, this.game.priors);
  }

  #odds(odds: Uint16Array, base: CodingTables): void {
    const next = new CodingTables(this.#stage.odds.version + 1, odds);
    const changes = tableChanges(odds, base.odds);
    writeTables(this.#out, { version: next.version, base: base.version, changes });
    this.#stage.odds = next;
    this.#say('TABLES', 'server');
  }

  #event({ event, tick, payload }: Of<'event'>): void {
    const at = this.game.events.findIndex(({ name }) => name === event);
    writeEventHeader(this.#out, tick - this.#stateTick, at);
    writePayload(this.#plain, this.game.events[at], payload as Fields);
    this.#say('EVENT', 'server');
  }

  #command({ command, id, payload }: Of<'command'>): void {
    const at = this.game.commands.findIndex(({ name }) => name === command);
    writeCommandHeader(this.#out, id, at);
    writePayload(this.#plain, this.game.commands[at], payload as Fields);
    this.#say('COMMAND', 'client');
  }

  #reply({ reply, ok, value }: Of<'reply'>): void {
    const written = new MsgpackWriter();
    written.value(value);
    writeReply(this.#out, reply, ok, written.bytes());
    this.#say('REPLY', 'server');
  }

  #inputs({ input, first, shown }: Of<'input'>): void {
    const plan = this.game.input;
    const ticks = input.map((sampled) => {
      const wire = neutralInput(plan);
      roundInput(plan, sampled as Fields, wire);
      return wire;
    });
    writeInputHeader(this.#out, {
      dState: this.#applied(),
      dShown: shown - this.#shown,
      dFirst: first - this.#inputTick - 1,
    });
    writeInputs(this.#inputSink, plan, this.#input, ticks);
    this.#inputSink.finish();
    this.#shown = shown;
    this.#inputTick = first + ticks.length - 1;
    this.#say('INPUT', 'client');
  }

  #applied(): number {
    const dState = this.#stateTick - this.#ackTick;
    this.#ackTick = this.#stateTick;
    return dState;
  }

  /** The frame that was written. */
  #say(frame: string, from: Side): void {
    const bytes = this.#out.bytes().slice();
    this.#out.reset();
    const says: ToldFields = this.#onlooker.take(from, bytes);
    this.frames.push({ frame, from, hex: Buffer.from(bytes).toString('hex'), says });
  }
}

/** A STATE `dTick` after the one before, with the bodies that the stage wrote for a seat. */
export function writeState(
  out: MsgpackWriter,
  { shared, own, everything, odds }: Sent,
  dTick: number,
  said: Pick<StateHeader, 'inTime' | 'marginTicks' | 'sentAt'>,
): void {
  const body = (bytes: Uint8Array) => (odds ? out.bin(bytes) : out.raw(bytes));
  writeStateHeader(out, { dTick, everything, ...said }, own ? 2 : shared ? 1 : 0);
  if (shared) body(shared);
  else if (own) out.nil();
  if (own) body(own);
}

/** By kind, then of the state, then of what is the seat's own. */
function sumsOf({ tables, state, seat }: Received): Int32Array {
  const sums = new Int32Array(tables.length + 2);
  tables.forEach((table, kind) => {
    for (const row of rowsOf(table)) {
      sums[kind] += rowDigest(table, row);
      if (table.ownerOf(row) === seat && table.plan.ownMask !== 0)
        sums[tables.length + 1] += ownDigest(table, row, table.values);
    }
  });
  sums[tables.length] = rowDigest(state, 1);
  return sums;
}

/** Rows that the seat is not behind with. */
function rowsOf({ ids, high, behind }: ReceivedTable): number[] {
  const all = Array.from({ length: high }, (_, i) => i + 1);
  return all.filter((row) => ids[row] !== 0 && behind[row] === 0);
}

function replace(set: Set<number>, ids: readonly number[]): void {
  set.clear();
  for (const id of ids) set.add(id);
}

interface Holder {
  at?: (index: number) => unknown;
  get?: (key: string | number) => unknown;
}

/** An element of a list or map, a member of anything else. */
function inside(from: unknown, part: string | number): unknown {
  const { at, get } = from as Holder;
  if (typeof at === 'function') return at.call(from, part as number);
  if (typeof get === 'function') return get.call(from, part);
  return (from as Fields)[part];
}
