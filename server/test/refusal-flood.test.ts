// What a flood of bad tokens writes into the log: a few lines and their sum, however many addresses
// it comes from, for each address alone keeps below its limits.

import { afterEach, describe, expect, test } from 'vitest';
import { Refusal } from '../src/index.ts';
import { arcade } from './arcade.ts';
import { post } from './raw-player.ts';
import { Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

const FLOOD = 60;

describe.each([
  ['refuses', new Refusal('who are you?', 'stranger'), 'authenticate refused a token'],
  ['throws', new Error('the database is down'), 'authenticate threw'],
])('{T44, T63} a game that %s each token', (_, thrown, line) => {
  test('says so of a few, and then of how many', async () => {
    const authenticate = () => {
      throw thrown;
    };
    stepper = await Stepper.start({ rooms: { field: arcade({ authenticate }) } });
    for (let i = 0; i < FLOOD; i++)
      expect((await post(stepper, { token: 'x' }, `10.0.${i}.1`)).status).toBe(401);
    const told = stepper.log.filter(({ msg }) => msg.startsWith(line)).length;
    expect([told > 0, told < FLOOD / 2]).toEqual([true, true]);
    await stepper.advance(11_000);
    expect(stepper.log.map(({ count }) => count)).toContain(FLOOD - told);
  });
});
