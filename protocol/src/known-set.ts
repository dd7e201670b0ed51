// The entities a receiver knows, under dense short slots, and how far each was told. One per room
// where everybody sees everything, one per seat where not. A slot is used again only after its
// entity was said to have left, so that a room does not age. Written by the server's visibility;
// read by body-writer. HOT: allocates nothing per tick once its capacity is reached.
import { assert } from './errors.ts';
import { MAX_SLOTS } from './limits.ts';

/** Entities known before the first growth. */
const FIRST_SLOTS = 64;

/**
 * Departures a shared set remembers for seats that skip frames; a seat further behind gets
 * everything.
 */
const LEAVE_LOG = 4096;

export class KnownSet {
  /** One more than the highest slot ever used. */
  limit = 0;
  /** By slot: kind index, or -1 where the slot is empty. */
  kind = new Int16Array(FIRST_SLOTS).fill(-1);
  /** By slot: row in the kind's table. */
  row = new Uint32Array(FIRST_SLOTS);
  /** By slot: the entity's id. */
  id = new Float64Array(FIRST_SLOTS);
  /** By slot: tick the entity was entered at. */
  entered = new Uint32Array(FIRST_SLOTS);
  /**
   * By slot: tick of the newest STATE that carried the entity; 0 for none yet. Used by sets of one
   * seat.
   */
  sentTick = new Uint32Array(FIRST_SLOTS);
  /** By slot: the round of the last visibility check that found it. */
  seen = new Uint32Array(FIRST_SLOTS);
  /** Slots whose entities left and that the receiver was not told of yet, in order of leaving. */
  readonly leaving: number[] = [];
  /** Entities known, without those leaving. */
  count = 0;
  readonly #slotOf = new Map<number, number>();
  readonly #free: number[] = [];
  // The leave log of a shared set: a ring of (tick it left, slot, tick it was entered).
  readonly #logTick = new Uint32Array(LEAVE_LOG);
  readonly #logSlot = new Uint32Array(LEAVE_LOG);
  readonly #logEntered = new Uint32Array(LEAVE_LOG);
  #logged = 0;

  /** Slot of an entity, or -1. */
  slotOf(id: number): number {
    return this.#slotOf.get(id) ?? -1;
  }

  enter(kind: number, row: number, id: number, tick: number): number {
    assert(!this.#slotOf.has(id), 'an entity enters a known set once');
    const slot = this.#free.pop() ?? this.limit;
    if (slot === this.limit) this.#extend();
    this.kind[slot] = kind;
    this.row[slot] = row;
    this.id[slot] = id;
    this.entered[slot] = tick;
    this.sentTick[slot] = 0;
    this.#slotOf.set(id, slot);
    this.count++;
    return slot;
  }

  leave(slot: number, tick: number): void {
    assert(this.kind[slot] >= 0, 'only a known entity leaves');
    this.#slotOf.delete(this.id[slot]);
    const at = this.#logged++ % LEAVE_LOG;
    this.#logTick[at] = tick;
    this.#logSlot[at] = slot;
    this.#logEntered[at] = this.entered[slot];
    this.kind[slot] = -1;
    this.count--;
    // Never told of: nothing to take back.
    if (this.sentTick[slot] === 0 && this.entered[slot] === tick) this.#free.push(slot);
    else this.leaving.push(slot);
  }

  /** The receivers were told who left: those slots may be used again. */
  told(): void {
    for (const slot of this.leaving) this.#free.push(slot);
    this.leaving.length = 0;
  }

  /** True if every departure after `tick` is still in the log. */
  remembers(tick: number): boolean {
    return this.#logged <= LEAVE_LOG || this.#logTick[this.#logged % LEAVE_LOG] <= tick;
  }

  /**
   * Slots known at `since` whose entities have left since, ascending, into `out`. Shared sets only.
   */
  leftSince(since: number, out: number[]): void {
    assert(this.remembers(since), 'the leave log reaches back far enough');
    out.length = 0;
    for (let i = this.#logged - 1; i >= 0 && i >= this.#logged - LEAVE_LOG; i--) {
      const at = i % LEAVE_LOG;
      if (this.#logTick[at] <= since) break;
      if (this.#logEntered[at] <= since) out.push(this.#logSlot[at]);
    }
    out.sort(ascending);
  }

  /** Forgets everything: the receiver starts over. */
  clear(): void {
    this.kind.fill(-1);
    this.#slotOf.clear();
    this.#free.length = 0;
    this.leaving.length = 0;
    this.limit = 0;
    this.count = 0;
  }

  #extend(): void {
    assert(this.limit < MAX_SLOTS, `at most ${MAX_SLOTS} entities in one known set`);
    if (++this.limit <= this.kind.length) return;
    const size = this.kind.length * 2;
    const kind = new Int16Array(size).fill(-1);
    kind.set(this.kind);
    this.kind = kind;
    this.row = grown(this.row, size);
    this.entered = grown(this.entered, size);
    this.sentTick = grown(this.sentTick, size);
    this.seen = grown(this.seen, size);
    const id = new Float64Array(size);
    id.set(this.id);
    this.id = id;
  }
}

function grown(from: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(size);
  to.set(from);
  return to;
}

export function ascending(a: number, b: number): number {
  return a - b;
}
