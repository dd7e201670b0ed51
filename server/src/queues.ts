// The queues that this shard keeps for all: who waits, by shard, and the matches that come of them.
// Told by each shard's waiting.ts, which has the lines and is right about them: before a match is
// made of somebody his shard holds him for it, so two that believe the queue is theirs can do no
// harm. Made by waiting.ts. What is not told again is forgotten, so nothing here needs to be kept.
import type { SeatPromise } from './directory.ts';
import type { Log } from './log.ts';
import {
  formGroups,
  oldestFirst,
  oncePerUser,
  type Queued,
  type QueueRule,
  RatingCount,
  spreadOf,
} from './queue.ts';
import type { Tally } from './tally.ts';

/** What is waited for. */
export interface Wanted {
  readonly kind: string;
  readonly match: string;
}

/** One who waits, or a party, as his shard tells it. */
export interface Entrant {
  /** Of his shard. */
  readonly id: number;
  /** Ms that he has waited. */
  readonly ageMs: number;
  readonly rating: number;
  /**
   * A place in the room for each: what the directory is to call it, who it is for, in base64, and
   * what tells a user from others, '' for nobody in particular.
   */
  readonly places: readonly (readonly [seat: string, identity: string, user: string])[];
}

/** How it stands, for each id that was named, in their order. */
export interface Progress {
  /** Those that were never told, or were forgotten. */
  readonly unknown: readonly number[];
  readonly waiting: number;
  readonly found: readonly number[];
  readonly etaS: readonly (number | null)[];
}

/** The room of a match. */
export interface Opened {
  readonly room: string;
  readonly url: string;
}

/** What a shard with lines is asked. Reject with DirectoryError where it does not answer. */
export interface Homes {
  /** Answers which of them wait, and are kept for this alone. */
  hold(shard: string, hold: string, ids: readonly number[]): Promise<readonly number[]>;
  letGo(shard: string, hold: string): Promise<void>;
  matched(shard: string, hold: string, opened: Opened): Promise<void>;
}

export interface QueuesOptions {
  /** Of this shard: part of what holds are called. */
  shard: string;
  homes: Homes;
  rule: (kind: string) => QueueRule<never>;
  /** A new room with these places, all of them. Rejects where there is none now. */
  open: (wanted: Wanted, places: readonly SeatPromise[]) => Promise<Opened>;
  /** Monotonic ms. */
  now: () => number;
  log: Log;
  tally: Tally;
}

/** Ms after which a shard that said nothing has no lines any more: five times it should have. */
const SILENT_MS = 5_000;
/** Matches of a queue that are made at once: each is a room that opens somewhere. */
const ABREAST = 16;
/**
 * Those who wait, up to which they are told of, and groups looked for, at every arrival; else a few
 * times a second.
 */
export const FEW = 256;
/** Ms for which no match is made after one failed: whatever is full or away is so for a while. */
const REST_MS = 1_000;
/** Smoothing of what recent matches waited. 1/8 as for round trips (RFC 6298). */
const GAIN = 1 / 8;
/** Ms after which that says nothing any more. */
const RECENT_MS = 600_000;

interface Entry extends Queued, Pick<Entrant, 'id' | 'places'> {
  readonly home: string;
  /** In a match that is being made. */
  busy: boolean;
}

interface Home {
  readonly entries: Map<number, Entry>;
  heardMs: number;
}

interface Queue extends Wanted {
  readonly homes: Map<string, Home>;
  /** Matches that are being made. */
  making: number;
  restUntilMs: number;
  /** The newest match was not made, and it was said. */
  failed: boolean;
  /** Somebody waited more than once, and it was said. */
  twice: boolean;
  /** What the players of recent matches waited; undefined before the first. */
  waitedMs: number | undefined;
  matchedMs: number;
}

export class Queues {
  readonly #options: QueuesOptions;
  readonly #queues = new Map<string, Queue>();
  #holds = 0;

