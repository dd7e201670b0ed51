// One's own entities as they are predicted: those the server told of, and those that a step spawned
// before it told. Takes in what each STATE says, and recognises in a newcomer the spawn that is
// shown already. Filled and read by prediction.ts, which steps them; knows nothing of inputs.
//
// A spawn is recognised without a word on the wire: ids ascend in the order of spawning, and inputs
// arrive in order. So a STATE whose ticks all had their input in time says that every press made up
// to its tick has had its effect: newcomers of a kind are the pending spawns of that kind in order,
// and a spawn that is then still pending will never come. A tick without its input says nothing:
// its press may be carried to a later one, and the spawn waits.
import { MAX_ENTITY_ID, OWNER, type Received, type Row, rowClass, Table } from '@tickwire/protocol';

/** An entity of one's own. */
export interface Own {
  readonly kind: number;
  /** Its row in the tables of this file. */
  readonly slot: number;
  /** Tick whose step spawned it; 0 for what was not spawned here. */
  readonly tick: number;
  /** Below 0, and its id until it is told; 0 for what was not spawned here. */
  readonly bornAs: number;
  id: number;
  /** Its row in the received tables; 0 until it is told. */
  row: number;
  /** A spawn whose tick was stepped again and that was spawned again. */
  isRepeated: boolean;
  /** There is a picture of it as predicted, which a correction would make jump. */
  isDrawn: boolean;
}

/** As the server's rows: numbers start as declared, unrounded. */
class OwnTable extends Table {
  protected override get start(): Float64Array {
    return this.plan.initial;
  }
}

export class OwnEntities {
  /** In the order they came to be, which is the order in which the server steps them. */
  readonly list: Own[] = [];
  /** As predicted, as drawn, and what is still to be faded: by kind, aligned. */
  readonly now: readonly Table[];
  readonly drawn: readonly Table[];
  readonly offset: readonly Table[];
  readonly #received: Received;
  readonly #kinds: readonly number[];
  /** By kind and received row. */
  readonly #at: (Own | undefined)[][];
  #spawned = 0;

  /** `kinds`: which are predicted. */
  constructor(received: Received, kinds: readonly number[]) {
    this.#received = received;
    this.#kinds = kinds;
    const tables = () =>
      received.tables.map(({ plan }) => new OwnTable(plan, rowClass(plan, 'live')));
    [this.now, this.drawn] = [tables(), tables()];
    this.offset = received.tables.map(({ plan }) => new Table(plan));
    this.#at = received.tables.map(() => []);
  }

  /** The entity in a received row, if it is one's own. */
  find(kind: number, row: number): Own | undefined {
    return this.#at[kind][row];
  }

  /** A step of `tick` spawns: the row to fill, all defaults. The same one each time it is made. */
  spawn(kind: number, tick: number): Row {
    let own = this.list.find(
      (one) => one.row === 0 && one.kind === kind && one.tick === tick && !one.isRepeated,
    );
    if (!own) own = this.#add(kind, 0, --this.#spawned, tick);
    own.isRepeated = true;
    const now = this.now[kind];
    now.reset(own.slot);
    now.values[OWNER][own.slot] = this.#received.seat;
    return now.rows[own.slot]!;
  }

  /** Ticks `first` to `last` are about to be stepped. */
  expect(first: number, last: number): void {
    for (const own of this.list)
      if (own.row === 0 && own.tick >= first && own.tick <= last) own.isRepeated = false;
  }

  /** Those ticks were stepped: what they spawned before and not this time is taken back. */
  sweep(first: number, last: number): void {
    this.dropSpawns((own) => own.tick >= first && own.tick <= last && !own.isRepeated);
  }

  /** Takes back pending spawns. */
  dropSpawns(which: (own: Own) => boolean): void {
    for (let i = this.list.length - 1; i >= 0; i--)
      if (this.list[i].row === 0 && which(this.list[i])) this.#drop(i);
  }

  /** Another room: entities of the same ids are others. */
  clear(): void {
    for (let i = this.list.length - 1; i >= 0; i--) this.#drop(i);
  }

  /**
   * A STATE of `tick` was read. `settled`: every press made up to that tick has had its effect on
   * it.
   */
  receive(tick: number, settled: number): void {
    for (let i = this.list.length - 1; i >= 0; i--) {
      const { kind, row, id } = this.list[i];
      if (row !== 0 && !this.#isMine(kind, row, id)) this.#drop(i);
    }
    for (const kind of this.#kinds) this.#welcome(kind, tick, settled);
    this.dropSpawns((own) => own.tick <= settled);
    this.list.sort((a, b) => place(a) - place(b));
  }

  #isMine(kind: number, row: number, id: number): boolean {
    const table = this.#received.tables[kind];
    return table.ids[row] === id && table.ownerOf(row) === this.#received.seat;
  }

  /** Newcomers of a kind, in the order of their ids. */
  #welcome(kind: number, tick: number, settled: number): void {
    const { ids, high, arrived } = this.#received.tables[kind];
    const rows: number[] = [];
    for (let row = 1; row <= high; row++)
      if (ids[row] !== 0 && !this.#at[kind][row] && this.#isMine(kind, row, ids[row]))
        rows.push(row);
    rows.sort((a, b) => ids[a] - ids[b]);
    const born = rows.filter((row) => arrived[row] === tick).length;
    const pending = this.list.filter(
      (own) => own.row === 0 && own.kind === kind && own.tick <= tick,
    );
    // Nothing more is to come: those that are too many are the oldest, which came to nothing.
    if (settled === tick && born < pending.length) pending.splice(0, pending.length - born);
    for (const row of rows) {
      const own = arrived[row] === tick ? pending.shift() : undefined;
      if (own) own.row = row;
      this.#at[kind][row] = own ?? this.#add(kind, row, 0, 0);
      this.#at[kind][row]!.id = ids[row];
    }
  }

  #add(kind: number, row: number, bornAs: number, tick: number): Own {
    const now = this.now[kind];
    const slot = now.add(bornAs || this.#received.tables[kind].ids[row]);
    for (const table of [this.drawn[kind], this.offset[kind]]) table.put(slot, now.ids[slot]);
    for (const column of this.offset[kind].values) column[slot] = 0;
    const id = now.ids[slot];
    const own = { kind, slot, tick, bornAs, id, row, isRepeated: false, isDrawn: false };
    this.list.push(own);
    return own;
  }

  #drop(i: number): void {
    const [{ kind, row, slot }] = this.list.splice(i, 1);
    if (row !== 0) this.#at[kind][row] = undefined;
    this.now[kind].remove(slot, 0);
    this.now[kind].settle(0);
    this.drawn[kind].release(slot);
    this.offset[kind].release(slot);
  }
}

/** Told entities by id, then those that are still to be told. */
function place({ id }: Own): number {
  return id > 0 ? id : MAX_ENTITY_ID - id;
}
