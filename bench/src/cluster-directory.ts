// The directory as one simulated shard has it: each question becomes the commands that
// RedisDirectory would send (cluster-costs.ts), waits for them at the nodes that have what it is
// about (cluster-nodes.ts), and is answered by what is true then (cluster-truth.ts). Made for each
// shard by cluster-shard.ts. What is sent in several turns is asked in as many.
import {
  type Board,
  type Checkpoint,
  type Claim,
  type Directory,
  DirectoryError,
  type Lease,
  type Outcome,
  type Owner,
  type Post,
  type Posted,
  type Presence,
  type Reservation,
  type RoomEntry,
  type RoomFacts,
  type Save,
  type SeatPromise,
  type ShardEntry,
  type Standing,
} from '@tickwire/server';
import { search, Watches } from '@tickwire/server/parts';
import { DEMANDS, type Demand, LEASE_LISTS, marks } from './cluster-costs.ts';
import { apart, heardOf, type SimulatedNodes } from './cluster-nodes.ts';
import { type Line, newLine } from './cluster-redis.ts';
import { type ClusterTruth, listOf } from './cluster-truth.ts';

export class SimulatedDirectory implements Directory {
  readonly leaseMs: number;
  readonly isParted: boolean;
  readonly #watches: Watches;
  readonly #truth: ClusterTruth;
  readonly #nodes: SimulatedNodes;
  /** By node: its connection, and until when it was away, as far as is known. */
  readonly #lines: readonly Line[];
  readonly #doubtedMs: number[];
  readonly #away = new Set<number>();
  /** Where it listens, and what it publishes goes out, unless that node is away. */
  readonly #nearest: number;
  /** Where the list of shards is, and that of rooms with free seats, which are of one kind. */
  readonly #shards: number;
  readonly #open: number;
  /** What a checkpoint of a real room has; those of simulated ones are short. */
  readonly #checkpointBytes: number;

  constructor(truth: ClusterTruth, nodes: SimulatedNodes, checkpointBytes: number) {
    this.leaseMs = truth.leaseMs;
    this.isParted = nodes.all.length > 1;
    this.#watches = new Watches(LEASE_LISTS, Math.floor(nodes.chance() * LEASE_LISTS));
    this.#truth = truth;
    this.#nodes = nodes;
    this.#lines = nodes.all.map(newLine);
    this.#doubtedMs = nodes.all.map(() => Number.NEGATIVE_INFINITY);
    this.#nearest = nodes.all.length > 1 ? Math.floor(nodes.chance() * nodes.all.length) : 0;
    this.#shards = nodes.of(nodes.keys.shards[0]);
    this.#open = nodes.of(nodes.keys.open('field'));
    this.#checkpointBytes = checkpointBytes;
  }

