// The rows a game draws: one stable object per entity from the view it enters to the view it has
// left, filled anew for each drawn frame from two snapshots. Also keeps who entered and who left
// since the last look. Rows stay at the index they have in the received tables.
import { blendRow, type Plans, type Row, rowClass, type Snapshot, Table } from '@tickwire/protocol';

/** What one's own predicted entities look like now; others are blended from snapshots. */
export interface OwnRows {
  /** True if the row is predicted here and its place in time is now. */
  has(kind: number, row: number): boolean;
  /** True if rows of that kind and owner are predicted here. */
  predicts(kind: number, owner: number): boolean;
  /** Writes the row as it is to be drawn. */
  draw(kind: number, row: number, into: Table): void;
}

export class ShownRows {
  readonly tables: readonly Table[];
  readonly state: Table;
  /** By kind: rows that came into view, and rows that went out of it, at the last update. */
  readonly entered: Row[][];
  readonly left: Row[][];
  /** Rows that left keep their last values here until the next update. */
  readonly #departed: Table[];
  #renewed = false;

  constructor({ kinds, state }: Plans) {
    this.tables = kinds.map((plan) => new Table(plan, rowClass(plan, 'shown')));
    this.#departed = kinds.map((plan) => new Table(plan));
    this.state = new Table(state, rowClass(state, 'shown'));
    this.state.put(1, 1);
    this.entered = kinds.map(() => []);
    this.left = kinds.map(() => []);
  }

  /** Whose `ownerOnly` fields may be read. */
  set viewer(seat: number) {
    for (const table of [...this.tables, ...this.#departed]) table.viewer = seat;
  }

  /**
   * Shows the world at `fraction` of the way from `a` to `b`; own rows as of `newest`. Rows are the
   * same objects as long as their entity is.
   */
  update(
    a: Snapshot,
    b: Snapshot,
    fraction: number,
    newest: Snapshot,
    own: OwnRows | undefined,
  ): void {
    this.state.copyRow(1, a.state);
    const renewed = this.#renewed;
    this.#renewed = false;
    for (let k = 0; k < this.tables.length; k++) {
      this.#forgetDeparted(k);
      const shown = this.tables[k];
      const [older, newer, latest] = [a.tables[k], b.tables[k], newest.tables[k]];
      const high = Math.max(shown.high, older.high, latest.high);
      shown.reserve(high);
      if (renewed) for (let row = 1; row <= shown.high; row++) this.#replace(k, row, 0);
      for (let row = 1; row <= high; row++) {
        const mine = own?.has(k, row) ?? false;
        // One's own live in the present: they come and go with the newest snapshot, while others do
        // with the one shown.
        const gone = !mine && idAt(latest, row) === 0 && own?.predicts(k, ownerAt(older, row));
        const id = gone ? 0 : idAt(mine ? latest : older, row);
        if (shown.ids[row] !== id) this.#replace(k, row, id);
        if (id === 0) continue;
        if (mine) own!.draw(k, row, shown);
        else blendRow(shown, row, older, newer, fraction);
      }
    }
  }

  /** Another room: at the next update everybody leaves first, whatever their ids. */
  renew(): void {
    this.#renewed = true;
  }

  #replace(kind: number, row: number, id: number): void {
    const shown = this.tables[kind];
    if (shown.ids[row] !== 0) {
      const gone = shown.rows[row]!;
      const departed = this.#departed[kind];
      const at = this.left[kind].length + 1;
      departed.put(at, shown.ids[row]);
      copyAcross(departed, at, shown, row);
      shown.release(row);
      gone.$table = departed;
      gone.$index = at;
      departed.rows[at] = gone;
      this.left[kind].push(gone);
    }
    if (id === 0) return;
    shown.put(row, id);
    this.entered[kind].push(shown.rows[row]!);
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

function copyAcross(to: Table, at: number, from: Table, row: number): void {
  for (let c = 0; c < from.values.length; c++) to.values[c][at] = from.values[c][row];
  for (let o = 0; o < from.objects.length; o++) to.objects[o][at] = from.objects[o][row];
}
