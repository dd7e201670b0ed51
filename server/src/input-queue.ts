// One seat's inputs by tick. Early ones wait, late ones are dropped but their presses are carried
// to the next tick, a missing one repeats the last. Filled by the connection as frames arrive,
// emptied by the room at the tick: one input per tick, never two.
import { carryPresses, neutralInput, type Plan, releasePresses } from '@tickwire/protocol';

export interface InputLimits {
  /** Ticks ahead of the newest taken tick for which input is kept. */
  windowTicks: number;
  /** Ticks the last input is repeated when none comes. */
  repeatTicks: number;
}

export class InputQueue {
  /** Inputs that came after their tick was stepped. */
  late = 0;
  /** Inputs for ticks beyond the window. */
  early = 0;
  /** Ticks, since lastly asked, that were stepped with an input in time. */
  inTime = 0;
  /** Newest tick taken. */
  tick = 0;
  readonly #plan: Plan;
  readonly #limits: InputLimits;
  readonly #neutral: Float64Array;
  /** Slot of a tick: tick modulo the ring's length. */
  readonly #wires: Float64Array[];
  readonly #ticks: number[];
  readonly #shown: number[];
  readonly #current: Float64Array;
  readonly #carried: Float64Array;
  #shownTick = Number.NaN;
  #repeated = 0;
  #leastSlack = Number.NaN;

  constructor(plan: Plan, limits: InputLimits) {
    this.#plan = plan;
    this.#limits = limits;
    this.#neutral = neutralInput(plan);
    const length = limits.windowTicks + 1;
    this.#wires = Array.from({ length }, () => this.#neutral.slice());
    this.#ticks = new Array<number>(length).fill(-1);
    this.#shown = new Array<number>(length).fill(Number.NaN);
    this.#current = this.#neutral.slice();
    this.#carried = new Float64Array(this.#neutral.length);
  }

  /**
   * An input for `tick` arrived at the fractional tick `nowTick`, from a player who was then shown
   * `shownTick`. The first to come for a tick counts.
   */
  put(tick: number, wire: Float64Array, nowTick: number, shownTick: number): void {
    const slack = tick - nowTick;
    if (!(slack >= this.#leastSlack)) this.#leastSlack = slack;
    if (tick <= this.tick) {
      this.late++;
      carryPresses(this.#plan, wire, this.#carried);
      return;
    }
    if (tick > this.tick + this.#limits.windowTicks) {
      this.early++;
      return;
    }
    const slot = tick % this.#ticks.length;
    if (this.#ticks[slot] === tick) return;
    this.#ticks[slot] = tick;
    copy(wire, this.#wires[slot]);
    this.#shown[slot] = shownTick;
  }

  /**
   * Moves to `tick` and returns its wire values: as sent, else the last without its presses, else
   * untouched.
   */
  take(tick: number): Float64Array {
    this.tick = tick;
    const slot = tick % this.#ticks.length;
    if (this.#ticks[slot] === tick) {
      copy(this.#wires[slot], this.#current);
      this.#shownTick = this.#shown[slot];
      this.#repeated = 0;
      this.inTime++;
    } else {
      this.#shownTick++;
      if (++this.#repeated > this.#limits.repeatTicks) copy(this.#neutral, this.#current);
      releasePresses(this.#plan, this.#current);
    }
    carryPresses(this.#plan, this.#carried, this.#current);
    for (let i = 0; i < this.#carried.length; i++) this.#carried[i] = 0;
    return this.#current;
  }

  /**
   * Fractional tick that the player was shown when the input of the current tick was made; NaN
   * before the first.
   */
  get shownTick(): number {
    return this.#shownTick;
  }

  /** Least slack since last asked, ticks; NaN if nothing came. */
  takeMargin(): number {
    const least = this.#leastSlack;
    this.#leastSlack = Number.NaN;
    return least;
  }

  takeInTime(): number {
    const count = this.inTime;
    this.inTime = 0;
    return count;
  }

  /** A new connection: what was queued belongs to the old one's clock. */
  clear(): void {
    this.#ticks.fill(-1);
    this.#repeated = this.#limits.repeatTicks;
    this.#leastSlack = Number.NaN;
  }
}

/** A few numbers: a loop is faster than what set() and fill() ask first. */
function copy(from: Float64Array, to: Float64Array): void {
  for (let i = 0; i < from.length; i++) to[i] = from[i];
}
