// What Redis does in one step for the directory, in Lua: each script reads and writes the keys of
// one slot, and takes the time from Redis. Called by redis-directory.ts, which knows the keys.
// Trap: numbers of a room are texts of whole numbers, for Lua writes long ones as 1.7e+15.
import { createHash } from 'node:crypto';
import { WELL_MS } from './directory.ts';

export interface Script {
  readonly text: string;
  /** What Redis calls it by. */
  readonly sha: string;
}

/**
 * A room that nobody renews is kept this long after its lease, and up to KEEP_STEP_MS longer or
 * shorter: time to start a machine again.
 */
const KEEP_MS = 600_000;
const KEEP_STEP_MS = 60_000;
/** That a room was released is known for twice as long as an owner goes on who does not hear it. */
const RELEASED_MS = 60_000;
/** Values that Lua hands on in one call: its stack holds 8,000. */
const AT_ONCE = 1_000;

export function script(...parts: readonly string[]): Script {
  const text = parts.join('').replaceAll(/\n\s*/g, '\n').trim();
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

export const TIME = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local function whole(number) return string.format('%.0f', number) end
`;

/**
 * The keys of every script about a room, in this order:
 * ROOM hash: kind, build, seats, match, hidden 0|1, open (name of its list of open rooms, or ''),
 *   opened (us since 1970), shard, url, epoch, until (ms since 1970), locked 0|1,
 *   falls, begun (the epoch of the owner that went on with it last);
 *   of one that is over: released (its last epoch) alone;
 * PROMISES zset: seat -> ms when it ends, below 0 once it is redeemed: its owner may ask again;
 *   IDENTITIES hash: seat -> bytes; TAKEN set of seats;
 * CHECKPOINT hash: epoch, tick, bytes.
 */
const KEYS = `
  local ROOM, PROMISES, IDENTITIES, TAKEN, CHECKPOINT = unpack(KEYS)
  local function keep(until_)
    for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, whole(until_ + ${KEEP_MS})) end
  end
  local function falls(before, ended, epoch, lease)
    if not ended or ended - lease - epoch >= ${WELL_MS} then return 0 end
    return before or 0
  end
  local function promised() return redis.call('ZCOUNT', PROMISES, 0, '+inf') end
  local function endOf(seat) return tonumber(redis.call('ZSCORE', PROMISES, seat) or 0) end
  local function forget(seat)
    redis.call('ZREM', PROMISES, seat)
    redis.call('HDEL', IDENTITIES, seat)
  end
  local function sweep()
    repeat
      local late =
        redis.call('ZRANGEBYSCORE', PROMISES, whole(-now), now, 'LIMIT', 0, ${AT_ONCE})
      if #late > 0 then
        redis.call('ZREM', PROMISES, unpack(late))
        redis.call('HDEL', IDENTITIES, unpack(late))
      end
    until #late < ${AT_ONCE}
  end
`;

/**
 * For what only the owner may do: ARGV[1] is its epoch, and a 0 is all that another one gets, after
 * `otherwise`.
 */
function ownedOr(otherwise = ''): string {
  return `
  local owned = redis.call('HMGET', ROOM, 'epoch', 'until', 'seats', 'locked', 'open')
  if owned[1] ~= ARGV[1] then${otherwise}
    return 0
  end
  local until_, seats = tonumber(owned[2]), tonumber(owned[3])
  sweep()
  local function free()
    if owned[4] == '1' then return 0 end
    return seats - promised() - redis.call('SCARD', TAKEN)
  end
