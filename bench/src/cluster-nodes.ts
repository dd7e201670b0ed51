// The one Redis of a simulated cluster, or the nodes of a Redis Cluster: which of them has what, by
// the slots of the keys that RedisDirectory would name. Asked by cluster-directory.ts; made and
// disturbed by cluster-run.ts. Trap: a list is on one node, however many rooms stand on it.
import { RedisKeys, SLOTS, slotOf } from '@tickwire/server/parts';
import type { ClusterClock } from './cluster-clock.ts';
import { LEASE_LISTS } from './cluster-costs.ts';
import { type RedisSecond, SimulatedRedis } from './cluster-redis.ts';

/** redis-options.ts' default. */
const PREFIX = 'tickwire:';

export class SimulatedNodes {
  readonly all: readonly SimulatedRedis[];
  readonly clock: ClusterClock;
  /** 0 <= n < 1. */
  readonly chance: () => number;
  /** Claims that another shard had won. */
  claimsLost = 0;
  readonly keys = new RedisKeys(PREFIX);
  /** By list of leases. */
  readonly leases: readonly number[];
  /** By room: a slot takes longer to find than to remember. */
  readonly #rooms = new Map<string, number>();

  constructor(count: number, clock: ClusterClock, chance: () => number, slowness = 1) {
    this.clock = clock;
    this.chance = chance;
    const nodes = Array.from({ length: count }, () => new SimulatedRedis(clock, chance, slowness));
    this.all = nodes;
    this.leases = Array.from({ length: LEASE_LISTS }, (_, list) => this.of(this.keys.leases[list]));
  }

  /** Which node has the key. */
  of(key: string): number {
    return Math.floor((slotOf(key) * this.all.length) / SLOTS);
  }

  ofRoom(id: string): number {
    let node = this.#rooms.get(id);
    if (node === undefined) this.#rooms.set(id, (node = this.of(this.keys.checkpoint(id))));
    return node;
  }

  set slow(slow: SimulatedRedis['slow']) {
    for (const node of this.all) node.slow = slow;
  }

  set away(away: boolean) {
    for (const node of this.all) node.away = away;
  }

  /** By node, `to` excluded. */
  seconds(from: number, to: number): RedisSecond[][] {
    const wanted = Array.from({ length: to - from }, (_, index) => (from + index) * 1_000);
    return this.all.map((node) => wanted.map((ms) => node.second(ms)));
  }
}

/** What a question is about, by node. */
type Parts<Value> = Map<number, Value[]>;

export function apart<Value>(
  values: Iterable<Value>,
  nodeOf: (value: Value) => number,
): Parts<Value> {
  const parts: Parts<Value> = new Map();
  for (const value of values) {
    const node = nodeOf(value);
    const part = parts.get(node);
    if (part) part.push(value);
    else parts.set(node, [value]);
  }
  return parts;
}

/** As redis-rooms.ts has it: what some nodes say, unless none does. */
export async function heardOf<Value, Answer>(
  parts: Parts<Value>,
  ask: (node: number, some: readonly Value[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const asked = Array.from(parts, ([node, some]) => ask(node, some));
  const answers = await Promise.allSettled(asked);
  const heard = answers.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const [first] = answers;
  if (first?.status === 'rejected' && answers.every(({ status }) => status === 'rejected'))
    throw first.reason;
  return heard;
}
