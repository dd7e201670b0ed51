// One shard of the deployment that failover.ts breaks, or the parent of several, in a process of
// its own. Says on stdout, a JSON line each, when it is up, which rooms it opened on SIGUSR2, where
// each room's first tick here stands, and which of its writes the directory took. Trap: after a
// stall it says more: each tick that it still runs of a room that it had before.
import { defineRoom, type Lease, type Server, serve } from '@tickwire/server';
import { redis } from '@tickwire/server/redis';
import { game } from './failover-game.ts';

/** What a process is started for, in its environment: children of a parent inherit it. */
export interface FailoverTask {
  /** Undefined: the parent's directory. */
  readonly redis?: { readonly url: string; readonly leaseMs?: number };
  /** Processes of the parent. */
  readonly shards?: number;
  /** Rooms that one opens on SIGUSR2. */
  readonly rooms: number;
  readonly seed: number;
}

/** One line of stdout. */
export type Said = { readonly pid: number; readonly atMs: number } & (
  | { readonly is: 'up'; readonly port: number }
  | { readonly is: 'opened'; readonly ids: readonly string[] }
  | { readonly is: 'first' | 'late'; readonly room: string; readonly count: number }
  | { readonly is: 'ended'; readonly room: string }
  | { readonly is: 'wrote'; readonly what: string; readonly rooms: readonly string[] }
  | { readonly is: 'has'; readonly rooms: number }
);
type What = Said extends infer Each
  ? Each extends Said
    ? Omit<Each, 'pid' | 'atMs'>
    : never
  : never;

export const TASK_VARIABLE = 'TICKWIRE_BENCH_FAILOVER';
/** Of a process that did nothing for so long, it is said that it stood still. */
const STALL_MS = 1_000;
const LOOK_MS = 20;
/** Of the directory, beside renew: writes about a room, by its lease. */
const WRITES = [
  'save',
  'handOver',
  'lock',
  'release',
  'redeem',
  'take',
  'leave',
  'occupy',
] as const;

function say(what: What): void {
  console.log(JSON.stringify({ ...what, pid: process.pid, atMs: Date.now() }));
}

let awakeMs = Date.now();
/** When it last found that it had stood still. */
let wokeMs = 0;
function lookAtClock(): void {
  const now = Date.now();
  if (now - awakeMs > STALL_MS) wokeMs = now;
  awakeMs = now;
}

const beganMs = new WeakMap<object, number>();
const field = defineRoom(game, {
  seats: 2,
  graceMs: 60_000,
  join(room, seat) {
    room.spawn('ship', { y: 40 * seat.id }, seat);
  },
  tick(room) {
    lookAtClock();
    const { count } = room.state;
    const began = beganMs.get(room);
    if (began === undefined) {
      beganMs.set(room, awakeMs);
      say({ is: 'first', room: room.id, count });
    } else if (began < wokeMs) say({ is: 'late', room: room.id, count });
    room.state.count++;
  },
  close: (room) => say({ is: 'ended', room: room.id }),
  commands: {
    note: (_, seat) => ++seat.own('ship')!.notes,
  },
});

function watchWrites({ directory }: Server): void {
  for (const what of WRITES) {
    const ask = directory[what].bind(directory) as (lease: Lease, ...rest: never[]) => unknown;
    const watched = async (lease: Lease, ...rest: never[]) => {
      const answer = await ask(lease, ...rest);
      if (answer !== false) say({ is: 'wrote', what, rooms: [lease.id] });
      return answer;
    };
    Object.assign(directory, { [what]: watched });
  }
  const renew = directory.renew.bind(directory);
  directory.renew = async (leases) => {
    const renewal = await renew(leases);
    const others = new Set([...renewal.lost, ...renewal.unheard]);
    const rooms = leases.map(({ id }) => id).filter((id) => !others.has(id));
    if (rooms.length > 0) say({ is: 'wrote', what: 'renew', rooms });
    return renewal;
  };
}

async function run(task: FailoverTask): Promise<void> {
  const options = {
    rooms: { field },
    host: '127.0.0.1',
    publicUrl: 'http://127.0.0.1:{port}',
    log: 'silent',
    findDesyncs: false,
    ...(task.redis && { directory: redis(task.redis) }),
  } as const;
  const server = await serve(task.shards ? { ...options, shards: task.shards } : options);
  if (!('shard' in server)) return;
  const { shard } = server;
  watchWrites(server);
  let had = 0;
  const look = setInterval(() => {
    lookAtClock();
    if (shard.rooms.size !== had) say({ is: 'has', rooms: (had = shard.rooms.size) });
  }, LOOK_MS);
  look.unref();
  process.on('SIGUSR2', async () => {
    const ids = Array.from({ length: task.rooms }, (_, i) => `field-${process.pid}-${i}`);
    await Promise.all(ids.map((id) => shard.open('field', { id })));
    say({ is: 'opened', ids });
  });
  say({ is: 'up', port: server.port });
}

const given = process.env[TASK_VARIABLE];
if (given !== undefined) await run(JSON.parse(given));
