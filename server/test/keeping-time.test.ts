// A burst of what arrives is handled in one turn of the event loop, which looks at no timer before
// its end. Ticks do not wait for it.

import { afterEach, expect, test } from 'vitest';
import { arcade } from './arcade.ts';
import { RawPlayer } from './raw-player.ts';
import { Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

/** Ms that one of the burst takes: a tick is 33.3. */
const SLOW_MS = 20;

test('{T52} a tick that comes due in a burst runs before the rest of it', async () => {
  const order: string[] = [];
  const authenticate = (): undefined => {
    stepper.nowMs += SLOW_MS;
    order.push('hello');
  };
  const tick = (): void => void order.push('tick');
  stepper = await Stepper.start({
    rooms: { field: arcade({ keep: true, authenticate, tick }) },
    serve: { ticking: true },
  });
  const players = Array.from({ length: 6 }, () => new RawPlayer(stepper));
  for (const player of players) player.hello();
  stepper.transport.pump();
  expect(order.join(' ')).toBe('hello hello tick hello hello tick hello tick hello');
});
