// One process's rooms: opens them, finds them, seats players in them, ends them. Between the
// connections and the rooms; knows no socket and no HTTP. Where rooms are is told to the directory;
// who may sit is decided here and by the room.
import { CloseCode, Credential, type Hello, UsageError } from '@tickwire/protocol';
import { DEFAULT_SEATS, Refusal, type RoomKind } from './define-room.ts';
import type { Directory, RoomEntry } from './directory.ts';
import type { Heartbeat } from './heartbeat.ts';
import { type Joined, JoinRefused } from './joining.ts';
import { type MakeSecret, RotatingKeys } from './keys.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { GameRoom } from './room.ts';
import type { Joiner, Line, RoomSeat } from './seat.ts';
import { Tickets } from './tickets.ts';
import { Totals } from './totals.ts';

interface SeatRef {
  readonly room: GameRoom;
  readonly seat: RoomSeat;
}

export interface ShardOptions {
  rooms: Readonly<Record<string, RoomKind>>;
  limits: Limits;
  directory: Directory;
  log: Log;
  heartbeat: Heartbeat;
  /** Monotonic ms. */
  now: () => number;
  makeSecret: MakeSecret;
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
  readonly #resume: RotatingKeys<SeatRef>;
  readonly #refOf = new WeakMap<RoomSeat, SeatRef>();
  readonly #options: ShardOptions;
  readonly #stops = new Map<GameRoom, () => void>();
  readonly #closing = new Set<Promise<void>>();
  /** By kind, of the rooms and seats that are gone. */
  readonly #past = new Map<string, Totals>();
  #draining = false;

