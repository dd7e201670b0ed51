// Which room somebody gets: one by its id, or the fullest of a kind that has a place, or a new one,
// on this shard or another; and the place in it, which the directory gives out. Asked by seating.ts
// for who is at the door, and by the HTTP routes for who wants a ticket.
import { CloseCode } from '@tickwire/protocol';
import type { AnswerTimes } from './answer-times.ts';
import { AskedPlaces } from './asked-places.ts';
import { DEFAULT_SEATS } from './define-room.ts';
import type { Directory, RoomEntry, SeatPromise } from './directory.ts';
import { FreedPlaces } from './freed-places.ts';
import type { GameAnswers } from './game-answers.ts';
import { type Clocks, type Identity, packIdentity } from './identity.ts';
import { Elsewhere, JoinRefused, onItsWay, unasked, underDirectory } from './joining.ts';
import type { Limits } from './limits.ts';
import { matchOf, nameOf, ordered, readAsked } from './matching.ts';
import { Openings } from './openings.ts';
import type { Others } from './others.ts';
import { Owners } from './owners.ts';
import type { Peers } from './peers.ts';
import type { Opened, Wanted } from './queues.ts';
import type { GameRoom } from './room.ts';
import { RoomLists } from './room-lists.ts';
import type { Shard } from './shard.ts';
import type { Tickets } from './tickets.ts';

export interface PlacementOptions {
  shard: Shard;
  directory: Directory;
  /** Other shards; undefined where there are none. */
  peers: Peers | undefined;
  others: Others | undefined;
  /** Of the directory; undefined where it is this process's. */
  answerTimes: AnswerTimes | undefined;
  tickets: Tickets;
  answers: GameAnswers;
  limits: Limits;
  clocks: Clocks;
  /** 0 <= n < 1. */
  chance: () => number;
}

/** What somebody asked for. */
export interface Target {
  readonly kind: string;
  /** Undefined: whichever there is of the kind and match. */
  readonly room: GameRoom | RoomEntry | undefined;
  readonly match: string;
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
  /** One for each of the party, in its order. */
  readonly tickets: readonly string[];
}

/** What a ticket is to say. */
interface TicketFor {
  readonly nonce: string;
  readonly identity: Identity;
}

/** Frees the place in a room that the joiner holds already, if any may be freed for this one. */
export type MakeWay = (room: GameRoom) => boolean;

/** A new room: for strangers as well, or for who is told its id. */
export type Creation = 'public' | 'private' | undefined;

/** Rooms that are asked for, so that a kind's own order has something to choose from. */
const CANDIDATES = 32;
/** Rooms that are tried before another is opened: some fill up while they are asked. */
const TRIES = 8;
/** Rooms that one opens for himself alone, where others fill each before he hears of it. */
const OPENINGS = 4;

/** Nothing travels with a promise where there are no other shards. */
const ALONE = new Uint8Array(0);

export class Placement {
  readonly #options: PlacementOptions;
  readonly #openings: Openings;
  /** Undefined where there are no others. */
  readonly #owners: Owners | undefined;
  readonly #freed: FreedPlaces;
  /** Until it is known whether the directory gave them. */
  readonly asked: AskedPlaces;
  readonly #lists: RoomLists;
  #given = 0;

  constructor(options: PlacementOptions) {
    this.#options = options;
    this.#openings = new Openings(options);
    const { shard, directory, peers, clocks, answerTimes } = options;
    const isLate = () => (answerTimes?.share('join') ?? 1) < 1;
    this.#freed = new FreedPlaces({ shard, directory, isLate });
    this.asked = new AskedPlaces((room, place) => this.free(room, place));
    const isHere = (id: string) => shard.playing(id) !== undefined;
    const { now } = clocks;
    this.#lists = new RoomLists({ directory, now });
    this.#owners = peers && new Owners({ directory, shard: shard.owner.shard, isHere, now });
  }

  /**
   * A kind by its name, with what of it is wanted (`field~mode.duel`, `more`), or a room by its id;
   * for who has no place yet. Rejects with JoinRefused.
   */
  async target(asked: string, more: Readonly<Record<string, unknown>> = {}): Promise<Target> {
    const { shard } = this.#options;
    const { name, wanted } = readAsked(asked);
    if (shard.kinds.includes(name)) {
      const found = matchOf(shard.kind(name).definition.match ?? {}, { ...wanted, ...more });
      if ('fault' in found) throw new JoinRefused(CloseCode.NoRoom, found.fault, 'no-match');
      // Who waits for a match asks the directory for nothing yet.
      if (!shard.kind(name).definition.match?.queue) this.#spare('join');
      return { kind: name, room: undefined, match: found.match };
    }
    this.#spare('join');
    // It may have come here while it was asked for.
    const room = shard.playing(asked) ?? (await this.elsewhere(asked)) ?? shard.playing(asked);
    if (room && shard.kinds.includes(room.kind)) return { kind: room.kind, room, match: '' };
    const kinds = shard.kinds.join(', ');
    throw new JoinRefused(CloseCode.NoRoom, `no room and no kind of that name; kinds: ${kinds}`);
  }

