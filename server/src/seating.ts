// Who sits where in this process's rooms: judges HELLOs, tickets and resume keys, seats players,
// takes their new tokens, lets their seats go. Between the connections and the rooms; which room it
// is and whether it has a place is placement.ts'.
import { CloseCode, type Continuity, Credential, type Hello } from '@tickwire/protocol';
import type { AnswerTimes } from './answer-times.ts';
import { Authenticator, expired } from './authenticator.ts';
import { DEFAULT_SEATS, type RoomKind } from './define-room.ts';
import type { Directory } from './directory.ts';
import { GameAnswers } from './game-answers.ts';
import { type Identity, unpackIdentity } from './identity.ts';
import {
  checkHash,
  Elsewhere,
  type Joined,
  JoinRefused,
  onItsWay,
  onlyKind,
  type Proof,
  provenFor,
  ticketSpent,
} from './joining.ts';
import type { MakeSecret } from './keys.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { readAsked } from './matching.ts';
import type { OfferedCredential } from './offer.ts';
import type { Others } from './others.ts';
import type { Peers } from './peers.ts';
import {
  type Creation,
  type MakeWay,
  type Place,
  Placement,
  type Promised,
  type Target,
} from './placement.ts';
import { Redemption } from './redemption.ts';
import type { GameRoom } from './room.ts';
import type { Joiner, Line, RoomSeat } from './seat.ts';
import type { SeatRecord } from './seat-state.ts';
import type { Shard } from './shard.ts';
import { type SeatRef, TakenSeats } from './taken-seats.ts';
import type { Tally } from './tally.ts';
import { type Ticket, Tickets } from './tickets.ts';
import { type Matched, Waiting } from './waiting.ts';

export interface SeatingOptions {
  rooms: Readonly<Record<string, RoomKind>>;
  limits: Limits;
  directory: Directory;
  shard: Shard;
  log: Log;
  tally: Tally;
  /** Monotonic ms. */
  now: () => number;
  /** Ms since 1970. */
  wallClockMs: () => number;
  /** Other shards; undefined where there are none. */
  peers: Peers | undefined;
  others: Others | undefined;
  answerTimes: AnswerTimes | undefined;
  /** 0 <= n < 1. */
  chance: () => number;
  makeSecret: MakeSecret;
  /** Signs tickets. */
  ticketKey: Uint8Array;
}

export class Seating {
  readonly authenticator: Authenticator;
  /**
   * Rooms to be saved soon: a player has a resume key that their checkpoint does not know. Kept by
   * shards among others, and emptied there.
   */
  readonly unsaved = new Set<GameRoom>();
  readonly placement: Placement;
  readonly waiting: Waiting;
  readonly #options: SeatingOptions;
  readonly #answers: GameAnswers;
  readonly #tickets: Tickets;
  readonly #redemption: Redemption;
  readonly #seats: TakenSeats;

