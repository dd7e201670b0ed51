// What shards must agree on: who owns a room, who is promised a seat in it, and where its newest
// checkpoint is. In memory for one process, with the parent for the processes of one machine, in
// Redis for several. Asked and told by the shard. Trap: every write about a room names the epoch of
// its writer, and is refused (`false`) once another shard owns the room; lists may be old news.

/** A process that holds rooms. */
export interface ShardEntry {
  /** New at each start of the process. */
  readonly id: string;
  /** Where clients reach it. */
  readonly url: string;
  /** Rooms move only between shards of the same build: what games they know, and of what hash. */
  readonly build: string;
  /** 0 idle, 1000 full, above it where too much was opened: what a new room goes by. */
  readonly load: number;
  readonly rooms: number;
  readonly seats: number;
  /** Takes no more rooms. */
  readonly draining: boolean;
}

/** Whose a room is to be. */
export interface Owner {
  readonly shard: string;
  readonly url: string;
}

/** What a room is, from its opening to its end. */
export interface RoomFacts {
  readonly id: string;
  readonly kind: string;
  readonly build: string;
  readonly seats: number;
  /** What it was opened for: rooms of a kind are looked for by it. '' where nothing was asked. */
  readonly match: string;
  /** Found by who knows its id alone. */
  readonly hidden: boolean;
}

export interface RoomEntry extends RoomFacts, Owner {
  /** Grows with each owner. */
  readonly epoch: number;
  /** Taken or promised. */
  readonly taken: number;
  /** Takes nobody now. */
  readonly locked: boolean;
  /** Its owner's lease is over: it stands still until another shard claims it. */
  readonly orphan: boolean;
  /**
   * Owners in a row that went on with it and were gone within WELL_MS; an orphan's last one too.
   */
  readonly falls: number;
}

/**
 * An owner that lived this long with a room has had no harm from it. A room that ends its process
 * does so again soon: it goes on from a second before, a process that stands still is ended after
 * two (limits.hangMs), and one that fills its memory takes a few more.
 */
export const WELL_MS = 10_000;

/** It announces itself every 2 s at least (cluster.ts): two in a row may be lost. */
const SHARD_LEASES = 3;
const SHARD_MS = 6_000;

/** Ms after which a shard that says nothing is forgotten. */
export function shardLifeMs(leaseMs: number): number {
  return Math.max(SHARD_LEASES * leaseMs, SHARD_MS);
}

export type Claim =
  | { readonly won: true; readonly epoch: number }
  /** Another shard's lease holds. */
  | { readonly won: false; readonly owner: Owner };

export interface Lease {
  readonly id: string;
  readonly epoch: number;
}

/** What became of writes about several rooms; those of all others are done. */
export interface Outcome {
  /** Rooms that are not the writer's any more. */
  readonly lost: readonly string[];
  /** Nothing is known of these: a part of the directory did not answer, while others did. */
  readonly unheard: readonly string[];
}

/** A seat that is promised; `seat` is unique in its room and secret until it is used. */
export interface SeatPromise {
  readonly seat: string;
  /** Who it is for, packed: what redeeming it answers. */
  readonly identity: Uint8Array;
}

/**
 * `orphan`: nobody ticks the room now, ask again shortly; `gone`: there is no such room.
 */
export type Reservation = 'reserved' | 'full' | 'locked' | 'orphan' | 'gone';

export interface Checkpoint {
  readonly epoch: number;
  readonly tick: number;
  readonly bytes: Uint8Array;
}

/** What is to become a room's checkpoint. */
export interface Save {
  readonly lease: Lease;
  readonly tick: number;
  readonly bytes: Uint8Array;
}

/** A room in which a user has a seat. */
export interface Presence {
  readonly room: string;
  readonly kind: string;
  /** Ms since 1970. */
  readonly sinceMs: number;
}

/** Ms for which it is remembered where a user is, unless it is said again. */
export const PRESENCE_MS = 3_600_000;

/** A leaderboard, and how it is kept: all shards say the same. */
export interface Board {
  readonly name: string;
  readonly keep: 'sum' | 'best' | 'last';
  readonly order: 'most' | 'least';
  /** Users that are kept. */
  readonly places: number;
}

export interface Post {
  readonly user: string;
  /** Within +-MAX_SAFE_INTEGER, where sums stop too. */
  readonly score: number;
  /** Of several posts of its room for the user by this name, the first counts. */
  readonly once: string | undefined;
}

/** False: the room has posted by a newer epoch. */
export type Posted = 'posted' | 'known' | false;

/** A user's place on a board. */
export interface Standing {
  readonly user: string;
  readonly score: number;
  /** 1: the first. Equal scores stand by the bytes of their users in UTF-8. */
  readonly place: number;
}

/** Ms for which it is remembered what a room posted. */
export const GUARD_MS = 86_400_000;