  constructor(options: QueuesOptions) {
    this.#options = options;
  }

  /** These wait at `home`, and no others; of those that are new, `fresh` says what there is. */
  tell(home: string, wanted: Wanted, ids: readonly number[], fresh: readonly Entrant[]): Progress {
    const queue = this.#queueOf(wanted);
    const nowMs = this.#options.now();
    const { entries } = this.#homeOf(queue, home, nowMs);
    for (const one of fresh)
      if (!entries.has(one.id)) entries.set(one.id, entryOf(one, home, nowMs));
    const named = new Set(ids);
    for (const id of entries.keys()) if (!named.has(id)) entries.delete(id);
    const all = entriesOf(queue);
    if (all.length <= FEW) this.#form(queue, all);
    return this.#progress(queue, entries, ids);
  }

  /** Groups that time has made possible, and shards that are gone: called a few times a second. */
  sweep(): void {
    const nowMs = this.#options.now();
    for (const [name, queue] of this.#queues) {
      for (const [home, { heardMs }] of queue.homes)
        if (nowMs - heardMs > SILENT_MS) queue.homes.delete(home);
      if (queue.homes.size > 0) this.#form(queue, entriesOf(queue));
      else if (nowMs - queue.matchedMs > RECENT_MS) this.#queues.delete(name);
    }
  }

