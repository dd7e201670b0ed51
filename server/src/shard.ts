// One process's rooms: opens them, finds them, ends them, and holds the lease of each. Knows no
// socket and no HTTP; who sits in a room is seating.ts', which room somebody gets is placement.ts'.
// The directory is told of each room before it ticks and after it has ended.
import { CloseCode, UsageError } from '@tickwire/protocol';
import { DEFAULT_SEATS, type RoomKind } from './define-room.ts';
import type { Directory, Lease, Owner, RoomFacts } from './directory.ts';
import type { Heartbeat } from './heartbeat.ts';
import { JoinRefused, underDirectory } from './joining.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { GameRoom } from './room.ts';
import type { RoomSeat } from './seat.ts';
import { Totals } from './totals.ts';

export interface ShardOptions {
  rooms: Readonly<Record<string, RoomKind>>;
  limits: Limits;
  directory: Directory;
  /** Which process this is, and where clients reach it. */
  owner: Owner;
  log: Log;
  heartbeat: Heartbeat;
  /** Monotonic ms. */
  now: () => number;
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
}

interface Held {
  readonly lease: Lease;
  readonly stop: (() => void) | undefined;
}

/** What a room's kind may be called: it stands in URLs and logs. */
const NAME = /^[A-Za-z0-9_-]{1,32}$/;

export class Shard {
  readonly rooms = new Map<string, GameRoom>();
  /** By kind, of the rooms and seats that are gone. */
  readonly past = new Map<string, Totals>();
  watch: RoomsWatch = { left() {}, ended() {} };
  readonly #options: ShardOptions;
  readonly #held = new Map<GameRoom, Held>();
  readonly #closing = new Set<Promise<void>>();
  /** Rooms that are claimed and not yet there. */
  #opening = 0;
  #draining = false;

  constructor(options: ShardOptions) {
    this.#options = options;
    const kinds = Object.keys(options.rooms ?? {});
    if (kinds.length === 0) throw new UsageError('serve({ rooms }): wants at least one room kind');
    for (const kind of kinds) {
      if (!NAME.test(kind))
        throw new UsageError(`rooms['${kind}']: a room kind is 1..32 letters, digits, _ or -`);
      this.past.set(kind, new Totals());
    }
    for (const [kind, given] of Object.entries(options.rooms))
      if (!given?.definition) throw new UsageError(`rooms.${kind}: give what defineRoom() returns`);
  }

  get kinds(): readonly string[] {
    return Object.keys(this.#options.rooms);
  }

  get owner(): Owner {
    return this.#options.owner;
  }

  kind(name: string): RoomKind {
    return this.#options.rooms[name];
  }

  /** Opens what is to stand even if nobody is in it. */
  async start(): Promise<void> {
    for (const [kind, { definition }] of Object.entries(this.#options.rooms))
      if (definition.keep) await this.open(kind);
  }

  /**
   * Opens a room. Rejects with JoinRefused when there is no capacity, the directory does not
   * answer, or the game's `open` failed.
   */
  async open(kind: string, about: OpenOptions = {}): Promise<GameRoom> {
    const { rooms, limits, directory, makeId } = this.#options;
    if (this.rooms.size + this.#opening >= limits.rooms || this.#draining)
      throw new JoinRefused(CloseCode.Overloaded, 'this server takes no more rooms now');
    const { id = `${kind}-${makeId()}`, match = '', hidden = false } = about;
    const { game, definition } = rooms[kind];
    const { seats = DEFAULT_SEATS } = definition;
    const facts: RoomFacts = { id, kind, build: game.hash, seats, match, hidden };
    this.#opening++;
    try {
      const claim = await underDirectory(directory.claim(facts, this.owner));
      if (!claim.won) throw new JoinRefused(CloseCode.Overloaded, 'another shard has this room');
      return this.#start(facts, claim.epoch);
    } finally {
      this.#opening--;
    }
  }

  #start({ id, kind }: RoomFacts, epoch: number): GameRoom {
    const { rooms, limits, log, now, seed, heartbeat, findDesyncs, directory } = this.#options;
    const room = new GameRoom({
      id,
      kind,
      definition: rooms[kind],
      limits,
      log: log.child({ room: id }),
      pulse: heartbeat.room(id),
      seed: seed(),
      findDesyncs,
      now,
      left: (from, seat) => this.watch.left(from, seat),
      ended: (over, code, reason) => this.#ended(over, code, reason),
    });
    const lease = { id, epoch };
    if (room.over) {
      this.#tell(room, directory.release(lease));
      throw new JoinRefused(CloseCode.RoomError, 'the room failed to open');
    }
    this.rooms.set(id, room);
    log.info({ room: id }, 'room opened');
    this.#held.set(room, { lease, stop: this.#options.start?.(room) });
    return room;
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

  /** Rooms that stand empty: called a few times a second. */
  sweep(nowMs: number): void {
    const { limits, rooms } = this.#options;
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
    this.#draining = true;
    for (const room of [...this.rooms.values()]) room.end(code, reason);
    const { closeMs } = this.#options.limits;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs);
    });
    await Promise.race([Promise.all(this.#closing), late]);
    clearTimeout(timer);
  }

  #ended(room: GameRoom, code: number, reason: string): void {
    const { directory, log } = this.#options;
    const past = this.past.get(room.kind)!;
    if (code === CloseCode.RoomError) past.failures++;
    const held = this.#held.get(room);
    // It failed before it was one of ours.
    if (!held) return room.code.stop();
    held.stop?.();
    this.#held.delete(room);
    this.rooms.delete(room.id);
    this.watch.ended(room);
    past.addRoom(room);
    log.info({ room: room.id, reason }, 'room closed');
    const closing = Promise.resolve()
      .then(() => room.code.call(() => room.definition.close?.(room as never)))
      .catch((error) => log.error({ err: error, room: room.id }, 'the close handler threw'))
      .finally(() => room.code.stop())
      .then(() => this.#tell(room, directory.release(held.lease)));
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
