// The directories against their one contract (directory-contract.ts); a Redis Cluster is in
// redis-cluster.test.ts.
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe } from 'vitest';
import { MemoryDirectory } from '../src/index.ts';
import { redis } from '../src/redis.ts';
import { directorySuite } from './directory-contract.ts';
import { ParentStores } from './parent-store.ts';
import { RedisServer, redisMissing } from './redis-server.ts';

directorySuite('{S34} in memory', async ({ leaseMs }) => {
  const now = () => performance.timeOrigin + performance.now();
  const directory = new MemoryDirectory({ leaseMs, now });
  return { connect: async () => directory, close: async () => {} };
});

describe('with a parent', () => {
  let stores: ParentStores;
  beforeAll(async () => {
    stores = await ParentStores.start();
  });
  afterAll(() => stores.stop());
  directorySuite('of shards in processes of their own', async ({ leaseMs }) => {
    return stores.open(leaseMs);
  });
});

const why = redisMissing ? `, left out: ${redisMissing}` : '';

/** Each store has keys of its own in one Redis. */
let stores = 0;

describe.skipIf(redisMissing !== undefined)(`with a Redis${why}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  directorySuite('{S34, S55} on Redis', async ({ leaseMs }) => {
    const prefix = `test${stores++}:`;
    return {
      connect: async () => redis({ url: server.url, leaseMs, prefix }),
      count: async () => (await server.ask<string[]>('KEYS', `${prefix}*`)).length,
      close: async () => {},
    };
  });
});
