// A game that does a little of everything at random, drawn from the room's own chance: entities of
// every type of field come and go, change hands, set timers and tell of it. Two rooms of it that
// stand alike do alike; `portrait` says how a room stands. For the checkpoint suites.
import {
  angle,
  bool,
  choice,
  defineGame,
  entity,
  fixed,
  int,
  type LiveTable,
  list,
  map,
  packed,
  quat,
  Random,
  record,
  TrackedList,
  TrackedMap,
  TrackedRecord,
  text,
  vec2,
  vec3,
} from '@tickwire/protocol';
import { checkpointOf, restoreRoom } from '../src/checkpoint.ts';
import { defineRoom, type GameRoom, type Limits, type Room, type RoomKind } from '../src/index.ts';
import { DEFAULT_LIMITS } from '../src/limits.ts';
import { GameRoom as RoomClass, type RoomOptions } from '../src/room.ts';

/** Ms since 1970 at which a bench's time starts. */
export const EPOCH_MS = 1_700_000_000_000;
export const TICK_MS = 50;
const line = { send() {}, cork: (run: () => void) => run(), close() {}, move() {} };

export const zoo = defineGame({
  tickRate: 1000 / TICK_MS,
  state: {
    round: int(0, 9999),
    title: text(12).default('zoo'),
    best: map(text(8), list(int(0, 99), 4), 8),
    flags: record({ open: bool(), where: vec2(-9, 9, 1), names: list(text(4), 3) }),
  },
  entities: {
    bird: {
      x: fixed(-99, 99, 1 / 16).smooth(),
      y: fixed(-99, 99, 1 / 16).smooth(),
      heading: angle(10),
      turn: quat(8),
      mood: choice('calm', 'wild', 'asleep'),
      hungry: bool(),
      name: text(12),
      prey: entity('fish'),
      ammo: int(0, 99).ownerOnly(),
      secret: int(0, 99).serverOnly(),
      path: list(vec2(-99, 99, 1 / 4), 6),
      stock: map(text(4), record({ n: int(0, 9), tags: list(choice('a', 'b'), 3) }), 6).default([
        ['seed', { n: 3 }],
        ['worm', { n: 1 }],
      ]),
      note: packed<{ n: number; deep: unknown[] }>(200),
    },
    fish: { position: vec3(-99, 99, 1), seen: map(int(0, 50), fixed(0, 9, 1 / 8), 5).serverOnly() },
    rock: { hp: int(0, 9) },
  },
  input: { dx: int(-1, 1), mood: choice('calm', 'wild'), peck: bool().press() },
  events: { noise: { n: int(0, 9999), of: entity('bird') } },
  commands: { feed: { n: int(0, 9) } },
  step: {
    bird(self, { dx, peck }, { dt }) {
      self.x += dx * 13 * dt;
      self.turn.set(0, 0, Math.sin(self.x), Math.cos(self.x));
      if (peck) self.ammo = (self.ammo + 7) % 100;
    },
  },
});
type Zoo = Room<typeof zoo, { name: string }, Diary>;

/** What the game keeps beside the world: no plain data. */
export interface Diary {
  readonly fed: Map<string, number>;
  ticks: number;
}

const pick = <T>(room: Zoo, items: readonly T[]): T | undefined =>
  items[Math.floor(room.random() * items.length)];
const upTo = (room: Zoo, n: number): number => Math.floor(room.random() * n);