/** The directory cannot be asked, or did not answer in time. What was written may be written. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  readonly code: 'unreachable' | 'late' | 'failed';
  /** Late, and who was asked has told nobody anything for a while: it is away rather than slow. */
  isSilent = false;
  constructor(code: DirectoryError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** All reject with DirectoryError, and with nothing else. */
export interface Directory {
  /** Ms for which a claim or a renewal holds; Infinity where no owner can be lost alone. */
  readonly leaseMs: number;
  /**
   * It is several stores that answer each for what it has, as the nodes of a Redis Cluster do: that
   * one is late says nothing of the others.
   */
  readonly isParted?: boolean;

  /** A shard is there, and how busy it is; forgotten when it has not said so for 3 leases (6 s). */
  announce(shard: ShardEntry): Promise<void>;
  withdraw(shard: string): Promise<void>;
  shards(): Promise<readonly ShardEntry[]>;
  /** `most` of them, or all where there are fewer: by chance, in any order, each once. */
  someShards(most: number): Promise<readonly ShardEntry[]>;

  /**
   * Takes a room that nobody owns: a new one, or one whose lease is over. `held`: the epoch by
   * which its owner still has it, where the directory may have forgotten that: it is taken again
   * from none or an earlier owner, but neither from a later one nor once it was released, which is
   * remembered for a minute. A released room that is refused has no owner: ''.
   */
  claim(room: RoomFacts, owner: Owner, held?: number): Promise<Claim>;
  /**
   * Who asks for a lease lives, so that a lost one has no falls. Of none as well: that the
   * directory answers is news. Rejects where nothing was heard.
   */
  renew(leases: readonly Lease[]): Promise<Outcome>;
  /** Gives the room to another shard in one step; answers the new epoch. */
  handOver(lease: Lease, to: Owner): Promise<number | false>;
  lock(lease: Lease, locked: boolean): Promise<boolean>;
  /** The room is over: nothing of it stays. */
  release(lease: Lease): Promise<boolean>;
  room(id: string): Promise<RoomEntry | undefined>;
  /** Rooms of a kind, or all, that are not hidden; oldest first. */
  rooms(kind?: string): Promise<readonly RoomEntry[]>;
  /**
   * At most `limit` of a kind, build and match that have a place, as far as is known; fullest
   * first.
   */
  candidates(
    kind: string,
    build: string,
    match: string,
    limit: number,
  ): Promise<readonly RoomEntry[]>;
  /**
   * Rooms whose lease is over, the longest first, without those that are to be passed over; where
   * there are many shards or rooms, some of them, and others the next time. None of a part of the
   * directory that was away within the last lease: owners could not renew those.
   */
  orphans(passed?: ReadonlySet<string>): Promise<readonly RoomEntry[]>;

  /** Promises seats for `lifeMs`, all or none. */
  reserve(id: string, seats: readonly SeatPromise[], lifeMs: number): Promise<Reservation>;
  /**
   * A promised seat is taken: answers its identity, or `spent` when there is no such promise.
   * `again`: who asked before, and did not hear, is told the identity all the same, until the
   * promise would have ended.
   */
  redeem(lease: Lease, seat: string, again?: boolean): Promise<Uint8Array | 'spent' | false>;
  /** A seat is taken without a promise. */
  take(lease: Lease, seat: string): Promise<'taken' | 'full' | false>;
  /** Taken seats are free again. */
  leave(lease: Lease, seats: readonly string[]): Promise<boolean>;
  /**
   * These are the taken seats, and no others: after a restore, when the owner goes on with it. One
   * that says it later may still ask again who those are for that it has redeemed.
   */
  occupy(lease: Lease, seats: readonly string[]): Promise<boolean>;

  /**
   * Each stands by itself: where this rejects, some may be kept. One of an older tick than what
   * this epoch has saved came late, and changes nothing; a later epoch may begin anew.
   */
  save(saves: readonly Save[]): Promise<Outcome>;
  load(id: string): Promise<Checkpoint | undefined>;

  /**
   * Users have a seat in the room, from when it is first said; remembered for PRESENCE_MS. Told to
   * nobody where the lease is lost, and after a newer owner's word an older one's changes nothing.
   */
  arrive(lease: Lease, users: readonly string[]): Promise<void>;
  /** They have none there any more; by an older owner's word they still do. */
  depart(lease: Lease, users: readonly string[]): Promise<void>;
  /**
   * Where each of them is, in rooms that somebody ticks, also hidden ones: first arrived first.
   */
  whereabouts(users: readonly string[]): Promise<readonly (readonly Presence[])[]>;

  /** A room may be over and still post; what it posted by a newer epoch refuses an older one. */
  post(lease: Lease, board: Board, post: Post): Promise<Posted>;
  /** `count` users after the first `from`. */
  top(board: Board, from: number, count: number): Promise<readonly Standing[]>;
  standing(board: Board, user: string): Promise<Standing | undefined>;

  /** To all who listen now, at most once each. */
  publish(channel: string, message: Uint8Array): Promise<void>;
  /** Resolves with what ends it, once messages are heard. */
  subscribe(channel: string, hear: (message: Uint8Array) => void): Promise<() => Promise<void>>;

  /** 32 bytes that all shards share and nobody else knows: tickets are signed with them. */
  secret(): Promise<Uint8Array>;
  close(): Promise<void>;
}
