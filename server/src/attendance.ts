// Which users have a seat in the rooms of this process, as the directory is to know it: told when a
// user takes the first seat in a room or gives up the last one, told anew when the room has another
// epoch, and once in a while. Told by taken-seats.ts; swept by switchboard.ts. Trap: what the
// directory did not take is told again later, so it is told what is so then, not what happened.
import type { Directory, Lease } from './directory.ts';
import { PRESENCE_MS } from './directory.ts';
import type { GameRoom } from './room.ts';

/** Ms after which a user who stays is told of again: three may fail before the row is over. */
const AGAIN_MS = PRESENCE_MS / 4;
/**
 * Users that are told of before the next: where a directory is back, all shards tell it of all of
 * theirs, and their renewals must come through.
 */
const AT_ONCE = 256;
/** Ms before it is asked again where it did not answer. */
const RETRY_MS = 1_000;

export interface AttendanceOptions {
  readonly directory: Directory;
  /** Of a room that is not over. */
  readonly leaseOf: (room: GameRoom) => Lease;
  /** Monotonic ms. */
  readonly now: () => number;
}

interface Crowd {
  /** By user. */
  readonly seats: Map<string, number>;
  /** Users of whom the directory is to be told what is so. */
  readonly due: Set<string>;
  /** When it was told that they are here, the longest ago first. */
  readonly told: Map<string, number>;
  /** By which it was told. */
  lease: Lease;
}

export class Attendance {
  readonly #options: AttendanceOptions;
  readonly #crowds = new Map<GameRoom, Crowd>();
  /** The directory is being told. */
  #telling = false;
  #isPlanned = false;
  /** Not before, for it did not answer. */
  #retryMs = Number.NEGATIVE_INFINITY;

  constructor(options: AttendanceOptions) {
    this.#options = options;
  }

  /** A seat is taken, or goes on here. */
  came(room: GameRoom, user: string): void {
    const crowd = this.#crowds.get(room) ?? this.#newCrowd(room);
    const seats = crowd.seats.get(user) ?? 0;
    crowd.seats.set(user, seats + 1);
    if (seats === 0) this.#plan(crowd, user);
  }

  /** A seat is nobody's any more. */
  went(room: GameRoom, user: string): void {
    const crowd = this.#crowds.get(room);
    const seats = crowd?.seats.get(user);
    if (!crowd || seats === undefined) return;
    if (seats > 1) crowd.seats.set(user, seats - 1);
    else {
      crowd.seats.delete(user);
      crowd.told.delete(user);
      this.#plan(crowd, user);
    }
  }

  /** The directory may have forgotten who is in the room. */
  again(room: GameRoom): void {
    const crowd = this.#crowds.get(room);
    for (const user of crowd?.seats.keys() ?? []) this.#plan(crowd!, user);
  }

  /** Users of rooms that have another epoch, those told of long ago, and what failed before. */
  sweep(): void {
    const { leaseOf, now } = this.#options;
    const againMs = now() - AGAIN_MS;
    for (const [room, crowd] of this.#crowds) {
      if (room.over) continue;
      const lease = leaseOf(room);
      if (lease.epoch !== crowd.lease.epoch) {
        crowd.lease = lease;
        for (const user of crowd.seats.keys()) crowd.due.add(user);
      }
      for (const [user, atMs] of crowd.told) {
        if (atMs > againMs) break;
        crowd.due.add(user);
      }
    }
    void this.#tell();
  }

  #newCrowd(room: GameRoom): Crowd {
    const lease = this.#options.leaseOf(room);
    const crowd: Crowd = { seats: new Map(), due: new Set(), told: new Map(), lease };
    this.#crowds.set(room, crowd);
    return crowd;
  }

  /** What is planned in one turn is told together. */
  #plan(crowd: Crowd, user: string): void {
    crowd.due.add(user);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      void this.#tell();
    });
  }

  /** One question after the other, or an older one could be heard last. */
  async #tell(): Promise<void> {
    const { now } = this.#options;
    if (this.#telling || now() < this.#retryMs) return;
    this.#telling = true;
    let isHeard = true;
    while (isHeard) {
      const asked: Promise<boolean>[] = [];
      let left = AT_ONCE;
      for (const [room, crowd] of this.#crowds) {
        const users = [...crowd.due].slice(0, left);
        left -= users.length;
        if (users.length > 0) asked.push(this.#tellOf(crowd, users));
        else if (crowd.due.size === 0 && crowd.seats.size === 0) this.#crowds.delete(room);
      }
      if (asked.length === 0) break;
      isHeard = (await Promise.all(asked)).every((heard) => heard);
    }
    this.#telling = false;
    if (isHeard) return;
    this.#retryMs = now() + RETRY_MS;
    // Of a room that is over, nobody believes the rows that are left.
    for (const room of this.#crowds.keys()) if (room.over) this.#crowds.delete(room);
  }

  async #tellOf(crowd: Crowd, users: readonly string[]): Promise<boolean> {
    const { directory, now } = this.#options;
    const { due, seats, lease } = crowd;
    for (const user of users) due.delete(user);
    const here = users.filter((user) => seats.has(user));
    const gone = users.filter((user) => !seats.has(user));
    const atMs = now();
    try {
      await Promise.all([
        here.length > 0 && directory.arrive(lease, here),
        gone.length > 0 && directory.depart(lease, gone),
      ]);
    } catch {
      // That the directory does not answer is told by the leases.
      for (const user of users) due.add(user);
      return false;
    }
    for (const user of here) {
      crowd.told.delete(user);
      if (seats.has(user)) crowd.told.set(user, atMs);
    }
    return true;
  }
}
