// A room's timers: names and data instead of closures, so that they survive a checkpoint. Run by
// room.ts at the start of a tick, in the order they fall due, then in the order they were set.
import { UsageError } from '@tickwire/protocol';

export interface Timer {
  dueTick: number;
  name: string;
  data: unknown;
}

export class Timers {
  readonly #declared: Readonly<Record<string, unknown>>;
  /** Ascending by dueTick. */
  readonly #waiting: Timer[] = [];

  constructor(declared: Readonly<Record<string, unknown>> = {}) {
    this.#declared = declared;
  }

  /** In the order in which they will run. */
  get waiting(): readonly Timer[] {
    return this.#waiting;
  }

  set(dueTick: number, name: string, data: unknown): void {
    if (!Object.hasOwn(this.#declared, name))
      throw new UsageError(
        `after(..., '${name}'): no such timer; declare it in timers: { ${name}(room, data) {} }`,
      );
    // It would never be due, and those behind it would wait for it.
    if (!Number.isFinite(dueTick)) throw new UsageError(`after(..., '${name}'): wants ticks`);
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1].dueTick > dueTick) at--;
    this.#waiting.splice(at, 0, { dueTick, name, data });
  }

  /** The next timer due at `tick` or before, taken off. */
  next(tick: number): Timer | undefined {
    return this.#waiting.length > 0 && this.#waiting[0].dueTick <= tick
      ? this.#waiting.shift()
      : undefined;
  }
}
