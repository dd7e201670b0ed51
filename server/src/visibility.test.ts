import { defineGame, fixed, int, KnownSet, Random, type Row } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { NO_EYE, type Sight, type Viewer, Visibility } from './visibility.ts';
import { World } from './world.ts';

const range = fixed(-9999, 9999, 1);
const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: range, y: range }, rule: { n: int(0, 9) } },
});

function setUp(more: Partial<Sight<Viewer>> = {}) {
  const world = new World(game, 1, false);
  const viewer = { id: 1, known: new KnownSet(), eye: NO_EYE };
  const eye = { x: 0, y: 0 } as { x: number; y: number } | undefined;
  const at = { eye };
  const visibility = new Visibility<Viewer>(world, { around: () => at.eye, radius: 100, ...more });
  let tick = 1;
  const knows = (row: Row) => {
    visibility.begin();
    visibility.update(viewer, tick++);
    viewer.known.told();
    return viewer.known.slotOf(row.id) >= 0;
  };
  return { world, viewer, visibility, at, knows };
}

test('entities enter at the radius and leave at 1.1 of it', () => {
  const { world, knows } = setUp();
  const row = world.spawn('ship', { x: 105, y: 0 }, 0);
  const seen = [105, 101, 100, 105, 109.9, 110.1, 105, 99, 111].map((x) => {
    row.x = x;
    return knows(row);
  });
  expect(seen).toEqual([false, false, true, true, true, false, false, true, false]);
});

test('kinds without a position and what a seat owns are near wherever it looks', () => {
  const { world, knows } = setUp();
  const rule = world.spawn('rule', { n: 1 }, 0);
  const own = world.spawn('ship', { x: 5000, y: 0 }, 1);
  const other = world.spawn('ship', { x: 5000, y: 0 }, 2);
  expect([knows(rule), knows(own), knows(other)]).toEqual([true, true, false]);
});

test('an eye that is gone stays where it was, and one never placed sees nothing near', () => {
  const { world, at, knows } = setUp();
  const row = world.spawn('ship', { x: 50, y: 0 }, 0);
  at.eye = undefined;
  expect(knows(row)).toBe(false);
  at.eye = { x: 0, y: 0 };
  expect(knows(row)).toBe(true);
  at.eye = undefined;
  expect(knows(row)).toBe(true);
});

test('what sees refuses is not known however near, unless it is one’s own', () => {
  let allowed = true;
  const { world, knows } = setUp({ sees: () => allowed });
  const row = world.spawn('ship', { x: 1, y: 0 }, 0);
  const own = world.spawn('ship', { x: 1, y: 0 }, 1);
  expect(knows(row)).toBe(true);
  allowed = false;
  expect([knows(row), knows(own)]).toEqual([false, true]);
});

test('a despawned entity leaves, and its row may mean another at once', () => {
  const { world, knows } = setUp();
  const row = world.spawn('ship', { x: 1, y: 0 }, 0);
  const { id } = row;
  expect(knows(row)).toBe(true);
  world.despawn(row);
  world.begin(2, 2);
  world.begin(3, 3);
  const next = world.spawn('ship', { x: 2, y: 0 }, 0);
  expect(knows(next)).toBe(true);
  expect(knows({ id } as Row)).toBe(false);
});

test('what was own and nowhere for a tick leaves as all else when it is given away', () => {
  const { world, at, knows } = setUp();
  const row = world.spawn('ship', { x: 1, y: 0 }, 1);
  const other = world.spawn('ship', { x: 1, y: 0 }, 1);
  row.x = Number.NaN;
  expect(knows(row)).toBe(true);
  at.eye = { x: Number.NaN, y: 0 };
  expect(knows(other)).toBe(true);
  at.eye = { x: 0, y: 0 };
  row.x = other.x = 5000;
  expect([knows(row), knows(other)]).toEqual([true, true]);
  world.setOwner(row, 2);
  world.setOwner(other, 2);
  expect([knows(row), knows(other)]).toEqual([false, false]);
});

