// Slots of a known set in order of priority, without a sort: chained into buckets a fraction of an
// octave wide, taken from the highest down. Filled and emptied for one seat at a time, by budget.ts
// and arrivals.ts. Trap: order within a bucket means nothing. HOT: allocates nothing per tick.

/** At most an eighth from one to the next: what comes first is nearest for all that one can see. */
const BUCKETS_PER_OCTAVE = 8;
/** 32 octaves, around a priority of 1: more than any room needs. */
const BUCKETS = 32 * BUCKETS_PER_OCTAVE;

/** A float32 and its bits: its exponent and the first of its fraction are a bucket. */
const number = new Float32Array(1);
const bits = new Uint32Array(number.buffer);
/** 23 bits of fraction, of which log2(BUCKETS_PER_OCTAVE) are kept; 1 has the exponent 127. */
const DROPPED_BITS = 23 - Math.log2(BUCKETS_PER_OCTAVE);
const LOWEST = 127 * BUCKETS_PER_OCTAVE - BUCKETS / 2;

export class PriorityBuckets {
  /** The first slot of each bucket, or -1. */
  readonly #first = new Int32Array(BUCKETS);
  /** By slot: the next one of its bucket, or -1. */
  #next = new Int32Array(64);
  /** No bucket above it holds any. */
  #top = 0;

  /** Empty, for slots below `capacity`. */
  clear(capacity: number): void {
    if (this.#next.length < capacity) this.#next = new Int32Array(capacity);
    this.#first.fill(-1);
    this.#top = 0;
  }

  /** Each slot once; a priority is above 0. */
  add(slot: number, priority: number): void {
    const bucket = bucketOf(priority);
    this.#next[slot] = this.#first[bucket];
    this.#first[bucket] = slot;
    if (bucket > this.#top) this.#top = bucket;
  }

  /** A slot of the highest priority, taken out; -1 when there is none. */
  take(): number {
    const first = this.#first;
    while (this.#top > 0 && first[this.#top] < 0) this.#top--;
    const slot = first[this.#top];
    if (slot >= 0) first[this.#top] = this.#next[slot];
    return slot;
  }
}

function bucketOf(priority: number): number {
  number[0] = priority;
  return Math.min(Math.max((bits[0] >>> DROPPED_BITS) - LOWEST, 0), BUCKETS - 1);
}
