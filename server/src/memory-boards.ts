// Leaderboards of the directory in memory. Part of memory-directory.ts; redis-boards.ts is the same
// on Redis, and what is told must be alike to the last bit. Trap: a board lasts as long as this
// process.

import { MOST_SCORE } from './boards.ts';
import type { Board, Lease, Post, Posted, Standing } from './directory.ts';
import { GUARD_MS } from './directory.ts';

interface Row {
  readonly user: string;
  /** Redis compares bytes. */
  readonly bytes: Buffer;
  /** The better, the lower: the score, or its negative where the most stands first. */
  readonly rank: number;
}

/** What a room posted on a board. */
interface Guard {
  epoch: number;
  untilMs: number;
  /** By `once` and user, when it may be forgotten; the oldest first. */
  readonly known: Map<string, number>;
}

export class MemoryBoards {
  /** By board and order, the best first. */
  readonly #rows = new Map<string, Row[]>();
  readonly #byUser = new Map<string, Map<string, Row>>();
  /** By board and room, the longest ago first. */
  readonly #guards = new Map<string, Guard>();

  post({ id, epoch }: Lease, board: Board, { user, score, once }: Post, nowMs: number): Posted {
    const guard = this.#guardOf(board.name, id, epoch, nowMs);
    if (guard.epoch > epoch) return false;
    guard.epoch = epoch;
    if (once !== undefined) {
      const name = `${once} ${user}`;
      if (guard.known.has(name)) return 'known';
      guard.known.set(name, nowMs + GUARD_MS);
    }
    this.#put(board, user, rankOf(board, score));
    return 'posted';
  }

  top(board: Board, from: number, count: number): readonly Standing[] {
    const rows = this.#rows.get(keyOf(board)) ?? [];
    return rows.slice(from, from + count).map(({ user, rank }, index) => {
      return { user, score: scoreOf(board, rank), place: from + index + 1 };
    });
  }

  standing(board: Board, user: string): Standing | undefined {
    const row = this.#byUser.get(keyOf(board))?.get(user);
    if (!row) return undefined;
    const place = placeOf(this.#rows.get(keyOf(board))!, row) + 1;
    return { user, score: scoreOf(board, row.rank), place };
  }

  #guardOf(board: string, room: string, epoch: number, nowMs: number): Guard {
    for (const [oldest, { untilMs }] of this.#guards) {
      if (untilMs > nowMs) break;
      this.#guards.delete(oldest);
    }
    const key = `${board} ${room}`;
    const guard = this.#guards.get(key) ?? { epoch, untilMs: 0, known: new Map() };
    if (guard.epoch > epoch) return guard;
    for (const [name, untilMs] of guard.known) {
      if (untilMs > nowMs) break;
      guard.known.delete(name);
    }
    guard.untilMs = nowMs + GUARD_MS;
    this.#guards.delete(key);
    this.#guards.set(key, guard);
    return guard;
  }

  #put(board: Board, user: string, given: number): void {
    const key = keyOf(board);
    const rows = this.#rows.get(key) ?? [];
    const users = this.#byUser.get(key) ?? new Map<string, Row>();
    const old = users.get(user);
    if (old) rows.splice(placeOf(rows, old), 1);
    const rank = old ? nextRank(board, old.rank, given) : given;
    const row = { user, bytes: old?.bytes ?? Buffer.from(user), rank };
    rows.splice(placeOf(rows, row), 0, row);
    users.set(user, row);
    for (const { user: last } of rows.splice(board.places)) users.delete(last);
    this.#rows.set(key, rows);
    this.#byUser.set(key, users);
  }
}

function nextRank({ keep }: Board, old: number, given: number): number {
  if (keep === 'last') return given;
  if (keep === 'best') return Math.min(old, given);
  return Math.max(Math.min(old + given, MOST_SCORE), -MOST_SCORE);
}

/** Boards of either order are apart: who changes it begins anew. */
export function keyOf({ name, order }: Board): string {
  return `${name} ${order}`;
}

export function rankOf({ order }: Board, score: number): number {
  return order === 'most' ? -score : score;
}

/** 0, never -0. */
export function scoreOf({ order }: Board, rank: number): number {
  return (order === 'most' ? -rank : rank) + 0;
}

/** Where the row is, or belongs. */
function placeOf(rows: readonly Row[], { rank, bytes }: Row): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = rows[middle];
    if ((one.rank - rank || Buffer.compare(one.bytes, bytes)) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
