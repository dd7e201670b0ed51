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
  /** Entities in the grid, sorted by bucket: read in one go, where they would lie scattered. */
  kind = new Int16Array(64);
  row = new Uint32Array(64);
  x = new Float64Array(64);
  y = new Float64Array(64);
  /** What was found last: `kind[start]` .. `kind[end - 1]`. */
  start = 0;
  end = 0;
  /** Columns of cells of the last lookAround: firstX..lastX, both ends included. */
  firstX = 0;
  lastX = 0;
  /** Cells of the last column asked for: firstY..lastY, both ends included. */
  firstY = 0;
  lastY = 0;
  readonly #cellSize: number;
  readonly #reach: number;
  /** The point of the last lookAround, and room to reckon in. */
  readonly #eye = new Float64Array(4);
  readonly #place = new Float64Array(2);
  /** Bucket of each entity, in the order of tables and rows. */
  #buckets = new Uint16Array(64);
  readonly #starts = new Uint32Array(BUCKETS + 1);
  /** The first BUCKETS of them: a view is an object, and this one is wanted every tick. */
  readonly #firsts = this.#starts.subarray(0, BUCKETS);
  readonly #fill = new Uint32Array(BUCKETS);

  /** Both in world units: lookAround finds all that is within `reach`. */
  constructor(cellSize: number, reach: number) {
    this.#cellSize = cellSize;
    this.#reach = reach;
  }

  rebuild(tables: readonly LiveTable[]): void {
    const starts = this.#starts;
    const place = this.#place;
    starts.fill(0);
    let count = 0;
    for (const table of tables) {
      const at = table.plan.position;
      if (!at) continue;
      for (let row = 1; row <= table.high; row++) {
        if (table.ids[row] === 0) continue;
        if (count === this.#buckets.length) this.#grow();
        place[0] = table.values[at.x][row];
        place[1] = table.values[at.y][row];
        const bucket = this.#bucketOf(place);
        this.#buckets[count++] = bucket;
        starts[bucket + 1]++;
      }
    }
    for (let b = 0; b < BUCKETS; b++) starts[b + 1] += starts[b];
    this.#fillIn(tables);
  }

  #grow(): void {
    const size = this.kind.length * 2;
    const buckets = new Uint16Array(size);
    buckets.set(this.#buckets);
    this.#buckets = buckets;
    this.kind = new Int16Array(size);
    this.row = new Uint32Array(size);
    this.x = new Float64Array(size);
    this.y = new Float64Array(size);
  }

  #fillIn(tables: readonly LiveTable[]): void {
    this.#fill.set(this.#firsts);
    let next = 0;
    for (let k = 0; k < tables.length; k++) {
      const table = tables[k];
      const at = table.plan.position;
      if (!at) continue;
      for (let row = 1; row <= table.high; row++) {
        if (table.ids[row] === 0) continue;
        const to = this.#fill[this.#buckets[next++]]++;
        this.kind[to] = k;
        this.row[to] = row;
        this.x[to] = table.values[at.x][row];
        this.y[to] = table.values[at.y][row];
      }
    }
  }

  /**
   * Sets firstX and lastX to the columns within reach of a point. Coordinates beyond all reason (a
   * game divided by zero) share the outermost cells: a walk over cells must end.
   */
  lookAround(point: { readonly x: number; readonly y: number }): void {
    const eye = this.#eye;
    eye[0] = point.x;
    eye[1] = point.y;
    eye[2] = (eye[0] - this.#reach) / this.#cellSize;
    this.firstX = cellOf(eye, 2);
    eye[2] = (eye[0] + this.#reach) / this.#cellSize;
    this.lastX = cellOf(eye, 2);
  }

  /** Sets firstY and lastY to the cells of a column that are within reach of the point. */
  lookAlong(cellX: number): void {
    const eye = this.#eye;
    const size = this.#cellSize;
    const reach = this.#reach;
    // How far aside the column lies, to the right of the point or to the left.
    eye[2] = cellX * size - eye[0];
    if (eye[2] < 0) eye[2] = -eye[2] - size;
    // Not aside at all; or further than the reach, where cells are clamped, or not numbers.
    if (eye[2] > 0 && eye[2] < reach) eye[2] = Math.sqrt(reach * reach - eye[2] * eye[2]);
    else eye[2] = reach;
    eye[3] = (eye[1] - eye[2]) / size;
    this.firstY = cellOf(eye, 3);
    eye[3] = (eye[1] + eye[2]) / size;
    this.lastY = cellOf(eye, 3);
  }

  /**
   * Sets start and end to what stands in the cells of a column from `firstY` to `lastY`, both ends
   * included, as far as their buckets follow each other; answers the first cell beyond. Two cells
   * may share a bucket: the same entity may be found twice.
   */
  find(cellX: number, firstY: number, lastY: number): number {
    const bucket = bucketOf(cellX, firstY);
    const more = Math.min(lastY - firstY, BUCKETS - 1 - bucket);
    this.start = this.#starts[bucket];
    this.end = this.#starts[bucket + more + 1];
    return firstY + more + 1;
  }

  #bucketOf(at: Float64Array): number {
    at[0] /= this.#cellSize;
    at[1] /= this.#cellSize;
    return bucketOf(cellOf(at, 0), cellOf(at, 1));
  }
}

/**
 * What is not a number shares a cell, the first. In an array: a float64 handed to a call that V8
 * does not inline is an object.
 */
function cellOf(cells: Float64Array, i: number): number {
  return Math.min(Math.max(Math.floor(cells[i]), -LAST_CELL), LAST_CELL) | 0;
}

/**
 * Columns land far apart: the constant is the golden ratio's, whose bits are well spread. The cells
 * of a column stand one after the other, and are found in one go.
 */
function bucketOf(x: number, y: number): number {
  const column = Math.imul(x, 0x9e3779b1);
  return ((column ^ (column >>> 15)) + y) & (BUCKETS - 1);
}
