// The directory of several machines, as a game asks for it: `serve({ directory: redis({ url }) })`.
// An export of its own, so that who does not want it does not load Redis's client.
import type { Directory } from './directory.ts';
import { RedisDirectory } from './redis-directory.ts';
import { type RedisOptions, readOptions } from './redis-options.ts';

export type { RedisOptions };

/**
 * Begins to connect; what is asked before it is connected waits, 1 s at most. Throws UsageError for
 * options that cannot work.
 */
export function redis(options: RedisOptions): Directory {
  return new RedisDirectory(readOptions(options));
}
