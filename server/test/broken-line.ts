// A shard's line to a directory in memory, as one to Redis is on a bad day: slow, broken, away, and
// what was asked may be done though nobody hears so. For suites on faked timers. Trap: answers come
// in the order of the questions, and one that takes longer than a second comes to nobody.
import type { Random } from '@tickwire/protocol';
import { type Directory, DirectoryError, MemoryDirectory } from '../src/index.ts';
import { doorTo } from './directory-doors.ts';

/** redis-line.ts' own. */
const DEADLINE_MS = 1_000;
/** One way, where nothing is amiss. */
const WAY_MS = 0.5;

/** What the lines of several shards lead to. */
export class BrokenStore {
  directory!: MemoryDirectory;
  /** Who listens does so again at one that has forgotten everything. */
  readonly channels: MemoryDirectory;
  readonly #make: () => MemoryDirectory;

  constructor(leaseMs: number) {
    this.#make = () => new MemoryDirectory({ leaseMs, now: Date.now });
    this.channels = this.#make();
    this.empty();
  }

  empty(): void {
    this.directory = this.#make();
  }
}

export class BrokenLine {
  /** Nothing gets through. */
  away = false;
  /** Ms that a way takes longer at most. */
  slowMs = 0;
  readonly door: Directory;
  readonly #random: Random;
  /** Questions that wait for an answer: what ends that. */
  readonly #open = new Set<() => void>();
  #breaks = 0;
  #arrivedMs = 0;
  #answeredMs = 0;

  constructor(store: BrokenStore, random: Random) {
    this.#random = random;
    this.door = doorTo<MemoryDirectory>(store.directory, (name, _ask, given) => {
      const isSaid = name === 'publish' || name === 'subscribe';
      return this.#ask(() => {
        const directory = isSaid ? store.channels : store.directory;
        return (directory[name] as (...given: never[]) => Promise<unknown>).apply(directory, given);
      });
    });
  }

  /** The connection is lost: half of what is on its way still arrives. */
  break(): void {
    this.#breaks++;
    this.#arrivedMs = this.#answeredMs = 0;
    for (const lose of this.#open) lose();
    this.#open.clear();
  }

  #ask(run: () => Promise<unknown>): Promise<unknown> {
    const refusal = (code: DirectoryError['code']) => new DirectoryError(code, 'no answer');
    if (this.away) return Promise.reject(refusal('unreachable'));
    const nowMs = performance.now();
    this.#arrivedMs = Math.max(this.#arrivedMs, nowMs + this.#wayMs());
    this.#answeredMs = Math.max(this.#answeredMs, this.#arrivedMs + this.#wayMs());
    const [arrivedMs, answeredMs, breaks] = [this.#arrivedMs, this.#answeredMs, this.#breaks];
    return new Promise((resolve, reject) => {
      const lose = () => reject(refusal('unreachable'));
      this.#open.add(lose);
      setTimeout(() => reject(refusal('late')), DEADLINE_MS);
      setTimeout(async () => {
        if (breaks !== this.#breaks && this.#random.integer(2) === 0) return;
        const answer = await run();
        const answered = () => {
          this.#open.delete(lose);
          resolve(answer);
        };
        setTimeout(answered, answeredMs - arrivedMs);
      }, arrivedMs - nowMs);
    });
  }

  #wayMs(): number {
    return WAY_MS + this.slowMs * this.#random.next();
  }
}
