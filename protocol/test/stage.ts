// A room without a server: live tables on one side, what seats received on the other, and the real
// writers and readers between, in either spelling. Goes in the order of the server's tick: round,
// sight, bodies, told. truth.ts says where a seat holds anything but the truth. Trap: a seat is
// told by its own `sentTick`, so STATEs are left out by not naming it in send().
import {
  assignRow,
  BY_SLOT,
  type CodingTables,
  type Game,
  type InitFields,
  type KindName,
  type KindsOf,
  KnownSet,
  type LiveRowOf,
  LiveTable,
  MsgpackReader,
  MsgpackWriter,
  NEVER,
  PackedSink,
  PackedSource,
  PlainSink,
  PlainSource,
  Received,
  type Row,
  type Sink,
  SlotList,
  type Source,
  writeBody,
  writeOwnBody,
} from '../src/index.ts';

export const SPELLINGS = ['plain', 'packed'] as const;
export type Spelling = (typeof SPELLINGS)[number];
/** One known set for all, or one for each seat. */
export const SIGHTS = ['shared', 'per-seat'] as const;
export type Sight = (typeof SIGHTS)[number];

/** One STATE's bodies as bytes; undefined where there is nothing to say. */
export interface Sent {
  readonly tick: number;
  readonly everything: boolean;
  readonly shared: Uint8Array | undefined;
  readonly own: Uint8Array | undefined;
  /** The odds of packed bodies; undefined: they are plain. */
  readonly odds: Uint16Array | undefined;
}

export interface StageOptions {
  strict?: boolean;
  /** Departures that the shared set remembers. */
  log?: number;
  wire?: Spelling;
  /** Ticks from one STATE to the next. */
  sendEvery?: number;
  /** Whether rows may be far from a seat that has a known set of its own. */
  far?: boolean;
}

/** Ticks that rows of entities which left stay unused, as a client's playback wants it. */
const REST_TICKS = 3;

/** Reads one body to its end: packed, where there are odds. */
export function readAll(bytes: Uint8Array, read: (from: Source) => void, odds?: Uint16Array): void {
  if (odds) {
    const source = new PackedSource();
    source.begin(bytes, odds);
    read(source);
    source.finish();
    return;
  }
  const reader = new MsgpackReader();
  reader.reset(bytes);
  const source = new PlainSource(reader);
  source.reset();
  read(source);
  reader.end();
}

export class Viewer {
  readonly id: number;
  readonly received: Received;
  /** Its own known set, or undefined where it shares the room's. */
  readonly known: KnownSet | undefined;
  /** What it may see beside its own; asked in rooms with a known set per seat only. */
  sees: (row: Row) => boolean = () => true;
  /** What it is told of later; the same. */
  defers: (row: Row) => boolean = () => false;
  /** What is far from it; the same. Never its own. */
  isFar: (row: Row) => boolean = () => false;
  sentTick = 0;
  needsEverything = true;
  last: Sent = { tick: 0, everything: false, shared: undefined, own: undefined, odds: undefined };

  constructor(id: number, received: Received, known: KnownSet | undefined) {
    this.id = id;
    this.known = known;
    this.received = received;
    received.seat = id;
  }

  read({ shared, own, tick, everything, odds }: Sent): void {
    const { received } = this;
    if (shared) readAll(shared, (from) => received.readBody(from, tick, everything), odds);
    else received.pass(tick);
    if (own) readAll(own, (from) => received.readOwnBody(from), odds);
    for (const table of received.tables) table.settle(tick - REST_TICKS);
  }

  /** The received row of an entity, or 0: its index in the kind's table. */
  indexOf(kind: number, id: number): number {
    return this.received.rowOf(kind, id);
  }
}

export class Stage<G = Game> {
  readonly game: Game;
  readonly tables: readonly LiveTable[];
  readonly state: LiveTable;
  readonly shared: KnownSet;
  readonly viewers: Viewer[] = [];
  readonly wire: Spelling;
  readonly sendEvery: number;
  /** Tick of the STATE that is being prepared. */
  tick: number;
  /** What packed bodies are coded with. */
  odds: CodingTables;
  #nextId = 1;
  readonly #out = new MsgpackWriter();
  readonly #own = new MsgpackWriter();
  readonly #sink: Sink;
  readonly #ownSink: Sink;

