// The directory of several machines: rooms, seats and checkpoints in one Redis (6.2 or newer, or
// Valkey), or in a cluster of them. Made by redis.ts for a game, and by the simulator of a cluster
// (bench/src/cluster.ts) on a Redis of its own. What is true of a room stands in keys of one slot
// and changes by scripts alone (redis-scripts.ts); the lists to find rooms by stand apart and may
// lie (redis-lists.ts). Trap: Redis copies to its replicas later, so
// one that fails over may have forgotten the last second; epochs grow all the same, for they go by
// its clock.
import { randomBytes } from 'node:crypto';
import { chance as anyChance } from './chance.ts';
import {
  type Board,
  type Checkpoint,
  type Claim,
  type Directory,
  DirectoryError,
  type Lease,
  type Outcome,
  type Owner,
  type Post,
  type Posted,
  type Presence,
  type Reservation,
  type RoomEntry,
  type RoomFacts,
  type Save,
  type SeatPromise,
  type ShardEntry,
  type Standing,
  shardLifeMs,
} from './directory.ts';
import { RedisBoards } from './redis-boards.ts';
import { RedisChannels } from './redis-channels.ts';
import { openName, RedisKeys } from './redis-keys.ts';
import type { Line } from './redis-line.ts';
import { type Listed, RedisLists, search } from './redis-lists.ts';
import type { RedisParts } from './redis-options.ts';
import { RedisPresence } from './redis-presence.ts';
import { freeIn, heardOf, isFree, RedisRooms, type Seen } from './redis-rooms.ts';
import * as scripts from './redis-scripts.ts';
import { Watches } from './watches.ts';

const SECRET_BYTES = 32;

type Texts = readonly string[];
/** What the scripts answer; 0 is: not the owner. */
type Listing = readonly [untilMs: string, free: number, open: string];
type Freed = readonly [free: number, open: string];

export class RedisDirectory implements Directory {
  readonly leaseMs: number;
  readonly isParted: boolean;
  readonly #keys: RedisKeys;
  readonly #line: Line;
  readonly #lists: RedisLists;
  readonly #rooms: RedisRooms;
  readonly #presence: RedisPresence;
  readonly #boards: RedisBoards;
  readonly #channels: RedisChannels;
  readonly #watches: Watches;
  readonly #chance: () => number;
  /** Put back where Redis has forgotten it. */
  #secret: Uint8Array = randomBytes(SECRET_BYTES);

  /** `chance`: 0 <= n < 1. */
  constructor({ leaseMs, prefix, line, ear, isParted }: RedisParts, chance = anyChance) {
    this.leaseMs = leaseMs;
    this.isParted = isParted;
    this.#chance = chance;
    this.#keys = new RedisKeys(prefix);
    const lists = this.#keys.leases.length;
    this.#watches = new Watches(lists, Math.floor(chance() * lists));
    this.#line = line;
    this.#lists = new RedisLists(this.#line);
    this.#rooms = new RedisRooms(this.#line, this.#keys, this.#lists, this.leaseMs);
    this.#boards = new RedisBoards(this.#line, this.#keys);
    this.#presence = new RedisPresence(this.#line, this.#keys, this.#rooms);
    this.#channels = new RedisChannels(ear);
  }

  async announce(shard: ShardEntry): Promise<void> {
    const args = [shard.id, JSON.stringify(shard), String(shardLifeMs(this.leaseMs))];
    this.#watches.shards = await this.#line.run<number>(scripts.ANNOUNCE, this.#keys.shards, args);
  }

  async withdraw(shard: string): Promise<void> {
    await this.#line.run(scripts.WITHDRAW, this.#keys.shards, [shard]);
  }

  async shards(): Promise<readonly ShardEntry[]> {
    const said = await this.#line.run<Texts>(scripts.LIST_SHARDS, this.#keys.shards, []);
    return said.flatMap(readEntry);
  }

  async someShards(most: number): Promise<readonly ShardEntry[]> {
    const args = [String(most)];
    const said = await this.#line.run<Texts>(scripts.SOME_SHARDS, this.#keys.shards, args);
    return said.flatMap(readEntry);
  }

