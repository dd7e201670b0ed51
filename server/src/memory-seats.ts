// The seats of one room as the directory in memory knows them: promised, redeemed, taken. Kept by
// memory-directory.ts, which knows who may ask. Trap: who is promised a seat, and has redeemed it,
// is remembered until the promise would have ended, for its room's owner may not have heard.
import type { SeatPromise } from './directory.ts';

interface Promised {
  readonly identity: Uint8Array;
  readonly untilMs: number;
}

export class MemorySeats {
  readonly #seats: number;
  readonly #promised = new Map<string, Promised>();
  readonly #redeemed = new Map<string, Promised>();
  readonly #taken = new Set<string>();

  constructor(seats: number) {
    this.#seats = seats;
  }

  /** Taken or promised. */
  count(nowMs: number): number {
    expire(this.#promised, nowMs);
    expire(this.#redeemed, nowMs);
    return this.#promised.size + this.#taken.size;
  }

  /** All or none. */
  reserve(seats: readonly SeatPromise[], nowMs: number, lifeMs: number): 'reserved' | 'full' {
    const count = this.count(nowMs);
    const wanted = seats.filter(({ seat }) => !this.#promised.has(seat)).length;
    if (count + wanted > this.#seats) return 'full';
    for (const { seat, identity } of seats) {
      this.#promised.delete(seat);
      this.#redeemed.delete(seat);
      this.#promised.set(seat, { identity, untilMs: nowMs + lifeMs });
    }
    return 'reserved';
  }

  redeem(seat: string, nowMs: number, again: boolean): Uint8Array | 'spent' {
    this.count(nowMs);
    const promise = this.#promised.get(seat);
    if (!promise) return (again && this.#redeemed.get(seat)?.identity) || 'spent';
    this.#promised.delete(seat);
    this.#redeemed.set(seat, promise);
    this.#taken.add(seat);
    return promise.identity;
  }

  take(seat: string, nowMs: number): 'taken' | 'full' {
    if (this.count(nowMs) >= this.#seats && !this.#taken.has(seat)) return 'full';
    this.#taken.add(seat);
    return 'taken';
  }

  leave(seats: readonly string[]): void {
    for (const seat of seats) {
      this.#taken.delete(seat);
      this.#redeemed.delete(seat);
    }
  }

  /** These are taken, and no others. `isBegun`: it was their owner who redeemed them. */
  occupy(seats: readonly string[], isBegun: boolean): void {
    const known = new Set(isBegun ? seats : []);
    this.leave([...this.#taken].filter((seat) => !known.has(seat)));
    for (const seat of seats) this.#taken.add(seat);
  }
}

/** A shard's promises live equally long, so the oldest come first; those of others wait a bit. */
function expire(promises: Map<string, Promised>, nowMs: number): void {
  for (const [seat, { untilMs }] of promises) {
    if (untilMs > nowMs) return;
    promises.delete(seat);
  }
}
