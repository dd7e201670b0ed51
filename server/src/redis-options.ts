// What a game says about its Redis, and the connections that come of it. Read by redis.ts, which
// exports the type. Trap: URLs hold passwords, so no error repeats one.
import { checkNames, UsageError } from '@tickwire/protocol';
import { ClusterLine } from './redis-cluster.ts';
import { type Ear, type Line, openLine } from './redis-line.ts';

export interface RedisOptions {
  /**
   * `redis://[user:password@]host[:port][/number]`, or `rediss://` for TLS: one server, or the
   * address that leads to the present primary. This or `cluster`.
   */
  url?: string;
  /**
   * URLs of some nodes of a Redis Cluster, in the form of `url` without a number; they tell which
   * others there are. User, password and TLS of the first are those of all.
   */
  cluster?: readonly string[];
  /**
   * Ms for which a claim or a renewal holds, 50 to 600,000. Default 2,000: an owner may stand still
   * for 1.3 s, and a dead one's rooms are others' after 2.
   */
  leaseMs?: number;
  /** Begins all keys. A-Z, a-z, 0-9, `_`, `-`, `.` and `:`, at most 64. Default `tickwire:`. */
  prefix?: string;
}

const LEASE_MS = 2_000;

/** What a directory on Redis is made of. */
export interface RedisParts {
  readonly leaseMs: number;
  readonly prefix: string;
  readonly line: Line;
  /** Where messages are heard. */
  readonly ear: () => Ear;
  /** The line leads to several nodes. */
  readonly isParted: boolean;
}

/** Begins to connect. Throws UsageError. */
export function readOptions(options: RedisOptions): RedisParts {
  checkNames('redis', options, ['url', 'cluster', 'leaseMs', 'prefix']);
  const { leaseMs = LEASE_MS, prefix = 'tickwire:' } = options;
  if (!(leaseMs >= 50 && leaseMs <= 600_000))
    throw new UsageError(`redis: leaseMs is ${leaseMs}, not 50 to 600,000`);
  if (!/^[\w.:-]{0,64}$/.test(prefix))
    throw new UsageError('redis: prefix has up to 64 of A-Z, a-z, 0-9, _, -, . and :');
  return { leaseMs: Math.ceil(leaseMs), prefix, ...linesOf(options) };
}

function linesOf({ url, cluster }: RedisOptions): Pick<RedisParts, 'line' | 'ear' | 'isParted'> {
  if ((url === undefined) === (cluster === undefined))
    throw new UsageError('redis: wants url, of one server, or cluster, of some nodes');
  if (cluster?.length === 0) throw new UsageError('redis: cluster names no node');
  try {
    if (url !== undefined)
      return { line: openLine(url), ear: () => openLine(url), isParted: false };
    const line = new ClusterLine(cluster!);
    return { line, ear: () => line.ear(), isParted: true };
  } catch {
    const name = url === undefined ? 'a node of cluster' : 'url';
    throw new UsageError(`redis: ${name} is not like redis://host:6379`);
  }
}
