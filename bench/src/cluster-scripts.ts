// What a simulated Redis can be asked: the twins of RedisDirectory's scripts, those about rooms
// from cluster-room-scripts.ts and all others from here, and the plain commands. Looked up by
// cluster-line.ts. What each costs stands in cluster-costs.ts; `members` is what it reckons with.
import {
  ARRIVE,
  DEPART,
  POST,
  ROWS_OF,
  STANDING,
  redisScripts as scripts,
  TOP,
} from '@tickwire/server/parts';
import type { CommandName } from './cluster-costs.ts';
import * as rooms from './cluster-room-scripts.ts';
import type { Call, SimulatedStore, Twin, Word } from './cluster-store.ts';

import type { Scored, SortedSet } from './sorted-set.ts';

export interface Command {
  readonly name: CommandName;
  readonly twin: Twin;
  /** That are listed, written or read. */
  readonly members?: (call: Call) => number;
}

const KB = 1024;
const MOST_SCORE = Number.MAX_SAFE_INTEGER;

function dueOf({ store, keys, args, nowMs }: Call): readonly Scored[] {
  const [list, limit] = [store.list(keys[0]), Number(args[0])];
  const count = list.countUpTo(nowMs);
  const from = Math.floor(Math.max(count - limit + 1, 0) * Number(args[1]));
  return list.from(Number.NEGATIVE_INFINITY, from, Math.min(limit, count - from));
}

const due = (call: Call): unknown => flatOf(dueOf(call));

const flatOf = (found: readonly Scored[]): string[] =>
  found.flatMap(({ member, score }) => [member, String(score)]);

function forget({ store, keys, args }: Call): unknown {
  const [list, id] = [store.list(keys[0]), String(args[0])];
  return list.scoreOf(id) === Number(args[1]) && list.delete(id) ? 1 : 0;
}

/** Shards that were not heard of are forgotten. */
function shardsOf({ store: { shards }, nowMs }: Call): SimulatedStore['shards'] {
  for (const [id, { untilMs }] of shards) if (untilMs <= nowMs) shards.delete(id);
  return shards;
}

function announce(call: Call): unknown {
  const [id, text, life] = call.args.map(String);
  const shards = shardsOf(call);
  shards.set(id, { text, untilMs: call.nowMs + Number(life) });
  return shards.size;
}

function withdraw({ store, args }: Call): unknown {
  store.shards.delete(String(args[0]));
  return 1;
}

const textsOf = (call: Call): string[] => Array.from(shardsOf(call).values(), ({ text }) => text);

function someShards(call: Call): unknown {
  const texts = textsOf(call);
  const most = Math.min(Number(call.args[0]), texts.length);
  for (let at = 0; at < most; at++) {
    const other = at + Math.floor(call.store.chance() * (texts.length - at));
    [texts[at], texts[other]] = [texts[other], texts[at]];
  }
  return texts.slice(0, most);
}

function arrive({ store, keys, args, nowMs }: Call): unknown {
  const [room, epochText, life] = args.map(String);
  const rows = store.users.get(keys[0]) ?? new Map();
  const old = rows.get(room);
  const epoch = Number(epochText);
  if (old && old.epoch > epoch) return 0;
  for (const [id, { untilMs }] of rows) if (untilMs <= nowMs) rows.delete(id);
  const sinceMs = old && old.untilMs > nowMs ? old.sinceMs : nowMs;
  rows.set(room, { epoch, sinceMs, untilMs: nowMs + Number(life) });
  store.users.set(keys[0], rows);
  return 1;
}

function depart({ store, keys, args }: Call): unknown {
  const rows = store.users.get(keys[0]);
  const old = rows?.get(String(args[0]));
  if (!rows || !old || old.epoch > Number(args[1])) return 0;
  rows.delete(String(args[0]));
  if (rows.size === 0) store.users.delete(keys[0]);
  return 1;
}

function rowsOf({ store, keys, nowMs }: Call): unknown {
  const rows = [...(store.users.get(keys[0]) ?? [])];
  return rows.flatMap(([room, { epoch, sinceMs, untilMs }]) =>
    untilMs > nowMs ? [room, String(epoch), String(sinceMs)] : [],
  );
}

function post({ store, keys, args, nowMs }: Call): unknown {
  const [epoch, user, rankText, keep, places, guardMs, once] = args.map(String);
  const newest = store.texts.get(keys[1]);
  if (newest !== undefined && Number(newest) > Number(epoch)) return 0;
  store.texts.set(keys[1], epoch);
  const posted = store.list(keys[2]);
  if (once !== '') {
    for (const { member } of posted.from(Number.NEGATIVE_INFINITY, 0, posted.countUpTo(nowMs)))
      posted.delete(member);
    const name = `${once} ${user}`;
    if (posted.scoreOf(name) !== undefined) return 1;
    posted.set(name, nowMs + Number(guardMs));
  }
  const board = store.list(keys[0]);
  const old = board.scoreOf(user);
  board.set(user, rankAfter(keep, Number(rankText), old));
  for (const { member } of board.from(Number.NEGATIVE_INFINITY, Number(places)))
    board.delete(member);
  return 2;
}

function rankAfter(keep: string, rank: number, old: number | undefined): number {
  if (old !== undefined && keep === 'best') return Math.min(rank, old);
  if (old === undefined || keep !== 'sum') return rank;
  return Math.max(Math.min(rank + old, MOST_SCORE), -MOST_SCORE);
}

function topOf({ store, keys, args }: Call): readonly Scored[] {
  const [first, last] = args.map(Number);
  return store.list(keys[0]).from(Number.NEGATIVE_INFINITY, first, last - first + 1);
}