/** One thing that may happen; `n` is drawn. */
const DEEDS: readonly ((room: Zoo, n: number) => void)[] = [
  (room, n) => {
    const bird = room.spawn('bird', { x: n / 3 - 9, name: `b${n}` }, pick(room, [...room.seats]));
    bird.prey = pick(room, [...room.all('fish')])?.id ?? 0;
  },
  (room, n) => void room.spawn('fish', { position: { x: n, y: -n, z: Math.sqrt(n) } }),
  (room, n) => void room.spawn('rock', { hp: n % 10 }),
  (room) => {
    const gone = pick(room, [...room.all('bird'), ...room.all('fish'), ...room.all('rock')]);
    if (gone) room.despawn(gone);
  },
  (room) => {
    const bird = pick(room, [...room.all('bird')]);
    if (bird) room.give(bird, pick(room, [undefined, ...room.seats]));
  },
  (room, n) => room.after(1 + (n % 40), 'ring', { n, list: [n, -0, 2 ** 40, 'é', null] }),
  (room, n) => room.after(1 + (n % 9), 'bare'),
  (room, n) => {
    for (const bird of room.all('bird')) {
      if (upTo(room, 3) > 0) continue;
      bird.mood = pick(room, ['calm', 'wild', 'asleep'] as const)!;
      bird.hungry = n % 2 === 0;
      bird.heading += 1 / 3;
      bird.secret = n;
      if (bird.path.length > 4) bird.path.remove(upTo(room, 4));
      bird.path.insert(upTo(room, bird.path.length + 1), { x: n / 7, y: -0 });
      bird.note = n % 5 === 0 ? null : { n: n / 3, deep: [{ a: [n] }, 'x', true] };
    }
  },
  (room, n) => {
    for (const bird of room.all('bird')) {
      const key = pick(room, ['seed', 'worm', 'bug', 'egg'])!;
      if (n % 3 === 0) bird.stock.delete(key);
      else bird.stock.set(key, { n: n % 10, tags: n % 2 ? ['a', 'b'] : [] });
      const tags = bird.stock.get('seed')?.tags;
      if (tags && tags.length < 3) tags.push('b');
    }
    for (const fish of room.all('fish')) if (fish.seen.size < 5) fish.seen.set(n % 50, n / 9);
  },
  (room, n) => {
    room.state.round = n;
    room.state.title = `r${n}`;
    room.state.best.delete(`k${(n + 1) % 7}`);
    room.state.best.set(`k${n % 7}`, [n, 1]);
    room.state.flags.where = { x: n, y: n / 2 };
    room.state.flags.names.assign(n % 2 ? ['x', 'y'] : []);
  },
  (room, n) => {
    const near = pick(room, [undefined, ...room.all('bird')]);
    room.emit('noise', { n, of: near?.id ?? 0 }, n % 3 ? { near } : {});
  },
];

/** A kind of room of it; `hooks` for what a case is about. */
export function menagerie(hooks: object = {}): RoomKind {
  return defineRoom(zoo, {
    seats: 16,
    authenticate: (token) => ({ name: token }),
    open: (): Diary => ({ fed: new Map(), ticks: 0 }),
    save: ({ data }) => ({ fed: [...data.fed], ticks: data.ticks }),
    load: (_, { fed, ticks }) => ({ fed: new Map(fed), ticks }),
    tick(room) {
      room.data.ticks++;
      for (let deeds = upTo(room, 5); deeds > 0; deeds--) pick(room, DEEDS)!(room, upTo(room, 99));
      for (const seat of room.seats) {
        if (seat.input.mood === 'wild') for (const bird of seat.owns('bird')) bird.y += 1 / 3;
        if (seat.input.peck) room.data.fed.set(seat.auth.name, room.tick);
      }
      for (const bird of room.near('bird', 0, 0, 20)) bird.x *= 0.99;
    },
    timers: {
      ring(room, data: { n: number; list: unknown[] }) {
        room.state.round = (room.state.round + data.n + data.list.length) % 9999;
        room.spawn('rock', { hp: data.n % 10 });
      },
      bare(room, data: undefined) {
        if (data === undefined) room.state.title = `bare${room.tick}`.slice(0, 12);
      },
    },
    commands: { feed: (room, seat, { n }) => void room.data.fed.set(seat.auth.name, n) },
    ...hooks,
  });
}

/** What a room of the suites is made with. */
export function optionsOf(
  definition: RoomKind,
  more: Partial<RoomOptions> & { limits?: Partial<Limits> } = {},
): RoomOptions & { warnings: unknown[] } {
  const warnings: unknown[] = [];
  const note = (details: object) => void warnings.push(details);
  return {
    id: 'zoo-1',
    kind: 'zoo',
    definition,
    log: { info: () => {}, warn: note, error: note },
    pulse: { begin() {}, end() {}, stop() {} },
    seed: 1,
    findDesyncs: false,
    now: () => 0,
    left: () => {},
    ended: () => {},
    ...more,
    limits: { ...DEFAULT_LIMITS, ...more.limits },
    warnings,
  };
}

