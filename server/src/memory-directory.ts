// The directory of one process, and with finite leases the truth of a parent and its shards. Made
// by serve() where no other is given. What redis-directory.ts does with scripts is plain here: the
// two pass one suite (server/test/directory-contract.ts).
import { randomBytes } from 'node:crypto';
import {
  type Board,
  type Checkpoint,
  type Claim,
  type Directory,
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
  WELL_MS,
} from './directory.ts';
import { MemoryBoards } from './memory-boards.ts';
import { MemoryPresence } from './memory-presence.ts';
import { MemorySeats } from './memory-seats.ts';
import { MemoryShards } from './memory-shards.ts';

export interface MemoryDirectoryOptions {
  /** Default: leases never end, for there is nobody else. */
  leaseMs?: number;
  /** Ms since 1970, for epochs go by it; must not go back. */
  now: () => number;
  /** 0 <= n < 1. Default: of the system. */
  chance?: () => number;
}

/** A room that nobody claims is kept this long after its lease. */
const ORPHAN_MS = 600_000;
/** That a room was released is known for twice as long as an owner goes on who does not hear it. */
const RELEASED_MS = 60_000;
const NOBODY: Owner = { shard: '', url: '' };

interface KnownRoom {
  readonly facts: RoomFacts;
  owner: Owner;
  epoch: number;
  /** The lease holds before. */
  untilMs: number;
  /** Owners in a row that were gone soon, without the present one. */
  falls: number;
  /** The epoch of the owner that went on with it last. */
  begun: number;
  locked: boolean;
  readonly seats: MemorySeats;
  checkpoint: Checkpoint | undefined;
}

export class MemoryDirectory implements Directory {
  readonly leaseMs: number;
  readonly #now: () => number;
  readonly #shards: MemoryShards;
  readonly #rooms = new Map<string, KnownRoom>();
  readonly #byKind = new Map<string, Set<KnownRoom>>();
  readonly #listeners = new Map<string, Set<(message: Uint8Array) => void>>();
  readonly #presence = new MemoryPresence();
  readonly #boards = new MemoryBoards();
  readonly #secret = randomBytes(32);
  /** Of rooms that were released, the longest ago first: the last epoch. */
  readonly #released = new Map<string, { readonly epoch: number; readonly untilMs: number }>();

  constructor({ leaseMs = Number.POSITIVE_INFINITY, now, chance }: MemoryDirectoryOptions) {
    this.leaseMs = leaseMs;
    this.#now = now;
    this.#shards = new MemoryShards(leaseMs, now, chance);
  }

  async announce(shard: ShardEntry): Promise<void> {
    this.#shards.announce(shard);
  }

  async withdraw(shard: string): Promise<void> {
    this.#shards.forget(shard);
  }

  async shards(): Promise<readonly ShardEntry[]> {
    return this.#shards.all();
  }

  async someShards(most: number): Promise<readonly ShardEntry[]> {
    return this.#shards.some(most);
  }