const top = (call: Call): unknown => flatOf(topOf(call));

function standing({ store, keys, args }: Call): unknown {
  const [board, user] = [store.list(keys[0]), String(args[0])];
  const rank = board.scoreOf(user);
  return rank === undefined ? null : [String(rank), board.rankOf(user)];
}

const shardCount = ({ store }: Call): number => store.shards.size;
const kbOf = ({ checkpointBytes }: SimulatedStore, bytes: number): number =>
  Math.max(bytes, checkpointBytes) / KB;
const argsAfter = (count: number) => (call: Call) => call.args.length - count;

/** By the script's hash. */
const SCRIPTS: ReadonlyMap<string, Command> = new Map(
  (
    [
      [scripts.ANNOUNCE, 'ANNOUNCE', announce],
      [scripts.WITHDRAW, 'WITHDRAW', withdraw],
      [scripts.LIST_SHARDS, 'LIST_SHARDS', textsOf, shardCount],
      [
        scripts.SOME_SHARDS,
        'SOME_SHARDS',
        someShards,
        (call) => Math.min(Number(call.args[0]), shardCount(call)),
      ],
      [scripts.CLAIM, 'CLAIM', rooms.claim],
      [scripts.RENEW, 'RENEW', rooms.renew],
      [scripts.HAND_OVER, 'HAND_OVER', rooms.handOver],
      [scripts.LOCK, 'LOCK', rooms.lock],
      [scripts.RELEASE, 'RELEASE', rooms.release],
      [scripts.LOOK, 'LOOK', rooms.look],
      [scripts.RESERVE, 'RESERVE', rooms.reserve],
      [scripts.REDEEM, 'REDEEM', rooms.redeem],
      [scripts.TAKE, 'TAKE', rooms.take],
      [scripts.LEAVE, 'LEAVE', rooms.leave, argsAfter(1)],
      [scripts.OCCUPY, 'OCCUPY', rooms.occupy, argsAfter(1)],
      [scripts.SAVE, 'SAVE', rooms.save, ({ store, args }) => kbOf(store, args[2].length)],
      [scripts.DUE, 'DUE', due, (call) => dueOf(call).length],
      [scripts.FORGET, 'FORGET', forget],
      [ARRIVE, 'ARRIVE', arrive],
      [DEPART, 'DEPART', depart],
      [ROWS_OF, 'ROWS_OF', rowsOf, ({ store, keys }) => store.users.get(keys[0])?.size ?? 0],
      [POST, 'POST', post],
      [TOP, 'TOP', top, (call) => topOf(call).length],
      [STANDING, 'STANDING', standing],
    ] satisfies [scripts.Script, CommandName, Twin, Command['members']?][]
  ).map(([{ sha }, name, twin, members]) => [sha, { name, twin, members }]),
);

export function commandOf({ sha, text }: scripts.Script): Command {
  const command = SCRIPTS.get(sha);
  if (!command) throw new Error(`no twin of this script: ${text}`);
  return command;
}

function zadd({ store, keys, args }: Call): unknown {
  const list = store.list(keys[0]);
  const isNew = args[0] === 'NX';
  for (let at = isNew ? 1 : 0; at < args.length; at += 2) {
    const member = String(args[at + 1]);
    if (!isNew || list.scoreOf(member) === undefined) list.set(member, Number(args[at]));
  }
  return undefined;
}

function zrem({ store, keys, args }: Call): unknown {
  for (const member of args) store.list(keys[0]).delete(String(member));
  return undefined;
}

/** ZRANGE key least +inf BYSCORE LIMIT offset limit WITHSCORES. */
function zrange(call: Call): unknown {
  return rangeOf(call).map(({ member, score }) => [member, score]);
}

function rangeOf({ store, keys, args }: Call): readonly Scored[] {
  const [offset, limit] = [Number(args[4]), Number(args[5])];
  const list: SortedSet = store.list(keys[0]);
  return list.from(scoreAt(args[0]), offset, limit < 0 ? undefined : limit);
}

const scoreAt = (word: Word): number => (word === '-inf' ? Number.NEGATIVE_INFINITY : Number(word));

/** Of a checkpoint: HMGET key epoch tick bytes. */
function hmget({ store, keys }: Call): unknown {
  const checkpoint = store.checkpoints.get(keys[0])?.checkpoint;
  if (!checkpoint) return [null, null, null];
  return [String(checkpoint.epoch), String(checkpoint.tick), checkpoint.bytes];
}

function loadedKb({ store, keys }: Call): number {
  const checkpoint = store.checkpoints.get(keys[0])?.checkpoint;
  return checkpoint ? kbOf(store, checkpoint.bytes.length) : 0;
}

function setNew({ store, keys, args }: Call): unknown {
  if (!store.texts.has(keys[0])) store.texts.set(keys[0], args[0]);
  return undefined;
}

/** The first of the args is the key. */
export const PLAIN: Readonly<Record<string, Command>> = {
  ZADD: { name: 'ZADD', twin: zadd, members: ({ args }) => Math.floor(args.length / 2) },
  ZREM: { name: 'ZREM', twin: zrem, members: ({ args }) => args.length },
  ZRANGE: { name: 'ZRANGE', twin: zrange, members: (call) => rangeOf(call).length },
  HMGET: { name: 'HMGET', twin: hmget, members: loadedKb },
  SET: { name: 'SET', twin: setNew },
  GET: { name: 'GET', twin: ({ store, keys }) => store.texts.get(keys[0]) ?? null },
  PING: { name: 'PING', twin: () => 'PONG' },
};
