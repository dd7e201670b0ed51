// A burst of what arrives is handled in one turn of the event loop, which looks at no timer before
// its end. Ticks do not wait for it.

import { FrameType } from '@tickwire/protocol';
import { afterEach, expect, test } from 'vitest';
import { defineRoom } from '../src/index.ts';
import { game } from './arcade.ts';
import { RawPlayer } from './raw-player.ts';
import { Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

/** Ms that one of the burst takes: a tick is 33.3. */
const SLOW_MS = 20;

test('{T52} a tick that comes due in a burst runs before the rest of it', async () => {
  const order: string[] = [];
  const slow = (): string => {
    stepper.nowMs += SLOW_MS;
    order.push('command');
    return '';
  };
  const field = defineRoom(game, {
    tick: () => void order.push('tick'),
    commands: { wait: slow, rename: () => ({ ok: true }), boom() {} },
  });
  stepper = await Stepper.start({ rooms: { field }, serve: { ticking: true } });
  const players = Array.from({ length: 6 }, () => new RawPlayer(stepper));
  for (const player of players) player.hello();
  // No time goes by until they are seated.
  while (!players.every(({ seated }) => seated)) await stepper.advance(0);
  order.length = 0;
  for (const { peer } of players) peer.send(Uint8Array.of(0x94, FrameType.Command, 1, 1, 0x91, 1));
  stepper.transport.pump();
  expect(order.join(' ')).toBe('command command tick command command tick command tick command');
});
