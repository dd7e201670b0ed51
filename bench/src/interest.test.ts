import { expect, test } from 'vitest';
import type { ShipsSize } from './interest-room.ts';
import { ShipsRun } from './interest-run.ts';

const TICKS = 60;
const SIZE: ShipsSize = { entities: 200, seats: 3, radius: 700, mode: 'steer', seed: 1 };

async function run(size: ShipsSize): Promise<ShipsRun> {
  const ships = await ShipsRun.start(size);
  for (let i = 0; i < TICKS; i++) ships.checkedTick();
  return ships;
}

test.each([
  ['its surroundings', SIZE],
  ['everything', { ...SIZE, radius: undefined }],
])('a seat that sees %s decodes what it should see', async (_, size) => {
  const { views, inView, ...ships } = await run(size);
  expect(views).toEqual({ compared: TICKS / 10, wrong: 0 });
  expect(inView / TICKS).toBeGreaterThan(10);
  expect(ships.view.tick).toBe(TICKS);
});

test('a view that is not the truth is told from it', async () => {
  const { view, truth } = await run(SIZE);
  expect(view.differences(truth)).toEqual([]);
  truth.arena.step();
  expect(view.differences(truth)).not.toEqual([]);
});
