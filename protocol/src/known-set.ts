// The entities a receiver knows, under dense short slots, and how far each was told. One per room
// where everybody sees everything, one per seat where not. A slot is used again only after its
// entity was said to have left, so that a room does not age. Written by the server's visibility;
// read by body-writer. All numbers of a set stand in one array: sets of a thousand seats do not fit
// a cache, and each array is two lines of memory more before its first number is read. HOT:
// allocates nothing per tick once its capacity is reached.
import { longer } from './columns.ts';
import { assert } from './errors.ts';
import { LEAVE_LOG, LeaveLog } from './leave-log.ts';
import { MAX_SLOTS } from './limits.ts';
import { FreeSlots, SlotList, wider } from './slot-list.ts';

/** Entities known before the first growth. */
const FIRST_SLOTS = 64;

/** A key says kind and row in one number: this many bits of row, and MAX_DECLARED kinds above. */
const ROW_BITS = 24;
const ROW_MASK = 2 ** ROW_BITS - 1;
/** The key of a slot that holds nobody; its kind is -1. */
const NOBODY = -1;

// Where the numbers stand: a key for each slot, a record for each, then the index. What a record
// holds: id, tick entered, tick of the newest STATE of a late slot, marks.
const RECORD = 4;
const ENTERED = 1;
const LATE_TICK = 2;
const MARKS = 3;
/** Places in the index for each slot: at most half are taken, so a search ends within a few. */
const INDEX_FACTOR = 2;
const NUMBERS = 1 + RECORD + INDEX_FACTOR;

// What a slot is marked with. Of two tiers: how it is told, and how it was when last told.
const LATE = 1;
const DEFERRED = 2;
const FAR = 4;
const TOLD_FAR = 8;

/** Kind of a key, -1 for nobody's. */
export function kindOfKey(key: number): number {
  return key >> ROW_BITS;
}

/** Row of a key in the table of its kind. */
export function rowOfKey(key: number): number {
  return key & ROW_MASK;
}

export class KnownSet {
  // What every STATE touches stands first.
  /** By slot, at the start of all numbers of the set: a key, below 0 for nobody. */
  keys = new Int32Array(FIRST_SLOTS * NUMBERS).fill(NOBODY, 0, FIRST_SLOTS);
  /** One more than the highest slot that holds an entity. */
  high = 0;
  /**
   * Tick of the newest STATE: it carried all but `late`, the slots that wait or are new. Sets of
   * one seat, in which nearly all are alike: a column for each would be read and written in vain.
   */
  sentTick = 0;
  /** Slots that wait for a later STATE: the byte budget is spent. */
  deferrals = 0;
  /** Entities never told of, in a set of one seat; and all known, without those leaving. */
  untold = 0;
  count = 0;
  /** Some entity was ever far: else nobody need look at tiers. */
  parted = false;
  /** One more than the highest slot ever used, and the tick it last grew at. */
  limit = 0;
  grownTick = 0;
  /** Slots in `late` and in `leaving`: the lists lie elsewhere, and are mostly empty. */
  lates = 0;
  leavers = 0;
  readonly late = new SlotList();
  /** Slots whose entities left and that the receiver was not told of yet, in order of leaving. */
  readonly leaving = new SlotList();
  /** Slots that there are numbers for. */
  capacity = FIRST_SLOTS;
  /** By kind: a bit for each row of its table. */
  readonly #rows: (Int32Array | undefined)[] = [];
  readonly #free = new FreeSlots();
  #priority: Float64Array | undefined;
  /** Of a shared set. */
  readonly #log: LeaveLog | undefined;

  /** `log`: departures that can be told later; 0 for a set of one seat, which needs none. */
  constructor(log = LEAVE_LOG) {
    if (log > 0) this.#log = new LeaveLog(log);
  }

  /** Kind index of a slot's entity; -1 where it holds nobody. */
  kindAt(slot: number): number {
    return kindOfKey(this.keys[slot]);
  }

  /** Row of a slot's entity in its kind's table. */
  rowAt(slot: number): number {
    return rowOfKey(this.keys[slot]);
  }

