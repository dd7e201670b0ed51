// Where the rows of one kind went from one STATE to the next, for many questions about any moment
// between the two: rows sorted into the cells of a grid by the middle of their way. Built by
// rewound.ts when a kind is first asked about with those two STATEs, and read by every look that
// falls between them. Answers candidates, whose whole way is measured: the caller measures where
// they were. HOT: allocates nothing per tick once its capacity is reached.
import { EPOCH, type Plan, type Table } from '@tickwire/protocol';

/** Rows that a cell holds on average. At 1,000 rows 2, 4 and 8 differ by a tenth. */
const ROWS_PER_CELL = 4;

/** Cells each way: 4,096 cells take 16 KiB, and 16,384 rows fill them as wanted. */
const MAX_CELLS_EACH_WAY = 64;

type Position = NonNullable<Plan['position']>;

/** A way that is asked about; a point where both ends are one. */
export interface Way {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
}

export class PastGrid {
  /** Candidates of the last question: rows of the table. */
  found = new Uint32Array(64);
  count = 0;
  /** By row: its cell. */
  #cell = new Uint32Array(64);
  // Sorted by cell, cell c from starts[c] to starts[c + 1]: the row, the middle of its way, and how
  // far either end is from there.
  #row = new Uint32Array(64);
  #x = new Float64Array(64);
  #y = new Float64Array(64);
  #half = new Float64Array(64);
  readonly #starts = new Uint32Array(MAX_CELLS_EACH_WAY ** 2 + 1);
  #each = 1;
  // Bounds of all middles; cells in a world unit; the longest half of a way.
  #left = 0;
  #bottom = 0;
  #right = 0;
  #top = 0;
  #perX = 0;
  #perY = 0;
  #slack = 0;

  build(older: Table, newer: Table, at: Position): void {
    const { high, ids } = older;
    if (this.#row.length <= high) this.#grow(older.capacity);
    const count = this.#measure(older, newer, at);
    const wanted = Math.ceil(Math.sqrt(count / ROWS_PER_CELL));
    const each = Math.min(Math.max(wanted, 1), MAX_CELLS_EACH_WAY);
    this.#each = each;
    this.#perX = this.#right > this.#left ? each / (this.#right - this.#left) : 0;
    this.#perY = this.#top > this.#bottom ? each / (this.#top - this.#bottom) : 0;
    const starts = this.#starts;
    starts.fill(0, 0, each * each + 1);
    for (let row = 1; row <= high; row++) {
      if (ids[row] === 0) continue;
      const cell = this.#rowOf(midY[row]) * each + this.#columnOf(midX[row]);
      this.#cell[row] = cell;
      starts[cell]++;
    }
    // Each start stands at its cell's end, and moves down as the cell is filled.
    for (let c = 1; c <= each * each; c++) starts[c] += starts[c - 1];
    for (let row = high; row >= 1; row--) {
      if (ids[row] === 0) continue;
      const to = --starts[this.#cell[row]];
      this.#row[to] = row;
      this.#x[to] = midX[row];
      this.#y[to] = midY[row];
      this.#half[to] = halfWay[row];
    }
  }

  /** Rows that came within `radius` of the way, or whose ways are short enough to look so. */
  along(way: Way, radius: number): void {
    this.count = 0;
    const { fromX, fromY, toX, toY } = way;
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
      const first = row * this.#each + this.#columnOf(Math.min(x0, x1) - reach);
      const last = row * this.#each + this.#columnOf(Math.max(x0, x1) + reach);
      this.#take(this.#starts[first], this.#starts[last + 1], way, radius);
    }
  }

  /** Of the sorted rows from `first` to before `end`, those that came near enough to the way. */
  #take(first: number, end: number, { fromX, fromY, toX, toY }: Way, radius: number): void {
    const [dx, dy] = [toX - fromX, toY - fromY];
    const square = dx * dx + dy * dy;
    for (let i = first; i < end; i++) {
      const x = this.#x[i] - fromX;
      const y = this.#y[i] - fromY;
      const along = square > 0 ? Math.min(Math.max((x * dx + y * dy) / square, 0), 1) : 0;
      const offX = x - dx * along;
      const offY = y - dy * along;
      const reach = radius + this.#half[i];
      if (offX * offX + offY * offY <= reach * reach) this.found[this.count++] = this.#row[i];
    }
  }

  /** The middle of each way, and the bounds of them all. Answers how many rows there are. */
  #measure(older: Table, newer: Table, at: Position): number {
    const [ax, ay] = [older.values[at.x], older.values[at.y]];
    const [bx, by] = [newer.values[at.x], newer.values[at.y]];
    const [epochs, newEpochs] = [older.values[EPOCH], newer.values[EPOCH]];
    let count = 0;
    let slack = 0;
    let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let row = 1; row <= older.high; row++) {
      if (older.ids[row] === 0) continue;
      count++;
      // As blendRow: who is gone or jumped stays.
      const same = newer.ids[row] === older.ids[row] && newEpochs[row] === epochs[row];
      const byX = same ? (bx[row] - ax[row]) / 2 : 0;
      const byY = same ? (by[row] - ay[row]) / 2 : 0;
      const x = ax[row] + byX;
      const y = ay[row] + byY;
      midX[row] = x;
      midY[row] = y;
      // What floats lose is well within a millionth.
      halfWay[row] = Math.sqrt(byX * byX + byY * byY) * (1 + 1e-6) + 1e-9;
      if (halfWay[row] > slack) slack = halfWay[row];
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < bottom) bottom = y;
      if (y > top) top = y;
    }
    this.#left = left;
    this.#right = right;
    this.#bottom = bottom;
    this.#top = top;
    this.#slack = slack;
    return count;
  }

  #columnOf(x: number): number {
    return cellOf((x - this.#left) * this.#perX, this.#each);
  }

  #rowOf(y: number): number {
    return cellOf((y - this.#bottom) * this.#perY, this.#each);
  }

  #grow(capacity: number): void {
    this.found = new Uint32Array(capacity);
    this.#cell = new Uint32Array(capacity);
    this.#row = new Uint32Array(capacity);
    this.#x = new Float64Array(capacity);
    this.#y = new Float64Array(capacity);
    this.#half = new Float64Array(capacity);
    if (midX.length >= capacity) return;
    midX = new Float64Array(capacity);
    midY = new Float64Array(capacity);
    halfWay = new Float64Array(capacity);
  }
}

/** Of the grid being built, by row. */
let midX = new Float64Array(64);
let midY = new Float64Array(64);
let halfWay = new Float64Array(64);

/** What lies outside is in the outermost cells; what is not a number in the first. */
function cellOf(cells: number, each: number): number {
  return cells >= 0 ? Math.min(Math.floor(cells), each - 1) : 0;
}
