// Shards of another build beside this one, as while a deployment changes: their rooms are not for
// our players, and what stands under our names may be theirs.
import { afterEach, expect, test } from 'vitest';
import { MemoryDirectory, type RoomFacts } from '../src/index.ts';
import { arcade, game } from './arcade.ts';
import { RawPlayer, TOKEN } from './raw-player.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

const [A, B] = ['http://a.example', 'http://b.example'];
const other = { shard: 'other', url: 'http://other.example' };
const clock = { nowMs: EPOCH_MS };
let stepper: Stepper;
afterEach(() => stepper.close());

const newDirectory = () => new MemoryDirectory({ leaseMs: 60_000, now: () => clock.nowMs });
const optionsOf = (directory: MemoryDirectory, publicUrl: string, keep: boolean) => {
  return { rooms: { field: arcade({ seats: 3, keep }) }, serve: { directory, publicUrl } };
};
const theirs = (id: string): RoomFacts => {
  return { id, kind: 'field', build: 'another', seats: 3, match: '', hidden: false };
};
const ours = () => [...stepper.server.shard.rooms.keys()];

test.each(['is played there', 'is without an owner'])(
  'a kept room whose id %s in another build is opened beside it, once',
  async (how) => {
    const directory = newDirectory();
    await directory.claim(theirs('field-0'), other);
    if (how !== 'is played there') directory.lose(other.shard);
    stepper = await Stepper.start(optionsOf(directory, A, true));
    expect(ours()).toEqual([`field-0-${game.hash}`]);
    const b = await stepper.add(B, optionsOf(directory, B, true));
    expect([...b.shard.rooms]).toEqual([]);
    expect((await directory.room('field-0'))?.build).toBe('another');
  },
);

test('a kept room is opened by one of two', async () => {
  const directory = newDirectory();
  stepper = await Stepper.start(optionsOf(directory, A, true));
  const b = await stepper.add(B, optionsOf(directory, B, true));
  expect([ours(), [...b.shard.rooms]]).toEqual([['field-0'], []]);
});

test('who wants a room gets none of another build', async () => {
  const directory = newDirectory();
  stepper = await Stepper.start(optionsOf(directory, A, false));
  for (let i = 0; i < 40; i++) await directory.claim(theirs(`old-${i}`), other);
  const players = [new RawPlayer(stepper), new RawPlayer(stepper)];
  for (const player of players) {
    player.hello(TOKEN, '');
    await stepper.advance(50);
  }
  expect(players.map(({ seated }) => seated)).toEqual([true, true]);
  expect(ours()).toHaveLength(1);
});
