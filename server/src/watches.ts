// Which of the lists of leases a shard looks at for rooms without an owner, and at how many of
// them: all, where there are few shards; where there are many, some at each look, so that a list is
// looked at no more often than by a few shards that look at all. Used by redis-directory.ts. Trap:
// it is told how many shards there are, and until then takes itself for alone.

/** A list is looked at by about so many shards in the time in which each looks once. */
const WATCHERS = 4;
/** Orphans that are read of a list at once; claimed ones leave it. */
const MAX_DUE = 256;
/** Of many shards each reads at least so many: more than its share of a tenth's rooms. */
const MIN_DUE = 16;

export class Watches {
  /** That there are, this one among them. */
  shards = 1;
  readonly #lists: number;
  #next: number;

  /** `from`: the list to begin with, another one for each shard. */
  constructor(lists: number, from: number) {
    this.#lists = lists;
    this.#next = from % lists;
  }

  /** Numbers of the lists that are due: in turn, and all of them after some looks. */
  next(): number[] {
    const count = Math.ceil(this.#lists * Math.min(WATCHERS / this.shards, 1));
    const lists = Array.from({ length: count }, (_, i) => (this.#next + i) % this.#lists);
    this.#next = (this.#next + count) % this.#lists;
    return lists;
  }

  /** Orphans to read of each. */
  get limit(): number {
    return Math.max(Math.ceil(MAX_DUE * Math.min(WATCHERS / this.shards, 1)), MIN_DUE);
  }
}
