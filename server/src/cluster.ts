// What a shard among others does by the clock: renews its leases, says how busy it is, saves its
// rooms, takes over those whose owner is gone; and what it does for others when they ask. Made by
// make-shard.ts; serve() calls `work` a few times a second. A single process has none.
import { type Pack, saveRoom } from './checkpoint.ts';
import { type Directory, DirectoryError, type ShardEntry } from './directory.ts';
import { ExpectedLoad } from './expected-load.ts';
import type { Clocks } from './identity.ts';
import type { Leases } from './leases.ts';
import type { Log } from './log.ts';
import { Moving } from './moving.ts';
import { LOOK_MS, Orphans } from './orphans.ts';
import type { Peers } from './peers.ts';
import type { GameRoom } from './room.ts';
import type { Seating } from './seating.ts';
import type { Shard } from './shard.ts';
import type { Tally } from './tally.ts';

export interface ClusterOptions {
  directory: Directory;
  shard: Shard;
  seating: Seating;
  leases: Leases;
  peers: Peers;
  clocks: Clocks;
  log: Log;
  tally: Tally;
  /** Ms from one checkpoint of a room to the next: what is lost with its process. */
  checkpointMs: number;
  /** How busy this process is, 0..1. */
  load: () => number;
  /** 0 <= n < 1. */
  chance: () => number;
  /** Default: checkpointOf. */
  pack?: Pack;
}

/** Ms between two words about oneself: 3 of them fit in what a shard is remembered for. */
const ANNOUNCE_MS = 2_000;
/** Ms between two words about rooms that were opened: a few of a rush, and no more. */
const NEWS_MS = 20;

/**
 * A save that took longer than LATE_MS, more than a busy process makes of it, is followed by a rest
 * this many times as long as it was late, of so many ms at most. Where rooms have more to save than
 * the directory can take, answers grow long, and saves few before renewals are late: 60,000 rooms
 * on one Redis are saved every 5 s instead of every 0.5.
 */
const SAVE_REST = 20;
/**
 * Saves at one look, of what comes to be due between two: players who come in a rush would have all
 * rooms saved at once, then and ever after. Sixty rooms of 32 rows and 16 seats take 5 to 10 ms.
 */
const SAVES_SHARE = 1.25;
const LATE_MS = 50;
const MOST_REST_MS = 5_000;

/** Something that is done again and again, never twice at once. */
interface Duty {
  readonly everyMs: number;
  /** Time that it is left alone after it was done, in multiples of how late that was. */
  readonly rest: number;
  /** May answer in how many ms it is due again, where that is not always the same. */
  readonly run: () => Promise<unknown>;
  dueMs: number;
  busy: boolean;
}