  /**
   * A room of another shard, by its id; `key`: what somebody wants to come back to it with. Rejects
   * with JoinRefused where nobody has it, and nobody takes it over.
   */
  async elsewhere(id: string, key?: string): Promise<RoomEntry | undefined> {
    this.#spare('back');
    return this.#owners?.of(id, key);
  }

  /** For who joins now. Rejects with JoinRefused, or with Elsewhere where it is another shard's. */
  async place(target: Target, identity: Identity, makeWay: MakeWay): Promise<Place> {
    const take = async (candidate: GameRoom | RoomEntry): Promise<Place | undefined> => {
      if (isHere(candidate)) return this.#take(candidate, makeWay);
      return this.#sendTo(candidate, identity);
    };
    const { room } = target;
    if (room) return (await take(room)) ?? full(room.id);
    return this.#find(target, take);
  }

  /** With a place that is promised there, but for who holds as many as may be. */
  async #sendTo(room: RoomEntry, identity: Identity): Promise<undefined> {
    const { tickets } = this.#options;
    if (this.#hasTooMany([identity])) throw new Elsewhere(room.url);
    const nonce = tickets.promise(identity);
    let reserved: Promised | undefined;
    try {
      reserved = await this.#reserve(room, [{ nonce, identity }]);
    } finally {
      if (!reserved) tickets.take(nonce);
    }
    if (reserved) throw new Elsewhere(reserved.url, reserved.tickets[0]);
  }

  /** As place, for who only watches: spectators take no places. */
  async watched({ kind, room, match }: Target): Promise<Place> {
    if (room && !isHere(room)) throw new Elsewhere(room.url);
    if (room) return room.canBeWatched ? { room, seat: undefined } : full(room.id);
    const { shard, peers } = this.#options;
    let best: GameRoom | undefined;
    for (const own of shard.rooms.values()) {
      const facts = shard.factsOf(own);
      const isFor = own.kind === kind && facts.match === match && !facts.hidden;
      if (isFor && own.canBeWatched && !(best && best.taken >= own.taken)) best = own;
    }
    if (best) return { room: best, seat: undefined };
    const { definition, game } = shard.kind(kind);
    const mayBeElsewhere = peers && definition.spectators;
    const others = mayBeElsewhere ? await underDirectory(this.#lists.of(kind)) : [];
    const other = others
      .filter(({ orphan, shard: owner }) => !orphan && owner !== shard.owner.shard)
      .find((entry) => entry.match === match && entry.build === game.hash);
    // It says there what it said here, and finds a room of that shard, or is sent on.
    if (other) throw new Elsewhere(other.url);
    throw new JoinRefused(CloseCode.Full, `no ${kind} room can be watched`);
  }

  /**
   * For those who join later, together: all get a place in one room (by id, of a kind and match, or
   * a new one), or none does. Rejects with JoinRefused.
   */
  async promise(target: Target, create: Creation, party: readonly Identity[]): Promise<Promised> {
    const { tickets, shard } = this.#options;
    const { seats = DEFAULT_SEATS } = shard.kind(target.kind).definition;
    if (party.length > seats)
      throw new JoinRefused(CloseCode.Full, `a ${target.kind} room has ${seats} seats`);
    this.#checkTickets(party);
    const promises = party.map((identity) => ({ nonce: tickets.promise(identity), identity }));
    const reserve = (candidate: GameRoom | RoomEntry) => this.#reserve(candidate, promises);
    try {
      const hidden = create === 'private';
      const one = create ? await this.#openings.open(target, hidden) : target.room;
      return one
        ? ((await reserve(one)) ?? full(one.id))
        : await this.#find(target, reserve, party.length);
    } catch (error) {
      for (const { nonce } of promises) tickets.take(nonce);
      throw error;
    }
  }

  /**
   * Tickets for those who wait together, which lead to this shard from any other; `gather` is told
   * what they are called. Throws JoinRefused.
   */
  promiseWait(
    { kind, match }: Target,
    party: readonly Identity[],
    gather: (nonces: readonly string[]) => void,
  ): Promised {
    const { tickets, shard } = this.#options;
    this.#checkTickets(party);
    const nonces = party.map((identity) => tickets.promise(identity));
    try {
      gather(nonces);
    } catch (error) {
      for (const nonce of nonces) tickets.take(nonce);
      throw error;
    }
    const room = nameOf(kind, match);
    const home = shard.owner.shard;
    const write = ({ user }: Identity, at: number) => tickets.write(room, user, nonces[at], home);
    return { room, url: '', tickets: party.map(write) };
  }

  /**
   * A new room for a match of those who waited, with these places, all of them. Rejects with
   * JoinRefused.
   */
  async openFor(wanted: Wanted, places: readonly SeatPromise[]): Promise<Opened> {
    const { directory, limits, shard } = this.#options;
    const room = await this.#openings.open(wanted, false);
    const { id } = room;
    const answer = await underDirectory(directory.reserve(id, places, limits.ticketMs));
    if (answer !== 'reserved')
      throw new JoinRefused(CloseCode.Full, `the room of a match is ${answer} as it opens`);
    return { room: id, url: isHere(room) ? shard.owner.url : room.url };
  }

  #checkTickets(party: readonly Identity[]): void {
    if (this.#hasTooMany(party))
      throw new JoinRefused(CloseCode.RateLimit, 'too many unused tickets', 'user-tickets');
  }

  /** Whether one of them would have too many unused tickets. */
  #hasTooMany(party: readonly Identity[]): boolean {
    const { tickets, limits } = this.#options;
    return party.some(({ user }) => {
      if (user === undefined) return false;
      const more = party.filter((other) => other.user === user).length;
      return tickets.openOf(user) + more > limits.ticketsPerUser;
    });
  }

