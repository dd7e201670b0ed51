// Two servers by one address: players whom one of them sends to its room there come to the other,
// which has no such room. Looked for once by cluster.ts, when a server that was killed before this
// one began is forgotten: it may have had the same address, and rightly so. Whoever starts later
// finds who was there.
import { type Directory, shardLifeMs } from './directory.ts';
import type { Log } from './log.ts';
import type { Shard } from './shard.ts';

export interface NamesakesOptions {
  directory: Pick<Directory, 'shards' | 'leaseMs'>;
  shard: Pick<Shard, 'owner'>;
  log: Pick<Log, 'error'>;
}

/** Ms after the start at which it is looked; the second is for clocks that are not quite alike. */
export function namesakesDueMs({ leaseMs }: Pick<Directory, 'leaseMs'>): number {
  return shardLifeMs(leaseMs) + 1_000;
}

/** Logs them, if there are any. Answers in how many ms it is to look again: never. */
export async function lookForNamesakes(options: NamesakesOptions): Promise<number> {
  const { directory, shard, log } = options;
  const { shard: own, url } = shard.owner;
  const others = (await directory.shards()).filter(
    (one) => one.url === url && one.id !== own && !one.draining,
  );
  if (others.length > 0)
    log.error(
      { publicUrl: url, servers: others.length + 1 },
      `several servers have the publicUrl ${url}: players who are sent to a room there may come ` +
        'to the wrong one, and be told that it is gone; give each server its own',
    );
  return Number.POSITIVE_INFINITY;
}
