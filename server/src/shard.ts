// One process's rooms: opens them, ends them or lets them go, and holds the lease of each. Those of
// other shards come by succession.ts. Knows no socket and no HTTP; who sits in a room is
// seating.ts', which room somebody gets is placement.ts'. The directory is told of each room before
// it ticks and after it has ended.
import { createHash } from 'node:crypto';
import { CloseCode, UsageError } from '@tickwire/protocol';
import type { Boards } from './boards.ts';
import { DEFAULT_SEATS, type RoomKind } from './define-room.ts';
import type { Directory, Lease, Owner, RoomEntry, RoomFacts } from './directory.ts';
import type { Heartbeat } from './heartbeat.ts';
import { JoinRefused, restarts, underDirectory } from './joining.ts';
import type { Leases } from './leases.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { Releases } from './releases.ts';
import { GameRoom, type RoomOptions } from './room.ts';
import type { RoomSeat } from './seat.ts';
import type { SeatRecord } from './seat-state.ts';
import { type Heir, Succession } from './succession.ts';
import { Switchboard } from './switchboard.ts';
import type { Tally } from './tally.ts';
import { Totals } from './totals.ts';

export interface ShardOptions {
  rooms: Readonly<Record<string, RoomKind>>;
  limits: Limits;
  directory: Directory;
  boards: Boards;
  /** Which process this is, and where clients reach it. */
  owner: Owner;
  log: Log;
  tally: Tally;
  heartbeat: Heartbeat;
  /** Of its rooms; undefined where there are no other shards. */
  leases: Leases | undefined;
  /** Monotonic ms. */
  now: () => number;
  /** Ms since 1970. */
  wallClockMs: () => number;
  /** Short random text for room ids. */
  makeId: () => string;
  seed: () => number;
  /** Rooms look for desyncs. */
  findDesyncs: boolean;
  /** Starts a room's clock; returns what stops it. Tests drive rooms themselves and give none. */
  start?: (room: GameRoom) => () => void;
}

/** What a room is opened for. */
export interface OpenOptions {
  id?: string;
  match?: string;
  hidden?: boolean;
}

/** Told of what happens in rooms by itself. */
export interface RoomsWatch {
  left(room: GameRoom, seat: RoomSeat): void;
  /** Its figures are summed after this. */
  ended(room: GameRoom): void;
  /** A room goes on here, with these seats. */
  restored(room: GameRoom, records: readonly SeatRecord[]): void;
}

interface Held {
  readonly lease: Lease;
  readonly facts: RoomFacts;
  readonly stop: (() => void) | undefined;
}

/** Counter of a claim that another shard won. */
const TAKEN = 'room-taken';

/** What a room's kind may be called: it stands in URLs and logs. */
const NAME = /^[A-Za-z0-9_-]{1,32}$/;

export class Shard implements Heir {
  readonly rooms = new Map<string, GameRoom>();
  /** By kind, of the rooms and seats that are gone. */
  readonly past = new Map<string, Totals>();
  watch: RoomsWatch = { left() {}, ended() {}, restored() {} };
  /**
   * What games this process knows. Rooms are opened for others, and moved, where it is the same.
   */
  readonly build: string;
  readonly #options: ShardOptions;
  /** What its rooms have to do with what is beyond them. */
  readonly switchboard: Switchboard;
  readonly #held = new Map<GameRoom, Held>();
  readonly #closing = new Set<Promise<void>>();
  /** Rooms that go on elsewhere, on their way out. */
  readonly #gone = new Set<GameRoom>();
  /** Rooms that stand still: they are about to be another shard's. */
  readonly #leaving = new WeakSet<GameRoom>();
  /** Rooms that are locked, or were: the others the directory has never heard to be so. */
  readonly #locks = new WeakSet<GameRoom>();
  /** Rooms of others that go on here. */
  readonly succession: Succession;
  readonly #releases: Releases;
  /** Rooms that are claimed and not yet there. */
  #opening = 0;
  /** Takes no more rooms. */
  draining = false;

  constructor(options: ShardOptions) {
    this.#options = options;
    const leaseOf = (room: GameRoom) => this.leaseOf(room);
    this.switchboard = new Switchboard({ ...options, leaseOf });
    this.#releases = new Releases(options);
    this.succession = new Succession(this, options);
    const kinds = Object.keys(options.rooms ?? {});
    if (kinds.length === 0) throw new UsageError('serve({ rooms }): wants at least one room kind');
    for (const kind of kinds) {
      if (!NAME.test(kind))
        throw new UsageError(`rooms['${kind}']: a room kind is 1..32 letters, digits, _ or -`);
      this.past.set(kind, new Totals());
    }
    for (const [kind, given] of Object.entries(options.rooms))
      if (!given?.definition) throw new UsageError(`rooms.${kind}: give what defineRoom() returns`);
    const games = kinds.map((kind) => `${kind} ${options.rooms[kind].game.hash}`).sort();
    this.build = createHash('sha256').update(games.join()).digest('base64url');
  }

