// Who plays with whom of those that wait: what a kind says of its waiting queue, and the groups
// that come of it. Pure; called by matching.ts (checks) and by queues.ts, which has the queues.
// Trap: a party is one waiter of several players, and is never torn.
import { checkNames, UsageError } from '@tickwire/protocol';

export interface QueueRule<Auth = unknown> {
  /** Players of a match, 1..seats: a room is opened when so many are together. */
  players: number;
  /**
   * How strong a player is, on any scale; of a party, the mean. Matches are of players who are as
   * near to each other as can be. Left out: whoever waits longest.
   */
  rating?: (auth: Auth) => number;
  /** The largest difference of ratings in a match. Default: any. */
  within?: number;
  /** By how much more it may be for each second that the longest of the match has waited. */
  widenPerS?: number;
  /** Begins with fewer, `players` or more, once the longest of them has waited `afterS` seconds. */
  startWith?: { players: number; afterS: number };
}

export interface Waiter {
  /** Players: of a party, all of it. */
  readonly size: number;
  readonly rating: number;
  /** Monotonic ms. */
  readonly sinceMs: number;
}

/** Throws UsageError. */
export function checkQueue(rule: QueueRule<never>, seats: number): void {
  checkNames('match.queue', rule, ['players', 'rating', 'within', 'widenPerS', 'startWith']);
  const { players, rating, within, widenPerS, startWith } = rule;
  checkWhole('players', players, seats);
  if (rating !== undefined && typeof rating !== 'function')
    throw new UsageError('match.queue.rating: wants a function of what authenticate returns');
  if (within !== undefined && !(within >= 0 && rating))
    throw new UsageError('match.queue.within: wants a number, 0 or more, and a rating');
  if (widenPerS !== undefined && !(widenPerS >= 0 && within !== undefined))
    throw new UsageError('match.queue.widenPerS: wants a number, 0 or more, and within');
  if (!startWith) return;
  checkNames('match.queue.startWith', startWith, ['players', 'afterS']);
  checkWhole('startWith.players', startWith.players, players);
  if (!(startWith.afterS >= 0))
    throw new UsageError('match.queue.startWith.afterS: wants seconds, 0 or more');
}

function checkWhole(name: string, value: number, most: number): void {
  if (!(Number.isInteger(value) && value >= 1 && value <= most))
    throw new UsageError(`match.queue.${name}: ${value}: wants whole players in 1..${most}`);
}

/** The largest difference of ratings in a match whose longest waiter has waited for so long. */
export function spreadOf({ within, widenPerS = 0 }: QueueRule<never>, waitedMs: number): number {
  return within === undefined ? Number.POSITIVE_INFINITY : within + (widenPerS * waitedMs) / 1000;
}

/**
 * The groups that can play now, at most `most`. The one who waits longest of those who can be in a
 * group is in the first one: with those nearest in rating, of them with the oldest. Nobody is left
 * who could still be in a group, unless `most` are found.
 */
export function formGroups<W extends Waiter>(
  waiters: readonly W[],
  rule: QueueRule<never>,
  nowMs: number,
  most = Number.POSITIVE_INFINITY,
): W[][] {
  const byAge = [...waiters].sort((a, b) => a.sinceMs - b.sinceMs);
  const ages = new Map(byAge.map((one, age) => [one, age]));
  // Sorting is stable: among equals the oldest come first.
  const byRating = [...byAge].sort((a, b) => a.rating - b.rating);
  const taken = new Set<W>();
  const hopeless = new Set<number>();
  const groups: W[][] = [];
  for (const [age, first] of byAge.entries()) {
    if (groups.length >= most) break;
    if (taken.has(first) || hopeless.has(first.size)) continue;
    const waitedMs = nowMs - first.sinceMs;
    const spread = spreadOf(rule, waitedMs);
    // A group has one oldest member, and this is to be it: others have tried before.
    const near = around(byRating, first.rating, spread).filter(
      (one) => !taken.has(one) && ages.get(one)! > age,
    );
    const group = groupOf(first, near, spread, sizesOf(rule, waitedMs), ages);
    // Where ratings mean nothing, those of its size that came later have fewer to choose from.
    if (!group && rule.within === undefined) hopeless.add(first.size);
    if (!group) continue;
    for (const one of group) taken.add(one);
    groups.push(group);
  }
  return groups;
}

/** How many may play together, best first. */
function sizesOf({ players, startWith }: QueueRule<never>, waitedMs: number): number[] {
  const isLate = startWith !== undefined && waitedMs >= startWith.afterS * 1000;
  const least = isLate ? startWith.players : players;
  return Array.from({ length: players - least + 1 }, (_, fewer) => players - fewer);
}

/** Those within `spread` of a rating: `byRating` ascends. */
function around<W extends Waiter>(byRating: readonly W[], rating: number, spread: number): W[] {
  return byRating.slice(...rangeOf(byRating, rating, spread));
}

