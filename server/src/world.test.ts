import { defineGame, fixed, UsageError } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { World } from './world.ts';

const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: fixed(0, 9, 1), y: fixed(0, 9, 1) } },
});

test('a loop over a kind that spawns the same kind comes to an end', () => {
  const world = new World(game, 1, false);
  for (let i = 0; i < 3; i++) world.spawn('ship', {}, 0);
  let rounds = 0;
  for (const row of world.all('ship')) {
    world.spawn('ship', { x: row.x as number }, 0);
    rounds++;
  }
  for (const _ of world.near('ship', 0, 0, 5)) world.spawn('ship', {}, 0);
  expect([rounds, [...world.all('ship')].length]).toEqual([3, 12]);
});

test('a loop over a kind may despawn as it goes', () => {
  const world = new World(game, 1, false);
  for (let i = 0; i < 5; i++) world.spawn('ship', {}, 0);
  for (const row of world.all('ship')) world.despawn(row);
  expect([...world.all('ship')]).toEqual([]);
});

test('ids are never used again, and a row that is gone says so', () => {
  const world = new World(game, 1, false);
  const first = world.spawn('ship', { x: 1 }, 7);
  world.despawn(first);
  world.begin(2, 2);
  const second = world.spawn('ship', {}, 0);
  expect([first.id, first.alive, second.id]).toEqual([0, false, 2]);
  expect(() => world.despawn(first)).toThrow(UsageError);
  expect(() => {
    first.x = 2;
  }).toThrow('this ship is gone');
  expect(world.owned.get(7) ?? []).toEqual([]);
  expect(() => world.spawn('ship', { z: 1 }, 0)).toThrow('ship has no field z');
  expect(world.get('ship', 3)).toBe(undefined);
});