  get kinds(): readonly string[] {
    return Object.keys(this.#options.rooms);
  }

  get owner(): Owner {
    return this.#options.owner;
  }

  /** It has as many rooms as it may. */
  get full(): boolean {
    return this.rooms.size + this.#opening >= this.#options.limits.rooms;
  }

  kind(name: string): RoomKind {
    return this.#options.rooms[name];
  }

  /** Opens what is to stand even if nobody is in it: once, however many shards there are. */
  async start(): Promise<void> {
    const { rooms, leases } = this.#options;
    for (const [kind, { definition }] of Object.entries(rooms)) {
      if (!definition.keep) continue;
      const about = leases ? await this.#kept(kind) : {};
      if (!about) continue;
      await this.open(kind, about).catch((error) => {
        // Another shard was quicker.
        if (error instanceof JoinRefused && error.counter === TAKEN) return;
        if (!(error instanceof JoinRefused && error.closeCode === CloseCode.RoomError)) throw error;
        throw new UsageError(`rooms.${kind}: keep: its room failed to open; the log says how`);
      });
    }
  }

  /** A kind's kept room, unless it is there. What stands under its id may be another build's. */
  async #kept(kind: string): Promise<OpenOptions | undefined> {
    const { hash } = this.kind(kind).game;
    for (const id of [`${kind}-0`, `${kind}-0-${hash}`]) {
      const entry = await this.#options.directory.room(id);
      if (!entry) return { id };
      if (entry.build === hash) return undefined;
    }
    return undefined;
  }

  /**
   * Opens a room. Rejects with JoinRefused when there is no capacity, the directory does not
   * answer, or the game's `open` failed.
   */
  async open(kind: string, about: OpenOptions = {}): Promise<GameRoom> {
    const { rooms, directory, makeId } = this.#options;
    if (this.full || this.draining)
      throw new JoinRefused(CloseCode.Overloaded, 'this server takes no more rooms now');
    const { id = `${kind}-${makeId()}`, match = '', hidden = false } = about;
    const { game, definition } = rooms[kind];
    const { seats = DEFAULT_SEATS } = definition;
    const facts: RoomFacts = { id, kind, build: game.hash, seats, match, hidden };
    this.#opening++;
    try {
      const claim = await underDirectory(directory.claim(facts, this.owner));
      if (!claim.won) throw new JoinRefused(CloseCode.Overloaded, 'another shard has it', TAKEN);
      const lease = { id, epoch: claim.epoch };
      // The others are handed over by now: this one would end with the process.
      if (this.draining) {
        await this.#releases.release(lease);
        throw restarts();
      }
      return this.begin(lease, new GameRoom(this.optionsFor(facts)), facts);
    } finally {
      this.#opening--;
    }
  }

  /** A room of ours that goes on here. */
  playing(id: string): GameRoom | undefined {
    const room = this.rooms.get(id);
    return room && !this.#leaving.has(room) ? room : undefined;
  }

  restored(room: GameRoom, records: readonly SeatRecord[]): void {
    this.watch.restored(room, records);
  }

  /** Of a room of ours that is not over. */
  factsOf(room: GameRoom): RoomFacts {
    return this.#held.get(room)!.facts;
  }

  optionsFor({ id, kind, match }: RoomFacts, locked = false): RoomOptions {
    const { rooms, limits, log, now, seed, heartbeat, findDesyncs } = this.#options;
    return {
      id,
      kind,
      definition: rooms[kind],
      limits,
      log: log.child({ room: id }),
      pulse: heartbeat.room(id),
      seed: seed(),
      findDesyncs,
      now,
      match,
      locked,
      lock: (room) => this.#locked(room),
      outside: this.switchboard,
      left: (from, seat) => this.watch.left(from, seat),
      ended: (over, code, reason) => this.#ended(over, code, reason),
    };
  }

  /** The directory may have it as locked although it is not, or the other way round. */
  mayBeLocked(room: GameRoom): boolean {
    return this.#locks.has(room);
  }

