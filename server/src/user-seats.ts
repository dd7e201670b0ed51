// Which seats each user has, over all rooms of a process: a player's tabs and devices together.
// Asked and told by the shard. Seats of nobody in particular are not here.
import type { RoomSeat } from './seat.ts';

/** What the shard keeps of a seat. */
interface Taken {
  readonly seat: RoomSeat;
}

export class UserSeats<Ref extends Taken> {
  /** In the order they were taken; a user without any has no entry. */
  readonly #byUser = new Map<string, Set<Ref>>();

  add(user: string | undefined, ref: Ref): void {
    if (user === undefined) return;
    const seats = this.#byUser.get(user) ?? new Set();
    this.#byUser.set(user, seats.add(ref));
  }

  delete(user: string | undefined, ref: Ref): void {
    const seats = user === undefined ? undefined : this.#byUser.get(user);
    if (!seats?.delete(ref) || seats.size > 0) return;
    this.#byUser.delete(user!);
  }

  /** Those that are not gone, oldest first. */
  of(user: string | undefined): Ref[] {
    const seats = user === undefined ? undefined : this.#byUser.get(user);
    return seats ? [...seats].filter(({ seat }) => !seat.gone) : [];
  }

  get users(): number {
    return this.#byUser.size;
  }
}