  /** Promises a place to each; undefined where the room has not so many. */
  async #reserve(
    room: GameRoom | RoomEntry,
    promises: readonly TicketFor[],
  ): Promise<Promised | undefined> {
    const { directory, tickets, limits, clocks, peers } = this.#options;
    const { id } = room;
    // A room of ours may be another shard's by the time that the ticket is used.
    const pack = (identity: Identity) => (peers ? packIdentity(identity, clocks) : ALONE);
    const seats = promises.map(({ nonce, identity }) => {
      return { seat: nonce, identity: pack(identity) };
    });
    const answer = await underDirectory(directory.reserve(id, seats, limits.ticketMs));
    if (answer !== 'reserved') return undefined;
    const write = ({ nonce, identity: { user } }: TicketFor) => tickets.write(id, user, nonce);
    return { room: id, url: isHere(room) ? '' : room.url, tickets: promises.map(write) };
  }

  /** What `take` gives of the first room of a kind that has a place, or of a new one. */
  async #find<T>(
    target: Target,
    take: (room: GameRoom | RoomEntry) => Promise<T | undefined>,
    places = 1,
  ): Promise<T> {
    const { shard, directory, answers } = this.#options;
    const { kind, match } = target;
    const { definition, game } = shard.kind(kind);
    const rule = definition.match ?? {};
    const { capacity, pick = 'fullest' } = rule;
    // They come fullest first, and each that is asked for is a question to the directory.
    const isGiven = pick === 'fullest' && capacity === undefined && places === 1;
    const wanted = isGiven ? TRIES : CANDIDATES;
    for (let opened = 0; opened < OPENINGS; ) {
      const known = await underDirectory(directory.candidates(kind, game.hash, match, wanted));
      const rooms = answers.of(kind, 'match.pick', () => ordered(rule, known, places));
      for (const entry of rooms.slice(0, TRIES)) {
        const isOurs = entry.shard === shard.owner.shard;
        const room = isOurs ? shard.playing(entry.id) : entry;
        const taken = room && (await take(room));
        if (taken) return taken;
      }
      const waited = this.#openings.has(target);
      const room = await this.#openings.openForAll(target);
      const taken = await take(room);
      if (taken) return taken;
      // One that takes nobody as it opens is no better the next time.
      if (isHere(room) && room.locked) break;
      if (!waited) opened++;
    }
    throw new JoinRefused(CloseCode.Full, `no ${kind} room has a place`);
  }

  async #take(room: GameRoom, makeWay: MakeWay): Promise<Place | undefined> {
    const { shard, directory } = this.#options;
    if (room.over || room.locked) return undefined;
    // Each that asks while nobody answers leaves a place that is to be freed.
    const { seats = DEFAULT_SEATS } = room.definition;
    if (this.#freed.countOf(room) >= seats) throw unasked('directory');
    const lease = shard.leaseOf(room);
    const seat = `${lease.epoch}.${++this.#given}`;
    const ask = () => this.#orFree(room, seat, directory.take(lease, seat));
    let answer = await ask();
    if (answer === 'full' && !room.over && makeWay(room)) answer = await ask();
    if (answer === false) throw onItsWay();
    return answer === 'taken' ? { room, seat } : undefined;
  }

  /** Asks for a place; what is not answered may be done, and is undone. */
  async #orFree<T>(room: GameRoom, place: string, question: Promise<T>): Promise<T> {
    try {
      const isGiven = (answer: T) => answer === 'taken';
      return await this.asked.ask(room, place, underDirectory(question), isGiven);
    } catch (error) {
      this.free(room, place);
      throw error;
    }
  }

  /** Places are nobody's any more. Of a room that is over, all are. */
  free(room: GameRoom, ...places: readonly string[]): void {
    this.#freed.add(room, places);
  }

  /** A place was given back, and the directory does not know it yet. */
  isFreeing(room: GameRoom, place: string): boolean {
    return this.#freed.has(room, place);
  }

  /** What the directory was not told. Called a few times a second. */
  sweep(): void {
    this.#freed.sweep();
  }

  /** Throws JoinRefused for as many as the directory has no time for. */
  #spare(what: 'join' | 'back'): void {
    const { answerTimes, chance } = this.#options;
    if (answerTimes && chance() >= answerTimes.share(what)) throw unasked('directory-late');
  }
}

function isHere(room: GameRoom | RoomEntry): room is GameRoom {
  return 'world' in room;
}

function full(id: string): never {
  throw new JoinRefused(CloseCode.Full, `room ${id} is full, or locked`);
}
