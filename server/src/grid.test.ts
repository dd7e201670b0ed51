import { defineGame, fixed, int, Random } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { Grid } from './grid.ts';
import { World } from './world.ts';

const range = fixed(-1e6, 1e6, 1);
const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: range, y: range }, rule: { n: int(0, 9) } },
});

test.each([1, 2, 3])('every entity stands in the bucket of its cell (seed %i)', (seed) => {
  const chance = new Random(seed);
  const world = new World(game, 1, false);
  const grid = new Grid(100, 100);
  world.spawn('rule', { n: 1 }, 0);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 200; i++) {
      const [x, y] = [0, 0].map(() => (chance.next() - 0.5) * 10 ** chance.integer(6));
      world.spawn('ship', { x, y }, 0);
    }
    const first = [...world.all('ship')][chance.integer(100)];
    world.despawn(first);
    grid.rebuild(world.tables);
    for (const row of world.all('ship')) {
      const y = Math.floor((row.y as number) / 100);
      expect(grid.find(Math.floor((row.x as number) / 100), y, y)).toBe(y + 1);
      const rows = [...grid.row.slice(grid.start, grid.end)];
      expect(rows).toContain(row.$index);
      expect(new Set(grid.kind.slice(grid.start, grid.end))).toEqual(new Set([0]));
    }
  }
});

test('positions that are no numbers do no harm', () => {
  const world = new World(game, 1, false);
  const grid = new Grid(100, 100);
  for (const x of [Number.NaN, Infinity, -Infinity, 1e300]) world.spawn('ship', { x, y: 0 }, 0);
  const near = world.spawn('ship', { x: 5, y: 5 }, 0);
  grid.rebuild(world.tables);
  grid.find(0, 0, 0);
  expect([...grid.row.slice(grid.start, grid.end)]).toContain(near.$index);
});

test('cells far out are finite and apart by one, so that a walk over them ends', () => {
  const grid = new Grid(100, 100);
  for (const x of [Infinity, -Infinity, 1e300, -1e300, 2 ** 60]) {
    grid.lookAround({ x, y: -x });
    grid.lookAlong(grid.firstX);
    const { firstX, lastX, firstY, lastY } = grid;
    expect(lastX - firstX < 5 && lastY - firstY < 5, `${x}`).toBe(true);
    expect([firstX, lastX, firstY, lastY].every(Number.isSafeInteger), `${x}`).toBe(true);
  }
});

test('whatever is within reach of a point stands in the cells it looks through', () => {
  const chance = new Random(4);
  const world = new World(game, 1, false);
  const grid = new Grid(50, 120);
  for (let i = 0; i < 500; i++)
    world.spawn('ship', { x: chance.next() * 1000, y: chance.next() * 1000 }, 0);
  grid.rebuild(world.tables);
  for (let look = 0; look < 50; look++) {
    const eye = { x: chance.next() * 1000, y: chance.next() * 1000 };
    const within = [...world.near('ship', eye.x, eye.y, 120)].map((row) => row.$index);
    const found = new Set<number>();
    grid.lookAround(eye);
    for (let cx = grid.firstX; cx <= grid.lastX; cx++) {
      grid.lookAlong(cx);
      for (let cy = grid.firstY; cy <= grid.lastY; ) {
        cy = grid.find(cx, cy, grid.lastY);
        for (let i = grid.start; i < grid.end; i++) found.add(grid.row[i]);
      }
    }
    expect(within.filter((row) => !found.has(row))).toEqual([]);
  }
});

test('a column longer than there are buckets is found piece by piece', () => {
  const world = new World(game, 1, false);
  const grid = new Grid(100, 100);
  const cells = [-20_000, -8192, -3, 0, 5, 8191, 8192, 20_000];
  for (const cell of cells) world.spawn('ship', { x: 50, y: cell * 100 + 50 }, 0);
  grid.rebuild(world.tables);
  const found = new Set<number>();
  let pieces = 0;
  for (let cy = cells[0]; cy <= cells[cells.length - 1]; pieces++) {
    cy = grid.find(0, cy, cells[cells.length - 1]);
    for (let i = grid.start; i < grid.end; i++) found.add(grid.row[i]);
  }
  expect(found.size).toBe(cells.length);
  expect(pieces).toBe(6);
});
