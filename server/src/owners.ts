// Who has a room that is asked for here: this shard, another one, or, while its owner is dead and
// nobody has taken it over, nobody yet: then who asks waits here until somebody has it, instead of
// asking again and again. Used by placement.ts. Trap: the directory names a dead owner until its
// lease ends, so who comes back from there, where nobody answered, waits as well.
import { createHash } from 'node:crypto';
import { CloseCode } from '@tickwire/protocol';
import type { Directory, RoomEntry } from './directory.ts';
import { JoinRefused, underDirectory } from './joining.ts';

export interface OwnersOptions {
  directory: Directory;
  /** Id of this shard. */
  shard: string;
  /** A room that plays here. */
  isHere: (id: string) => boolean;
  /** Monotonic ms. */
  now: () => number;
}

/** Ms between looks at a room that is waited for: one question for all who wait. */
const LOOK_MS = 50;
/**
 * A look that took longer than LATE_MS is followed by a pause this many times as long as it was
 * late, of so many ms at most: where a tenth of a thousand shards is gone, a hundred thousand look
 * at once, and one Redis answers as many in a second.
 */
const LOOK_REST = 10;
const LATE_MS = 20;
const MOST_PAUSE_MS = 3_000;
/** Ms beyond a lease that are waited for: for somebody to find the room and restore it. */
const RESTORE_MS = 1_000;
/** Longest wait, ms: clients give an attempt up after 8 s. */
const MOST_MS = 5_000;
/** Who was sent away and may come back, and for how many ms: all players of a full shard. */
const MAX_SENT = 8_192;
const SENT_MS = 10_000;

export class Owners {
  readonly #options: OwnersOptions;
  readonly #waitMs: number;
  /** Rooms that are waited for, by id and the epoch that is to pass. */
  readonly #waits = new Map<string, Promise<RoomEntry | undefined>>();
  /** The epoch of the owner that somebody was sent to, oldest first. */
  readonly #sent = new Map<string, { readonly epoch: number; readonly atMs: number }>();

  constructor(options: OwnersOptions) {
    this.#options = options;
    this.#waitMs = Math.min(options.directory.leaseMs + RESTORE_MS, MOST_MS);
  }

  /**
   * Another shard's room; undefined: it is here, or there is none. `key`: the resume key of who
   * asks. Rejects with JoinRefused where nobody has it after a while.
   */
  async of(id: string, key?: string): Promise<RoomEntry | undefined> {
    const entry = await this.#look(id);
    const who = key === undefined ? undefined : createHash('sha256').update(key).digest('base64');
    const back = who !== undefined && this.#sent.get(who)?.epoch === entry?.epoch;
    const found = entry && (back || !this.#isSettled(entry)) ? await this.#next(entry) : entry;
    if (!found || found.shard === this.#options.shard) return undefined;
    if (who !== undefined) this.#note(who, found.epoch);
    return found;
  }

  async #look(id: string): Promise<RoomEntry | undefined> {
    return underDirectory(this.#options.directory.room(id));
  }

  /** Somebody plays it: a room that was claimed here is restored first. */
  #isSettled({ id, shard, orphan }: RoomEntry): boolean {
    const { shard: own, isHere } = this.#options;
    return !orphan && (shard !== own || isHere(id));
  }

  #next(entry: RoomEntry): Promise<RoomEntry | undefined> {
    const name = `${entry.epoch} ${entry.id}`;
    const waited = this.#waits.get(name);
    if (waited) return waited;
    const wait = this.#await(entry).finally(() => this.#waits.delete(name));
    this.#waits.set(name, wait);
    return wait;
  }

  /** The next owner, or the old one where it is there after all. */
  async #await({ id, epoch }: RoomEntry): Promise<RoomEntry | undefined> {
    const { now } = this.#options;
    for (const beganMs = now(); ; ) {
      const askedMs = now();
      const entry = await this.#look(id);
      const pauseMs = pauseAfter(now() - askedMs);
      const settled = entry === undefined || this.#isSettled(entry);
      if (settled && entry?.epoch !== epoch) return entry;
      // Restored here by the epoch that it was claimed with.
      if (settled && entry?.shard === this.#options.shard) return entry;
      if (now() - beganMs > this.#waitMs) {
        if (settled) return entry;
        throw new JoinRefused(CloseCode.Restart, 'nobody has the room now; try again', 'orphan');
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #note(who: string, epoch: number): void {
    const nowMs = this.#options.now();
    this.#sent.delete(who);
    this.#sent.set(who, { epoch, atMs: nowMs });
    for (const [oldest, { atMs }] of this.#sent) {
      if (this.#sent.size <= MAX_SENT && nowMs - atMs < SENT_MS) break;
      this.#sent.delete(oldest);
    }
  }
}

function pauseAfter(tookMs: number): number {
  return Math.min(Math.max(LOOK_MS, LOOK_REST * (tookMs - LATE_MS)), MOST_PAUSE_MS);
}
