// A server in a process of its own, whose heap a test may look into: secrets.test.ts forks it with
// the name of a transport, and sends it paths to write heap snapshots to. Takes any token, and
// keeps of it a mark that shows that what is kept is found.
import { writeHeapSnapshot } from 'node:v8';
import { serve, type TransportName } from '../src/index.ts';
import { arcade } from './arcade.ts';

const DAY_MS = 86_400_000;

const field = arcade({
  authenticate: ((token: string) => ({ kept: `kept-of-${token.length}` })) as never,
  user: () => 'ada',
  expiresAtMs: () => Date.now() + DAY_MS,
});
const server = await serve({
  rooms: { field },
  transport: process.argv[2] as TransportName,
  port: 0,
  host: '127.0.0.1',
  allowNoOrigin: true,
  // A snapshot stops everything for seconds.
  limits: { seatsPerUser: 100, hangMs: 60_000 },
  log: 'silent',
});
process.on('message', (path: string) => {
  // What is garbage is collected first.
  writeHeapSnapshot(path);
  process.send?.('written');
});
process.send?.(server.port);
