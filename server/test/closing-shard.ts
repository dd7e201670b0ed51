// A shard with a directory of its own that closes as soon as it listens, and ends if nothing keeps
// it. Run by shards.test.ts in a process of its own.
import { MemoryDirectory, serve } from '../src/index.ts';
import { arcade } from './arcade.ts';

const server = await serve({
  rooms: { field: arcade() },
  host: '127.0.0.1',
  port: 0,
  transport: 'ws',
  signals: false,
  log: 'silent',
  publicUrl: 'http://127.0.0.1:{port}',
  directory: new MemoryDirectory({ leaseMs: 60_000, now: () => performance.now() }),
});
await server.close();
