// The entities a receiver knows, under dense short slots, and how far each was told. One per room
// where everybody sees everything, one per seat where not. A slot is used again only after its
// entity was said to have left, so that a room does not age. Written by the server's visibility;
// read by body-writer. HOT: allocates nothing per tick once its capacity is reached.
import { longer } from './columns.ts';
import { assert } from './errors.ts';
import { MAX_SLOTS } from './limits.ts';

/** Entities known before the first growth. */
const FIRST_SLOTS = 64;

/**
 * Departures a shared set remembers for seats that skip frames; a seat further behind gets
 * everything.
 */
const LEAVE_LOG = 4096;

/** Places in the index for each slot: at most half are taken, so a search ends within a few. */
const INDEX_FACTOR = 2;

/** Slots that may be used again; the lowest comes first, so that a set stays dense. */
class FreeSlots {
  /** A bit for each slot. */
  #words: Int32Array = new Int32Array(FIRST_SLOTS / 32);
  /** All words before this one are 0. */
  #first = 0;

  add(slot: number): void {
    const word = slot >>> 5;
    if (word >= this.#words.length) this.#words = wider(this.#words, word + 1);
    this.#words[word] |= 1 << (slot & 31);
    if (word < this.#first) this.#first = word;
  }

  /** The lowest, taken out; -1 when there is none. */
  take(): number {
    const words = this.#words;
    while (this.#first < words.length && words[this.#first] === 0) this.#first++;
    if (this.#first === words.length) return -1;
    const word = words[this.#first];
    words[this.#first] = word & (word - 1);
    return this.#first * 32 + 31 - Math.clz32(word & -word);
  }
}

/** Slots beyond which a list is sorted by the engine. */
const LONG_LIST = 64;

/** Slots in a row that keeps its memory: emptying an array would give it back, tick after tick. */
export class SlotList {
  slots = new Uint32Array(16);
  count = 0;

  push(slot: number): void {
    if (this.count === this.slots.length) this.slots = longer(this.slots, this.count * 2);
    this.slots[this.count++] = slot;
  }

  clear(): void {
    this.count = 0;
  }

  remove(slot: number): void {
    const at = this.slots.indexOf(slot);
    if (at < 0 || at >= this.count) return;
    this.slots.copyWithin(at, at + 1, this.count--);
  }

  /** Ascending. Most lists are, or are nearly: a long one that is not may allocate. */
  sort(): void {
    const { slots, count } = this;
    for (let i = 1; i < count; i++) {
      const slot = slots[i];
      if (slots[i - 1] <= slot) continue;
      if (count > LONG_LIST) {
        slots.subarray(0, count).sort();
        return;
      }
      let to = i;
      for (; to > 0 && slots[to - 1] > slot; to--) slots[to] = slots[to - 1];
      slots[to] = slot;
    }
  }
}

export class KnownSet {
  /** One more than the highest slot ever used, and the tick it last grew at. */
  limit = 0;
  grownTick = 0;
  /** One more than the highest slot that holds an entity. */
  high = 0;
  /** By slot: kind index, or -1 where the slot is empty. */
  kind = new Int16Array(FIRST_SLOTS).fill(-1);
  /** By slot: row in the kind's table. */
  row = new Uint32Array(FIRST_SLOTS);
  /** By slot: the entity's id. */
  id = new Float64Array(FIRST_SLOTS);
  /** By slot: tick the entity was entered at; if its arrival waited, the tick after it last did. */
  entered = new Uint32Array(FIRST_SLOTS);
  /**
   * Tick of the newest STATE: it carried all but `late`, the slots that wait or are new. Sets of
   * one seat, in which nearly all are alike: a column for each would be read and written in vain.
   */
  sentTick = 0;
  readonly late = new SlotList();
  /** By late slot: tick of the newest STATE that carried the entity; 0 for none yet. */
  #lateTick = new Uint32Array(FIRST_SLOTS);
  #isLate = new Uint8Array(FIRST_SLOTS);
  /** By slot: 1 where the entity waits for a later STATE: the byte budget is spent. */
  deferred = new Uint8Array(FIRST_SLOTS);
  /**
   * By slot: how it is told, near (0) or far (1), and how it was when it was last told. Sets of
   * one seat.
   */
  tier = new Uint8Array(FIRST_SLOTS);
  /** Some entity was ever far: else nobody need look at tiers. */
  parted = false;
  toldTier = new Uint8Array(FIRST_SLOTS);
  /** Slots that `deferred` marks. */
  deferrals = 0;
  /** By slot: what the entity has gained by waiting. */
  priority = new Float64Array(FIRST_SLOTS);
  /** Slots whose entities left and that the receiver was not told of yet, in order of leaving. */
  readonly leaving = new SlotList();
  /** Entities known, without those leaving; and of them, in a set of one seat, never told of. */
  count = 0;
  untold = 0;
  /** Open addressing with linear probing: one more than the slot of an entity, or 0. */
  #index = new Uint32Array(FIRST_SLOTS * INDEX_FACTOR);
  readonly #free = new FreeSlots();
  /** By kind: a bit for each row of its table. */
  readonly #rows: (Int32Array | undefined)[] = [];
  // The leave log of a shared set: a ring of (tick it left, slot, tick it was entered).
  readonly #logTick: Uint32Array;
  readonly #logSlot: Uint32Array;
  readonly #logEntered: Uint32Array;
  #logged = 0;

  /** No departures can be told later: there is but one receiver. */
  readonly #isOfOne: boolean;

  /** `log`: departures that leftSince can tell of; a set of one seat needs none. */
  constructor(log = LEAVE_LOG) {
    this.#isOfOne = log === 0;
    this.#logTick = new Uint32Array(log);
    this.#logSlot = new Uint32Array(log);
    this.#logEntered = new Uint32Array(log);
  }

  /** True if the entity in a row of a kind's table is known. */
  hasRow(kind: number, row: number): boolean {
    const bits = this.#rows[kind];
    return bits !== undefined && (bits[row >>> 5] & (1 << (row & 31))) !== 0;
  }

  #markRow(kind: number, row: number, known: boolean): void {
    let bits = this.#rows[kind] ?? NO_ROWS;
    if (row >>> 5 >= bits.length) this.#rows[kind] = bits = wider(bits, (row >>> 5) + 1);
    if (known) bits[row >>> 5] |= 1 << (row & 31);
    else bits[row >>> 5] &= ~(1 << (row & 31));
  }

  /** Slot of an entity, or -1. */
  slotOf(id: number): number {
    const mask = this.#index.length - 1;
    for (let at = hash(id) & mask; this.#index[at] !== 0; at = (at + 1) & mask)
      if (this.id[this.#index[at] - 1] === id) return this.#index[at] - 1;
    return -1;
  }

  enter(kind: number, row: number, id: number, tick: number): number {
    assert(this.slotOf(id) < 0, 'an entity enters a known set once');
    const free = this.#free.take();
    const slot = free < 0 ? this.limit : free;
    if (slot === this.limit) this.#extend(tick);
    if (slot >= this.high) this.high = slot + 1;
    this.kind[slot] = kind;
    this.row[slot] = row;
    this.id[slot] = id;
    this.entered[slot] = tick;
    if (this.#isOfOne) {
      this.#delay(slot, 0);
      this.untold++;
    }
    this.priority[slot] = 0;
    this.tier[slot] = 0;
    this.toldTier[slot] = 0;
    this.#resume(slot);
    this.#note(slot);
    this.#markRow(kind, row, true);
    this.count++;
    return slot;
  }

  leave(slot: number, tick: number): void {
    assert(this.kind[slot] >= 0, 'only a known entity leaves');
    this.#unnote(slot);
    const log = this.#logTick.length;
    if (log > 0) {
      const at = this.#logged++ % log;
      this.#logTick[at] = tick;
      this.#logSlot[at] = slot;
      this.#logEntered[at] = this.entered[slot];
    }
    this.#resume(slot);
    this.#markRow(this.kind[slot], this.row[slot], false);
    this.kind[slot] = -1;
    while (this.high > 0 && this.kind[this.high - 1] < 0) this.high--;
    this.count--;
    // Never told of: nothing to take back. A shared set tells everybody at the end of each tick.
    const neverTold = log > 0 ? this.entered[slot] === tick : this.sentAt(slot) === 0;
    if (this.#isOfOne && neverTold) this.untold--;
    if (this.#isLate[slot] !== 0) {
      this.#isLate[slot] = 0;
      this.late.remove(slot);
    }
    if (neverTold) this.#free.add(slot);
    else this.leaving.push(slot);
  }

  /**
   * The slot's entity is not in the next body of its one seat. It must have something new to tell,
   * must not be the seat's own, and must not have been when the seat was told of it last: until it
   * is told that it gave the row away, it reads own parts as the owner (S16).
   */
  defer(slot: number): void {
    if (this.deferred[slot] === 0) this.deferrals++;
    this.deferred[slot] = 1;
  }

  /** The slot's entity is near (0) or far (1) from the next body on. */
  part(slot: number, tier: number): void {
    this.tier[slot] = tier;
    if (tier !== 0) this.parted = true;
  }

  #resume(slot: number): void {
    if (this.deferred[slot] !== 0) this.deferrals--;
    this.deferred[slot] = 0;
  }

  /** Tick of the newest STATE that carried the slot's entity; 0 for none yet. Sets of one seat. */
  sentAt(slot: number): number {
    return this.#isLate[slot] === 0 ? this.sentTick : this.#lateTick[slot];
  }

  /** A body that told all but what is deferred is on its way: up to `tick`. */
  sent(tick: number): void {
    const { late } = this;
    this.untold = 0;
    if (this.parted) this.#tellTiers();
    if (this.deferrals > 0) this.#sentSome(tick);
    else {
      for (let i = 0; i < late.count; i++) this.#isLate[late.slots[i]] = 0;
      late.clear();
    }
    this.sentTick = tick;
    this.told();
  }

  #tellTiers(): void {
    const { tier, toldTier, deferred, high } = this;
    for (let slot = 0; slot < high; slot++) if (deferred[slot] === 0) toldTier[slot] = tier[slot];
  }

  #sentSome(tick: number): void {
    const { deferred, high } = this;
    this.late.clear();
    for (let slot = 0; slot < high; slot++) {
      const sent = this.sentAt(slot);
      this.#isLate[slot] = 0;
      if (deferred[slot] === 0) continue;
      this.#delay(slot, sent);
      if (sent === 0) {
        this.untold++;
        this.entered[slot] = tick + 1;
      }
      this.#resume(slot);
    }
  }

  /** The newest STATE did not carry the slot's entity: the one of `sentTick` did. */
  #delay(slot: number, sentTick: number): void {
    this.#lateTick[slot] = sentTick;
    this.#isLate[slot] = 1;
    this.late.push(slot);
  }

  /** All but what waits is told anew: what the receiver knew counts for nothing, nor who left. */
  startOver(): void {
    this.late.clear();
    for (let slot = 0; slot < this.high; slot++) if (this.kind[slot] >= 0) this.#delay(slot, 0);
    this.untold = this.count;
    this.told();
  }

  /** The receivers were told who left: those slots may be used again. */
  told(): void {
    const { slots, count } = this.leaving;
    for (let i = 0; i < count; i++) this.#free.add(slots[i]);
    this.leaving.clear();
  }

  /** True if every departure after `tick` is still in the log. */
  remembers(tick: number): boolean {
    const log = this.#logTick.length;
    return this.#logged <= log || this.#logTick[this.#logged % log] <= tick;
  }

  /**
   * Slots known at `since` whose entities have left since, ascending, into `out`. Shared sets only.
   */
  leftSince(since: number, out: SlotList): void {
    assert(this.remembers(since), 'the leave log reaches back far enough');
    out.clear();
    const log = this.#logTick.length;
    for (let i = this.#logged - 1; i >= 0 && i >= this.#logged - log; i--) {
      const at = i % log;
      if (this.#logTick[at] <= since) break;
      if (this.#logEntered[at] <= since) out.push(this.#logSlot[at]);
    }
    out.sort();
  }

  #extend(tick: number): void {
    this.grownTick = tick;
    assert(this.limit < MAX_SLOTS, `at most ${MAX_SLOTS} entities in one known set`);
    if (++this.limit <= this.kind.length) return;
    const size = this.kind.length * 2;
    const kind = new Int16Array(size).fill(-1);
    kind.set(this.kind);
    this.kind = kind;
    this.row = longer(this.row, size);
    this.entered = longer(this.entered, size);
    this.#lateTick = longer(this.#lateTick, size);
    this.#isLate = longer(this.#isLate, size);
    this.deferred = longer(this.deferred, size);
    this.tier = longer(this.tier, size);
    this.toldTier = longer(this.toldTier, size);
    this.priority = longer(this.priority, size);
    this.id = longer(this.id, size);
    this.#index = new Uint32Array(size * INDEX_FACTOR);
    for (let slot = 0; slot < this.limit - 1; slot++) if (this.kind[slot] >= 0) this.#note(slot);
  }

  #note(slot: number): void {
    const mask = this.#index.length - 1;
    let at = hash(this.id[slot]) & mask;
    while (this.#index[at] !== 0) at = (at + 1) & mask;
    this.#index[at] = slot + 1;
  }

  /** Takes an entity out and closes the gap, so that a search may end at the first empty place. */
  #unnote(slot: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let gap = hash(this.id[slot]) & mask;
    while (index[gap] !== slot + 1) gap = (gap + 1) & mask;
    for (let at = (gap + 1) & mask; index[at] !== 0; at = (at + 1) & mask) {
      const home = hash(this.id[index[at] - 1]) & mask;
      // Moves back unless its home lies behind the gap.
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      index[gap] = index[at];
      gap = at;
    }
    index[gap] = 0;
  }
}

/** Spreads ids, which ascend, over the low bits. The constant is the golden ratio's. */
function hash(id: number): number {
  return Math.imul(id, 0x9e3779b1) >>> 7;
}

const NO_ROWS = new Int32Array(0);

function wider(bits: Int32Array, words: number): Int32Array {
  const to = new Int32Array(Math.max(words, bits.length * 2));
  to.set(bits);
  return to;
}
