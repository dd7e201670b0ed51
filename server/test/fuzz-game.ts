// The game that the fuzz plays: every type of field in every scope, events and commands, and a room
// whose every tick does what chance says. Used by fuzz.test.ts, secrecy.test.ts, fuzz/ and soak/.
// Trap: chance comes from one seeded Random per room, never from room.random(), so that two runs of
// one seed do the same.

import {
  angle,
  bool,
  choice,
  command,
  defineGame,
  type EntityId,
  entity,
  fixed,
  int,
  list,
  map,
  packed,
  quat,
  Random,
  type RandomState,
  record,
  text,
  vec2,
} from '@tickwire/protocol';
import {
  defineRoom,
  type GameRoom,
  Refusal,
  type Room,
  type RoomDefinition,
  type RoomKind,
} from '../src/index.ts';

const stack = record({ what: text(8), count: int(0, 99), marks: list(bool(), 4) });

export const game = defineGame({
  tickRate: 20,
  state: {
    phase: choice('lobby', 'playing', 'over'),
    left: int(0, 600),
    scores: map(int(0, 99), int(0, 9999), 40),
    feed: list(text(12), 8),
    best: entity('ship'),
  },
  entities: {
    ship: {
      x: fixed(-500, 500, 1 / 16).smooth(),
      y: fixed(-500, 500, 1 / 16).smooth(),
      heading: angle(8).smooth(),
      shield: fixed(0, 10, 1 / 10).default(0.33),
      ammo: int(0, 63).ownerOnly(),
      fuel: fixed(0, 1, 1 / 100).ownerOnly(),
      cloak: int(0, 3).serverOnly(),
      plans: map(text(4), text(8), 6).serverOnly(),
      name: text(16),
      bag: list(int(0, 255), 12),
      hold: list(stack, 5).ownerOnly(),
      notes: map(text(4), list(int(0, 9), 4), 6),
    },
    crate: {
      position: vec2(-500, 500, 1 / 8).smooth(),
      turn: quat(9).smooth(),
      sort: choice('wood', 'iron', 'gold'),
      open: bool(),
      target: entity('ship'),
      key: text(8).ownerOnly(),
      code: int(0, 9999).ownerOnly(),
      locks: map(int(0, 9), stack, 3).ownerOnly(),
      blob: packed<{ n: number; s: string }>(200),
      gear: record({
        level: int(0, 9),
        at: vec2(0, 10, 1 / 4),
        parts: map(int(0, 9), record({ hp: int(0, 99), label: text(6) }), 5),
      }),
    },
    sign: { words: text(20), votes: map(entity('ship'), bool(), 10), weight: fixed(0, 1, 1 / 7) },
  },
  input: { dx: fixed(-1, 1, 1 / 8), dy: fixed(-1, 1, 1 / 8), fire: bool().press() },
  events: {
    flash: {
      n: int(0, 2 ** 31),
      from: entity('ship'),
      at: vec2(-500, 500, 1 / 8),
      words: text(12),
    },
    haul: {
      stacks: list(stack, 4),
      prices: map(text(4), int(0, 99), 4),
      note: packed<unknown>(64),
    },
  },
  commands: {
    say: command({ words: text(20), to: list(entity('ship'), 4) }).replies<number>(),
    trade: command({
      offer: map(int(0, 9), stack, 4),
      turn: quat(9),
      extra: packed<unknown>(200),
    }).replies<{ took: number }>(),
  },
  step: {
    ship(self, { dx, dy, fire }, { dt }) {
      self.x += dx * 97.3 * dt;
      self.y += dy * 97.3 * dt;
      self.heading += dx * dt;
      self.fuel = Math.max(self.fuel - Math.abs(dy) * dt * 0.01, 0);
      if (fire) self.ammo = Math.max(self.ammo - 1, 0);
    },
  },
});

export type FuzzRoom = Room<typeof game, undefined, Random>;
type Definition = RoomDefinition<typeof game, undefined, Random, RandomState>;

/** Entities of one kind at most: enough for slots to be recycled, few enough to compare often. */
const MOST = 16;

const word = (chance: Random, length: number) =>
  Array.from({ length: chance.integer(length + 1) }, () =>
    String.fromCodePoint(97 + chance.integer(26)),
  ).join('');

