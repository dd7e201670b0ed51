// The world at one moment, as one seat was shown it: rows between two STATEs blended by the same
// rule as the browser's, one's own as they are now. Turned by rewind.ts to a moment and handed to
// the game for the length of a call. Rows are blended when they are first asked for. Trap: row
// objects are used again at the next turn.
import {
  blendRow,
  extendRow,
  type Game,
  type Plan,
  type Row,
  type RowClass,
  rowClass,
  Table,
} from '@tickwire/protocol';
import type { Point } from './eyes.ts';
import { PastGrid, type Way } from './rewind-grid.ts';
import type { Sent } from './rewind-history.ts';
import type { PastHit } from './room-api.ts';
import type { RoomSeat } from './seat.ts';
import { positionOf, type World } from './world.ts';

type Position = NonNullable<Plan['position']>;

/** What a look sees. */
export interface Moment {
  /** Fractional tick. */
  tick: number;
  /** STATE at or before it, and the one after it; the live world where there is none. */
  older: Sent | undefined;
  newer: Sent | undefined;
  /** 0..1 of the way from `older` to `newer`. */
  fraction: number;
  /**
   * Above 0: the browser waited for news, and guessed on from `older` by so much motion, or by
   * `fraction` of the way from the STATE before it, which stands in `newer`.
   */
  guessedSeconds: number;
  /** Whose eyes these are: its own rows are as they are now. */
  seat: RoomSeat | undefined;
  /** Only what the seat was told of. */
  sighted: boolean;
}

