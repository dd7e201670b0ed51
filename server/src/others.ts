// Which other shard gets a room: the less loaded of two that chance picks, for the least loaded of
// all would get every room until it says so (Mitzenmacher 2001, the power of two choices). Asked by
// openings.ts, moving.ts and balance.ts; made by make-shard.ts for a shard among others. Trap: how
// busy a shard is, it says itself, a moment after a room is there; what was just sent to it is
// counted here.
import type { Directory, ShardEntry } from './directory.ts';
import type { Shard } from './shard.ts';
import { ShardList } from './shard-list.ts';

export interface OthersOptions {
  directory: Pick<Directory, 'shards' | 'someShards'>;
  shard: Pick<Shard, 'owner' | 'build' | 'draining'>;
  /** Of this process, 0..1000. */
  load: () => number;
  /** Monotonic ms. */
  now: () => number;
  /** 0 <= n < 1. */
  chance: () => number;
}

/**
 * Shards that are asked for, so that two are left without this one, those that close and those of
 * another build: 700 bytes where a list of a thousand has 165 KB.
 */
const ASKED = 4;
/**
 * Ms for which a whole list is good: of who closes, or where none of ASKED is of this build. That
 * long lies between two words of a shard.
 */
const LIST_MS = 2_000;
/** Load, of 1000, that a room counts as until its shard says so: the first in expected-load.ts. */
const LOAD_OF_ROOM = 10;
/** Ms after which a shard has said so: twice what lies between two words of its own. */
const SAID_MS = 4_000;

/** What was sent to a shard since it last said how busy it is. */
interface Sent {
  readonly said: number;
  readonly load: number;
  readonly atMs: number;
}

export class Others {
  readonly #options: OthersOptions;
  /** By shard, the longest ago first. */
  readonly #sent = new Map<string, Sent>();
  readonly #list: ShardList;

  constructor(options: OthersOptions) {
    this.#options = options;
    this.#list = new ShardList({ ...options, freshMs: LIST_MS });
  }

  /**
   * For a new room: one that has less to do than this one, or any where this one closes. Rejects
   * with DirectoryError.
   */
  async lessLoaded(): Promise<ShardEntry | undefined> {
    const { directory, shard, load } = this.#options;
    const some = this.#fitting(await directory.someShards(ASKED));
    const other = some.length > 0 ? this.#lesser(some) : await this.emptier();
    return other && (shard.draining || this.loadOf(other) < load()) ? other : undefined;
  }

  /**
   * For a room of ours that goes: the further below the mean, the likelier, so that many who send
   * theirs at once fill up what has only begun. Undefined: there are none of this build. Rejects
   * with DirectoryError.
   */
  async emptier(): Promise<ShardEntry | undefined> {
    const all = this.#fitting(await this.#list.read());
    const loads = all.map((entry) => this.loadOf(entry));
    const mean = loads.reduce((sum, load) => sum + load, 0) / all.length;
    const weights = loads.map((load) => Math.max(mean - load, 0) + LOAD_OF_ROOM);
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    const pick = () => {
      let left = this.#options.chance() * whole;
      return all.find((_, i) => (left -= weights[i]) < 0) ?? all[all.length - 1];
    };
    return all.length > 0 ? this.#lesser([pick(), pick()]) : undefined;
  }

  /** The next list is a new one. */
  forget(): void {
    this.#list.forget();
  }

  /** The least loaded of a few. Undefined: none of them fits. Rejects with DirectoryError. */
  async idlest(): Promise<ShardEntry | undefined> {
    const some = this.#fitting(await this.#options.directory.someShards(ASKED));
    return some.sort((a, b) => this.loadOf(a) - this.loadOf(b))[0];
  }

  /** 0..1000, with what was sent there. */
  loadOf({ id, load }: ShardEntry): number {
    const sent = this.#sent.get(id);
    return sent?.said === load ? load + sent.load : load;
  }

  /** A room goes there. */
  send(entry: ShardEntry): void {
    const { id, load: said } = entry;
    const atMs = this.#options.now();
    const load = this.loadOf(entry) - said + LOAD_OF_ROOM;
    this.#sent.delete(id);
    this.#sent.set(id, { said, load, atMs });
    for (const [oldest, sent] of this.#sent) {
      if (atMs - sent.atMs < SAID_MS) break;
      this.#sent.delete(oldest);
    }
  }

  #fitting(entries: readonly ShardEntry[]): ShardEntry[] {
    const { owner, build } = this.#options.shard;
    return entries.filter(
      (one) => one.id !== owner.shard && one.build === build && !one.draining && one.url !== '',
    );
  }

  #lesser([a, b]: readonly ShardEntry[]): ShardEntry {
    return b && this.loadOf(b) < this.loadOf(a) ? b : a;
  }
}
