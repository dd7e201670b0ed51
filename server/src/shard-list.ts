// All shards as they last said they are, from memory for a while: 165 KB of a thousand. Kept by
// queue-owners.ts and by others.ts, each for as long as old news do no harm there. Trap: a crowd
// asks at once, and is answered by one question.
import type { Directory, ShardEntry } from './directory.ts';

export interface ShardListOptions {
  directory: Pick<Directory, 'shards'>;
  /** Ms for which it is believed. */
  freshMs: number;
  /** Monotonic ms. */
  now: () => number;
}

export class ShardList {
  readonly #options: ShardListOptions;
  #entries: readonly ShardEntry[] = [];
  #readMs = Number.NEGATIVE_INFINITY;
  /** Where it is being read. */
  #reading: Promise<readonly ShardEntry[]> | undefined;

  constructor(options: ShardListOptions) {
    this.#options = options;
  }

  /** Rejects with DirectoryError. */
  async read(): Promise<readonly ShardEntry[]> {
    const { freshMs, now } = this.#options;
    if (now() - this.#readMs <= freshMs) return this.#entries;
    this.#reading ??= this.#ask().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The next one is a new one. */
  forget(): void {
    this.#readMs = Number.NEGATIVE_INFINITY;
  }

  async #ask(): Promise<readonly ShardEntry[]> {
    const { directory, now } = this.#options;
    this.#entries = await directory.shards();
    this.#readMs = now();
    return this.#entries;
  }
}
