// A uniform grid over the positions of all entities, rebuilt each tick by counting sort: the
// candidates of visibility. Cells are hashed into a fixed number of buckets, so a world of any
// extent costs the same; a bucket may hold entities of another cell, and the caller checks distance
// anyway. HOT: allocates nothing per tick once its capacity is reached.
import type { LiveTable } from '@tickwire/protocol';

/** Buckets: several per entity at 5,000 entities, 32 KiB of counts. A power of two. */
const BUCKETS = 8192;

/** Outermost cell each way: 32-bit arithmetic holds for all of them and their neighbours. */
const LAST_CELL = 2 ** 30;

export class Grid {
  /** Entities in the grid, sorted by bucket. */
  kind = new Int16Array(64);
  row = new Uint32Array(64);
  /** Range of the bucket found last: `kind[start]` .. `kind[end - 1]`. */
  start = 0;
  end = 0;
  /** Cells of the last lookAround: firstX..lastX by firstY..lastY, both ends included. */
  firstX = 0;
  lastX = 0;
  firstY = 0;
  lastY = 0;
  readonly #cellSize: number;
  readonly #starts = new Uint32Array(BUCKETS + 1);
  /** The first BUCKETS of them: a view is an object, and this one is wanted every tick. */
  readonly #firsts = this.#starts.subarray(0, BUCKETS);
  readonly #fill = new Uint32Array(BUCKETS);

  /** `cellSize` in world units. */
  constructor(cellSize: number) {
    this.#cellSize = cellSize;
  }

  rebuild(tables: readonly LiveTable[]): void {
    const starts = this.#starts;
    starts.fill(0);
    let count = 0;
    for (const table of tables) {
      const at = table.plan.position;
      if (!at) continue;
      for (let row = 1; row <= table.high; row++) {
        if (table.ids[row] === 0) continue;
        starts[this.#bucketOf(table.values[at.x][row], table.values[at.y][row]) + 1]++;
        count++;
      }
    }
    for (let b = 0; b < BUCKETS; b++) starts[b + 1] += starts[b];
    if (count > this.kind.length) {
      this.kind = new Int16Array(count * 2);
      this.row = new Uint32Array(count * 2);
    }
    this.#place(tables);
  }

  #place(tables: readonly LiveTable[]): void {
    this.#fill.set(this.#firsts);
    for (let k = 0; k < tables.length; k++) {
      const table = tables[k];
      const at = table.plan.position;
      if (!at) continue;
      for (let row = 1; row <= table.high; row++) {
        if (table.ids[row] === 0) continue;
        const to = this.#fill[this.#bucketOf(table.values[at.x][row], table.values[at.y][row])]++;
        this.kind[to] = k;
        this.row[to] = row;
      }
    }
  }

  /**
   * Sets first and last to the cells within one cell size of a point. Takes the point and not its
   * numbers: a float64 handed to a call that V8 does not inline is an object. Coordinates beyond
   * all reason (a game divided by zero) share the outermost cells: a walk over cells must end.
   */
  lookAround(point: { readonly x: number; readonly y: number }): void {
    const size = this.#cellSize;
    const x = point.x / size;
    const y = point.y / size;
    this.firstX = Math.min(Math.max(Math.floor(x - 1), -LAST_CELL), LAST_CELL) | 0;
    this.lastX = Math.min(Math.max(Math.floor(x + 1), -LAST_CELL), LAST_CELL) | 0;
    this.firstY = Math.min(Math.max(Math.floor(y - 1), -LAST_CELL), LAST_CELL) | 0;
    this.lastY = Math.min(Math.max(Math.floor(y + 1), -LAST_CELL), LAST_CELL) | 0;
  }

  /**
   * Sets start and end to the bucket of a cell. Two cells may share one: the same entity may be
   * found twice.
   */
  find(cellX: number, cellY: number): void {
    const bucket = hash(cellX, cellY);
    this.start = this.#starts[bucket];
    this.end = this.#starts[bucket + 1];
  }

  #bucketOf(x: number, y: number): number {
    const size = this.#cellSize;
    const cellX = Math.min(Math.max(Math.floor(x / size), -LAST_CELL), LAST_CELL);
    const cellY = Math.min(Math.max(Math.floor(y / size), -LAST_CELL), LAST_CELL);
    return hash(cellX, cellY);
  }
}

/**
 * Two odd constants with well spread bits (the golden ratio's, and one of xxHash's): neighbours
 * land far apart.
 */
function hash(x: number, y: number): number {
  const mixed = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca77);
  return (mixed ^ (mixed >>> 15)) & (BUCKETS - 1);
}
