// Small cores of a bench's own: each is a control group with a share of a core, or, where there are
// enough, a whole core that processes are pinned to. Used by shards.ts, so that two servers and
// their players can be measured on a machine of two cores. Trap: a group outlives the process that
// made it; whoever makes cores ends them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { UsageError } from '@tickwire/protocol';

/** Where the cpu controller of cgroup v1 is. */
const CONTROLLER = '/sys/fs/cgroup/cpu';
/**
 * Us in which a group gets its share: who has used it up waits for the next. Short against a tick,
 * and long against the switch between two processes.
 */
const PERIOD_US = 5_000;
/** A hundred times what others have: their work comes after ours. */
const FIRST = 102_400;
/** Cores that players and everybody else keep, where servers get whole ones. */
const SPARE_CORES = 2;
/** A process that was killed is gone from its group in so many ms. */
const GONE_MS = 50;
const TRIES = 40;

export interface Core {
  /** Whole cores, or of one. */
  readonly share: number;
  /** A process, with all of its threads. */
  put(pid: number): void;
}

export class Cores {
  readonly kind: 'cgroup' | 'taskset';
  readonly all: readonly Core[];
  /** What they leave. */
  readonly rest: Core;
  readonly #folders: string[] = [];
  readonly #remove = () => this.#removeNow();

  /** Throws UsageError where this machine gives neither. */
  constructor(count: number, share: number) {
    this.kind = availableParallelism() >= count + SPARE_CORES ? 'taskset' : 'cgroup';
    process.once('exit', this.#remove);
    const cores = availableParallelism();
    if (this.kind === 'taskset') {
      this.all = Array.from({ length: count }, (_, core) => pinned(`${core}`, 1));
      this.rest = pinned(`${count}-${cores - 1}`, cores - count);
    } else {
      this.all = Array.from({ length: count }, (_, core) => this.#group(`${core}`, share));
      this.rest = this.#group('rest', cores - count * share);
    }
  }

  /** Once its processes are gone. */
  async end(): Promise<void> {
    for (let i = 0; i < TRIES && this.#folders.length > 0; i++) {
      this.#removeNow();
      await new Promise((resolve) => setTimeout(resolve, GONE_MS));
    }
    process.off('exit', this.#remove);
  }

  #group(name: string, share: number): Core {
    const folder = `${CONTROLLER}/tickwire-bench-${process.pid}-${name}`;
    const write = (file: string, value: number) => writeFileSync(`${folder}/${file}`, `${value}`);
    try {
      mkdirSync(folder);
      this.#folders.push(folder);
      write('cpu.shares', FIRST);
      write('cpu.cfs_period_us', PERIOD_US);
      write('cpu.cfs_quota_us', Math.round(PERIOD_US * share));
    } catch (error) {
      const why = (error as Error).message;
      throw new UsageError(
        `shards: wants 4 cores, or a cpu controller of cgroup v1 that it may write to: ${why}`,
      );
    }
    return { share, put: (pid) => write('cgroup.procs', pid) };
  }

  #removeNow(): void {
    for (const folder of this.#folders.splice(0)) {
      try {
        rmdirSync(folder);
      } catch {
        // Somebody is still in it.
        this.#folders.push(folder);
      }
    }
  }
}

function pinned(cores: string, share: number): Core {
  const put = (pid: number) => {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)]);
  };
  return { share, put };
}
