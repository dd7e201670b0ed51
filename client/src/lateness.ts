// How late messages come, as a histogram that forgets: the level within which a given share of them
// came, and the least. Used by shown-time for STATEs and by input-time for inputs. A quantile and
// not a mean, because TCP's stalls are few and long: one would spoil a deviation for seconds.

/** A second of reach in steps of 4 ms, about the grain of timers and of a clock's sample. */
const BINS = 256;
const BIN_MS = 4;
/** The least is of so many messages, or twice as many: a longer path is known after seconds. */
const LEAST_OF = 100;

export class Lateness {
  readonly #bins = new Float64Array(BINS);
  #weight = 0;
  #leastMs = Infinity;
  /** Of the LEAST_OF messages before. */
  #leastBeforeMs = Infinity;
  #count = 0;

  get isEmpty(): boolean {
    return this.#weight === 0;
  }

  /**
   * Notes a message that was `ms` late, and leaves `keep` (0..1) of all that was noted before. One
   * that is later than the least by more than `reachMs` is noted for that alone.
   */
  add(ms: number, keep: number, reachMs = Infinity): void {
    if (++this.#count % LEAST_OF === 0) {
      this.#leastBeforeMs = this.#leastMs;
      this.#leastMs = Infinity;
    }
    this.#leastMs = Math.min(this.#leastMs, ms);
    if (ms > this.leastMs() + reachMs) return;
    for (let i = 0; i < BINS; i++) this.#bins[i] *= keep;
    this.#weight = this.#weight * keep + 1;
    const bin = Math.floor(ms / BIN_MS);
    this.#bins[Math.min(Math.max(bin, 0), BINS - 1)]++;
  }

  /**
   * Ms within which `share` (0..1) of the messages came; the upper edge of a bin. The late ones are
   * counted as a part of `atLeast` messages, so that one stall soon after the start is no rule, but
   * never as more than half of those there are.
   */
  within(share: number, atLeast = 0): number {
    let beyond = (1 - share) * Math.max(this.#weight, atLeast);
    beyond = Math.min(beyond, this.#weight / 2);
    let bin = BINS - 1;
    while (bin > 0 && (beyond -= this.#bins[bin]) >= 0) bin--;
    return (bin + 1) * BIN_MS;
  }

  /** Ms of the least late of late; 0 before the first. */
  leastMs(): number {
    const least = Math.min(this.#leastMs, this.#leastBeforeMs);
    return least === Infinity ? 0 : least;
  }

  clear(): void {
    this.#bins.fill(0);
    this.#weight = 0;
    this.#leastMs = this.#leastBeforeMs = Infinity;
  }
}
