// Where the rows of one kind went from one STATE to the next, for many questions about any moment
// between the two: rows sorted into the cells of a grid by the middle of their way. Built by
// rewound.ts when a kind is first asked about with those two STATEs, and read by every look that
// falls between them. Answers candidates: the caller measures. HOT: allocates nothing per tick once
// its capacity is reached.
import { EPOCH, type Plan, type Table } from '@tickwire/protocol';

/** Rows that a cell holds on average. Measured at 1,000 rows: 1 to 8 differ by a tenth. */
const ROWS_PER_CELL = 4;

/** Cells each way: 4,096 cells take 16 KiB, and 16,384 rows fill them as wanted. */
const MAX_CELLS_EACH_WAY = 64;

type Position = NonNullable<Plan['position']>;

export class PastGrid {
  /** Candidates of the last question: rows of the table. Some are named that are far. */
  found = new Uint32Array(64);
  count = 0;
  /** By row: middle of its way. */
  #x = new Float64Array(64);
  #y = new Float64Array(64);
  /** By row: its cell. */
  #cell = new Uint32Array(64);
  /** Rows sorted by cell; cell c has those from starts[c] to starts[c + 1]. */
  #sorted = new Uint32Array(64);
  readonly #starts = new Uint32Array(MAX_CELLS_EACH_WAY ** 2 + 1);
  #each = 1;
  #left = 0;
  #bottom = 0;
  #right = 0;
  #top = 0;
  /** Cells in a world unit. */
  #perX = 0;
  #perY = 0;
  /** No row is further from the middle of its way, each axis by itself. */
  #slack = 0;

  build(older: Table, newer: Table, at: Position): void {
    const { high, ids } = older;
    if (this.#x.length <= high) this.#grow(older.capacity);
    const count = this.#measure(older, newer, at);
    const each = Math.min(
      Math.max(Math.ceil(Math.sqrt(count / ROWS_PER_CELL)), 1),
      MAX_CELLS_EACH_WAY,
    );
    this.#each = each;
    this.#perX = this.#right > this.#left ? each / (this.#right - this.#left) : 0;
    this.#perY = this.#top > this.#bottom ? each / (this.#top - this.#bottom) : 0;
    const starts = this.#starts;
    starts.fill(0, 0, each * each + 1);
    for (let row = 1; row <= high; row++) {
      if (ids[row] === 0) continue;
      const cell = this.#rowOf(this.#y[row]) * each + this.#columnOf(this.#x[row]);
      this.#cell[row] = cell;
      starts[cell]++;
    }
    // Each start stands at its cell's end, and moves down as the cell is filled.
    for (let c = 1; c <= each * each; c++) starts[c] += starts[c - 1];
    for (let row = high; row >= 1; row--)
      if (ids[row] !== 0) this.#sorted[--starts[this.#cell[row]]] = row;
  }

  /** The middle of each way, and the bounds of them all. Answers how many rows there are. */
  #measure(older: Table, newer: Table, at: Position): number {
    const [ax, ay] = [older.values[at.x], older.values[at.y]];
    const [bx, by] = [newer.values[at.x], newer.values[at.y]];
    const [epochs, newEpochs] = [older.values[EPOCH], newer.values[EPOCH]];
    let count = 0;
    let slack = 0;
    this.#left = this.#bottom = Number.POSITIVE_INFINITY;
    this.#right = this.#top = Number.NEGATIVE_INFINITY;
    for (let row = 1; row <= older.high; row++) {
      if (older.ids[row] === 0) continue;
      count++;
      // As blendRow: who is gone or jumped stays.
      const same = newer.ids[row] === older.ids[row] && newEpochs[row] === epochs[row];
      const halfX = same ? (bx[row] - ax[row]) / 2 : 0;
      const halfY = same ? (by[row] - ay[row]) / 2 : 0;
      slack = Math.max(slack, Math.abs(halfX), Math.abs(halfY));
      this.#x[row] = ax[row] + halfX;
      this.#y[row] = ay[row] + halfY;
      this.#left = Math.min(this.#left, this.#x[row]);
      this.#right = Math.max(this.#right, this.#x[row]);
      this.#bottom = Math.min(this.#bottom, this.#y[row]);
      this.#top = Math.max(this.#top, this.#y[row]);
    }
    this.#slack = slack;
    return count;
  }

  /** Rows that may be within `radius` of the way from one point to another. */
  along(fromX: number, fromY: number, toX: number, toY: number, radius: number): void {
    this.count = 0;
    const reach = radius + this.#slack;
    const firstRow = this.#rowOf(Math.min(fromY, toY) - reach);
    const lastRow = this.#rowOf(Math.max(fromY, toY) + reach);
    const [dx, dy] = [toX - fromX, toY - fromY];
    for (let row = firstRow; row <= lastRow; row++) {
      // The part of the way that passes this row of cells, with all that is within reach of it.
      let [enter, leave] = [0, 1];
      if (dy !== 0 && this.#perY > 0) {
        const low = (this.#bottom + row / this.#perY - reach - fromY) / dy;
        const high = (this.#bottom + (row + 1) / this.#perY + reach - fromY) / dy;
        enter = Math.max(Math.min(low, high), 0);
        leave = Math.min(Math.max(low, high), 1);
      }
      if (enter > leave) continue;
      const [x0, x1] = [fromX + dx * enter, fromX + dx * leave];
      this.#take(
        row,
        this.#columnOf(Math.min(x0, x1) - reach),
        this.#columnOf(Math.max(x0, x1) + reach),
      );
    }
  }

  #take(row: number, firstColumn: number, lastColumn: number): void {
    const first = this.#starts[row * this.#each + firstColumn];
    const end = this.#starts[row * this.#each + lastColumn + 1];
    for (let i = first; i < end; i++) this.found[this.count++] = this.#sorted[i];
  }

  #columnOf(x: number): number {
    return cellOf((x - this.#left) * this.#perX, this.#each);
  }

  #rowOf(y: number): number {
    return cellOf((y - this.#bottom) * this.#perY, this.#each);
  }

  #grow(capacity: number): void {
    this.found = new Uint32Array(capacity);
    this.#x = new Float64Array(capacity);
    this.#y = new Float64Array(capacity);
    this.#cell = new Uint32Array(capacity);
    this.#sorted = new Uint32Array(capacity);
  }
}

/** What lies outside is in the outermost cells; what is not a number in the first. */
function cellOf(cells: number, each: number): number {
  return cells >= 0 ? Math.min(Math.floor(cells), each - 1) : 0;
}
