// Places that the directory is being asked for: it may have given one already while its answer is
// on the way. Kept by placement.ts, and told by recovery.ts to a directory that is back, which
// would give away again what it is not told of. Trap: one that was told and then not given is taken
// for all that the directory knows, and must be freed.
import type { GameRoom } from './room.ts';

interface Asked {
  /** The directory was told that it is taken. */
  isTold: boolean;
}

export class AskedPlaces {
  readonly #free: (room: GameRoom, place: string) => void;
  readonly #places = new Map<GameRoom, Map<string, Asked>>();

  constructor(free: (room: GameRoom, place: string) => void) {
    this.#free = free;
  }

  /** Rooms of which a place is asked for. */
  get size(): number {
    return this.#places.size;
  }

  /** Settles as the question does; `isGiven` says of its answer whether the place is. */
  async ask<Answer>(
    room: GameRoom,
    place: string,
    question: Promise<Answer>,
    isGiven: (answer: Answer) => boolean = () => true,
  ): Promise<Answer> {
    const asked: Asked = { isTold: false };
    const places = this.#places.get(room) ?? new Map<string, Asked>();
    this.#places.set(room, places.set(place, asked));
    let given = false;
    try {
      const answer = await question;
      given = isGiven(answer);
      return answer;
    } finally {
      places.delete(place);
      if (places.size === 0) this.#places.delete(room);
      if (asked.isTold && !given) this.#free(room, place);
    }
  }

  /** Those of a room in which nobody sits yet; the directory is told that they are taken. */
  tell(room: GameRoom, seated: ReadonlySet<string>): string[] {
    const told: string[] = [];
    for (const [place, asked] of this.#places.get(room) ?? []) {
      if (seated.has(place)) continue;
      asked.isTold = true;
      told.push(place);
    }
    return told;
  }
}
