// What the directory does in a second on one real Redis: seats promised, joins, checkpoints saved,
// rooms renewed. Starts a redis-server of its own on 127.0.0.1 that writes nothing; one process and
// one connection ask, with many callers at once, which the connection pipelines. Trap: the asking
// process and Redis share the machine, and the asking one is the first to have a full core.
import { randomBytes } from 'node:crypto';
import { type Directory, DirectoryError, type Lease, type SeatPromise } from '@tickwire/server';
import { redis } from '@tickwire/server/redis';
import { machine, round, type Spread, say, spread } from './figures.ts';
import { startRedis } from './redis-program.ts';

/** How long each part is counted. */
const PART_MS = 5_000;
/** Asking at once, as many players' joins do on a busy evening. */
const CALLERS = 512;
/** Rooms that save at once: each saves once a second, and 64 in the same moment are many. */
const SAVERS = 64;
const ROOMS = 4_000;
const SEATS = 16;
/**
 * Shorter than in life, so that promises end as fast as they are made, and rooms stay half full.
 */
const PROMISE_MS = 1_000;
/** A user's id, name and rights, packed. */
const IDENTITY_BYTES = 64;
const CHECKPOINT_BYTES = 8_192;
/** Rooms of one shard, renewed in one turn. */
const RENEWED = 1_000;

export interface ReserveFigures {
  readonly machine: Record<string, string>;
  readonly redis: string;
  readonly rooms: number;
  readonly seats: number;
  readonly callers: number;
  readonly checkpointBytes: number;
  readonly reservations: Part;
  readonly joins: Part;
  readonly checkpoints: Part;
  readonly renewals: Part;
}

/** Their seats are other ones than those that were only promised. */
const JOINS = 100_000_000;

export interface Part {
  readonly perSecond: number;
  /** Of one call, from asking to answer. */
  readonly ms: Spread;
  /** Of the asking process. */
  readonly core: number;
  /** Calls that were answered otherwise than wanted: a full room, or late. */
  readonly others: number;
}

export async function measureReserve(partMs = PART_MS): Promise<ReserveFigures> {
  const server = await startRedis();
  const directory = redis({ url: server.url, leaseMs: 600_000 });
  try {
    say(`reserve: ${ROOMS} rooms of ${SEATS} seats`);
    const leases = await openRooms(directory);
    const roomOf = (call: number) => leases[(call * 7_919) % ROOMS];
    const reserve = async (call: number) =>
      (await directory.reserve(roomOf(call).id, [promise(call)], PROMISE_MS)) === 'reserved';
    const reservations = await count('reservations', partMs, CALLERS, reserve);
    const joins = await count('joins', partMs, CALLERS, async (call) => {
      if (!(await reserve(JOINS + call))) return false;
      const lease = roomOf(JOINS + call);
      const { seat } = promise(JOINS + call);
      await directory.redeem(lease, seat);
      return directory.leave(lease, [seat]);
    });
    const bytes = randomBytes(CHECKPOINT_BYTES);
    const checkpoints = await count('checkpoints', partMs, SAVERS, async (call) => {
      const { lost } = await directory.save([{ lease: roomOf(call), tick: call, bytes }]);
      return lost.length === 0;
    });
    const some = leases.slice(0, RENEWED);
    const renewals = await count(
      'renewals',
      partMs,
      1,
      async () => (await directory.renew(some)).lost.length === 0,
    );
    const sizes = {
      rooms: ROOMS,
      seats: SEATS,
      callers: CALLERS,
      checkpointBytes: CHECKPOINT_BYTES,
    };
    const figures = { reservations, joins, checkpoints, renewals };
    return { machine: machine(), redis: server.version, ...sizes, ...figures };
  } finally {
    await directory.close();
    server.stop();
  }
}

async function openRooms(directory: Directory): Promise<Lease[]> {
  const leases: Lease[] = [];
  const facts = { kind: 'field', build: 'b1', seats: SEATS, match: '', hidden: false };
  const owner = { shard: 'bench', url: 'wss://bench.example/' };
  while (leases.length < ROOMS) {
    const ids = Array.from({ length: 100 }, (_, i) => `field-${leases.length + i}`);
    const claims = await Promise.all(ids.map((id) => directory.claim({ id, ...facts }, owner)));
    for (const [index, claim] of claims.entries()) {
      if (!claim.won) throw new Error(`${ids[index]} is taken`);
      leases.push({ id: ids[index], epoch: claim.epoch });
    }
  }
  return leases;
}

function promise(call: number): SeatPromise {
  return { seat: `seat-${call}`, identity: Buffer.alloc(IDENTITY_BYTES, call & 0xff) };
}

/** So many callers ask again as soon as they are answered. */
async function count(
  name: string,
  partMs: number,
  callers: number,
  ask: (call: number) => Promise<boolean>,
): Promise<Part> {
  const took: number[] = [];
  let calls = 0;
  let others = 0;
  const began = performance.now();
  const before = process.cpuUsage();
  const caller = async () => {
    for (let now = began; now - began < partMs; ) {
      const asked = now;
      if (!(await ask(++calls).catch(isLate))) others++;
      now = performance.now();
      took.push(now - asked);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const elapsedMs = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  const perSecond = Math.round(((took.length - others) * 1000) / elapsedMs);
  say(`reserve: ${perSecond} ${name}/s`);
  const core = round((user + system) / 1000 / elapsedMs, 2);
  return { perSecond, ms: spread(took), core, others };
}

/** On a machine that others use, Redis may not have its turn for a second. */
function isLate(error: unknown): false {
  if (error instanceof DirectoryError) return false;
  throw error;
}