  #queueOf({ kind, match }: Wanted): Queue {
    const name = `${kind} ${match}`;
    const known = this.#queues.get(name);
    if (known) return known;
    const said = { failed: false, twice: false };
    const rest = { making: 0, restUntilMs: 0, waitedMs: undefined, matchedMs: 0 };
    const queue: Queue = { kind, match, homes: new Map(), ...said, ...rest };
    this.#queues.set(name, queue);
    return queue;
  }

  #homeOf({ homes }: Queue, name: string, nowMs: number): Home {
    const home = homes.get(name) ?? { entries: new Map(), heardMs: nowMs };
    home.heardMs = nowMs;
    homes.set(name, home);
    return home;
  }

  #progress(queue: Queue, entries: Home['entries'], ids: readonly number[]): Progress {
    const { rule, now } = this.#options;
    const nowMs = now();
    const of = rule(queue.kind);
    const all = entriesOf(queue);
    const { once, by } = oncePerUser(oldestFirst(all));
    if (by.length > 0) this.#tellOfTwice(queue);
    const count = new RatingCount(once);
    const isRecent = nowMs - queue.matchedMs < RECENT_MS;
    const waitedMs = isRecent ? (queue.waitedMs ?? 0) : 0;
    const standing = ids.map((id) => {
      const entry = entries.get(id);
      if (!entry) return { found: 0, etaS: null };
      const ageMs = nowMs - entry.sinceMs;
      const near = count.within(entry.rating, spreadOf(of, ageMs));
      const leftS = Math.ceil((waitedMs - ageMs) / 1000);
      // As many as are wanted would have begun.
      return { found: Math.min(near, of.players - 1), etaS: leftS > 0 ? leftS : null };
    });
    return {
      unknown: ids.filter((id) => !entries.has(id)),
      waiting: all.reduce((sum, { size }) => sum + size, 0),
      found: standing.map(({ found }) => found),
      etaS: standing.map(({ etaS }) => etaS),
    };
  }

  /** Else who tries a game in two tabs, as one user, would wait and wonder. */
  #tellOfTwice(queue: Queue): void {
    const { kind, match } = queue;
    const what = 'a user waits more than once, and is in a match once: tabs of one do not meet';
    if (!queue.twice) this.#options.log.info({ kind, match }, what);
    queue.twice = true;
  }

  #form(queue: Queue, all: readonly Entry[]): void {
    const { rule, now } = this.#options;
    // Each that fails may leave a room that stands empty for a while.
    const most = (queue.failed ? 1 : ABREAST) - queue.making;
    if (now() < queue.restUntilMs || most <= 0) return;
    const free = all.filter(({ busy }) => !busy);
    for (const group of formGroups(free, rule(queue.kind), now(), most)) {
      for (const entry of group) entry.busy = true;
      queue.making++;
      this.#make(queue, group)
        .catch((error) => this.#failed(queue, error))
        .finally(() => {
          for (const entry of group) entry.busy = false;
          queue.making--;
          this.#form(queue, entriesOf(queue));
        });
    }
  }

  #failed(queue: Queue, error: unknown): void {
    const { log, now } = this.#options;
    const { kind, match } = queue;
    if (!queue.failed) log.error({ err: error, kind, match }, 'a match could not be made');
    queue.failed = true;
    queue.restUntilMs = now() + REST_MS;
  }

  /** All of the group are held, then there is a room with a place for each, then they are told. */
  async #make(queue: Queue, group: readonly Entry[]): Promise<void> {
    const { shard, homes, open } = this.#options;
    const hold = `${shard}.${++this.#holds}`;
    const byHome = new Map<string, number[]>();
    for (const { home, id } of group) byHome.set(home, [...(byHome.get(home) ?? []), id]);
    let opened: Opened | undefined;
    try {
      const asked = Array.from(byHome, ([home, ids]) => this.#hold(queue, home, hold, ids));
      const isWhole = (await Promise.all(asked)).every((held) => held);
      const places = group.flatMap((entry) => entry.places).map(promiseOf);
      if (isWhole) opened = await open(queue, places);
    } finally {
      const told = opened;
      for (const home of byHome.keys()) {
        const said = told ? homes.matched(home, hold, told) : homes.letGo(home, hold);
        // Who was not told waits on, and his place in the room comes to nothing.
        said.catch((error) => this.#options.log.warn({ err: error, home }, 'a shard was not told'));
      }
    }
    if (opened) this.#made(queue, group, opened.room);
  }

  /** Whether all of them are; those who are not wait no more, or another match is made of them. */
  async #hold(queue: Queue, home: string, hold: string, ids: readonly number[]): Promise<boolean> {
    const entries = queue.homes.get(home)?.entries;
    try {
      const held = await this.#options.homes.hold(home, hold, ids);
      for (const id of ids) if (!held.includes(id)) entries?.delete(id);
      return ids.every((id) => held.includes(id));
    } catch (error) {
      // It says so again if it is still there.
      this.#options.log.warn({ err: error, home }, 'a shard with players who wait does not answer');
      queue.homes.delete(home);
      return false;
    }
  }

  #made(queue: Queue, group: readonly Entry[], room: string): void {
    const { log, now, tally } = this.#options;
    const nowMs = now();
    for (const { home, id } of group) queue.homes.get(home)?.entries.delete(id);
    const waited = group.map(({ sinceMs }) => nowMs - sinceMs);
    const meanMs = waited.reduce((sum, ms) => sum + ms, 0) / waited.length;
    const before = nowMs - queue.matchedMs < RECENT_MS ? queue.waitedMs : undefined;
    queue.waitedMs = before === undefined ? meanMs : before + (meanMs - before) * GAIN;
    queue.matchedMs = nowMs;
    queue.failed = false;
    tally.matched(queue.kind);
    const players = group.reduce((sum, { size }) => sum + size, 0);
    log.info({ room, players, waitedMs: Math.round(Math.max(...waited)) }, 'a match was made');
  }
}

function entryOf({ id, ageMs, rating, places }: Entrant, home: string, nowMs: number): Entry {
  const size = places.length;
  const users = places.flatMap(([, , user]) => user || []);
  return { id, home, places, rating, size, users, sinceMs: nowMs - ageMs, busy: false };
}

function entriesOf({ homes }: Queue): Entry[] {
  return Array.from(homes.values(), ({ entries }) => [...entries.values()]).flat();
}

function promiseOf([seat, identity]: Entrant['places'][number]): SeatPromise {
  return { seat, identity: Buffer.from(identity, 'base64') };
}
