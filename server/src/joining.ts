// What asking for a seat comes to: a seat with the key to come back to it, or a refusal that the
// client is told. Made by the shard, handed on by connections and the HTTP routes, which say the
// refusal each in its own way.
import type { CloseCode, Continuity } from '@tickwire/protocol';
import type { GameRoom } from './room.ts';
import type { RoomSeat } from './seat.ts';

/** A join that was turned down, and how the client is told. */
export class JoinRefused extends Error {
  readonly closeCode: CloseCode;
  /** What it is counted as. */
  readonly counter: string;
  constructor(closeCode: CloseCode, message: string, counter = `join-${closeCode}`) {
    super(message);
    this.closeCode = closeCode;
    this.counter = counter;
  }
}

export interface Joined {
  room: GameRoom;
  seat: RoomSeat;
  resumeKey: string;
  /** What goes on, where a seat was resumed. */
  continuity: Continuity | undefined;
  /** To be called once the client is known to have the resume key. */
  confirm: (() => void) | undefined;
}
