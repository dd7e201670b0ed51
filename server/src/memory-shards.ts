// The shards that are there, as they last said they are, for the directory in memory. Used by
// memory-directory.ts. What says nothing for a while is forgotten; withdrawn is forgotten at once.
import { chance as anyChance } from './chance.ts';
import { type ShardEntry, shardLifeMs } from './directory.ts';

export class MemoryShards {
  readonly #lifeMs: number;
  readonly #now: () => number;
  readonly #chance: () => number;
  readonly #said = new Map<string, { readonly entry: ShardEntry; readonly untilMs: number }>();

  /** `chance`: 0 <= n < 1. */
  constructor(leaseMs: number, now: () => number, chance = anyChance) {
    this.#lifeMs = shardLifeMs(leaseMs);
    this.#now = now;
    this.#chance = chance;
  }

  announce(entry: ShardEntry): void {
    this.#said.set(entry.id, { entry, untilMs: this.#now() + this.#lifeMs });
  }

  forget(shard: string): void {
    this.#said.delete(shard);
  }

  all(): ShardEntry[] {
    const nowMs = this.#now();
    for (const [id, { untilMs }] of this.#said) if (untilMs <= nowMs) this.#said.delete(id);
    return Array.from(this.#said.values(), ({ entry }) => entry);
  }

  /** By chance, each once. */
  some(most: number): ShardEntry[] {
    const left = this.all();
    const some: ShardEntry[] = [];
    while (some.length < most && left.length > 0)
      some.push(...left.splice(Math.floor(this.#chance() * left.length), 1));
    return some;
  }
}
