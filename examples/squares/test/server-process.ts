// The squares server as the README starts it: its own process, src/server.ts as it stands, on a
// free port. Used by both tests beside it. Trap: it serves `dist` of the folder it runs in, so a
// test gives it one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Tries of 50 ms until the server answers: a loaded machine compiles for seconds. */
const PATIENCE = 600;

export interface ServerProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** `folder` holds the built page as `dist`. */
export async function startServer(folder: string): Promise<ServerProcess> {
  const port = await freePort();
  const server = fileURLToPath(new URL('../src/server.ts', import.meta.url));
  const run = ['--conditions=source', '--import', import.meta.resolve('tsx'), server];
  const env = { ...process.env, PORT: String(port), HOST: '127.0.0.1', NODE_ENV: '' };
  const child = spawn(process.execPath, run, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await answers(url)); tries++) {
    if (child.exitCode !== null || tries > PATIENCE) throw new Error(`no server: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, stop: () => stop(child) };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
