// The slots of one seat's known set that are in use, ascending, with the entity in each. Used by
// Received alone. Holds nothing of slots that are free: a limit of 65,536 takes a few bytes to say,
// and must not take memory, or a walk over them in every STATE.
import { badState } from './errors.ts';

export class ReceivedSlots {
  /** One more than the highest slot that may be in use. */
  #limit = 0;
  /** Slots in use: `slot`, `kind` and `row` up to here. */
  count = 0;
  readonly slot: number[] = [];
  /** Kind and row of the entity in the slot. */
  readonly kind: number[] = [];
  readonly row: number[] = [];
  /** The same of slots that were taken since the last `settle`, ascending. */
  readonly #taken: { slot: number; kind: number; row: number }[] = [];

  get limit(): number {
    return this.#limit;
  }

  /** A limit that was told. */
  growTo(limit: number): void {
    if (limit < this.#limit) badState('a known set that shrinks');
    this.#limit = limit;
  }

  clear(): void {
    this.#limit = 0;
    this.#cut(0);
    this.#taken.length = 0;
  }

  /** Frees slots: of each one in use, ascending, `frees` says whether. */
  free(frees: (at: number) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.count; at++) {
      if (frees(at)) continue;
      if (kept < at) this.#put(kept, this.slot[at], this.kind[at], this.row[at]);
      kept++;
    }
    this.#cut(kept);
  }

  /** A free slot above those taken since the last `settle`. In use from the next one on. */
  take(slot: number, kind: number, row: number): void {
    this.#taken.push({ slot, kind, row });
  }

  /** What was taken is in use. */
  settle(): void {
    let from = this.count - 1;
    this.count += this.#taken.length;
    // From the end down: each slot moves up by as many as were taken below it.
    for (let to = this.count - 1; this.#taken.length > 0; to--) {
      const taken = this.#taken[this.#taken.length - 1];
      if (from >= 0 && this.slot[from] > taken.slot) {
        this.#put(to, this.slot[from], this.kind[from], this.row[from]);
        from--;
      } else {
        this.#put(to, taken.slot, taken.kind, taken.row);
        this.#taken.pop();
      }
    }
  }

  #put(at: number, slot: number, kind: number, row: number): void {
    this.slot[at] = slot;
    this.kind[at] = kind;
    this.row[at] = row;
  }

  #cut(count: number): void {
    this.count = this.slot.length = this.kind.length = this.row.length = count;
  }
}
