// What one seat has received: tables of the newest STATE, and which entity each wire slot means.
// The reading twin of body-writer (PROTOCOL.md 5). A STATE is read whole before anybody is shown
// it: the session publishes by copying these tables; a frame that fails half way ends the
// connection, and the next one starts from everything.
import * as Context from './body-context.ts';
import { changedOffset, FORM_ARRIVAL, FORM_SINCE, FORM_STEP, MAX_AGE } from './contexts.ts';
import { badState } from './errors.ts';
import type { Game } from './game.ts';
import { ENTITY_LEVELS, MAX_SLOTS } from './limits.ts';
import { ReceivedTable } from './received-table.ts';
import type { Source } from './sink.ts';
import { type Reading, readOwn, readShared } from './state-reader.ts';
import type { Table } from './table.ts';

/** The parts of a game that tables are made of. */
export type Plans = Pick<Game, 'kinds' | 'state'>;

/** A slot in use, and the entity in it. */
interface Held {
  readonly slot: number;
  kind: number;
  row: number;
}
/** The entity left. */
const NO_ROW = 0;

export class Received {
  readonly tables: readonly ReceivedTable[];
  /** The room's state, in row 1. */
  readonly state: ReceivedTable;
  /** Seat whose own parts these are. */
  seat = 0;
  /** Tick of the newest STATE, 0 before the first. */
  tick = 0;
  /** Ticks from one STATE of the room to the next: a seat that missed none is in step. */
  #sendEvery = 1;
  #packed = false;
  readonly #reading: Reading = { form: FORM_ARRIVAL, ticks: 0, sends: 0, seat: 0 };
  readonly #rowOf: readonly Map<number, number>[];
  /** Ascending. Free slots take nothing: a limit of 65,536 is said in a few bytes. */
  #held: Held[] = [];
  /** One more than the highest slot that may be in use. */
  #limit = 0;

  constructor({ kinds, state }: Plans) {
    this.tables = kinds.map((plan) => new ReceivedTable(plan));
    this.#rowOf = kinds.map(() => new Map());
    this.state = new ReceivedTable(state);
    this.state.put(1, 1);
  }

  /** Ticks since a row was last told in full; 0 for one that is up to date. */
  staleTicks(kind: number, row: number): number {
    const behind = this.tables[kind].behind[row];
    return behind === 0 ? 0 : this.tick - behind;
  }

  /**
   * Bodies are packed from the next STATE on, which holds everything; a room sends every
   * `sendEvery` ticks. 0 seconds a tick: bodies are plain.
   */
  expectPacked(secondsPerTick: number, sendEvery: number): void {
    this.#sendEvery = sendEvery;
    this.#packed = secondsPerTick > 0;
    for (const table of [...this.tables, this.state]) table.track(secondsPerTick);
  }

  /** Row of an entity in its kind's table, or 0. */
  rowOf(kind: number, id: number): number {
    return this.#rowOf[kind].get(id) ?? 0;
  }

  /** A STATE of `tick` has nothing to say: everything moves as it did. */
  pass(tick: number): void {
    for (const table of this.tables) table.now = tick;
    this.#moveOn(tick - this.tick);
    this.tick = tick;
  }

