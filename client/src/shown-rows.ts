// The rows a game draws: one stable object per entity from the view it enters to the view it has
// left, filled anew for each drawn frame from two snapshots, or guessed from the newest two while
// news are late; where a guess was wrong, the picture fades to the truth. Also keeps who entered
// and who left since the last look. Rows stay at the index they have in the received tables.
import { EPOCH, type Game, type History, type Row, rowClass, Table } from '@tickwire/protocol';
import { Fading } from './fading.ts';
import { Moment } from './moment.ts';

/** A fade shorter than this looks like a jump, ms. */
const LEAST_FADE_MS = 100;
/**
 * A fade takes so much longer than the time that it mends: what was guessed, and what was true, may
 * differ by both their ways, and at 1.1 times the speed of play 0.4 more is still below 1.5.
 */
const FADE_FACTOR = 2.5;
/** Shown time that runs further ahead than slewing can has hopped, ms; beyond a second, slept. */
const LEAST_HOP_MS = 100;
const MOST_HOP_MS = 1000;
/**
 * From the present to what others are shown, or back, ms: FADE_FACTOR of a lead and a delay. And
 * from one server's time to another's.
 */
const HANDED_OVER_MS = 600;

/** An entity that the server has not told of yet. */
export interface Spawned {
  /** Below 0. */
  readonly id: number;
}

/** What one's own predicted entities look like now; others are blended from snapshots. */
export interface OwnRows {
  /** True if the row is predicted here and its place in time is now. */
  has(kind: number, row: number): boolean;
  /** True if rows of that kind and owner are predicted here. */
  predicts(kind: number, owner: number): boolean;
  /** Writes the row as it is to be drawn. */
  draw(kind: number, row: number, into: Table): void;
  /** What steps have spawned and the server has not told of, with ids below 0. */
  spawned(kind: number): readonly Spawned[];
  /** Writes one of those into row `to`. */
  drawSpawned(spawned: Spawned, into: Table, to: number): void;
  /** The id below 0 that a row was shown with before the server told of it; 0 for none. */
  bornAs(kind: number, row: number): number;
}

export class ShownRows {
  readonly tables: readonly Table[];
  /** Rows that the server has not told of yet, in no order: spawned by one's own steps. */
  readonly spawned: readonly Table[];
  readonly state: Table;
  /** By kind: rows that came into view, and rows that went out of it, at the last update. */
  readonly entered: Row[][];
  readonly left: Row[][];
  /** Rows that left keep their last values here until the next update. */
  readonly #departed: Table[];
  readonly #fading: Fading[];
  /** Room for a row as it was drawn, or should have been. */
  readonly #copies: Table[];
  /** By kind and row: it was drawn as one's own. Undefined: not drawn yet. */
  readonly #wasMine: (boolean | undefined)[][];
  readonly #tickMs: number;
  /**
   * What the last picture was drawn of, at which tick (NaN: of no time known), and the newest that
   * was known then.
   */
  #moment: Moment | undefined;
  #tick = Number.NaN;
  #newestTick = 0;
  #renewed = false;

  constructor({ kinds, state, tickRate }: Game) {
    this.#tickMs = 1000 / tickRate;
    this.#fading = kinds.map((plan) => new Fading(plan));
    this.#copies = kinds.map((plan) => new Table(plan));
    this.#wasMine = kinds.map(() => []);
    this.tables = kinds.map((plan) => new Table(plan, rowClass(plan, 'shown')));
    this.spawned = kinds.map((plan) => new Table(plan, rowClass(plan, 'shown')));
    this.#departed = kinds.map((plan) => new Table(plan));
    this.state = new Table(state, rowClass(state, 'shown'));
    this.state.put(1, 1);
    this.entered = kinds.map(() => []);
    this.left = kinds.map(() => []);
  }

