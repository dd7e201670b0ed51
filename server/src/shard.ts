// One process's rooms: opens them, finds them, seats players in them, ends them. Between the
// connections and the rooms; knows no socket and no HTTP. Where rooms are is told to the directory;
// who may sit is decided here and by the room.
import { CloseCode, type Continuity, Credential, type Hello, UsageError } from '@tickwire/protocol';
import { Authenticator, expired } from './authenticator.ts';
import { DEFAULT_SEATS, type RoomKind } from './define-room.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Identity } from './identity.ts';
import {
  checkHash,
  type Joined,
  JoinRefused,
  type Proof,
  provenFor,
  ticketSpent,
} from './joining.ts';
import { type MakeSecret, RotatingKeys } from './keys.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import type { OfferedCredential } from './offer.ts';
import { GameRoom } from './room.ts';
import type { ListedRoom, RoomList } from './room-list.ts';
import type { Joiner, Line, RoomSeat } from './seat.ts';
import { Tickets } from './tickets.ts';
import { Totals } from './totals.ts';
import { UserSeats } from './user-seats.ts';

interface SeatRef {
  readonly room: GameRoom;
  readonly seat: RoomSeat;
  identity: Identity;
}

export interface ShardOptions {
  rooms: Readonly<Record<string, RoomKind>>;
  limits: Limits;
  directory: RoomList;
  log: Log;
  heartbeat: Heartbeat;
  /** Monotonic ms. */
  now: () => number;
  /** Ms since 1970. */
  wallClockMs: () => number;
  makeSecret: MakeSecret;
  /** Signs tickets. */
  ticketKey: Uint8Array;
  /** Short random text for room ids. */
  makeId: () => string;
  seed: () => number;
  /** Rooms look for desyncs. */
  findDesyncs: boolean;
  /** Starts a room's clock; returns what stops it. Tests drive rooms themselves and give none. */
  start?: (room: GameRoom) => () => void;
}

/** What a room's kind may be called: it stands in URLs and logs. */
const NAME = /^[A-Za-z0-9_-]{1,32}$/;

export class Shard {
  readonly rooms = new Map<string, GameRoom>();
  readonly #tickets: Tickets;
  readonly authenticator: Authenticator;
  readonly #resume: RotatingKeys<SeatRef>;
  readonly #users = new UserSeats<SeatRef>();
  readonly #options: ShardOptions;
  readonly #stops = new Map<GameRoom, () => void>();
  readonly #closing = new Set<Promise<void>>();
  /** By kind, of the rooms and seats that are gone. */
  readonly #past = new Map<string, Totals>();
  #draining = false;

  constructor(options: ShardOptions) {
    this.#options = options;
    const { rooms, limits, log, now, wallClockMs, makeSecret, ticketKey: key } = options;
    const clocks = { now, wallClockMs };
    this.#tickets = new Tickets({ ...clocks, key, makeNonce: makeSecret, lifeMs: limits.ticketMs });
    const deadlineMs = limits.authenticateMs;
    this.authenticator = new Authenticator({ ...clocks, rooms, deadlineMs, log });
    this.#resume = new RotatingKeys(makeSecret);
    const kinds = Object.keys(options.rooms ?? {});
    if (kinds.length === 0) throw new UsageError('serve({ rooms }): wants at least one room kind');
    for (const kind of kinds) {
      if (!NAME.test(kind))
        throw new UsageError(`rooms['${kind}']: a room kind is 1..32 letters, digits, _ or -`);
      this.#past.set(kind, new Totals());
    }
    for (const [kind, given] of Object.entries(options.rooms))
      if (!given?.definition) throw new UsageError(`rooms.${kind}: give what defineRoom() returns`);
    for (const [kind, { definition }] of Object.entries(options.rooms))
      if (definition.keep) this.open(kind);
  }

