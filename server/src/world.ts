// The live tables of a room: spawning, looking up, owning. Knows nothing of seats' connections,
// sight or sending; room.ts gives it to the game, visibility and replication read it. Ids ascend
// and are never reused.
import {
  assignRow,
  type Game,
  LiveTable,
  MAX_ENTITY_ID,
  type Plan,
  type Row,
  UsageError,
} from '@tickwire/protocol';

export class World {
  /** The tick that is being computed. */
  tick: number;
  readonly tables: readonly LiveTable[];
  /** The room's state, in row 1. */
  readonly state: LiveTable;
  /**
   * Rows by owner's seat. Each list is replaced when it changes, never changed: who walks one may
   * despawn or give away what is in it.
   */
  readonly owned = new Map<number, readonly Row[]>();
  readonly #game: Game;
  readonly #rowOf: readonly Map<number, number>[];
  #nextId = 1;

  /**
   * `tick` is the first tick that will be sent; `strict` throws on values outside their range;
   * `packed`: smooth fields are followed by tracks; `far`: for seats far from a row as well.
   */
  constructor(game: Game, tick: number, strict: boolean, packed = false, far = false) {
    this.#game = game;
    this.tick = tick;
    const tickSeconds = packed ? 1 / game.tickRate : 0;
    this.tables = game.kinds.map((plan) => new LiveTable(plan, tick, strict, tickSeconds, far));
    this.#rowOf = game.kinds.map(() => new Map());
    this.state = new LiveTable(game.state, tick, strict, tickSeconds);
    this.state.put(1, 1);
  }

  table(kind: string): LiveTable {
    return this.tables[this.#game.kind(kind).index];
  }

  spawn(kind: string, init: Readonly<Record<string, unknown>>, owner: number): Row {
    const table = this.table(kind);
    if (this.#nextId >= MAX_ENTITY_ID) throw new UsageError('this room has used up its entity ids');
    const id = this.#nextId++;
    const index = table.add(id);
    this.#rowOf[table.plan.index].set(id, index);
    const row = table.rows[index]!;
    try {
      assignRow(row, table.plan, init);
    } catch (error) {
      this.despawn(row);
      throw error;
    }
    if (owner) this.setOwner(row, owner);
    return row;
  }

  despawn(row: Row): void {
    const table = this.#live(row);
    this.#disown(row);
    this.#rowOf[table.plan.index].delete(row.id);
    table.remove(row.$index, table.tick);
  }

  setOwner(row: Row, seat: number): void {
    const table = this.#live(row);
    this.#disown(row);
    table.setOwner(row.$index, seat);
    if (seat) this.owned.set(seat, [...(this.owned.get(seat) ?? NONE), row]);
  }

  #disown(row: Row): void {
    const rows = this.owned.get(row.owner);
    if (rows)
      this.owned.set(
        row.owner,
        rows.filter((one) => one !== row),
      );
  }

  get(kind: string, id: number): Row | undefined {
    const table = this.table(kind);
    const index = this.#rowOf[table.plan.index].get(id);
    return index === undefined ? undefined : table.rows[index];
  }

  /**
   * Every row of a kind. Rows spawned or despawned meanwhile may or may not come; none comes twice.
   */
  all(kind: string): IterableIterator<Row> {
    return new Walk(this.table(kind), undefined, 0, 0, 0)[Symbol.iterator]();
  }

  /** Rows of a kind within `radius` of a point; kinds without a position have none. */
  near(kind: string, x: number, y: number, radius: number): IterableIterator<Row> {
    const table = this.table(kind);
    return new Walk(table, positionOf(table.plan), x, y, radius)[Symbol.iterator]();
  }

  /** Compares, stamps and rounds all that was written in the `ticks` since the last STATE. */
  round(ticks: number): void {
    for (const table of this.tables) table.round(ticks);
    this.state.round(ticks);
  }

  /**
   * What is written from now on belongs to `tick`, and to the STATE of `stateTick`. Rows freed
   * before may be used again.
   */
  begin(tick: number, stateTick: number): void {
    this.tick = tick;
    for (const table of this.tables) {
      table.tick = stateTick;
      table.settle(tick - 1);
    }
    this.state.tick = stateTick;
  }

  /** Forgets map keys deleted at `tick` or before. */
  forget(tick: number): void {
    for (const table of this.tables) table.forget(tick);
    this.state.forget(tick);
  }

  /** What the next entity is called. */
  get nextId(): number {
    return this.#nextId;
  }

  /**
   * A checkpoint has filled the tables. `owned`: every row that is somebody's, each seat's in the
   * order in which it got them.
   */
  filled(nextId: number, owned: Iterable<Row>): void {
    this.#nextId = nextId;
    this.tables.forEach(({ rows }, kind) => {
      for (const row of rows) if (row) this.#rowOf[kind].set(row.id, row.$index);
    });
    const lists = new Map<number, Row[]>();
    for (const row of owned) {
      const list = lists.get(row.owner) ?? [];
      if (list.push(row) === 1) lists.set(row.owner, list);
    }
    for (const [seat, rows] of lists) this.owned.set(seat, rows);
  }

  /** Values clamped on the wire since the start. */
  get clamped(): number {
    let sum = this.state.clamped;
    for (const table of this.tables) sum += table.clamped;
    return sum;
  }

  #live(row: Row): LiveTable {
    const table = row.$table;
    if (!row.alive || table !== this.tables[table.plan.index])
      throw new UsageError(`this ${row.kind} is not alive in this room`);
    return table as LiveTable;
  }
}

const NONE: readonly Row[] = [];

type Position = NonNullable<Plan['position']>;

/**
 * A walk over a table's rows that allocates nothing but itself: it is its own result object, which
 * a generator makes for every row. Trap: a result is gone at the next step, as `for` expects.
 */
class Walk {
  done = false;
  value: Row | undefined = undefined;
  #row = 0;
  readonly #table: LiveTable;
  readonly #at: Position | undefined;
  readonly #x: number;
  readonly #y: number;
  readonly #radius: number;
  /** Rows that were there at the start: a loop that spawns its own kind comes to an end. */
  readonly #end: number;

  constructor(table: LiveTable, at: Position | undefined, x: number, y: number, radius: number) {
    this.#table = table;
    this.#at = at;
    this.#x = x;
    this.#y = y;
    this.#radius = radius;
    this.#end = table.rows.length;
  }

  [Symbol.iterator](): IterableIterator<Row> {
    return this as unknown as IterableIterator<Row>;
  }

  next(): IteratorResult<Row> {
    const { rows } = this.#table;
    while (++this.#row < this.#end) {
      const row = rows[this.#row];
      if (row === undefined || (this.#at && !this.#isNear(this.#at))) continue;
      this.value = row;
      return this as IteratorResult<Row>;
    }
    this.value = undefined;
    this.done = true;
    return this as IteratorResult<Row>;
  }

  #isNear(at: Position): boolean {
    const { values } = this.#table;
    const dx = values[at.x][this.#row] - this.#x;
    const dy = values[at.y][this.#row] - this.#y;
    return dx * dx + dy * dy <= this.#radius * this.#radius;
  }
}

/** Columns of a kind's position; UsageError for a kind that has none. */
export function positionOf(plan: Plan): Position {
  if (!plan.position)
    throw new UsageError(`${plan.name} has no position: give it x and y, or a vec2 named position`);
  return plan.position;
}
