// Where users are, for the directory in memory: which rooms' owners say that a user has a seat
// there. Part of memory-directory.ts, which knows the rooms; redis-presence.ts is the same on
// Redis.
import { type Lease, PRESENCE_MS, type Presence, type RoomEntry } from './directory.ts';

interface Row {
  readonly epoch: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export class MemoryPresence {
  /** By user and room. */
  readonly #rows = new Map<string, Map<string, Row>>();
  /** By room, so that what is said of one goes with it. */
  readonly #users = new Map<string, Set<string>>();

  arrive({ id, epoch }: Lease, users: readonly string[], nowMs: number): void {
    for (const user of users) {
      const rows = this.#rows.get(user) ?? new Map<string, Row>();
      const old = rows.get(id);
      if (old && old.epoch > epoch) continue;
      const sinceMs = old && old.untilMs > nowMs ? old.sinceMs : Math.floor(nowMs);
      rows.set(id, { epoch, sinceMs, untilMs: nowMs + PRESENCE_MS });
      this.#rows.set(user, rows);
      const there = this.#users.get(id) ?? new Set();
      this.#users.set(id, there.add(user));
    }
  }

  depart({ id, epoch }: Lease, users: readonly string[]): void {
    for (const user of users) {
      const old = this.#rows.get(user)?.get(id);
      if (old && old.epoch <= epoch) this.#forget(id, user);
    }
  }

  of(
    user: string,
    nowMs: number,
    roomOf: (id: string) => RoomEntry | undefined,
  ): readonly Presence[] {
    const told: Presence[] = [];
    for (const [id, { epoch, sinceMs, untilMs }] of this.#rows.get(user) ?? []) {
      const room = untilMs > nowMs ? roomOf(id) : undefined;
      if (room && room.epoch === epoch && !room.orphan)
        told.push({ room: id, kind: room.kind, sinceMs });
    }
    return told.sort(inOrder);
  }

  /** The room is over. */
  forgetRoom(id: string): void {
    for (const user of this.#users.get(id) ?? []) this.#forget(id, user);
  }

  #forget(id: string, user: string): void {
    const rows = this.#rows.get(user);
    rows?.delete(id);
    if (rows?.size === 0) this.#rows.delete(user);
    const there = this.#users.get(id);
    there?.delete(user);
    if (there?.size === 0) this.#users.delete(id);
  }
}

/** First arrived first. */
export function inOrder(a: Presence, b: Presence): number {
  return a.sinceMs - b.sinceMs || (a.room < b.room ? -1 : 1);
}
