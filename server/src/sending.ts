// Tells the seats of a room their STATE: who is in step at once, the others when it is their turn;
// and says when within the tick each left. Called by room.ts at the end of each tick that sends;
// what a STATE says is replication.ts'. HOT: allocates nothing per tick.
import type { Digests } from './digest.ts';
import type { Replication, SendTime } from './replication.ts';
import type { RoomSeats } from './room-seats.ts';
import type { Schedule } from './schedule.ts';
import type { RoomSeat } from './seat.ts';
import { Turns } from './turns.ts';

export interface SendingOptions {
  readonly replication: Replication;
  readonly roomSeats: RoomSeats;
  readonly schedule: Schedule;
  readonly digests: Digests | undefined;
  /** Ticks from one STATE to the next. */
  readonly every: number;
  /** STATEs in a second, where each seat has a view of its own; undefined: one body serves all. */
  readonly turnsPerSecond: number | undefined;
  /** Monotonic ms. */
  readonly now: () => number;
}

export class Sending {
  readonly #options: SendingOptions;
  readonly #time: SendTime = { tick: 0, sentAt: 0, nowMs: 0 };
  /** Undefined where one body serves all who start. */
  readonly #turns: Turns | undefined;
  readonly #send = (seat: RoomSeat): boolean => this.#sendState(seat);
  readonly #miss = (seat: RoomSeat): void => this.#missState(seat);

  constructor(options: SendingOptions) {
    this.#options = options;
    const { turnsPerSecond } = options;
    if (turnsPerSecond !== undefined) this.#turns = new Turns(turnsPerSecond);
  }

  /** Of the newest STATE; 0 before the first. */
  get tick(): number {
    return this.#time.tick;
  }

  send(tick: number): void {
    const { replication, roomSeats } = this.#options;
    this.#time.tick = tick;
    replication.begin(tick);
    for (const seat of roomSeats.byId.values()) {
      if (!seat.line) continue;
      if (this.#turns && !replication.isInStep(seat)) this.#turns.wait(seat);
      else this.#sendState(seat);
    }
    this.#turns?.take(this.#send, this.#miss);
    replication.end();
  }

  #sendState(seat: RoomSeat): boolean {
    const { replication, schedule, digests, now } = this.#options;
    const time = this.#time;
    time.nowMs = now();
    const late = (time.nowMs - schedule.dueMs(time.tick)) / schedule.tickMs;
    time.sentAt = Math.min(Math.max(late, 0), 1);
    const sent = replication.send(seat, time);
    if (sent) digests?.sent(seat, time.tick);
    else this.#missState(seat);
    return sent;
  }

  #missState(seat: RoomSeat): void {
    const { tick } = this.#time;
    seat.told.missed(tick - this.#options.every + 1, tick);
  }
}
