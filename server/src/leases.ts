// Whether this process may go on with its rooms: renews their leases together, and says when the
// time of the last good renewal is over, before anybody else can have them. Asked at every tick.
// Trap: a process that stood still (SIGSTOP, a machine that slept) wakes up with timers that are
// due and rooms that may be another's: it does nothing until it was answered.
import { type Directory, DirectoryError, type Lease } from './directory.ts';
import type { Log } from './log.ts';
import type { Tally } from './tally.ts';

/** What rooms do while the directory cannot be reached. */
export type OnDirectoryLoss = 'continue' | 'freeze';

export interface LeasesOptions {
  directory: Directory;
  onLoss: OnDirectoryLoss;
  log: Log;
  tally: Tally;
  /** Monotonic ms. */
  now: () => number;
  /** Another shard owns the room now. */
  lost: (id: string) => void;
}

/** Of a lease, in which a renewal is tried: two may fail. */
const RENEWALS = 3;
/** Part of a lease after whose last renewal the owner stops: clocks and messages take the rest. */
const FENCE = 0.8;
/**
 * Ms that rooms go on without a directory, where they do: it is away for all, so nobody can claim
 * them, and beyond that somebody must look.
 */
const CONTINUE_MS = 30_000;

export class Leases {
  readonly #options: LeasesOptions;
  readonly #held = new Map<string, Lease>();
  readonly #fenceMs: number;
  /** When the newest good renewal, and the newest try, were sent. */
  #goodMs: number;
  #triedMs: number;
  /** Others may have claimed what is ours, and nobody has said that they have not. */
  #inDoubt = false;
  #away = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#fenceMs = options.directory.leaseMs * FENCE;
    this.#goodMs = this.#triedMs = options.now();
  }

  /** Ms from one renewal to the next. */
  get everyMs(): number {
    return this.#options.directory.leaseMs / RENEWALS;
  }

  add(lease: Lease): void {
    this.#held.set(lease.id, lease);
  }

  remove(lease: Lease): void {
    if (this.#held.get(lease.id) === lease) this.#held.delete(lease.id);
  }

  /** True if rooms may tick and their seats be told. */
  get hold(): boolean {
    const nowMs = this.#options.now();
    const sinceMs = nowMs - this.#goodMs;
    if (sinceMs <= this.#fenceMs && !this.#inDoubt) return true;
    if (this.#inDoubt || nowMs - this.#triedMs > this.#fenceMs) return false;
    return this.#options.onLoss === 'continue' && sinceMs <= CONTINUE_MS;
  }

  async renew(): Promise<void> {
    const { directory, now, lost } = this.#options;
    const sentMs = now();
    if (sentMs - this.#triedMs > this.#fenceMs) this.#inDoubt = true;
    this.#triedMs = sentMs;
    try {
      const sent = [...this.#held.values()];
      const gone = new Set(await directory.renew(sent));
      this.#goodMs = Math.max(this.#goodMs, sentMs);
      this.#inDoubt = false;
      this.#tell(false);
      for (const lease of sent) {
        // It may be ours again by now, under another lease.
        if (!gone.has(lease.id) || this.#held.get(lease.id) !== lease) continue;
        this.#held.delete(lease.id);
        lost(lease.id);
      }
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      this.#tell(true, error);
    }
  }

  /** Once when it goes, once when it is back. */
  #tell(away: boolean, error?: DirectoryError): void {
    if (away === this.#away) return;
    this.#away = away;
    const { log, onLoss, tally } = this.#options;
    tally.directoryAway = away;
    const rooms = this.#held.size;
    if (away) log.error({ err: error, rooms, onLoss }, 'the directory does not answer');
    else log.info({ rooms }, 'the directory answers again');
  }
}
