// A Redis Cluster of a test: three primaries on free ports of 127.0.0.1, which share all slots, and
// a replica of the first. Used by the tests of the directory on a cluster. Trap: a node that has
// just been started serves after 2 s, which is in Redis's code.
import { setTimeout as wait } from 'node:timers/promises';
import { SLOTS, slotOf } from '../src/redis-slots.ts';
import { RedisServer } from './redis-server.ts';

/** Ms between two looks at what the nodes know. */
const LOOK_MS = 10;

const PRIMARIES = 3;
/** Slots of one primary; the last one has two fewer. */
const SHARE = Math.ceil(SLOTS / PRIMARIES);

export class RedisCluster {
  /** As they were at first. */
  readonly primaries: readonly RedisServer[];
  readonly replica: RedisServer;

  private constructor(nodes: readonly RedisServer[]) {
    this.primaries = nodes.slice(0, PRIMARIES);
    this.replica = nodes[PRIMARIES];
  }

  static async start(): Promise<RedisCluster> {
    const starting = Array.from({ length: PRIMARIES + 1 }, () => RedisServer.startNode());
    const cluster = new RedisCluster(await Promise.all(starting));
    for (const [index, node] of cluster.primaries.entries()) {
      const first = index * SHARE;
      const last = Math.min(first + SHARE, SLOTS) - 1;
      await node.ask('CLUSTER', 'ADDSLOTSRANGE', String(first), String(last));
      // Else two of them may have the same epoch, and one would have to give way.
      await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    const [first, ...others] = cluster.#nodes;
    for (const node of others) await meet(first, node);
    await cluster.#settled();
    await cluster.#replicate();
    return cluster;
  }

  get urls(): string[] {
    return this.primaries.map(({ url }) => url);
  }

  /** Who had the slot of the key at first. */
  ownerOf(key: string): RedisServer {
    return this.primaries[Math.floor(slotOf(key) / SHARE)];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()));
  }

  get #nodes(): RedisServer[] {
    return [...this.primaries, this.replica];
  }

  /** Resolves when every node serves, and knows all others and where the slots are. */
  async #settled(): Promise<void> {
    const fine = ['cluster_state:ok', `slots_ok:${SLOTS}`, `known_nodes:${this.#nodes.length}`];
    const isFine = async (node: RedisServer) => {
      const info = await node.ask<string>('CLUSTER', 'INFO');
      return fine.every((line) => info.includes(`${line}\r`));
    };
    for (const node of this.#nodes) while (!(await isFine(node))) await wait(LOOK_MS);
  }

  /** The replica has all that its primary has, and the others would hear that it is promoted. */
  async #replicate(): Promise<void> {
    const { replica } = this;
    const id = await this.primaries[0].ask<string>('CLUSTER', 'MYID');
    await replica.ask('CLUSTER', 'REPLICATE', id);
    const link = () => replica.ask<string>('INFO', 'replication');
    while (!(await link()).includes('master_link_status:up')) await wait(LOOK_MS);
    const follows = new RegExp(`:${replica.port}@\\S+ slave ${id} .* connected`);
    for (const node of this.primaries)
      while (!follows.test(await node.ask<string>('CLUSTER', 'NODES'))) await wait(LOOK_MS);
  }
}

async function meet(node: RedisServer, other: RedisServer): Promise<void> {
  await node.ask('CLUSTER', 'MEET', '127.0.0.1', String(other.port), String(other.bus));
}
