// The server processes that failover.ts breaks: shards over one Redis, or the children of one
// parent. Starts them, hears what they say, ends them, each by its process id. Trap: the children
// of a parent are known by what they say alone.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type FailoverTask, type Said, TASK_VARIABLE } from './failover-server.ts';
import { wait } from './load-step.ts';
import { freePort, type RunningRedis, startRedis } from './redis-program.ts';

export type DirectoryName = 'redis' | 'parent';

export interface FleetOptions {
  readonly directory: DirectoryName;
  readonly shards: number;
  /** Rooms that a shard opens when it is asked to. */
  readonly rooms: number;
  readonly seed: number;
}

/** A process that serves. */
export interface Node {
  readonly pid: number;
  readonly port: number;
}

/** What comes of a signal is waited for so long: beyond any figure that is hoped for. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 5;

export class Fleet {
  readonly said: Said[] = [];
  readonly #options: FleetOptions;
  readonly #redis: RunningRedis | undefined;
  readonly #children = new Set<ChildProcess>();
  readonly #kill = () => this.#end();

  private constructor(options: FleetOptions, server: RunningRedis | undefined) {
    this.#options = options;
    this.#redis = server;
    process.once('exit', this.#kill);
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const overRedis = options.directory === 'redis';
    const fleet = new Fleet(options, overRedis ? await startRedis() : undefined);
    if (overRedis) for (let i = 0; i < options.shards; i++) fleet.#spawn(await freePort());
    else fleet.#spawn(0);
    await fleet.until(() => fleet.nodes.length === options.shards);
    return fleet;
  }

  /** Those that came up, the newest of each port, by their age. */
  get nodes(): Node[] {
    const nodes = new Map<number, Node>();
    for (const line of this.said) {
      if (line.is !== 'up') continue;
      nodes.delete(line.port);
      nodes.set(line.port, line);
    }
    return [...nodes.values()];
  }

  /** Has it open its rooms; answers their ids. */
  async open({ pid }: Node): Promise<readonly string[]> {
    process.kill(pid, 'SIGUSR2');
    const opened = () => this.of(pid).find((line) => line.is === 'opened');
    await this.until(() => opened() !== undefined);
    const line = opened();
    return line?.is === 'opened' ? line.ids : [];
  }

  /** What a process said, since then. */
  of(pid: number, sinceMs = 0): Said[] {
    return this.said.filter((line) => line.pid === pid && line.atMs >= sinceMs);
  }

  /** Closes one by SIGTERM; resolves when another one is up on its port. */
  async restart({ pid, port }: Node): Promise<void> {
    const child = [...this.#children].find((one) => one.pid === pid);
    process.kill(pid, 'SIGTERM');
    if (child) {
      await this.until(() => child.exitCode !== null || child.signalCode !== null);
      this.#spawn(port);
    }
    await this.until(() => this.nodes.some((node) => node.port === port && node.pid !== pid));
  }

  /** Answers whether it came to hold in time. */
  async until(holds: () => boolean): Promise<boolean> {
    for (const began = performance.now(); performance.now() - began < PATIENCE_MS; ) {
      if (holds()) return true;
      await wait(LOOK_MS);
    }
    return false;
  }

  end(): void {
    process.off('exit', this.#kill);
    this.#end();
  }

  #end(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    // Those of a parent would close by themselves, one after the other; stopped ones would not.
    for (const { pid } of this.#redis ? [] : this.nodes) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    this.#redis?.stop();
  }

  #spawn(port: number): void {
    const { shards, rooms, seed } = this.#options;
    const task: FailoverTask = this.#redis
      ? { redis: { url: this.#redis.url }, rooms, seed }
      : { shards, rooms, seed };
    const path = fileURLToPath(new URL('./failover-server.ts', import.meta.url));
    const child = spawn(process.execPath, [...process.execArgv, path], {
      env: { ...process.env, PORT: String(port), [TASK_VARIABLE]: JSON.stringify(task) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.add(child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.said.push(JSON.parse(line));
    });
  }
}
