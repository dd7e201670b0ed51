// The directory as one simulated shard has it: each question becomes the commands that
// RedisDirectory would send (cluster-costs.ts), waits for them at the one Redis there is
// (cluster-redis.ts), and is answered by what is true then (cluster-truth.ts). Made for each shard
// by cluster-shard.ts. What is sent in several turns is asked in as many.
import type {
  Board,
  Checkpoint,
  Claim,
  Directory,
  Lease,
  Owner,
  Post,
  Posted,
  Presence,
  Renewal,
  Reservation,
  RoomEntry,
  RoomFacts,
  Save,
  SeatPromise,
  ShardEntry,
  Standing,
} from '@tickwire/server';
import { search, Watches } from '@tickwire/server/parts';
import { DEMANDS, type Demand, LEASE_LISTS, marks } from './cluster-costs.ts';
import { type Line, newLine, type SimulatedRedis } from './cluster-redis.ts';
import type { ClusterTruth } from './cluster-truth.ts';

export class SimulatedDirectory implements Directory {
  readonly leaseMs: number;
  readonly line: Line = newLine();
  readonly #watches: Watches;
  readonly #truth: ClusterTruth;
  readonly #redis: SimulatedRedis;
  /** What a checkpoint of a real room has; those of simulated ones are short. */
  readonly #checkpointBytes: number;

  constructor(truth: ClusterTruth, redis: SimulatedRedis, checkpointBytes: number) {
    this.leaseMs = truth.leaseMs;
    this.#watches = new Watches(LEASE_LISTS, Math.floor(redis.chance() * LEASE_LISTS));
    this.#truth = truth;
    this.#redis = redis;
    this.#checkpointBytes = checkpointBytes;
  }

  async announce(shard: ShardEntry): Promise<void> {
    await this.#ask(DEMANDS.announce(), () => this.#truth.memory.announce(shard));
    this.#watches.shards = this.#truth.shards;
  }

  withdraw(shard: string): Promise<void> {
    return this.#ask(DEMANDS.withdraw(), () => this.#truth.memory.withdraw(shard));
  }

  shards(): Promise<readonly ShardEntry[]> {
    const { memory, shards } = this.#truth;
    return this.#ask(DEMANDS.shards(shards), () => memory.shards());
  }

  someShards(most: number): Promise<readonly ShardEntry[]> {
    return this.#ask(DEMANDS.someShards(most), () => this.#truth.memory.someShards(most));
  }

  async claim(facts: RoomFacts, owner: Owner, held?: number): Promise<Claim> {
    const claim = await this.#ask(DEMANDS.claim(), () => this.#truth.claim(facts, owner, held));
    // Its lease, its free seats, all rooms, those of its kind.
    if (claim.won) this.#tell(marks(4));
    else this.#redis.claimsLost++;
    return claim;
  }

  async renew(leases: readonly Lease[]): Promise<Renewal> {
    const renewal = await this.#ask(DEMANDS.renew(leases.length), () => this.#truth.renew(leases));
    const kept = leases.length - renewal.lost.length;
    // All rooms of the simulation are of one kind: one list of open ones.
    if (kept > 0) this.#tell(marks(this.#truth.listsOf(leases) + 1, 2 * kept));
    return renewal;
  }

  async handOver(lease: Lease, to: Owner): Promise<number | false> {
    const epoch = await this.#ask(DEMANDS.handOver(), () => this.#truth.handOver(lease, to));
    if (epoch !== false) this.#tell(marks(1));
    return epoch;
  }

  lock(lease: Lease, locked: boolean): Promise<boolean> {
    return this.#change(DEMANDS.lock(), lease, () => this.#truth.memory.lock(lease, locked));
  }

  async release(lease: Lease): Promise<boolean> {
    const released = await this.#ask(DEMANDS.release(), () => this.#truth.release(lease));
    if (released) await this.#ask(DEMANDS.released(), () => undefined);
    return released;
  }

  room(id: string): Promise<RoomEntry | undefined> {
    return this.#ask(DEMANDS.room(), () => this.#truth.memory.room(id));
  }

  async rooms(kind?: string): Promise<readonly RoomEntry[]> {
    const rooms = await this.#truth.memory.rooms(kind);
    await this.#ask(DEMANDS.list(rooms.length), () => undefined);
    return this.#ask(DEMANDS.looks(rooms.length), () => this.#truth.memory.rooms(kind));
  }

  async candidates(
    kind: string,
    build: string,
    match: string,
    limit: number,
  ): Promise<readonly RoomEntry[]> {
    const read = (from: number, count: number) =>
      this.#ask(DEMANDS.list(count), () => this.#truth.listed(kind, match, from, count));
    const look = async (listed: readonly string[]) =>
      (await this.#look(listed)).flatMap((entry) => {
        const isFree = entry && !entry.orphan && !entry.locked && entry.taken < entry.seats;
        return isFree && entry.build === build ? [entry] : [];
      });
    const found = await search({ read, look }, limit, this.#redis.chance);
    return found.sort((a, b) => a.seats - a.taken - (b.seats - b.taken)).slice(0, limit);
  }

