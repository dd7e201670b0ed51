// A server that begins to close while a room is being opened in it: the room would come to be after
// the others were handed over, and end with the server. One virtual clock.
import { afterEach, expect, test } from 'vitest';
import { MemoryDirectory } from '../src/index.ts';
import { arcade } from './arcade.ts';
import { doorTo } from './directory-doors.ts';
import { RawPlayer } from './raw-player.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

test('opens no room any more that it has claimed, and says so to who waits for it', async () => {
  const now = () => EPOCH_MS + (stepper?.nowMs ?? 0);
  const directory = new MemoryDirectory({ leaseMs: 60_000, now });
  let claimed = () => {};
  const door = doorTo(directory, async (name, ask, given) => {
    const answer = await ask(...given);
    if (name === 'claim') claimed();
    return answer;
  });
  const serve = { directory: door, publicUrl: 'http://a.example' };
  stepper = await Stepper.start({ rooms: { field: arcade() }, serve });
  const { shard } = stepper.server;
  claimed = () => {
    shard.draining = true;
  };
  const ada = new RawPlayer(stepper);
  ada.hello();
  await stepper.advance(50);
  expect([ada.closed, shard.rooms.size]).toEqual([1012, 0]);
  expect(await directory.rooms()).toEqual([]);
});
