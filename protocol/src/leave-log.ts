// Who left a known set that many receivers share, for those that skip frames and are told later.
// Kept by known-set, where there is more than one receiver. HOT: allocates nothing per tick.
import { assert } from './errors.ts';
import type { SlotList } from './slot-list.ts';

/** Departures remembered where nobody says; a seat further behind gets everything. */
export const LEAVE_LOG = 4096;

export class LeaveLog {
  // A ring of (tick it left, slot, tick it was entered).
  readonly #tick: Uint32Array;
  readonly #slot: Uint32Array;
  readonly #entered: Uint32Array;
  readonly #size: number;
  #count = 0;

  /** `size`: departures remembered. */
  constructor(size: number) {
    this.#size = size;
    this.#tick = new Uint32Array(size);
    this.#slot = new Uint32Array(size);
    this.#entered = new Uint32Array(size);
  }

  add(tick: number, slot: number, entered: number): void {
    const at = this.#count++ % this.#size;
    this.#tick[at] = tick;
    this.#slot[at] = slot;
    this.#entered[at] = entered;
  }

  /** True if every departure after `tick` is still here. */
  remembers(tick: number): boolean {
    return this.#count <= this.#size || this.#tick[this.#count % this.#size] <= tick;
  }

  /** Slots known at `since` whose entities have left since, ascending, into `out`. */
  leftSince(since: number, out: SlotList): void {
    assert(this.remembers(since), 'the leave log reaches back far enough');
    out.clear();
    for (let i = this.#count - 1; i >= 0 && i >= this.#count - this.#size; i--) {
      const at = i % this.#size;
      if (this.#tick[at] <= since) break;
      if (this.#entered[at] <= since) out.push(this.#slot[at]);
    }
    out.sort();
  }
}
