// Which rooms of a kind somebody may be put into: what the kind says tells its rooms apart, what
// who joins asks for, and in which order rooms are tried. Called by define-room.ts (checks),
// placement.ts and the HTTP routes. Pure. A match is a text, `map.ice~mode.duel`: a directory looks
// rooms up by it, and it fits a room's name in HELLO and in a subprotocol.
import { checkNames, UsageError } from '@tickwire/protocol';
import type { RoomEntry } from './directory.ts';
import { checkQueue, type QueueRule } from './queue.ts';

export interface MatchRule<Auth = unknown> {
  /** What rooms are told apart by, and which values each may have; the first is the default. */
  by?: Readonly<Record<string, readonly string[]>>;
  /** Seats that strangers fill; those above are for who knows the room's id. Default: all. */
  capacity?: number;
  /**
   * Which rooms with a place come first, of those that the directory knows best. Default
   * 'fullest': matches begin soon, and rooms empty out.
   */
  pick?: 'fullest' | 'emptiest' | ((rooms: readonly RoomEntry[]) => readonly RoomEntry[]);
  /**
   * Who asks for the kind waits until there are enough for a match: a room is opened for these
   * alone. Default: everybody is put into a room at once.
   */
  queue?: QueueRule<Auth>;
}

/** Of names and values: what a subprotocol may hold, but for what parts them. */
const WORD = /^[A-Za-z0-9_-]{1,24}$/;
const BETWEEN = '~';
const OF = '.';
/** A room's name in HELLO is 64 characters, and a kind 32. */
const MAX_MATCH_CHARS = 31;

/** A kind, with what after it says which rooms of it; or a room's id, which has no `~`. */
export function readAsked(name: string): { name: string; wanted: Record<string, string> } {
  const [first, ...pairs] = name.split(BETWEEN);
  const wanted: Record<string, string> = Object.create(null);
  for (const pair of pairs) {
    const at = pair.indexOf(OF);
    wanted[pair.slice(0, Math.max(at, 0))] = pair.slice(at + 1);
  }
  return { name: first, wanted };
}

/** What a kind with a match is asked for by. */
export function nameOf(kind: string, match: string): string {
  return match ? kind + BETWEEN + match : kind;
}

/** The match that `wanted` asks for, and defaults where it says nothing; or why there is none. */
export function matchOf(
  { by = {} }: MatchRule,
  wanted: Readonly<Record<string, unknown>>,
): { match: string } | { fault: string } {
  for (const name of Object.keys(wanted))
    if (!Object.hasOwn(by, name))
      return { fault: `its rooms are told apart by: ${Object.keys(by).join(', ') || 'nothing'}` };
  const pairs: string[] = [];
  for (const [name, values] of Object.entries(by)) {
    const value = wanted[name] ?? values[0];
    if (!values.includes(value as string))
      return { fault: `${name} of a room is one of: ${values.join(', ')}` };
    pairs.push(name + OF + value);
  }
  return { match: pairs.sort().join(BETWEEN) };
}

/** What a match says, by name. */
export function readMatch(match = ''): Readonly<Record<string, string>> {
  return Object.freeze({ ...readAsked(match && BETWEEN + match).wanted });
}

/**
 * Those that so many strangers may be put into, in the order in which they are tried. Throws what a
 * kind's own order throws, and UsageError where that answers something else than some of them.
 */
export function ordered(
  rule: MatchRule,
  rooms: readonly RoomEntry[],
  places: number,
): readonly RoomEntry[] {
  const { capacity = Number.POSITIVE_INFINITY, pick = 'fullest' } = rule;
  const fitting = rooms.filter(({ taken }) => taken + places <= capacity);
  if (pick === 'fullest') return fitting;
  if (pick === 'emptiest') return fitting.reverse();
  const byId = new Map(fitting.map((room) => [room.id, room]));
  const picked: unknown = pick(fitting);
  const found = Array.isArray(picked)
    ? picked.map((room) => byId.get(Object(room).id))
    : [undefined];
  if (found.includes(undefined))
    throw new UsageError('match.pick: wants a list of the rooms it was given');
  return found as RoomEntry[];
}

/** Throws UsageError. */
export function checkMatch(rule: MatchRule<never>, seats: number): void {
  checkNames('match', rule, ['by', 'capacity', 'pick', 'queue']);
  if (rule.queue) checkQueue(rule.queue, seats);
  const { by = {}, capacity = seats, pick = 'fullest' } = rule;
  if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= seats))
    throw new UsageError(`match.capacity: ${capacity}: wants whole seats in 1..${seats}`);
  if (pick !== 'fullest' && pick !== 'emptiest' && typeof pick !== 'function')
    throw new UsageError(`match.pick: ${pick}: wants 'fullest', 'emptiest' or a function`);
  let longest = 0;
  for (const [name, values] of Object.entries(by)) {
    const words = Array.isArray(values) ? [name, ...values] : [];
    const odd = words.length > 1 ? words.find((word) => !WORD.test(word)) : name;
    if (odd !== undefined)
      throw new UsageError(
        `match.by.${name}: ${odd}: wants texts of 1..24 letters, digits, _ or -`,
      );
    longest += 2 + name.length + Math.max(...values.map(({ length }) => length));
  }
  if (longest > MAX_MATCH_CHARS)
    throw new UsageError(
      `match.by: names and values are ${longest} characters, of ${MAX_MATCH_CHARS}`,
    );
}
