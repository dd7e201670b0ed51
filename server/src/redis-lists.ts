// The lists by which rooms are found in Redis: all of them, those of a kind, those with free seats,
// and those whose lease ends next. Written by redis-directory.ts after the rooms themselves, in a
// slot of their own. Trap: they may lie, for a writer can die in between; who reads one asks the
// room, and sets right or forgets what was wrong.
import type { Line } from './redis-line.ts';
import { DUE, FORGET } from './redis-scripts.ts';

/** Members in one command: some 50 KB, below what makes others wait. */
const AT_ONCE = 1_000;

/**
 * Candidates are the fullest room, and others of as many times more: who ask at once would all be
 * sent to the same few, which are full by the time that the second comes.
 */
const AROUND = 8;
/** Pages of a list that are looked at: a list that lies more is being set right. */
const MAX_PAGES = 8;

/** Scores are whole numbers. */
export type Listed = readonly [id: string, score: number];

export class RedisLists {
  readonly #line: Line;
  /** By list and id: the newest score, or undefined where it goes. */
  #marks = new Map<string, Map<string, number | undefined>>();
  #written: Promise<void> | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  /** Puts an id on a list, or takes it off; what is marked in one turn goes together. */
  mark(list: string, id: string, score: number | undefined): void {
    const marks = this.#marks.get(list) ?? new Map<string, number | undefined>();
    this.#marks.set(list, marks.set(id, score));
    this.#written ??= Promise.resolve().then(() => this.#write());
  }

  /** Resolves when what was marked stands there, or is given up: readers set it right. */
  async written(): Promise<void> {
    await this.#written;
  }

  /** Takes an id off that stands for nothing, unless it was put there anew. */
  forget(list: string, [id, score]: Listed): void {
    this.#line.run(FORGET, [list], [id, String(score)]).catch(() => {});
  }

  /** Those with a score of `from` at least, by score, then id. */
  read(list: string, from: string, offset: number, limit: number): Promise<Listed[]> {
    const range = [list, from, '+inf', 'BYSCORE', 'LIMIT', String(offset), String(limit)];
    return this.#line.ask(['ZRANGE', ...range, 'WITHSCORES']);
  }

  /**
   * Those with a score that is over by Redis's clock, the lowest first, without the passed; `from`:
   * where to begin, 0 to 1, if there are more.
   */
  async due(
    list: string,
    limit: number,
    from: number,
    passed: ReadonlySet<string>,
  ): Promise<Listed[]> {
    const args = [String(limit + passed.size), String(from)];
    const flat: string[] = await this.#line.run(DUE, [list], args);
    const due = slices(flat, 2).map(([id, score]): Listed => [id, Number(score)]);
    return due.filter(([id]) => !passed.has(id)).slice(0, limit);
  }

  async #write(): Promise<void> {
    const all = this.#marks;
    this.#marks = new Map();
    this.#written = undefined;
    const asked: Promise<unknown>[] = [];
    for (const [list, marks] of all) {
      const put = [...marks].flatMap(([id, score]) =>
        score === undefined ? [] : [String(score), id],
      );
      const gone = [...marks].flatMap(([id, score]) => (score === undefined ? [id] : []));
      for (const some of slices(put, 2 * AT_ONCE))
        asked.push(this.#line.ask(['ZADD', list, ...some]));
      for (const some of slices(gone, AT_ONCE)) asked.push(this.#line.ask(['ZREM', list, ...some]));
    }
    await Promise.allSettled(asked);
  }
}

export function slices<Value>(values: readonly Value[], length: number): Value[][] {
  const some: Value[][] = [];
  for (let from = 0; from < values.length; from += length)
    some.push(values.slice(from, from + length));
  return some;
}

/** A list, a page at a time, and what its entries stand for. */
export interface Pages<Entry, Found> {
  read(offset: number, limit: number): Promise<readonly Entry[]>;
  /** Those of them that will do. */
  look(entries: readonly Entry[]): Promise<readonly Found[]>;
}

/**
 * Those that will do, `limit` or a few more, and fewer where there are no more: of each page the
 * first and some others, and all the rest where nothing was found yet. `chance`: 0 <= n < 1.
 */
export async function search<Entry, Found>(
  { read, look }: Pages<Entry, Found>,
  limit: number,
  chance: () => number,
): Promise<Found[]> {
  const found: Found[] = [];
  const length = Math.min(limit * AROUND, AT_ONCE);
  for (let page = 0; page < MAX_PAGES && found.length < limit; page++) {
    const entries = await read(page * length, length);
    const [some, rest] = someOf(entries, limit, chance);
    if (some.length > 0) found.push(...(await look(some)));
    if (found.length === 0 && rest.length > 0) found.push(...(await look(rest)));
    if (entries.length < length) break;
  }
  return found;
}

/** The first one, and any of the others; and those that are left. */
function someOf<Value>(
  listed: readonly Value[],
  count: number,
  chance: () => number,
): [some: Value[], rest: Value[]] {
  const rest = [...listed];
  const some = rest.splice(0, listed.length > count ? 1 : count);
  while (some.length < count && rest.length > 0)
    some.push(...rest.splice(Math.floor(chance() * rest.length), 1));
  return [some, rest];
}