test('rows are far beyond a distance, near within 0.9 of it, and never far if own', () => {
  const packed = defineGame({
    tickRate: 20,
    entities: { ship: { x: range.smooth({ far: 5 }), y: range }, rule: { n: int(0, 9) } },
  });
  const world = new World(packed, 1, false, true, true);
  const viewer = { id: 1, known: new KnownSet(0), eye: NO_EYE };
  const eye = { x: 0, y: 0 };
  const visibility = new Visibility<Viewer>(world, { around: () => eye, radius: 100, far: 50 });
  const row = world.spawn('ship', { x: 60, y: 0 }, 0);
  let tick = 1;
  const tier = () => {
    visibility.begin();
    visibility.update(viewer, tick);
    viewer.known.sent(tick++);
    return viewer.known.tierAt(viewer.known.slotOf(row.id));
  };
  expect(tier(), 'as it enters').toBe(1);
  const tiers = [55, 50, 46, 44.9, 46, 50, 50.1, 20, 105].map((x) => {
    row.x = x;
    return tier();
  });
  expect(tiers).toEqual([1, 1, 1, 0, 0, 0, 1, 0, 1]);
  eye.x = 100;
  expect(tier()).toBe(0);
  eye.x = 0;
  expect(tier()).toBe(1);
  world.setOwner(row, 1);
  expect(tier()).toBe(0);
  row.x = 9000;
  expect(tier()).toBe(0);
});

/** Three viewers in a world in which ships drift, jump, come and go; the third is slow. */
class Crowd {
  readonly #chance: Random;
  readonly world = new World(game, 1, false);
  readonly viewers = [1, 2, 3].map((id) => ({
    id,
    known: new KnownSet(0),
    eye: NO_EYE,
    x: 0,
    y: 0,
  }));
  readonly rows: Row[] = [];

  constructor(seed: number) {
    this.#chance = new Random(seed);
  }

  #place(): number {
    return (this.#chance.next() - 0.5) * 500;
  }

