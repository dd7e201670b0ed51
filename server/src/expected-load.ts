// How busy a shard is about to be: what was measured last, and a share of it for each room that was
// opened since. Kept by cluster.ts, which tells the others. Trap: what is measured is a mean of two
// seconds; by that alone all rooms of a rush would go to whoever was idle before it.

/** Of a room that nothing is known of yet, 0..1: what a few players cost. */
const LEAST_ROOM = 0.005;

export class ExpectedLoad {
  readonly #meter: () => number;
  #measured = 0;
  #rooms = 0;

  /** `meter`: 0..1, since it was last asked. */
  constructor(meter: () => number) {
    this.#meter = meter;
  }

  /** Measures anew, with so many rooms; what was measured without one is not theirs. */
  measure(rooms: number): void {
    const measured = Math.min(Math.max(this.#meter(), 0), 1);
    this.#measured = rooms > 0 ? measured : 0;
    this.#rooms = rooms;
  }

  /** With so many rooms: 1 is full, and more than it holds is more. */
  with(rooms: number): number {
    const mean = Math.max(this.#measured / Math.max(this.#rooms, 1), LEAST_ROOM);
    const opened = Math.max(rooms - this.#rooms, 0);
    return this.#measured + opened * mean;
  }
}