  /** Whose `ownerOnly` fields may be read. */
  set viewer(seat: number) {
    for (const table of [...this.tables, ...this.spawned, ...this.#departed]) table.viewer = seat;
  }

  /**
   * Shows the world of the fractional `tick`, `elapsedMs` after the last look (left out: nothing
   * fades); own rows in the present. Rows are the same objects as long as their entity is. Where
   * the history no longer has the tick, others stand as they were, for a second at most.
   */
  update(history: History, tick: number, elapsedMs = Infinity, own?: OwnRows): void {
    const newest = history.newest!;
    const oldest = history.oldest!.tick;
    const sinceMs = (tick - this.#tick) * this.#tickMs;
    // More came than is kept, as after a sleep, and where it leads is not known yet.
    const stands = tick < oldest && sinceMs >= 0 && sinceMs < MOST_HOP_MS;
    const moment = new Moment(history, tick, this.#tickMs);
    if (!stands) {
      if (this.#moment) this.#mend(history, tick, sinceMs - elapsedMs, own);
      this.#moment = moment;
      this.#tick = Math.max(tick, oldest);
      this.#newestTick = newest.tick;
      this.state.copyRow(1, moment.from.state);
    }
    for (let k = 0; k < this.tables.length; k++) {
      this.#forgetDeparted(k);
      const shown = this.tables[k];
      const [from, latest] = [moment.from.tables[k], newest.tables[k]];
      const high = Math.max(shown.high, from.high, latest.high);
      shown.reserve(high);
      if (this.#renewed) for (let row = 1; row <= shown.high; row++) this.#replace(k, row, 0);
      for (let row = 1; row <= high; row++) {
        const mine = own?.has(k, row) ?? false;
        if (stands && !mine) continue;
        // One's own live in the present: they come and go with the newest snapshot, while others do
        // with the one shown.
        const gone = !mine && idAt(latest, row) === 0 && own?.predicts(k, ownerAt(from, row));
        const id = gone ? 0 : idAt(mine ? latest : from, row);
        if (shown.ids[row] !== id) this.#replace(k, row, id, mine ? own!.bornAs(k, row) : 0);
        if (id !== 0) this.#draw(k, row, moment, elapsedMs, mine ? own : undefined);
      }
      if (own) this.#showSpawned(k, own);
    }
    this.#renewed = false;
  }

  /**
   * Another room, after `rebase`: at the next update everybody leaves first, whatever their ids.
   */
  renew(): void {
    this.#renewed = true;
    this.#moment = undefined;
  }

  /** Another time: what is shown next of the same room glides there, wherever its tick stands. */
  rebase(): void {
    this.#tick = Number.NaN;
  }

  #draw(
    kind: number,
    row: number,
    moment: Moment,
    elapsedMs: number,
    own: OwnRows | undefined,
  ): void {
    const shown = this.tables[kind];
    const fading = this.#fading[kind];
    const mine = own !== undefined;
    const epoch = shown.values[EPOCH][row];
    const handedOver = this.#wasMine[kind][row] === !mine;
    if (handedOver) this.#copy(kind, row).copyRow(row, shown);
    this.#wasMine[kind][row] = mine;
    if (mine) own.draw(kind, row, shown);
    else moment.draw(kind, row, shown);
    if (shown.values[EPOCH][row] !== epoch) fading.stop(row);
    else if (handedOver) fading.start(row, this.#copies[kind], shown, HANDED_OVER_MS);
    fading.add(row, shown, elapsedMs);
  }

  /** News came after a guess, or shown time hopped: whatever was drawn wrongly fades. */
  #mend(history: History, tick: number, hopMs: number, own: OwnRows | undefined): void {
    const { guessedMs, motionMs } = this.#moment!;
    // NaN: it is another time, and nobody knows how far from here.
    const hops = !(hopMs <= LEAST_HOP_MS);
    if (hopMs > MOST_HOP_MS || !(hops || (guessedMs && history.newest!.tick > this.#newestTick)))
      return;
    const truth = new Moment(history, hops ? tick : this.#tick, this.#tickMs);
    const wrongMs = hops ? hopMs + guessedMs : guessedMs + motionMs;
    const ms = Math.max(FADE_FACTOR * wrongMs, LEAST_FADE_MS) || HANDED_OVER_MS;
    for (let k = 0; k < this.tables.length; k++) {
      const { ids, high } = this.tables[k];
      for (let row = 1; row <= high; row++) {
        if (ids[row] === 0 || ids[row] !== idAt(truth.from.tables[k], row)) continue;
        if (own?.has(k, row)) continue;
        const copy = this.#copy(k, row);
        truth.draw(k, row, copy);
        this.#fading[k].start(row, this.tables[k], copy, ms);
      }
    }
  }

  #copy(kind: number, row: number): Table {
    const copy = this.#copies[kind];
    copy.reserve(row);
    return copy;
  }

  /** `bornAs`: what entered under that id goes on as `id`. */
  #replace(kind: number, row: number, id: number, bornAs = 0): void {
    const shown = this.tables[kind];
    if (shown.ids[row] !== 0) this.#depart(kind, shown, row);
    this.#fading[kind].stop(row);
    this.#wasMine[kind][row] = undefined;
    if (id === 0) return;
    const born = bornAs ? this.spawned[kind].ids.indexOf(bornAs) : -1;
    if (born > 0) moveRow(this.spawned[kind], born, shown, row, id);
    else {
      shown.put(row, id);
      this.entered[kind].push(shown.rows[row]!);
    }
  }

  #depart(kind: number, table: Table, row: number): void {
    const left = this.left[kind];
    left.push(moveRow(table, row, this.#departed[kind], left.length + 1, table.ids[row]));
  }

  /** After the told rows: what was told just now is no longer among these. */
  #showSpawned(kind: number, own: OwnRows): void {
    const shown = this.spawned[kind];
    const spawned = own.spawned(kind);
    for (let row = 1; row <= shown.high; row++)
      if (shown.ids[row] !== 0 && !spawned.some(({ id }) => id === shown.ids[row]))
        this.#depart(kind, shown, row);
    for (const one of spawned) {
      let row = shown.ids.indexOf(one.id);
      if (row < 0) {
        row = shown.ids.indexOf(0, 1);
        if (row < 0) row = shown.capacity;
        shown.put(row, one.id);
        this.entered[kind].push(shown.rows[row]!);
      }
      own.drawSpawned(one, shown, row);
    }
  }

  #forgetDeparted(kind: number): void {
    for (let at = this.left[kind].length; at > 0; at--) this.#departed[kind].release(at);
    this.left[kind].length = 0;
    this.entered[kind].length = 0;
  }
}

function idAt(table: Table, row: number): number {
  return row <= table.high ? table.ids[row] : 0;
}

function ownerAt(table: Table, row: number): number {
  return row <= table.high ? table.ownerOf(row) : 0;
}

/** The row's object stays the same: it is the row `at` of another table from now on. */
function moveRow(from: Table, row: number, to: Table, at: number, id: number): Row {
  const moved = from.rows[row]!;
  to.put(at, id);
  to.copyRow(at, from, row);
  from.release(row);
  moved.$table = to;
  moved.$index = at;
  to.rows[at] = moved;
  return moved;
}
