// The rows that no seat may be late to hear of: gone, new, or jumped since the STATE before. Kept
// by visibility, which asks for all others only now and then: they moved too little to matter
// sooner. HOT: allocates nothing per tick once its capacity is reached.
import { type LiveTable, longer } from '@tickwire/protocol';

const FIRST_ROWS = 64;

/** What stood in the rows of one table at a STATE: three numbers where it has a place. */
interface Before {
  ids: Float64Array;
  /** 1 where somebody's, now or before: a seat forgets what it gave away when it looks. */
  owned: Uint8Array;
  place: Float64Array;
  high: number;
}

/** Rows of several kinds, in the order they were found. */
export class RowList {
  count = 0;
  kind = new Int16Array(FIRST_ROWS);
  row = new Uint32Array(FIRST_ROWS);
  id = new Float64Array(FIRST_ROWS);
  /** 1 where a seat must be asked whether it knows the row, wherever that is or was. */
  anywhere = new Uint8Array(FIRST_ROWS);
  /** Where it is, or was; of no meaning with `anywhere`. Read in one go by every seat. */
  x = new Float64Array(FIRST_ROWS);
  y = new Float64Array(FIRST_ROWS);

  /** The entity of a row that stood, or stands, as `of` says. */
  push(kind: number, row: number, of: Before, anywhere: boolean): void {
    const at = this.count++;
    if (at === this.kind.length) this.#grow();
    this.kind[at] = kind;
    this.row[at] = row;
    this.id[at] = of.ids[row];
    this.anywhere[at] = anywhere ? 1 : 0;
    if (anywhere) return;
    this.x[at] = of.place[row * 3];
    this.y[at] = of.place[row * 3 + 1];
  }

  #grow(): void {
    const size = this.kind.length * 2;
    const kind = new Int16Array(size);
    kind.set(this.kind);
    this.kind = kind;
    this.row = longer(this.row, size);
    this.id = longer(this.id, size);
    this.anywhere = longer(this.anywhere, size);
    this.x = longer(this.x, size);
    this.y = longer(this.y, size);
  }
}

export class SuddenRows {
  /** Gone or replaced: their ids are those they had. */
  readonly gone = new RowList();
  /** New, or further from where they were than rows go by moving. */
  readonly come = new RowList();
  readonly #before: Before[] = [];
  readonly #mostSquared: number;

  /** `most`: world units that a row may move from one STATE to the next and not be found here. */
  constructor(most: number) {
    this.#mostSquared = most * most;
  }

  /** Once a STATE. */
  find(tables: readonly LiveTable[]): void {
    this.gone.count = 0;
    this.come.count = 0;
    for (let k = 0; k < tables.length; k++) this.#findIn(tables[k], k);
  }

  #findIn(table: LiveTable, kind: number): void {
    const before = this.#beforeOf(table, kind);
    const { ids, owned } = before;
    const at = table.plan.position;
    const last = Math.max(table.high, before.high);
    for (let row = 1; row <= last; row++) {
      const same = table.ids[row] === ids[row];
      if (same && ids[row] === 0) continue;
      // Who owns a row knows it from anywhere.
      if (!same && ids[row] !== 0) this.gone.push(kind, row, before, !at || owned[row] !== 0);
      ids[row] = table.ids[row];
      if (table.ownerOf(row) !== 0) owned[row] = 1;
      else if (!same) owned[row] = 0;
      const jumped = at !== undefined && this.#moved(table, row, at, before.place);
      if (ids[row] !== 0 && (jumped || !same)) this.come.push(kind, row, before, !at || same);
    }
    before.high = table.high;
  }

  /** Notes where the row is; true if that is far from where it was. What is no number is far. */
  #moved({ values }: LiveTable, row: number, at: Position, place: Float64Array): boolean {
    const to = row * 3;
    const dx = values[at.x][row] - place[to];
    const dy = values[at.y][row] - place[to + 1];
    const dz = at.z < 0 ? 0 : values[at.z][row] - place[to + 2];
    place[to] = values[at.x][row];
    place[to + 1] = values[at.y][row];
    if (at.z >= 0) place[to + 2] = values[at.z][row];
    return !(dx * dx + dy * dy + dz * dz <= this.#mostSquared);
  }

  #beforeOf({ capacity, plan }: LiveTable, kind: number): Before {
    const before = (this.#before[kind] ??= {
      ids: new Float64Array(0),
      owned: new Uint8Array(0),
      place: new Float64Array(0),
      high: 0,
    });
    if (before.ids.length < capacity) {
      before.ids = longer(before.ids, capacity);
      before.owned = longer(before.owned, capacity);
      if (plan.position) before.place = longer(before.place, capacity * 3);
    }
    return before;
  }
}

type Position = NonNullable<LiveTable['plan']['position']>;
