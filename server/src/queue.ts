// Who plays with whom of those that wait: what a kind says of its waiting queue, and the groups
// that come of it. Pure; called by matching.ts (checks) and by queues.ts, which has the queues.
// Trap: a party is one waiter of several players, and is never torn; a user may wait more than
// once, and is in a match once.
import { checkNames, UsageError } from '@tickwire/protocol';

export interface QueueRule<Auth = unknown> {
  /** Players of a match, 1..seats: a room is opened when so many are together. */
  players: number;
  /**
   * How strong a player is, on any scale, a finite number: where it is none, or throws, who joins
   * is refused. Of a party, the mean. Matches are of players who are as near to each other as can
   * be. Left out: whoever waits longest.
   */
  rating?: (auth: Auth) => number;
  /** The largest difference of ratings in a match. Default: no bound. */
  within?: number;
  /** By how much more it may be for each second that the longest of the match has waited. */
  widenPerS?: number;
  /** Begins with fewer, `players` or more, once the longest of them has waited `afterS` seconds. */
  startWith?: { players: number; afterS: number };
}

export interface Queued {
  /** Players: of a party, all of it. */
  readonly size: number;
  readonly rating: number;
  /** A text for each player who is somebody: no two of a match have the same. */
  readonly users: readonly string[];
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

/** Of those with a user in common the first, and those who stand by. */
export function oncePerUser<W extends Queued>(waiters: readonly W[]): { once: W[]; by: W[] } {
  const users = new Set<string>();
  const once: W[] = [];
  const by: W[] = [];
  for (const waiter of waiters)
    if (waiter.users.some((user) => users.has(user))) by.push(waiter);
    else {
      once.push(waiter);
      for (const user of waiter.users) users.add(user);
    }
  return { once, by };
}

/**
 * The groups that can play now, at most `most`. The one who waits longest of those who can be in a
 * group is in the first one: with those nearest in rating, of them with the oldest. Nobody is left
 * who could still be in a group, unless `most` are found; but who waits more than once, or with one
 * who does, is looked at in two ways only: by who waits longest, and by who stands by then.
 */
export function formGroups<W extends Queued>(
  waiters: readonly W[],
  rule: QueueRule<never>,
  nowMs: number,
  most = Number.POSITIVE_INFINITY,
): W[][] {
  const groups: W[][] = [];
  for (let left = oldestFirst(waiters); groups.length < most; ) {
    const { once, by } = oncePerUser(left);
    const wanted = most - groups.length;
    let found = groupsOf(once, rule, nowMs, wanted);
    if (found.length === 0 && by.length > 0)
      found = groupsOf(oncePerUser([...by, ...once]).once, rule, nowMs, 1);
    // The first that makes way for somebody who stands by changes what comes after it.
    const users = new Set(by.flatMap((waiter) => waiter.users));
    const makesWay = (waiter: W) => waiter.users.some((user) => users.has(user));
    const first = found.findIndex((group) => group.some(makesWay));
    if (first >= 0) found = found.slice(0, first + 1);
    groups.push(...found);
    if (found.length === 0 || by.length === 0) break;
    const taken = new Set(found.flat());
    left = left.filter((waiter) => !taken.has(waiter));
  }
  return groups;
}

export function oldestFirst<W extends Queued>(waiters: readonly W[]): W[] {
  return [...waiters].sort((a, b) => a.sinceMs - b.sinceMs);
}

/** Of waiters who have no user in common. */
function groupsOf<W extends Queued>(
  waiters: readonly W[],
  rule: QueueRule<never>,
  nowMs: number,
  most: number,
): W[][] {
  const line = new WaitingLine(waiters);
  const { byAge, taken } = line;
  const hopeless = new Set<number>();
  const groups: W[][] = [];
  for (const [age, { size, sinceMs }] of byAge.entries()) {
    if (groups.length >= most) break;
    if (taken[age] || hopeless.has(size)) continue;
    const waitedMs = nowMs - sinceMs;
    const group = line.groupOf(age, spreadOf(rule, waitedMs), sizesOf(rule, waitedMs));
    // Where ratings mean nothing, those of its size that came later have fewer to choose from.
    if (!group && rule.within === undefined) hopeless.add(size);
    if (!group) continue;
    for (const one of group) taken[one] = 1;
    groups.push(group.map((one) => byAge[one]));
  }
  return groups;
}

/** How many may play together, best first. */
function sizesOf({ players, startWith }: QueueRule<never>, waitedMs: number): number[] {
  const isLate = startWith !== undefined && waitedMs >= startWith.afterS * 1000;
  const least = isLate ? startWith.players : players;
  return Array.from({ length: players - least + 1 }, (_, fewer) => players - fewer);
}

/** Those who wait, each by how many came before: 0 waits longest. */
class WaitingLine<W extends Queued> {
  readonly byAge: readonly W[];
  readonly taken: Uint8Array;
  /** Ascending by rating, equals by age; and their ratings. */
  readonly #byRating: Uint32Array;
  readonly #ratings: Float64Array;

  constructor(waiters: readonly W[]) {
    const byAge = oldestFirst(waiters);
    this.byAge = byAge;
    this.taken = new Uint8Array(byAge.length);
    const order = (a: number, b: number) => byAge[a].rating - byAge[b].rating || a - b;
    this.#byRating = Uint32Array.from(byAge.keys()).sort(order);
    this.#ratings = Float64Array.from(this.#byRating, (age) => byAge[age].rating);
  }

