// Waits for the next tick of each room: the edge where time comes in. Schedule says when; this only
// waits. A timer fires up to a millisecond or so late, never more often than asked: no polling, so
// that a process of a hundred rooms idles when they do. The lateness does not add up (Schedule is
// absolute) and clients are told of it in every STATE. Trap: the event loop looks at its timers
// only when all that had arrived is handled, so serve() has edge.ts call `keepTime` before each
// piece of it.
import type { Tally } from './tally.ts';

/** What the ticker drives. */
export interface Ticked {
  readonly dueMs: number;
  readonly over: boolean;
  run(nowMs: number): number;
}

/** Ms from one look at all rooms to the next: what a thousand of them cost stays small. */
const LOOK_MS = 0.5;
/**
 * What has arrived gets this much of the time that the ticks before it took. Ticks that are always
 * late would let one message in between them, and the event loop would never come round.
 */
const ARRIVED_SHARE = 0.5;

export class Ticker {
  readonly #now: () => number;
  readonly #tally: Tally;
  readonly #rooms = new Set<Ticked>();
  /** No room is due before. */
  #nextMs = Number.POSITIVE_INFINITY;
  #running = false;

  /** `tally` is told of each go. */
  constructor(now: () => number, tally: Tally) {
    this.#now = now;
    this.#tally = tally;
  }

  /** Runs the room at its rate until it is over; returns a function that stops it. */
  start(room: Ticked): () => void {
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      this.#runIfDue(room, this.#now());
      this.#nextMs = Math.min(this.#nextMs, room.dueMs);
      if (!room.over) timer = setTimeout(wait, Math.max(room.dueMs - this.#now(), 0));
    };
    this.#rooms.add(room);
    wait();
    return () => {
      this.#rooms.delete(room);
      clearTimeout(timer);
    };
  }

  /**
   * Runs the ticks that are due now, before what has arrived is handled: a burst of connections or
   * messages delays a tick by one of them, and not by all. HOT: called for each message. Only where
   * no room and no seat is in the middle of something. Answers the time after that, ms.
   */
  keepTime(): number {
    const nowMs = this.#now();
    if (nowMs < this.#nextMs || this.#running) return nowMs;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const room of this.#rooms) {
      this.#runIfDue(room, nowMs);
      if (room.dueMs < nextMs) nextMs = room.dueMs;
    }
    const doneMs = this.#now();
    this.#nextMs = Math.max(nextMs, doneMs + Math.max((doneMs - nowMs) * ARRIVED_SHARE, LOOK_MS));
    return doneMs;
  }

  #runIfDue(room: Ticked, nowMs: number): void {
    const lateMs = nowMs - room.dueMs;
    if (lateMs < 0 || room.over || this.#running) return;
    this.#running = true;
    try {
      const ticks = room.run(nowMs);
      this.#tally.ticked(lateMs, this.#now() - nowMs, ticks);
    } finally {
      this.#running = false;
    }
  }
}
