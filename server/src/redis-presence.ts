// Where users are, on Redis: a hash for each user, by room, beside the rooms' own slots. Used by
// redis-directory.ts. Trap: a row and its room are in different slots, so a row may be old news; it
// says which epoch it is of, and who reads it asks the room.
import { type Lease, PRESENCE_MS, type Presence } from './directory.ts';
import { inOrder } from './memory-presence.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { Line } from './redis-line.ts';
import { slices } from './redis-lists.ts';
import { type RedisRooms, ROOMS_AT_ONCE } from './redis-rooms.ts';
import { script, TIME } from './redis-scripts.ts';

/** Key: a user's hash of room -> 'epoch since until', in ms since 1970. */
const ROWS = `
  local USER = KEYS[1]
  local function read(row)
    if row then return row:match('^(%d+) (%d+) (%d+)$') end
  end
`;

/** Args: room, epoch, life ms. Rows that are over go. */
export const ARRIVE = script(
  TIME,
  ROWS,
  `
  local epoch, since, until_ = read(redis.call('HGET', USER, ARGV[1]))
  if epoch and tonumber(epoch) > tonumber(ARGV[2]) then return 0 end
  local rows = redis.call('HGETALL', USER)
  for i = 1, #rows, 2 do
    local _, _, ends = read(rows[i + 1])
    if not ends or tonumber(ends) <= now then redis.call('HDEL', USER, rows[i]) end
  end
  if not until_ or tonumber(until_) <= now then since = whole(now) end
  redis.call('HSET', USER, ARGV[1],
    ARGV[2] .. ' ' .. since .. ' ' .. whole(now + ARGV[3]))
  redis.call('PEXPIRE', USER, ARGV[3])
  return 1`,
);

/** Args: room, epoch. */
export const DEPART = script(
  ROWS,
  `
  local epoch = read(redis.call('HGET', USER, ARGV[1]))
  if not epoch or tonumber(epoch) > tonumber(ARGV[2]) then return 0 end
  return redis.call('HDEL', USER, ARGV[1])`,
);

/** Answers room, epoch, since, and so on. */
export const ROWS_OF = script(
  TIME,
  ROWS,
  `
  local rows, told = redis.call('HGETALL', USER), {}
  for i = 1, #rows, 2 do
    local epoch, since, until_ = read(rows[i + 1])
    if epoch and tonumber(until_) > now then
      told[#told + 1], told[#told + 2], told[#told + 3] = rows[i], epoch, since
    end
  end
  return told`,
);

type Row = readonly [room: string, epoch: string, since: string];

export class RedisPresence {
  readonly #line: Line;
  readonly #keys: RedisKeys;
  readonly #rooms: RedisRooms;

  constructor(line: Line, keys: RedisKeys, rooms: RedisRooms) {
    this.#line = line;
    this.#keys = keys;
    this.#rooms = rooms;
  }

  async arrive({ id, epoch }: Lease, users: readonly string[]): Promise<void> {
    const args = [id, String(epoch), String(PRESENCE_MS)];
    await Promise.all(users.map((user) => this.#line.run(ARRIVE, [this.#keys.user(user)], args)));
  }

  async depart({ id, epoch }: Lease, users: readonly string[]): Promise<void> {
    const args = [id, String(epoch)];
    await Promise.all(users.map((user) => this.#line.run(DEPART, [this.#keys.user(user)], args)));
  }

  async whereabouts(users: readonly string[]): Promise<readonly (readonly Presence[])[]> {
    const rowsOf = async (user: string): Promise<Row[]> => {
      const flat = await this.#line.run<readonly string[]>(ROWS_OF, [this.#keys.user(user)], []);
      return slices(flat, 3) as unknown as Row[];
    };
    const rows = await Promise.all(users.map(rowsOf));
    const ids = [...new Set(rows.flatMap((some) => some.map(([id]) => id)))];
    const found = new Map<string, Awaited<ReturnType<RedisRooms['look']>>>();
    for (const some of slices(ids, ROOMS_AT_ONCE)) {
      const looked = await Promise.all(some.map((id) => this.#rooms.look(id)));
      for (const [index, id] of some.entries()) found.set(id, looked[index]);
    }
    const told = ([id, epoch, since]: Row): Presence[] => {
      const room = found.get(id)?.entry;
      if (!room || room.orphan || room.epoch !== Number(epoch)) return [];
      return [{ room: id, kind: room.kind, sinceMs: Number(since) }];
    };
    return rows.map((some) => some.flatMap(told).sort(inOrder));
  }
}
