// Whether this process may go on with its rooms: renews their leases together, and says when the
// time of a room's last good renewal is over, before anybody else can have it. Asked at every tick.
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

interface Held {
  readonly lease: Lease;
  /** When the newest renewal that was good was sent; -Infinity where another may have it. */
  goodMs: number;
}

export class Leases {
  readonly #options: LeasesOptions;
  /** By id. */
  readonly #held = new Map<string, Held>();
  readonly #fenceMs: number;
  /** Of whatever was answered, and of the newest try. */
  #goodMs: number;
  #triedMs: number;
  /** Of the newest renewal. */
  #heard: 'all' | 'part' | 'nothing' = 'all';
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
    this.#held.set(lease.id, { lease, goodMs: this.#goodMs });
  }

  remove(lease: Lease): void {
    if (this.#held.get(lease.id)?.lease === lease) this.#held.delete(lease.id);
  }

  /** True if the directory knows of this process. */
  get hold(): boolean {
    return this.#mayGoOn(this.#goodMs);
  }

  /** True if the room may tick and its seats be told. */
  holds(id: string): boolean {
    return this.#mayGoOn(this.#held.get(id)?.goodMs ?? this.#goodMs);
  }

  #mayGoOn(goodMs: number): boolean {
    const nowMs = this.#options.now();
    const sinceMs = nowMs - goodMs;
    if (sinceMs <= this.#fenceMs) return true;
    if (nowMs - this.#triedMs > this.#fenceMs) return false;
    return this.#options.onLoss === 'continue' && sinceMs <= CONTINUE_MS;
  }

  /**
   * True unless the directory was away within the last lease, or this process has only begun: what
   * has no owner then may only not have been renewed yet.
   */
  get settled(): boolean {
    const { directory, now } = this.#options;
    return this.#heard !== 'nothing' && now() - this.#backMs > directory.leaseMs;
  }

  /**
   * A question did not reach the directory: it may have been away since the last renewal, and be
   * back without its last seconds at the next one.
   */
  doubt(): void {
    this.#owesBack = true;
    this.#backMs = this.#options.now();
  }

  async renew(): Promise<void> {
    const { directory, now } = this.#options;
    const sentMs = now();
    // Others may have claimed what is ours, until it is said that they have not.
    if (sentMs - this.#triedMs > this.#fenceMs) this.#goodSince(Number.NEGATIVE_INFINITY);
    this.#triedMs = sentMs;
    const sent = [...this.#held.values()];
    const ours = new Set(sent.filter((held) => this.#isOurs(held)));
    try {
      const renewal = await directory.renew(sent.map(({ lease }) => lease));
      const [lost, unheard] = [new Set(renewal.lost), new Set(renewal.unheard)];
      const heard = sent.filter(({ lease }) => !unheard.has(lease.id));
      const refused = heard.filter(({ lease }) => lost.has(lease.id));
      const renewed = heard.filter(({ lease }) => !lost.has(lease.id));
      // Another may play the refused ones, until they are claimed again.
      this.#goodSince(sentMs, renewed);
      this.#tell(unheard.size > 0 ? 'part' : 'all', unheard.size);
      if (!this.#isClaiming) this.claimed = this.#claimAgain(refused, ours);
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      this.#tell('nothing', sent.length, error);
    }
  }

  #goodSince(ms: number, all: Iterable<Held> = this.#held.values()): void {
    this.#goodMs = ms;
    for (const held of all) held.goodMs = ms;
  }

  /** What a renewal found. Never rejects. */
  async #claimAgain(refused: readonly Held[], ours: ReadonlySet<Held>): Promise<void> {
    this.#isClaiming = true;
    try {
      await abreast(ABREAST, refused, (held) => this.refused(held.lease, ours.has(held)));
    } catch (error) {
      this.#options.log.error({ err: error }, 'rooms could not be claimed again');
    }
    this.#isClaiming = false;
  }

  /**
   * A write by this lease was refused: the room is another's, or the directory has forgotten it.
   * Resolves once it is known which; where it cannot be asked, the next renewal tries again.
   */
  async refused(lease: Lease, wasOurs?: boolean): Promise<void> {
    const held = this.#held.get(lease.id);
    // It may be ours again by now, under another lease.
    if (held?.lease !== lease || this.#doubted.has(lease)) return;
    this.#doubted.add(lease);
    try {
      const isBack = (wasOurs ?? this.#isOurs(held)) && (await this.#options.takeBack(lease));
      if (isBack || this.#held.get(lease.id)?.lease !== lease) return;
      this.#held.delete(lease.id);
      this.#options.lost(lease.id);
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
    } finally {
      this.#doubted.delete(lease);
    }
  }

  /**
   * By our own clock nobody else had the time to claim the room, play it and end it; beyond that
   * one that is not known may have been over for long.
   */
  #isOurs({ goodMs }: Held): boolean {
    return this.#options.now() - goodMs <= CONTINUE_MS;
  }

  /** Once when it goes, or a part of it; once when all of it is back. */
  #tell(heard: 'all' | 'part' | 'nothing', unheard: number, error?: DirectoryError): void {
    const before = this.#heard;
    if (heard === 'all' && (this.#owesBack || before !== 'all')) void this.#tellBack();
    if (heard === before) return;
    this.#heard = heard;
    const { log, onLoss, tally, now } = this.#options;
    tally.directoryAway = heard !== 'all';
    if (before === 'nothing') this.#backMs = now();
    if (heard === 'all') {
      // Where warnings are read alone, who was told that it is away wants to know that it is back.
      log.warn({ rooms: this.#held.size }, 'the directory answers again');
      return;
    }
    const said = heard === 'part' ? 'a part of the directory does' : 'the directory does';
    log.error({ err: error, rooms: unheard, onLoss }, `${said} not answer`);
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
