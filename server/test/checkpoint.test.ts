// Rooms saved and restored: what goes on after it is what would have gone on without it, and bytes
// that are not what was written are refused whole.
import { expect, test } from 'vitest';
import { checkpointOf, restoreRoom } from '../src/checkpoint.ts';
import { menagerie, openRoom, optionsOf, portrait } from './menagerie.ts';

const clocks = { now: () => 0, wallClockMs: () => 1_000 };

test('a room stands as it stood', () => {
  let nowMs = 0;
  const options = optionsOf(menagerie(), { now: () => nowMs });
  const room = openRoom(options);
  const line = { send() {}, cork: (run: () => void) => run(), close() {}, move() {} };
  for (let i = 0; i < 3; i++) room.admit({ name: `p${i}` }, i === 2, line);
  for (let tick = 1; tick <= 100; tick++) room.run((nowMs += 50));
  expect(room.over, JSON.stringify(options.warnings)).toBe(false);
  const bytes = checkpointOf(room, [], { clocks, isFinal: true });
  const { room: again } = restoreRoom(options, bytes, clocks);
  expect(portrait(again)).toEqual(portrait(room));
});
