// Puts the parts of a shard together and opens the rooms that are to stand: of one that is alone,
// or of one among others, as its directory is. Called by serve(), which puts a transport before it,
// and then has the cluster start: once, or what others ask would be done twice.
import { Random, UsageError } from '@tickwire/protocol';
import { AnswerTimes } from './answer-times.ts';
import { AwakeClock } from './awake.ts';
import type { Boards } from './boards.ts';
import { Cluster } from './cluster.ts';
import type { RoomKind } from './define-room.ts';
import type { Directory, Lease, Owner } from './directory.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { MakeSecret } from './keys.ts';
import { Leases, type OnDirectoryLoss } from './leases.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { Others } from './others.ts';
import { Peers } from './peers.ts';
import { Recovery } from './recovery.ts';
import type { GameRoom } from './room.ts';
import { Seating } from './seating.ts';
import { Shard } from './shard.ts';
import type { Tally } from './tally.ts';
import type { Ticked, Ticker } from './ticker.ts';

export interface ShardParts {
  rooms: Readonly<Record<string, RoomKind>>;
  limits: Limits;
  directory: Directory;
  boards: Boards;
  /** Which process this is, and where clients reach it. */
  owner: Owner;
  onDirectoryLoss?: OnDirectoryLoss;
  balance?: boolean;
  log: Log;
  tally: Tally;
  heartbeat: Heartbeat;
  ticker: Ticker;
  /** False: who drives the rooms does so himself. */
  ticking?: boolean;
  /** How busy this process is, 0..1. */
  load: () => number;
  /** Monotonic ms. */
  now: () => number;
  /** Ms since 1970. */
  wallClockMs: () => number;
  makeSecret: MakeSecret;
  /** Signs tickets. */
  ticketKey: Uint8Array;
  /** That key is the directory's secret. */
  signsBySecret: boolean;
  /** Short random text for room ids. */
  makeId: () => string;
  seed: () => number;
  production: boolean;
  /** Rooms look for desyncs. */
  findDesyncs?: boolean;
}

export interface MadeShard {
  readonly shard: Shard;
  readonly seating: Seating;
  /** Undefined for one that is alone. */
  readonly cluster: Cluster | undefined;
}

/** Ms between looks of a room that may not tick. */
const FENCED_LOOK_MS = 50;

/** A room that ticks while its shard holds its lease; `ticked` is told when it did. */
class Fenced implements Ticked {
  readonly #room: GameRoom;
  readonly #leases: Leases;
  readonly #now: () => number;
  readonly #ticked: (room: GameRoom, nowMs: number) => void;

  constructor(
    room: GameRoom,
    leases: Leases,
    now: () => number,
    ticked: (room: GameRoom, nowMs: number) => void,
  ) {
    this.#room = room;
    this.#leases = leases;
    this.#now = now;
    this.#ticked = ticked;
  }

  get over(): boolean {
    return this.#room.over;
  }
  get dueMs(): number {
    const { dueMs } = this.#room;
    return this.#leases.holds(this.#room.id)
      ? dueMs
      : Math.max(dueMs, this.#now() + FENCED_LOOK_MS);
  }
  run(nowMs: number): number {
    if (!this.#leases.holds(this.#room.id)) return 0;
    const ticks = this.#room.run(nowMs);
    if (ticks > 0) this.#ticked(this.#room, nowMs);
    return ticks;
  }
}

/** Rejects with DirectoryError, or JoinRefused where a room fails that is to stand. */
export async function makeShard(parts: ShardParts): Promise<MadeShard> {
  const { owner, log, tally, now, limits, ticker, ticking, production } = parts;
  const { findDesyncs = !production, onDirectoryLoss: onLoss = 'continue', seed } = parts;
  const { balance = true } = parts;
  const isAlone = parts.directory.leaseMs === Number.POSITIVE_INFINITY;
  // A pause of this process is no lateness of the directory.
  const awake = new AwakeClock(now);
  const answerTimes = isAlone ? undefined : new AnswerTimes(() => awake.ms);
  const directory = answerTimes?.of(parts.directory) ?? parts.directory;
  if (!isAlone && owner.url === '')
    throw new UsageError(
      'publicUrl: with a directory it wants the address at which players reach this very server',
    );
  const random = new Random(seed());
  const chance = () => random.next();
  const lost = (id: string) => {
    // One that is handed over is let go by who does that.
    if (!shard.playing(id)) return;
    tally.roomsLost++;
    shard.letGo(id);
  };
  const takeBack = (lease: Lease) => recovery.takeBack(lease);
  const back = () => Promise.all([recovery.setRight(), cluster.announce()]);
  const told = { takeBack, back, lost };
  const leases = isAlone ? undefined : new Leases({ directory, onLoss, log, tally, now, ...told });
  if (answerTimes && leases) answerTimes.unreached = () => leases.doubt();
  const peers = isAlone ? undefined : new Peers(directory, owner.shard, log);
  // Those that are to stand are opened before there is a cluster.
  let opened = () => {};
  let done = (_room: GameRoom, _nowMs: number) => {};
  const ticked = (room: GameRoom) =>
    leases ? new Fenced(room, leases, now, (of, nowMs) => done(of, nowMs)) : room;
  const tick = (room: GameRoom) => {
    opened();
    return ticker.start(ticked(room));
  };
  const start = ticking === false ? undefined : tick;
  const shard: Shard = new Shard({ ...parts, directory, findDesyncs, start, leases });
  const load = () => cluster.loadNow;
  const others = isAlone ? undefined : new Others({ directory, shard, load, now, chance });
  const seating = new Seating({ ...parts, directory, answerTimes, shard, peers, others, chance });
  await shard.start();
  if (!leases || !peers || !others) return { shard, seating, cluster: undefined };
  const { checkpointMs } = limits;
  const asked = { directory, leases, peers, others, answerTimes, awake };
  const about = { ...asked, shard, seating, log, tally, clocks: parts };
  const { attendance } = shard.switchboard;
  const { signsBySecret } = parts;
  const recovery = new Recovery({ ...about, attendance, signsBySecret });
  const cluster = new Cluster({ ...about, checkpointMs, load: parts.load, chance, balance });
  opened = () => cluster.opened();
  done = (room, nowMs) => cluster.ticked(room, nowMs);
  return { shard, seating, cluster };
}
