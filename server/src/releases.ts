// Rooms that are over and that the directory must forget: asked again until it has, for what it
// still lists without an owner others would take over and go on with from its last checkpoint.
// Called by shard.ts. Trap: the lease is renewed until then, for as long as the `close` hook takes.
import type { Directory, Lease } from './directory.ts';
import type { Leases } from './leases.ts';
import type { Log } from './log.ts';

export interface ReleasesOptions {
  directory: Directory;
  /** Undefined where there are no other shards. */
  leases: Leases | undefined;
  log: Log;
}

export class Releases {
  readonly #options: ReleasesOptions;
  readonly #waiting = new Set<Lease>();

  constructor(options: ReleasesOptions) {
    this.#options = options;
  }

  async release(lease: Lease): Promise<void> {
    const { directory, leases, log } = this.#options;
    const isFirst = !this.#waiting.delete(lease);
    try {
      await directory.release(lease);
      leases?.remove(lease);
    } catch (error) {
      this.#waiting.add(lease);
      if (isFirst) log.error({ err: error, room: lease.id }, 'the directory was not told');
    }
  }

  /** Called a few times a second. */
  sweep(): void {
    for (const lease of this.#waiting) void this.release(lease);
  }
}
