// A redis-server of the bench's own, on a free port of 127.0.0.1: it writes nothing and ends with
// the process. Used by the words that measure what stands on Redis.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { UsageError } from '@tickwire/protocol';

export interface RunningRedis {
  readonly url: string;
  readonly version: string;
  stop(): void;
}

/** Whether tests can start one. Throws where there is none and CI is set. */
export function findsRedis(): boolean {
  const found = spawnSync('redis-server', ['--version']).status === 0;
  if (!found && process.env.CI) throw new Error('redis-server is missing: .ci/run installs it');
  return found;
}

/** Rejects with UsageError where there is no such program. */
export async function startRedis(): Promise<RunningRedis> {
  const port = await freePort();
  const flags = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  const stop = () => void child.kill('SIGKILL');
  process.once('exit', stop);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', () => reject(new UsageError('there is no redis-server program here')));
    child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
    child.stdout.on('data', (text) => {
      if (said.length < 10_000) said += text;
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
  const version = /Redis version=([\d.]+)/.exec(said)?.[1] ?? 'unknown';
  return { url: `redis://127.0.0.1:${port}`, version, stop };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
