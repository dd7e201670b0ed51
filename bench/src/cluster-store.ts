// What one simulated Redis holds: the keys that RedisDirectory names, as values that the twins of
// its scripts (cluster-scripts.ts) and its plain commands change when Redis's turn comes. Made by
// cluster-redis.ts. Trap: a room's keys are not forgotten, for no run is as long as the ten minutes
// after a lease in which nobody claims it.
import { SortedSet } from './sorted-set.ts';

/** Ms since 1970 at which virtual time starts: epochs go by it. */
export const EPOCH_MS = 1_800_000_000_000;

/** Of a room; numbers that scripts only compare and add are numbers here. */
export interface StoredRoom {
  readonly kind: string;
  readonly build: string;
  readonly seats: number;
  readonly match: string;
  readonly hidden: string;
  readonly open: string;
  /** Us since 1970. */
  readonly opened: string;
  shard: string;
  url: string;
  epoch: number;
  untilMs: number;
  locked: string;
  falls: number;
  begun: number;
  /** By seat: ms when it ends, below 0 once it is redeemed. */
  readonly promises: Map<string, number>;
  readonly identities: Map<string, Word>;
  readonly taken: Set<string>;
  checkpoint: { readonly epoch: number; readonly tick: number; readonly bytes: Word } | undefined;
}

export interface StoredPresence {
  readonly epoch: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface StoredShard {
  readonly text: string;
  readonly untilMs: number;
}

/** What is sent to Redis. */
export type Word = string | Buffer;

export class SimulatedStore {
  /** By the first of their keys. */
  readonly rooms = new Map<string, StoredRoom>();
  /** By the key of its checkpoint. */
  readonly checkpoints = new Map<string, StoredRoom>();
  /** By the first of their keys: last epoch of rooms that are over, and until when it is known. */
  readonly released = new Map<string, { readonly epoch: number; readonly untilMs: number }>();
  readonly shards = new Map<string, StoredShard>();
  /** By user, then by room. */
  readonly users = new Map<string, Map<string, StoredPresence>>();
  readonly texts = new Map<string, Word>();
  /** Claims that another shard had won. */
  claimsLost = 0;
  /** 0 <= n < 1. */
  readonly chance: () => number;
  /** What a checkpoint of a real room has at least; those of simulated ones are short. */
  readonly checkpointBytes: number;
  readonly #lists = new Map<string, SortedSet>();

  constructor(chance: () => number, checkpointBytes = 0) {
    this.chance = chance;
    this.checkpointBytes = checkpointBytes;
  }

  list(key: string): SortedSet {
    let list = this.#lists.get(key);
    if (!list) this.#lists.set(key, (list = new SortedSet()));
    return list;
  }
}

/** What is asked, and when its turn came. */
export interface Call {
  readonly store: SimulatedStore;
  readonly keys: readonly string[];
  readonly args: readonly Word[];
  /** Since 1970. */
  readonly nowMs: number;
}

/** What Redis does for it. */
export type Twin = (call: Call) => unknown;
