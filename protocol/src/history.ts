// The last ticks of a world as copies of its tables: the server rewinds into it, the browser plays
// it back. A ring of snapshots that are reused; rows keep their indices, so two snapshots are
// compared and blended column by column. Trap: objects are kept by reference. A browser's are never
// written; the live world's lists, maps and records read in the past as they are now.
// HOT: allocates nothing per tick once every snapshot has been used.
import { assert } from './errors.ts';
import type { Plans } from './received.ts';
import { Table } from './table.ts';

export interface Snapshot {
  tick: number;
  readonly tables: readonly Table[];
  /** The room's state, in row 1. */
  readonly state: Table;
}

export class History {
  readonly #ring: Snapshot[];
  #count = 0;

  /** Keeps the newest `length` snapshots. */
  constructor({ kinds, state }: Plans, length: number) {
    this.#ring = Array.from({ length }, () => ({
      tick: 0,
      tables: kinds.map((plan) => new Table(plan)),
      state: new Table(state),
    }));
  }

  /** Snapshots held. */
  get length(): number {
    return Math.min(this.#count, this.#ring.length);
  }

  /** The i-th newest, 0 being the newest. */
  at(i: number): Snapshot | undefined {
    return i < this.length ? this.#ring[(this.#count - 1 - i) % this.#ring.length] : undefined;
  }

  get newest(): Snapshot | undefined {
    return this.at(0);
  }

  get oldest(): Snapshot | undefined {
    return this.length ? this.at(this.length - 1) : undefined;
  }

  /** Copies the tables as they are now. Ticks must ascend. */
  push(tick: number, tables: readonly Table[], state: Table): void {
    assert(tick > (this.newest?.tick ?? -1), 'history ascends');
    const snapshot = this.#ring[this.#count++ % this.#ring.length];
    snapshot.tick = tick;
    for (let k = 0; k < tables.length; k++) snapshot.tables[k].copyFrom(tables[k]);
    snapshot.state.copyFrom(state);
  }

  clear(): void {
    this.#count = 0;
  }

  /**
   * Index (as of at()) of the newest snapshot at or before a fractional tick; -1 if all are later.
   */
  indexAt(tick: number): number {
    for (let i = 0; i < this.length; i++) if (this.at(i)!.tick <= tick) return i;
    return -1;
  }
}
