// What a game sees of the world: typed look-ups over shown rows. A view is one stable object; each
// call of `view()` moves it to the present instant. No behaviour of its own.
import type {
  EntityId,
  Game,
  KindName,
  OwnRowOf,
  Received,
  Row,
  RowBase,
  ShownRowOf,
  ShownState,
} from '@tickwire/protocol';
import type { ShownRows } from './shown-rows.ts';

export interface View<G> {
  /** Fractional tick that others are shown at. */
  readonly tick: number;
  readonly state: ShownState<G>;
  all<K extends KindName<G>>(kind: K): Iterable<ShownRowOf<G, K>>;
  /** The first row of that kind that is one's own. */
  mine<K extends KindName<G>>(kind: K): OwnRowOf<G, K> | undefined;
  get<K extends KindName<G>>(kind: K, id: EntityId<NoInfer<K>>): ShownRowOf<G, K> | undefined;
  /**
   * Rows that came into view since the look before; each is in `all` from now on. What one's own
   * step spawned is there at once, with an id below 0 until the server tells of it: then it has its
   * real id and is the same object, and neither enters again nor leaves.
   */
  entered<K extends KindName<G>>(kind: K): readonly ShownRowOf<G, K>[];
  /**
   * Ticks since the row was last told in full; 0 for one that is up to date, as all are unless the
   * room has a byte budget. Until it is told again it goes on as it did.
   */
  staleTicks(row: RowBase): number;
  /**
   * Rows that are gone or hidden since the look before; they keep their last values until the next
   * look. With an id below 0: one's own step spawned it, and the server did not.
   */
  left<K extends KindName<G>>(kind: K): readonly ShownRowOf<G, K>[];
}

export class RowsView implements View<never> {
  tick = 0;
  seat = 0;
  readonly #game: Game;
  readonly #rows: ShownRows;
  readonly #received: Received;

  constructor(game: Game, rows: ShownRows, received: Received) {
    this.#game = game;
    this.#rows = rows;
    this.#received = received;
  }

  get state(): never {
    return this.#rows.state.rows[1] as never;
  }

  all(kind: string): never {
    return this.#each(kind) as never;
  }

  mine(kind: string): never {
    if (this.seat !== 0)
      for (const row of this.#each(kind)) if (row.owner === this.seat) return row as never;
    return undefined as never;
  }

  get(kind: string, id: number): never {
    for (const row of this.#each(kind)) if (row.id === id) return row as never;
    return undefined as never;
  }

  entered(kind: string): never {
    return this.#rows.entered[this.#game.kind(kind).index] as never;
  }

  left(kind: string): never {
    return this.#rows.left[this.#game.kind(kind).index] as never;
  }

  staleTicks(row: RowBase): number {
    const kind = this.#game.kind(row.kind).index;
    return row.id < 0 ? 0 : this.#received.staleTicks(kind, (row as Row).$index);
  }

  *near(kind: string, x: number, y: number, radius: number): Generator<Row, void> {
    const { position } = this.#game.kind(kind);
    if (!position) return;
    for (const row of this.#each(kind)) {
      const { values } = row.$table;
      const dx = values[position.x][row.$index] - x;
      const dy = values[position.y][row.$index] - y;
      if (dx * dx + dy * dy <= radius * radius) yield row;
    }
  }

  *#each(kind: string): Generator<Row, void> {
    const { index } = this.#game.kind(kind);
    for (const { rows } of [this.#rows.tables[index], this.#rows.spawned[index]])
      for (let i = 1; i < rows.length; i++) {
        const row = rows[i];
        if (row) yield row;
      }
  }
}