`;
}

const OWNED_ROOM = TIME + KEYS + ownedOr();

/**
 * Args: shard, url, lease ms, kind, build, seats, match, hidden, open, and the epoch by which the
 * owner still has it, or ''.
 * Answers [0, shard, url] of who owns it, or [1, epoch, until, free, open, kind, opened]: what the
 * room is was said by who opened it.
 */
export const CLAIM = script(
  TIME,
  KEYS,
  `
  local known = redis.call('HMGET', ROOM, 'until', 'epoch', 'shard', 'url', 'released',
    'falls', 'begun')
  local last, released = tonumber(known[2]) or 0, tonumber(known[5]) or 0
  local held = tonumber(ARGV[10])
  local lost = known[1] and tonumber(known[1]) > now
  if held then lost = last > held or released >= held end
  if lost then return {0, known[3] or '', known[4] or ''} end
  local until_ = now + ARGV[3]
  local epoch = whole(math.max(last + 1, released + 1, (held or 0) + 1, now))
  if held or not known[1] then redis.call('HSET', ROOM, 'begun', epoch) end
  if not known[1] then
    redis.call('HDEL', ROOM, 'released')
    redis.call('HSET', ROOM, 'kind', ARGV[4], 'build', ARGV[5], 'seats', ARGV[6],
      'match', ARGV[7], 'hidden', ARGV[8], 'open', ARGV[9], 'locked', '0',
      'opened', time[1] .. string.format('%06d', time[2]))
  end
  local fell = known[1] and known[7] == known[2] and not held and 1 or 0
  redis.call('HSET', ROOM, 'shard', ARGV[1], 'url', ARGV[2], 'epoch', epoch,
    'until', whole(until_), 'falls', whole(falls(known[6], known[1], last, ARGV[3]) + fell))
  sweep()
  keep(until_)
  local room = redis.call('HMGET', ROOM, 'seats', 'locked', 'open', 'kind', 'opened')
  local free = room[1] - promised() - redis.call('SCARD', TAKEN)
  if room[2] == '1' then free = 0 end
  return {1, epoch, whole(until_), free, room[3], room[4], room[5]}`,
);

/**
 * Args: epoch, lease ms. Answers 0, or [until, free, open]. Who lost the room to another one and
 * asks for it lives: that was no fall. All rooms ask all the time, so the keys are kept for longer
 * once in KEEP_STEP_MS alone, which saves a third.
 */
export const RENEW = script(
  TIME,
  KEYS,
  ownedOr(`
    if owned[1] and tonumber(owned[1]) > tonumber(ARGV[1]) then
      redis.call('HSET', ROOM, 'falls', 0)
    end`),
  `
  local step = math.floor(until_ / ${KEEP_STEP_MS})
  until_ = now + ARGV[2]
  redis.call('HSET', ROOM, 'until', whole(until_))
  if math.floor(until_ / ${KEEP_STEP_MS}) ~= step then keep(until_ + ${KEEP_STEP_MS}) end
  return {whole(until_), free(), owned[5]}`,
);

/** Args: epoch, lease ms, shard, url. Answers 0, or [epoch, until]. */
export const HAND_OVER = script(
  OWNED_ROOM,
  `
  until_ = now + ARGV[2]
  local epoch = whole(math.max(owned[1] + 1, now))
  local fallen = falls(redis.call('HGET', ROOM, 'falls'), owned[2], owned[1], ARGV[2])
  redis.call('HSET', ROOM, 'shard', ARGV[3], 'url', ARGV[4],
    'epoch', epoch, 'until', whole(until_), 'falls', whole(fallen))
  keep(until_)
  return {epoch, whole(until_)}`,
);

/** Args: epoch, 0|1. Answers 0, or [free, open]. */
export const LOCK = script(
  OWNED_ROOM,
  `
  redis.call('HSET', ROOM, 'locked', ARGV[2])
  owned[4] = ARGV[2]
  return {free(), owned[5]}`,
);

/** Args: epoch. Answers 0, or [open, kind]. */
export const RELEASE = script(
  OWNED_ROOM,
  `
  local kind = redis.call('HGET', ROOM, 'kind')
  redis.call('UNLINK', unpack(KEYS))
  redis.call('HSET', ROOM, 'released', ARGV[1])
  redis.call('PEXPIRE', ROOM, ${RELEASED_MS})
  return {owned[5], kind}`,
);

/**
 * Args: lease ms. Answers nil, or [kind, build, seats, match, hidden, shard, url, epoch, locked,
 * taken, orphan 0|1, until, open, falls].
 */
export const LOOK = script(
  TIME,
  KEYS,
  `
  local room = redis.call('HMGET', ROOM, 'kind', 'build', 'seats', 'match', 'hidden',
    'shard', 'url', 'epoch', 'locked', 'until', 'open', 'falls', 'begun')
  if not room[1] then return false end
  local taken = redis.call('ZCOUNT', PROMISES, '(' .. whole(now), '+inf')
    + redis.call('SCARD', TAKEN)
  local orphan = tonumber(room[10]) <= now and '1' or '0'
  local fell = room[13] == room[8] and orphan or '0'
  return {room[1], room[2], room[3], room[4], room[5], room[6], room[7], room[8], room[9],
    whole(taken), orphan, room[10], room[11],
    whole(falls(room[12], room[10], room[8], ARGV[1]) + fell)}`,
);

/**
 * Args: life ms, then seat and identity of each promise, all or none of which are given.
 * Answers [what came of it], or ['reserved' | 'full', free, open].
 */
export const RESERVE = script(
  TIME,
  KEYS,
  `
  local room = redis.call('HMGET', ROOM, 'until', 'locked', 'seats', 'open')
  if not room[1] then return {'gone'} end
  if tonumber(room[1]) <= now then return {'orphan'} end
  if room[2] == '1' then return {'locked'} end
  sweep()
  local free = room[3] - promised() - redis.call('SCARD', TAKEN)
  local wanted = 0
  for i = 2, #ARGV, 2 do
    if endOf(ARGV[i]) <= 0 then wanted = wanted + 1 end
  end
  if wanted > free then return {'full', free, room[4]} end
  local ends = whole(now + ARGV[1])
  for i = 2, #ARGV, 2 do
    redis.call('ZADD', PROMISES, ends, ARGV[i])
    redis.call('HSET', IDENTITIES, ARGV[i], ARGV[i + 1])
  end
  local forgotten = whole(room[1] + ${KEEP_MS})
  redis.call('PEXPIREAT', PROMISES, forgotten)
  redis.call('PEXPIREAT', IDENTITIES, forgotten)
  return {'reserved', free - wanted, room[4]}`,
);

/**
 * Args: epoch, seat, again 0|1. Answers 0, 1 where there is no such promise, or its identity, which
 * stays until the promise would have ended.
 */
export const REDEEM = script(
  OWNED_ROOM,
  `
  local ends = endOf(ARGV[2])
  if ends == 0 or (ends < 0 and ARGV[3] == '0') then return 1 end
  if ends > 0 then
    redis.call('ZADD', PROMISES, whole(-ends), ARGV[2])
    redis.call('SADD', TAKEN, ARGV[2])
    keep(until_)
  end
  return redis.call('HGET', IDENTITIES, ARGV[2]) or 1`,
);

/** Args: epoch, seat. Answers 0, or ['taken' | 'full', free, open]. */
export const TAKE = script(
  OWNED_ROOM,
  `
  if redis.call('SISMEMBER', TAKEN, ARGV[2]) == 0 then
    if promised() + redis.call('SCARD', TAKEN) >= seats then
      return {'full', 0, owned[5]}
    end
    redis.call('SADD', TAKEN, ARGV[2])
    keep(until_)
  end
  return {'taken', free(), owned[5]}`,
);

/**
 * Args: epoch, seats, which are all that are taken now. Answers 0, or [free, open]. An owner that
 * has begun may ask again who they are for that it has redeemed.
 */
export const OCCUPY = script(
  OWNED_ROOM,
  `
  local known = {}
  if redis.call('HGET', ROOM, 'begun') == ARGV[1] then
    for at = 2, #ARGV do known[ARGV[at]] = true end
  end
  redis.call('HSET', ROOM, 'begun', ARGV[1])
  local redeemed = redis.call('ZRANGEBYSCORE', PROMISES, '-inf', '(0')
  for _, seat in ipairs(redeemed) do
    if not known[seat] then forget(seat) end
  end
  redis.call('DEL', TAKEN)
  for from = 2, #ARGV, ${AT_ONCE} do
    redis.call('SADD', TAKEN, unpack(ARGV, from, math.min(from + ${AT_ONCE - 1}, #ARGV)))
  end
  keep(until_)
  return {free(), owned[5]}`,
);

/** Args: epoch, seats. Answers 0, or [free, open]. */
export const LEAVE = script(
  OWNED_ROOM,
  `
  for from = 2, #ARGV, ${AT_ONCE} do
    redis.call('SREM', TAKEN, unpack(ARGV, from, math.min(from + ${AT_ONCE - 1}, #ARGV)))
  end
  for at = 2, #ARGV do
    if endOf(ARGV[at]) < 0 then forget(ARGV[at]) end
  end
  return {free(), owned[5]}`,
);

/** Args: epoch, tick, bytes. Answers 0 or 1, which it is also where a newer one is kept. */
export const SAVE = script(
  TIME,
  KEYS,
  `
  local room = redis.call('HMGET', ROOM, 'epoch', 'until')
  if room[1] ~= ARGV[1] then return 0 end
  local newest = redis.call('HMGET', CHECKPOINT, 'epoch', 'tick')
  if newest[1] == ARGV[1] and tonumber(ARGV[2]) < tonumber(newest[2]) then return 1 end
  redis.call('HSET', CHECKPOINT, 'epoch', ARGV[1], 'tick', ARGV[2], 'bytes', ARGV[3])
  redis.call('PEXPIREAT', CHECKPOINT, whole(room[2] + ${KEEP_MS}))
  return 1`,
);

/**
 * Key: a list of leases. Args: how many, and, where there are more, from where: 0 the longest,
 * below 1. Answers ids whose lease may be over, each with its score.
 */
export const DUE = script(
  TIME,
  `
  local more = redis.call('ZCOUNT', KEYS[1], '-inf', now) - ARGV[1]
  local from = math.floor(math.max(more + 1, 0) * ARGV[2])
  return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', from, ARGV[1])`,
);

/** Key: a list. Args: id, score. Takes the id off, unless it was put there anew. Answers 0 or 1. */
export const FORGET = script(`
  if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1])) ~= tonumber(ARGV[2]) then return 0 end
  return redis.call('ZREM', KEYS[1], ARGV[1])`);

/** Keys: zset of shards (id -> ms when it is forgotten), hash of what they said (id -> text). */
const SHARDS = `
  local UNTIL, SAID = unpack(KEYS)
  local late = redis.call('ZRANGEBYSCORE', UNTIL, '-inf', now, 'LIMIT', 0, ${AT_ONCE})
  if #late > 0 then
    redis.call('ZREM', UNTIL, unpack(late))
    redis.call('HDEL', SAID, unpack(late))
  end
`;

/**
 * Args: id, text, life ms. The keys live as long as the last of the shards. Answers how many there
 * are.
 */
export const ANNOUNCE = script(
  TIME,
  SHARDS,
  `
  redis.call('ZADD', UNTIL, whole(now + ARGV[3]), ARGV[1])
  redis.call('HSET', SAID, ARGV[1], ARGV[2])
  redis.call('PEXPIRE', UNTIL, ARGV[3])
  redis.call('PEXPIRE', SAID, ARGV[3])
  return redis.call('ZCARD', UNTIL)`,
);

/** Args: id. */
export const WITHDRAW = script(`
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  return 1`);

/** No args. Answers the texts of the shards that are there. */
export const LIST_SHARDS = script(TIME, SHARDS, `return redis.call('HVALS', SAID)`);

/** Args: how many at most. Answers the texts of some of them, by chance. */
export const SOME_SHARDS = script(
  TIME,
  SHARDS,
  `
  local said = {}
  local some = redis.call('HRANDFIELD', SAID, ARGV[1], 'WITHVALUES')
  for i = 2, #some, 2 do said[#said + 1] = some[i] end
  return said`,
);
