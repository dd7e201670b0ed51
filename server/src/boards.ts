// Leaderboards as a game declares them: serve({ boards }). Read once by serve-options.ts, asked for
// by rooms (contacts.ts) and by the HTTP route. What stands on them is the directory's.
import { checkNames, UsageError } from '@tickwire/protocol';
import type { Board } from './directory.ts';
import { checkShape } from './shapes.ts';

export interface BoardOptions {
  /**
   * What becomes of a user's next score: `sum` adds it, `best` keeps the better one, `last` takes
   * its place.
   */
  keep: Board['keep'];
  /** Who stands first: with the `most`, or with the `least`, as of seconds. Default 'most'. */
  order?: Board['order'];
  /**
   * Users that are kept, 1 to 1,000,000; default 10,000. Who falls off begins again: of sums, keep
   * more than there are players.
   */
  places?: number;
}

/** By name. */
export type Boards = ReadonlyMap<string, Board>;

const NAME = /^[A-Za-z0-9_-]{1,32}$/;
const PLACES = 10_000;
/** Some 100 bytes each. */
const MOST_PLACES = 1_000_000;

/** Users in one answer. */
export const MOST_ROWS = 100;

/** A sum stops here: all smaller whole numbers are themselves in a double. */
export const MOST_SCORE = Number.MAX_SAFE_INTEGER;

/** Throws UsageError for what is no board. */
export function readBoards(given: Readonly<Record<string, BoardOptions>> = {}): Boards {
  const boards = new Map<string, Board>();
  for (const [name, options] of Object.entries(given)) {
    const what = `boards.${name}`;
    if (!NAME.test(name))
      throw new UsageError(`boards['${name}']: a board is 1..32 letters, digits, _ or -`);
    checkShape(what, options, 'an object');
    checkNames(what, options, ['keep', 'order', 'places']);
    const { keep, order = 'most', places = PLACES } = options;
    if (!['sum', 'best', 'last'].includes(keep))
      throw new UsageError(`${what}.keep: ${keep}: wants 'sum', 'best' or 'last'`);
    if (order !== 'most' && order !== 'least')
      throw new UsageError(`${what}.order: ${order}: wants 'most' or 'least'`);
    if (!(Number.isInteger(places) && places >= 1 && places <= MOST_PLACES))
      throw new UsageError(`${what}.places: ${places}: wants a whole number in 1..${MOST_PLACES}`);
    boards.set(name, { name, keep, order, places });
  }
  return boards;
}

export interface PageOptions {
  /** Places before the first that is told. Default 0. */
  from?: number;
  /** 1 to 100. Default 10. */
  count?: number;
}

/** Undefined for a page that is none. */
export function readPage({ from = 0, count = 10 }: PageOptions): Required<PageOptions> | undefined {
  const fits = Number.isInteger(from) && from >= 0 && from < MOST_PLACES && Number.isInteger(count);
  return fits && count >= 1 && count <= MOST_ROWS ? { from, count } : undefined;
}
