// What a server says, once, of the others that it finds some seconds after its start: those that
// have its address, and those of another build. Asked by cluster.ts, when a server that was killed
// before this one began is forgotten: it may have had the same address, and rightly so. Whoever
// starts later finds who was there.
import { type Directory, shardLifeMs } from './directory.ts';
import type { Log } from './log.ts';
import type { Shard } from './shard.ts';

export interface NewcomerOptions {
  directory: Pick<Directory, 'shards' | 'leaseMs'>;
  shard: Pick<Shard, 'owner' | 'build'>;
  log: Pick<Log, 'info' | 'error'>;
}

/** Ms after the start at which it looks; the second is for clocks that are not quite alike. */
export function newcomerLooksMs({ leaseMs }: Pick<Directory, 'leaseMs'>): number {
  return shardLifeMs(leaseMs) + 1_000;
}

/** Answers in how many ms it is to look again: never. Rejects with DirectoryError. */
export async function lookAround({ directory, shard, log }: NewcomerOptions): Promise<number> {
  const { shard: own, url } = shard.owner;
  const others = (await directory.shards()).filter(({ id, draining }) => id !== own && !draining);
  const sameUrl = others.filter((other) => other.url === url).length;
  if (sameUrl > 0)
    log.error(
      { publicUrl: url, servers: sameUrl + 1 },
      `several servers have the publicUrl ${url}: players who are sent to a room there may come ` +
        'to the wrong one, and be told that it is gone; give each server its own',
    );
  const otherBuild = others.filter(({ build }) => build !== shard.build).length;
  if (otherBuild > 0)
    log.info(
      { servers: others.length, otherBuild },
      'other servers declare their games otherwise: rooms and players of such a game stay apart',
    );
  return Number.POSITIVE_INFINITY;
}
