// A server in a process of its own that tells what memory it holds, for idle-memory.test.ts: only
// sockets and seats change it. Time stands still but for the ticks that are asked for, so nobody is
// idle for too long. TRANSPORT comes from the environment, questions and answers by IPC.
import { arcade } from './arcade.ts';
import { serveArcade } from './arcade-server.ts';

/** `run`: three ticks of every room, so that each seat is told its STATE. */
export type Question = 'memory' | 'run';

export interface Memory {
  /** Of JavaScript: the heap after a collection, and what its buffers hold outside. */
  readonly heapBytes: number;
  /** Of the process, native code included; falls late or never when something is freed. */
  readonly residentBytes: number;
}

export type Answer = { port: number } | { sockets: number; memory: Memory };

const ENOUGH = 100_000;

let nowMs = 0;
const server = await serveArcade(process.env.TRANSPORT as string, {
  // Nobody owns anything: the world is the game's, not a connection's.
  rooms: { field: arcade({ seats: 100, join() {} }) },
  // Exempt from what one address may ask for.
  trustedProxies: ['127.0.0.1'],
  limits: {
    connections: ENOUGH,
    connectionsPerAddress: ENOUGH,
    joinsPerMinute: ENOUGH,
    handshakeMs: ENOUGH,
  },
  ticking: false,
  now: () => nowMs,
});

async function memory(): Promise<Memory> {
  // Weak references and buffers take more than one collection.
  for (let i = 0; i < 3; i++) {
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise(setImmediate);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed + external, residentBytes: rss };
}

function run(): void {
  for (let tick = 0; tick < 3; tick++) {
    nowMs += 1000 / 30;
    for (const room of server.shard.rooms.values()) room.run(nowMs);
  }
}

const say = (answer: Answer) => void process.send!(answer);
process.on('message', async (question: Question) => {
  if (question === 'run') run();
  say({ sockets: server.edge.tally.connections, memory: await memory() });
});
process.once('disconnect', () => process.exit());
say({ port: server.port });
