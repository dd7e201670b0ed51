// Who comes to watch at a server that has no room of the kind: where they are sent, and what that
// costs the directory. Two servers on one virtual clock.
import { CloseCode, FrameType } from '@tickwire/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { MemoryDirectory } from '../src/index.ts';
import { arcade } from './arcade.ts';
import { RawPlayer, TOKEN } from './raw-player.ts';
import { ShardStage } from './shard-stage.ts';

const look = vi.spyOn(MemoryDirectory.prototype, 'rooms');
let stage: ShardStage;
afterEach(() => {
  look.mockClear();
  return stage.stepper.close();
});

/** So many at once at B, when A has a room. */
async function watchers(count: number, spectators: number): Promise<RawPlayer[]> {
  stage = await ShardStage.start({ field: arcade({ spectators }) });
  await stage.a.shard.open('field');
  const came = Array.from({ length: count }, () => {
    const { stepper } = stage;
    return new RawPlayer(stepper, {}, stage.transportOf(stage.b).connect({}));
  });
  for (const one of came) one.hello(TOKEN, '', { spectate: true });
  await stage.stepper.advance(50);
  return came;
}

test('all are sent to where there is one, by one look at the rooms of the kind', async () => {
  const came = await watchers(20, 2);
  expect(came.map(({ frames }) => frames[0][1])).toEqual(came.map(() => FrameType.Moved));
  expect(look.mock.calls).toEqual([['field']]);
});

test('a kind that nobody may watch is looked for nowhere', async () => {
  const came = await watchers(3, 0);
  expect(came.map(({ closed }) => closed)).toEqual(came.map(() => CloseCode.Full));
  expect(look.mock.calls).toEqual([]);
});
