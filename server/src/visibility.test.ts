import { defineGame, fixed, int, KnownSet, Random, type Row } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { type Sight, type Viewer, Visibility } from './visibility.ts';
import { World } from './world.ts';

const range = fixed(-9999, 9999, 1);
const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: range, y: range }, rule: { n: int(0, 9) } },
});

function setUp(more: Partial<Sight<Viewer>> = {}) {
  const world = new World(game, 1, false);
  const viewer = { id: 1, known: new KnownSet(), eye: undefined };
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
  return { world, viewer, at, knows };
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
  const viewer = { id: 1, known: new KnownSet(0), eye: undefined };
  const eye = { x: 0, y: 0 };
  const visibility = new Visibility<Viewer>(world, { around: () => eye, radius: 100, far: 50 });
  const row = world.spawn('ship', { x: 60, y: 0 }, 0);
  let tick = 1;
  const tier = () => {
    visibility.begin();
    visibility.update(viewer, tick);
    viewer.known.sent(tick++);
    return viewer.known.tier[viewer.known.slotOf(row.id)];
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

test.each([1, 2, 3])('what is known is what the distances say, tick by tick (seed %i)', (seed) => {
  const chance = new Random(seed);
  const world = new World(game, 1, false);
  const viewers = [1, 2, 3].map((id) => ({
    id,
    known: new KnownSet(0),
    eye: undefined,
    x: 0,
    y: 0,
  }));
  const visibility = new Visibility<(typeof viewers)[0]>(world, { around: (v) => v, radius: 100 });
  const inSight = viewers.map(() => new Set<number>());
  const place = () => (chance.next() - 0.5) * 500;
  const rows: Row[] = [];
  for (let tick = 1; tick < 300; tick++) {
    world.begin(tick, tick);
    if (rows.length < 60) rows.push(world.spawn('ship', { x: place(), y: place() }, 0));
    if (chance.next() < 0.3) world.despawn(rows.splice(chance.integer(rows.length), 1)[0]);
    for (const row of rows) {
      const far = chance.next() < 0.01;
      row.x = far ? place() : (row.x as number) + (chance.next() - 0.5) * 12;
      row.y = far ? place() : (row.y as number) + (chance.next() - 0.5) * 12;
      if (chance.next() < 0.002) row.x = Number.NaN;
      else if (!Number.isFinite(row.x)) row.x = place();
    }
    visibility.begin();
    viewers.forEach((viewer, i) => {
      viewer.x += (chance.next() - 0.5) * 8;
      if (chance.next() < 0.01) viewer.y = place();
      // The third is slow: it is told of every fourth tick or so.
      if (i === 2 && chance.next() < 0.75) return;
      visibility.update(viewer, tick);
      viewer.known.sent(tick);
      for (const id of inSight[i]) if (!rows.some((row) => row.id === id)) inSight[i].delete(id);
      for (const row of rows) {
        const way = Math.hypot((row.x as number) - viewer.x, (row.y as number) - viewer.y);
        if (way <= 100) inSight[i].add(row.id);
        else if (!(way <= 110)) inSight[i].delete(row.id);
      }
      const known = rows.filter((row) => viewer.known.slotOf(row.id) >= 0).map(({ id }) => id);
      expect(known, `viewer ${i + 1}, tick ${tick}`).toEqual([...inSight[i]].sort((a, b) => a - b));
      expect(viewer.known.count).toBe(known.length);
    });
  }
});
