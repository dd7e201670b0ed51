// A process that is started again when it dies: at once, or later and later where it does not live
// long. Run by supervisor.ts for one server and by shards.ts for each of several. Trap: the child
// has a process group of its own, for a terminal would send Ctrl-C to both, and the second one
// would cut its farewells short.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { RESTARTS_VARIABLE, type Restarts, writeRestarts } from './restarts.ts';
import { EXIT_HUNG } from './watchdog.ts';

/** Who lived this long has started well: the next start does not wait. */
const HEALTHY_MS = 10_000;
/** Before the second start in a row; each further one waits twice as long. */
const FIRST_WAIT_MS = 250;
/** A database that is down for an hour costs two starts a minute. */
const LONGEST_WAIT_MS = 30_000;

export interface End {
  /** As a shell tells it: 128 and the signal's number for who died of one. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be run at all. */
  readonly reason?: string;
}

/** An end, and what comes of it. */
export interface Restart extends End, Restarts {
  /** `closed`: with 0, as it was told to; it is replaced. */
  readonly why: keyof Restarts | 'closed';
  readonly waitMs: number;
}

export interface KeptProcessOptions {
  /** Flags, script and arguments, for this process's Node. */
  command: readonly string[];
  /** Goes on top of this process's environment. Asked before each start. */
  environment?: () => Readonly<Record<string, string>>;
  onStart?: (child: ChildProcess) => void;
  /** Nobody asked for it: whether the process is started again. */
  goesOn: (end: End) => boolean;
  onRestart: (restart: Restart) => void;
}

export class KeptProcess {
  readonly #options: KeptProcessOptions;
  #child: ChildProcess | undefined;
  #stopping = false;
  #wake = () => {};

  constructor(options: KeptProcessOptions) {
    this.#options = options;
  }

  /** Resolves with the last end: the one that was asked for, or after which it does not go on. */
  async run(): Promise<End> {
    const restarts: Restarts = { hung: 0, died: 0 };
    for (let quick = 0; ; ) {
      const startedMs = performance.now();
      const end = await this.#live(restarts);
      if (this.#stopping || !this.#options.goesOn(end)) return end;
      const why = whyOf(end);
      if (why !== 'closed') restarts[why]++;
      quick = performance.now() - startedMs < HEALTHY_MS ? quick + 1 : 0;
      const waitMs = quick === 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (quick - 1), LONGEST_WAIT_MS);
      this.#options.onRestart({ ...end, why, waitMs, ...restarts });
      await this.#wait(waitMs);
      if (this.#stopping) return end;
    }
  }

  /** Passes a signal on, and starts no process again. */
  stop(signal: NodeJS.Signals): void {
    this.#stopping = true;
    this.#child?.kill(signal);
    this.#wake();
  }

  /** Ends the process that runs now; it is started again, if it goes on. */
  end(): void {
    this.#child?.kill('SIGKILL');
  }

  /** One life of it. Never rejects. */
  async #live(restarts: Restarts): Promise<End> {
    try {
      return await ended(this.#start(restarts));
    } catch (error) {
      // What is out of memory says so here (ENOMEM); what may pass comes as an event.
      return notRun(error as Error);
    }
  }

  #start(restarts: Restarts): ChildProcess {
    const { command, environment, onStart } = this.#options;
    const told = { ...environment?.(), [RESTARTS_VARIABLE]: writeRestarts(restarts) };
    const child = spawn(process.execPath, command, {
      env: { ...process.env, ...told },
      // The channel ends when this process does, and so does the server then.
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      // Bytes stay bytes.
      serialization: 'advanced',
      detached: true,
    });
    this.#child = child;
    onStart?.(child);
    return child;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function whyOf({ code }: End): Restart['why'] {
  if (code === EXIT_HUNG) return 'hung';
  return code === 0 ? 'closed' : 'died';
}

/** What a shell says of a command that cannot be run. */
const EXIT_NOT_RUN = 126;

function ended(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code: code ?? 128 + constants.signals[signal!], signal });
    });
    // No process or no file to be had; a signal that could not be sent is no end.
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(notRun(error));
    });
  });
}

function notRun({ message }: Error): End {
  return { code: EXIT_NOT_RUN, signal: null, reason: message };
}
