// One seat's inputs by tick. Early ones wait, late ones are dropped but their presses are carried
// to the next tick, a missing one repeats what was said last. Filled by the intake as frames
// arrive, emptied by the room at the tick: one input per tick, never two. All numbers of a seat
// stand in one array: with a thousand seats what costs here is not arithmetic but memory that has
// gone cold. HOT: allocates nothing per tick.
import {
  badValue,
  carryPresses,
  levelsOf,
  MARGIN_UNITS,
  MAX_TICK,
  type MsgpackReader,
  type MsgpackWriter,
  type Plan,
  releasePresses,
} from '@tickwire/protocol';

export interface InputLimits {
  /** Ticks ahead of the newest taken tick for which input is kept. */
  windowTicks: number;
  /** Ticks the last input is repeated when none comes. */
  repeatTicks: number;
}

// Where the numbers of a queue stand: nine, three inputs, then the slots.
/** Stamps of the input of the current tick. */
const SHOWN = 0;
/** The same of a late press that waits for the next tick, and of one that this tick took. */
const WAITING = 3;
const PRESSED = 6;
/** The input that its player said last, presses and all: what the next one differs from. */
const SAID = 9;
/** Numbers of a slot before its input: its tick, and its stamps. */
const SLOT_HEAD = 4;

// The stamps of an input, fractional ticks that are handed over in an array: V8 makes an object of
// each double that is an argument, in runs where it does not inline the call.
/** What was shown to its player, who had applied the STATE of `KNOWN_AT`; and when it arrived. */
export const SHOWN_AT = 0;
/** NaN where nobody said. */
export const KNOWN_AT = 1;
export const CAME_AT = 2;
export const STAMPS = 3;

/** Slack is kept as STATE tells it, in 1/MARGIN_UNITS tick; nobody asks for so much. */
const MOST_SLACK_TICKS = 2 ** 20;
/** Nothing came. */
export const NO_SLACK = 2 ** 31 - 1;

/** What `take` answers, whichever queue was asked. */
let taken = new Float64Array(16);
/** Presses of late inputs, while they are added to others. */
let carried = new Float64Array(16);

export class InputQueue {
  /** Inputs that came after their tick was stepped. */
  late = 0;
  /** Inputs for ticks beyond the window. */
  early = 0;
  /** Ticks, since lastly asked, that were stepped with an input in time. */
  inTime = 0;
  /** The input taken last differs from the one taken before it; the first, from untouched. */
  changed = false;
  /** Newest tick taken. */
  tick = 0;
  readonly #numbers: Float64Array;
  readonly #plan: Plan;
  /** Numbers of one input. */
  readonly #width: number;
  readonly #slots: number;
  readonly #repeatTicks: number;
  #repeated = 0;
  /** In 1/MARGIN_UNITS tick: a small integer stands in the object itself. */
  #leastSlack = NO_SLACK;
  /** A late input pressed something. */
  #carries = false;

