// What a reading costs: microseconds and bytes of memory, of each frame, and the frames that cost
// most. A dear one is read again before it counts, for a pause of the collector or of the machine
// is no cost of the frame. Trap: while the collector runs memory shrinks, and says nothing.
import { getHeapStatistics } from 'node:v8';

/** Frames kept because they cost most, to be read once more when the code is hot. */
const KEPT = 24;
/** Times that a dear frame is read again; the least of them counts. */
const AGAIN = 5;
/** A reading that is no shorter than this share of the one before costs the same. */
const SAME = 0.8;
/** Microseconds per KB from which a reading is dear: less than half of what is aimed at, 50. */
const DEAR_US_PER_KB = 20;
/** By quarters of a power of two from 1/4 us: a figure that is at most a fifth too large. */
const BUCKETS = 80;
const PER_DOUBLING = 4;
const FIRST_POWER = -2;

export interface Reader {
  /** To be awaited before each read. */
  ready(): Promise<void>;
  read(frame: Uint8Array): void;
}

export interface Reading {
  /** Of the frame in its run: with the run's seed it can be made again. */
  readonly number: number;
  readonly frame: Uint8Array;
  us: number;
  /** Bytes of memory. */
  memory: number;
}

export class Cost {
  readonly #reader: Reader;
  readonly #spread = new Float64Array(BUCKETS);
  #readings = 0;
  /** Dearest first. */
  #slowest: Reading[] = [];
  #largest: Reading[] = [];

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Has the frame read; what that throws goes on. */
  async measure(number: number, frame: Uint8Array): Promise<void> {
    await this.#reader.ready();
    const reading: Reading = { number, frame, us: Infinity, memory: Infinity };
    this.#read(reading);
    const isLarge = !this.#largest[0] || memoryPerKb(reading) > memoryPerKb(this.#largest[0]);
    if (usPerKb(reading) > DEAR_US_PER_KB || isLarge) await this.#again(reading);
    this.#spread[bucketOf(usPerKb(reading))]++;
    this.#readings++;
    this.#slowest = kept(this.#slowest, reading, usPerKb);
    this.#largest = kept(this.#largest, reading, memoryPerKb);
  }

  /** Reads the dearest once more: the first of a run were read by code that was still cold. */
  async settle(): Promise<void> {
    for (const reading of [...this.#slowest, ...this.#largest])
      for (let i = 0; i < AGAIN; i++) await this.#again(reading);
    this.#slowest.sort((a, b) => usPerKb(b) - usPerKb(a));
    this.#largest.sort((a, b) => memoryPerKb(b) - memoryPerKb(a));
  }

  get slowest(): Reading {
    return this.#slowest[0];
  }

  get largest(): Reading {
    return this.#largest[0];
  }

  /** Microseconds per KB that a share of all readings stayed within. */
  usPerKb(share: number): number {
    let left = this.#readings * share;
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.#spread[i];
      if (left <= 0) return 2 ** (i / PER_DOUBLING + FIRST_POWER);
    }
    return Infinity;
  }

  async #again(reading: Reading): Promise<void> {
    for (let i = 0; i < AGAIN; i++) {
      const before = reading.us;
      await this.#reader.ready();
      this.#read(reading);
      // A cost that stays is the frame's own.
      if (reading.us > before * SAME) return;
    }
  }

  #read(reading: Reading): void {
    const before = heldBytes();
    const startMs = performance.now();
    this.#reader.read(reading.frame);
    const us = (performance.now() - startMs) * 1000;
    const memory = heldBytes() - before;
    reading.us = Math.min(reading.us, us);
    reading.memory = Math.min(reading.memory, Math.max(memory, 0));
  }
}

/** A frame below a KB counts as one: reading any costs a call, and nobody pays by the byte. */
export function usPerKb({ us, frame }: Reading): number {
  return us / Math.max(frame.length / 1024, 1);
}

/** Bytes of memory for each KB of the frame, as with time. */
export function memoryPerKb({ memory, frame }: Reading): number {
  return memory / Math.max(frame.length / 1024, 1);
}

function bucketOf(us: number): number {
  const at = Math.ceil((Math.log2(us) - FIRST_POWER) * PER_DOUBLING);
  return Math.min(Math.max(at, 0), BUCKETS - 1);
}

function heldBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/** The dearest of `list` and one more. */
function kept(list: Reading[], reading: Reading, by: (reading: Reading) => number): Reading[] {
  if (list.length === KEPT && by(reading) <= by(list[KEPT - 1])) return list;
  const own = { ...reading, frame: reading.frame.slice() };
  return [...list, own].sort((a, b) => by(b) - by(a)).slice(0, KEPT);
}