  /**
   * Applies a shared body of `tick`. `everything`: it tells all there is, entities known before
   * keep their rows, and those it does not name have left.
   */
  readBody(source: Source, tick: number, everything: boolean): void {
    const before = everything ? this.#startOver() : undefined;
    const reading = this.#reading;
    reading.ticks = tick - this.tick;
    reading.seat = this.seat;
    const step = this.#packed && !everything && reading.ticks === this.#sendEvery;
    for (const table of this.tables) table.now = tick;
    source.open();
    source.grant(this.#held.length);
    this.#readLimit(source);
    this.#readLeft(source);
    reading.form = FORM_ARRIVAL;
    this.#readArrivals(source, before);
    this.#readChanges(source, step);
    if (everything) this.state.reset(1);
    reading.form = everything ? FORM_ARRIVAL : step ? FORM_STEP : FORM_SINCE;
    readShared(source, this.state, 1, reading);
    this.#readDeferred(source);
    source.close();
    if (before) this.#dropUnnamed(before, tick);
    else this.#moveOn(reading.ticks);
    this.tick = tick;
  }

  #moveOn(ticks: number): void {
    for (const table of this.tables)
      table.moveOn(ticks, Math.max(Math.round(ticks / this.#sendEvery), 1), this.seat);
  }

  /** Applies the own part of the same STATE. */
  readOwnBody(source: Source): void {
    source.open();
    for (const { slot, kind, row } of this.#held) {
      const table = this.tables[kind];
      if (table.plan.ownMask === 0 || table.ownerOf(row) !== this.seat) continue;
      source.grant(1);
      if (source.offered(Context.Owned, slot)) readOwn(source, table, row);
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
    this.#held = [];
    this.#limit = 0;
    return before;
  }

  #dropUnnamed(before: readonly Map<number, number>[], tick: number): void {
    before.forEach((rows, kind) => {
      for (const row of rows.values()) this.tables[kind].remove(row, tick);
    });
  }

  /** Where bodies are packed a limit is told when it has grown, else always. */
  #readLimit(source: Source): void {
    if (this.#packed && source.level(Context.Grown, 1) === 0) return;
    const limit = source.count(Context.Limit, MAX_SLOTS);
    if (limit < this.#limit) badState('a known set that shrinks');
    this.#limit = limit;
  }

  #readLeft(source: Source): void {
    let left = 0;
    source.select(Context.Left);
    for (const held of this.#held) {
      const { slot, kind, row } = held;
      if (!source.offered(Context.Left, slot)) continue;
      const table = this.tables[kind];
      this.#rowOf[kind].delete(table.ids[row]);
      table.remove(row, table.now);
      held.row = NO_ROW;
      left++;
    }
    source.close();
    if (left > 0) this.#held = this.#held.filter(({ row }) => row !== NO_ROW);
  }

  /** Candidates are the free slots: between each two in use, and up to the limit. */
  #readArrivals(source: Source, before: readonly Map<number, number>[] | undefined): void {
    const held = this.#held;
    const context = before ? Context.First : Context.Arrives;
    const taken: Held[] = [];
    let id = 0;
    let from = 0;
    source.select(Context.Entered);
    for (let at = 0; at <= held.length; at++) {
      const until = at < held.length ? held[at].slot : this.#limit;
      while (from < until) {
        const slot = source.chosen(context, from, until);
        if (slot < 0) break;
        const arrived = { slot, kind: 0, row: NO_ROW };
        taken.push(arrived);
        id = this.#readEntered(source, arrived, id, before);
        from = slot + 1;
      }
      from = until + 1;
    }
    source.close();
    // Two ascending runs, which sorting goes through once.
    if (taken.length > 0) this.#held = [...held, ...taken].sort((a, b) => a.slot - b.slot);
  }

  /** Answers the id of the entity. */
  #readEntered(
    source: Source,
    arrived: Held,
    idBefore: number,
    before: readonly Map<number, number>[] | undefined,
  ): number {
    source.open();
    const kind = source.level(Context.Kind, this.tables.length - 1);
    const id =
      idBefore === 0
        ? source.level(Context.Id, ENTITY_LEVELS)
        : source.change(Context.IdStep, idBefore, ENTITY_LEVELS);
    if (id === 0 || this.#rowOf[kind].has(id)) badState('an entity enters twice');
    const table = this.tables[kind];
    const kept = before?.[kind].get(id);
    if (kept !== undefined) {
      before?.[kind].delete(id);
      table.reset(kept);
    }
    const row = kept ?? table.add(id);
    this.#rowOf[kind].set(id, row);
    arrived.kind = kind;
    arrived.row = row;
    table.read[row] = table.arrived[row] = table.now;
    table.behind[row] = 0;
    this.#readAge(source, table, row);
    readShared(source, table, row, this.#reading);
    source.close();
    return id;
  }

  #readChanges(source: Source, step: boolean): void {
    const reading = this.#reading;
    const wholes = step && source.level(Context.Wholes, 1) === 1;
    source.select(Context.Changed);
    for (const { slot, kind, row } of this.#held) {
      const table = this.tables[kind];
      if (table.arrived[row] === table.now) continue;
      const inStep = step && table.behind[row] === 0;
      reading.sends = (table.now - table.changed[row]) / this.#sendEvery;
      const context = table.plan.changed + changedOffset(inStep ? reading.sends : undefined);
      if (!source.offered(context, slot)) continue;
      table.read[row] = table.now;
      table.behind[row] = 0;
      const whole = !inStep || (wholes && source.level(Context.Whole, 1) === 1);
      reading.form = whole ? FORM_SINCE : FORM_STEP;
      if (reading.form === FORM_STEP) table.changed[row] = table.now;
      else this.#readAge(source, table, row);
      readShared(source, table, row, reading);
    }
    source.close();
  }

  /** Rows that fall behind: what changed of them now is told in a later STATE. */
  #readDeferred(source: Source): void {
    if (!source.option(Context.Defers)) return;
    source.select(Context.Behind);
    for (const { slot, kind, row } of this.#held) {
      const table = this.tables[kind];
      if (table.arrived[row] === table.now || !source.offered(Context.Deferred, slot)) continue;
      if (table.behind[row] === 0) table.behind[row] = this.tick;
    }
    source.close();
  }

  /** How many STATEs ago the row was last named to those who were in step. */
  #readAge(source: Source, table: ReceivedTable, row: number): void {
    const age = this.#packed ? source.count(Context.Age, MAX_AGE) : 0;
    table.changed[row] = Math.max(table.now - age * this.#sendEvery, 0);
  }
}

function rowsOf({ ids, high }: Table): Map<number, number> {
  const rows = new Map<number, number>();
  for (let row = 1; row <= high; row++) if (ids[row] !== 0) rows.set(ids[row], row);
  return rows;
}
