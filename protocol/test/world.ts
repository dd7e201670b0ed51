// A world and its receivers without server and client: live tables, known sets, whole STATE frames,
// and what each receiver makes of them. Used by the tests of this folder. Trap: a receiver is told
// by its own `since`, so frames are left out by not calling tell().
import {
  assignRow,
  BY_SLOT,
  FrameType,
  type Game,
  KnownSet,
  LiveTable,
  MsgpackReader,
  MsgpackWriter,
  NEVER,
  PlainSink,
  PlainSource,
  Received,
  type Row,
  readFrame,
  readStateHeader,
  SlotList,
  type StateHeader,
  writeBody,
  writeOwnBody,
  writeStateHeader,
} from '../src/index.ts';

export class World {
  readonly game: Game;
  readonly tables: readonly LiveTable[];
  readonly state: LiveTable;
  readonly shared: KnownSet;
  tick = 1;
  #nextId = 1;

  constructor(game: Game, options: { strict?: boolean; log?: number } = {}) {
    this.game = game;
    this.tables = game.kinds.map((plan) => new LiveTable(plan, 1, options.strict));
    this.state = new LiveTable(game.state, 1, options.strict);
    this.state.put(1, 1);
    this.shared = new KnownSet(options.log);
  }

  table(kind: string): LiveTable {
    return this.tables[this.game.kind(kind).index];
  }

  spawn(kind: string, init: Readonly<Record<string, unknown>> = {}, owner = 0): Row {
    const table = this.table(kind);
    const index = table.add(this.#nextId++);
    assignRow(table.rows[index]!, table.plan, init);
    if (owner) table.setOwner(index, owner);
    return table.rows[index]!;
  }

  despawn(row: Row): void {
    row.$table.remove(row.$index, this.tick);
  }

  give(row: Row, seat: number): void {
    (row.$table as LiveTable).setOwner(row.$index, seat);
  }

  *rows(): Generator<Row> {
    for (const table of this.tables)
      for (let i = 1; i <= table.high; i++) if (table.ids[i] !== 0) yield table.rows[i]!;
  }

  /** The tick is done: what was written is rounded, and the shared set knows who is there. */
  round(): void {
    for (const table of this.tables) table.round();
    this.state.round();
    update(this.shared, this, () => true);
  }

  /** The next tick begins. Call after every receiver of this one was told. */
  next(): void {
    this.shared.told();
    this.tick++;
    for (const table of this.tables) {
      table.tick = this.tick;
      table.settle(this.tick - 1);
    }
    this.state.tick = this.tick;
  }

  forget(tick: number): void {
    for (const table of [...this.tables, this.state]) table.forget(tick);
  }
}

/** Brings a known set up to date with what may be seen. */
function update(known: KnownSet, world: World, sees: (row: Row) => boolean): void {
  const there = new Set<number>();
  for (const row of world.rows()) {
    if (!sees(row)) continue;
    there.add(row.id);
    if (known.slotOf(row.id) < 0)
      known.enter(row.$table.plan.index, row.$index, row.id, world.tick);
  }
  for (let slot = 0; slot < known.limit; slot++)
    if (known.kind[slot] >= 0 && !there.has(known.id[slot])) known.leave(slot, world.tick);
}

export interface Told {
  /** The whole frame, and its bodies alone (empty where there is none). */
  readonly frame: Uint8Array;
  readonly shared: Uint8Array;
  readonly own: Uint8Array;
  readonly header: StateHeader;
}

/** One seat: what it was told, by the rules of replication, and what it holds. */
export class Receiver {
  readonly seat: number;
  readonly received: Received;
  /** Entities this seat may not see; undefined: it shares the room's known set. */
  readonly hidden: Set<number> | undefined;
  readonly known = new KnownSet(0);
  sentTick = 0;
  needsEverything = true;
  readonly #world: World;

  constructor(world: World, seat: number, ownView = false) {
    this.#world = world;
    this.seat = seat;
    this.received = new Received(world.game);
    this.received.seat = seat;
    this.hidden = ownView ? new Set() : undefined;
  }

  sees(row: Row): boolean {
    return row.owner === this.seat || !this.hidden?.has(row.id);
  }

  /** Writes the STATE of this tick and reads it. */
  tell(): Told {
    const told = this.write();
    this.read(told.frame);
    return told;
  }

  write(): Told {
    const { tick, tables, state, shared } = this.#world;
    const known = this.hidden ? this.known : shared;
    const everything = this.needsEverything || !known.remembers(this.sentTick);
    if (this.hidden) {
      update(known, this.#world, (row) => this.sees(row));
      if (everything) startOver(known);
    }
    const since = this.hidden ? BY_SLOT : everything ? NEVER : this.sentTick;
    const stateSince = everything ? NEVER : this.sentTick;
    const body = new MsgpackWriter();
    const own = new MsgpackWriter();
    const says = writeBody(new PlainSink(body), tables, state, known, { since, stateSince, before: NEVER });
    const hasBody = says || everything;
    const hasOwn = writeOwnBody(new PlainSink(own), tables, known, this.#owned(known), since);
    const dTick = tick - this.sentTick;
    const header = { dTick, everything, inTime: 1, marginTicks: 0.5, sentAt: 0.25 };
    const out = new MsgpackWriter();
    writeStateHeader(out, header, hasOwn ? 2 : hasBody ? 1 : 0);
    if (hasBody) out.raw(body.bytes());
    else if (hasOwn) out.nil();
    if (hasOwn) out.raw(own.bytes());
    if (this.hidden) {
      known.sentTick.fill(tick, 0, known.limit);
      known.told();
    }
    this.needsEverything = false;
    this.sentTick = tick;
    const nothing = new Uint8Array();
    return {
      frame: out.bytes().slice(),
      shared: hasBody ? body.bytes().slice() : nothing,
      own: hasOwn ? own.bytes().slice() : nothing,
      header,
    };
  }

  /** As the client's wire reads it. */
  read(frame: Uint8Array): void {
    const { received } = this;
    const reader = new MsgpackReader();
    const source = new PlainSource(reader);
    reader.reset(frame);
    source.reset();
    const opened = { elements: 0 };
    if (readFrame(reader, opened) !== FrameType.State) throw new Error('not a STATE');
    const header: StateHeader = {
      dTick: 0,
      everything: false,
      inTime: 0,
      marginTicks: 0,
      sentAt: 0,
    };
    readStateHeader(reader, header);
    const tick = received.tick + header.dTick;
    const bodies = opened.elements - 4;
    if (bodies > 0 && !reader.tryNil()) received.readBody(source, tick, header.everything);
    source.reset();
    if (bodies > 1) received.readOwnBody(source);
    reader.end();
    received.tick = tick;
    for (const table of received.tables) table.settle(tick - 3);
  }

  #owned(known: KnownSet): SlotList {
    const slots = new SlotList();
    for (const row of this.#world.rows()) {
      const slot = known.slotOf(row.id);
      if (row.owner === this.seat && slot >= 0) slots.push(slot);
    }
    slots.sort();
    return slots;
  }
}

function startOver(known: KnownSet): void {
  known.sentTick.fill(0, 0, known.limit);
  known.told();
}
