// One step of `shards`: a server, or a parent with its shards, in processes of their own with a
// core each, and players in two more, until everybody has joined, then warming up, then measuring.
// Answers what all of them noted. Trap: a parent is put on the core of its first shard, for a
// machine of two cores has no third one for it.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Cores } from './cores.ts';
import { round, type Spread } from './figures.ts';
import type { GeneratorFigures, GeneratorTask } from './generator.ts';
import { asked, cpuUsOf, ended, program, wait } from './load-step.ts';
import { KIND, SHARDS_VARIABLE, type ShardSaid, type ShardsTask } from './shards-server.ts';

export interface ShardFigures {
  readonly rooms: number;
  readonly seats: number;
  /** Share of a whole core, 0..1. */
  readonly core: number;
  readonly beganLateMs: Spread;
  readonly lostMs: number;
}

export interface ShardsStep {
  readonly seats: number;
  /** Seats of which at least 95 % of the STATEs came. */
  readonly seatsServed: number;
  /** Of the shard that is latest. */
  readonly beganLateMs: Spread;
  readonly shards: readonly ShardFigures[];
  /** Share of a whole core; 0 where there is none. */
  readonly parentCore: number;
  readonly generatorCores: readonly number[];
  /** Of all servers, parent and kernel too. */
  readonly cpuUsPerSeatTick: number;
  readonly closed: number;
  /** Why one of them was. */
  readonly reason: string;
}

export interface ShardsStepOptions {
  readonly task: ShardsTask;
  readonly seats: number;
  readonly seed: number;
  readonly cores: Cores;
  /** Ms after everybody joined, with whole cores: code is being optimised. */
  readonly warmMs: number;
  /** Ms on the small cores before it counts. */
  readonly settleMs: number;
  readonly measuredMs: number;
}

/** Processes that play: one alone is busier than two servers by its own. */
const GENERATORS = 2;
/** Fifty players come at once, twice, and the next later: 250 a second, a rush and no storm. */
const PACE_MS = 400;
const SERVED_SHARE = 0.95;
/** What a start, or an answer to a signal, may take on a core that is a fifth of one. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 10;
/** Of /proc/PID/stat: clock ticks a second (proc(5)), 100 on every Linux that Node runs on. */
const CLOCK_TICKS = 100;

export async function runShards(options: ShardsStepOptions): Promise<ShardsStep> {
  const { task, seats, seed, cores, warmMs, settleMs, measuredMs } = options;
  const count = Math.max(task.shards, 1);
  const servers = new Servers(task);
  const generators = Array.from({ length: GENERATORS }, () => program('./generator.ts'));
  try {
    const up = await servers.all('up', count);
    const ports = up.map(({ port }) => port);
    const listening = { port: ports[0], hash: up[0].hash, room: KIND };
    const { tickRate } = task.room;
    const join = { server: listening, tickRate, ports, paceMs: PACE_MS };
    for (const { pid } of generators) cores.rest.put(pid!);
    const share = (index: number) => Math.floor((seats + index) / GENERATORS);
    const joins = generators.map((one, i) =>
      asked(one, { ...join, seats: share(i), seed: seed * GENERATORS + i } satisfies GeneratorTask),
    );
    await Promise.all(joins);
    await wait(warmMs);
    cores.all[0].put(servers.pid);
    for (const [index, { pid }] of up.entries()) cores.all[index].put(pid);
    await wait(settleMs);
    const before = servers.cpuMs();
    servers.signal(up);
    for (const one of generators) one.send('measure');
    await wait(measuredMs);
    servers.signal(up);
    const parentCore = task.shards > 0 ? (servers.cpuMs() - before) / measuredMs : 0;
    const played = await Promise.all(
      generators.map((one) => asked<GeneratorFigures>(one, 'report')),
    );
    const noted = await servers.all('noted', count);

    return stepOf(options, noted.map(shardOf), round(parentCore, 3), played);
  } finally {
    servers.end();
    await Promise.all([servers.gone, ...generators.map(ended)]);
  }
}

function stepOf(
  { task, seats, measuredMs }: ShardsStepOptions,
  shards: readonly ShardFigures[],
  parentCore: number,
  played: readonly GeneratorFigures[],
): ShardsStep {
  const { tickRate } = task.room;
  const least = (SERVED_SHARE * measuredMs * tickRate) / 1000;
  const core = shards.reduce((sum, shard) => sum + shard.core, parentCore);
  const latest = shards.reduce((a, b) => (b.beganLateMs.p99 > a.beganLateMs.p99 ? b : a));
  return {
    seats,
    seatsServed: played.flatMap(({ states }) => states).filter((states) => states >= least).length,
    beganLateMs: latest.beganLateMs,
    shards,
    parentCore,
    generatorCores: played.map((figures) => figures.core),
    cpuUsPerSeatTick: cpuUsOf(core, measuredMs, ((seats * measuredMs) / 1000) * tickRate),
    closed: played.reduce((sum, { closed }) => sum + closed, 0),
    reason: played.find(({ reason }) => reason !== '')?.reason ?? '',
  };
}

type Noted = Extract<ShardSaid, { is: 'noted' }>;

function shardOf({ rooms, seats, figures }: Noted): ShardFigures {
  const { core, beganLateMs, lostMs } = figures;
  return { rooms, seats, core, beganLateMs, lostMs };
}

/** The process that was started, and what it and its children say. */
class Servers {
  readonly gone: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #said: ShardSaid[] = [];
  readonly #kill = () => this.#endNow();

  constructor(task: ShardsTask) {
    const path = fileURLToPath(new URL('./shards-server.ts', import.meta.url));
    this.#child = spawn(process.execPath, [...process.execArgv, path], {
      env: { ...process.env, [SHARDS_VARIABLE]: JSON.stringify(task) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Its output ends with the last of its children.
    this.gone = new Promise((resolve) => this.#child.once('close', resolve));
    process.once('exit', this.#kill);
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      if (line.startsWith('{')) this.#said.push(JSON.parse(line));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What so many of them say, in the order in which they came up. */
  async all<Is extends ShardSaid['is']>(
    is: Is,
    count: number,
  ): Promise<Extract<ShardSaid, { is: Is }>[]> {
    for (const began = performance.now(); performance.now() - began < PATIENCE_MS; ) {
      const said = this.#said.filter((line) => line.is === is);
      if (said.length === count) {
        const order = this.#said.filter((line) => line.is === 'up').map(({ pid }) => pid);
        said.sort((a, b) => order.indexOf(a.pid) - order.indexOf(b.pid));
        return said as Extract<ShardSaid, { is: Is }>[];
      }
      await wait(LOOK_MS);
    }
    throw new Error(`shards: ${count} processes did not say '${is}'`);
  }

  signal(up: readonly { readonly pid: number }[]): void {
    for (const { pid } of up) process.kill(pid, 'SIGUSR2');
  }

  /** CPU that the process itself has used, its children apart. */
  cpuMs(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    // utime and stime, the 14th and 15th; the name in parentheses may hold spaces (proc(5)).
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return ((Number(user) + Number(system)) * 1000) / CLOCK_TICKS;
  }

  end(): void {
    process.off('exit', this.#kill);
    this.#endNow();
  }

  #endNow(): void {
    const pids = this.#said.filter((line) => line.is === 'up').map(({ pid }) => pid);
    for (const pid of [this.pid, ...pids]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  }
}
