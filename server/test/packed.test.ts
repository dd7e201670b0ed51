// The packed wire between a whole server and whole clients: which ticks it tells of, and that the
// spelling of a room is the room's business alone. fuzz.test.ts compares every value.
import { expect, test } from 'vitest';
import { arcade, game } from './arcade.ts';
import { Stepper } from './stepper.ts';

test.each([1, 2, 3, 5])(
  '[T4] a room that sends every %i ticks sends STATEs of ticks that this divides',
  async (sendEvery) => {
    const stepper = await Stepper.start({ rooms: { field: arcade({ sendEvery }) } });
    const ticks = new Set<number>();
    const { client } = await stepper.join(game, { room: 'field' });
    for (let i = 0; i < 60; i++) {
      await stepper.advance(20);
      ticks.add(client.newest().tick);
    }
    expect(ticks.size).toBeGreaterThan(5);
    expect([...ticks].filter((tick) => tick % sendEvery !== 0)).toEqual([]);
    await stepper.close();
  },
);

test('[K1] players of packed and plain rooms are shown the same', async () => {
  const rooms = { packed: arcade(), plain: arcade({ wire: 'plain' }) };
  const stepper = await Stepper.start({ rooms });
  const [one, two] = [
    await stepper.join(game, { room: 'packed' }),
    await stepper.join(game, { room: 'plain' }),
  ];
  await stepper.advance(1500);
  const shown = [one, two].map(({ client }) =>
    [...client.newest().all('ship')].map(({ x, y, name }) => ({ x, y, name })),
  );
  expect(shown[0]).toHaveLength(1);
  expect(shown[0]).toEqual(shown[1]);
  await stepper.close();
});
