// Crowds that come into sight at once: whoever jumps into one is told of the nearest first, so many
// in a STATE, and sees nothing wrong meanwhile. Real clients on a virtual clock, compared after
// every STATE with the live world, which stands still until the next tick.

import { defineGame, entity, fixed, int, type LiveRowOf, Random } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { ARRIVALS_AT_ONCE } from '../src/arrivals.ts';
import { defineRoom, type Point, type Room, type RoomDefinition } from '../src/index.ts';
import type { RoomSeat } from '../src/seat.ts';
import { Player, Stepper } from './stepper.ts';
import { Knowledge } from './truth.ts';

const WORLD = 4096;
const RADIUS = 300;
const SEEDS = [1, 2];
/** What is told first matters more than what waits, or as much but for an eighth: one bucket. */
const CLOSE = 9 / 8;

const game = defineGame({
  tickRate: 20,
  entities: {
    mote: {
      x: fixed(0, WORLD, 1 / 16).smooth(),
      y: fixed(0, WORLD, 1 / 16).smooth(),
      hp: int(0, 255),
      key: int(0, 255).ownerOnly(),
    },
  },
  events: { wail: { of: entity('mote') } },
});

type Client = Player<typeof game>;
type Mote = LiveRowOf<typeof game, 'mote'>;
type Held =
  ReturnType<Client['client']['newest']> extends { all(kind: 'mote'): Iterable<infer R> }
    ? R
    : never;
type Where = Room<typeof game>;

/** Where a new seat looks from: nothing is there. */
const NOWHERE: Point = { x: 100, y: 4000 };

const CROWDS: readonly Point[] = [
  { x: 600, y: 600 },
  { x: 3000, y: 600 },
  { x: 1800, y: 3200 },
];

/** A place of a crowd, on the wire's grid: what is shown is what is there. */
function placeIn(crowd: Point, chance: Random): Point {
  const angle = chance.next() * 2 * Math.PI;
  const far = Math.sqrt(chance.next()) * RADIUS * 0.9;
  const onGrid = (at: number) => Math.round(at * 16) / 16;
  return { x: onGrid(crowd.x + Math.cos(angle) * far), y: onGrid(crowd.y + Math.sin(angle) * far) };
}

/** By seat: where it looks from. */
type Eyes = Map<number, Point>;

interface Play {
  readonly chance: Random;
  readonly eyes: Eyes;
  /** Whether anything moves, comes, goes or looks elsewhere. */
  stirs: boolean;
}

function spawnIn(room: Where, chance: Random): Mote {
  const at = placeIn(CROWDS[chance.integer(CROWDS.length)], chance);
  return room.spawn('mote', { ...at, hp: chance.integer(256), key: chance.integer(256) });
}

/** What happens in a tick: motes walk, die, change hands and are born; eyes jump. */
function stir(room: Where, { chance, eyes }: Play): void {
  const motes = [...room.all('mote')];
  const anyone = () => motes[chance.integer(motes.length)];
  for (let i = 0; i < 40; i++) {
    const mote = anyone();
    if (mote.alive) mote.x = Math.min(mote.x + chance.integer(64) / 16, WORLD);
  }
  for (let i = 0; i < 12; i++) {
    const mote = anyone();
    if (mote.alive) room.despawn(mote);
    spawnIn(room, chance);
  }
  const seats = [...room.seats];
  for (let i = 0; i < 4; i++) {
    const mote = anyone();
    const to = chance.next() < 0.5 ? seats[chance.integer(seats.length)] : undefined;
    if (mote.alive) room.give(mote, to);
  }
  for (let i = 0; i < 4; i++) {
    const mote = anyone();
    if (mote.alive) room.emit('wail', { of: mote.id }, { near: mote });
  }
  for (const seat of seats)
    if (chance.next() < 0.08) eyes.set(seat.id, CROWDS[chance.integer(CROWDS.length)]);
}

type Definition = RoomDefinition<typeof game, undefined, undefined>;