  /** The directory is told; one that is opened locked, once it is ours. */
  #locked(room: GameRoom): void {
    this.#locks.add(room);
    const held = this.#held.get(room);
    if (held) this.#tell(room, this.#options.directory.lock(held.lease, room.locked));
  }

  /** It is one of ours from now on. `facts`: an entry where it was another's. */
  begin(lease: Lease, room: GameRoom, facts: RoomFacts | RoomEntry): GameRoom {
    const { log, leases } = this.#options;
    const { id } = lease;
    if (room.over) {
      this.#releases.release(lease);
      throw new JoinRefused(CloseCode.RoomError, 'the room failed to open');
    }
    this.rooms.set(id, room);
    leases?.add(lease);
    if (leases) room.code.mayRun = () => leases.holds(id);
    log.info({ room: id }, 'room opened');
    this.#held.set(room, { lease, facts, stop: this.#options.start?.(room) });
    const wasLocked = 'locked' in facts && facts.locked;
    if (wasLocked) this.#locks.add(room);
    if (room.locked !== wasLocked) this.#locked(room);
    this.switchboard.add(room);
    return room;
  }

  /** It does nothing more, and nobody comes in: it is about to be handed over. */
  stop(room: GameRoom): void {
    this.#leaving.add(room);
    room.code.halted = true;
    this.#held.get(room)?.stop?.();
  }

  /** The room is ours by a new lease. False: it is over by now, and that lease is given back. */
  hold(room: GameRoom, lease: Lease): boolean {
    const held = this.#held.get(room);
    this.#options.leases?.add(lease);
    if (held) this.#held.set(room, { ...held, lease });
    else void this.#releases.release(lease);
    return held !== undefined;
  }

  /** Another shard has the room: its players are sent there, or to where they came in. */
  letGo(id: string, url = ''): void {
    const room = this.rooms.get(id);
    if (!room) return;
    this.#gone.add(room);
    room.moveTo(url);
  }

  /** Of a room of ours that is not over. */
  leaseOf(room: GameRoom): Lease {
    return this.#held.get(room)!.lease;
  }

  /** By kind: what all rooms of it did, those that are gone included. */
  totals(): Map<string, Totals> {
    const totals = new Map<string, Totals>();
    for (const [kind, past] of this.past) totals.set(kind, past.copy());
    for (const room of this.rooms.values()) {
      const ofKind = totals.get(room.kind)!;
      ofKind.addRoom(room);
      for (const seat of room.seats) ofKind.addSeat(seat);
    }
    return totals;
  }

  /** Rooms that stand empty, and what the directory was not told: called a few times a second. */
  sweep(nowMs: number): void {
    const { limits, rooms } = this.#options;
    this.#releases.sweep();
    this.switchboard.sweep();
    for (const room of this.rooms.values()) {
      const empty = room.taken === 0 && [...room.seats].length === 0;
      if (
        empty &&
        nowMs - room.emptySinceMs > limits.emptyRoomMs &&
        !rooms[room.kind].definition.keep
      )
        room.end(CloseCode.Done, 'the room is empty');
    }
  }

  /** Ends every room and waits for their `close` hooks. */
  async drain(code: CloseCode, reason: string): Promise<void> {
    this.draining = true;
    for (const room of [...this.rooms.values()]) room.end(code, reason);
    const { closeMs } = this.#options.limits;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs);
    });
    await Promise.race([Promise.all(this.#closing), late]);
    clearTimeout(timer);
    await this.switchboard.drain();
  }

  #ended(room: GameRoom, code: number, reason: string): void {
    const { leases, log } = this.#options;
    const past = this.past.get(room.kind)!;
    if (code === CloseCode.RoomError) past.failures++;
    const held = this.#held.get(room);
    // It failed before it was one of ours.
    if (!held) return room.code.stop();
    held.stop?.();
    this.#held.delete(room);
    this.rooms.delete(room.id);
    this.switchboard.remove(room, held.lease);
    this.watch.ended(room);
    past.addRoom(room);
    log.info({ room: room.id, reason }, 'room closed');
    if (this.#gone.delete(room)) {
      leases?.remove(held.lease);
      return room.code.stop();
    }
    const closing = Promise.resolve()
      .then(() => room.code.call(() => room.definition.close?.(room as never)))
      .catch((error) => log.error({ err: error, room: room.id }, 'the close handler threw'))
      .finally(() => room.code.stop())
      .then(() => this.#releases.release(held.lease));
    this.#closing.add(closing);
    closing.finally(() => this.#closing.delete(closing));
  }

  /** What the directory is told that nobody waits for. */
  async #tell(room: GameRoom, told: Promise<unknown>): Promise<void> {
    await told.catch((error) => {
      this.#options.log.error({ err: error, room: room.id }, 'the directory was not told');
    });
  }
}
