// Places that are nobody's any more, until the directory knows: told at once, or with the next
// sweep where it is late or did not answer. Kept by placement.ts. Trap: until it was told a place
// is not to be had again, or it would be free there while somebody sits in it.
import { abreast } from './abreast.ts';
import type { Directory } from './directory.ts';
import type { GameRoom } from './room.ts';
import type { Shard } from './shard.ts';

export interface FreedPlacesOptions {
  shard: Pick<Shard, 'leaseOf'>;
  directory: Pick<Directory, 'leave'>;
  /** The directory has no time for what can wait. */
  isLate: () => boolean;
}

/** Rooms that are told of at once, where that failed before. */
const ABREAST = 4;

type PlacesOf = Map<GameRoom, Set<string>>;

export class FreedPlaces {
  readonly #options: FreedPlacesOptions;
  /** All that the directory does not know yet. */
  readonly #places: PlacesOf = new Map();
  /** Those of them that it is told with the next sweep. */
  #waiting: PlacesOf = new Map();
  #isSweeping = false;

  constructor(options: FreedPlacesOptions) {
    this.#options = options;
  }

  add(room: GameRoom, places: readonly string[]): void {
    put(this.#places, room, places);
    if (this.#options.isLate()) put(this.#waiting, room, places);
    else void this.#tell(room, places);
  }

  has(room: GameRoom, place: string): boolean {
    return this.#places.get(room)?.has(place) ?? false;
  }

  /** Places of a room that the directory does not know yet. */
  countOf(room: GameRoom): number {
    return this.#places.get(room)?.size ?? 0;
  }

  /** A few rooms at once. Called a few times a second. */
  sweep(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    void abreast(ABREAST, waiting, ([room, places]) => this.#tell(room, [...places])).finally(
      () => {
        this.#isSweeping = false;
      },
    );
  }

  /** Never rejects: that the directory does not answer is told by the leases. */
  async #tell(room: GameRoom, places: readonly string[]): Promise<void> {
    // Of one that is over, all are free.
    if (room.over) return void this.#places.delete(room);
    const { directory, shard } = this.#options;
    try {
      await directory.leave(shard.leaseOf(room), places);
    } catch {
      return put(this.#waiting, room, places);
    }
    const left = this.#places.get(room);
    for (const place of places) left?.delete(place);
    if (left?.size === 0) this.#places.delete(room);
  }
}

function put(into: PlacesOf, room: GameRoom, places: readonly string[]): void {
  const known = into.get(room) ?? new Set();
  into.set(room, known);
  for (const place of places) known.add(place);
}