const around = (chance: Random, reach: number) => (chance.next() * 2 - 1) * reach;

function someStack(chance: Random) {
  const marks = Array.from({ length: chance.integer(5) }, () => chance.next() < 0.5);
  return { what: word(chance, 8), count: chance.integer(100), marks };
}

function pick<T>(chance: Random, from: Iterable<T>): T | undefined {
  const all = [...from];
  return all[chance.integer(Math.max(all.length, 1))];
}

function changeShip(room: FuzzRoom, chance: Random): void {
  const ship = pick(chance, room.all('ship'));
  if (!ship) return;
  const changes: (() => void)[] = [
    () => {
      ship.x = around(chance, 520);
      ship.y = around(chance, 520);
      ship.teleport();
    },
    () => void (ship.x += around(chance, 0.05)),
    () => void (ship.heading = around(chance, 10)),
    () => void (ship.shield = chance.next() * 11),
    () => void (ship.ammo = chance.integer(64)),
    () => void (ship.fuel = chance.next()),
    () => void (ship.cloak = chance.integer(4)),
    () => ship.plans.size < 6 && ship.plans.set(word(chance, 1), word(chance, 8)),
    () => void (ship.name = word(chance, 20)),
    () => ship.bag.assign(Array.from({ length: chance.integer(8) }, () => chance.integer(256))),
    () => ship.bag.length < 12 && ship.bag.insert(chance.integer(ship.bag.length + 1), 7),
    () => ship.bag.length > 0 && ship.bag.remove(chance.integer(ship.bag.length)),
    () => ship.bag.length > 0 && ship.bag.set(chance.integer(ship.bag.length), chance.integer(256)),
    () => ship.hold.length < 5 && ship.hold.push(someStack(chance)),
    () => ship.hold.length > 0 && ship.hold.remove(chance.integer(ship.hold.length)),
    () => {
      const kept = ship.hold.at(0);
      if (kept) kept.count = chance.integer(100);
    },
    () => ship.hold.at(-1)?.marks.assign([chance.next() < 0.5]),
    () => ship.notes.size < 5 && ship.notes.set(word(chance, 2), [chance.integer(10)]),
    () => void ship.notes.delete(pick(chance, ship.notes.keys()) ?? ''),
    () => {
      const note = pick(chance, ship.notes.values());
      if (note && note.length < 4) note.push(chance.integer(10));
    },
    () => ship.notes.clear(),
  ];
  changes[chance.integer(changes.length)]();
}

function changeCrate(room: FuzzRoom, chance: Random): void {
  const crate = pick(chance, room.all('crate'));
  if (!crate) return;
  const changes: (() => void)[] = [
    () => void crate.position.set(around(chance, 520), around(chance, 520)),
    () => void (crate.position.x += around(chance, 30)),
    () => {
      crate.position.y = around(chance, 500);
      crate.teleport();
    },
    () => {
      const [x, y, z, w] = [1, 1, 1, 1].map(() => around(chance, 1));
      crate.turn.set(x, y, z, w);
    },
    () => void (crate.sort = (['wood', 'iron', 'gold'] as const)[chance.integer(3)]),
    () => void (crate.open = !crate.open),
    () => void (crate.target = pick(chance, room.all('ship'))?.id ?? (0 as EntityId<'ship'>)),
    () => void (crate.key = word(chance, 8)),
    () => void (crate.code = chance.integer(10_000)),
    () => crate.locks.size < 3 && crate.locks.set(chance.integer(10), someStack(chance)),
    () => void crate.locks.delete(pick(chance, crate.locks.keys()) ?? 0),
    () => pick(chance, crate.locks.values())?.marks.push(),
    () => void (crate.blob = { n: chance.integer(1000), s: word(chance, 9) }),
    () => void (crate.gear.level = chance.integer(10)),
    () => void (crate.gear.at = { x: chance.next() * 10, y: chance.next() * 10 }),
    () =>
      crate.gear.parts.size < 5 &&
      crate.gear.parts.set(chance.integer(10), { hp: chance.integer(100), label: 'a' }),
    () => void crate.gear.parts.delete(pick(chance, crate.gear.parts.keys()) ?? 0),
    () => {
      const part = pick(chance, crate.gear.parts.values());
      if (part) part.label = word(chance, 6);
    },
  ];
  changes[chance.integer(changes.length)]();
}