  async orphans(passed: ReadonlySet<string> = new Set()): Promise<readonly RoomEntry[]> {
    const { limit } = this.#watches;
    const lists = this.#watches.next();
    const from = this.#redis.chance();
    const serve = () => this.#truth.due(lists, limit, from);
    const due = await this.#ask(DEMANDS.due(lists.length), serve);
    if (due.length === 0) return [];
    const seen = await this.#look(due.filter((id) => !passed.has(id)));
    return seen.filter((entry) => entry?.orphan) as RoomEntry[];
  }

  async reserve(id: string, seats: readonly SeatPromise[], lifeMs: number): Promise<Reservation> {
    const serve = () => this.#truth.reserve(id, seats, lifeMs);
    const answer = await this.#ask(DEMANDS.reserve(), serve);
    if (answer === 'reserved') this.#tell(marks(1));
    return answer;
  }

  redeem(lease: Lease, seat: string, again?: boolean): Promise<Uint8Array | 'spent' | false> {
    return this.#ask(DEMANDS.redeem(), () => this.#truth.memory.redeem(lease, seat, again));
  }

  take(lease: Lease, seat: string): Promise<'taken' | 'full' | false> {
    return this.#change(DEMANDS.take(), lease, () => this.#truth.memory.take(lease, seat));
  }

  leave(lease: Lease, seats: readonly string[]): Promise<boolean> {
    const demand = DEMANDS.leave(seats.length);
    return this.#change(demand, lease, () => this.#truth.memory.leave(lease, seats));
  }

  occupy(lease: Lease, seats: readonly string[]): Promise<boolean> {
    const demand = DEMANDS.occupy(seats.length);
    return this.#change(demand, lease, () => this.#truth.memory.occupy(lease, seats));
  }

  async save(saves: readonly Save[]): Promise<readonly string[]> {
    const demand = DEMANDS.save(this.#checkpointBytes);
    const ask = (save: Save) => this.#ask(demand, () => this.#truth.memory.save([save]));
    return (await Promise.all(saves.map(ask))).flat();
  }

  load(id: string): Promise<Checkpoint | undefined> {
    const demand = DEMANDS.load(this.#checkpointBytes);
    return this.#ask(demand, () => this.#truth.memory.load(id));
  }

  arrive(lease: Lease, users: readonly string[]): Promise<void> {
    const demand = DEMANDS.arrive(users.length);
    return this.#ask(demand, () => this.#truth.memory.arrive(lease, users));
  }

  depart(lease: Lease, users: readonly string[]): Promise<void> {
    const demand = DEMANDS.depart(users.length);
    return this.#ask(demand, () => this.#truth.memory.depart(lease, users));
  }

  async whereabouts(users: readonly string[]): Promise<readonly (readonly Presence[])[]> {
    const where = () => this.#truth.memory.whereabouts(users);
    const rooms = (await where()).flat().length;
    const found = await this.#ask(DEMANDS.rowsOf(users.length, rooms), where);
    return rooms === 0 ? found : this.#ask(DEMANDS.looks(rooms), where);
  }

  post(lease: Lease, board: Board, post: Post): Promise<Posted> {
    return this.#ask(DEMANDS.post(), () => this.#truth.memory.post(lease, board, post));
  }

  top(board: Board, from: number, count: number): Promise<readonly Standing[]> {
    return this.#ask(DEMANDS.top(count), () => this.#truth.memory.top(board, from, count));
  }

  standing(board: Board, user: string): Promise<Standing | undefined> {
    return this.#ask(DEMANDS.standing(), () => this.#truth.memory.standing(board, user));
  }

  publish(channel: string, message: Uint8Array): Promise<void> {
    const { memory, hearers } = this.#truth;
    const demand = DEMANDS.publish(hearers.get(channel) ?? 0);
    return this.#ask(demand, () => memory.publish(channel, message));
  }

  /** On a line of its own, as RedisChannels has: what is heard is heard a moment later. */
  async subscribe(
    channel: string,
    hear: (message: Uint8Array) => void,
  ): Promise<() => Promise<void>> {
    const { memory, hearers } = this.#truth;
    const heard = (message: Uint8Array) => {
      if (!this.line.dead) hear(message);
    };
    const end = await this.#ask(DEMANDS.subscribe(), () => memory.subscribe(channel, heard));
    hearers.set(channel, (hearers.get(channel) ?? 0) + 1);
    return async () => {
      hearers.set(channel, hearers.get(channel)! - 1);
      return this.#ask(DEMANDS.subscribe(), end);
    };
  }

  secret(): Promise<Uint8Array> {
    return this.#ask(DEMANDS.secret(), () => this.#truth.memory.secret());
  }

  async close(): Promise<void> {}

  #ask<T>(demand: Demand, serve: () => T | Promise<T>): Promise<T> {
    return this.#redis.ask(this.line, demand, serve);
  }

  #tell(demand: Demand): void {
    this.#redis.tell(this.line, demand);
  }

  /** What changes the free seats of a room. */
  async #change<T>(demand: Demand, lease: Lease, serve: () => Promise<T>): Promise<T> {
    const answer = await this.#ask(demand, async () => {
      const served = await serve();
      if (served !== false) await this.#truth.markOpen(lease.id);
      return served;
    });
    if (answer !== false) this.#tell(marks(1));
    return answer;
  }

  #look(ids: readonly string[]): Promise<readonly (RoomEntry | undefined)[]> {
    return this.#ask(DEMANDS.looks(ids.length), () => this.#truth.look(ids));
  }
}