export class Cluster {
  readonly moving: Moving;
  readonly #options: ClusterOptions;
  readonly #duties: readonly Duty[];
  /** Rooms were opened, which the others do not know yet. */
  readonly #news: Duty;
  /** When each room is to be saved next. */
  readonly #saves = new WeakMap<GameRoom, Duty>();
  /** When rooms were looked at that are to be saved. */
  #savedMs = Number.NEGATIVE_INFINITY;
  readonly #load: ExpectedLoad;
  /** Rooms that the others know of. */
  #announced = 0;
  #closed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#load = new ExpectedLoad(options.load);
    this.moving = new Moving(options);
    const { leases, directory, clocks } = options;
    const orphans = new Orphans({ ...options, now: clocks.now, load: () => this.#loadNow });
    const announceMs = Math.min(ANNOUNCE_MS, directory.leaseMs);
    const duty = (everyMs: number, run: Duty['run'], dueMs = 0): Duty => {
      return { everyMs, rest: 0, run, dueMs, busy: false };
    };
    this.#duties = [
      duty(leases.everyMs, () => leases.renew()),
      duty(announceMs, () => this.#measure(), clocks.now() + announceMs),
      duty(LOOK_MS, () => orphans.look()),
    ];
    this.#news = duty(NEWS_MS, () => this.announce());
  }

  /** Rejects with DirectoryError: who cannot be heard of is no shard. */
  async start(): Promise<void> {
    const { peers, shard, seating } = this.#options;
    await peers.listen({
      open: async (kind: string, match: string, hidden: boolean) =>
        (await shard.open(kind, { match, hidden })).id,
      ...seating.waiting.services,
      adopt: async (id: string, epoch: number) =>
        (await shard.succession.adopt({ id, epoch }))?.id ?? '',
    });
    // What was done before there were rooms says nothing of what they cost.
    this.#load.measure(0);
    await this.announce();
  }

  /** Does what is due. Called every 50 ms or so. */
  work(): void {
    const { clocks, shard } = this.#options;
    const nowMs = clocks.now();
    for (const duty of this.#duties) this.#do(duty, nowMs);
    if (shard.rooms.size > this.#announced) this.#do(this.#news, nowMs);
    this.#saveSome(nowMs);
  }

  /** A room has begun here: the next one may go elsewhere. */
  opened(): void {
    this.#do(this.#news, this.#options.clocks.now());
  }

  /** How busy it is by now, and with what. */
  async #measure(): Promise<void> {
    this.#load.measure(this.#options.shard.rooms.size);
    await this.announce();
  }

  /** 0..1000. Nobody shall send it rooms that it would not open. */
  get #loadNow(): number {
    const { shard } = this.#options;
    return shard.full ? 1_000 : Math.round(this.#load.with(shard.rooms.size) * 1_000);
  }

  async announce(): Promise<void> {
    const { directory, shard } = this.#options;
    const { shard: id, url } = shard.owner;
    const rooms = shard.rooms.size;
    this.#announced = rooms;
    let seats = 0;
    for (const room of shard.rooms.values()) seats += room.taken;
    const entry: ShardEntry = {
      ...{ id, url, build: shard.build, rooms, seats },
      load: this.#loadNow,
      draining: shard.draining,
    };
    await directory.announce(entry);
  }

  /**
   * Hands over the rooms that can be, and sends away who waits, at once: whoever does not take the
   * ones may take the others. The duties go on meanwhile.
   */
  async drain(): Promise<void> {
    const { shard, seating, log } = this.#options;
    shard.draining = true;
    const rooms = shard.rooms.size;
    const failed = (said: string) => (error: unknown) => log.error({ err: error, rooms }, said);
    // So that nobody sends more of them here; it is said again.
    await this.announce().catch(failed('the directory was not told that this shard closes'));
    await Promise.all([
      seating.waiting.sendAway().catch(failed('players who wait were not sent away')),
      this.moving.moveAll().catch(failed('rooms could not be handed over')),
    ]);
  }

  /** No more duties, and nothing is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    const { peers, directory, shard, log } = this.#options;
    try {
      await peers.close();
      await directory.withdraw(shard.owner.shard);
    } catch (error) {
      // It is forgotten in a while.
      log.warn({ err: error }, 'the directory was not told that this shard is gone');
    }
  }

  #do(duty: Duty, nowMs: number): void {
    if (duty.busy || nowMs < duty.dueMs || this.#closed) return;
    duty.dueMs = nowMs + duty.everyMs;
    duty.busy = true;
    duty
      .run()
      .then((ms) => {
        if (typeof ms === 'number') duty.dueMs = this.#options.clocks.now() + ms;
      })
      .catch((error) => {
        // That the directory does not answer is told by the leases.
        if (!(error instanceof DirectoryError))
          this.#options.log.error({ err: error }, 'a duty of the shard failed');
      })
      .finally(() => {
        duty.busy = false;
        const doneMs = this.#options.clocks.now();
        const restMs = Math.min(duty.rest * (doneMs - nowMs - LATE_MS), MOST_REST_MS);
        duty.dueMs = Math.max(duty.dueMs, doneMs + restMs);
      });
  }

  /** Of the rooms that are due, those that are so for longest. */
  #saveSome(nowMs: number): void {
    const { shard, seating, checkpointMs } = this.#options;
    const due: Duty[] = [];
    for (const room of shard.rooms.values()) {
      if (room.failover !== 'restore') continue;
      const duty = this.#saveOf(room, nowMs);
      if (duty.dueMs <= nowMs && !duty.busy) due.push(duty);
    }
    seating.unsaved.clear();
    const share = Math.min(((nowMs - this.#savedMs) / checkpointMs) * SAVES_SHARE, 1);
    const most = Math.ceil(shard.rooms.size * share);
    this.#savedMs = nowMs;
    due.sort((a, b) => a.dueMs - b.dueMs);
    for (const duty of due.slice(0, most)) this.#do(duty, nowMs);
  }

  /** Rooms are saved in turns, not all at once. */
  #saveOf(room: GameRoom, nowMs: number): Duty {
    const { checkpointMs, chance, seating } = this.#options;
    let duty = this.#saves.get(room);
    if (!duty) {
      const dueMs = nowMs + chance() * checkpointMs;
      const run = () => this.#save(room);
      duty = { everyMs: checkpointMs, rest: SAVE_REST, run, dueMs, busy: false };
      this.#saves.set(room, duty);
    }
    // Who was welcomed comes back with a new key, and the newest checkpoint must know it.
    if (seating.unsaved.has(room)) duty.dueMs = 0;
    return duty;
  }

  async #save(room: GameRoom): Promise<void> {
    const { directory, shard, seating, clocks, leases, tally, pack } = this.#options;
    // One that is handed over has had its last.
    if (shard.playing(room.id) !== room || !leases.hold) return;
    const lease = shard.leaseOf(room);
    const bytes = saveRoom(room, seating.recordsOf(room), { clocks }, pack);
    if (!bytes) return;
    // The renewals would say so in a moment.
    if (!(await directory.save(lease, room.doneTick, bytes))) return leases.refused(lease);
    tally.checkpoints++;
    tally.checkpointBytes += bytes.length;
  }
}
