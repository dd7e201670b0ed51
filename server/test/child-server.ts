// The arcade as a server in a process of its own, told what to do by its environment, and asked how
// it is by messages. Run by processes.test.ts; ends with who started it.
import { serveArcade } from './arcade-server.ts';

const { TRANSPORT = 'uws', LISTEN = '0' } = process.env;
const server = await serveArcade(TRANSPORT, { port: Number(LISTEN), signals: true });

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const refusals = Object.fromEntries(server.edge.refusals);
  process.send!({ refusals, cpuMs: (user + system) / 1000, nowMs: performance.now() });
});
process.once('disconnect', () => process.exit(0));
process.send!({ port: server.port });
