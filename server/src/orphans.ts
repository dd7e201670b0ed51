// Which rooms without an owner go on in this shard, and when: at once, but where others have less
// to do; one after the other, where they may be what ended their owners; and the end of those that
// nobody can go on with. Asked by cluster.ts a few times a second. Trap: all shards look at once,
// so what is left to others must not be left for ever.
import {
  type Directory,
  DirectoryError,
  type RoomEntry,
  type ShardEntry,
  WELL_MS,
} from './directory.ts';
import type { Leases } from './leases.ts';
import type { Log } from './log.ts';
import type { GameRoom } from './room.ts';
import type { Shard } from './shard.ts';
import type { Tally } from './tally.ts';

export interface OrphansOptions {
  directory: Directory;
  shard: Shard;
  leases: Leases;
  log: Log;
  tally: Tally;
  /** Monotonic ms. */
  now: () => number;
  /** 0 <= n < 1. */
  chance: () => number;
  /** Of this process with the rooms that it has by now, 0..1000. */
  load: () => number;
}

/** Ms between two looks: short against a lease. */
export const LOOK_MS = 300;
/** Load, of 1000, from which on rooms are late: a shard that has more takes none if others can. */
const OVERLOAD = 900;
/** Load below which a shard takes what there is without a look at others. */
const IDLE = 250;
/** Ms for which one knows how busy others are: they say so themselves every 2 s. */
const NEWS_MS = 2_000;
/** Ms that a full shard leaves a room to others: three looks of theirs, and players still wait. */
const PATIENCE_MS = 1_000;
/**
 * Falls in a row after which a room is one that ends its process, and those from which on it is
 * tried alone, for it may have been beside such a one.
 */
const MOST_FALLS = 3;
const SUSPECT_FALLS = 2;
/** Ms between two looks at a room whose game is not known here. */
const FOREIGN_LOOK_MS = 30_000;
/** A room without an owner for so long has no shard of its build: ms. */
const FOREIGN_MS = 300_000;

/** An orphan that may be taken over. */
interface Waiting {
  readonly entry: RoomEntry;
  readonly takeMs: number;
}

/** One whose game is not known here: since when, and when to look at it again. */
interface Foreign {
  readonly epoch: number;
  readonly sinceMs: number;
  readonly lookMs: number;
}