  constructor(plan: Plan, { windowTicks, repeatTicks }: InputLimits) {
    this.#plan = plan;
    this.#width = plan.initialWire.length;
    this.#slots = windowTicks + 1;
    this.#repeatTicks = repeatTicks;
    const length = this.#at(this.#slots);
    this.#numbers = new Float64Array(length);
    if (taken.length < this.#width) {
      taken = new Float64Array(this.#width);
      carried = new Float64Array(this.#width);
    }
    this.#numbers.set(plan.initialWire, this.#current);
    this.#numbers.fill(Number.NaN, SHOWN, SAID);
    for (let slot = 0; slot < this.#slots; slot++) this.#numbers[this.#at(slot)] = -1;
    this.restart();
  }

  /** Copies the input that this line's player said last into `wire`. */
  lastSaid(wire: Float64Array): void {
    const numbers = this.#numbers;
    for (let i = 0; i < this.#width; i++) wire[i] = numbers[SAID + i];
  }

  /** An input for `tick` arrived. The first to come for a tick counts. */
  put(tick: number, wire: Float64Array, stamps: Float64Array): void {
    const numbers = this.#numbers;
    const width = this.#width;
    for (let i = 0; i < width; i++) numbers[SAID + i] = wire[i];
    const ahead = tick - stamps[CAME_AT];
    const slackTicks = Math.max(Math.min(ahead, MOST_SLACK_TICKS), -MOST_SLACK_TICKS);
    const slack = Math.round(slackTicks * MARGIN_UNITS) | 0;
    if (slack < this.#leastSlack) this.#leastSlack = slack;
    const early = tick - this.tick >= this.#slots;
    if (early || tick <= this.tick) {
      if (early) this.early++;
      else this.late++;
      this.#repeated = 0;
      this.#carry(wire, stamps);
      return;
    }
    const at = this.#at(tick % this.#slots);
    if (numbers[at] === tick) return;
    numbers[at] = tick;
    for (let i = 0; i < STAMPS; i++) numbers[at + 1 + i] = stamps[i];
    for (let i = 0; i < width; i++) numbers[at + SLOT_HEAD + i] = wire[i];
  }

  /**
   * Moves to `tick` and returns its wire values: as sent, else what was said last, in time or not,
   * without its presses, else untouched. They stand until any queue is asked again.
   */
  take(tick: number): Float64Array {
    this.tick = tick;
    const numbers = this.#numbers;
    const at = this.#at(tick % this.#slots);
    if (numbers[at] === tick) {
      this.#fill(taken, numbers, at + SLOT_HEAD);
      for (let i = 0; i < STAMPS; i++) numbers[SHOWN + i] = numbers[at + 1 + i];
      this.#repeated = 0;
      this.inTime++;
    } else {
      numbers[SHOWN + SHOWN_AT]++;
      numbers[SHOWN + KNOWN_AT] = numbers[SHOWN + CAME_AT] = Number.NaN;
      if (++this.#repeated > this.#repeatTicks) this.#fill(taken, this.#plan.initialWire, 0);
      else this.#fill(taken, numbers, SAID);
      releasePresses(this.#plan, taken);
    }
    numbers[PRESSED] = Number.NaN;
    if (this.#carries) {
      this.#carries = false;
      for (let i = 0; i < STAMPS; i++) numbers[PRESSED + i] = numbers[WAITING + i];
      numbers[WAITING] = Number.NaN;
      this.#fill(carried, numbers, this.#carried);
      carryPresses(this.#plan, carried, taken);
      numbers.fill(0, this.#carried, this.#carried + this.#width);
    }
    this.changed = false;
    for (let i = 0; i < this.#width; i++) {
      if (numbers[this.#current + i] === taken[i]) continue;
      numbers[this.#current + i] = taken[i];
      this.changed = true;
    }
    return taken;
  }

  /**
   * Fractional tick that the player was shown when the input of the current tick was made, or the
   * late press that the tick took; NaN before the first.
   */
  get shownTick(): number {
    return this.#numbers[this.#judged + SHOWN_AT];
  }

  /** Newest STATE that the player had then; NaN where nobody said. */
  get knownTick(): number {
    return this.#numbers[this.#judged + KNOWN_AT];
  }

  /** Fractional tick at which that input arrived; NaN where none did. */
  get cameTick(): number {
    return this.#numbers[this.#judged + CAME_AT];
  }

  get #judged(): number {
    return Number.isNaN(this.#numbers[PRESSED]) ? SHOWN : PRESSED;
  }

  /** Least slack since last asked, in 1/MARGIN_UNITS tick, or NO_SLACK. */
  takeSlack(): number {
    const least = this.#leastSlack;
    this.#leastSlack = NO_SLACK;
    return least;
  }

  takeInTime(): number {
    const count = this.inTime;
    this.inTime = 0;
    return count;
  }

  /**
   * A new connection says its first input as a difference from untouched. What came before is used
   * in its ticks all the same: its player made it.
   */
  restart(): void {
    this.#numbers.set(this.#plan.initialWire, SAID);
    this.#repeated = this.#repeatTicks;
    this.#leastSlack = NO_SLACK;
  }

  /** Writes all that decides about the ticks to come. */
  write(out: MsgpackWriter): void {
    const numbers = this.#numbers;
    out.int(this.tick);
    out.int(this.#repeated);
    out.bool(this.#carries);
    for (let i = 0; i < this.#at(0); i++) out.float(numbers[i]);
    const waiting: number[] = [];
    for (let slot = 0; slot < this.#slots; slot++)
      if (numbers[this.#at(slot)] > this.tick) waiting.push(this.#at(slot));
    out.arrayHeader(waiting.length);
    for (const at of waiting)
      for (let i = 0; i < SLOT_HEAD + this.#width; i++) out.float(numbers[at + i]);
  }

  /**
   * Goes on from what was written, in a room that has done `doneTick`; answers the wire values of
   * the newest tick, as `take` does. Throws ProtocolError.
   */
  read(from: MsgpackReader, doneTick: number): Float64Array {
    const numbers = this.#numbers;
    this.tick = from.int(0, doneTick);
    this.#repeated = from.int(0, MAX_TICK);
    this.#carries = from.bool();
    for (let i = 0; i < SAID; i++) numbers[i] = from.float(true);
    for (let input = 0; input < 3; input++) this.#readWire(from, SAID + input * this.#width);
    for (let left = from.arrayHeader(MAX_TICK); left > 0; left--) {
      const tick = from.int(this.tick + 1, MAX_TICK);
      const at = this.#at(tick % this.#slots);
      numbers[at] = tick;
      for (let i = 1; i < SLOT_HEAD; i++) numbers[at + i] = from.float(true);
      this.#readWire(from, at + SLOT_HEAD);
      // The window may have been wider.
      if (tick - this.tick >= this.#slots) numbers[at] = -1;
    }
    this.#fill(taken, numbers, this.#current);
    return taken;
  }

  #readWire(from: MsgpackReader, at: number): void {
    for (const { spec, column } of this.#plan.fields)
      for (let i = 0; i < spec.components; i++) {
        const wire = from.float();
        if (!(Number.isInteger(wire) && wire >= 0 && wire <= levelsOf(spec, i)))
          badValue('an input outside its declaration');
        this.#numbers[at + column + i] = wire;
      }
  }

  #carry(wire: Float64Array, stamps: Float64Array): void {
    const numbers = this.#numbers;
    this.#carries = true;
    // The first press counts: what it was aimed at is furthest back.
    if (Number.isNaN(numbers[WAITING]) && this.#presses(wire))
      for (let i = 0; i < STAMPS; i++) numbers[WAITING + i] = stamps[i];
    this.#fill(carried, numbers, this.#carried);
    carryPresses(this.#plan, wire, carried);
    for (let i = 0; i < this.#width; i++) numbers[this.#carried + i] = carried[i];
  }

  #presses(wire: Float64Array): boolean {
    for (const { spec, column } of this.#plan.fields) if (spec.press && wire[column]) return true;
    return false;
  }

  /** A few numbers: a loop is faster than what set() asks first. */
  #fill(to: Float64Array, from: Float64Array, start: number): void {
    for (let i = 0; i < this.#width; i++) to[i] = from[start + i];
  }

  /** Where the input of the current tick stands, and the presses that wait for the next one. */
  get #current(): number {
    return SAID + this.#width;
  }
  get #carried(): number {
    return SAID + 2 * this.#width;
  }
  #at(slot: number): number {
    return SAID + 3 * this.#width + slot * (SLOT_HEAD + this.#width);
  }
}
