// Tickets and promised places, where somebody comes for them: what a ticket says, if it may be
// good, and the place, which the directory gives once. Asked by seating.ts, swept by it a few times
// a second. Trap: a directory that is late may have given the place, so it is asked again for the
// same player, and nobody else may be while that is open.
import { CloseCode } from '@tickwire/protocol';
import { type Directory, DirectoryError } from './directory.ts';
import { JoinRefused, onItsWay, ticketSpent, unasked, underDirectory } from './joining.ts';
import type { Placement } from './placement.ts';
import type { GameRoom } from './room.ts';
import type { Joiner } from './seat.ts';
import type { Shard } from './shard.ts';
import type { Ticket, Tickets } from './tickets.ts';

export interface RedemptionOptions {
  shard: Pick<Shard, 'leaseOf' | 'playing'>;
  directory: Pick<Directory, 'redeem'>;
  placement: Pick<Placement, 'asked' | 'free' | 'isFreeing'>;
  tickets: Tickets;
  /** There are no other shards. */
  isAlone: boolean;
  /** Ms that a promise lives, and a ticket for it. */
  lifeMs: number;
  /** Monotonic ms. */
  now: () => number;
}

/** Ms for which a place is asked for: a client gives a server up that says nothing for 8 s. */
const AGAIN_MS = 5_000;

export class Redemption {
  readonly #options: RedemptionOptions;
  /** Places that somebody has, or asks for: until when tickets for them are looked at here. */
  readonly #used = new Map<string, number>();
  /** Who asks again at the next sweep. */
  #again: (() => void)[] = [];

  constructor(options: RedemptionOptions) {
    this.#options = options;
  }

  /** Places that are remembered. */
  get size(): number {
    return this.#used.size;
  }

  /** What a ticket says that may be good: others know what they promised. Throws JoinRefused. */
  read(secret: string): Ticket {
    const { tickets, isAlone } = this.#options;
    const ticket = tickets.read(secret);
    const isGood = ticket && (!isAlone || tickets.holds(ticket.nonce));
    if (!isGood) throw ticketSpent();
    return ticket;
  }

  /** A promised place is taken: who it is for. Rejects with JoinRefused. */
  async take(room: GameRoom, seat: string, line: Pick<Joiner, 'open'>): Promise<Uint8Array> {
    const { shard, placement, lifeMs, now } = this.#options;
    const place = `${room.id} ${seat}`;
    if (this.#used.has(place)) throw ticketSpent();
    // What frees it may come to the directory after this.
    if (placement.isFreeing(room, seat)) throw unasked('directory');
    this.#used.set(place, Number.POSITIVE_INFINITY);
    try {
      const identity = await placement.asked.ask(room, seat, this.#ask(room, seat, line));
      this.#used.set(place, now() + lifeMs);
      return identity;
    } catch (error) {
      this.#used.delete(place);
      // It may be taken for all that is known here; where the room went, its next owner knows.
      const isSpent = error instanceof JoinRefused && error.closeCode === CloseCode.TicketSpent;
      if (!isSpent && shard.playing(room.id) === room) placement.free(room, seat);
      throw error;
    }
  }

  async #ask(room: GameRoom, seat: string, line: Pick<Joiner, 'open'>): Promise<Uint8Array> {
    const { shard, directory, lifeMs, now } = this.#options;
    const untilMs = now() + Math.min(AGAIN_MS, lifeMs);
    for (let again = false; ; again = true) {
      const asked = directory.redeem(shard.leaseOf(room), seat, again);
      const redeemed = await asked.catch((error: unknown) => {
        if (error instanceof DirectoryError && now() < untilMs) return undefined;
        return underDirectory(Promise.reject(error));
      });
      if (redeemed === false) throw onItsWay();
      if (redeemed === 'spent') throw ticketSpent();
      if (redeemed) return redeemed;
      await new Promise<void>((resolve) => void this.#again.push(resolve));
      if (shard.playing(room.id) !== room) throw onItsWay();
      if (!line.open) throw new JoinRefused(CloseCode.Lost, 'the line went before it had a seat');
    }
  }

  /** Who was not answered asks again: called a few times a second. */
  sweep(): void {
    const nowMs = this.#options.now();
    for (const [place, untilMs] of this.#used) if (untilMs < nowMs) this.#used.delete(place);
    const again = this.#again;
    this.#again = [];
    for (const ask of again) ask();
  }
}
