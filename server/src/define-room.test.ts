import { defineGame, int, UsageError } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { defineRoom, type Failover, failoverOf } from './define-room.ts';

const game = defineGame({
  tickRate: 20,
  entities: { ship: { hp: int(0, 9) } },
  commands: { say: { n: int(0, 9) } },
});
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
  [{ interest: { around: () => undefined, radius: 9, far: 3 }, wire: 'plain' }, 'interest.far'],
  [
    { interest: { around: () => undefined, radius: 9, far: 3 }, sees: () => true },
    'interest.far is for packed rooms',
  ],
  [{ seats: 2, interest: { around: () => undefined, radius: 0 } }, 'interest.radius: 0'],
  [{ seats: 2, interest: { around: () => undefined, radius: Number.NaN } }, 'above 0'],
  [{ seats: 2, commands: {} }, 'commands.say is not given'],
  [{ seats: 2, commands: { ...commands, shout() {} } }, 'commands has no shout: it takes say'],
  [{ failover: 'resume' }, "failover: resume: wants 'restore', 'restart' or 'end'"],
  [{ save: () => 1 }, 'save and load belong together: give both, or neither'],
  [{ load: () => 1 }, 'save and load belong together'],
  [{ onTick() {} }, 'defineRoom has no onTick: did you mean tick?'],
  [{ spectator: 3 }, 'defineRoom has no spectator: did you mean spectators?'],
  [{ wire: 'paked' }, "wire: paked: wants 'packed' or 'plain'"],
  [{ interest: { arround: () => undefined, radius: 1 } }, 'did you mean around?'],
  [{ budget: { bytesPerSecond: 10 } }, 'budget.bytesPerSecond: wants 500 or more'],
  [{ budget: { bytesPerSecond: 900, weight: {} } }, 'budget has no weight: did you mean weights?'],
  [{ budget: { bytesPerSecond: 900, weights: { shp: 2 } } }, 'did you mean ship?'],
  [{ budget: { bytesPerSecond: 900, weights: { ship: 0 } } }, 'budget.weights.ship: 0: wants'],
  [{ tick: 'fast' }, 'tick: wants a function, not a text'],
  [{ match: 'team' }, 'match: wants an object, not a text'],
  [{ hears: { news: 5 } }, 'hears.news: wants a function, not a number'],
  [{ timers: { over: 20 } }, 'timers.over: wants a function, not a number'],
  [{ keep: 'no' }, 'keep: wants true or false, not a text'],
  [{ graceMs: Number.NaN }, 'graceMs: wants a number, not NaN'],
  [{ graceMs: -1 }, 'graceMs: -1: wants ms, 0 or more'],
])('%o is refused, naming the cure', (what, message) => {
  const define = () => defineRoom(game, { commands, ...what } as never);
  expect(define).toThrow(UsageError);
  expect(define).toThrow(message);
});

test('a room is restored where nothing would be lost, unless it says otherwise', () => {
  const save = () => 1;
  const failovers = (failover?: Failover) => [
    failoverOf({ failover }, undefined),
    failoverOf({ failover, save }, new Map()),
  ];
  expect(failovers()).toEqual(['restore', 'restore']);
  expect(failovers('restart')).toEqual(['restart', 'restart']);
  expect(failovers('end')).toEqual(['end', 'end']);
  expect(failoverOf({}, new Map())).toBe('restart');
  expect(() => failoverOf({ failover: 'restore' }, new Map())).toThrow('give save and load');
});

test('a promise is no room.data, and what comes of it ends nothing', async () => {
  const fails = Promise.reject(new Error('the database is away'));
  expect(() => failoverOf({}, fails)).toThrow('room.data would be a promise');
  // Vitest fails where a rejection is left to the process.
  await new Promise((resolve) => setImmediate(resolve));
});
