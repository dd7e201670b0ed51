// The one Redis of a simulated cluster, or the nodes of a Redis Cluster, and the directories that
// stand on them: real ones (RedisDirectory, ClusterLine), on lines of cluster-line.ts. Made by
// cluster-world.ts; disturbed by cluster-run.ts. Trap: a list is on one node, however many rooms
// stand on it.
import { ClusterLine, type OpenLine, RedisDirectory, SLOTS } from '@tickwire/server/parts';
import type { ClusterClock } from './cluster-clock.ts';
import { type Life, SimulatedLine } from './cluster-line.ts';
import { type RedisSecond, SimulatedRedis } from './cluster-redis.ts';

/** redis-options.ts' default. */
const PREFIX = 'tickwire:';
const HOST = 'node-';
const PORT = 6_379;

export interface NodesOptions {
  readonly count: number;
  readonly clock: ClusterClock;
  /** 0 <= n < 1. */
  readonly chance: () => number;
  readonly leaseMs: number;
  readonly slowness?: number | undefined;
  readonly checkpointBytes?: number;
}

export class SimulatedNodes {
  readonly all: readonly SimulatedRedis[];
  readonly #options: NodesOptions;

  constructor(options: NodesOptions) {
    const { count, clock, chance, slowness, checkpointBytes } = options;
    this.#options = options;
    const newNode = () => new SimulatedRedis(clock, chance, slowness, checkpointBytes);
    this.all = Array.from({ length: count }, newNode);
  }

  /** Of a process, and what ends its connections. */
  directory(life: Life): RedisDirectory {
    const { leaseMs, chance } = this.#options;
    const open: OpenLine = (url, troubled) => {
      const node = Number(new URL(url).hostname.slice(HOST.length));
      return new SimulatedLine(this, this.all[node], life, troubled);
    };
    const urls = Array.from(this.all, (_, node) => `redis://${HOST}${node}:${PORT}`);
    const about = { leaseMs, prefix: PREFIX };
    if (urls.length === 1) {
      const [url] = urls;
      const parts = { ...about, line: open(url), ear: () => open(url), isParted: false };
      return new RedisDirectory(parts, chance);
    }
    const line = new ClusterLine(urls, open, chance);
    return new RedisDirectory({ ...about, line, ear: () => line.ear(), isParted: true }, chance);
  }

  /** What CLUSTER SLOTS answers. */
  slots(): unknown {
    return this.all.map((_, node) => {
      const [first, next] = [this.#firstOf(node), this.#firstOf(node + 1)];
      return [first, next - 1, [`${HOST}${node}`, PORT]];
    });
  }

  /** Said at one node, which passes it on to all others. */
  publish(from: SimulatedRedis, channel: string, message: Buffer): void {
    const others = this.all.filter((node) => node !== from);
    from.tell(channel, message);
    from.spend(others.map(() => ['PASS_ON', 0]));
    for (const node of others) if (!node.away) node.hear(channel, message);
  }

  set slow(slow: SimulatedRedis['slow']) {
    for (const node of this.all) node.slow = slow;
  }

  set away(away: boolean) {
    for (const node of this.all) node.away = away;
  }

  /** Claims that another shard had won. */
  get claimsLost(): number {
    return this.all.reduce((sum, { store }) => sum + store.claimsLost, 0);
  }

  /** By node, `to` excluded. */
  seconds(from: number, to: number): RedisSecond[][] {
    const wanted = Array.from({ length: to - from }, (_, index) => (from + index) * 1_000);
    return this.all.map((node) => wanted.map((ms) => node.second(ms)));
  }

  #firstOf(node: number): number {
    return Math.ceil((node * SLOTS) / this.all.length);
  }
}
