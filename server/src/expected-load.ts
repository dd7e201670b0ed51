// How busy a shard is about to be: its rooms, by what a room was seen to cost. Kept by cluster.ts,
// which tells the others. Trap: what is measured is a mean of two seconds, and noisy; by that alone
// all rooms of a rush would go to whoever was idle before it.

/**
 * Of a room that nothing was measured of yet, 0..1: sixteen players at 20 Hz (`bench -- shards`).
 */
const FIRST_ROOM = 0.01;
/** Of a new measurement: four of them, eight seconds, outlive the compiler and a pause. */
const GAIN = 1 / 4;

export class ExpectedLoad {
  readonly #meter: () => number;
  /** Of a room, 0..1. */
  #mean = FIRST_ROOM;

  /** `meter`: 0..1, since it was last asked. */
  constructor(meter: () => number) {
    this.#meter = meter;
  }

  /** Measures anew, with so many rooms; what was done without one says nothing of them. */
  measure(rooms: number): void {
    const measured = Math.min(Math.max(this.#meter(), 0), 1);
    if (rooms > 0) this.#mean += GAIN * (measured / rooms - this.#mean);
  }

  /** With so many rooms: 1 is full, and more than it holds is more. */
  with(rooms: number): number {
    return this.#mean * rooms;
  }
}
