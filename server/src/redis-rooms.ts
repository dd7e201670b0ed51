// Rooms as Redis has them: one by its id, or those that stand on a list, asked of the rooms
// themselves, for lists may lie. Used by redis-directory.ts. Trap: what a room is changes by
// scripts alone (redis-scripts.ts), in its own slot, so many rooms are looked at one by one, in one
// turn.
import type { RoomEntry } from './directory.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLine } from './redis-line.ts';
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
  readonly #line: RedisLine;
  readonly #keys: RedisKeys;
  readonly #lists: RedisLists;
  readonly #leaseMs: string;

  constructor(line: RedisLine, keys: RedisKeys, lists: RedisLists, leaseMs: number) {
    this.#leaseMs = String(leaseMs);
    this.#line = line;
    this.#keys = keys;
    this.#lists = lists;
  }

  async look(id: string): Promise<Looked | undefined> {
    const answer = await this.#line.run<readonly string[] | null>(LOOK, this.#keys.room(id), [
      this.#leaseMs,
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

  /** What stands on lists, asked of the rooms themselves. */
  async lookAll(all: readonly (readonly [list: string, listed: Listed])[]): Promise<Seen[]> {
    const seen: Seen[] = [];
    for (const some of slices(all, ROOMS_AT_ONCE)) {
      const rooms = await Promise.all(some.map(([, [id]]) => this.look(id)));
      for (const [index, [list, listed]] of some.entries())
        seen.push({ list, listed, room: rooms[index] });
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

/** Seats that somebody may have now. */
export function freeIn({ locked, seats, taken }: RoomEntry): number {
  return locked ? 0 : Math.max(seats - taken, 0);
}

export function isFree(entry: RoomEntry): boolean {
  return freeIn(entry) > 0 && !entry.orphan;
}
