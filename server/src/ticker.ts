// Waits for the next tick of a room: the edge where time comes in. A timer sleeps to within a millisecond or two of the due time, then
// the event loop is polled, for timers fire up to a millisecond late. Schedule says when; this only waits.

/** What the ticker drives. */
export interface Ticked {
  readonly dueMs: number;
  readonly over: boolean;
  run(nowMs: number): number;
}

/** Ms before the due time at which sleeping ends and polling begins: a timer's own lateness. */
const POLL_MS = 1.5;

/** Runs the room at its rate until it is over; returns a function that stops it. */
export function startTicker(room: Ticked, now: () => number): () => void {
  let timer: NodeJS.Timeout | undefined;
  let poll: NodeJS.Immediate | undefined;
  let stopped = false;
  const wait = (): void => {
    if (stopped || room.over) return;
    const restMs = room.dueMs - now();
    if (restMs > POLL_MS) timer = setTimeout(wait, restMs - POLL_MS);
    else if (restMs > 0) poll = setImmediate(wait);
    else {
      room.run(now());
      poll = setImmediate(wait);
    }
  };
  wait();
  return () => {
    stopped = true;
    clearTimeout(timer);
    clearImmediate(poll);
  };
}