  /**
   * A group of which `first` is the oldest: as many as can be of `sizes`. Others than the oldest
   * have tried before, so each group there is is found.
   */
  groupOf(first: number, spread: number, sizes: readonly number[]): number[] | undefined {
    const { byAge, taken } = this;
    const { size, rating } = byAge[first];
    const near: number[] = [];
    const [from, to] = rangeOf(this.#ratings, rating, spread);
    for (let at = from; at < to; at++) {
      const age = this.#byRating[at];
      if (age > first && !taken[age]) near.push(age);
    }
    for (const players of sizes) {
      const wanted = players - size;
      if (wanted === 0) return [first];
      const window = wanted > 0 ? this.#narrowest(rating, near, spread, wanted) : undefined;
      if (!window) continue;
      const ages = near.slice(...window).sort((a, b) => a - b);
      return [first, ...this.#oldest(ages, wanted)];
    }
    return undefined;
  }

  /**
   * From where to where in `near`, which ascends by rating, those stand who are nearest to each
   * other and to `rating`, of as many as make up `wanted` players.
   */
  #narrowest(
    rating: number,
    near: readonly number[],
    spread: number,
    wanted: number,
  ): [from: number, to: number] | undefined {
    const { byAge } = this;
    const all = new Sizes(wanted);
    for (const age of near) all.add(byAge[age].size, 1);
    if (!all.canMake()) return undefined;
    const inside = new Sizes(wanted);
    let best: [number, number] | undefined;
    let least = spread;
    let to = 0;
    for (const [from, age] of near.entries()) {
      while (to < near.length && !inside.canMake()) inside.add(byAge[near[to++]].size, 1);
      if (!inside.canMake()) break;
      const low = Math.min(byAge[age].rating, rating);
      const width = Math.max(byAge[near[to - 1]].rating, rating) - low;
      if (width < least || (!best && width <= least)) {
        best = [from, to];
        least = width;
      }
      // None is narrower.
      if (best && least === 0) break;
      inside.add(byAge[age].size, -1);
    }
    return best;
  }

  /** Of those, oldest first, who make up `wanted` players: the oldest of all that do. */
  #oldest(ages: readonly number[], wanted: number): number[] {
    const counts = new Map<number, number>();
    // More of a size than fit are younger than those that do.
    const useful = ages.filter((age) => {
      const { size } = this.byAge[age];
      const count = (counts.get(size) ?? 0) + 1;
      counts.set(size, count);
      return count * size <= wanted;
    });
    const sizes = useful.map((age) => this.byAge[age].size);
    const sums = reachable(sizes, wanted);
    let left = wanted;
    return useful.filter((_, at) => {
      const isIn = sizes[at] <= left && sums[at + 1][left - sizes[at]] === 1;
      if (isIn) left -= sizes[at];
      return isIn;
    });
  }
}

/** From where to where those stand that are within `spread`: `ratings` ascend. */
function rangeOf(ratings: Float64Array, rating: number, spread: number): [number, number] {
  return [firstAt(ratings, rating - spread, false), firstAt(ratings, rating + spread, true)];
}

/** Where those begin that are `least` or more, or only more. */
function firstAt(ratings: Float64Array, least: number, onlyMore: boolean): number {
  let from = 0;
  let to = ratings.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ratings[middle] > least || (ratings[middle] === least && !onlyMore)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/**
 * How many there are of each size, and whether some of them make up a number of players. Asked for
 * each step of a window over all that wait: sizes are few, so it goes by these.
 */
class Sizes {
  readonly #wanted: number;
  /** By size. */
  readonly #counts: Uint32Array;
  /** Of a size, that make up a sum of players; NEVER where none do. Filled anew for each look. */
  readonly #used: Uint32Array;
  #players = 0;
  /** Until a count changes that matters. */
  #makes: boolean | undefined;

  constructor(wanted: number) {
    this.#wanted = wanted;
    this.#counts = new Uint32Array(wanted + 1);
    this.#used = new Uint32Array(wanted + 1);
  }

  /** Larger ones than wanted are of no use. */
  add(size: number, count: 1 | -1): void {
    if (size > this.#wanted) return;
    this.#counts[size] += count;
    this.#players += size * count;
    // More can do no less, and fewer no more.
    if (this.#makes === count > 0) return;
    this.#makes = undefined;
  }

  canMake(): boolean {
    if (this.#players < this.#wanted) return false;
    this.#makes ??= this.#counts[1] >= this.#wanted || this.#look();
    return this.#makes;
  }

  /** Each size in turn, as few of it as a sum needs. */
  #look(): boolean {
    const used = this.#used.fill(NEVER);
    used[0] = 0;
    for (let size = 1; size <= this.#wanted; size++) {
      const count = this.#counts[size];
      if (count === 0) continue;
      for (let sum = 0; sum <= this.#wanted; sum++) {
        if (used[sum] !== NEVER) used[sum] = 0;
        else if (sum >= size && used[sum - size] < count) used[sum] = used[sum - size] + 1;
      }
      if (used[this.#wanted] !== NEVER) return true;
    }
    return false;
  }
}

const NEVER = 0xffff_ffff;

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

/** How many players there are within some distance of a rating. */
export class RatingCount {
  readonly #ratings: Float64Array;
  /** Players before each. */
  readonly #before: Uint32Array;

  constructor(waiters: readonly Queued[]) {
    const byRating = [...waiters].sort((a, b) => a.rating - b.rating);
    this.#ratings = Float64Array.from(byRating, ({ rating }) => rating);
    this.#before = new Uint32Array(byRating.length + 1);
    for (const [at, { size }] of byRating.entries()) this.#before[at + 1] = this.#before[at] + size;
  }

  get all(): number {
    return this.#before[this.#before.length - 1];
  }

  within(rating: number, spread: number): number {
    const [from, to] = rangeOf(this.#ratings, rating, spread);
    return this.#before[to] - this.#before[from];
  }
}
