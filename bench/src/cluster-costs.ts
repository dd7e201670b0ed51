// What each command costs one Redis: how long its one core is busy with it, and what it reads and
// writes. Reckoned with by cluster-redis.ts; the times come from `bench -- cluster --measure`
// (cluster-measure.ts), which compares them with a real Redis's.

/** As one Redis sees it: scripts by their names. */
export type CommandName =
  | 'ANNOUNCE'
  | 'WITHDRAW'
  | 'LIST_SHARDS'
  | 'SOME_SHARDS'
  | 'CLAIM'
  | 'RENEW'
  | 'HAND_OVER'
  | 'LOCK'
  | 'RELEASE'
  | 'LOOK'
  | 'RESERVE'
  | 'REDEEM'
  | 'TAKE'
  | 'LEAVE'
  | 'OCCUPY'
  | 'SAVE'
  | 'ARRIVE'
  | 'DEPART'
  | 'ROWS_OF'
  | 'POST'
  | 'TOP'
  | 'STANDING'
  | 'DUE'
  | 'FORGET'
  | 'ZADD'
  | 'ZREM'
  | 'ZRANGE'
  | 'HMGET'
  | 'PUBLISH'
  | 'PASS_ON'
  | 'HEAR_OF'
  | 'SUBSCRIBE'
  | 'GET'
  | 'SET'
  | 'PING'
  | 'CLUSTER';

interface Cost {
  /** Of Redis's process, reading and answering included, us. */
  readonly us: number;
  /** As well, for each member that is listed, written or reached. */
  readonly usEach?: number;
  /** Bytes that Redis reads and writes for it. */
  readonly bytes: number;
  readonly bytesEach?: number;
}

/**
 * Measured on Redis 7.0.15, an AMD EPYC core at 100 % (used_cpu_user + used_cpu_sys over the
 * calls), 4,000 rooms of 16 seats, callers enough that commands come in pipelines. Without them,
 * from a connection each, reading and answering costs some 10 us more.
 */
export const COSTS: Readonly<Record<CommandName, Cost>> = {
  ANNOUNCE: { us: 6.5, bytes: 330 },
  WITHDRAW: { us: 4, bytes: 150 },
  LIST_SHARDS: { us: 5, usEach: 0.35, bytes: 140, bytesEach: 165 },
  SOME_SHARDS: { us: 4.3, usEach: 1, bytes: 140, bytesEach: 165 },
  CLAIM: { us: 17, bytes: 600 },
  RENEW: { us: 10.4, bytes: 410 },
  HAND_OVER: { us: 14.5, bytes: 440 },
  LOCK: { us: 9.5, bytes: 400 },
  RELEASE: { us: 12, bytes: 380 },
  LOOK: { us: 7.7, bytes: 500 },
  RESERVE: { us: 13.5, bytes: 440 },
  REDEEM: { us: 16, bytes: 400 },
  TAKE: { us: 14, bytes: 400 },
  LEAVE: { us: 11.5, usEach: 0.5, bytes: 400, bytesEach: 10 },
  OCCUPY: { us: 12, usEach: 0.8, bytes: 450, bytesEach: 12 },
  // usEach: for each KB.
  SAVE: { us: 8.2, usEach: 1.45, bytes: 350, bytesEach: 1024 },
  ARRIVE: { us: 6, bytes: 330 },
  DEPART: { us: 3.6, bytes: 230 },
  ROWS_OF: { us: 4.4, usEach: 0.8, bytes: 190, bytesEach: 60 },
  POST: { us: 8.5, bytes: 420 },
  TOP: { us: 2, usEach: 0.2, bytes: 130, bytesEach: 40 },
  STANDING: { us: 2.6, bytes: 160 },
  DUE: { us: 3.2, usEach: 0.3, bytes: 110, bytesEach: 40 },
  FORGET: { us: 3.1, bytes: 170 },
  ZADD: { us: 0.8, usEach: 0.6, bytes: 50, bytesEach: 35 },
  ZREM: { us: 0.8, usEach: 0.6, bytes: 50, bytesEach: 25 },
  ZRANGE: { us: 1.5, usEach: 0.2, bytes: 100, bytesEach: 35 },
  HMGET: { us: 3, usEach: 0.25, bytes: 120, bytesEach: 1024 },
  PUBLISH: { us: 0.8, usEach: 0.7, bytes: 200, bytesEach: 200 },
  // Of a cluster, measured on three nodes: told to another one, and heard there.
  PASS_ON: { us: 1.1, bytes: 250 },
  HEAR_OF: { us: 1.8, usEach: 0.7, bytes: 250, bytesEach: 200 },
  SUBSCRIBE: { us: 1, bytes: 130 },
  GET: { us: 0.7, bytes: 100 },
  SET: { us: 0.8, bytes: 120 },
  PING: { us: 0.5, bytes: 21 },
  // SLOTS, of 8 nodes.
  CLUSTER: { us: 10.8, bytes: 620 },
};

export const COMMANDS = Object.keys(COSTS) as CommandName[];

/** Us that Redis is busy with it, and bytes on its network. */
export function costOf(name: CommandName, members = 0): { us: number; bytes: number } {
  const { us, usEach = 0, bytes, bytesEach = 0 } = COSTS[name];
  return { us: us + members * usEach, bytes: bytes + members * bytesEach };
}