  constructor(options: SeatingOptions) {
    this.#options = options;
    const { rooms, limits, log, now, wallClockMs, makeSecret, ticketKey: key } = options;
    const { shard, directory, peers } = options;
    const clocks = { now, wallClockMs };
    const about = { ...clocks, key, makeNonce: makeSecret, lifeMs: limits.ticketMs };
    const tickets = (this.#tickets = new Tickets(about));
    this.authenticator = new Authenticator({ ...options, deadlineMs: limits.authenticateMs });
    const answers = (this.#answers = new GameAnswers(log));
    const by = { tickets, answers, limits, clocks };
    const placement = (this.placement = new Placement({ ...options, ...by }));
    const isAlone = peers === undefined;
    const forTickets = { tickets, lifeMs: limits.ticketMs, now };
    this.#redemption = new Redemption({ shard, directory, placement, isAlone, ...forTickets });
    const common = { shard, directory, peers, placement, log, tally: options.tally };
    this.waiting = new Waiting({ ...common, ...by, makeSecret });
    const { seatsPerUser } = limits;
    const forgot = ({ room, seat }: SeatRef) => shard.past.get(room.kind)!.addSeat(seat);
    const { attendance } = shard.switchboard;
    this.#seats = new TakenSeats({ rooms, seatsPerUser, makeSecret, attendance, forgot });
    shard.watch = {
      left: (room, seat) => this.#left(room, seat),
      ended: (room) => this.#ended(room),
      restored: (room, records) => this.adopt(room, records),
    };
  }

  /** Secrets that are remembered: of seats, those included that are about to go, and of tickets. */
  get secrets(): { seats: number; tickets: number } {
    return { seats: this.#seats.keys, tickets: this.#tickets.size };
  }

  /** What signs tickets from now on. */
  signWith(key: Uint8Array): void {
    this.#tickets.signWith(key);
  }

  /** Judges what came with a handshake. Rejects with JoinRefused. */
  async prove({ credential, secret, room }: OfferedCredential): Promise<Proof> {
    switch (credential) {
      case Credential.Resume:
        // Of a seat on another shard, only HELLO says in which room it is.
        if (!this.#options.peers) this.#seats.byKey(secret);
        return { credential, secret };
      case Credential.Ticket:
        this.#redemption.read(secret);
        return { credential, secret };
      default: {
        const asked = room ?? onlyKind(this.#options.shard.kinds);
        const { kind } = await this.placement.target(asked);
        const identity = await this.authenticator.identify(kind, secret, asked);
        return { credential, room: asked, identity };
      }
    }
  }

  /**
   * Judges a HELLO and takes a seat for it. `proof`: of the handshake; a HELLO without a secret
   * goes by it. Rejects with JoinRefused.
   */
  async join(hello: Hello, line: Joiner, proof?: Proof): Promise<Joined> {
    const held = hello.secret === '' ? proof : undefined;
    const { credential, secret } = held && 'secret' in held ? held : hello;
    switch (credential) {
      case Credential.Resume:
        if (!this.#isHere(secret)) await this.#checkElsewhere(hello.room, secret);
        this.#checkHere(line);
        return this.#resumeSeat(hello, secret, line, proof);
      case Credential.Ticket:
        return this.#redeem(hello, secret, line);
      default: {
        const target = await this.placement.target(hello.room);
        const { kind } = target;
        checkHash(this.#options.rooms[kind].game.hash, hello.hash);
        const identity =
          held && 'identity' in held
            ? provenFor(held, hello.room)
            : await this.authenticator.identify(kind, secret, hello.room, line.about);
        this.#checkHere(line);
        if (!hello.spectate && this.#isQueue(target)) {
          const matched = this.#waits(kind, identity, () =>
            this.waiting.join(target, identity, line),
          );
          return this.#playMatch(await matched, identity, line);
        }
        const makeWay = this.#makeWayFor(kind, identity);
        const place = hello.spectate
          ? await this.placement.watched(target)
          : await this.placement.place(target, identity, makeWay);
        return this.#sit(place, identity, hello.spectate, line);
      }
    }
  }

  /** Tickets for a kind or a room, for all of a party or for none. Rejects with JoinRefused. */
  async promise(target: Target, create: Creation, party: readonly Identity[]): Promise<Promised> {
    for (const { user } of party) this.#seats.oneTooMany(target.kind, user);
    if (create || !this.#isQueue(target)) return this.placement.promise(target, create, party);
    const gather = (nonces: readonly string[]) => this.waiting.gather(target, party, nonces);
    return this.placement.promiseWait(target, party, gather);
  }

  /** Who asks for it by its kind waits. */
  #isQueue({ kind, room }: Target): boolean {
    return room === undefined && this.waiting.queueOf(kind) !== undefined;
  }

  /** Waits, unless its user may wait no more: then another tab of theirs does not, or this one. */
  #waits(kind: string, { user }: Identity, wait: () => Promise<Matched>): Promise<Matched> {
    const others = this.waiting.of(user);
    const isFull = this.#seats.isFull(kind, user, others.length);
    if (isFull && others.length > 0) this.waiting.supersede(others[0]);
    return wait();
  }

  /** There is a match: its room is here, or the player goes there. */
  async #playMatch(
    { room: id, url, seat }: Matched,
    identity: Identity,
    line: Joiner,
  ): Promise<Joined> {
    const { shard } = this.#options;
    const room = shard.playing(id);
    if (room) {
      await this.#redemption.take(room, seat, line);
      return this.#sit({ room, seat }, identity, false, line);
    }
    if (url === shard.owner.url) throw new JoinRefused(CloseCode.NoRoom, 'the match is over');
    throw new Elsewhere(url, this.#tickets.write(id, identity.user, seat));
  }

  async #redeem(hello: Hello, secret: string, line: Joiner): Promise<Joined> {
    const { shard } = this.#options;
    const ticket = this.#redemption.read(secret);
    const { roomId, nonce } = ticket;
    if (shard.kinds.includes(readAsked(roomId).name)) return this.#arrive(hello, ticket, line);
    if (!shard.playing(roomId)) await this.#checkElsewhere(roomId);
    const room = shard.playing(roomId);
    if (!room) throw new JoinRefused(CloseCode.NoRoom, 'the room of this ticket is over');
    checkHash(room.game.hash, hello.hash);
    const packed = await this.#redemption.take(room, nonce, line);
    // What another shard promised comes with its identity.
    const identity = this.#tickets.take(nonce) ?? unpackIdentity(packed, this.#options);
    return this.#sit({ room, seat: nonce }, identity, hello.spectate, line);
  }

  /** One of a party that waits for a match, by a ticket; an old page keeps it. */
  async #arrive(hello: Hello, ticket: Ticket, line: Joiner): Promise<Joined> {
    const { nonce } = ticket;
    const { kind, identity: told } = await this.waiting.gathered(ticket);
    checkHash(this.#options.rooms[kind].game.hash, hello.hash);
    const identity = told ?? this.#tickets.take(nonce);
    if (!identity) throw ticketSpent();
    const arrive = () => this.waiting.arrive(nonce, identity, line);
    return this.#playMatch(await this.#waits(kind, identity, arrive), identity, line);
  }

  /** A seat's player shows a new token. Resolves with when that ends, rejects with JoinRefused. */
  async #renew(ref: SeatRef, token: string, about?: object): Promise<number> {
    const { room } = ref;
    const identity = await this.authenticator.identify(room.kind, token, room.id, about);
    this.#renewBy(ref, identity);
    return identity.untilMs;
  }

  /** Throws JoinRefused for another user. */
  #renewBy(ref: SeatRef, identity: Identity): void {
    if (identity.user !== ref.identity.user)
      throw new JoinRefused(CloseCode.AuthFailed, 'this seat is of another player', 'other-user');
    ref.identity = identity;
    ref.seat.auth = identity.auth;
  }

  /** Expired tickets, places to free, refusals to tell of: called a few times a second. */
  sweep(nowMs: number): void {
    this.#tickets.expire();
    this.#redemption.sweep();
    this.authenticator.sweep(nowMs);
    this.#answers.sweep(nowMs);
    this.placement.sweep();
    this.waiting.sweep();
  }

  /** A seat for a line that is gone would stand empty for the grace time. */
  #checkHere(line: Joiner): void {
    if (!line.open) throw new JoinRefused(CloseCode.Lost, 'the line went before it had a seat');
  }

  /** Sits down, or gives the place back. */
  #sit(place: Place, identity: Identity, spectate: boolean, line: Joiner): Joined {
    const { room, seat: name } = place;
    try {
      const { auth, user, untilMs } = identity;
      if (this.#options.now() >= untilMs) throw expired();
      this.#checkHere(line);
      const leaving = this.#seats.oneTooMany(room.kind, user);
      if (leaving) this.#giveUp(leaving, CloseCode.Superseded, 'another tab of yours took over');
      this.#checkPlace(room, spectate);
      const seat = room.over ? undefined : room.admit(auth, spectate, line);
      if (!seat) throw new JoinRefused(CloseCode.RoomError, 'the room failed while you joined');
      const ref = { room, seat, place: name, identity };
      this.#seats.add(ref);
      const joined = this.#joined(ref);
      // The `join` hook may have sent the player away.
      if (seat.gone) this.#left(room, seat);
      return joined;
    } catch (error) {
      this.#free(room, name);
      throw error;
    }
  }

  /** What the directory gave is good only while the room is here, and has the place as well. */
  #checkPlace(room: GameRoom, spectate: boolean): void {
    if (room.over) return;
    if (this.#options.shard.playing(room.id) !== room) throw onItsWay();
    const { seats = DEFAULT_SEATS } = room.definition;
    if (spectate ? !room.canBeWatched : room.taken >= seats)
      throw new JoinRefused(CloseCode.Full, `room ${room.id} has no place`);
  }

  /** `key`: that the seat was resumed with. */
  #joined(ref: SeatRef, key?: string, continuity?: Continuity): Joined {
    const { room, seat, identity } = ref;
    const { peers, shard } = this.#options;
    if (peers) this.unsaved.add(room);
    return {
      room,
      seat,
      resumeKey: this.#seats.issueKey(ref, key),
      epoch: peers && shard.leaseOf(room).epoch,
      continuity,
      untilMs: identity.untilMs,
      renew: (token, about) => this.#renew(ref, token, about),
      confirm: key === undefined ? undefined : () => this.#seats.confirmKey(ref),
    };
  }

