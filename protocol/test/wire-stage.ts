// A room without a server: live tables on one side, what seats received on the other, and the real
// writers and readers between. Sends in the order of the server's tick: round, sight, bodies, told.
// wire-truth.ts says where a seat holds anything but the truth.
import { BY_SLOT, writeBody, writeOwnBody } from '../src/body-writer.ts';
import type { Game, InitFields, KindName, KindsOf, LiveRowOf } from '../src/game.ts';
import { KnownSet, SlotList } from '../src/known-set.ts';
import { LiveTable } from '../src/live-table.ts';
import { MsgpackReader } from '../src/msgpack-reader.ts';
import { MsgpackWriter } from '../src/msgpack-writer.ts';
import { PlainSink, PlainSource } from '../src/plain.ts';
import { Received } from '../src/received.ts';
import { assignRow } from '../src/row.ts';
import { NEVER } from '../src/state-writer.ts';
import type { Row, Table } from '../src/table.ts';

/** One STATE's bodies as bytes; undefined where there is nothing to say. */
export interface Sent {
  readonly tick: number;
  readonly everything: boolean;
  readonly shared: Uint8Array | undefined;
  readonly own: Uint8Array | undefined;
}

/** Ticks that rows of entities which left stay unused, as a client's playback wants it. */
const REST_TICKS = 3;

export class Viewer {
  readonly id: number;
  readonly received: Received;
  /** Its own known set, or undefined where it shares the room's. */
  readonly known: KnownSet | undefined;
  /** What it may see beside its own; asked in rooms with a known set per seat only. */
  sees: (row: Row) => boolean = () => true;
  sentTick = 0;
  needsEverything = true;
  last: Sent = { tick: 0, everything: false, shared: undefined, own: undefined };

  constructor(game: Game, id: number, known: KnownSet | undefined) {
    this.id = id;
    this.known = known;
    this.received = new Received(game);
    this.received.seat = id;
  }

  read(sent: Sent): void {
    const { received } = this;
    if (sent.shared)
      readAll(sent.shared, (from) => received.readBody(from, sent.tick, sent.everything));
    if (sent.own) readAll(sent.own, (from) => received.readOwnBody(from));
    for (const table of received.tables) table.settle(sent.tick - REST_TICKS);
  }

  /** The received row of an entity, or 0: its index in the kind's table. */
  indexOf(kind: number, id: number): number {
    return this.received.rowOf(kind, id);
  }
}

/** Reads one body to its end. */
export function readAll(bytes: Uint8Array, read: (from: PlainSource) => void): void {
  const reader = new MsgpackReader();
  reader.reset(bytes);
  const source = new PlainSource(reader);
  source.reset();
  read(source);
  reader.end();
}

export class Stage<G = Game> {
  readonly game: Game;
  readonly tables: readonly LiveTable[];
  readonly state: LiveTable;
  readonly shared = new KnownSet();
  readonly viewers: Viewer[] = [];
  tick = 1;
  #nextId = 1;
  readonly #out = new MsgpackWriter();
  readonly #sink = new PlainSink(this.#out);

  constructor(game: G, strict = false) {
    this.game = game as unknown as Game;
    this.tables = this.game.kinds.map((plan) => new LiveTable(plan, this.tick, strict));
    this.state = new LiveTable(this.game.state, this.tick, strict);
    this.state.put(1, 1);
  }

  spawn<K extends KindName<G>>(
    kind: K,
    init: InitFields<KindsOf<G>[K]> = {},
    owner = 0,
  ): LiveRowOf<G, K> {
    const table = this.tables[this.game.kind(kind).index];
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

  /** A seat of the room-wide known set, or with one of its own. */
  join(id: number, mode: 'shared' | 'per-seat' = 'shared'): Viewer {
    const viewer = new Viewer(this.game, id, mode === 'shared' ? undefined : new KnownSet(0));
    this.viewers.push(viewer);
    return viewer;
  }

  /** Ends the tick: rounds, sends to the given seats (all of them if none are), begins the next. */
  send(...to: Viewer[]): void {
    for (const table of this.tables) table.round();
    this.state.round();
    this.#look(this.shared, () => true);
    for (const viewer of to.length ? to : this.viewers) {
      viewer.last = this.#write(viewer);
      viewer.read(viewer.last);
    }
    this.shared.told();
    this.#next();
  }

  /** A tick of which nobody is told. */
  skip(): void {
    for (const table of this.tables) table.round();
    this.state.round();
    this.#look(this.shared, () => true);
    this.shared.told();
    this.#next();
  }

  #next(): void {
    this.tick++;
    for (const table of this.tables) {
      table.tick = this.tick;
      table.settle(this.tick - 1);
    }
    this.state.tick = this.tick;
  }

  #look(known: KnownSet, sees: (row: Row) => boolean): void {
    for (const { plan, ids, high, rows } of this.tables)
      for (let row = 1; row <= high; row++)
        if (ids[row] !== 0 && sees(rows[row]!) && known.slotOf(ids[row]) < 0)
          known.enter(plan.index, row, ids[row], this.tick);
    for (let slot = 0; slot < known.limit; slot++) {
      if (known.kind[slot] < 0) continue;
      const table = this.tables[known.kind[slot]];
      const row = known.row[slot];
      const stays = table.ids[row] === known.id[slot] && sees(table.rows[row]!);
      if (!stays) known.leave(slot, this.tick);
    }
  }

  #write(viewer: Viewer): Sent {
    const known = viewer.known ?? this.shared;
    if (viewer.known) this.#look(known, (row) => row.owner === viewer.id || viewer.sees(row));
    const lost = !viewer.known && !known.remembers(viewer.sentTick);
    const everything = viewer.needsEverything || lost;
    if (viewer.known && everything) {
      known.sentTick.fill(0);
      known.told();
    }
    const stateSince = everything ? NEVER : viewer.sentTick;
    const since = viewer.known ? BY_SLOT : stateSince;
    this.#out.reset();
    const said = writeBody(this.#sink, this.tables, this.state, known, { since, stateSince, before: NEVER });
    const shared = said || everything ? this.#out.bytes().slice() : undefined;
    this.#out.reset();
    const owned = this.#owned(viewer, known);
    const saidOwn = writeOwnBody(this.#sink, this.tables, known, owned, since);
    const own = saidOwn ? this.#out.bytes().slice() : undefined;
    if (viewer.known) {
      known.sentTick.fill(this.tick);
      known.told();
    }
    viewer.sentTick = this.tick;
    viewer.needsEverything = false;
    return { tick: this.tick, everything, shared, own };
  }

  #owned({ id }: Viewer, known: KnownSet): SlotList {
    const slots = new SlotList();
    for (let slot = 0; slot < known.limit; slot++)
      if (known.kind[slot] >= 0 && this.tables[known.kind[slot]].ownerOf(known.row[slot]) === id)
        slots.push(slot);
    return slots;
  }
}

/** A received row as an object, for tests that read by name. */
export function heldBy(viewer: Viewer, kind: number, row: object): Record<string, unknown> {
  const table: Table = viewer.received.tables[kind];
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
