// Who has a seat in a room, and which id the next one gets. Kept by room.ts. Ids go round, so that
// one is used again as late as can be.
import { MAX_SEATS } from '@tickwire/protocol';
import type { RoomSeat } from './seat.ts';

export class RoomSeats {
  /** By id, in the order in which they were taken. */
  readonly byId = new Map<number, RoomSeat>();
  /** Seats taken, without spectators. */
  taken = 0;
  /** Where the search for a free id begins. */
  nextId = 1;

  newId(): number {
    while (this.byId.has(this.nextId)) this.nextId = (this.nextId % MAX_SEATS) + 1;
    const id = this.nextId;
    this.nextId = (this.nextId % MAX_SEATS) + 1;
    return id;
  }

  add(seat: RoomSeat): void {
    this.byId.set(seat.id, seat);
    if (!seat.spectator) this.taken++;
  }

  remove(seat: RoomSeat): void {
    this.byId.delete(seat.id);
    if (!seat.spectator) this.taken--;
  }
}