function crowded(play: Play, motes: number, more: Partial<Definition> = {}) {
  return defineRoom(game, {
    seats: 4,
    keep: true,
    interest: { around: ({ id }) => play.eyes.get(id) ?? NOWHERE, radius: RADIUS, lookMs: 0 },
    open(room) {
      for (let i = 0; i < motes; i++) spawnIn(room, play.chance);
      return undefined;
    },
    tick(room) {
      if (play.stirs) stir(room, play);
    },
    ...more,
  });
}

function newPlay(seed: number): Play {
  return { chance: new Random(seed), eyes: new Map(), stirs: false };
}

/** One player, and what it was told so far. */
class Witness {
  /** Newly told in the newest STATE, apart from its own; and what waits. */
  arrived = 0;
  waiting = 0;
  mostArrived = 0;
  mostWaiting = 0;
  states = 0;
  shown: ReadonlySet<number> = new Set();
  readonly everShown = new Set<number>();
  readonly heard: number[] = [];
  readonly player: Client;
  readonly #knowledge = new Knowledge();
  readonly #eyes: Eyes;
  /** By mote in sight: the STATE it came at and where; NaN once it or the eye has moved. */
  readonly #came = new Map<number, { since: number; readonly at: Point }>();
  #eye: Point | undefined;
  #sentTick = 0;

  constructor(player: Client, eyes: Eyes) {
    this.player = player;
    this.#eyes = eyes;
    player.client.on('wail', ({ of }) => void this.heard.push(of));
  }

  seatIn(room: Where): RoomSeat {
    return [...room.seats].find(({ id }) => id === this.player.client.seat) as never;
  }

  /** After each stride: compares the STATE that came, if one did. */
  look(room: Where): void {
    const seat = this.seatIn(room);
    if (!seat.connected || seat.sentTick === this.#sentTick || seat.needsEverything) return;
    this.#sentTick = seat.sentTick;
    this.states++;
    const view = this.player.client.newest();
    expect(view.tick).toBe(seat.sentTick);
    this.#knowledge.look(room as never, seat);
    this.#knowledge.told();
    const shown = new Map<number, Held>();
    for (const mote of view.all('mote')) shown.set(mote.id, mote);
    this.#expectTruth(room, seat.id, shown);
    const ids = new Set(shown.keys());
    this.#expectOrder(room, ids);
    this.shown = ids;
    for (const id of this.shown) this.everShown.add(id);
    this.mostArrived = Math.max(this.mostArrived, this.arrived);
    this.mostWaiting = Math.max(this.mostWaiting, this.waiting);
  }

  /** All that is shown is right and in sight; one's own is; and what was shown still is. */
  #expectTruth(room: Where, seat: number, shown: ReadonlyMap<number, Held>): void {
    const { known } = this.#knowledge;
    const wrong: unknown[] = [];
    let own = 0;
    this.arrived = 0;
    for (const [id, held] of shown) {
      const mote = room.get('mote', id)!;
      const isMine = mote.owner === seat;
      const isRight =
        known.has(id) &&
        held.x === mote.x &&
        held.y === mote.y &&
        held.hp === mote.hp &&
        held.owner === mote.owner &&
        held.key === (isMine ? mote.key : undefined);
      if (!isRight) wrong.push({ id, held, mote });
      if (!this.shown.has(id)) isMine ? own++ : this.arrived++;
    }
    expect(wrong).toEqual([]);
    this.waiting = 0;
    for (const id of known) {
      if (shown.has(id)) continue;
      this.waiting++;
      expect(room.get('mote', id)!.owner).not.toBe(seat);
      expect(this.shown.has(id)).toBe(false);
    }
    const most = Math.max(ARRIVALS_AT_ONCE - own, 0);
    expect(this.arrived).toBeLessThanOrEqual(most);
    if (this.waiting > 0) expect(this.arrived).toBe(most);
  }

