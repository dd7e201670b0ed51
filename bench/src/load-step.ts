// One step of `load`: a server and a generator, each in a fresh process on a core of its own, until
// everybody has joined, then warming up, then measuring. Answers what both noted. Trap: nothing is
// measured here, this process only waits; it ends what it forked, whatever happens.
import { type ChildProcess, fork } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BareTask } from './bare-uws.ts';
import { round, type Spread } from './figures.ts';
import type { GeneratorFigures, GeneratorTask } from './generator.ts';
import type { RoomTask } from './load-server.ts';
import type { Listening, ServerFigures } from './load-watch.ts';

export interface StepOptions {
  readonly server: { readonly room: RoomTask } | { readonly bare: BareTask };
  readonly seats: number;
  readonly tickRate: number;
  readonly seed: number;
  /** Ms after everybody joined: code is being optimised. */
  readonly warmMs: number;
  readonly measuredMs: number;
}

export interface StepFigures extends Omit<ServerFigures, 'core' | 'dueMs'> {
  readonly seats: number;
  readonly joined: number;
  /** Seats of which at least 95 % of the STATEs came. */
  readonly seatsServed: number;
  readonly bytesPerState: number;
  /** From a tick's ideal time to the arrival of its STATE; of no meaning where time was lost. */
  readonly ageMs: Spread;
  /** Share of one core, 0..1. */
  readonly serverCore: number;
  readonly generatorCore: number;
  /** CPU of the server, kernel and all: holds on a busy machine too. */
  readonly cpuUsPerSeatTick: number;
  readonly closed: number;
}

/** Longest end of a process, ms: a server that is late still comes to its messages. */
const END_MS = 3_000;
/** Share of its STATEs that a seat must get to count as served. */
const SERVED_SHARE = 0.95;

export async function runStep(options: StepOptions): Promise<StepFigures> {
  const { server: what, seats, tickRate, seed, warmMs, measuredMs } = options;
  const pair = await Pair.start(what);
  try {
    const joined = await pair.join({ server: pair.listening, seats, tickRate, seed });
    await wait(warmMs);
    pair.measure();
    await wait(measuredMs);
    const { server, generator } = await pair.report();
    const { core: serverCore, dueMs, ...ticks } = server;
    const { states, core: generatorCore, bytesPerState, arrivedMs, closed } = generator;
    const ageMs = sinceDue(arrivedMs, dueMs);
    const least = (SERVED_SHARE * measuredMs * tickRate) / 1000;
    const seatsServed = states.filter((count) => count >= least).length;
    const received = { seats, joined, seatsServed, bytesPerState, ageMs, closed };
    const cpuUsPerSeatTick = cpuUsOf(serverCore, measuredMs, ticks.ticks * seats);
    return { ...received, ...ticks, serverCore, generatorCore, cpuUsPerSeatTick };
  } finally {
    await pair.end();
  }
}

export function cpuUsOf(core: number, ms: number, seatTicks: number): number {
  return round((core * ms * 1000) / seatTicks, 1);
}

function sinceDue({ p50, p99, max }: Spread, dueMs: number): Spread {
  const age = (arrivedMs: number) => round(arrivedMs - dueMs, 3);
  return { p50: age(p50), p99: age(p99), max: age(max) };
}

/** A server and its generator. */
export class Pair {
  readonly listening: Listening;
  readonly #server: ChildProcess;
  readonly #generator: ChildProcess;

  private constructor(listening: Listening, server: ChildProcess, generator: ChildProcess) {
    this.listening = listening;
    this.#server = server;
    this.#generator = generator;
  }

  static async start(what: StepOptions['server']): Promise<Pair> {
    const server = program('bare' in what ? './bare-uws.ts' : './load-server.ts');
    const generator = program('./generator.ts');
    const task = 'bare' in what ? what.bare : what.room;
    return new Pair(await asked<Listening>(server, task), server, generator);
  }

  /** How many came in. */
  async join(task: GeneratorTask): Promise<number> {
    return (await asked<{ joined: number }>(this.#generator, task)).joined;
  }

  measure(): void {
    this.#server.send('measure');
    this.#generator.send('measure');
  }

  async report(): Promise<{ server: ServerFigures; generator: GeneratorFigures }> {
    const [server, generator] = await Promise.all([
      asked<ServerFigures>(this.#server, 'report'),
      asked<GeneratorFigures>(this.#generator, 'report'),
    ]);
    return { server, generator };
  }

  /** How late each tick began since `measure`, ms. */
  samples(): Promise<readonly number[]> {
    return asked(this.#server, 'samples');
  }

  get pids(): { readonly server: number; readonly generator: number } {
    return { server: this.#server.pid!, generator: this.#generator.pid! };
  }

  /** Everybody leaves; the server stays. */
  leave(): void {
    this.#generator.send('leave');
  }

  /** Resolves when both processes are gone: the next step has the machine to itself. */
  async end(): Promise<void> {
    await Promise.all([this.#server, this.#generator].map(ended));
  }
}

/** A process that nobody talks to ends by itself, unless it hangs. */
export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    const kill = setTimeout(() => child.kill('SIGKILL'), END_MS);
    child.once('exit', () => {
      clearTimeout(kill);
      resolve();
    });
    if (child.connected) child.disconnect();
  });
}

/** Runs a file beside this one. What it prints is nobody's: stdout is the bench's own. */
export function program(file: string): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
  return fork(path, { execArgv: process.execArgv, stdio: [...stdio] });
}

/** The answer to a message; rejects if the process ends without one. */
export function asked<Answer>(child: ChildProcess, message: object | string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const name = basename(child.spawnargs.at(-1) ?? '');
    const died = (code: number | null) => reject(new Error(`${name} ended with ${code}`));
    child.once('exit', died);
    child.once('message', (answer) => {
      child.off('exit', died);
      resolve(answer as Answer);
    });
    child.send(message);
  });
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