  /** A shard is known to be gone: its rooms are orphans now, not when their leases end. */
  lose(shard: string): void {
    this.#shards.forget(shard);
    const nowMs = this.#now();
    for (const room of this.#rooms.values())
      if (room.owner.shard === shard) room.untilMs = Math.min(room.untilMs, nowMs);
  }

  async claim(facts: RoomFacts, owner: Owner, held?: number): Promise<Claim> {
    const nowMs = this.#now();
    const known = this.#known(facts.id);
    const { epoch: released = 0 } = this.#released.get(facts.id) ?? {};
    const isLost =
      held === undefined
        ? known !== undefined && known.untilMs > nowMs
        : (known !== undefined && known.epoch > held) || released >= held;
    if (isLost) return { won: false, owner: known?.owner ?? NOBODY };
    const room = known ?? this.#add(facts, owner);
    room.owner = owner;
    const isFall = held === undefined && room.begun === room.epoch;
    room.falls = this.#fallsOf(room) + Number(isFall);
    const last = Math.max(room.epoch, released, held ?? 0);
    room.epoch = Math.max(last + 1, Math.floor(nowMs));
    if (!known || held !== undefined) room.begun = room.epoch;
    room.untilMs = nowMs + this.leaseMs;
    return { won: true, epoch: room.epoch };
  }

  async renew(leases: readonly Lease[]): Promise<Outcome> {
    const untilMs = this.#now() + this.leaseMs;
    const lost: string[] = [];
    for (const lease of leases) {
      const room = this.#known(lease.id);
      if (room?.epoch === lease.epoch) room.untilMs = untilMs;
      else lost.push(lease.id);
      // Who lost it to another one and asks for it lives: that was no fall.
      if (room && room.epoch > lease.epoch) room.falls = 0;
    }
    return { lost, unheard: [] };
  }

  async handOver(lease: Lease, to: Owner): Promise<number | false> {
    const room = this.#owned(lease);
    if (!room) return false;
    const nowMs = this.#now();
    room.falls = this.#fallsOf(room);
    room.owner = to;
    room.epoch = Math.max(room.epoch + 1, Math.floor(nowMs));
    room.untilMs = nowMs + this.leaseMs;
    return room.epoch;
  }

  async lock(lease: Lease, locked: boolean): Promise<boolean> {
    const room = this.#owned(lease);
    if (room) room.locked = locked;
    return room !== undefined;
  }

  async release(lease: Lease): Promise<boolean> {
    const room = this.#owned(lease);
    if (room) this.#remove(room);
    if (room && Number.isFinite(this.leaseMs)) this.#noteReleased(lease);
    return room !== undefined;
  }

  async room(id: string): Promise<RoomEntry | undefined> {
    const room = this.#known(id);
    return room && this.#entryOf(room);
  }

  async rooms(kind?: string): Promise<readonly RoomEntry[]> {
    const rooms = kind === undefined ? this.#rooms.values() : (this.#byKind.get(kind) ?? []);
    return Array.from(rooms)
      .filter(({ facts }) => !facts.hidden)
      .map((room) => this.#entryOf(room));
  }

  async candidates(
    kind: string,
    build: string,
    match: string,
    limit: number,
  ): Promise<readonly RoomEntry[]> {
    const found: RoomEntry[] = [];
    for (const room of this.#byKind.get(kind) ?? []) {
      const { facts } = room;
      const isFor = facts.build === build && facts.match === match && !facts.hidden;
      if (!isFor || room.locked) continue;
      const entry = this.#entryOf(room);
      if (!entry.orphan && entry.taken < entry.seats) found.push(entry);
    }
    return found.sort((a, b) => a.seats - a.taken - (b.seats - b.taken)).slice(0, limit);
  }

  async orphans(passed: ReadonlySet<string> = new Set()): Promise<readonly RoomEntry[]> {
    const nowMs = this.#now();
    for (const room of this.#rooms.values())
      if (room.untilMs + ORPHAN_MS < nowMs) this.#remove(room);
    return [...this.#rooms.values()]
      .filter(({ untilMs, facts }) => untilMs <= nowMs && !passed.has(facts.id))
      .sort((a, b) => a.untilMs - b.untilMs)
      .map((room) => this.#entryOf(room));
  }

  async reserve(id: string, seats: readonly SeatPromise[], lifeMs: number): Promise<Reservation> {
    const nowMs = this.#now();
    const room = this.#known(id);
    if (!room) return 'gone';
    if (room.untilMs <= nowMs) return 'orphan';
    if (room.locked) return 'locked';
    return room.seats.reserve(seats, nowMs, lifeMs);
  }

  async redeem(lease: Lease, seat: string, again = false): Promise<Uint8Array | 'spent' | false> {
    const room = this.#owned(lease);
    return room ? room.seats.redeem(seat, this.#now(), again) : false;
  }

  async take(lease: Lease, seat: string): Promise<'taken' | 'full' | false> {
    const room = this.#owned(lease);
    return room ? room.seats.take(seat, this.#now()) : false;
  }

  async leave(lease: Lease, seats: readonly string[]): Promise<boolean> {
    const room = this.#owned(lease);
    room?.seats.leave(seats);
    return room !== undefined;
  }

  async occupy(lease: Lease, seats: readonly string[]): Promise<boolean> {
    const room = this.#owned(lease);
    room?.seats.occupy(seats, room.begun === room.epoch);
    if (room) room.begun = room.epoch;
    return room !== undefined;
  }

  async save(saves: readonly Save[]): Promise<Outcome> {
    return { lost: saves.flatMap((save) => (this.#keep(save) ? [] : save.lease.id)), unheard: [] };
  }

  #keep({ lease, tick, bytes }: Save): boolean {
    const room = this.#owned(lease);
    if (!room) return false;
    const newest = room.checkpoint;
    if (newest?.epoch === lease.epoch && tick < newest.tick) return true;
    // The writer's buffer is written again.
    room.checkpoint = { epoch: lease.epoch, tick, bytes: bytes.slice() };
    return true;
  }

  async load(id: string): Promise<Checkpoint | undefined> {
    return this.#known(id)?.checkpoint;
  }

  async arrive(lease: Lease, users: readonly string[]): Promise<void> {
    if (this.#rooms.has(lease.id)) this.#presence.arrive(lease, users, this.#now());
  }

  async depart(lease: Lease, users: readonly string[]): Promise<void> {
    this.#presence.depart(lease, users);
  }

  async whereabouts(users: readonly string[]): Promise<readonly (readonly Presence[])[]> {
    const nowMs = this.#now();
    const roomOf = (id: string) => {
      const room = this.#known(id);
      return room && this.#entryOf(room);
    };
    return users.map((user) => this.#presence.of(user, nowMs, roomOf));
  }

  async post(lease: Lease, board: Board, post: Post): Promise<Posted> {
    return this.#boards.post(lease, board, post, this.#now());
  }

  async top(board: Board, from: number, count: number): Promise<readonly Standing[]> {
    return this.#boards.top(board, from, count);
  }

  async standing(board: Board, user: string): Promise<Standing | undefined> {
    return this.#boards.standing(board, user);
  }

  async publish(channel: string, message: Uint8Array): Promise<void> {
    const copy = message.slice();
    for (const hear of this.#listeners.get(channel) ?? []) hear(copy);
  }

  async subscribe(
    channel: string,
    hear: (message: Uint8Array) => void,
  ): Promise<() => Promise<void>> {
    // One who listens twice hears twice.
    const own = (message: Uint8Array) => hear(message);
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(own));
    return async () => {
      listeners.delete(own);
      if (listeners.size === 0) this.#listeners.delete(channel);
    };
  }

  async secret(): Promise<Uint8Array> {
    return this.#secret;
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  #known(id: string): KnownRoom | undefined {
    return this.#rooms.get(id);
  }

  /**
   * By a lease whose time is over the room may still be written to: nobody else has claimed it. Who
   * ticks on beyond his lease is stopped by himself (leases.ts).
   */
  #owned({ id, epoch }: Lease): KnownRoom | undefined {
    const room = this.#rooms.get(id);
    return room?.epoch === epoch ? room : undefined;
  }

  #add(facts: RoomFacts, owner: Owner): KnownRoom {
    const rest = {
      falls: 0,
      begun: -1,
      locked: false,
      seats: new MemorySeats(facts.seats),
    };
    const room: KnownRoom = { facts, owner, epoch: 0, untilMs: 0, checkpoint: undefined, ...rest };
    this.#rooms.set(facts.id, room);
    const ofKind = this.#byKind.get(facts.kind) ?? new Set();
    this.#byKind.set(facts.kind, ofKind.add(room));
    return room;
  }

  #remove(room: KnownRoom): void {
    const { id, kind } = room.facts;
    this.#rooms.delete(id);
    this.#presence.forgetRoom(id);
    const ofKind = this.#byKind.get(kind)!;
    ofKind.delete(room);
    if (ofKind.size === 0) this.#byKind.delete(kind);
  }

  #noteReleased({ id, epoch }: Lease): void {
    const nowMs = this.#now();
    for (const [oldest, { untilMs }] of this.#released) {
      if (untilMs > nowMs) break;
      this.#released.delete(oldest);
    }
    this.#released.delete(id);
    this.#released.set(id, { epoch, untilMs: nowMs + RELEASED_MS });
  }

  #entryOf(room: KnownRoom): RoomEntry {
    const nowMs = this.#now();
    const { facts, owner, epoch, locked, seats } = room;
    const orphan = room.untilMs <= nowMs;
    const falls = this.#fallsOf(room) + Number(orphan && room.begun === epoch);
    const counts = { taken: seats.count(nowMs), falls };
    return { ...facts, ...owner, epoch, locked, orphan, ...counts };
  }

  /** The epoch is the ms at which the owner got it. */
  #fallsOf({ falls, epoch, untilMs }: KnownRoom): number {
    return untilMs - this.leaseMs - epoch < WELL_MS ? falls : 0;
  }
}
