// Which shard keeps a queue for all: of those that are there, the one that its name falls to
// (rendezvous hashing: Thaler and Ravishankar 1998), so that all name the same one, queues are
// spread, and a queue stays where it is when another shard comes or goes. Asked by waiting.ts.
// Trap: who has old news names another; queues.ts says why that does no harm.
import { createHash } from 'node:crypto';
import type { Directory, ShardEntry } from './directory.ts';
import type { Wanted } from './queues.ts';
import { ShardList } from './shard-list.ts';

export interface QueueOwnersOptions {
  directory: Directory;
  /** Of this shard. */
  shard: string;
  build: string;
  now: () => number;
}

/** Ms that the list of shards is believed: a shard says every 2 s that it is there. */
const LIST_MS = 1_000;
/** Ms for which a shard that did not answer keeps no queue: the directory forgets it after 6 s. */
const SUSPECT_MS = 5_000;

export class QueueOwners {
  readonly #options: QueueOwnersOptions;
  readonly #list: ShardList;
  readonly #suspects = new Map<string, number>();

  constructor(options: QueueOwnersOptions) {
    this.#options = options;
    this.#list = new ShardList({ ...options, freshMs: LIST_MS });
  }

  /** Rejects with DirectoryError. */
  async of({ kind, match }: Wanted): Promise<string> {
    const { shard } = this.#options;
    const names = (await this.#alive()).map(({ id }) => id);
    let owner = shard;
    let highest = '';
    for (const name of [shard, ...names]) {
      const score = createHash('sha256').update(`${name} ${kind} ${match}`).digest('hex');
      if (score > highest) [owner, highest] = [name, score];
    }
    return owner;
  }

  /** It does not answer. */
  suspect(shard: string): void {
    this.#suspects.set(shard, this.#options.now() + SUSPECT_MS);
  }

  /** Where players who wait may go from here; undefined: there is no other. */
  async another(): Promise<ShardEntry | undefined> {
    const others = await this.others();
    return [...others].sort((a, b) => a.load - b.load)[0];
  }

  /** Where a shard is reached, one that closes too; undefined: it is gone. */
  async urlOf(shard: string): Promise<string | undefined> {
    const find = async () => (await this.#list.read()).find(({ id }) => id === shard)?.url;
    const known = await find();
    if (known !== undefined) return known;
    // It may have begun since the list was read.
    this.#list.forget();
    return find();
  }

  /** Shards that players may be sent to. Rejects with DirectoryError. */
  async others(): Promise<readonly ShardEntry[]> {
    return (await this.#alive()).filter(({ url }) => url !== '');
  }

  async #alive(): Promise<readonly ShardEntry[]> {
    const { shard, build, now } = this.#options;
    const list = await this.#list.read();
    for (const [name, untilMs] of this.#suspects) if (now() > untilMs) this.#suspects.delete(name);
    return list.filter(
      (one) =>
        one.id !== shard && one.build === build && !one.draining && !this.#suspects.has(one.id),
    );
  }
}
