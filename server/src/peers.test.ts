// Questions between shards over a directory that takes its time.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Directory, DirectoryError } from './directory.ts';
import type { Log } from './log.ts';
import { Peers } from './peers.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('a question that is late while it is still being sent is refused, and no more', async () => {
  const unhandled: unknown[] = [];
  const hear = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', hear);
  try {
    const publish = () =>
      new Promise<void>((_, reject) => {
        setTimeout(() => reject(new DirectoryError('late', 'no answer')), 1_001);
      });
    const peers = new Peers({ publish } as Partial<Directory> as Directory, 'a', {} as Log);
    const asked = peers.ask('b', 'open').catch((error) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    // Node tells of unhandled rejections after a turn.
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await asked).toMatchObject({ code: 'unreachable', message: 'no answer' });
  } finally {
    process.off('unhandledRejection', hear);
  }
});
