// What a seat is told first when its byte budget does not take everything: what is nearer, what has
// waited longer, and what costs less. Called by replication for rooms that declare a budget, after
// visibility and before the body is written; marks what waits in the seat's known set. Nothing
// waits for ever: priority grows with every STATE. HOT: allocates nothing per tick.
import { type Baseline, FORM_ARRIVAL, FORM_STEP, PackedSink, type Sink } from '@tickwire/protocol';
import { PriorityBuckets } from './priority-buckets.ts';
import type { RoomSeat } from './seat.ts';
import type { Visibility } from './visibility.ts';
import type { World } from './world.ts';

/** Bytes that were not used are kept for so long: a burst of them is still one short frame. */
const KEPT_SECONDS = 0.25;

/** Bits of a row that was never said before. */
const UNKNOWN_ARRIVAL_BITS = 240;
const UNKNOWN_CHANGE_BITS = 24;
/** Bits of a STATE without a row, and of its WebSocket header: 12 bytes. */
const EMPTY_BITS = 96;

export interface BudgetOptions {
  bytesPerSecond: number;
  /** From one STATE to the next. */
  sendSeconds: number;
  /** By kind: how much more it matters than others. */
  weights: Float64Array;
}

export class Budget {
  readonly #world: World;
  readonly #visibility: Visibility<RoomSeat>;
  readonly #sink: Sink;
  readonly #bytesPerSend: number;
  readonly #mostBytes: number;
  readonly #weights: Float64Array;
  readonly #buckets = new PriorityBuckets();
  /** By slot. */
  #bits = new Float64Array(64);
  /** Bits of what the seat owns: told before all others. */
  #ownBits = 0;

  constructor(
    world: World,
    visibility: Visibility<RoomSeat>,
    sink: Sink,
    { bytesPerSecond, sendSeconds, weights }: BudgetOptions,
  ) {
    this.#world = world;
    this.#visibility = visibility;
    this.#sink = sink;
    this.#bytesPerSend = bytesPerSecond * sendSeconds;
    this.#mostBytes = bytesPerSecond * Math.max(KEPT_SECONDS, sendSeconds);
    this.#weights = weights;
    if (sink instanceof PackedSink) sink.weighs = true;
  }

  /** Marks in the seat's known set what waits for a later STATE. */
  choose(seat: RoomSeat): void {
    const { known } = seat;
    seat.budgetBytes = Math.min(seat.budgetBytes + this.#bytesPerSend, this.#mostBytes);
    if (this.#bits.length < known.capacity) this.#bits = new Float64Array(known.capacity);
    const whole = seat.budgetBytes * 8 - EMPTY_BITS;
    if (this.#sort(seat) <= whole) return this.#keepAll(seat);
    let left = whole - this.#ownBits;
    const buckets = this.#buckets;
    for (let slot = buckets.take(); slot >= 0; slot = buckets.take()) {
      const bits = this.#bits[slot];
      if (left <= 0 || bits > left + EMPTY_BITS) known.defer(slot);
      else {
        known.priority[slot] = 0;
        left -= bits;
      }
    }
  }

  /** A STATE of so many bytes went out. */
  spent(seat: RoomSeat, bytes: number): void {
    // An overdraft of more than a second would silence the seat for what was once too much.
    seat.budgetBytes = Math.max(seat.budgetBytes - bytes, -4 * this.#mostBytes);
  }

  /** Puts all that could be said into buckets by priority; answers how many bits it is together. */
  #sort(seat: RoomSeat): number {
    const { known } = seat;
    const { tables } = this.#world;
    let sum = 0;
    this.#ownBits = 0;
    this.#buckets.clear(known.capacity);
    for (let slot = 0; slot < known.limit; slot++) {
      const kind = known.kindAt(slot);
      if (kind < 0) continue;
      const row = known.rowAt(slot);
      const table = tables[kind];
      const arrives = known.sentAt(slot) === 0;
      const told = known.tierAt(slot) === 0 ? table : table.far!;
      const isNew = arrives || told.changed[row] > known.sentAt(slot);
      if (!isNew && known.tierAt(slot) === known.toldTierAt(slot)) continue;
      const bits = this.#bitsOf(told, row, arrives);
      sum += bits;
      // What was given away as well: until it is told so, the seat reads own parts as the owner.
      const gaveAway = !arrives && table.given[row] > known.sentAt(slot);
      if (gaveAway || table.ownerOf(row) === seat.id) {
        this.#ownBits += bits;
        continue;
      }
      known.priority[slot] += this.#weights[kind] * this.#visibility.weight(seat, table, row);
      this.#bits[slot] = bits;
      this.#buckets.add(slot, known.priority[slot] / bits);
    }
    return sum;
  }

  #keepAll({ known }: RoomSeat): void {
    known.priority.fill(0, 0, known.limit);
  }

  /** What the row took when it was last said in this form. */
  #bitsOf(table: Baseline, row: number, arrives: boolean): number {
    const said =
      this.#sink instanceof PackedSink
        ? this.#sink.bitsOf(arrives ? FORM_ARRIVAL : FORM_STEP, table, row)
        : 0;
    return said || (arrives ? UNKNOWN_ARRIVAL_BITS : UNKNOWN_CHANGE_BITS);
  }
}
