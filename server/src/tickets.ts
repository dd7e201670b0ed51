// Promised seats: each ticket keeps one in its room until it is used or its time is over. Asked by
// the shard whenever it looks for a free seat, so that counting is no walk over all tickets.
import { Keys, type MakeSecret } from './keys.ts';

/** A promised seat. */
export interface Ticket {
  readonly roomId: string;
  readonly auth: unknown;
  readonly untilMs: number;
}

export class Tickets {
  readonly #keys: Keys<Ticket>;
  readonly #lifeMs: number;
  /** Tickets by room; a room without any has no entry. */
  readonly #reserved = new Map<string, number>();

  /** `lifeMs`: how long a ticket is good for. */
  constructor(makeSecret: MakeSecret, lifeMs: number) {
    this.#keys = new Keys(makeSecret);
    this.#lifeMs = lifeMs;
  }

  issue(roomId: string, auth: unknown, nowMs: number): string {
    this.#reserved.set(roomId, (this.#reserved.get(roomId) ?? 0) + 1);
    return this.#keys.issue({ roomId, auth, untilMs: nowMs + this.#lifeMs });
  }

  /** What the secret promises, once. */
  redeem(secret: string, nowMs: number): Ticket | undefined {
    this.expire(nowMs);
    const ticket = this.#keys.redeem(secret);
    if (ticket) this.#release(ticket.roomId);
    return ticket;
  }

  /** Seats of a room that are promised at `nowMs`. */
  reserved(roomId: string, nowMs: number): number {
    this.expire(nowMs);
    return this.#reserved.get(roomId) ?? 0;
  }

  /** All live equally long, so the oldest come first. */
  expire(nowMs: number): void {
    for (const ticket of this.#keys.values()) {
      if (ticket.untilMs >= nowMs) return;
      this.#keys.drop(ticket);
      this.#release(ticket.roomId);
    }
  }

  #release(roomId: string): void {
    const left = this.#reserved.get(roomId)! - 1;
    if (left > 0) this.#reserved.set(roomId, left);
    else this.#reserved.delete(roomId);
  }
}