function changeRest(room: FuzzRoom, chance: Random): void {
  const { state } = room;
  const sign = pick(chance, room.all('sign'));
  const ship = pick(chance, room.all('ship'));
  const changes: (() => void)[] = [
    () => void (state.phase = (['lobby', 'playing', 'over'] as const)[chance.integer(3)]),
    () => void (state.left = around(chance, 700)),
    () => state.scores.size < 40 && state.scores.set(chance.integer(60), chance.integer(10_000)),
    () => void state.scores.delete(pick(chance, state.scores.keys()) ?? 0),
    () => {
      if (state.feed.length === 8) state.feed.remove(0);
      state.feed.push(word(chance, 12));
    },
    () => void (state.best = ship?.id ?? (0 as EntityId<'ship'>)),
    () => {
      if (sign) sign.words = word(chance, 20);
    },
    () => {
      if (sign) sign.weight = chance.next();
    },
    () => {
      if (sign && ship && sign.votes.size < 10) sign.votes.set(ship.id, chance.next() < 0.5);
    },
    () => {
      const vote = sign && pick(chance, sign.votes.keys());
      if (vote) sign.votes.delete(vote);
    },
  ];
  changes[chance.integer(changes.length)]();
}

function populate(room: FuzzRoom, chance: Random): void {
  const kind = (['ship', 'crate', 'sign'] as const)[chance.integer(3)];
  const there = [...room.all(kind)];
  const owner = chance.next() < 0.4 ? pick(chance, room.seats) : undefined;
  if (there.length > 0 && chance.integer(MOST) < there.length)
    room.despawn(there[chance.integer(there.length)]);
  else if (kind === 'ship')
    room.spawn('ship', { x: around(chance, 500), y: around(chance, 500), ammo: 5 }, owner);
  else if (kind === 'crate') {
    const position = { x: around(chance, 500), y: around(chance, 500) };
    room.spawn('crate', { position, locks: [[3, someStack(chance)]], key: 'k' }, owner);
  } else room.spawn('sign', { words: word(chance, 20) }, owner);
}

function give(room: FuzzRoom, chance: Random): void {
  const kind = (['ship', 'crate', 'sign'] as const)[chance.integer(3)];
  const row = pick(chance, room.all(kind));
  const to = chance.next() < 0.6 ? pick(chance, room.seats) : undefined;
  if (row) room.give(row, to);
}

/** What chance does to the world in one tick. */
export function turmoil(room: FuzzRoom, chance: Random): void {
  for (const crate of room.all('crate')) crate.position.x += 0.031;
  for (let i = 0; i < 6; i++) {
    changeShip(room, chance);
    changeCrate(room, chance);
  }
  changeRest(room, chance);
  if (chance.next() < 0.3) populate(room, chance);
  if (chance.next() < 0.15) give(room, chance);
}

/**
 * A room of the fuzz; `more` says what a seat sees, and how often. `ticked` is called when the
 * world is as it will be told.
 */
export function fuzzRoom(
  seed: number,
  more: Partial<Definition>,
  ticked: (room: GameRoom) => void = () => {},
): RoomKind {
  return defineRoom<typeof game, undefined, Random, RandomState>(game, {
    seats: 8,
    graceMs: 3000,
    keep: true,
    open(room) {
      const chance = new Random(seed);
      for (let i = 0; i < 20; i++) populate(room as unknown as FuzzRoom, chance);
      return chance;
    },
    save: ({ data }) => data.state,
    load(_room, state) {
      const chance = new Random(seed);
      chance.state = state;
      return chance;
    },
    join: (room, seat) => void room.spawn('ship', { x: seat.id * 9, name: `p${seat.id}` }, seat),
    commands: {
      say: (_room, _seat, { words }) => words.length,
      async trade(_room, _seat, { offer }) {
        await Promise.resolve();
        if (offer.size === 0) throw new Refusal('nothing is offered');
        return { took: offer.size };
      },
    },
    tick(room) {
      turmoil(room, room.data);
      ticked(room as unknown as GameRoom);
    },
    ...more,
  });
}
