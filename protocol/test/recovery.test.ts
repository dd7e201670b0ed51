// A STATE that fails half way leaves a receiver as it may be; the next one that holds everything
// makes it whole, whatever is left over from before.
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../src/index.ts';
import { game } from './everything.ts';
import { compare } from './truth.ts';
import { Receiver, World } from './world.ts';

function setUp(ownView: boolean) {
  const world = new World(game as never);
  const receiver = new Receiver(world, 1, ownView);
  const ships = [1, 2, 3, 4].map((n) => world.spawn('ship', { x: n, bag: [n] }, n % 2));
  world.spawn('crate', { position: { x: 1, y: 2, z: 3 } });
  world.round();
  receiver.tell();
  world.next();
  return { world, receiver, ships };
}

describe.each([
  ['shared', false],
  ['own', true],
])('a receiver with a known set that is %s', (_name, ownView) => {
  test.each([true, false])(
    '[S2, S7] is whole again after a STATE cut anywhere (everything: %s)',
    (everything) => {
      const { frame } = cutAt(Number.MAX_SAFE_INTEGER, ownView, everything);
      for (let length = 6; length < frame.length; length += 3) {
        const { world, receiver } = cutAt(length, ownView, everything);
        receiver.needsEverything = true;
        world.next();
        world.round();
        receiver.tell();
        compare(world, receiver);
      }
    },
  );
});

/** A receiver that got only the first bytes of its second STATE. */
function cutAt(length: number, ownView: boolean, everything: boolean) {
  const { world, receiver, ships } = setUp(ownView);
  world.despawn(ships[1]);
  ships[0].x = 99;
  (ships[2].bag as unknown as { push(n: number): void }).push(9);
  world.spawn('sign', { words: 'new' }, 1);
  world.round();
  receiver.needsEverything = everything;
  const { frame } = receiver.write();
  if (length < frame.length)
    expect(() => receiver.read(frame.subarray(0, length))).toThrow(ProtocolError);
  return { world, receiver, frame };
}