  /** `speed`: how far ships go at most, each way. */
  move(tick: number, speed: number): void {
    const { world, rows } = this;
    const chance = this.#chance;
    world.begin(tick, tick);
    if (rows.length < 60) rows.push(world.spawn('ship', { x: this.#place(), y: this.#place() }, 0));
    if (chance.next() < 0.3) world.despawn(rows.splice(chance.integer(rows.length), 1)[0]);
    for (const row of rows) {
      const far = chance.next() < 0.01;
      row.x = far ? this.#place() : (row.x as number) + (chance.next() - 0.5) * 2 * speed;
      row.y = far ? this.#place() : (row.y as number) + (chance.next() - 0.5) * 2 * speed;
      if (chance.next() < 0.002) row.x = Number.NaN;
      else if (!Number.isFinite(row.x)) row.x = this.#place();
    }
    for (const viewer of this.viewers) {
      viewer.x += (chance.next() - 0.5) * 8;
      if (chance.next() < 0.01) viewer.y = this.#place();
    }
  }

  /** Those who get a STATE: the third in about every fourth tick. */
  told() {
    return this.viewers.filter(({ id }) => id < 3 || this.#chance.next() < 0.25);
  }

  known(viewer: Viewer): number[] {
    return this.rows.filter((row) => viewer.known.slotOf(row.id) >= 0).map(({ id }) => id);
  }
}

const wayTo = (viewer: { x: number; y: number }, row: Row) =>
  Math.hypot((row.x as number) - viewer.x, (row.y as number) - viewer.y);

test.each([1, 2, 3])('what is known is what the distances say, tick by tick (seed %i)', (seed) => {
  const crowd = new Crowd(seed);
  const { world, rows } = crowd;
  type CrowdViewer = (typeof crowd.viewers)[0];
  const visibility = new Visibility<CrowdViewer>(world, { around: (v) => v, radius: 100 });
  const inSight = new Map(crowd.viewers.map((viewer) => [viewer, new Set<number>()]));
  for (let tick = 1; tick < 300; tick++) {
    crowd.move(tick, 6);
    visibility.begin();
    for (const viewer of crowd.told()) {
      visibility.update(viewer, tick);
      viewer.known.sent(tick);
      const sight = inSight.get(viewer)!;
      for (const id of sight) if (!rows.some((row) => row.id === id)) sight.delete(id);
      for (const row of rows) {
        const way = wayTo(viewer, row);
        if (way <= 100) sight.add(row.id);
        else if (!(way <= 110)) sight.delete(row.id);
      }
      const known = crowd.known(viewer);
      const wanted = [...sight].sort((a, b) => a - b);
      expect(known, `viewer ${viewer.id}, tick ${tick}`).toEqual(wanted);
      expect(viewer.known.count).toBe(known.length);
    }
  }
});

describe.each([2, 3, 6])('one that looks at every %i. STATE', (lookEvery) => {
  test.each([1, 2, 3])('knows what is at 0.9, and not what is beyond 1.2 (seed %i)', (seed) => {
    const crowd = new Crowd(seed);
    type CrowdViewer = (typeof crowd.viewers)[0];
    const sight: Sight<CrowdViewer> = { around: (v) => v, radius: 100, lookEvery };
    const visibility = new Visibility<CrowdViewer>(crowd.world, sight);
    let edges = 0;
    for (let tick = 1; tick < 600; tick++) {
      // Slower than what is sudden, and then faster.
      crowd.move(tick, tick < 500 ? 3 / lookEvery : 30);
      visibility.begin();
      for (const viewer of crowd.told()) {
        visibility.update(viewer, tick);
        viewer.known.sent(tick);
        const known = new Set(crowd.known(viewer));
        const wrong: string[] = [];
        for (const row of crowd.rows) {
          const way = wayTo(viewer, row);
          const is = known.has(row.id);
          if (is ? !(way <= 120) : way <= 90) wrong.push(`${row.id} at ${way} is known: ${is}`);
          else if (is !== way <= 100) edges++;
        }
        expect([tick, viewer.known.count, wrong]).toEqual([tick, known.size, []]);
      }
    }
    expect(edges, 'the edge is not measured every tick').toBeGreaterThan(50);
  });
});

test('what is new, gone or jumps is told at once between two looks, and so is a jump’s all', () => {
  const { world, at, knows } = setUp({ lookEvery: 1000 });
  const still = world.spawn('ship', { x: 5, y: 0 }, 0);
  expect(knows(still)).toBe(true);
  const row = world.spawn('ship', { x: 50, y: 0 }, 0);
  const rule = world.spawn('rule', { n: 1 }, 0);
  expect([knows(row), knows(rule)]).toEqual([true, true]);
  row.x = 500;
  expect(knows(row)).toBe(false);
  row.x = 20;
  expect(knows(row)).toBe(true);
  at.eye = { x: 300, y: 0 };
  expect(knows(row)).toBe(false);
  at.eye = { x: 0, y: 0 };
  expect(knows(row)).toBe(true);
  const { id } = row;
  world.despawn(row);
  expect(knows({ id } as Row)).toBe(false);
});

test('what was own, given away and gone between two looks is not known any more', () => {
  const { world, knows } = setUp({ lookEvery: 1000 });
  const own = world.spawn('ship', { x: 5000, y: 0 }, 1);
  expect(knows(own)).toBe(true);
  world.setOwner(own, 0);
  expect(knows(own), 'until the next look').toBe(true);
  const { id } = own;
  world.despawn(own);
  expect(knows({ id } as Row)).toBe(false);
});

test('with sees, leave to know is asked for every STATE however seldom it looks', () => {
  let allowed = true;
  const { world, knows } = setUp({ sees: () => allowed, lookEvery: 1000 });
  const row = world.spawn('ship', { x: 1, y: 0 }, 0);
  expect(knows(row)).toBe(true);
  allowed = false;
  expect(knows(row)).toBe(false);
});

test('who comes after one that left sees from nowhere, until it is placed', () => {
  const { world, viewer, visibility, at, knows } = setUp();
  const row = world.spawn('ship', { x: 0, y: 0 }, 0);
  expect(knows(row)).toBe(true);
  const { eye } = viewer;
  visibility.forget(viewer);
  at.eye = undefined;
  const next = { id: 2, known: new KnownSet(), eye: NO_EYE };
  visibility.begin();
  visibility.update(next, 9);
  expect(next.eye).toBe(eye);
  expect(next.known.count).toBe(0);
});
