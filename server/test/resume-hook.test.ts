// A game that sends a player away as he comes back, or ends the room: he is told so, and nothing of
// the seat is kept. On a shard among others, which saves its rooms.
import { CloseCode } from '@tickwire/protocol';
import { afterEach, expect, test } from 'vitest';
import { arcade, type Definition } from './arcade.ts';
import { RawPlayer, RESUME } from './raw-player.ts';
import { ShardStage } from './shard-stage.ts';

let stage: ShardStage;
afterEach(() => stage.stepper.close());

const boom = () => {
  throw new Error('the game broke');
};

test.each<[string, number, Definition['resume']]>([
  ['throws', CloseCode.RoomError, boom],
  ['closes the room', CloseCode.Done, (room) => room.close('it was won')],
  ['kicks', CloseCode.Kicked, (_room, seat) => seat.kick('you were told to stay away')],
])('a `resume` that %s', async (_, code, resume) => {
  stage = await ShardStage.start({ field: arcade({ ...(resume && { resume }) }) });
  const { stepper } = stage;
  const ada = new RawPlayer(stepper);
  ada.hello();
  await stepper.advance(50);
  ada.peer.close(CloseCode.Lost, '');
  await stepper.advance(50);
  stage.a.seating.unsaved.clear();
  const back = new RawPlayer(stepper);
  back.hello(RESUME, ada.key);
  await stepper.advance(50);
  expect([back.closed, back.frames]).toEqual([code, []]);
  expect(stepper.log.filter(({ msg }) => msg === 'joining failed')).toEqual([]);
  const { unsaved, secrets } = stage.a.seating;
  expect([unsaved.size, secrets.seats]).toEqual([0, 0]);
});
