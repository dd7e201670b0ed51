import { defineGame, int, UsageError } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { defineRoom } from './define-room.ts';

const game = defineGame({ tickRate: 20, entities: {}, commands: { say: { n: int(0, 9) } } });
const commands = { say: () => 'ok' };

test('a definition is kept with its game', () => {
  const kind = defineRoom(game, { seats: 4, commands });
  expect([kind.game.hash, kind.definition.seats]).toEqual([game.hash, 4]);
});

test.each<[what: object, message: string]>([
  [{ seats: 0 }, 'seats: 0: wants a whole number in 1..10000'],
  [{ seats: 1.5 }, 'seats: 1.5'],
  [{ seats: 2, spectators: -1 }, 'spectators: -1: wants a whole number in 0..50000'],
  [{ seats: 2, sendEvery: 0 }, 'sendEvery: 0: wants a whole number in 1..255'],
  [{ seats: 2, interest: { around: () => undefined, radius: 0 } }, 'interest.radius: 0'],
  [{ seats: 2, interest: { around: () => undefined, radius: Number.NaN } }, 'above 0'],
  [{ seats: 2, commands: {} }, 'commands.say is not given'],
  [{ seats: 2, commands: { ...commands, shout() {} } }, 'commands.shout'],
])('%o is refused, naming the cure', (what, message) => {
  const define = () => defineRoom(game, { commands, ...what } as never);
  expect(define).toThrow(UsageError);
  expect(define).toThrow(message);
});