export class Orphans {
  readonly #options: OrphansOptions;
  /** By id. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #foreign = new Map<string, Foreign>();
  /** When the directory is to be asked again. */
  #askMs = Number.NEGATIVE_INFINITY;
  /** Shards as they were known when they were asked for last. */
  #known: readonly ShardEntry[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;
  /** A room that may end this process, and since when it plays here. */
  #suspect: { readonly room: GameRoom; readonly sinceMs: number } | undefined;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** Takes over what is this shard's to take; answers in how many ms to look again. */
  async look(): Promise<number> {
    const { shard, leases, now } = this.#options;
    // Whose directory was away has not renewed either: rooms without an owner may have one.
    if (shard.draining || !leases.hold || !leases.settled) {
      this.#waiting.clear();
      return LOOK_MS;
    }
    if (now() >= this.#askMs) await this.#ask();
    let nextMs = this.#askMs;
    for (const [id, { entry, takeMs }] of [...this.#waiting]) {
      if (takeMs > now()) {
        nextMs = Math.min(nextMs, takeMs);
        continue;
      }
      this.#waiting.delete(id);
      if (await this.#take(entry)) continue;
      // Who has it came by there, and takes those that follow it.
      this.#waiting.clear();
      return this.#askMs - now();
    }
    return nextMs - now();
  }

  /** Each is known once: where there are many shards, the next look is at others. */
  async #ask(): Promise<void> {
    const { directory, chance, now } = this.#options;
    this.#askMs = now() + LOOK_MS;
    const found = await directory.orphans(this.#passed());
    const fresh = found.filter(({ id }) => !this.#waiting.has(id));
    if (fresh.length === 0) return;
    const takeMs = now() + (await this.#waitMs(fresh));
    // All shards begin elsewhere: they would claim the same ones.
    const from = Math.floor(chance() * fresh.length);
    for (const entry of [...fresh.slice(from), ...fresh.slice(0, from)])
      this.#waiting.set(entry.id, { entry, takeMs });
  }

  #passed(): Set<string> {
    const nowMs = this.#options.now();
    const passed = new Set<string>();
    for (const [id, { lookMs }] of this.#foreign) {
      if (lookMs > nowMs) passed.add(id);
      // It is nobody's orphan any more.
      else if (lookMs + FOREIGN_LOOK_MS < nowMs) this.#foreign.delete(id);
    }
    return passed;
  }

  /**
   * Ms to leave orphans to other shards: the longer, the less those have to do. None where there
   * are no others; those that lost a room just now are taken for dead.
   */
  async #waitMs(found: readonly RoomEntry[]): Promise<number> {
    const { shard } = this.#options;
    const load = this.#options.load();
    if (load < IDLE && !shard.full) return 0;
    const dead = new Set(found.map((entry) => entry.shard));
    const loads = (await this.#shards())
      .filter(({ id, build, draining }) => !draining && build === shard.build && !dead.has(id))
      .filter(({ id }) => id !== shard.owner.shard)
      .map(({ load }) => load);
    if (loads.length === 0) return 0;
    const least = Math.min(...loads);
    if (shard.full || (load >= OVERLOAD && least < OVERLOAD)) return PATIENCE_MS;
    return (Math.min(Math.max(load - least, 0), 1_000) / 1_000) * LOOK_MS;
  }

  async #shards(): Promise<readonly ShardEntry[]> {
    const { directory, now } = this.#options;
    if (now() - this.#askedMs >= NEWS_MS) {
      this.#askedMs = now();
      try {
        this.#known = await directory.shards();
      } catch (error) {
        // Old news will do: a part of the directory may be away, and rooms wait.
        if (!(error instanceof DirectoryError)) throw error;
      }
    }
    return this.#known;
  }

  /** False: another shard has it. One that cannot go on keeps none of the others waiting. */
  async #take(entry: RoomEntry): Promise<boolean> {
    const { shard, log } = this.#options;
    const { id, falls } = entry;
    try {
      if (shard.rooms.has(id)) return true;
      if (!shard.succession.knows(entry)) await this.#passOver(entry);
      else if (falls >= MOST_FALLS) await this.#giveUp(entry);
      else if (falls < SUSPECT_FALLS || !this.#isTrying) return await this.#takeOver(entry);
    } catch (error) {
      log.error({ err: error, room: id }, 'a room could not be taken over');
    }
    return true;
  }

  async #takeOver(entry: RoomEntry): Promise<boolean> {
    const { shard, log, tally, now } = this.#options;
    const { id, falls } = entry;
    const room = await shard.succession.takeOver(entry);
    if (typeof room === 'object') {
      if (falls >= SUSPECT_FALLS) this.#suspect = { room, sinceMs: now() };
      tally.takenOver++;
      log.warn({ room: id, falls }, 'took over a room');
    }
    return room !== undefined;
  }

  /** A suspect that has not shown yet that it does no harm. */
  get #isTrying(): boolean {
    if (!this.#suspect || this.#suspect.room.over) return false;
    return this.#options.now() - this.#suspect.sinceMs < WELL_MS;
  }

  /** Its game is not known here; where nobody knows it for long, nobody ever will. */
  async #passOver(entry: RoomEntry): Promise<void> {
    const { shard, now, log } = this.#options;
    const { id, kind, build, epoch } = entry;
    const nowMs = now();
    const before = this.#foreign.get(id);
    const sinceMs = before?.epoch === epoch ? before.sinceMs : nowMs;
    this.#foreign.set(id, { epoch, sinceMs, lookMs: nowMs + FOREIGN_LOOK_MS });
    if (nowMs - sinceMs < FOREIGN_MS || !(await shard.succession.end(entry))) return;
    log.warn({ room: id, kind, build }, 'ended a room whose game no shard knows any more');
  }

  async #giveUp(entry: RoomEntry): Promise<void> {
    const { shard, tally, log } = this.#options;
    if (!(await shard.succession.end(entry))) return;
    tally.givenUp++;
    const { id: room, kind, falls } = entry;
    log.error({ room, kind, falls }, 'ended a room: the processes that had it ended in a row');
  }
}
