// The rooms that there are, from memory: a crowd that asks for the same list costs the directory
// one look in half a second. Asked by http-api.ts for who looks for a room, and by placement.ts for
// who looks for one to watch. Trap: what it says is that old, and lists are old news anyway.
import type { Directory, RoomEntry } from './directory.ts';

/** Ms for which a list is told again: Redis is asked about each of its rooms, 20 us a room. */
const FRESH_MS = 500;

export interface RoomListsOptions {
  readonly directory: Directory;
  /** Monotonic ms. */
  readonly now: () => number;
}

interface List {
  readonly entries: Promise<readonly RoomEntry[]>;
  readonly untilMs: number;
}

export class RoomLists {
  readonly #options: RoomListsOptions;
  /** By kind; those of all under undefined. */
  readonly #lists = new Map<string | undefined, List>();

  constructor(options: RoomListsOptions) {
    this.#options = options;
  }

  /**
   * Rooms of a kind that is ours, or all. One look for all who ask at about the same time; one that
   * failed is not told again. Rejects with DirectoryError.
   */
  of(kind?: string): Promise<readonly RoomEntry[]> {
    const { directory, now } = this.#options;
    const isShared = Number.isFinite(directory.leaseMs);
    const known = this.#lists.get(kind);
    if (isShared && known && now() < known.untilMs) return known.entries;
    const entries = directory.rooms(kind);
    const list = { entries, untilMs: now() + FRESH_MS };
    this.#lists.set(kind, list);
    entries.catch(() => {
      if (this.#lists.get(kind) === list) this.#lists.delete(kind);
    });
    return entries;
  }
}
