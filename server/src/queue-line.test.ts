// What a queue's shard is told of those who wait, where it cannot be told.
import { expect, test } from 'vitest';
import { DirectoryError } from './directory.ts';
import { FRESH, QueueLine, type Telling } from './queue-line.ts';
import type { Waiter } from './waiter.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('more than are told at once do not hold the process while nobody can be told', async () => {
  let asked = 0;
  const ask = async () => {
    // It would never end.
    if (++asked > 1_000) return { unknown: [], waiting: 0, found: [], etaS: [] };
    throw new DirectoryError('unreachable', 'it is gone');
  };
  const log = { warn() {}, error() {} };
  const owners = { of: async () => 'b', suspect() {} };
  const by = { ask, owners, shard: 'a', isAlone: false, now: () => 0, log };
  const line = new QueueLine({ kind: 'field', match: '' }, by as never as Telling);
  for (let id = 0; id < 2 * FRESH; id++)
    line.enter({ id, entrant: () => ({ id }), stands() {} } as never as Waiter);
  await settled();
  const before = asked;
  line.sweep(0);
  await settled();
  // Once for each sweep, and a few times as they came.
  expect([asked - before, before < 5]).toEqual([1, true]);
});
