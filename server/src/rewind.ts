// The world as one player was shown it: history blended at the fractional tick of that player's
// view, by the same rule as the browser's. Called by games through room.rewind; the room says how
// far back the player's line allows.
import {
  blendRow,
  type Game,
  type History,
  type Row,
  type RowClass,
  rowClass,
  Table,
} from '@tickwire/protocol';
import { positionOf } from './world.ts';

/** Rows are read-only copies; ownership and server-only fields are as they were then. */
export class Rewound {
  /** Fractional tick of this view. */
  tick = 0;
  readonly #game: Game;
  readonly #history: History;
  readonly #tables: Table[];
  readonly #classes: RowClass[];
  readonly #fresh: boolean[];
  readonly #every: number;

  /** `every`: ticks from one STATE to the next, for a browser blends between those it was sent. */
  constructor(game: Game, history: History, every = 1) {
    this.#every = every;
    this.#game = game;
    this.#history = history;
    this.#tables = game.kinds.map((plan) => new Table(plan));
    this.#classes = game.kinds.map((plan) => rowClass(plan, 'live'));
    this.#fresh = game.kinds.map(() => false);
  }

  /** Turns to a tick; kinds are blended when first asked for. */
  turn(tick: number): this {
    const newest = this.#history.newest?.tick ?? 0;
    const oldest = this.#history.oldest?.tick ?? 0;
    this.tick = Math.min(Math.max(tick, oldest), newest);
    this.#fresh.fill(false);
    return this;
  }

  *all(kind: string): Generator<Row, void> {
    const table = this.#blended(kind);
    for (let row = 1; row <= table.high; row++) if (table.ids[row] !== 0) yield table.rows[row]!;
  }

  get(kind: string, id: number): Row | undefined {
    for (const row of this.all(kind)) if (row.id === id) return row;
    return undefined;
  }

  *near(kind: string, x: number, y: number, radius: number): Generator<Row, void> {
    const table = this.#blended(kind);
    const at = positionOf(table.plan);
    for (let row = 1; row <= table.high; row++) {
      if (table.ids[row] === 0) continue;
      const dx = table.values[at.x][row] - x;
      const dy = table.values[at.y][row] - y;
      if (dx * dx + dy * dy <= radius * radius) yield table.rows[row]!;
    }
  }

  #blended(kind: string): Table {
    const { index } = this.#game.kind(kind);
    const table = this.#tables[index];
    if (this.#fresh[index]) return table;
    this.#fresh[index] = true;
    const every = this.#every;
    const sent = Math.floor(this.tick / every) * every;
    const at = this.#history.indexAt(Math.max(sent, this.#history.oldest?.tick ?? 0));
    const older = this.#history.at(at);
    if (!older) {
      table.ids.fill(0);
      table.high = 0;
      return table;
    }
    const newer = at > 0 ? this.#history.at(Math.max(at - every, 0))! : older;
    const span = newer.tick - older.tick;
    const fraction = span > 0 ? (this.tick - older.tick) / span : 0;
    this.#fill(table, index, older.tables[index], newer.tables[index], fraction);
    return table;
  }

  #fill(table: Table, index: number, older: Table, newer: Table, fraction: number): void {
    table.reserve(older.capacity - 1);
    table.ids.fill(0);
    table.high = older.high;
    for (let row = 1; row <= older.high; row++) {
      table.ids[row] = older.ids[row];
      if (table.ids[row] === 0) continue;
      blendRow(table, row, older, newer, fraction);
      table.rows[row] ??= new this.#classes[index](table, row);
    }
  }
}
