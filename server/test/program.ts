// A server in a process of its own, started from its sources: what it says, and how it ends. Used
// by the suites that end, stop or hang processes. Trap: each wait is for an event; one for what
// never comes ends with the process or by vitest's own limit.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Flags of a Node that runs what stands in this repository. */
export const SOURCE_FLAGS = ['--conditions=source', '--import', import.meta.resolve('tsx')];

const programs: Program[] = [];

/** Ends what a test has started. */
export async function stopPrograms(): Promise<void> {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
}

export class Program {
  readonly process: ChildProcess;
  /** Resolves when it has ended, and so has whatever it started. */
  readonly closed: Promise<unknown>;
  /** Where it listens, as its test knows. */
  port = 0;
  out = '';
  err = '';

  /** `file` is beside this one; `args` follow it. */
  constructor(file: string, env: Readonly<Record<string, string>>, args: readonly string[] = []) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.process = spawn(process.execPath, [...SOURCE_FLAGS, path, ...args], {
      env: { ...process.env, LOG_LEVEL: 'info', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.closed = once(this.process, 'close');
    this.process.stdout!.on('data', (text) => (this.out += text));
    this.process.stderr!.on('data', (text) => (this.err += text));
    programs.push(this);
  }

  /** What it logged, and what else it said in JSON. */
  get lines(): Readonly<Record<string, unknown>>[] {
    const whole = this.out.slice(0, this.out.lastIndexOf('\n') + 1).split('\n');
    return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  /** Resolves once it has said so on stdout. */
  async said(what: RegExp): Promise<void> {
    await this.until(() => what.test(this.out));
  }

  /** Resolves once it holds of what was said. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.process.stdout!.closed) throw new Error(`it ended:\n${this.out}${this.err}`);
      await Promise.race([once(this.process.stdout!, 'data'), this.closed]);
    }
  }

  async stop(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGTERM');
      await once(this.process, 'exit');
    }
    return this.process.exitCode;
  }
}
