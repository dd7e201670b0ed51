// What one seat has received: tables of the newest STATE, and which entity each wire slot means.
// The reading twin of body-writer (PROTOCOL.md 5). A STATE is read whole before anybody is shown
// it: the session publishes by copying these tables; a frame that fails half way ends the
// connection, and the next one starts from everything.
import { ProtocolError, ProtocolErrorCode } from './errors.ts';
import type { Game } from './game.ts';
import { MAX_ENTITY_ID, MAX_SLOTS } from './limits.ts';
import { Context, type Source } from './sink.ts';
import { readOwn, readShared } from './state-reader.ts';
import { Table } from './table.ts';

/** The parts of a game that tables are made of. */
export type Plans = Pick<Game, 'kinds' | 'state'>;

export class Received {
  readonly tables: readonly Table[];
  /** The room's state, in row 1. */
  readonly state: Table;
  /** Seat whose own parts these are. */
  seat = 0;
  /** Tick of the newest STATE, 0 before the first. */
  tick = 0;
  readonly #rowOf: readonly Map<number, number>[];
  readonly #kind: number[] = [];
  readonly #row: number[] = [];

  constructor({ kinds, state }: Plans) {
    this.tables = kinds.map((plan) => new Table(plan));
    this.#rowOf = kinds.map(() => new Map());
    this.state = new Table(state);
    this.state.put(1, 1);
  }

  /** Row of an entity in its kind's table, or 0. */
  rowOf(kind: number, id: number): number {
    return this.#rowOf[kind].get(id) ?? 0;
  }

  /**
   * Applies a shared body of `tick`. `everything`: it tells all there is, entities known before
   * keep their rows, and those it does not name have left.
   */
  readBody(source: Source, tick: number, everything: boolean): void {
    const before = everything ? this.#startOver() : undefined;
    source.open();
    this.#readLimit(source);
    this.#readLeft(source, tick);
    this.#readArrivals(source, before);
    this.#readChanges(source);
    if (everything) this.state.reset(1);
    readShared(source, this.state, 1, everything);
    source.close();
    if (before) this.#dropUnnamed(before, tick);
    this.tick = tick;
  }

  /** Applies the own part of the same STATE. */
  readOwnBody(source: Source): void {
    source.open();
    for (let from = 0; from < this.#kind.length; ) {
      const slot = source.pick(Context.Own, from, this.#kind.length);
      if (slot < 0) break;
      const table = this.tables[this.#known(slot)];
      const row = this.#row[slot];
      if (table.ownerOf(row) !== this.seat) bad("the own part of somebody else's entity");
      readOwn(source, table, row);
      from = slot + 1;
    }
    source.close();
  }

  /** Drops everything: another room, whose ids mean other entities. */
  forget(): void {
    this.#dropUnnamed(this.#startOver(), 0);
    for (const table of this.tables) table.settle(Number.MAX_VALUE);
    this.state.reset(1);
    this.tick = 0;
  }

  /**
   * Nothing is known any more; what was, by kind: id to row. Asks the tables, which hold what a
   * STATE that failed half way left behind.
   */
  #startOver(): Map<number, number>[] {
    const before = this.tables.map(rowsOf);
    for (const rows of this.#rowOf) rows.clear();
    this.#kind.length = 0;
    this.#row.length = 0;
    return before;
  }

  #dropUnnamed(before: readonly Map<number, number>[], tick: number): void {
    before.forEach((rows, kind) => {
      for (const row of rows.values()) this.tables[kind].remove(row, tick);
    });
  }

  #readLimit(source: Source): void {
    const limit = source.count(Context.Limit, MAX_SLOTS);
    if (limit < this.#kind.length) bad('a known set that shrinks');
    while (this.#kind.length < limit) this.#kind.push(-1);
  }

  #readLeft(source: Source, tick: number): void {
    source.open();
    for (let from = 0; from < this.#kind.length; ) {
      const slot = source.pick(Context.Left, from, this.#kind.length);
      if (slot < 0) break;
      const kind = this.#known(slot);
      const row = this.#row[slot];
      this.#rowOf[kind].delete(this.tables[kind].ids[row]);
      this.tables[kind].remove(row, tick);
      this.#kind[slot] = -1;
      from = slot + 1;
    }
    source.close();
  }

  #readArrivals(source: Source, before: readonly Map<number, number>[] | undefined): void {
    const limit = this.#kind.length;
    source.open();
    for (let from = 0; from < limit; ) {
      const slot = source.pick(Context.Entered, from, limit);
      if (slot < 0) break;
      if (this.#kind[slot] >= 0) bad('an entity enters a taken slot');
      this.#readEntered(source, slot, before);
      from = slot + 1;
    }
    source.close();
  }

  #readEntered(
    source: Source,
    slot: number,
    before: readonly Map<number, number>[] | undefined,
  ): void {
    source.open();
    const kind = source.level(Context.Kind, this.tables.length - 1);
    const id = source.level(Context.Id, MAX_ENTITY_ID - 1);
    if (id === 0 || this.#rowOf[kind].has(id)) bad('an entity enters twice');
    const table = this.tables[kind];
    const kept = before?.[kind].get(id);
    if (kept !== undefined) {
      before?.[kind].delete(id);
      table.reset(kept);
    }
    const row = kept ?? table.add(id);
    this.#rowOf[kind].set(id, row);
    this.#kind[slot] = kind;
    this.#row[slot] = row;
    readShared(source, table, row, true);
    source.close();
  }

  #readChanges(source: Source): void {
    const limit = this.#kind.length;
    source.open();
    for (let from = 0; from < limit; ) {
      const slot = source.pick(Context.Changed, from, limit);
      if (slot < 0) break;
      const table = this.tables[this.#known(slot)];
      const row = this.#row[slot];
      readShared(source, table, row, false, this.seat);
      from = slot + 1;
    }
    source.close();
  }

  #known(slot: number): number {
    const kind = this.#kind[slot];
    if (!(kind >= 0)) bad('a slot that is not known');
    return kind;
  }
}

function rowsOf({ ids, high }: Table): Map<number, number> {
  const rows = new Map<number, number>();
  for (let row = 1; row <= high; row++) if (ids[row] !== 0) rows.set(ids[row], row);
  return rows;
}

function bad(message: string): never {
  throw new ProtocolError(ProtocolErrorCode.BadState, message);
}
