// Rooms as Redis has them: one by its id, or those that stand on a list, asked of the rooms
// themselves, for lists may lie. Used by redis-directory.ts. Trap: what a room is changes by
// scripts alone (redis-scripts.ts), in its own slot, so many rooms are looked at one by one, in one
// turn.
import { DirectoryError, type RoomEntry } from './directory.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { Line } from './redis-line.ts';
import { type Listed, type RedisLists, slices } from './redis-lists.ts';
import { LOOK } from './redis-scripts.ts';

/** Rooms that are asked for in one turn. */
export const ROOMS_AT_ONCE = 1_000;

export interface Looked {
  readonly entry: RoomEntry;
  readonly untilMs: number;
  /** Name of its list of open rooms. */
  readonly open: string;
}

/** An entry of a list, and the room that it is about. */
export interface Seen {
  readonly list: string;
  readonly listed: Listed;
  readonly room: Looked | undefined;
}

export class RedisRooms {
  readonly #line: Line;
  readonly #keys: RedisKeys;
  readonly #lists: RedisLists;
  readonly #leaseMs: number;

  constructor(line: Line, keys: RedisKeys, lists: RedisLists, leaseMs: number) {
    this.#leaseMs = leaseMs;
    this.#line = line;
    this.#keys = keys;
    this.#lists = lists;
  }

  async look(id: string): Promise<Looked | undefined> {
    const answer = await this.#line.run<readonly string[] | null>(LOOK, this.#keys.room(id), [
      String(this.#leaseMs),
    ]);
    if (!answer) return undefined;
    const [kind, build, seats, match, hidden, shard, url, epoch] = answer;
    const [locked, taken, orphan, untilMs, open, falls] = answer.slice(8);
    const facts = { id, kind, build, seats: Number(seats), match, hidden: hidden === '1' };
    const flags = { locked: locked === '1', orphan: orphan === '1' };
    const counts = { epoch: Number(epoch), taken: Number(taken), falls: Number(falls) };
    return {
      entry: { ...facts, shard, url, ...counts, ...flags },
      untilMs: Number(untilMs),
      open,
    };
  }

  /** Who has it is not known to be away. */
  isAnswered(id: string): boolean {
    return this.#line.isSteady(this.#keys.checkpoint(id), 0);
  }

  /** Who has it answered for a lease, so that its owner could renew it. */
  isSteady(id: string): boolean {
    return this.#line.isSteady(this.#keys.checkpoint(id), this.#leaseMs);
  }

  /** What stands on lists, asked of the rooms themselves, as far as they are heard of. */
  async lookAll(all: readonly (readonly [list: string, listed: Listed])[]): Promise<Seen[]> {
    const seen: Seen[] = [];
    for (const some of slices(all, ROOMS_AT_ONCE)) {
      const rooms = await heardOf(some.map(([, [id]]) => this.look(id)));
      for (const [index, [list, listed]] of some.entries()) {
        const room = rooms[index];
        if (!(room instanceof DirectoryError)) seen.push({ list, listed, room });
      }
    }
    return seen;
  }

  /** Rooms that are there; the others are taken off their lists. */
  settled(seen: readonly Seen[]): (Looked & { readonly listed: Listed })[] {
    return seen.flatMap(({ list, listed, room }) => {
      if (room) return [{ ...room, listed }];
      this.#lists.forget(list, listed);
      return [];
    });
  }
}

/**
 * Of several questions the answers, and why others have none: where a node of a cluster is away,
 * the others answer. Rejects where none is answered.
 */
export async function heardOf<Answer>(
  asked: readonly Promise<Answer>[],
): Promise<(Answer | DirectoryError)[]> {
  const answers = await Promise.all(
    asked.map((one) =>
      one.catch((error) => {
        if (error instanceof DirectoryError) return error;
        throw error;
      }),
    ),
  );
  const [first] = answers;
  if (first instanceof DirectoryError && answers.every((one) => one instanceof DirectoryError))
    throw first;
  return answers;
}

/** Seats that somebody may have now. */
export function freeIn({ locked, seats, taken }: RoomEntry): number {
  return locked ? 0 : Math.max(seats - taken, 0);
}

export function isFree(entry: RoomEntry): boolean {
  return freeIn(entry) > 0 && !entry.orphan;
}
