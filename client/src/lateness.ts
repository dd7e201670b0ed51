// How late messages come, as a histogram that forgets: the level within which a given share of them
// came, and the least. Used by shown-time for STATEs and by input-time for inputs. A quantile and
// not a mean, because TCP's stalls are few and long: one would spoil a deviation for seconds.

/** A second of reach in steps of 4 ms, about the grain of timers and of a clock's sample. */
const BINS = 256;
const BIN_MS = 4;
/** Less of a message than this is left in its bin: it is forgotten as the least one. */
const LEAST_WEIGHT = 0.5;

export class Lateness {
  readonly #bins = new Float64Array(BINS);
  #weight = 0;

  get isEmpty(): boolean {
    return this.#weight === 0;
  }

  /** Notes a message that was `ms` late, and leaves `keep` (0..1) of all that was noted before. */
  add(ms: number, keep: number): void {
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

  /** Ms of the least late of late; the lower edge of a bin. 0 before the first. */
  leastMs(): number {
    if (this.isEmpty) return 0;
    let bin = 0;
    while (bin < BINS - 1 && this.#bins[bin] < LEAST_WEIGHT) bin++;
    return bin * BIN_MS;
  }

  clear(): void {
    this.#bins.fill(0);
    this.#weight = 0;
  }
}