  constructor(game: G, options: StageOptions = {}) {
    const { strict = false, log, wire = 'plain', sendEvery = 1, far = false } = options;
    this.game = game as unknown as Game;
    this.wire = wire;
    this.sendEvery = this.tick = sendEvery;
    this.odds = this.game.priors;
    const { kinds, state, tickRate } = this.game;
    const dt = wire === 'packed' ? 1 / tickRate : 0;
    this.tables = kinds.map((plan) => new LiveTable(plan, this.tick, strict, dt, far));
    this.state = new LiveTable(state, this.tick, strict, dt);
    this.state.put(1, 1);
    this.shared = new KnownSet(log);
    const sink = (out: MsgpackWriter): Sink =>
      wire === 'packed' ? new PackedSink(out, this.odds) : new PlainSink(out);
    this.#sink = sink(this.#out);
    this.#ownSink = sink(this.#own);
  }

  table(kind: string): LiveTable {
    return this.tables[this.game.kind(kind).index];
  }

  spawn<K extends KindName<G>>(
    kind: K,
    init: InitFields<KindsOf<G>[K]> = {},
    owner = 0,
  ): LiveRowOf<G, K> {
    const table = this.table(kind);
    const index = table.add(this.#nextId++);
    const row = table.rows[index]!;
    assignRow(row, table.plan, init as Readonly<Record<string, unknown>>);
    if (owner) table.setOwner(index, owner);
    return row as unknown as LiveRowOf<G, K>;
  }

  give(row: object, seat: number): void {
    const { $table, $index } = row as Row;
    ($table as LiveTable).setOwner($index, seat);
  }

  despawn(row: object): void {
    const { $table, $index } = row as Row;
    $table.remove($index, this.tick);
  }

  *rows(): Generator<Row> {
    for (const { ids, high, rows } of this.tables)
      for (let i = 1; i <= high; i++) if (ids[i] !== 0) yield rows[i]!;
  }

  forget(tick: number): void {
    for (const table of [...this.tables, this.state]) table.forget(tick);
  }

  /** A seat of the room-wide known set, or with one of its own. */
  join(id: number, sight: Sight = 'shared'): Viewer {
    const received = new Received(this.game);
    if (this.wire === 'packed') received.expectPacked(1 / this.game.tickRate, this.sendEvery);
    const viewer = new Viewer(id, received, sight === 'shared' ? undefined : new KnownSet(0));
    this.viewers.push(viewer);
    return viewer;
  }

  /** Ends the tick: rounds, sends to the given seats (all of them if none are), begins the next. */
  send(...to: Viewer[]): void {
    this.round();
    for (const viewer of to.length ? to : this.viewers) this.tell(viewer);
    this.next();
  }

  /** A STATE of which nobody is told. */
  skip(): void {
    this.round();
    this.next();
  }

  /** What was written is rounded, and the shared set knows who is there. */
  round(): void {
    for (const table of [...this.tables, this.state]) table.round(this.sendEvery);
    this.#look(this.shared, () => true);
    for (const sink of [this.#sink, this.#ownSink])
      if (sink instanceof PackedSink) sink.begin(this.tick, this.odds);
  }

  /** Writes the STATE of this tick for one seat, which reads it. */
  tell(viewer: Viewer): void {
    this.write(viewer);
    viewer.read(viewer.last);
  }

  /** The next STATE is prepared. Call after every seat that gets this one was told. */
  next(): void {
    this.shared.told();
    this.tick += this.sendEvery;
    for (const table of this.tables) {
      table.tick = this.tick;
      table.settle(this.tick - 1);
    }
    this.state.tick = this.tick;
  }

  #look(known: KnownSet, sees: (row: Row) => boolean): void {
    for (const row of this.rows())
      if (sees(row) && known.slotOf(row.id) < 0)
        known.enter(row.$table.plan.index, row.$index, row.id, this.tick);
    for (let slot = 0; slot < known.limit; slot++) {
      if (known.kindAt(slot) < 0) continue;
      const table = this.tables[known.kindAt(slot)];
      const row = known.rowAt(slot);
      const stays = table.ids[row] === known.idAt(slot) && sees(table.rows[row]!);
      if (!stays) known.leave(slot, this.tick);
    }
  }

  /** Into `last`, by the rules of the server's replication. */
  write(viewer: Viewer): void {
    const known = viewer.known ?? this.shared;
    if (viewer.known) this.#look(known, (row) => row.owner === viewer.id || viewer.sees(row));
    const lost = !viewer.known && !known.remembers(viewer.sentTick);
    const everything = viewer.needsEverything || lost;
    if (viewer.known && everything) known.startOver();
    if (viewer.known) {
      this.#part(viewer, known);
      this.#defer(viewer, known);
    }
    const stateSince = everything ? NEVER : viewer.sentTick;
    const since = viewer.known ? BY_SLOT : stateSince;
    const before = this.wire === 'packed' ? this.tick - this.sendEvery : NEVER;
    const relative = { since, stateSince, before };
    const said = writeBody(this.#sink, this.tables, this.state, known, relative);
    const shared = this.#finish(this.#sink, this.#out, said || everything);
    const owned = this.#owned(viewer, known);
    const saidOwn = writeOwnBody(this.#ownSink, this.tables, known, owned, since);
    const own = this.#finish(this.#ownSink, this.#own, saidOwn);
    viewer.known?.sent(this.tick);
    viewer.sentTick = this.tick;
    viewer.needsEverything = false;
    const odds = this.wire === 'packed' ? this.odds.odds : undefined;
    viewer.last = { tick: this.tick, everything, shared, own, odds };
  }

  #finish(sink: Sink, out: MsgpackWriter, said: boolean): Uint8Array | undefined {
    if (said) sink.finish();
    const bytes = said ? out.bytes().slice() : undefined;
    out.reset();
    if (!bytes || this.wire === 'plain') return bytes;
    const reader = new MsgpackReader();
    reader.reset(bytes);
    return reader.bin(bytes.length).slice();
  }

  /** Which rows are far. */
  #part(viewer: Viewer, known: KnownSet): void {
    for (let slot = 0; slot < known.limit; slot++) {
      if (known.kindAt(slot) < 0) continue;
      const table = this.tables[known.kindAt(slot)];
      const row = table.rows[known.rowAt(slot)]!;
      known.part(slot, table.far && row.owner !== viewer.id && viewer.isFar(row) ? 1 : 0);
    }
  }

  #defer(viewer: Viewer, known: KnownSet): void {
    for (let slot = 0; slot < known.limit; slot++) {
      if (known.kindAt(slot) < 0) continue;
      const table = this.tables[known.kindAt(slot)];
      const row = table.rows[known.rowAt(slot)]!;
      const { changed } = known.tierAt(slot) === 0 ? table : table.far!;
      // A seat goes on asking for the own part of what it was not told to have lost.
      const sent = known.sentAt(slot);
      const given = sent > 0 && table.given[row.$index] > sent;
      const moves = known.tierAt(slot) !== known.toldTierAt(slot);
      const says = sent === 0 || moves || changed[row.$index] > sent;
      if (row.owner !== viewer.id && !given && says && viewer.defers(row)) known.defer(slot);
    }
  }

  #owned({ id }: Viewer, known: KnownSet): SlotList {
    const slots = new SlotList();
    for (let slot = 0; slot < known.limit; slot++) {
      if (known.kindAt(slot) < 0) continue;
      const table = this.tables[known.kindAt(slot)];
      if (table.plan.ownMask !== 0 && table.ownerOf(known.rowAt(slot)) === id) slots.push(slot);
    }
    return slots;
  }
}

/** A received row as an object, for tests that read by name. */
export function heldBy(viewer: Viewer, kind: number, row: object): Record<string, unknown> {
  const table = viewer.received.tables[kind];
  const index = viewer.indexOf(kind, (row as Row).id);
  const held: Record<string, unknown> = {};
  for (const { name, spec, column, object } of table.plan.fields) {
    if (column < 0) held[name] = table.objects[object][index];
    else if (spec.components === 1) held[name] = table.values[column][index];
    else
      held[name] = [...Array(spec.components).keys()].map((i) => table.values[column + i][index]);
  }
  return held;
}
