// What each question to the directory costs one Redis: which commands RedisDirectory sends for it,
// and how long Redis's one core is busy with each. The model of cluster-redis.ts; the commands are
// compared with what a real RedisDirectory sends (cluster-costs.test.ts), the times come from
// `bench -- cluster --measure` (cluster-measure.ts).

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
  | 'PING';

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
};

export const COMMANDS = Object.keys(COSTS) as CommandName[];

/** What is sent in one turn. */
export type Demand = readonly (readonly [name: CommandName, count: number, members?: number])[];

/** Lists of leases that RedisKeys spreads rooms over. */
export const LEASE_LISTS = 16;

const KB = 1024;

/** What lists are told once Redis has answered, and nobody waits for. */
export const marks = (lists: number, rooms = lists): Demand => [['ZADD', lists, rooms]];

/** By the method of Directory. Members of a command are of all its `count` together. */
export const DEMANDS = {
  announce: (): Demand => [['ANNOUNCE', 1]],
  withdraw: (): Demand => [['WITHDRAW', 1]],
  shards: (shards: number): Demand => [['LIST_SHARDS', 1, shards]],
  someShards: (shards: number): Demand => [['SOME_SHARDS', 1, shards]],
  claim: (): Demand => [['CLAIM', 1]],
  renew: (rooms: number): Demand => [['RENEW', rooms]],
  hear: (): Demand => [['PING', 1]],
  handOver: (): Demand => [['HAND_OVER', 1]],
  lock: (): Demand => [['LOCK', 1]],
  release: (): Demand => [['RELEASE', 1]],
  unmarked: (lists: number): Demand => [['ZREM', lists, lists]],
  room: (): Demand => [['LOOK', 1]],
  list: (rooms: number): Demand => [['ZRANGE', 1, rooms]],
  looks: (rooms: number): Demand => [['LOOK', rooms]],
  due: (lists: number): Demand => [['DUE', lists]],
  reserve: (): Demand => [['RESERVE', 1]],
  redeem: (): Demand => [['REDEEM', 1]],
  take: (): Demand => [['TAKE', 1]],
  leave: (seats: number): Demand => [['LEAVE', 1, seats]],
  occupy: (seats: number): Demand => [['OCCUPY', 1, seats]],
  save: (bytes: number): Demand => [['SAVE', 1, bytes / KB]],
  load: (bytes: number): Demand => [['HMGET', 1, bytes / KB]],
  arrive: (users: number): Demand => [['ARRIVE', users]],
  depart: (users: number): Demand => [['DEPART', users]],
  rowsOf: (users: number, rooms: number): Demand => [['ROWS_OF', users, rooms]],
  post: (): Demand => [['POST', 1]],
  top: (rows: number): Demand => [['TOP', 1, rows]],
  standing: (): Demand => [['STANDING', 1]],
  publish: (hearers: number): Demand => [['PUBLISH', 1, hearers]],
  passOn: (nodes: number): Demand => [['PASS_ON', nodes]],
  hearOf: (hearers: number): Demand => [['HEAR_OF', 1, hearers]],
  subscribe: (): Demand => [['SUBSCRIBE', 1]],
  secret: (): Demand => [
    ['SET', 1],
    ['GET', 1],
  ],
} as const;

/** Us that Redis is busy with it, and bytes on its network. */
export function costOf(demand: Demand): { us: number; bytes: number } {
  let us = 0;
  let bytes = 0;
  for (const [name, count, members = 0] of demand) {
    const cost = COSTS[name];
    us += count * cost.us + members * (cost.usEach ?? 0);
    bytes += count * cost.bytes + members * (cost.bytesEach ?? 0);
  }
  return { us, bytes };
}