  /** Of those that came into sight together and stand still, the nearest were told first. */
  #expectOrder(room: Where, shown: ReadonlySet<number>): void {
    const eye = this.#eyes.get(this.player.client.seat) ?? NOWHERE;
    const { known } = this.#knowledge;
    for (const [id, came] of this.#came)
      if (!known.has(id)) this.#came.delete(id);
      else if (eye !== this.#eye) came.since = Number.NaN;
    this.#eye = eye;
    /** By the STATE they came at: the least weight told now, and the greatest that waits. */
    const least = new Map<number, number>();
    const greatest = new Map<number, number>();
    for (const id of known) {
      const { x, y, owner } = room.get('mote', id)!;
      let came = this.#came.get(id);
      if (!came) this.#came.set(id, (came = { since: this.states, at: { x, y } }));
      if (came.at.x !== x || came.at.y !== y) came.since = Number.NaN;
      const { since } = came;
      if (Number.isNaN(since) || this.shown.has(id) || owner !== 0) continue;
      const near = Math.max(1 - Math.hypot(x - eye.x, y - eye.y) / RADIUS, 0);
      const weight = near * near + 0.05;
      if (shown.has(id)) least.set(since, Math.min(least.get(since) ?? Infinity, weight));
      else greatest.set(since, Math.max(greatest.get(since) ?? 0, weight));
    }
    for (const [since, weight] of least)
      expect(weight * CLOSE).toBeGreaterThanOrEqual(greatest.get(since) ?? 0);
  }
}

let stepper: Stepper;
afterEach(() => stepper.close());

type Kind = ReturnType<typeof crowded>;

/** A room of the kind, and witnesses of what its players are shown. */
async function start(kind: Kind, play: Play, seed: number, players: number): Promise<Witness[]> {
  stepper = await Stepper.start({ rooms: { field: kind }, seed });
  const witnesses: Witness[] = [];
  stepper.onStride = () => {
    for (const witness of witnesses) witness.look(roomOf());
  };
  for (let i = 0; i < players; i++) {
    const player: Client = new Player<typeof game>(stepper, { room: 'field', retryCapMs: 200 });
    await stepper.until(player.connect(game));
    witnesses.push(new Witness(player, play.eyes));
  }
  return witnesses;
}

function roomOf(): Where {
  return stepper.room('field') as never;
}

/** Until each of them got so many more STATEs. */
async function states(witnesses: readonly Witness[], count: number): Promise<void> {
  const goal = witnesses.map((witness) => witness.states + count);
  await stepper.when(() => witnesses.every((witness, i) => witness.states >= goal[i]));
}

/** Nothing moves: who waits is told in as few STATEs as the cap allows, and nothing is left. */
async function expectCalm(play: Play, witnesses: readonly Witness[]): Promise<void> {
  play.stirs = false;
  await states(witnesses, 1);
  for (const witness of witnesses) {
    const needed = Math.ceil(witness.waiting / ARRIVALS_AT_ONCE);
    await states([witness], needed);
    expect(witness.waiting).toBe(0);
    const { known } = witness.seatIn(roomOf());
    expect([known.deferrals, known.untold]).toEqual([0, 0]);
    expect(known.count).toBe(witness.shown.size);
  }
  play.stirs = true;
}

const SPELLINGS = [
  { wire: 'packed', sendEvery: 1 },
  { wire: 'packed', sendEvery: 3 },
  { wire: 'plain', sendEvery: 1 },
  { wire: 'plain', sendEvery: 3 },
] as const;

describe.each(SPELLINGS)('who jumps into a crowd ($wire, every $sendEvery)', (spelling) => {
  test.each(SEEDS)(
    '[S16] is told of so many in a STATE, the nearest first, and of all in the end (seed %i)',
    async (seed) => {
      const play = newPlay(seed);
      const witnesses = await start(crowded(play, 2400, spelling), play, seed, 2);
      play.stirs = true;
      for (let round = 0; round < 6; round++) {
        await states(witnesses, 4 + play.chance.integer(8));
        if (round % 2 === 1) witnesses[0].player.cut();
        if (round % 3 === 2) await expectCalm(play, witnesses);
      }
      expect(roomOf().tick).toBeGreaterThan(30 * spelling.sendEvery);
      await stepper.advance(500);
      for (const { mostArrived, mostWaiting, heard, everShown, player } of witnesses) {
        expect(mostArrived).toBeGreaterThan(ARRIVALS_AT_ONCE / 2);
        expect(mostWaiting).toBeGreaterThan(ARRIVALS_AT_ONCE);
        // What happens near what waits is not told: there is nothing to show it on.
        expect(heard.length).toBeGreaterThan(0);
        expect(heard.filter((id) => !everShown.has(id))).toEqual([]);
        expect(player.state).toBe('live');
      }
    },
  );
});

describe.each(['packed', 'plain'] as const)('who joins amid a crowd (%s)', (wire) => {
  /** The first STATE of a player who looks at a crowd of 800 from its middle. */
  async function firstView(more: Partial<Definition>) {
    const play = newPlay(5);
    play.eyes.set(1, CROWDS[0]);
    const kind = crowded(play, 2400, { wire, sendEvery: 3, ...more });
    stepper = await Stepper.start({ rooms: { field: kind } });
    const { client } = await stepper.join(game, { room: 'field' });
    const distanceOf = ({ x, y }: Point) => Math.hypot(x - CROWDS[0].x, y - CROWDS[0].y);
    const there = [...roomOf().all('mote')].map(distanceOf).filter((far) => far <= RADIUS);
    const shown = () => [...client.newest().all('mote')].map(distanceOf);
    expect(there.length).toBeGreaterThan(700);
    return { there: there.sort((a, b) => a - b), shown };
  }

  test('[S7, S16] is told of the nearest first, and of the rest in the next STATEs', async () => {
    const { there, shown } = await firstView({});
    expect(shown()).toHaveLength(ARRIVALS_AT_ONCE);
    // All that is told is among the nearest but for a few in the same bucket.
    expect(Math.max(...shown())).toBeLessThan(there[ARRIVALS_AT_ONCE + 30]);
    await stepper.advance((3 * 3 * 1000) / game.tickRate);
    expect(shown()).toHaveLength(there.length);
  });

  test('with a budget, is told of no more at first, and of the rest as it allows', async () => {
    const { there, shown } = await firstView({ budget: { bytesPerSecond: 20_000 } });
    expect(shown()).toHaveLength(ARRIVALS_AT_ONCE);
    await stepper.advance(5000);
    expect(shown()).toHaveLength(there.length);
  });

  test('is told of all at once where the room does not say what is near', async () => {
    const { shown } = await firstView({ interest: undefined, sees: () => true });
    expect(shown()).toHaveLength(2400);
  });
});

test('the edge of sight is told though more than the cap arrive in every tick', async () => {
  const play = newPlay(1);
  const near: Mote[] = [];
  const edge = new Set<number>();
  const [{ x, y }] = CROWDS;
  const kind = crowded(play, 0, {
    tick(room) {
      if (!play.stirs) return;
      while (edge.size < 20)
        edge.add(room.spawn('mote', { x: x + RADIUS - 5 - edge.size / 8, y }).id);
      for (let i = 0; i < ARRIVALS_AT_ONCE + 10; i++)
        near.push(room.spawn('mote', { x: x + i / 16, y: y + 1 }));
      for (const mote of near.splice(0, near.length - 4 * ARRIVALS_AT_ONCE)) room.despawn(mote);
    },
  });
  const witnesses = await start(kind, play, 1, 1);
  const [witness] = witnesses;
  play.eyes.set(witness.player.client.seat, CROWDS[0]);
  play.stirs = true;
  const told = () => [...edge].filter((id) => witness.shown.has(id));
  await states(witnesses, 12);
  expect(told()).toEqual([]);
  await states(witnesses, 20);
  expect(told()).toEqual([...edge]);
  expect(witness.arrived).toBe(ARRIVALS_AT_ONCE);
});
