// What a shard among others does by the clock: renews its leases, says how busy it is, saves its
// rooms, takes over those whose owner is gone; and what it does for others when they ask. Made by
// make-shard.ts; serve() calls `work` a few times a second. A single process has none.
import type { AnswerTimes } from './answer-times.ts';
import type { AwakeClock } from './awake.ts';
import { Balance } from './balance.ts';
import type { Pack } from './checkpoint.ts';
import { type Directory, DirectoryError, type ShardEntry } from './directory.ts';
import { ExpectedLoad } from './expected-load.ts';
import type { Clocks } from './identity.ts';
import type { Leases } from './leases.ts';
import type { Log } from './log.ts';
import { Moving } from './moving.ts';
import { lookAround, newcomerLooksMs } from './newcomer.ts';
import { LOOK_MS, Orphans } from './orphans.ts';
import type { Others } from './others.ts';
import type { Peers } from './peers.ts';
import type { GameRoom } from './room.ts';
import { Saves } from './saves.ts';
import type { Seating } from './seating.ts';
import type { Shard } from './shard.ts';
import type { Tally } from './tally.ts';

export interface ClusterOptions {
  directory: Directory;
  shard: Shard;
  seating: Seating;
  leases: Leases;
  peers: Peers;
  others: Others;
  answerTimes: AnswerTimes | undefined;
  /** Told that the process runs; undefined in a simulated time, where it always does. */
  awake?: AwakeClock;
  /** Rooms are handed over to shards that have much less to do. */
  balance: boolean;
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
/** Ms between two looks whether a room is to be handed over: as often as loads are measured. */
const BALANCE_MS = 2_000;
/** Ms between two words about rooms that were opened: a few of a rush, and no more. */
const NEWS_MS = 20;

/** Something that is done again and again, never twice at once. */
interface Duty {
  readonly everyMs: number;
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
  readonly #saves: Saves;
  readonly #balance: Balance;
  readonly #load: ExpectedLoad;
  /** Rooms that the others know of. */
  #announced = 0;
  #closed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#load = new ExpectedLoad(options.load);
    this.moving = new Moving(options);
    this.#saves = new Saves(options);
    const { leases, directory, clocks, shard } = options;
    const load = () => this.#load.with(shard.rooms.size) * 1_000;
    this.#balance = new Balance({ ...options, moving: this.moving, now: clocks.now, load });
    const orphans = new Orphans({ ...options, now: clocks.now, load: () => this.loadNow });
    const announceMs = Math.min(ANNOUNCE_MS, directory.leaseMs);
    const duty = (everyMs: number, run: Duty['run'], dueMs = 0): Duty => {
      return { everyMs, run, dueMs, busy: false };
    };
    this.#duties = [
      duty(leases.everyMs, () => leases.renew(), clocks.now() + leases.everyMs * options.chance()),
      duty(announceMs, () => this.#measure(), clocks.now() + announceMs),
      duty(LOOK_MS, () => orphans.look()),
      ...(options.balance ? [duty(BALANCE_MS, () => this.#balance.look())] : []),
      duty(announceMs, () => lookAround(options), clocks.now() + newcomerLooksMs(directory)),
      // Each time that there is something.
      duty(0, () => this.#saves.send()),
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
      takeOne: async (id: string, theirs: number, load: number) =>
        this.#balance.takeOne(id, theirs, load),
    });
    // What was done before there were rooms says nothing of what they cost.
    this.#load.measure(0);
    await this.announce();
  }

  /** Does what is due. Called every 50 ms or so. */
  work(): void {
    const { clocks, shard, awake } = this.#options;
    awake?.runs();
    const nowMs = clocks.now();
    this.#saves.look(nowMs);
    for (const duty of this.#duties) this.#do(duty, nowMs);
    if (shard.rooms.size > this.#announced) this.#do(this.#news, nowMs);
  }

  /** A room has just done a tick, or several. */
  ticked(room: GameRoom, nowMs: number): void {
    this.#saves.ticked(room, nowMs);
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
  get loadNow(): number {
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
      load: this.loadNow,
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
      });
  }
}
