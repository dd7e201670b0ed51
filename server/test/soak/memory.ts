// Whether memory stays flat: what is held after a collection, from one quiet moment to the next.
// Used by the soak and by nothing else. What V8 compiles is told apart: it grows for as long as
// some function becomes hotter, and what V8 notes about it stands among the objects (half a MiB in
// four minutes of a run whose objects of ours did not grow by 0.1). Trap: needs `node --expose-gc`.
import { getHeapSpaceStatistics } from 'node:v8';

/** Minutes after which everything that fills up has filled up: pools, code, books. */
const WARM_MINUTES = 5;
/** From the first third of what follows to the last, as a share. */
const MOST_GROWTH = 0.02;
/** Moments of a third of the time, at least: rooms grow until they end, so that one says little. */
const TOGETHER = 3;

interface Moment {
  readonly minutes: number;
  /** Objects and buffers. */
  readonly bytes: number;
  readonly codeBytes: number;
  /** Timers, sockets and whatever else keeps a process alive. */
  readonly handles: number;
}

export interface MemoryFigures {
  readonly moments: number;
  /** Objects and buffers at each moment, KiB. */
  readonly heldKib: readonly number[];
  readonly codeKib: number;
  /** From the first third of what follows WARM_MINUTES to the last; undefined for a short run. */
  readonly growth: number | undefined;
  readonly handles: number;
  readonly mostHandles: number;
}

export class Memory {
  readonly #moments: Moment[] = [];
  readonly #startMs = performance.now();

  /** Collects, and notes what is left. */
  note(): void {
    const { gc } = globalThis;
    if (!gc) throw new Error('memory is measured under node --expose-gc');
    // What the first frees, the second may find unreachable.
    gc();
    gc();
    const { heapUsed, external } = process.memoryUsage();
    const minutes = (performance.now() - this.#startMs) / 60_000;
    const handles = process.getActiveResourcesInfo().length;
    const code = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'code_space');
    const codeBytes = code?.space_used_size ?? 0;
    this.#moments.push({ minutes, bytes: heapUsed - codeBytes + external, codeBytes, handles });
  }

  figures(): MemoryFigures {
    const { codeBytes = 0, handles = 0 } = this.#moments.at(-1) ?? {};
    return {
      moments: this.#moments.length,
      heldKib: this.#moments.map(({ bytes }) => Math.round(bytes / 1024)),
      codeKib: Math.round(codeBytes / 1024),
      growth: this.#growth(),
      handles,
      mostHandles: Math.max(...this.#moments.map((moment) => moment.handles)),
    };
  }

  /** What is wrong, if anything. */
  fault(): string | undefined {
    const growth = this.#growth();
    if (growth === undefined || growth <= MOST_GROWTH) return undefined;
    return `memory grew by ${(growth * 100).toFixed(2)} % after minute ${WARM_MINUTES}`;
  }

  #growth(): number | undefined {
    const warm = this.#moments.filter(({ minutes }) => minutes >= WARM_MINUTES);
    const third = Math.floor(warm.length / 3);
    if (third < TOGETHER) return undefined;
    return middle(warm.slice(-third)) / middle(warm.slice(0, third)) - 1;
  }
}

function middle(moments: readonly Moment[]): number {
  const sorted = moments.map(({ bytes }) => bytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