function rangeOf(byRating: readonly Waiter[], rating: number, spread: number): [number, number] {
  const least = rating - spread;
  const most = rating + spread;
  return [firstThat(byRating, (one) => one >= least), firstThat(byRating, (one) => one > most)];
}

/** Where those begin whose rating holds, as all above it do. */
function firstThat(byRating: readonly Waiter[], holds: (rating: number) => boolean): number {
  let [from, to] = [0, byRating.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(byRating[middle].rating)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** `near` ascends by rating, and is younger than `first`. */
function groupOf<W extends Waiter>(
  first: W,
  near: readonly W[],
  spread: number,
  sizes: readonly number[],
  ages: ReadonlyMap<W, number>,
): W[] | undefined {
  for (const size of sizes) {
    const wanted = size - first.size;
    if (wanted === 0) return [first];
    const window = wanted > 0 ? narrowest(first.rating, near, spread, wanted) : undefined;
    if (!window) continue;
    const byAge = near.slice(...window).sort((a, b) => ages.get(a)! - ages.get(b)!);
    return [first, ...oldest(byAge, wanted)];
  }
  return undefined;
}

/**
 * From where to where in `near` the ratings stand that are nearest to each other and to `rating`,
 * of as many as make up `wanted` players.
 */
function narrowest(
  rating: number,
  near: readonly Waiter[],
  spread: number,
  wanted: number,
): [from: number, to: number] | undefined {
  const inside = new Sizes(wanted);
  let best: [number, number] | undefined;
  let least = spread;
  let to = 0;
  for (let from = 0; from < near.length; from++) {
    while (to < near.length && !inside.canMake()) inside.add(near[to++].size, 1);
    if (!inside.canMake()) break;
    const low = Math.min(near[from].rating, rating);
    const width = Math.max(near[to - 1].rating, rating) - low;
    if (width < least || (!best && width <= least)) {
      best = [from, to];
      least = width;
    }
    inside.add(near[from].size, -1);
  }
  return best;
}

/** How many there are of each size, and whether some of them make up a number of players. */
class Sizes {
  readonly #wanted: number;
  /** By size. */
  readonly #counts: Uint32Array;
  /** Until a count changes. */
  #makes: boolean | undefined;

  constructor(wanted: number) {
    this.#wanted = wanted;
    this.#counts = new Uint32Array(wanted + 1);
  }

  /** Larger ones than wanted are of no use. */
  add(size: number, count: 1 | -1): void {
    if (size > this.#wanted) return;
    this.#counts[size] += count;
    this.#makes = undefined;
  }

  canMake(): boolean {
    this.#makes ??= this.#counts[1] >= this.#wanted || makes(this.#list(), this.#wanted);
    return this.#makes;
  }

  /** No more of a size than fit. */
  #list(): number[] {
    const list: number[] = [];
    for (let size = 1; size <= this.#wanted; size++)
      for (let n = Math.min(this.#counts[size], Math.floor(this.#wanted / size)); n > 0; n--)
        list.push(size);
    return list;
  }
}

/** Whether some of the sizes have that sum. */
function makes(sizes: readonly number[], sum: number): boolean {
  return reachable(sizes, sum)[0][sum] === 1;
}

/** By where in the list one begins: which sums those from there on make up. */
function reachable(sizes: readonly number[], most: number): Uint8Array[] {
  const sums: Uint8Array[] = [];
  sums[sizes.length] = new Uint8Array(most + 1);
  sums[sizes.length][0] = 1;
  for (let at = sizes.length - 1; at >= 0; at--) {
    const here = sums[at + 1].slice();
    for (let sum = sizes[at]; sum <= most; sum++) here[sum] |= sums[at + 1][sum - sizes[at]];
    sums[at] = here;
  }
  return sums;
}

/** Of those, oldest first, who make up `wanted` players: the oldest of all that do. */
function oldest<W extends Waiter>(byAge: readonly W[], wanted: number): W[] {
  const counts = new Map<number, number>();
  // More of a size than fit are younger than those that do.
  const useful = byAge.filter(({ size }) => {
    const count = (counts.get(size) ?? 0) + 1;
    counts.set(size, count);
    return count * size <= wanted;
  });
  const sums = reachable(
    useful.map(({ size }) => size),
    wanted,
  );
  let left = wanted;
  return useful.filter(({ size }, at) => {
    const isIn = size <= left && sums[at + 1][left - size] === 1;
    if (isIn) left -= size;
    return isIn;
  });
}

/** How many players there are within some distance of a rating. */
export class RatingCount {
  readonly #byRating: readonly Waiter[];
  /** Players before each. */
  readonly #before: readonly number[];

  constructor(waiters: readonly Waiter[]) {
    this.#byRating = [...waiters].sort((a, b) => a.rating - b.rating);
    const before = [0];
    for (const { size } of this.#byRating) before.push(before[before.length - 1] + size);
    this.#before = before;
  }

  get all(): number {
    return this.#before[this.#before.length - 1];
  }

  within(rating: number, spread: number): number {
    const [from, to] = rangeOf(this.#byRating, rating, spread);
    return this.#before[to] - this.#before[from];
  }
}
