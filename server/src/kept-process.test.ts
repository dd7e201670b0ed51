// A process that cannot even be started: an end like any other, and no throw that ends the parent.
import { expect, test } from 'vitest';
import { type End, KeptProcess } from './kept-process.ts';

test('what Node refuses to start has ended, and whether it goes on is asked', async () => {
  const ends: End[] = [];
  const kept = new KeptProcess({
    // As fork() without memory, it throws where it is called.
    command: ['a\0b'],
    goesOn: (end) => {
      ends.push(end);
      return false;
    },
    onRestart: () => expect.unreachable('it does not go on'),
  });
  const end = await kept.run();
  expect(end).toEqual({ code: 126, signal: null, reason: expect.stringContaining('null bytes') });
  expect(ends).toEqual([end]);
});
