// Who is told first when many come into a seat's sight at once: it joins a crowd, or its eye jumps
// into one. So many in a STATE, the nearest first; the rest wait for the next STATEs, so that no
// snapshot stands in the line before everything else. Called by replication, after visibility and
// before the body is written; marks what waits in the seat's known set. Nothing waits for ever:
// priority grows with every STATE. HOT: allocates nothing per tick.
import { PriorityBuckets } from './priority-buckets.ts';
import type { RoomSeat } from './seat.ts';
import type { Visibility } from './visibility.ts';
import type { World } from './world.ts';

/**
 * Entities that a seat is told of in one STATE. An arrival of a moving row with a name takes 19
 * bytes packed and 34 plain (5,000 birds of server/test/flock.ts): 256 of them are 4.8 and 8.7 KB,
 * which leaves room for rows of twice that in the ten segments of 1,460 bytes that a connection may
 * send before anything is acknowledged (RFC 6928).
 */
export const ARRIVALS_AT_ONCE = 256;

export class Arrivals {
  readonly #world: World;
  readonly #visibility: Visibility<RoomSeat>;
  /** By kind: how much more it matters than others. */
  readonly #weights: Float64Array;
  readonly #buckets = new PriorityBuckets();

  constructor(world: World, visibility: Visibility<RoomSeat>, weights: Float64Array) {
    this.#world = world;
    this.#visibility = visibility;
    this.#weights = weights;
  }

  /** Marks who waits. What the seat owns never does, but counts. */
  choose(seat: RoomSeat): void {
    const { known } = seat;
    if (known.untold <= ARRIVALS_AT_ONCE) return;
    const { tables } = this.#world;
    const buckets = this.#buckets;
    buckets.clear(known.capacity);
    let left = ARRIVALS_AT_ONCE;
    for (let slot = 0; slot < known.high; slot++) {
      const kind = known.kindAt(slot);
      if (kind < 0 || known.sentAt(slot) !== 0) continue;
      const table = tables[kind];
      const row = known.rowAt(slot);
      if (table.ownerOf(row) === seat.id) {
        left--;
        continue;
      }
      known.priority[slot] += this.#weights[kind] * this.#visibility.weight(seat, table, row);
      buckets.add(slot, known.priority[slot]);
    }
    for (let slot = buckets.take(); slot >= 0; slot = buckets.take())
      if (left-- <= 0) known.defer(slot);
  }
}
