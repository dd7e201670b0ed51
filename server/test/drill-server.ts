// One shard of drill.test.ts, a process of its own over a Redis: says on stdout which rooms it
// opened, saved and ended, and when it has none; and, once it stood still, each tick that it still
// runs, and each save that is still taken, of a room that it had before, and which it has got anew.
import { type Save, serve } from '../src/index.ts';
import { redis } from '../src/redis.ts';
import { arcade } from './arcade.ts';

const { REDIS = '', PREFIX = '', OPENS = '0', LEASE = '' } = process.env;
/** What stands still for so long has lost its rooms. */
const LEASE_MS = Number(LEASE);
const LOOK_MS = 20;

const say = (what: object) => console.log(JSON.stringify(what));

let awakeMs = performance.now();
let wokeMs = 0;
/** When rooms and leases were first seen. */
const rooms = new WeakMap<object, number>();
const leases = new Map<string, number>();

function lookAtClock(): number {
  const nowMs = performance.now();
  if (nowMs - awakeMs > LEASE_MS) wokeMs = nowMs;
  awakeMs = nowMs;
  return nowMs;
}

const directory = redis({ url: REDIS, leaseMs: LEASE_MS, prefix: PREFIX });
const save = directory.save.bind(directory);
directory.save = async (saves) => {
  const nowMs = lookAtClock();
  const late = new Set<Save>();
  for (const one of saves) {
    const name = `${one.lease.epoch} ${one.lease.id}`;
    if ((leases.get(name) ?? nowMs) < wokeMs) late.add(one);
    if (!leases.has(name)) leases.set(name, nowMs);
  }
  const outcome = await save(saves);
  for (const one of saves) {
    const { id } = one.lease;
    if (outcome.lost.includes(id) || outcome.unheard.includes(id)) continue;
    say(late.has(one) ? { late: 'save', room: id } : { saved: id });
  }
  return outcome;
};

const field = arcade({
  graceMs: 60_000,
  tick(room) {
    const nowMs = lookAtClock();
    if (!rooms.has(room) && wokeMs > 0) say({ anew: room.id });
    if (!rooms.has(room)) rooms.set(room, nowMs);
    if (rooms.get(room)! < wokeMs) say({ late: 'tick', room: room.id });
  },
  close: (room) => say({ ended: room.id }),
});
const server = await serve({
  rooms: { field },
  host: '127.0.0.1',
  publicUrl: 'http://127.0.0.1:{port}',
  transport: 'ws',
  // On a busy machine the players may be late.
  limits: { emptyRoomMs: 120_000 },
  directory,
});
for (let i = 0; i < Number(OPENS); i++) await server.shard.open('field', { id: `field-${i}` });
let had = 0;
setInterval(() => {
  lookAtClock();
  if (had !== server.shard.rooms.size) {
    had = server.shard.rooms.size;
    say({ has: had });
  }
}, LOOK_MS).unref();
say({ up: server.port });
