// Which room somebody gets: one by its id, or the fullest of a kind that has a place, or a new one;
// and the place in it, which the directory gives out. Asked by seating.ts for who is at the door,
// and by the HTTP routes for who wants a ticket.
import { CloseCode } from '@tickwire/protocol';
import type { Directory } from './directory.ts';
import type { Identity } from './identity.ts';
import { JoinRefused, underDirectory } from './joining.ts';
import type { Limits } from './limits.ts';
import type { GameRoom } from './room.ts';
import type { Shard } from './shard.ts';
import type { Tickets } from './tickets.ts';

export interface PlacementOptions {
  shard: Shard;
  directory: Directory;
  tickets: Tickets;
  limits: Limits;
}

/** A place in a room that is nobody's yet: who does not use it gives it back. */
export interface Place {
  readonly room: GameRoom;
  /** What the directory calls it; undefined for spectators, whom the room alone counts. */
  readonly seat: string | undefined;
}

export interface Promised {
  readonly room: string;
  /** '' where it is this process's. */
  readonly url: string;
  readonly ticket: string;
}

/** Frees the place in a room that the joiner holds already, if any may be freed for this one. */
export type MakeWay = (room: GameRoom) => boolean;

/** Rooms that are tried before another is opened: some fill up while they are asked. */
const TRIES = 8;

/** Nothing travels with a promise in a room of our own. */
const HERE = new Uint8Array(0);

export class Placement {
  readonly #options: PlacementOptions;
  /** Rooms that are being opened, by what for: who comes meanwhile waits for them. */
  readonly #opening = new Map<string, Promise<GameRoom>>();
  #given = 0;

  constructor(options: PlacementOptions) {
    this.#options = options;
  }

  /** A kind by its name, or a room by its id. Throws JoinRefused. */
  target(name: string): { kind: string; room: GameRoom | undefined } {
    const { shard } = this.#options;
    if (shard.kinds.includes(name)) return { kind: name, room: undefined };
    const room = shard.rooms.get(name);
    if (room) return { kind: room.kind, room };
    const kinds = shard.kinds.join(', ');
    throw new JoinRefused(CloseCode.NoRoom, `no room and no kind of that name; kinds: ${kinds}`);
  }

  /** For who joins now. Rejects with JoinRefused. */
  async place(asked: string, spectate: boolean, makeWay: MakeWay): Promise<Place> {
    const { kind, room } = this.target(asked);
    if (spectate) return { room: this.#watched(kind, room), seat: undefined };
    const take = (candidate: GameRoom) => this.#take(candidate, makeWay);
    if (room) return (await take(room)) ?? full(room.id);
    return this.#find(kind, take);
  }

  /** For who joins later: a room by id, or of a kind, or a new one. Rejects with JoinRefused. */
  async promise(asked: string, create: boolean, identity: Identity): Promise<Promised> {
    const { tickets, limits, shard } = this.#options;
    const { user } = identity;
    if (user !== undefined && tickets.openOf(user) >= limits.ticketsPerUser)
      throw new JoinRefused(CloseCode.RateLimit, 'too many unused tickets', 'user-tickets');
    const { kind, room } = this.target(asked);
    const nonce = tickets.promise(identity);
    const reserve = async (candidate: GameRoom) => {
      const { directory } = this.#options;
      const seats = [{ seat: nonce, identity: HERE }];
      const reserved = directory.reserve(candidate.id, seats, limits.ticketMs);
      return (await underDirectory(reserved)) === 'reserved' ? candidate : undefined;
    };
    try {
      const opened = create ? await shard.open(kind) : undefined;
      const one = opened ?? room;
      const found = one ? ((await reserve(one)) ?? full(one.id)) : await this.#find(kind, reserve);
      return { room: found.id, url: '', ticket: tickets.write(found.id, user, nonce) };
    } catch (error) {
      tickets.take(nonce);
      throw error;
    }
  }

  /** The first of a kind that has a place, or one that is opened for it. */
  async #find<T>(kind: string, take: (room: GameRoom) => Promise<T | undefined>): Promise<T> {
    const { shard, directory } = this.#options;
    for (;;) {
      for (const { id } of await underDirectory(directory.candidates(kind, '', TRIES))) {
        const room = shard.rooms.get(id);
        const taken = room && (await take(room));
        if (taken) return taken;
      }
      const waited = this.#opening.has(kind);
      const taken = await take(await this.#open(kind));
      if (taken) return taken;
      // Who opened a room for himself and gets no place in it has no luck with another.
      if (!waited) throw new JoinRefused(CloseCode.Full, `no ${kind} room has a place`);
    }
  }

  /** One new room for all who want one at once. */
  #open(kind: string): Promise<GameRoom> {
    const opening = this.#opening.get(kind);
    if (opening) return opening;
    const opened = this.#options.shard.open(kind).finally(() => this.#opening.delete(kind));
    this.#opening.set(kind, opened);
    return opened;
  }

  async #take(room: GameRoom, makeWay: MakeWay): Promise<Place | undefined> {
    const { shard, directory } = this.#options;
    if (room.over) return undefined;
    const lease = shard.leaseOf(room);
    const seat = `${lease.epoch}.${++this.#given}`;
    let answer = await underDirectory(directory.take(lease, seat));
    if (answer === 'full' && !room.over && makeWay(room))
      answer = await underDirectory(directory.take(lease, seat));
    return answer === 'taken' ? { room, seat } : undefined;
  }

  /** Spectators take no places: the room that most play in. */
  #watched(kind: string, asked: GameRoom | undefined): GameRoom {
    if (asked) return asked.canBeWatched ? asked : full(asked.id);
    let best: GameRoom | undefined;
    for (const room of this.#options.shard.rooms.values())
      if (room.kind === kind && room.canBeWatched && !(best && best.taken >= room.taken))
        best = room;
    if (!best) throw new JoinRefused(CloseCode.Full, `no ${kind} room can be watched`);
    return best;
  }
}

function full(id: string): never {
  throw new JoinRefused(CloseCode.Full, `room ${id} is full`);
}