export class Rewound {
  #at: Moment = {
    tick: 0,
    older: undefined,
    newer: undefined,
    fraction: 0,
    guessedSeconds: 0,
    seat: undefined,
    sighted: false,
  };
  readonly #game: Game;
  readonly #world: World;
  /** By kind: rows of the past, and rows as they are now. */
  readonly #past: readonly Copies[];
  readonly #present: readonly Copies[];
  #turn = 0;

  constructor(game: Game, world: World) {
    this.#game = game;
    this.#world = world;
    this.#past = game.kinds.map((plan) => new Copies(plan));
    this.#present = game.kinds.map((plan) => new Copies(plan));
  }

  get tick(): number {
    return this.#at.tick;
  }

  turn(moment: Moment): this {
    this.#at = moment;
    this.#turn++;
    return this;
  }

  *all(kind: string): Generator<Row, void> {
    const { index } = this.#game.kind(kind);
    const { older } = this.#at;
    const { high } = older ? older.tables[index] : this.#world.tables[index];
    for (let row = 1; row <= high; row++) {
      const found = older ? this.#then(index, row) : this.#now(index, row);
      if (found) yield found;
    }
    if (older) yield* this.#mine(index);
  }

  get(kind: string, id: number): Row | undefined {
    const { index, stepped } = this.#game.kind(kind);
    const { older, seat } = this.#at;
    const live = this.#world.get(kind, id);
    if (!older || (live && stepped && seat && live.owner === seat.id))
      return live && this.#now(index, live.$index);
    const { ids, high } = older.tables[index];
    if (live) return ids[live.$index] === id ? this.#then(index, live.$index) : undefined;
    for (let row = 1; row <= high; row++) if (ids[row] === id) return this.#then(index, row);
    return undefined;
  }

  near(kind: string, x: number, y: number, radius: number): Row[] {
    const plan = this.#game.kind(kind);
    const at = positionOf(plan);
    const here = { fromX: x, fromY: y, toX: x, toY: y };
    return this.#around(plan, here, radius).filter(({ $table: { values }, $index }) => {
      const dx = values[at.x][$index] - x;
      const dy = values[at.y][$index] - y;
      return dx * dx + dy * dy <= radius * radius;
    });
  }

  ray(kind: string, from: Point, to: Point, radius: number): PastHit<Row>[] {
    const plan = this.#game.kind(kind);
    const at = positionOf(plan);
    const hits: PastHit<Row>[] = [];
    const way = { fromX: from.x, fromY: from.y, toX: to.x, toY: to.y };
    for (const row of this.#around(plan, way, radius)) {
      const distance = reached(row, at, from, to, radius);
      if (distance >= 0) hits.push({ row, distance });
    }
    return hits.sort((a, b) => a.distance - b.distance || a.row.id - b.row.id);
  }

  /** All that is within `radius` of the way from one point to another, and some that is not. */
  #around(plan: Plan, way: Way, radius: number): Row[] {
    const { older, newer, guessedSeconds } = this.#at;
    if (!older || !newer || guessedSeconds > 0) return [...this.all(plan.name)];
    const grid = gridOf(plan, older, newer);
    grid.along(way, radius + (older.far[plan.index] ? farReach(plan) : 0));
    const rows: Row[] = [];
    for (let i = 0; i < grid.count; i++) {
      const row = this.#then(plan.index, grid.found[i]);
      if (row) rows.push(row);
    }
    rows.push(...this.#mine(plan.index));
    return rows;
  }

  /** The seat's own predicted rows: on its screen they are in the present. */
  *#mine(kind: number): Generator<Row, void> {
    const { seat } = this.#at;
    const plan = this.#game.kinds[kind];
    if (!seat || !plan.stepped) return;
    for (const row of this.#world.owned.get(seat.id) ?? [])
      if (row.kind === plan.name && row.alive) yield this.#now(kind, row.$index)!;
  }

  /** A row of the moment; undefined where there is none, or none that the seat was shown there. */
  #then(kind: number, row: number): Row | undefined {
    const { older, newer, seat, sighted, fraction, guessedSeconds } = this.#at;
    const from = older!.tables[kind];
    const id = from.ids[row];
    if (id === 0 || (seat && this.#isOwn(kind, row, id, seat.id))) return undefined;
    const copies = this.#past[kind];
    if (copies.isFresh(row, this.#turn)) return copies.rows[row];
    let share = fraction;
    if (sighted && seat) {
      if (!seat.told.held(seat.known, id, older!.tick)) return undefined;
      // On its screen, who leaves sight stands where it was until it is gone; and who just came
      // has come no way yet.
      if (newer && newer !== older && !seat.told.held(seat.known, id, newer.tick)) share = 0;
    }
    const isFar = newer !== undefined && older!.far[kind] !== undefined && this.#isFar(id);
    const made = copies.refresh(row, id, this.#turn);
    const a = isFar ? older!.far[kind]! : from;
    const b = isFar ? newer.far[kind]! : newer ? newer.tables[kind] : this.#world.tables[kind];
    if (guessedSeconds > 0) extendRow(copies, row, b, a, share, guessedSeconds);
    else blendRow(copies, row, a, b, share);
    return made;
  }

  /** True for what the seat was last told as it is to those who are far. */
  #isFar(id: number): boolean {
    const { seat } = this.#at;
    const slot = seat ? seat.known.slotOf(id) : -1;
    return slot >= 0 && seat!.known.toldTierAt(slot) !== 0;
  }

  /** True for what the seat predicts by now, and for what it predicted until it was gone. */
  #isOwn(kind: number, row: number, id: number, seat: number): boolean {
    if (!this.#game.kinds[kind].stepped) return false;
    const live = this.#world.tables[kind];
    const owner =
      live.ids[row] === id ? live.ownerOf(row) : this.#at.older!.tables[kind].ownerOf(row);
    return owner === seat;
  }

  #now(kind: number, row: number): Row | undefined {
    const live = this.#world.tables[kind];
    const id = live.ids[row];
    if (id === 0) return undefined;
    const copies = this.#present[kind];
    if (copies.isFresh(row, this.#turn)) return copies.rows[row];
    const made = copies.refresh(row, id, this.#turn);
    copies.copyRow(row, live);
    return made;
  }
}

/** Rows handed to the game: filled one by one, once a turn. */
class Copies extends Table {
  readonly #class: RowClass;
  #turnOf = new Float64Array(32);

  constructor(plan: Plan) {
    super(plan);
    this.#class = rowClass(plan, 'past');
  }

  isFresh(row: number, turn: number): boolean {
    return this.#turnOf[row] === turn;
  }

  refresh(row: number, id: number, turn: number): Row {
    this.reserve(row);
    if (row >= this.#turnOf.length) {
      const longer = new Float64Array(this.capacity);
      longer.set(this.#turnOf);
      this.#turnOf = longer;
    }
    this.#turnOf[row] = turn;
    this.ids[row] = id;
    return (this.rows[row] ??= new this.#class(this, row));
  }
}

/** World units that a row may be from where the grid has it, to who is far. */
function farReach(plan: Plan): number {
  const { x, y } = positionOf(plan);
  const off = [x, y].map((c) => (plan.columns[c].far + 1) * plan.columns[c].step);
  return Math.hypot(off[0], off[1]);
}

/** The grid of a kind between two STATEs: built once, for every look that falls between them. */
function gridOf(plan: Plan, older: Sent, newer: Sent): PastGrid {
  const kind = plan.index;
  const kept = older.grids[kind];
  if (kept && older.gridTicks[kind] === newer.tick) return kept;
  const grid = kept ?? new PastGrid();
  older.grids[kind] = grid;
  older.gridTicks[kind] = newer.tick;
  grid.build(older.tables[kind], newer.tables[kind], positionOf(plan));
  return grid;
}

/**
 * How far along the way from `from` to `to` the ball of `radius` around a row begins: 0 where the
 * way starts inside; -1 where it does not meet it. Heights count where both points and row have
 * one.
 */
function reached(row: Row, at: Position, from: Point, to: Point, radius: number): number {
  const { values } = row.$table;
  const high = at.z >= 0 && from.z !== undefined && to.z !== undefined;
  const wayX = to.x - from.x;
  const wayY = to.y - from.y;
  const wayZ = high ? to.z! - from.z! : 0;
  const length = Math.hypot(wayX, wayY, wayZ);
  const x = values[at.x][row.$index] - from.x;
  const y = values[at.y][row.$index] - from.y;
  const z = high ? values[at.z][row.$index] - from.z! : 0;
  const outside = x * x + y * y + z * z - radius * radius;
  if (outside <= 0) return 0;
  // How far along the way its middle is, and whether the way passes near enough.
  const along = length > 0 ? (x * wayX + y * wayY + z * wayZ) / length : 0;
  const square = along * along - outside;
  if (along <= 0 || !(square >= 0)) return -1;
  const distance = along - Math.sqrt(square);
  return distance <= length ? distance : -1;
}
