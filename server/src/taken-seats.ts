// The seats that are taken in this process's rooms: whose each is, which resume keys find it, and
// which of a user's must go for another one. Kept by seating.ts. Trap: a seat without a record is
// about to be one, or is gone; rooms know their seats themselves.
import { CloseCode } from '@tickwire/protocol';
import type { Attendance } from './attendance.ts';
import { ByUser } from './by-user.ts';
import type { RoomKind } from './define-room.ts';
import type { Identity } from './identity.ts';
import { JoinRefused } from './joining.ts';
import { type MakeSecret, RotatingKeys } from './keys.ts';
import type { GameRoom } from './room.ts';
import type { RoomSeat } from './seat.ts';
import type { SeatRecord } from './seat-state.ts';

export interface SeatRef {
  readonly room: GameRoom;
  readonly seat: RoomSeat;
  /** What the directory calls it. */
  readonly place: string | undefined;
  identity: Identity;
}

export interface TakenSeatsOptions {
  rooms: Readonly<Record<string, RoomKind>>;
  /** Of one user, in all rooms. */
  seatsPerUser: number;
  makeSecret: MakeSecret;
  /** What others know of it. */
  attendance: Attendance;
  /** A seat is nobody's any more. */
  forgot: (ref: SeatRef) => void;
}

export class TakenSeats {
  readonly #options: TakenSeatsOptions;
  readonly #keys: RotatingKeys<SeatRef>;
  readonly #users = new ByUser<SeatRef>();
  readonly #refs = new Map<RoomSeat, SeatRef>();

  constructor(options: TakenSeatsOptions) {
    this.#options = options;
    this.#keys = new RotatingKeys(options.makeSecret);
  }

  /** Seats that a key finds, those included that are about to go. */
  get keys(): number {
    return this.#keys.size;
  }

  add(ref: SeatRef): void {
    this.#refs.set(ref.seat, ref);
    const { user } = ref.identity;
    this.#users.add(user, ref);
    if (user !== undefined) this.#options.attendance.came(ref.room, user);
  }

  of(seat: RoomSeat): SeatRef | undefined {
    return this.#refs.get(seat);
  }

  /** The next key of a seat, that was found by `key`. */
  issueKey(ref: SeatRef, key?: string): string {
    return this.#keys.issue(ref, key);
  }

  confirmKey(ref: SeatRef): void {
    this.#keys.confirm(ref);
  }

  /** Of a resume key that is good. Throws JoinRefused. */
  byKey(key: string): SeatRef {
    const found = this.#keys.find(key);
    const ref = found?.what;
    if (!ref || ref.seat.gone || ref.room.over)
      throw new JoinRefused(CloseCode.ResumeOver, 'this seat is not kept any more');
    if (found.spent)
      throw new JoinRefused(CloseCode.Superseded, 'a newer connection took over this seat');
    return ref;
  }

  /** The room of a key's seat, good or not. */
  roomByKey(key: string): GameRoom | undefined {
    return this.#keys.find(key)?.what.room;
  }

  /**
   * Whether a user who also waits `waiting` times has to give something up for one time more.
   * Throws JoinRefused if nothing may be.
   */
  isFull(kind: string, user: string | undefined, waiting: number): boolean {
    const { rooms, seatsPerUser } = this.#options;
    if (user === undefined || this.#of(user).length + waiting < seatsPerUser) return false;
    if (rooms[kind].definition.extraSeat === 'supersede') return true;
    throw new JoinRefused(CloseCode.Full, 'you have a seat in another tab', 'user-seats');
  }

  /** The seat that a user must give up for another one. Throws JoinRefused if none may be. */
  oneTooMany(kind: string, user: string | undefined): SeatRef | undefined {
    const seats = this.#of(user);
    if (seats.length < this.#options.seatsPerUser) return undefined;
    if (this.#options.rooms[kind].definition.extraSeat !== 'supersede')
      throw new JoinRefused(CloseCode.Full, 'you have a seat in another tab', 'user-seats');
    return seats.find(({ seat }) => !seat.connected) ?? seats[0];
  }

  /** A user's seats that are not gone, oldest first. */
  #of(user: string | undefined): SeatRef[] {
    return this.#users.of(user).filter(({ seat }) => !seat.gone);
  }

  /** The seats of a room, for its checkpoint. */
  recordsOf(room: GameRoom): SeatRecord[] {
    const refs = [...room.seats].flatMap((seat) => this.#refs.get(seat) ?? []);
    return refs.map((ref) => ({ ...ref, keys: this.#keys.stateOf(ref) }));
  }

  /** Seats of a room that was restored: their players may come back. */
  adopt(room: GameRoom, records: readonly SeatRecord[]): void {
    for (const { seat, place, identity, keys } of records) {
      const ref: SeatRef = { room, seat, place, identity };
      this.add(ref);
      if (keys) this.#keys.restore(ref, keys);
    }
  }

  forget(ref: SeatRef): void {
    this.#refs.delete(ref.seat);
    this.#keys.drop(ref);
    const { user } = ref.identity;
    this.#users.delete(user, ref);
    if (user !== undefined) this.#options.attendance.went(ref.room, user);
    this.#options.forgot(ref);
  }

  /** A room is over. */
  forgetAll(room: GameRoom): void {
    for (const ref of [...this.#refs.values()]) if (ref.room === room) this.forget(ref);
  }
}
