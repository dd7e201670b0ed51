// What a seat may not see must not reach its line in any way, not even as a length: two runs that
// differ only there give that seat the same bytes. Frames are recorded at the socket; WELCOME is
// left out, for it names the room and the hour.

import { defineGame, FrameType, fixed, int, list, map, Random, text } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { defineRoom, type Room, type RoomDefinition, type RoomKind } from '../src/index.ts';
import { Stepper } from './stepper.ts';

const place = { x: fixed(-999, 999, 1 / 16).smooth(), y: fixed(-999, 999, 1 / 16).smooth() };

const game = defineGame({
  tickRate: 20,
  state: { left: int(0, 999) },
  entities: {
    ship: {
      ...place,
      ammo: int(0, 99).ownerOnly(),
      plans: list(text(8), 6).ownerOnly(),
      cloak: int(0, 99).serverOnly(),
      notes: map(int(0, 9), text(8), 8).serverOnly(),
      name: text(16),
    },
    ghost: { ...place, mood: text(12), bag: list(int(0, 99), 6) },
  },
  events: { wail: { loud: int(0, 99) } },
  input: { dx: int(-1, 1) },
  step: {
    ship(self, { dx }, { dt }) {
      self.x += dx * 20 * dt;
    },
  },
});

type Definition = RoomDefinition<typeof game, undefined, undefined>;
type Where = Room<typeof game, undefined, undefined>;

const SPY = 1;
const RADIUS = 200;
const SEEDS = [1, 2, 3];
const RUN_MS = 12_000;
const WORDS = ['', 'calm', 'furious', 'mournful'];

const sees: Definition['sees'] = (seat, row) =>
  row.kind !== 'ghost' || seat.id !== SPY || row.id % 2 === 0;
const interest: Definition['interest'] = { around: (seat) => seat.own('ship'), radius: RADIUS };

/** What everybody may know changes in the same way in every run. */
function goOn(room: Where, chance: Random): void {
  room.state.left = room.tick % 999;
  for (const ghost of room.all('ghost'))
    if (ghost.id % 2 === 0 && chance.next() < 0.2) {
      ghost.x += chance.next() - 0.5;
      ghost.mood = WORDS[chance.integer(4)];
    }
  for (const ship of room.all('ship')) ship.name = `${ship.id} at ${room.tick >> 4}`;
}

/** What the spy may not know is stirred by a chance of its own. */
function stir(room: Where, chance: Random, far: boolean): void {
  for (const ghost of room.all('ghost')) {
    if (ghost.id % 2 === 0) continue;
    ghost.x = (far ? 600 : 0) + chance.next() * 90;
    ghost.y = chance.next() * 90;
    ghost.mood = WORDS[chance.integer(4)];
    ghost.bag.assign(Array.from({ length: chance.integer(6) }, () => chance.integer(99)));
    if (chance.next() < 0.3) ghost.teleport();
    if (chance.next() < 0.3) room.emit('wail', { loud: chance.integer(99) }, { near: ghost });
  }
  for (const ship of room.all('ship')) {
    ship.cloak = chance.integer(99);
    ship.notes.set(chance.integer(8), WORDS[chance.integer(4)]);
    ship.notes.delete(chance.integer(8));
    if (ship.owner === SPY) continue;
    ship.ammo = chance.integer(99);
    ship.plans.assign(WORDS.slice(chance.integer(4)));
  }
}

function room(more: Partial<Definition>, seed: number, hiddenSeed: number): RoomKind {
  const chance = new Random(seed);
  const secret = new Random(hiddenSeed);
  return defineRoom<typeof game>(game, {
    seats: 4,
    open(room) {
      for (let i = 0; i < 20; i++)
        room.spawn('ghost', { x: (more.sees ? 0 : 600) + i, y: 5 * i, mood: 'new' });
    },
    join: (room, seat) => void room.spawn('ship', { x: 20 * seat.id, ammo: 7 }, seat),
    tick(room) {
      goOn(room, chance);
      if (more.sees || more.interest) stir(room, secret, !more.sees);
      else stirShips(room, secret);
    },
    ...more,
  });
}

/** Where everybody sees every ghost, only fields are secret. */
function stirShips(room: Where, chance: Random): void {
  for (const ship of room.all('ship')) {
    ship.cloak = chance.integer(99);
    ship.notes.set(chance.integer(8), WORDS[chance.integer(4)]);
    if (ship.owner === SPY) continue;
    ship.ammo = chance.integer(99);
    ship.plans.assign(WORDS.slice(chance.integer(4)));
  }
}

let stepper: Stepper | undefined;
afterEach(() => stepper?.close());

/** Everything the spy and its neighbour were sent. */
async function framesOf(more: Partial<Definition>, seed: number, hiddenSeed: number) {
  stepper = await Stepper.start({ rooms: { field: room(more, seed, hiddenSeed) }, seed });
  const sample = () => ({ dx: stepper!.nowMs % 2000 < 1000 ? 1 : -1 });
  const spy = await stepper.join(game, { room: 'field', record: true, sample });
  const other = await stepper.join(game, { room: 'field', record: true, sample });
  expect(spy.client.seat).toBe(SPY);
  await stepper.advance(RUN_MS);
  expect([spy.state, other.state]).toEqual(['live', 'live']);
  await stepper.server.shard.drain(1012, 'done');
  return [spy, other].map(({ frames }) =>
    frames
      .filter((frame) => frame[1] !== FrameType.Welcome)
      .map((frame) => Buffer.from(frame).toString('hex')),
  );
}

describe.each<[string, Partial<Definition>]>([
  ["others' ownerOnly fields and everybody's serverOnly ones", {}],
  ['rows that sees refuses', { sees }],
  ['rows beyond the radius', { interest }],
  ['rows that sees refuses within the radius', { interest, sees }],
])('[S9] a seat gets the same bytes whatever becomes of %s', (_name, more) => {
  test.each(SEEDS)('{T57} seed %i', async (seed) => {
    const [spy, other] = await framesOf(more, seed, 1000 + seed);
    const [again, otherAgain] = await framesOf(more, seed, 2000 + seed);
    expect(spy.length).toBeGreaterThan(200);
    expect(again).toEqual(spy);
    // The proof that there was something to hide.
    expect(otherAgain).not.toEqual(other);
  });
});
