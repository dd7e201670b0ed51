// What the scripts about a room do (redis-scripts.ts), in the same order and with the same answers:
// cluster-scripts.test.ts has each answer compared with a real Redis's. Called by
// cluster-scripts.ts. Trap: where a script answers a text, so does its twin; epochs and times are
// whole numbers below 2^53, which both write alike.
import type { Call, StoredRoom, Twin } from './cluster-store.ts';

/** As redis-scripts.ts and directory.ts have them. */
const RELEASED_MS = 60_000;
const WELL_MS = 10_000;

function promisedIn({ promises }: StoredRoom): number {
  let promised = 0;
  for (const ends of promises.values()) if (ends >= 0) promised++;
  return promised;
}

function freeIn(room: StoredRoom): number {
  if (room.locked === '1') return 0;
  return room.seats - promisedIn(room) - room.taken.size;
}

function forget(room: StoredRoom, seat: string): void {
  room.promises.delete(seat);
  room.identities.delete(seat);
}

/** Promises that are over by now, redeemed or not. */
function sweep(room: StoredRoom, nowMs: number): void {
  for (const [seat, ends] of room.promises) if (Math.abs(ends) <= nowMs) forget(room, seat);
}

/** Owners in a row who were soon gone, without the present one. */
function fallsOf({ falls, untilMs, epoch }: StoredRoom, leaseMs: number): number {
  return untilMs - leaseMs - epoch >= WELL_MS ? 0 : falls;
}

/** For what only the owner may do; 0 is all that another one gets. */
function asOwner(does: (room: StoredRoom, call: Call) => unknown): Twin {
  return (call) => {
    const room = call.store.rooms.get(call.keys[0]);
    if (room?.epoch !== Number(call.args[0])) return 0;
    sweep(room, call.nowMs);
    return does(room, call);
  };
}

export function claim({ store, keys, args, nowMs }: Call): unknown {
  const [shard, url, lease, kind, build, seats, match, hidden, open, heldBy] = args.map(String);
  const known = store.rooms.get(keys[0]);
  const over = store.released.get(keys[0]);
  const released = over && over.untilMs > nowMs ? over.epoch : 0;
  const last = known?.epoch ?? 0;
  const held = heldBy === '' ? undefined : Number(heldBy);
  const isLost =
    held === undefined ? known && known.untilMs > nowMs : last > held || released >= held;
  if (isLost) {
    store.claimsLost++;
    return [0, known?.shard ?? '', known?.url ?? ''];
  }
  const epoch = Math.max(last + 1, released + 1, (held ?? 0) + 1, nowMs);
  const fell = known && known.begun === known.epoch && held === undefined ? 1 : 0;
  const room = known ?? {
    ...{ kind, build, seats: Number(seats), match, hidden, open, opened: `${nowMs}000` },
    ...{ shard, url, epoch, untilMs: 0, locked: '0', falls: 0, begun: epoch },
    ...{ promises: new Map(), identities: new Map(), taken: new Set<string>() },
    checkpoint: undefined,
  };
  if (!known) {
    store.released.delete(keys[0]);
    store.rooms.set(keys[0], room);
    store.checkpoints.set(keys[4], room);
  } else room.falls = fallsOf(known, Number(lease)) + fell;
  if (held !== undefined) room.begun = epoch;
  Object.assign(room, { shard, url, epoch, untilMs: nowMs + Number(lease) });
  sweep(room, nowMs);
  const about = [room.open, room.kind, room.opened];
  return [1, String(epoch), String(room.untilMs), freeIn(room), ...about];
}

export function renew(call: Call): unknown {
  const room = call.store.rooms.get(call.keys[0]);
  if (room && room.epoch > Number(call.args[0])) room.falls = 0;
  return renewed(call);
}

const renewed = asOwner((room, { args, nowMs }) => {
  room.untilMs = nowMs + Number(args[1]);
  return [String(room.untilMs), freeIn(room), room.open];
});

