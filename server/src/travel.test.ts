import { defineGame, fixed, int } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { Travel } from './travel.ts';
import { World } from './world.ts';

const range = fixed(-1e6, 1e6, 1);
const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: range, y: range }, rule: { n: int(0, 9) } },
});

function scene() {
  const world = new World(game, 1, false);
  const travel = new Travel(1000);
  const ships = [0, 1, 2].map((x) => world.spawn('ship', { x, y: 0 }, 0));
  travel.measure(world.tables);
  return { world, travel, ships };
}

test('the longest way of each tick is summed up', () => {
  const { world, travel, ships } = scene();
  expect(travel.total).toBe(0);
  ships[0].x = 3;
  ships[1].y = 4;
  ships[1].x = 4;
  travel.measure(world.tables);
  expect(travel.total).toBe(5);
  ships[2].y = -2;
  travel.measure(world.tables);
  expect(travel.total).toBe(7);
});

test('whoever is new in a row has not come from where the last one was', () => {
  const { world, travel, ships } = scene();
  const { $index } = ships[2];
  world.despawn(ships[2]);
  world.begin(2, 2);
  world.begin(3, 3);
  const next = world.spawn('ship', { x: 500, y: 0 }, 0);
  expect(next.$index).toBe($index);
  travel.measure(world.tables);
  expect(travel.total).toBe(0);
});

test.each([Number.NaN, Infinity, 1e9])('a way to %d makes all uncertain, and no more', (x) => {
  const { world, travel, ships } = scene();
  ships[0].x = x;
  travel.measure(world.tables);
  expect(travel.total).toBe(1000);
});
