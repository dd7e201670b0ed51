// Tickets and promised places, where somebody comes for them: what a ticket says, if it may be
// good, and the place, which the directory gives once. Asked by seating.ts. Trap: a ticket of
// another shard's promise is known by its signature alone until the directory is asked.
import type { Directory } from './directory.ts';
import { onItsWay, ticketSpent } from './joining.ts';
import type { Placement } from './placement.ts';
import type { GameRoom } from './room.ts';
import type { Shard } from './shard.ts';
import type { Ticket, Tickets } from './tickets.ts';

export interface RedemptionOptions {
  shard: Shard;
  directory: Directory;
  placement: Placement;
  tickets: Tickets;
  /** There are no other shards. */
  isAlone: boolean;
}

export class Redemption {
  readonly #options: RedemptionOptions;

  constructor(options: RedemptionOptions) {
    this.#options = options;
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
  async take(room: GameRoom, seat: string): Promise<Uint8Array> {
    const { shard, directory, placement } = this.#options;
    const asked = directory.redeem(shard.leaseOf(room), seat);
    const redeemed = await placement.orFree(room, seat, asked);
    if (redeemed === false) throw onItsWay();
    if (redeemed === 'spent') throw ticketSpent();
    return redeemed;
  }
}
