// What anybody may read of the boards, from memory: a crowd that looks at the same page asks the
// directory once a second. Asked by http-api.ts. Trap: who asks chooses the page, so pages are cut
// from blocks, of which a board of 10,000 places has a hundred.
import { type Boards, MOST_ROWS } from './boards.ts';
import type { Directory, Standing } from './directory.ts';

/** Ms for which a block is told again. */
const FRESH_MS = 1_000;
const BLOCK_ROWS = MOST_ROWS;
/** Of all boards, 50 MB at most; the oldest go. */
const MOST_BLOCKS = 1_000;

export interface BoardPagesOptions {
  readonly boards: Boards;
  readonly directory: Directory;
  /** Monotonic ms. */
  readonly now: () => number;
}

interface Block {
  readonly atMs: number;
  readonly rows: Promise<readonly Standing[]>;
}

export class BoardPages {
  readonly #options: BoardPagesOptions;
  /** By board and number, the oldest first. */
  readonly #blocks = new Map<string, Block>();

  constructor(options: BoardPagesOptions) {
    this.#options = options;
  }

  has(board: string): boolean {
    return this.#options.boards.has(board);
  }

  /** Of a board that is there. Rejects with DirectoryError. */
  async page(board: string, from: number, count: number): Promise<readonly Standing[]> {
    const first = Math.floor(from / BLOCK_ROWS);
    const last = Math.floor((from + count - 1) / BLOCK_ROWS);
    const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const blocks = await Promise.all(numbers.map((number) => this.#block(board, number)));
    const start = from - first * BLOCK_ROWS;
    return blocks.flat().slice(start, start + count);
  }

  #block(name: string, number: number): Promise<readonly Standing[]> {
    const { boards, directory, now } = this.#options;
    const key = `${name} ${number}`;
    const known = this.#blocks.get(key);
    const nowMs = now();
    if (known && nowMs - known.atMs < FRESH_MS) return known.rows;
    const board = boards.get(name)!;
    const isThere = number * BLOCK_ROWS < board.places;
    const rows = isThere
      ? directory.top(board, number * BLOCK_ROWS, BLOCK_ROWS)
      : Promise.resolve([]);
    const block = { atMs: nowMs, rows };
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= MOST_BLOCKS) break;
      this.#blocks.delete(oldest);
    }
    // The next one who asks is to have an answer.
    rows.catch(() => {
      if (this.#blocks.get(key) === block) this.#blocks.delete(key);
    });
    return rows;
  }
}
