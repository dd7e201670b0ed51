// A private Redis of a test: on a free port of 127.0.0.1, writing nothing, gone with the process.
// Used by the tests of what stands on Redis; it can be stopped, started again and held still. Trap:
// started again it has forgotten everything but which slots of a cluster it has.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { freePort } from './ports.ts';

/** Why there is none here; undefined where there is. Where CI is set, it is a fault. */
export const redisMissing = ((): string | undefined => {
  if (spawnSync('redis-server', ['--version']).status === 0) return undefined;
  if (process.env.CI) throw new Error('redis-server is missing: .ci/run installs it');
  return 'no redis-server program; install redis-server';
})();

/** Never connected; each of another kind would take 25 ms to make. */
const OPERATOR = createClient();

/** Whatever becomes of a test, its servers end with the process. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export class RedisServer {
  readonly port: number;
  /** Where nodes of a cluster talk to each other. */
  readonly bus: number | undefined;
  readonly #folder: string;
  readonly #more: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, more: readonly string[], bus?: number) {
    this.port = port;
    this.bus = bus;
    this.#folder = mkdtempSync(join(tmpdir(), 'tickwire-redis-'));
    this.#more = more;
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), []);
    await server.run();
    return server;
  }

  /** A node of a cluster (redis-cluster.ts), which has no slots yet. */
  static async startNode(): Promise<RedisServer> {
    const bus = await freePort();
    const more = ['--cluster-enabled', 'yes', '--cluster-port', String(bus)];
    // What others have is served while one is away.
    more.push('--cluster-require-full-coverage', 'no', '--repl-diskless-sync-delay', '0');
    const server = new RedisServer(await freePort(), more, bus);
    await server.run();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts the program, also again after `end`; resolves when it serves. */
  async run(): Promise<void> {
    const nothing = ['--save', '', '--appendonly', 'no', '--dir', this.#folder];
    const where = ['--bind', '127.0.0.1', '--port', String(this.port)];
    const child = spawn('redis-server', [...where, ...nothing, ...this.#more], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    children.add(child);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
      child.once('error', reject);
      child.stdout.on('data', (text) => {
        said = (said + text).slice(-10_000);
        if (said.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** As an operator asks, on a connection of its own. */
  async ask<Answer>(...args: string[]): Promise<Answer> {
    const client = OPERATOR.duplicate({ url: this.url });
    await client.connect();
    try {
      return await client.sendCommand<Answer>(args);
    } finally {
      client.destroy();
    }
  }

  /** Stands still, with its connections open, until `resume`. */
  pause(): void {
    this.#child!.kill('SIGSTOP');
  }

  resume(): void {
    this.#child!.kill('SIGCONT');
  }

  /** Ends it, and every connection. */
  async end(): Promise<void> {
    const child = this.#child!;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    children.delete(child);
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