  async claim(facts: RoomFacts, { shard, url }: Owner, held?: number): Promise<Claim> {
    const { id, kind, build, seats, match, hidden } = facts;
    const open = hidden ? '' : openName(kind, build, match);
    // Refuses names before anything is written.
    this.#keys.room(id);
    this.#keys.rooms(kind);
    // First, so that a room whose owner dies at once is found; 0 says: ask the room.
    const listed = this.#line.ask(['ZADD', this.#keys.lease(id), 'NX', '0', id]);
    const args = [shard, url, String(this.leaseMs), kind, build, String(seats), match];
    type Answer = readonly [0, string, string] | readonly [1, string, ...Listing, string, string];
    const [answer] = await Promise.all([
      this.#run<Answer>(scripts.CLAIM, id, [...args, hidden ? '1' : '0', open, `${held ?? ''}`]),
      listed,
    ]);
    if (answer[0] === 0) return { won: false, owner: { shard: answer[1], url: answer[2] } };
    // What it is was said when it was opened.
    const [, epoch, untilMs, free, openedAs, openedKind, openedUs] = answer;
    this.#markLease(id, untilMs);
    this.#markOpen(id, [free, openedAs]);
    const lists = openedAs === '' ? [] : [this.#keys.rooms(), this.#keys.rooms(openedKind)];
    for (const list of lists) this.#lists.mark(list, id, Number(openedUs));
    return { won: true, epoch: Number(epoch) };
  }

  async renew(leases: readonly Lease[]): Promise<Outcome> {
    const args = [String(this.leaseMs)];
    const [, answers] = await Promise.all([
      this.#line.hear(leases.length > 0),
      heardOf(leases.map((lease) => this.#asOwner<Listing>(scripts.RENEW, lease, args))),
    ]);
    const [lost, unheard]: [string[], string[]] = [[], []];
    for (const [index, { id }] of leases.entries()) {
      const answer = answers[index];
      if (answer instanceof DirectoryError) unheard.push(id);
      else if (!answer) lost.push(id);
      else {
        const [untilMs, free, open] = answer;
        this.#markLease(id, untilMs);
        this.#markOpen(id, [free, open]);
      }
    }
    return { lost, unheard };
  }

  async handOver(lease: Lease, { shard, url }: Owner): Promise<number | false> {
    const args = [String(this.leaseMs), shard, url];
    const answer = await this.#asOwner<Texts>(scripts.HAND_OVER, lease, args);
    if (!answer) return false;
    this.#markLease(lease.id, answer[1]);
    return Number(answer[0]);
  }

  lock(lease: Lease, locked: boolean): Promise<boolean> {
    return this.#changeSeats(scripts.LOCK, lease, [locked ? '1' : '0']);
  }

  async release(lease: Lease): Promise<boolean> {
    const answer = await this.#asOwner<Texts>(scripts.RELEASE, lease, []);
    if (!answer) return false;
    const [open, kind] = answer;
    const lists = [this.#keys.lease(lease.id), this.#keys.rooms(), this.#keys.rooms(kind)];
    if (open !== '') lists.push(this.#keys.open(open));
    for (const list of lists) this.#lists.mark(list, lease.id, undefined);
    await this.#lists.written();
    return true;
  }

  async room(id: string): Promise<RoomEntry | undefined> {
    return (await this.#rooms.look(id))?.entry;
  }

  async rooms(kind?: string): Promise<readonly RoomEntry[]> {
    const list = this.#keys.rooms(kind);
    const listed = await this.#lists.read(list, '-inf', 0, -1);
    const found = this.#rooms.settled(await this.#rooms.lookAll(listed.map((one) => [list, one])));
    const entries = found.map(({ entry }) => entry);
    return entries.filter((entry) => kind === undefined || entry.kind === kind);
  }

  async candidates(
    kind: string,
    build: string,
    match: string,
    limit: number,
  ): Promise<readonly RoomEntry[]> {
    const name = openName(kind, build, match);
    const list = this.#keys.open(name);
    const seen: Seen[] = [];
    const read = (from: number, count: number) => this.#lists.read(list, '1', from, count);
    const look = async (listed: readonly Listed[]): Promise<RoomEntry[]> => {
      const some = await this.#rooms.lookAll(listed.map((one) => [list, one]));
      seen.push(...some);
      const open = some.flatMap(({ room }) => (room?.open === name ? [room.entry] : []));
      return open.filter(isFree);
    };
    const found = await search({ read, look }, limit, this.#chance);
    // Only now, for it moves what is on the pages.
    for (const { entry, open, listed } of this.#rooms.settled(seen)) {
      if (open !== name) this.#lists.forget(list, listed);
      if (freeIn(entry) !== listed[1]) this.#markOpen(entry.id, [freeIn(entry), open]);
    }
    return found.sort((a, b) => freeIn(a) - freeIn(b)).slice(0, limit);
  }

  async orphans(passed: ReadonlySet<string> = new Set()): Promise<readonly RoomEntry[]> {
    const { limit } = this.#watches;
    const leases = this.#watches.next().map((list) => this.#keys.leases[list]);
    // Not all shards begin with the same one.
    const from = this.#chance();
    const due = await heardOf(leases.map((list) => this.#lists.due(list, limit, from, passed)));
    const listed = due.flatMap((some, index) =>
      some instanceof DirectoryError ? [] : some.map((one) => [leases[index], one] as const),
    );
    const found = this.#rooms.settled(await this.#rooms.lookAll(listed));
    for (const { entry, untilMs } of found)
      if (!entry.orphan) this.#markLease(entry.id, String(untilMs));
    return found
      .filter(({ entry }) => entry.orphan && this.#rooms.isSteady(entry.id))
      .sort((a, b) => a.untilMs - b.untilMs)
      .map(({ entry }) => entry);
  }

  async reserve(id: string, seats: readonly SeatPromise[], lifeMs: number): Promise<Reservation> {
    const args: (string | Buffer)[] = [String(Math.ceil(lifeMs))];
    for (const { seat, identity } of seats) args.push(seat, Buffer.from(identity));
    type Answer = readonly [Reservation, ...Freed];
    const [answer, ...freed] = await this.#run<Answer>(scripts.RESERVE, id, args);
    if (answer === 'reserved') this.#markOpen(id, freed);
    return answer;
  }

  async redeem(lease: Lease, seat: string, again = false): Promise<Uint8Array | 'spent' | false> {
    const args = [String(lease.epoch), seat, again ? '1' : '0'];
    const answer = await this.#run<0 | 1 | Buffer>(scripts.REDEEM, lease.id, args, true);
    if (answer === 0) return false;
    // A copy: Redis's answers share memory with what else was read.
    return answer === 1 ? 'spent' : new Uint8Array(answer);
  }

  async take(lease: Lease, seat: string): Promise<'taken' | 'full' | false> {
    type Answer = readonly ['taken' | 'full', ...Freed];
    const answer = await this.#asOwner<Answer>(scripts.TAKE, lease, [seat]);
    if (!answer) return false;
    const [taken, ...freed] = answer;
    this.#markOpen(lease.id, freed);
    return taken;
  }

  leave(lease: Lease, seats: readonly string[]): Promise<boolean> {
    return this.#changeSeats(scripts.LEAVE, lease, seats);
  }

  occupy(lease: Lease, seats: readonly string[]): Promise<boolean> {
    return this.#changeSeats(scripts.OCCUPY, lease, seats);
  }

  async save(saves: readonly Save[]): Promise<Outcome> {
    // Whose node is away would have all the others wait for a deadline; their renewals ask it.
    const steady = saves.filter(({ lease }) => this.#rooms.isAnswered(lease.id));
    const asked = steady.length > 0 ? steady : saves;
    // All go out in one turn, and each to its room's slot.
    const answers = await heardOf(
      asked.map(({ lease, tick, bytes }) => {
        // Copied, for it is written to the socket later.
        const args = [String(lease.epoch), String(tick), Buffer.from(bytes)];
        return this.#run<number>(scripts.SAVE, lease.id, args);
      }),
    );
    const heard = new Map(
      asked.flatMap(({ lease }, i) => {
        const answer = answers[i];
        return answer instanceof DirectoryError ? [] : [[lease.id, answer]];
      }),
    );
    const ids = saves.map(({ lease }) => lease.id);
    return {
      lost: ids.filter((id) => heard.get(id) === 0),
      unheard: ids.filter((id) => !heard.has(id)),
    };
  }

  async load(id: string): Promise<Checkpoint | undefined> {
    const asked = ['HMGET', this.#keys.checkpoint(id), 'epoch', 'tick', 'bytes'];
    const [epoch, tick, bytes] = await this.#line.ask<(Buffer | null)[]>(asked, true);
    if (!epoch || !tick || !bytes) return undefined;
    return { epoch: Number(epoch), tick: Number(tick), bytes: new Uint8Array(bytes) };
  }

  arrive(lease: Lease, users: readonly string[]): Promise<void> {
    return this.#presence.arrive(lease, users);
  }

  depart(lease: Lease, users: readonly string[]): Promise<void> {
    return this.#presence.depart(lease, users);
  }

  whereabouts(users: readonly string[]): Promise<readonly (readonly Presence[])[]> {
    return this.#presence.whereabouts(users);
  }

  post(lease: Lease, board: Board, post: Post): Promise<Posted> {
    return this.#boards.post(lease, board, post);
  }

  top(board: Board, from: number, count: number): Promise<readonly Standing[]> {
    return this.#boards.top(board, from, count);
  }

  standing(board: Board, user: string): Promise<Standing | undefined> {
    return this.#boards.standing(board, user);
  }

  async publish(channel: string, message: Uint8Array): Promise<void> {
    await this.#line.publish(this.#keys.channel(channel), Buffer.from(message));
  }

  async subscribe(
    channel: string,
    hear: (message: Uint8Array) => void,
  ): Promise<() => Promise<void>> {
    return this.#channels.subscribe(this.#keys.channel(channel), hear);
  }

  async secret(): Promise<Uint8Array> {
    const key = this.#keys.secret;
    const [, kept] = await Promise.all([
      this.#line.ask(['SET', key, Buffer.from(this.#secret), 'NX']),
      this.#line.ask<Buffer | null>(['GET', key], true),
    ]);
    if (kept?.length !== SECRET_BYTES)
      throw new DirectoryError('failed', `Redis: ${key} does not hold ${SECRET_BYTES} bytes`);
    this.#secret = new Uint8Array(kept);
    return this.#secret;
  }

  async close(): Promise<void> {
    await Promise.all([this.#line.close(), this.#channels.close()]);
  }

  async #run<Answer>(
    script: scripts.Script,
    id: string,
    args: readonly (string | Buffer)[],
    bytes = false,
  ): Promise<Answer> {
    return this.#line.run<Answer>(script, this.#keys.room(id), args, bytes);
  }

  /** Answers false where the lease is lost. */
  async #asOwner<Answer>(
    script: scripts.Script,
    lease: Lease,
    args: Texts,
  ): Promise<Answer | false> {
    const { id, epoch } = lease;
    return (await this.#run<Answer | 0>(script, id, [String(epoch), ...args])) || false;
  }

  async #changeSeats(script: scripts.Script, lease: Lease, args: Texts): Promise<boolean> {
    const freed = await this.#asOwner<Freed>(script, lease, args);
    if (freed) this.#markOpen(lease.id, freed);
    return freed !== false;
  }

  #markLease(id: string, untilMs: string): void {
    this.#lists.mark(this.#keys.lease(id), id, Number(untilMs));
  }

  /** A hidden room is on no list. */
  #markOpen(id: string, [free, open]: Freed): void {
    if (open !== '') this.#lists.mark(this.#keys.open(open), id, Math.max(free, 0));
  }
}

/** What a shard said of itself; nothing of what another hand left there. */
function readEntry(text: string): ShardEntry | readonly [] {
  try {
    const entry: ShardEntry = JSON.parse(text);
    return typeof entry?.id === 'string' ? entry : [];
  } catch {
    return [];
  }
}
