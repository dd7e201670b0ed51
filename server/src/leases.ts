// Whether this process may go on with its rooms: renews their leases together, and says when the
// time of the last good renewal is over, before anybody else can have them. Asked at every tick.
// Trap: a process that stood still (SIGSTOP, a machine that slept) wakes up with timers that are
// due and rooms that may be another's: it does nothing until it was answered.
import { abreast } from './abreast.ts';
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
  /**
   * Claims a room again that the directory may have forgotten; false: it is another's now. Rejects
   * with DirectoryError.
   */
  takeBack: (lease: Lease) => Promise<boolean>;
  /** The directory answers again. Where it rejects, it is called again with the next renewal. */
  back: () => unknown;
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

/**
 * Rooms that are claimed again at once: each is saved soon after, between ticks, and a thousand
 * take half a second so.
 */
const ABREAST = 4;

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
  /** What follows when it is back did not come to its end. */
  #owesBack = false;
  /** When it answered again, or this process began, which may have waited for it. */
  #backMs: number;
  /** Rooms that are being claimed again. */
  readonly #doubted = new Set<Lease>();
  #isClaiming = false;
  /**
   * Resolves once those are that a renewal found. Renewals do not wait for it, or the first rooms
   * would be others' again before the last are claimed; the next one finds what is left.
   */
  claimed: Promise<void> = Promise.resolve();

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#fenceMs = options.directory.leaseMs * FENCE;
    this.#goodMs = this.#triedMs = this.#backMs = options.now();
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

  /**
   * True unless the directory was away within the last lease, or this process has only begun: what
   * has no owner then may only not have been renewed yet.
   */
  get settled(): boolean {
    const { directory, now } = this.#options;
    return !this.#away && now() - this.#backMs > directory.leaseMs;
  }

  async renew(): Promise<void> {
    const { directory, now } = this.#options;
    const sentMs = now();
    if (sentMs - this.#triedMs > this.#fenceMs) this.#inDoubt = true;
    const isOurs = this.#isOurs;
    this.#triedMs = sentMs;
    try {
      const sent = [...this.#held.values()];
      const gone = new Set(await directory.renew(sent));
      this.#goodMs = Math.max(this.#goodMs, sentMs);
      this.#inDoubt = false;
      this.#tell(false);
      const refused = sent.filter(({ id }) => gone.has(id));
      if (!this.#isClaiming) this.claimed = this.#claimAgain(refused, isOurs);
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      this.#tell(true, error);
    }
  }

  /** What a renewal found. Never rejects. */
  async #claimAgain(refused: readonly Lease[], isOurs: boolean): Promise<void> {
    this.#isClaiming = true;
    try {
      await abreast(ABREAST, refused, (lease) => this.refused(lease, isOurs));
    } catch (error) {
      this.#options.log.error({ err: error }, 'rooms could not be claimed again');
    }
    this.#isClaiming = false;
  }

  /**
   * A write by this lease was refused: the room is another's, or the directory has forgotten it.
   * Resolves once it is known which; where it cannot be asked, the next renewal tries again.
   */
  async refused(lease: Lease, isOurs = this.#isOurs): Promise<void> {
    // It may be ours again by now, under another lease.
    if (this.#held.get(lease.id) !== lease || this.#doubted.has(lease)) return;
    this.#doubted.add(lease);
    try {
      const isBack = isOurs && (await this.#options.takeBack(lease));
      if (isBack || this.#held.get(lease.id) !== lease) return;
      this.#held.delete(lease.id);
      this.#options.lost(lease.id);
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
    } finally {
      this.#doubted.delete(lease);
    }
  }

  /**
   * By our own clock nobody else had the time to claim our rooms, play them and end them; beyond
   * that a room that is not known may have been over for long.
   */
  get #isOurs(): boolean {
    return !this.#inDoubt && this.#options.now() - this.#goodMs <= CONTINUE_MS;
  }

  /** Once when it goes, once when it is back. */
  #tell(away: boolean, error?: DirectoryError): void {
    if (!away && this.#owesBack) void this.#tellBack();
    if (away === this.#away) return;
    this.#away = away;
    const { log, onLoss, tally, now } = this.#options;
    tally.directoryAway = away;
    const rooms = this.#held.size;
    if (away) return log.error({ err: error, rooms, onLoss }, 'the directory does not answer');
    log.info({ rooms }, 'the directory answers again');
    this.#backMs = now();
    void this.#tellBack();
  }

  async #tellBack(): Promise<void> {
    this.#owesBack = false;
    try {
      await this.#options.back();
    } catch (error) {
      this.#owesBack = true;
      this.#options.log.warn({ err: error }, 'the directory is away again');
    }
  }
}