export const handOver = asOwner((room, { args, nowMs }) => {
  const [leaseMs, shard, url] = [Number(args[1]), String(args[2]), String(args[3])];
  const [falls, epoch] = [fallsOf(room, leaseMs), Math.max(room.epoch + 1, nowMs)];
  Object.assign(room, { falls, epoch, shard, url, untilMs: nowMs + leaseMs });
  return [String(epoch), String(room.untilMs)];
});

export const lock = asOwner((room, { args }) => {
  room.locked = String(args[1]);
  return [freeIn(room), room.open];
});

export const release = asOwner((room, { store, keys, args, nowMs }) => {
  store.rooms.delete(keys[0]);
  store.checkpoints.delete(keys[4]);
  store.released.set(keys[0], { epoch: Number(args[0]), untilMs: nowMs + RELEASED_MS });
  return [room.open, room.kind];
});

export function look({ store, keys, args, nowMs }: Call): unknown {
  const room = store.rooms.get(keys[0]);
  if (!room) return null;
  let taken = room.taken.size;
  for (const ends of room.promises.values()) if (ends > nowMs) taken++;
  const isOrphan = room.untilMs <= nowMs;
  const falls = fallsOf(room, Number(args[0])) + (isOrphan && room.begun === room.epoch ? 1 : 0);
  const { kind, build, seats, match, hidden, shard, url, epoch, locked, untilMs, open } = room;
  const about = [kind, build, String(seats), match, hidden, shard, url, String(epoch), locked];
  return [...about, String(taken), isOrphan ? '1' : '0', String(untilMs), open, String(falls)];
}

export function reserve({ store, keys, args, nowMs }: Call): unknown {
  const room = store.rooms.get(keys[0]);
  if (!room) return ['gone'];
  if (room.untilMs <= nowMs) return ['orphan'];
  if (room.locked === '1') return ['locked'];
  sweep(room, nowMs);
  const free = freeIn(room);
  let wanted = 0;
  for (let at = 1; at < args.length; at += 2)
    if ((room.promises.get(String(args[at])) ?? 0) <= 0) wanted++;
  if (wanted > free) return ['full', free, room.open];
  for (let at = 1; at < args.length; at += 2) {
    room.promises.set(String(args[at]), nowMs + Number(args[0]));
    room.identities.set(String(args[at]), args[at + 1]);
  }
  return ['reserved', free - wanted, room.open];
}

export const redeem = asOwner((room, { args }) => {
  const seat = String(args[1]);
  const ends = room.promises.get(seat) ?? 0;
  if (ends === 0 || (ends < 0 && String(args[2]) === '0')) return 1;
  if (ends > 0) {
    room.promises.set(seat, -ends);
    room.taken.add(seat);
  }
  return room.identities.get(seat) ?? 1;
});

export const take = asOwner((room, { args }) => {
  const seat = String(args[1]);
  if (!room.taken.has(seat)) {
    if (promisedIn(room) + room.taken.size >= room.seats) return ['full', 0, room.open];
    room.taken.add(seat);
  }
  return ['taken', freeIn(room), room.open];
});

export const occupy = asOwner((room, { args }) => {
  const known = new Set(room.begun === Number(args[0]) ? args.slice(1).map(String) : []);
  room.begun = Number(args[0]);
  for (const [seat, ends] of room.promises) if (ends < 0 && !known.has(seat)) forget(room, seat);
  room.taken.clear();
  for (const seat of args.slice(1)) room.taken.add(String(seat));
  return [freeIn(room), room.open];
});

export const leave = asOwner((room, { args }) => {
  for (const word of args.slice(1)) {
    const seat = String(word);
    room.taken.delete(seat);
    if ((room.promises.get(seat) ?? 0) < 0) forget(room, seat);
  }
  return [freeIn(room), room.open];
});

export function save({ store, keys, args }: Call): unknown {
  const room = store.rooms.get(keys[0]);
  const [epoch, tick] = [Number(args[0]), Number(args[1])];
  if (room?.epoch !== epoch) return 0;
  const newest = room.checkpoint;
  if (newest?.epoch === epoch && tick < newest.tick) return 1;
  room.checkpoint = { epoch, tick, bytes: args[2] };
  return 1;
}