export function openRoom(options: RoomOptions): GameRoom {
  return new RoomClass(options);
}

/** How a room stands: all that decides about what it will compute. */
export function portrait(room: GameRoom): unknown {
  const { world, timers, chance, roomSeats, emitter } = room;
  return {
    tick: room.tick,
    chance: chance.state,
    nextId: world.nextId,
    nextSeat: roomSeats.nextId,
    emitted: emitter.emitted,
    tables: [...world.tables, world.state].map(tablePortrait),
    owned: [...world.owned]
      .filter(([, rows]) => rows.length > 0)
      .sort(([a], [b]) => a - b)
      .map(([seat, rows]) => [seat, rows.map(({ id }) => id)]),
    timers: timers.waiting,
    topics: [...room.contacts.topics],
    seats: [...room.seats].map(({ id, auth, spectator, input, inputs, ...seat }) => {
      const { inputTick, commandsTaken } = seat;
      const { shownTick, knownTick, cameTick } = inputs;
      const shown = [shownTick, knownTick, cameTick];
      return { id, auth, spectator, input: { ...input }, shown, inputTick, commandsTaken };
    }),
    launches: [...room.rewinds.launches].map(([id, { seat, ...rest }]) => [id, seat.id, rest]),
    data: room.data,
  };
}

function tablePortrait({ plan, ids, high, values, objects, holes }: LiveTable): unknown {
  const rows: unknown[] = [];
  for (let row = 1; row <= high; row++)
    if (ids[row] !== 0)
      rows.push([
        ids[row],
        values.map((column) => column[row]),
        plan.objects.map((f) => plain(objects[f.object][row])),
      ]);
  return { high, holes, rows };
}

function plain(value: unknown): unknown {
  if (value instanceof TrackedList) return value.items.map(plain);
  if (value instanceof TrackedMap) return [...value].map(([key, inner]) => [key, plain(inner)]);
  if (value instanceof TrackedRecord) return value.$values.map(plain);
  return value;
}

/** A room whose time is moved on by hand. */
export class Bench {
  nowMs = 0;
  readonly options: ReturnType<typeof optionsOf>;
  room: GameRoom;
  readonly clocks = { now: () => this.nowMs, wallClockMs: () => EPOCH_MS + this.nowMs };
  constructor(definition: RoomKind, more: Partial<RoomOptions> = {}) {
    this.options = optionsOf(definition, { now: () => this.nowMs, ...more });
    this.room = openRoom(this.options);
  }
  seat(players: number, auth: (i: number) => unknown = (i) => ({ name: `p${i}` })): void {
    for (let i = 0; i < players; i++) this.room.admit(auth(i), false, line);
  }
  run(ticks: number): void {
    for (let i = 0; i < ticks; i++) this.room.run((this.nowMs += TICK_MS));
    if (this.room.over) throw new Error(JSON.stringify(this.options.warnings));
  }
  save(isFinal = true): Uint8Array {
    return checkpointOf(this.room, [], { clocks: this.clocks, isFinal });
  }
  /** Another one, from the bytes. */
  restored(bytes: Uint8Array): Bench {
    const other: Bench = Object.create(Bench.prototype);
    const clocks = { now: () => other.nowMs, wallClockMs: () => EPOCH_MS + other.nowMs };
    const options = { ...this.options, now: clocks.now };
    Object.assign(other, { nowMs: 90_000, options, clocks });
    other.room = restoreRoom(options, bytes, clocks).room;
    return other;
  }
}

/** What players do in each tick, by the seed: the same in any room. */
export function play({ room }: Bench, seed: number): void {
  for (const seat of room.seats) {
    const random = new Random(seed * 1e6 + room.tick * 100 + seat.id);
    const wire = Float64Array.of(random.integer(3), random.integer(2), random.integer(2));
    // Now and then nothing comes, or something that is early, or late.
    const ahead = random.integer(6) - 1;
    const stamps = Float64Array.of(room.tick - 3, Number.NaN, room.tick);
    if (random.integer(4) > 0) seat.inputs.put(room.tick + ahead, wire, stamps);
  }
}