  /** The shard is gone: whatever it asks is refused. */
  die(): void {
    for (const line of this.#lines) line.dead = true;
  }

  async announce(shard: ShardEntry): Promise<void> {
    await this.#ask(this.#shards, DEMANDS.announce(), () => this.#truth.memory.announce(shard));
    this.#watches.shards = this.#truth.shards;
  }

  withdraw(shard: string): Promise<void> {
    return this.#ask(this.#shards, DEMANDS.withdraw(), () => this.#truth.memory.withdraw(shard));
  }

  shards(): Promise<readonly ShardEntry[]> {
    const { memory, shards } = this.#truth;
    return this.#ask(this.#shards, DEMANDS.shards(shards), () => memory.shards());
  }

  someShards(most: number): Promise<readonly ShardEntry[]> {
    const serve = () => this.#truth.memory.someShards(most);
    return this.#ask(this.#shards, DEMANDS.someShards(most), serve);
  }

  async claim(facts: RoomFacts, owner: Owner, held?: number): Promise<Claim> {
    const { id, kind } = facts;
    const [room, lease] = [this.#nodes.ofRoom(id), this.#leaseOf(id)];
    const serve = () => this.#truth.claim(facts, owner, held);
    const isOne = room === lease;
    const [claim] = await Promise.all([
      this.#ask(room, isOne ? [...DEMANDS.claim(), ...marks(1)] : DEMANDS.claim(), serve),
      isOne ? undefined : this.#ask(lease, marks(1), () => undefined),
    ]);
    if (claim.won) this.#tellLists(this.#listsOf(id, kind), marks);
    else this.#nodes.claimsLost++;
    return claim;
  }

  async renew(leases: readonly Lease[]): Promise<Outcome> {
    const parts = apart(leases, ({ id }) => this.#nodes.ofRoom(id));
    const nodes = this.#nodes.all.length > 1 || leases.length === 0 ? this.#nodes.all.keys() : [0];
    const asked = Array.from(nodes, (node) => this.#renewAt(node, parts.get(node) ?? []));
    const renewals = await Promise.all(asked);
    const failed = renewals.flatMap(({ error }) => error ?? []);
    if (failed.length === renewals.length) throw failed[0];
    const [lost, unheard] = [new Set<string>(), new Set<string>()];
    for (const renewal of renewals) {
      for (const id of renewal.lost) lost.add(id);
      for (const id of renewal.unheard) unheard.add(id);
    }
    const kept = leases.filter(({ id }) => !lost.has(id) && !unheard.has(id));
    for (const [node, some] of apart(kept, ({ id }) => this.#leaseOf(id)))
      this.#tell(node, marks(new Set(some.map(({ id }) => listOf(id))).size, some.length));
    if (kept.length > 0) this.#tell(this.#open, marks(1, kept.length));
    return { lost: [...lost], unheard: [...unheard] };
  }

  async #renewAt(
    node: number,
    leases: readonly Lease[],
  ): Promise<Outcome & { readonly error?: DirectoryError }> {
    const isHeard = this.#nodes.all.length > 1 || leases.length === 0;
    const renewed = leases.length > 0 ? DEMANDS.renew(leases.length) : [];
    const demand = isHeard ? [...renewed, ...DEMANDS.hear()] : renewed;
    try {
      const renewal = await this.#ask(node, demand, () => this.#truth.renew(leases));
      if (this.#away.delete(node)) this.#doubtedMs[node] = this.#nodes.clock.nowMs;
      return renewal;
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      this.#away.add(node);
      this.#doubtedMs[node] = this.#nodes.clock.nowMs;
      return { lost: [], unheard: leases.map(({ id }) => id), error };
    }
  }

  async handOver(lease: Lease, to: Owner): Promise<number | false> {
    const serve = () => this.#truth.handOver(lease, to);
    const epoch = await this.#askRoom(lease.id, DEMANDS.handOver(), serve);
    if (epoch !== false) this.#tell(this.#leaseOf(lease.id), marks(1));
    return epoch;
  }

  lock(lease: Lease, locked: boolean): Promise<boolean> {
    return this.#change(DEMANDS.lock(), lease, () => this.#truth.memory.lock(lease, locked));
  }

  async release(lease: Lease): Promise<boolean> {
    const { id } = lease;
    const entry = await this.#truth.memory.room(id);
    const released = await this.#askRoom(id, DEMANDS.release(), () => this.#truth.release(lease));
    if (released && entry) this.#tellLists(this.#listsOf(id, entry.kind), DEMANDS.unmarked);
    return released;
  }

  room(id: string): Promise<RoomEntry | undefined> {
    return this.#askRoom(id, DEMANDS.room(), () => this.#truth.memory.room(id));
  }

  async rooms(kind?: string): Promise<readonly RoomEntry[]> {
    const rooms = await this.#truth.memory.rooms(kind);
    const node = this.#nodes.of(this.#nodes.keys.rooms(kind));
    await this.#ask(node, DEMANDS.list(rooms.length), () => undefined);
    const seen = await this.#look(rooms.map(({ id }) => id));
    return seen.flatMap((entry) => entry ?? []);
  }

  async candidates(
    kind: string,
    build: string,
    match: string,
    limit: number,
  ): Promise<readonly RoomEntry[]> {
    const read = (from: number, count: number) => {
      const serve = () => this.#truth.listed(kind, match, from, count);
      return this.#ask(this.#open, DEMANDS.list(count), serve);
    };
    const look = async (listed: readonly string[]) =>
      (await this.#look(listed)).flatMap((entry) => {
        const isFree = entry && !entry.orphan && !entry.locked && entry.taken < entry.seats;
        return isFree && entry.build === build ? [entry] : [];
      });
    const found = await search({ read, look }, limit, this.#nodes.chance);
    return found.sort((a, b) => a.seats - a.taken - (b.seats - b.taken)).slice(0, limit);
  }

  async orphans(passed: ReadonlySet<string> = new Set()): Promise<readonly RoomEntry[]> {
    const { limit } = this.#watches;
    const from = this.#nodes.chance();
    const lists = apart(this.#watches.next(), (list) => this.#nodes.leases[list]);
    const due = await heardOf(lists, (node, some) =>
      this.#ask(node, DEMANDS.due(some.length), () => this.#truth.due(some, limit, from)),
    );
    if (due.length === 0) return [];
    const seen = await this.#look(due.filter((id) => !passed.has(id)));
    const steadyMs = this.#nodes.clock.nowMs - this.leaseMs;
    return seen.flatMap((entry) => {
      if (!entry?.orphan || this.#doubtedMs[this.#nodes.ofRoom(entry.id)] >= steadyMs) return [];
      return [entry];
    });
  }

  async reserve(id: string, seats: readonly SeatPromise[], lifeMs: number): Promise<Reservation> {
    const serve = () => this.#truth.reserve(id, seats, lifeMs);
    const answer = await this.#askRoom(id, DEMANDS.reserve(), serve);
    if (answer === 'reserved') this.#tell(this.#open, marks(1));
    return answer;
  }

  redeem(lease: Lease, seat: string, again?: boolean): Promise<Uint8Array | 'spent' | false> {
    const serve = () => this.#truth.memory.redeem(lease, seat, again);
    return this.#askRoom(lease.id, DEMANDS.redeem(), serve);
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

  async save(saves: readonly Save[]): Promise<Outcome> {
    const demand = DEMANDS.save(this.#checkpointBytes);
    const ask = (save: Save) =>
      this.#askRoom(save.lease.id, demand, () => this.#truth.memory.save([save]));
    const lost = (await Promise.all(saves.map(ask))).flatMap((one) => one.lost);
    return { lost, unheard: [] };
  }

  load(id: string): Promise<Checkpoint | undefined> {
    const demand = DEMANDS.load(this.#checkpointBytes);
    return this.#askRoom(id, demand, () => this.#truth.memory.load(id));
  }

  async arrive(lease: Lease, users: readonly string[]): Promise<void> {
    const ask = (user: string) => {
      const serve = () => this.#truth.memory.arrive(lease, [user]);
      return this.#ask(this.#userOf(user), DEMANDS.arrive(1), serve);
    };
    await Promise.all(users.map(ask));
  }

  async depart(lease: Lease, users: readonly string[]): Promise<void> {
    const ask = (user: string) => {
      const serve = () => this.#truth.memory.depart(lease, [user]);
      return this.#ask(this.#userOf(user), DEMANDS.depart(1), serve);
    };
    await Promise.all(users.map(ask));
  }

  async whereabouts(users: readonly string[]): Promise<readonly (readonly Presence[])[]> {
    const where = () => this.#truth.memory.whereabouts(users);
    const rooms = (await where()).flat().map(({ room }) => room);
    const rows = [...apart(users, (user) => this.#userOf(user))].map(([node, some], index) =>
      this.#ask(node, DEMANDS.rowsOf(some.length, index === 0 ? rooms.length : 0), () => undefined),
    );
    await Promise.all(rows);
    if (rooms.length > 0) await this.#look(rooms);
    return where();
  }

  post(lease: Lease, board: Board, post: Post): Promise<Posted> {
    const serve = () => this.#truth.memory.post(lease, board, post);
    return this.#ask(this.#boardOf(board), DEMANDS.post(), serve);
  }

  top(board: Board, from: number, count: number): Promise<readonly Standing[]> {
    const serve = () => this.#truth.memory.top(board, from, count);
    return this.#ask(this.#boardOf(board), DEMANDS.top(count), serve);
  }

  standing(board: Board, user: string): Promise<Standing | undefined> {
    const serve = () => this.#truth.memory.standing(board, user);
    return this.#ask(this.#boardOf(board), DEMANDS.standing(), serve);
  }

  /** Those who hear it listen anywhere. */
  publish(channel: string, message: Uint8Array): Promise<void> {
    const { memory, hearers } = this.#truth;
    const { length } = this.#nodes.all;
    const share = (hearers.get(channel) ?? 0) / length;
    for (const node of this.#nodes.all.keys())
      if (node !== this.#ear) this.#tell(node, DEMANDS.hearOf(share));
    const passed = length > 1 ? DEMANDS.passOn(length - 1) : [];
    const demand = [...DEMANDS.publish(share), ...passed];
    return this.#ask(this.#ear, demand, () => memory.publish(channel, message));
  }

  /** On a line of its own, as RedisChannels has: what is heard is heard a moment later. */
  async subscribe(
    channel: string,
    hear: (message: Uint8Array) => void,
  ): Promise<() => Promise<void>> {
    const { memory, hearers } = this.#truth;
    const heard = (message: Uint8Array) => {
      if (!this.#lines[this.#ear].dead) hear(message);
    };
    const serve = () => memory.subscribe(channel, heard);
    const end = await this.#ask(this.#ear, DEMANDS.subscribe(), serve);
    hearers.set(channel, (hearers.get(channel) ?? 0) + 1);
    return async () => {
      hearers.set(channel, hearers.get(channel)! - 1);
      return this.#ask(this.#ear, DEMANDS.subscribe(), end);
    };
  }

  secret(): Promise<Uint8Array> {
    const node = this.#nodes.of(this.#nodes.keys.secret);
    return this.#ask(node, DEMANDS.secret(), () => this.#truth.memory.secret());
  }

  async close(): Promise<void> {}

  #ask<T>(node: number, demand: Demand, serve: () => T | Promise<T>): Promise<T> {
    return this.#nodes.all[node].ask(this.#lines[node], demand, serve);
  }

  get #ear(): number {
    const { all } = this.#nodes;
    const next = Array.from(all, (_, index) => (this.#nearest + index) % all.length);
    return next.find((node) => !all[node].away) ?? this.#nearest;
  }

  #askRoom<T>(id: string, demand: Demand, serve: () => T | Promise<T>): Promise<T> {
    return this.#ask(this.#nodes.ofRoom(id), demand, serve);
  }

  #tell(node: number, demand: Demand): void {
    this.#nodes.all[node].tell(this.#lines[node], demand);
  }

  /** The lists that a room is on: its lease, its free seats, all rooms, those of its kind. */
  #listsOf(id: string, kind: string): number[] {
    const { keys } = this.#nodes;
    const rooms = [keys.rooms(), keys.rooms(kind)].map((key) => this.#nodes.of(key));
    return [this.#leaseOf(id), this.#open, ...rooms];
  }

  #tellLists(nodes: readonly number[], demandOf: (lists: number) => Demand): void {
    for (const [node, lists] of apart(nodes, (one) => one))
      this.#tell(node, demandOf(lists.length));
  }

  /** What changes the free seats of a room. */
  async #change<T>(demand: Demand, lease: Lease, serve: () => Promise<T>): Promise<T> {
    const answer = await this.#askRoom(lease.id, demand, async () => {
      const served = await serve();
      if (served !== false) await this.#truth.markOpen(lease.id);
      return served;
    });
    if (answer !== false) this.#tell(this.#open, marks(1));
    return answer;
  }

  #look(ids: readonly string[]): Promise<(RoomEntry | undefined)[]> {
    const parts = apart(ids, (id) => this.#nodes.ofRoom(id));
    return heardOf(parts, (node, some) =>
      this.#ask(node, DEMANDS.looks(some.length), () => this.#truth.look(some)),
    );
  }

  #leaseOf(id: string): number {
    return this.#nodes.leases[listOf(id)];
  }

  #userOf(user: string): number {
    return this.#nodes.of(this.#nodes.keys.user(user));
  }

  #boardOf(board: Board): number {
    return this.#nodes.of(this.#nodes.keys.board(board));
  }
}