  /** Id of a slot's entity; of one that is leaving, until the receivers were told. */
  idAt(slot: number): number {
    return this.keys[this.#record(slot)] >>> 0;
  }

  /** Tick the entity was entered at; if its arrival waited, the tick after it last did. */
  enteredAt(slot: number): number {
    return this.keys[this.#record(slot) + ENTERED] >>> 0;
  }

  /** True where the entity waits for a later STATE. */
  isDeferred(slot: number): boolean {
    return this.deferrals > 0 && this.#has(slot, DEFERRED);
  }

  /** How the entity is told, near (0) or far (1); sets of one seat. */
  tierAt(slot: number): number {
    return this.parted && this.#has(slot, FAR) ? 1 : 0;
  }

  /** As tierAt, as it was when the entity was last told. */
  toldTierAt(slot: number): number {
    return this.parted && this.#has(slot, TOLD_FAR) ? 1 : 0;
  }

  /** By slot: what the entity has gained by waiting. Rooms without a budget seldom ask. */
  get priority(): Float64Array {
    if (!this.#priority || this.#priority.length < this.capacity)
      this.#priority = this.#priority
        ? longer(this.#priority, this.capacity)
        : new Float64Array(this.capacity);
    return this.#priority;
  }

  #record(slot: number): number {
    return this.capacity + slot * RECORD;
  }

  #has(slot: number, mark: number): boolean {
    return (this.keys[this.#record(slot) + MARKS] & mark) !== 0;
  }

  #mark(slot: number, mark: number): void {
    this.keys[this.#record(slot) + MARKS] |= mark;
  }

  #unmark(slot: number, mark: number): void {
    this.keys[this.#record(slot) + MARKS] &= ~mark;
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
    const { keys, capacity } = this;
    const index = capacity * (1 + RECORD);
    const mask = capacity * INDEX_FACTOR - 1;
    for (let at = hash(id) & mask; keys[index + at] !== 0; at = (at + 1) & mask) {
      const slot = keys[index + at] - 1;
      if (keys[capacity + slot * RECORD] === (id | 0)) return slot;
    }
    return -1;
  }

  enter(kind: number, row: number, id: number, tick: number): number {
    assert(this.slotOf(id) < 0, 'an entity enters a known set once');
    assert(row <= ROW_MASK, 'rows are within their bits');
    const free = this.#free.take();
    const slot = free < 0 ? this.limit : free;
    if (slot === this.limit) this.#extend(tick);
    if (slot >= this.high) this.high = slot + 1;
    const { keys } = this;
    const record = this.#record(slot);
    keys[slot] = (kind << ROW_BITS) | row;
    keys[record] = id;
    keys[record + ENTERED] = tick;
    keys[record + MARKS] = 0;
    if (!this.#log) {
      this.#delay(slot, 0);
      this.untold++;
    }
    if (this.#priority) this.priority[slot] = 0;
    this.#note(slot);
    this.#markRow(kind, row, true);
    this.count++;
    return slot;
  }

  leave(slot: number, tick: number): void {
    const { keys } = this;
    assert(keys[slot] >= 0, 'only a known entity leaves');
    this.#unnote(slot);
    this.#log?.add(tick, slot, this.enteredAt(slot));
    this.#resume(slot);
    this.#markRow(this.kindAt(slot), this.rowAt(slot), false);
    // Never told of: nothing to take back. A shared set tells everybody at the end of each tick.
    const neverTold = this.#log ? this.enteredAt(slot) === tick : this.sentAt(slot) === 0;
    keys[slot] = NOBODY;
    while (this.high > 0 && keys[this.high - 1] < 0) this.high--;
    this.count--;
    if (!this.#log && neverTold) this.untold--;
    if (this.#isLate(slot)) {
      this.#unmark(slot, LATE);
      this.late.remove(slot);
      this.lates--;
    }
    if (neverTold) this.#free.add(slot);
    else {
      this.leaving.push(slot);
      this.leavers++;
    }
  }

  /**
   * The slot's entity is not in the next body of its one seat. It must have something new to tell,
   * must not be the seat's own, and must not have been when the seat was told of it last: until it
   * is told that it gave the row away, it reads own parts as the owner (S16).
   */
  defer(slot: number): void {
    if (!this.#has(slot, DEFERRED)) this.deferrals++;
    this.#mark(slot, DEFERRED);
  }

  /** The slot's entity is near (0) or far (1) from the next body on. */
  part(slot: number, tier: number): void {
    if (tier === 0) {
      if (this.parted) this.#unmark(slot, FAR);
      return;
    }
    this.#mark(slot, FAR);
    this.parted = true;
  }

  #resume(slot: number): void {
    if (!this.isDeferred(slot)) return;
    this.deferrals--;
    this.#unmark(slot, DEFERRED);
  }

  #isLate(slot: number): boolean {
    return this.lates > 0 && this.#has(slot, LATE);
  }

  /** Tick of the newest STATE that carried the slot's entity; 0 for none yet. Sets of one seat. */
  sentAt(slot: number): number {
    return this.#isLate(slot) ? this.keys[this.#record(slot) + LATE_TICK] >>> 0 : this.sentTick;
  }

  /** A body that told all but what is deferred is on its way: up to `tick`. */
  sent(tick: number): void {
    this.untold = 0;
    if (this.parted) this.#tellTiers();
    if (this.deferrals > 0) this.#sentSome(tick);
    else if (this.lates > 0) {
      const { late } = this;
      for (let i = 0; i < late.count; i++) this.#unmark(late.slots[i], LATE);
      this.#clearLate();
    }
    this.sentTick = tick;
    this.told();
  }

  #tellTiers(): void {
    for (let slot = 0; slot < this.high; slot++) {
      if (this.isDeferred(slot)) continue;
      if (this.#has(slot, FAR)) this.#mark(slot, TOLD_FAR);
      else this.#unmark(slot, TOLD_FAR);
    }
  }

  #sentSome(tick: number): void {
    const { keys, high } = this;
    this.#clearLate();
    for (let slot = 0; slot < high; slot++) {
      const record = this.#record(slot);
      const sent = this.#has(slot, LATE) ? keys[record + LATE_TICK] >>> 0 : this.sentTick;
      this.#unmark(slot, LATE);
      if (!this.isDeferred(slot)) continue;
      this.#delay(slot, sent);
      if (sent === 0) {
        this.untold++;
        keys[record + ENTERED] = tick + 1;
      }
      this.#resume(slot);
    }
  }

  /** The newest STATE did not carry the slot's entity: the one of `sentTick` did. */
  #delay(slot: number, sentTick: number): void {
    this.keys[this.#record(slot) + LATE_TICK] = sentTick;
    this.#mark(slot, LATE);
    this.late.push(slot);
    this.lates++;
  }

  #clearLate(): void {
    this.late.clear();
    this.lates = 0;
  }

  /** All but what waits is told anew: what the receiver knew counts for nothing, nor who left. */
  startOver(): void {
    this.#clearLate();
    for (let slot = 0; slot < this.high; slot++) if (this.keys[slot] >= 0) this.#delay(slot, 0);
    this.untold = this.count;
    this.told();
  }

  /** The receivers were told who left: those slots may be used again. */
  told(): void {
    if (this.leavers === 0) return;
    const { slots, count } = this.leaving;
    for (let i = 0; i < count; i++) this.#free.add(slots[i]);
    this.leaving.clear();
    this.leavers = 0;
  }

  /** True if every departure after `tick` can still be told. Shared sets only. */
  remembers(tick: number): boolean {
    return this.#log!.remembers(tick);
  }

  /**
   * Slots known at `since` whose entities have left since, ascending, into `out`. Shared sets only.
   */
  leftSince(since: number, out: SlotList): void {
    this.#log!.leftSince(since, out);
  }

  #extend(tick: number): void {
    this.grownTick = tick;
    assert(this.limit < MAX_SLOTS, `at most ${MAX_SLOTS} entities in one known set`);
    if (++this.limit <= this.capacity) return;
    const { keys, capacity } = this;
    const size = capacity * 2;
    this.keys = new Int32Array(size * NUMBERS).fill(NOBODY, 0, size);
    this.keys.set(keys.subarray(0, capacity));
    this.keys.set(keys.subarray(capacity, capacity * (1 + RECORD)), size);
    this.capacity = size;
    for (let slot = 0; slot < this.limit - 1; slot++) if (this.keys[slot] >= 0) this.#note(slot);
  }

  /** The index: open addressing with linear probing: one more than the slot of an entity, or 0. */
  #note(slot: number): void {
    const { keys, capacity } = this;
    const index = capacity * (1 + RECORD);
    const mask = capacity * INDEX_FACTOR - 1;
    let at = hash(keys[this.#record(slot)]) & mask;
    while (keys[index + at] !== 0) at = (at + 1) & mask;
    keys[index + at] = slot + 1;
  }

  /** Takes an entity out and closes the gap, so that a search may end at the first empty place. */
  #unnote(slot: number): void {
    const { keys, capacity } = this;
    const index = capacity * (1 + RECORD);
    const mask = capacity * INDEX_FACTOR - 1;
    let gap = hash(keys[this.#record(slot)]) & mask;
    while (keys[index + gap] !== slot + 1) gap = (gap + 1) & mask;
    for (let at = (gap + 1) & mask; keys[index + at] !== 0; at = (at + 1) & mask) {
      const home = hash(keys[this.#record(keys[index + at] - 1)]) & mask;
      // Moves back unless its home lies behind the gap.
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      keys[index + gap] = keys[index + at];
      gap = at;
    }
    keys[index + gap] = 0;
  }
}

/** Spreads ids, which ascend, over the low bits. The constant is the golden ratio's. */
function hash(id: number): number {
  return Math.imul(id, 0x9e3779b1) >>> 7;
}

const NO_ROWS = new Int32Array(0);