  get kinds(): readonly string[] {
    return Object.keys(this.#options.rooms);
  }

  /** Secrets that are remembered: of seats, those included that are about to go, and of tickets. */
  get secrets(): { seats: number; tickets: number } {
    return { seats: this.#resume.size, tickets: this.#tickets.size };
  }

  /** Opens a room. Throws JoinRefused when there is no capacity or the game's `open` failed. */
  open(kind: string): GameRoom {
    const { rooms, limits, log, now, seed, makeId, heartbeat, findDesyncs } = this.#options;
    if (this.rooms.size >= limits.rooms || this.#draining)
      throw new JoinRefused(CloseCode.Overloaded, 'this server takes no more rooms now');
    const id = `${kind}-${makeId()}`;
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
      ended: (over, code, reason) => this.#ended(over, code, reason),
    });
    if (room.over) throw new JoinRefused(CloseCode.RoomError, 'the room failed to open');
    this.rooms.set(id, room);
    log.info({ room: id }, 'room opened');
    this.#publish(room);
    if (this.#options.start) this.#stops.set(room, this.#options.start(room));
    return room;
  }

  /** Judges what came with a handshake. Rejects with JoinRefused. */
  async prove({ credential, secret, room }: OfferedCredential): Promise<Proof> {
    switch (credential) {
      case Credential.Resume:
        this.#seatOf(secret);
        return { credential, secret };
      case Credential.Ticket:
        if (!this.#tickets.holds(secret)) throw ticketSpent();
        return { credential, secret };
      default: {
        const asked = room ?? this.#onlyKind();
        const { kind } = this.target(asked);
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
        return this.#resumeSeat(hello, secret, line, proof);
      case Credential.Ticket: {
        const ticket = this.#tickets.redeem(secret);
        if (!ticket) throw ticketSpent();
        const room = this.rooms.get(ticket.roomId);
        if (!room) throw new JoinRefused(CloseCode.NoRoom, 'the room of this ticket is over');
        checkHash(room.game.hash, hello.hash);
        return this.#seat(room, ticket.identity, hello.spectate, line);
      }
      default: {
        const { kind } = this.target(hello.room);
        checkHash(this.#options.rooms[kind].game.hash, hello.hash);
        const identity =
          held && 'identity' in held
            ? provenFor(held, hello.room)
            : await this.authenticator.identify(kind, secret, hello.room, line.about);
        // A seat for a line that is gone would stand empty for the grace time.
        if (!line.open) throw new JoinRefused(CloseCode.Lost, 'the line went before it had a seat');
        const room = this.find(hello.room, hello.spectate, identity);
        return this.#seat(room, identity, hello.spectate, line);
      }
    }
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

  /**
   * A room with a free place: by id, or the fullest of a kind, or a new one. Throws JoinRefused.
   */
  find(target: string, spectate: boolean, identity: Identity): GameRoom {
    const { kind, room } = this.target(target);
    if (room) {
      this.#checkPlace(room, spectate, identity);
      return room;
    }
    let best: GameRoom | undefined;
    for (const candidate of this.rooms.values())
      if (candidate.kind === kind && this.#hasPlace(candidate, spectate, identity))
        if (!best || candidate.taken > best.taken) best = candidate;
    if (!best && spectate) throw new JoinRefused(CloseCode.Full, `no ${kind} room can be watched`);
    return best ?? this.open(kind);
  }

  /** Promises a seat for ticketMs. Throws JoinRefused. */
  reserve(room: GameRoom, identity: Identity): string {
    const { user } = identity;
    if (user !== undefined && this.#tickets.openOf(user) >= this.#options.limits.ticketsPerUser)
      throw new JoinRefused(CloseCode.RateLimit, 'too many unused tickets', 'user-tickets');
    const ticket = this.#tickets.issue(room.id, identity);
    this.#publish(room);
    return ticket;
  }

  /** By kind: what all rooms of it did, those that are gone included. */
  totals(): Map<string, Totals> {
    const totals = new Map<string, Totals>();
    for (const [kind, past] of this.#past) totals.set(kind, past.copy());
    for (const room of this.rooms.values()) totals.get(room.kind)!.addRoom(room);
    for (const { room, seat } of this.#resume.values()) totals.get(room.kind)!.addSeat(seat);
    return totals;
  }

  /** Expired tickets, empty rooms, stale figures: called a few times a second. */
  sweep(nowMs: number): void {
    const { limits, rooms } = this.#options;
    this.#tickets.expire();
    this.authenticator.sweep(nowMs);
    for (const ref of this.#resume.values()) if (ref.seat.gone) this.#forget(ref);
    for (const room of this.rooms.values()) {
      const empty = room.taken === 0 && [...room.seats].length === 0;
      if (empty && nowMs - room.emptySinceMs > limits.emptyRoomMs) {
        if (!rooms[room.kind].definition.keep) room.end(CloseCode.Done, 'the room is empty');
      } else this.#publish(room);
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

  /** What a token is for where no room is named. */
  #onlyKind(): string {
    const [kind, ...more] = this.kinds;
    if (more.length === 0) return kind;
    const message = 'say what the token is for: offer the subprotocol room.KIND as well';
    throw new JoinRefused(CloseCode.NoRoom, message);
  }

  /** A kind by its name, or a room by its id. Throws JoinRefused. */
  target(name: string): { kind: string; room: GameRoom | undefined } {
    if (Object.hasOwn(this.#options.rooms, name)) return { kind: name, room: undefined };
    const room = this.rooms.get(name);
    if (room) return { kind: room.kind, room };
    const kinds = this.kinds.join(', ');
    throw new JoinRefused(CloseCode.NoRoom, `no room and no kind of that name; kinds: ${kinds}`);
  }

  #seat(room: GameRoom, identity: Identity, spectate: boolean, line: Line): Joined {
    const { auth, user, untilMs } = identity;
    if (this.#options.now() >= untilMs) throw expired();
    this.#checkPlace(room, spectate, identity);
    const leaving = this.#oneTooMany(room.kind, user);
    if (leaving) this.#giveUp(leaving, CloseCode.Superseded, 'another tab of yours took over');
    const seat = room.admit(auth, spectate, line);
    if (!seat) throw new JoinRefused(CloseCode.RoomError, 'the room failed while you joined');
    const ref = { room, seat, identity };
    this.#users.add(user, ref);
    this.#publish(room);
    return this.#joined(ref);
  }

  /** `key`: that the seat was resumed with. */
  #joined(ref: SeatRef, key?: string, continuity?: Continuity): Joined {
    const { room, seat, identity } = ref;
    return {
      room,
      seat,
      resumeKey: this.#resume.issue(ref, key),
      continuity,
      untilMs: identity.untilMs,
      renew: (token, about) => this.#renew(ref, token, about),
      confirm: key === undefined ? undefined : () => this.#resume.confirm(ref),
    };
  }

  #checkPlace(room: GameRoom, spectate: boolean, identity: Identity): void {
    if (!this.#hasPlace(room, spectate, identity))
      throw new JoinRefused(CloseCode.Full, `room ${room.id} is full`);
  }

  /** Counts the place that becomes free when the user's oldest seat is given up for the new one. */
  #hasPlace(room: GameRoom, spectate: boolean, { user }: Identity): boolean {
    const leaving = this.#oneTooMany(room.kind, user);
    const freed = leaving?.room === room && leaving.seat.spectator === spectate;
    return freed || room.hasRoom(spectate, this.#tickets.reserved(room.id));
  }

  /** The seat that a user must give up for another one. Throws JoinRefused if none may be. */
  #oneTooMany(kind: string, user: string | undefined): SeatRef | undefined {
    const seats = this.#users.of(user);
    if (seats.length < this.#options.limits.seatsPerUser) return undefined;
    if (this.#options.rooms[kind].definition.extraSeat !== 'supersede')
      throw new JoinRefused(CloseCode.Full, 'you have a seat in another tab', 'user-seats');
    return seats.find(({ seat }) => !seat.connected) ?? seats[0];
  }

  /** The seat is gone, and so is its line: what comes on one that is left would still be run. */
  #giveUp({ room, seat }: SeatRef, code: CloseCode, reason: string): void {
    seat.line?.close(code, reason);
    room.remove(seat);
  }

  /** Of a resume key that is good. Throws JoinRefused. */
  #seatOf(key: string): SeatRef {
    const found = this.#resume.find(key);
    const ref = found?.what;
    if (!ref || ref.seat.gone || ref.room.over)
      throw new JoinRefused(CloseCode.ResumeOver, 'this seat is gone: its grace time is over');
    if (found.spent)
      throw new JoinRefused(CloseCode.Superseded, 'a newer connection took over this seat');
    return ref;
  }

  #resumeSeat(hello: Hello, key: string, line: Line, proof: Proof | undefined): Joined {
    const ref = this.#seatOf(key);
    const { room, seat } = ref;
    checkHash(room.game.hash, hello.hash);
    if (proof && 'identity' in proof) this.#renewBy(ref, provenFor(proof, room.id, room.kind));
    if (this.#options.now() >= ref.identity.untilMs) {
      const over = expired();
      this.#giveUp(ref, over.closeCode, over.message);
      throw over;
    }
    const { events = 0 } = hello;
    if (events > seat.outbox.number)
      throw new JoinRefused(CloseCode.Malformed, 'more events came than were told');
    const { inputTick, commandsTaken: commands } = seat;
    room.resume(seat, line);
    const continuity = { lostEvents: seat.outbox.resume(events), inputTick, commands };
    return this.#joined(ref, key, continuity);
  }

  /** Nobody comes back to this seat. */
  #forget(ref: SeatRef): void {
    this.#resume.drop(ref);
    this.#users.delete(ref.identity.user, ref);
    this.#past.get(ref.room.kind)!.addSeat(ref.seat);
  }

  #ended(room: GameRoom, code: number, reason: string): void {
    const { directory, log } = this.#options;
    const past = this.#past.get(room.kind)!;
    if (code === CloseCode.RoomError) past.failures++;
    this.#stops.get(room)?.();
    this.#stops.delete(room);
    if (!this.rooms.delete(room.id)) return room.code.stop();
    for (const ref of [...this.#resume.values()]) if (ref.room === room) this.#forget(ref);
    past.addRoom(room);
    log.info({ room: room.id, reason }, 'room closed');
    const closing = Promise.resolve()
      .then(() => room.code.call(() => room.definition.close?.(room as never)))
      .catch((error) => log.error({ err: error, room: room.id }, 'the close handler threw'))
      .finally(() => room.code.stop())
      .then(() => directory.remove(room.id))
      .catch((error) => log.error({ err: error, room: room.id }, 'the directory kept a room'));
    this.#closing.add(closing);
    closing.finally(() => this.#closing.delete(closing));
  }

  #publish(room: GameRoom): void {
    const entry: ListedRoom = {
      id: room.id,
      kind: room.kind,
      url: '',
      seats: room.definition.seats ?? DEFAULT_SEATS,
      taken: room.taken + this.#tickets.reserved(room.id),
    };
    this.#options.directory.put(entry).catch((error) => {
      this.#options.log.error({ err: error, room: room.id }, 'the directory refused a room');
    });
  }
}
