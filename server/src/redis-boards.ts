// Leaderboards on Redis: a sorted set for each, and beside it, in the same slot, what each room has
// posted there. Used by redis-directory.ts; memory-boards.ts is the same in memory. Trap: scores
// travel as texts of 17 digits, which name every double; Redis's client would round them.
import { MOST_SCORE } from './boards.ts';
import {
  type Board,
  GUARD_MS,
  type Lease,
  type Post,
  type Posted,
  type Standing,
} from './directory.ts';
import { rankOf, scoreOf } from './memory-boards.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { Line } from './redis-line.ts';
import { slices } from './redis-lists.ts';
import { script, TIME } from './redis-scripts.ts';

/**
 * Keys: the board, zset of users by rank (the better, the lower); EPOCH, the newest of which the
 * room posted; ONCE, zset of 'once user' that it posted, by when they may be forgotten.
 * Args: epoch, user, rank, keep, places, guard ms, once or ''.
 * Answers 0 for an older epoch, 1 for what is known, 2 for what is posted.
 */
export const POST = script(
  TIME,
  `
  local BOARD, EPOCH, ONCE = unpack(KEYS)
  local newest = redis.call('GET', EPOCH)
  if newest and tonumber(newest) > tonumber(ARGV[1]) then return 0 end
  redis.call('SET', EPOCH, ARGV[1], 'PX', ARGV[6])
  if ARGV[7] ~= '' then
    redis.call('ZREMRANGEBYSCORE', ONCE, '-inf', whole(now))
    local name = ARGV[7] .. ' ' .. ARGV[2]
    local isNew = redis.call('ZADD', ONCE, 'NX', whole(now + ARGV[6]), name) == 1
    redis.call('PEXPIRE', ONCE, ARGV[6])
    if not isNew then return 1 end
  end
  local rank = tonumber(ARGV[3])
  local old = redis.call('ZSCORE', BOARD, ARGV[2])
  if old and ARGV[4] == 'best' then rank = math.min(rank, tonumber(old)) end
  if old and ARGV[4] == 'sum' then
    rank = math.max(math.min(rank + tonumber(old), ${MOST_SCORE}), -${MOST_SCORE})
  end
  redis.call('ZADD', BOARD, string.format('%.17g', rank), ARGV[2])
  redis.call('ZREMRANGEBYRANK', BOARD, ARGV[5], -1)
  return 2`,
);

/** Args: first and last place, from 0. Answers user, rank, and so on. */
export const TOP = script(`return redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES')`);

/** Args: user. Answers nil, or [rank, place from 0]. */
export const STANDING = script(`
  local rank = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if not rank then return false end
  return {rank, redis.call('ZRANK', KEYS[1], ARGV[1])}`);

const ANSWERS: readonly Posted[] = [false, 'known', 'posted'];

export class RedisBoards {
  readonly #line: Line;
  readonly #keys: RedisKeys;

  constructor(line: Line, keys: RedisKeys) {
    this.#line = line;
    this.#keys = keys;
  }

  async post({ id, epoch }: Lease, board: Board, { user, score, once }: Post): Promise<Posted> {
    const rank = String(rankOf(board, score));
    const args = [String(epoch), user, rank, board.keep, String(board.places), String(GUARD_MS)];
    const keys = [this.#keys.board(board), ...this.#keys.guards(board, id)];
    return ANSWERS[await this.#line.run<number>(POST, keys, [...args, once ?? ''])];
  }

  async top(board: Board, from: number, count: number): Promise<readonly Standing[]> {
    const args = [String(from), String(from + count - 1)];
    const flat = await this.#line.run<readonly string[]>(TOP, [this.#keys.board(board)], args);
    return slices(flat, 2).map(([user, rank], index) => {
      return { user, score: scoreOf(board, Number(rank)), place: from + index + 1 };
    });
  }

  async standing(board: Board, user: string): Promise<Standing | undefined> {
    type Answer = readonly [rank: string, place: number] | null;
    const answer = await this.#line.run<Answer>(STANDING, [this.#keys.board(board)], [user]);
    return answer
      ? { user, score: scoreOf(board, Number(answer[0])), place: answer[1] + 1 }
      : undefined;
  }
}