  /** A full room has a place for who has one in it that goes for the new one. */
  #makeWayFor(kind: string, { user }: Identity): MakeWay {
    return (room) => {
      const leaving = this.#seats.oneTooMany(kind, user);
      if (leaving?.room !== room || leaving.seat.spectator) return false;
      this.#giveUp(leaving, CloseCode.Superseded, 'another tab of yours took over');
      return true;
    };
  }

  /** The seat is gone, and so is its line: what comes on one that is left would still be run. */
  #giveUp({ room, seat }: SeatRef, code: CloseCode, reason: string): void {
    seat.line?.close(code, reason);
    room.remove(seat);
  }

  /** A resume key of a seat in a room that goes on here. */
  #isHere(key: string): boolean {
    const room = this.#seats.roomByKey(key);
    return room !== undefined && this.#options.shard.playing(room.id) === room;
  }

  /** Throws Elsewhere for the room of another shard. */
  async #checkElsewhere(room: string, key?: string): Promise<void> {
    const entry = await this.placement.elsewhere(room, key);
    if (entry) throw new Elsewhere(entry.url);
  }

  #resumeSeat(hello: Hello, key: string, line: Line, proof: Proof | undefined): Joined {
    const ref = this.#seats.byKey(key);
    const { room, seat } = ref;
    if (this.#options.shard.playing(room.id) !== room) throw onItsWay();
    checkHash(room.game.hash, hello.hash);
    if (proof && 'identity' in proof) this.#renewBy(ref, provenFor(proof, room.id, room.kind));
    if (this.#options.now() >= ref.identity.untilMs) {
      const over = expired();
      this.#giveUp(ref, over.closeCode, over.message);
      throw over;
    }
    const { events = 0 } = hello;
    if (!seat.outbox.mayHave(events))
      throw new JoinRefused(CloseCode.Malformed, 'more events came than were told');
    const { inputTick, commandsTaken: commands } = seat;
    room.resume(seat, line);
    // The `resume` hook may have sent the player away, or ended the room: his line is closed.
    if (seat.gone) throw new JoinRefused(CloseCode.ResumeOver, 'the seat went as he came back');
    const continuity = { lostEvents: seat.outbox.resume(events), inputTick, commands };
    return this.#joined(ref, key, continuity);
  }

  /** The seats of a room, for its checkpoint. */
  recordsOf(room: GameRoom): SeatRecord[] {
    return this.#seats.recordsOf(room);
  }

  /** Seats of a room that was restored: their players may come back. */
  adopt(room: GameRoom, records: readonly SeatRecord[]): void {
    this.#seats.adopt(room, records);
  }

  /** Nobody comes back to this seat. */
  #left(room: GameRoom, seat: RoomSeat): void {
    const ref = this.#seats.of(seat);
    // One who goes within the `join` hook has no place of his own yet: #sit gives it back.
    if (!ref) return;
    this.#seats.forget(ref);
    this.#free(room, ref.place);
  }

  #ended(room: GameRoom): void {
    this.unsaved.delete(room);
    this.#seats.forgetAll(room);
  }

  #free(room: GameRoom, place: string | undefined): void {
    if (place !== undefined) this.placement.free(room, place);
  }
}
