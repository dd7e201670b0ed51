// Keeps a server running: starts its script in a process of its own and starts it again when that
// dies, by the watchdog or otherwise. For machines on which nothing else does (systemd, Docker and
// Kubernetes do); players come back by themselves. Trap: the child has a process group of its own,
// for a terminal would send Ctrl-C to both, and the second one would cut its farewells short.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createLog, type Log, type LogLevel } from './log.ts';
import { RESTARTS_VARIABLE, type Restarts, writeRestarts } from './restarts.ts';
import { EXIT_HUNG } from './watchdog.ts';

export interface SuperviseOptions {
  /** Of the script. Default: none. */
  args?: readonly string[];
  log?: LogLevel | Log;
}

/** Who lived this long has started well: the next start does not wait. */
const HEALTHY_MS = 10_000;
/** Before the second start in a row; each further one waits twice as long. */
const FIRST_WAIT_MS = 250;
/** A database that is down for an hour costs two starts a minute. */
const LONGEST_WAIT_MS = 30_000;

/** SIGHUP: the terminal is gone. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs a script by this process's Node with its flags (and so under tsx where this is), and runs it
 * again when it dies: at once, or later and later where it does not live for 10 s. SIGTERM, SIGINT
 * and SIGHUP are passed down. Resolves when the script was told to stop, or ended with 0 by itself,
 * with the code to end with: `process.exitCode = await supervise(new URL('./server.ts',
 * import.meta.url))`.
 */
export async function supervise(
  script: string | URL,
  { args = [], log: given }: SuperviseOptions = {},
): Promise<number> {
  const log = typeof given === 'object' ? given : createLog(given);
  const path = script instanceof URL ? fileURLToPath(script) : script;
  const command = [...process.execArgv, path, ...args];
  const restarts: Restarts = { hung: 0, died: 0 };
  const stop = new Stop();
  try {
    for (let quick = 0; ; ) {
      const startedMs = performance.now();
      const child = start(command, restarts);
      stop.child = child;
      const end = await ended(child);
      if (stop.asked || end.code === 0) return end.code;
      const why = end.code === EXIT_HUNG ? 'hung' : 'died';
      restarts[why]++;
      quick = performance.now() - startedMs < HEALTHY_MS ? quick + 1 : 0;
      const waitMs = quick === 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (quick - 1), LONGEST_WAIT_MS);
      log.warn({ ...end, why, waitMs, ...restarts }, `the server ${why}: it is started again`);
      if (await stop.within(waitMs)) return end.code;
    }
  } finally {
    stop.done();
  }
}

function start(command: readonly string[], restarts: Restarts): ChildProcess {
  const env = { ...process.env, [RESTARTS_VARIABLE]: writeRestarts(restarts) };
  // The channel says nothing: it ends when this process does, and so does the server then.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'] as const;
  return spawn(process.execPath, command, { env, stdio: [...stdio], detached: true });
}

interface End {
  /** As a shell tells it: 128 and the signal's number for who died of one. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

async function ended(child: ChildProcess): Promise<End> {
  await once(child, 'exit');
  const { exitCode: code, signalCode: signal } = child;
  return { code: code ?? 128 + constants.signals[signal!], signal };
}

/** Passes signals down, and ends a wait for the next start. */
class Stop {
  asked = false;
  child: ChildProcess | undefined;
  #wake = () => {};
  readonly #handlers = SIGNALS.map((signal) => {
    const handler = () => {
      this.asked = true;
      this.child?.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
      this.#wake();
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });

  /** Waits; answers whether it was asked to stop meanwhile, and then at once. */
  async within(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    if (!this.asked)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, ms);
      });
    clearTimeout(timer);
    return this.asked;
  }

  done(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