  constructor(options: ShardOptions) {
    this.#options = options;
    this.#tickets = new Tickets(options.makeSecret, options.limits.ticketMs);
    this.#resume = new RotatingKeys(options.makeSecret);
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

  /** Judges a HELLO and takes a seat for it. Rejects with JoinRefused. */
  async join(hello: Hello, line: Joiner): Promise<Joined> {
    switch (hello.credential) {
      case Credential.Resume:
        return this.#resumeSeat(hello, line);
      case Credential.Ticket: {
        const ticket = this.#tickets.redeem(hello.secret, this.#options.now());
        if (!ticket)
          throw new JoinRefused(CloseCode.TicketSpent, 'the ticket was used or has expired');
        const room = this.rooms.get(ticket.roomId);
        if (!room) throw new JoinRefused(CloseCode.NoRoom, 'the room of this ticket is over');
        this.#checkHash(room.game.hash, hello.hash);
        return this.#seat(room, ticket.auth, hello.spectate, line);
      }
      default: {
        const { kind } = this.#target(hello.room);
        this.#checkHash(this.#options.rooms[kind].game.hash, hello.hash);
        const auth = await this.authenticate(kind, hello.secret, hello.room, line.about);
        // A seat for a line that is gone would stand empty for the grace time.
        if (!line.open) throw new JoinRefused(CloseCode.Lost, 'the line went before it had a seat');
        return this.#seat(this.find(hello.room, hello.spectate), auth, hello.spectate, line);
      }
    }
  }

  /**
   * Runs the kind's `authenticate`. Rejects with JoinRefused, telling a Refusal's message and
   * nobody else's. `about`: ids for the log.
   */
  async authenticate(kind: string, token: string, room: string, about?: object): Promise<unknown> {
    const { definition } = this.#options.rooms[kind];
    if (!definition.authenticate) return undefined;
    const { authenticateMs } = this.#options.limits;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const refuse = () =>
        reject(new JoinRefused(CloseCode.Overloaded, 'authentication took too long'));
      timer = setTimeout(refuse, authenticateMs);
    });
    try {
      return await Promise.race([definition.authenticate(token, { room }), late]);
    } catch (error) {
      if (error instanceof JoinRefused) throw error;
      const { log } = this.#options;
      if (error instanceof Refusal) {
        log.info({ kind, reason: error.message, ...about }, 'authenticate refused a token');
        throw new JoinRefused(CloseCode.AuthFailed, error.message);
      }
      // A database that is down looks like this: somebody should look.
      log.warn({ err: error, kind, ...about }, 'authenticate threw; the token counts as refused');
      throw new JoinRefused(CloseCode.AuthFailed, 'the token was refused');
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * A room with a free place: by id, or the fullest of a kind, or a new one. Throws JoinRefused.
   */
  find(target: string, spectate: boolean): GameRoom {
    const { kind, room } = this.#target(target);
    if (room) {
      if (!room.hasRoom(spectate, this.#reserved(room)))
        throw new JoinRefused(CloseCode.Full, `room ${room.id} is full`);
      return room;
    }
    let best: GameRoom | undefined;
    for (const candidate of this.rooms.values())
      if (candidate.kind === kind && candidate.hasRoom(spectate, this.#reserved(candidate)))
        if (!best || candidate.taken > best.taken) best = candidate;
    if (!best && spectate) throw new JoinRefused(CloseCode.Full, `no ${kind} room can be watched`);
    return best ?? this.open(kind);
  }

  /** Promises a seat for ticketMs. Throws JoinRefused. */
  reserve(room: GameRoom, auth: unknown): string {
    const ticket = this.#tickets.issue(room.id, auth, this.#options.now());
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
    this.#tickets.expire(nowMs);
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

  #target(name: string): { kind: string; room: GameRoom | undefined } {
    if (Object.hasOwn(this.#options.rooms, name)) return { kind: name, room: undefined };
    const room = this.rooms.get(name);
    if (room) return { kind: room.kind, room };
    const kinds = this.kinds.join(', ');
    throw new JoinRefused(CloseCode.NoRoom, `no room and no kind of that name; kinds: ${kinds}`);
  }

  #checkHash(ours: string, theirs: string): void {
    if (ours !== theirs)
      throw new JoinRefused(
        CloseCode.GameMismatch,
        `the page was built from another game declaration (${theirs}, here ${ours}): ` +
          'rebuild or reload it',
      );
  }

  #seat(room: GameRoom, auth: unknown, spectate: boolean, line: Line): Joined {
    if (!room.hasRoom(spectate, this.#reserved(room)))
      throw new JoinRefused(CloseCode.Full, `room ${room.id} is full`);
    const seat = room.admit(auth, spectate, line);
    if (!seat) throw new JoinRefused(CloseCode.RoomError, 'the room failed while you joined');
    const ref = { room, seat };
    this.#refOf.set(seat, ref);
    this.#publish(room);
    return { room, seat, resumeKey: this.#resume.issue(ref), confirm: undefined };
  }

  #resumeSeat(hello: Hello, line: Line): Joined {
    const found = this.#resume.find(hello.secret);
    const ref = found?.what;
    if (!ref || ref.seat.gone || ref.room.over)
      throw new JoinRefused(CloseCode.ResumeOver, 'this seat is gone: its grace time is over');
    if (found.spent)
      throw new JoinRefused(CloseCode.Superseded, 'a newer connection took over this seat');
    this.#checkHash(ref.room.game.hash, hello.hash);
    ref.room.resume(ref.seat, line);
    const confirm = () => this.#resume.confirm(ref);
    return { ...ref, resumeKey: this.#resume.issue(ref, hello.secret), confirm };
  }

  #reserved(room: GameRoom): number {
    return this.#tickets.reserved(room.id, this.#options.now());
  }

  /** Nobody comes back to this seat. */
  #forget(ref: SeatRef): void {
    this.#resume.drop(ref);
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
    const entry: RoomEntry = {
      id: room.id,
      kind: room.kind,
      url: '',
      seats: room.definition.seats ?? DEFAULT_SEATS,
      taken: room.taken + this.#reserved(room),
    };
    this.#options.directory.put(entry).catch((error) => {
      this.#options.log.error({ err: error, room: room.id }, 'the directory refused a room');
    });
  }
}
