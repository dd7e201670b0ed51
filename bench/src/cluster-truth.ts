// What is true in the simulated store: a MemoryDirectory, and beside it the lists that Redis keeps
// (lease ends, rooms by free seats), so that a question about a few of 60,000 rooms costs what a
// few cost. Asked by cluster-directory.ts at the moment when Redis's turn comes. The lists are
// marked when RedisDirectory marks them, and so may lie as they may; rooms of equal free seats come
// in the order in which they were marked, in Redis by their ids.
import {
  type Claim,
  type Lease,
  MemoryDirectory,
  type Outcome,
  type Owner,
  type Reservation,
  type RoomEntry,
  type RoomFacts,
  type SeatPromise,
} from '@tickwire/server';
import type { ClusterClock } from './cluster-clock.ts';
import { LEASE_LISTS } from './cluster-costs.ts';

/** Ms since 1970 at which virtual time starts: epochs go by it. */
export const EPOCH_MS = 1_800_000_000_000;

/** Rooms by free seats. */
class OpenList {
  readonly #byFree: Set<string>[] = [];
  readonly #free = new Map<string, number>();

  mark(id: string, free: number | undefined): void {
    const old = this.#free.get(id);
    if (old === free) return;
    if (old !== undefined) this.#byFree[old].delete(id);
    if (free === undefined) this.#free.delete(id);
    else {
      this.#free.set(id, free);
      for (let more = this.#byFree.length; more <= free; more++) this.#byFree.push(new Set());
      this.#byFree[free].add(id);
    }
  }

  read(offset: number, limit: number): string[] {
    const found: string[] = [];
    let skip = offset;
    for (const ids of this.#byFree.slice(1)) {
      if (skip >= ids.size) skip -= ids.size;
      else
        for (const id of ids) {
          if (found.length === limit) return found;
          if (skip-- <= 0) found.push(id);
        }
      skip = Math.max(skip, 0);
    }
    return found;
  }
}

export class ClusterTruth {
  readonly memory: MemoryDirectory;
  readonly leaseMs: number;
  readonly #now: () => number;
  /** By list: ids and when their leases end, in that order, for all leases are equally long. */
  readonly #leases = Array.from({ length: LEASE_LISTS }, () => new Map<string, number>());
  readonly #open = new Map<string, OpenList>();
  readonly #opened = new Map<string, string>();
  /**
   * Rooms whose free seats may be others than when they were marked: promises end by themselves.
   */
  readonly #unsure = new Set<string>();
  /** By channel: those who listen. */
  readonly hearers = new Map<string, number>();
  /** Shards that are known, about. */
  shards = 0;

  constructor(clock: ClusterClock, leaseMs: number, chance: () => number) {
    this.leaseMs = leaseMs;
    this.#now = () => EPOCH_MS + clock.nowMs;
    this.memory = new MemoryDirectory({ leaseMs, now: this.#now, chance });
  }

  async claim(facts: RoomFacts, owner: Owner, held?: number): Promise<Claim> {
    const claim = await this.memory.claim(facts, owner, held);
    if (!claim.won) return claim;
    this.#markLease(facts.id);
    if (!facts.hidden) this.#opened.set(facts.id, `${facts.kind} ${facts.match}`);
    await this.markOpen(facts.id);
    return claim;
  }

  async renew(leases: readonly Lease[]): Promise<Outcome> {
    const renewal = await this.memory.renew(leases);
    const isLost = new Set(renewal.lost);
    for (const { id } of leases) {
      if (isLost.has(id)) continue;
      this.#markLease(id);
      if (this.#unsure.delete(id)) await this.markOpen(id);
    }
    return renewal;
  }

  async handOver(lease: Lease, to: Owner): Promise<number | false> {
    const epoch = await this.memory.handOver(lease, to);
    if (epoch !== false) this.#markLease(lease.id);
    return epoch;
  }

  async release(lease: Lease): Promise<boolean> {
    const { id } = lease;
    if (!(await this.memory.release(lease))) return false;
    this.#leases[listOf(id)].delete(id);
    this.#open.get(this.#opened.get(id) ?? '')?.mark(id, undefined);
    this.#opened.delete(id);
    this.#unsure.delete(id);
    return true;
  }

  async reserve(id: string, seats: readonly SeatPromise[], lifeMs: number): Promise<Reservation> {
    const answer = await this.memory.reserve(id, seats, lifeMs);
    if (answer === 'reserved') {
      await this.markOpen(id);
      this.#unsure.add(id);
    }
    return answer;
  }

  async markOpen(id: string): Promise<void> {
    const name = this.#opened.get(id);
    const entry = name === undefined ? undefined : await this.memory.room(id);
    if (!entry) return;
    let list = this.#open.get(name!);
    if (!list) this.#open.set(name!, (list = new OpenList()));
    list.mark(id, entry.locked ? 0 : Math.max(entry.seats - entry.taken, 0));
  }

  /** A page of those with free seats, fullest first, as they stand on the list. */
  listed(kind: string, match: string, offset: number, limit: number): readonly string[] {
    return this.#open.get(`${kind} ${match}`)?.read(offset, limit) ?? [];
  }

  async look(ids: readonly string[]): Promise<readonly (RoomEntry | undefined)[]> {
    return Promise.all(ids.map((id) => this.memory.room(id)));
  }

  /**
   * Of some lists: those whose lease may be over, `limit` of each at most, from some place on where
   * there are more.
   */
  due(lists: readonly number[], limit: number, from: number): string[] {
    const nowMs = this.#now();
    return lists.flatMap((list) => {
      const due: string[] = [];
      for (const [id, untilMs] of this.#leases[list]) {
        if (untilMs > nowMs) break;
        due.push(id);
      }
      const first = Math.floor(Math.max(due.length - limit + 1, 0) * from);
      return due.slice(first, first + limit);
    });
  }

  #markLease(id: string): void {
    const list = this.#leases[listOf(id)];
    list.delete(id);
    list.set(id, this.#now() + this.leaseMs);
  }
}

/** FNV-1a, as RedisKeys spreads them over lists of leases. */
export function listOf(id: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < id.length; index++)
    value = Math.imul(value ^ id.charCodeAt(index), 0x01000193);
  return (value >>> 0) % LEASE_LISTS;
}
