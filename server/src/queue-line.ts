// Those of one queue who wait at this shard, and what the shard that keeps the queue is told of
// them: in full, at every change and each second, so that whoever keeps it next knows them soon.
// Kept by waiting.ts. Trap: what is told may be old news by the time of the answer.
import { DirectoryError } from './directory.ts';
import type { Log } from './log.ts';
import { type Ask, tellOwner } from './queue-messages.ts';
import type { QueueOwners } from './queue-owners.ts';
import { FEW, type Progress, type Wanted } from './queues.ts';
import type { Waiter } from './waiter.ts';

/** Ms from one word to a queue's shard to the next, where nobody came or went: SILENT_MS / 5. */
const REPEAT_MS = 1_000;
/** Of those who are new, told in one message: a few KB each at most. */
export const FRESH = 64;

/** Who is told, and how. */
export interface Telling {
  ask: Ask;
  owners: QueueOwners;
  /** This one. */
  shard: string;
  /** There are no others. */
  isAlone: boolean;
  /** Monotonic ms. */
  now: () => number;
  log: Log;
}

export class QueueLine implements Wanted {
  readonly kind: string;
  readonly match: string;
  readonly waiters = new Map<number, Waiter>();
  readonly #by: Telling;
  /** The shard that has the queue, and whom it was told of. */
  #owner = '';
  readonly #known = new Set<number>();
  #telling = false;
  /** There is news since the telling began. */
  #again = false;
  /** When it is told again; 0: as soon as may be. */
  #dueMs = 0;
  /** The newest telling did, and it was said. */
  #failed = false;

  constructor({ kind, match }: Wanted, by: Telling) {
    this.kind = kind;
    this.match = match;
    this.#by = by;
  }

  enter(waiter: Waiter): void {
    this.waiters.set(waiter.id, waiter);
    this.#changed();
  }

  left(waiter: Waiter): void {
    if (this.waiters.delete(waiter.id)) this.#changed();
  }

  /** Nobody waits, and that was told. */
  get isOver(): boolean {
    return this.waiters.size === 0 && this.#known.size === 0 && !this.#telling;
  }

  /** Tells what is due. */
  sweep(nowMs: number): void {
    if (this.#dueMs <= nowMs) this.#tell();
  }

  /** Somebody came or went: told at once, or with the next sweep where all of it is a lot. */
  #changed(): void {
    if (this.waiters.size <= FEW) this.#tell();
    else this.#dueMs = 0;
  }

  /** The queue's shard is told who waits, again where there is news meanwhile. */
  async #tell(): Promise<void> {
    this.#again = true;
    if (this.#telling) return;
    this.#telling = true;
    while (this.#again) {
      this.#again = false;
      this.#dueMs = this.#by.now() + REPEAT_MS;
      try {
        await this.#tellOnce();
      } catch (error) {
        this.#fails(error);
      }
    }
    this.#telling = false;
  }

  #fails(error: unknown): void {
    const { log } = this.#by;
    const about = { err: error, kind: this.kind, match: this.match, owner: this.#owner };
    if (!(error instanceof DirectoryError)) log.error(about, 'telling a queue failed');
    else if (!this.#failed) log.warn(about, 'a queue was not told who waits');
    this.#failed = true;
    this.#dueMs = 0;
  }

  async #tellOnce(): Promise<void> {
    const { ask, owners, shard, isAlone, now } = this.#by;
    const owner = isAlone ? shard : await owners.of(this);
    if (owner !== this.#owner) this.#known.clear();
    this.#owner = owner;
    const ids = [...this.waiters.keys()];
    const fresh = ids.filter((id) => !this.#known.has(id)).slice(0, FRESH);
    const named = ids.filter((id) => this.#known.has(id) || fresh.includes(id));
    const nowMs = now();
    const entrants = fresh.map((id) => this.waiters.get(id)!.entrant(nowMs));
    const telling = tellOwner(ask, owner, shard, this, named, entrants);
    const standing = await telling.catch((error: unknown) => {
      // Where the directory is away nobody was asked, and the queue's shard is as good as before.
      const isAway = error instanceof DirectoryError && error.code === 'unreachable';
      if (!isAway) owners.suspect(owner);
      throw error;
    });
    // Not where nobody is told: that may fail at once, again and again.
    if (named.length < ids.length) this.#again = true;
    this.#failed = false;
    this.#known.clear();
    for (const id of named) this.#known.add(id);
    for (const id of standing.unknown) this.#known.delete(id);
    if (standing.unknown.length > 0) this.#dueMs = 0;
    this.#stands(named, standing);
  }

  #stands(ids: readonly number[], { waiting, found, etaS }: Progress): void {
    const nowMs = this.#by.now();
    ids.forEach((id, at) => {
      const waiter = this.waiters.get(id);
      if (!waiter || found[at] === undefined) return;
      waiter.stands({ waiting, found: found[at], etaS: etaS[at] ?? undefined }, nowMs);
    });
  }
}
