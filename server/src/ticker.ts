// Waits for the next tick of a room: the edge where time comes in. Schedule says when; this only
// waits. A timer fires up to a millisecond or so late, never more often than asked: no polling, so
// that a process of a hundred rooms idles when they do. The lateness does not add up (Schedule is
// absolute) and clients are told of it in every STATE.
import type { Tally } from './tally.ts';

/** What the ticker drives. */
export interface Ticked {
  readonly dueMs: number;
  readonly over: boolean;
  run(nowMs: number): number;
}

/**
 * Runs the room at its rate until it is over; returns a function that stops it. `tally` is told of
 * each go.
 */
export function startTicker(room: Ticked, now: () => number, tally: Tally): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    const startMs = now();
    const lateMs = startMs - room.dueMs;
    if (lateMs >= 0) {
      const ticks = room.run(startMs);
      tally.ticked(lateMs, now() - startMs, ticks);
    }
    if (!room.over) timer = setTimeout(wait, Math.max(room.dueMs - now(), 0));
  };
  wait();
  return () => clearTimeout(timer);
}
