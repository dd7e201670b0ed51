// Loads uWebSockets.js, an optional native package, for uws-transport.ts and whoever asks whether
// it is there. Trap: it reads the environment once, when it loads, and its binary is chosen by
// Node's version, so the same package may load on one Node and not on another.

import type * as uws from 'uWebSockets.js';
import { UsageError } from '@tickwire/protocol';

export type Uws = typeof uws;

/**
 * Longest request line with headers that native code keeps until it is whole; it reads this from
 * the environment when it loads. Its own default of 4,096 bytes is less than our limits together,
 * and cuts in before them (newer builds: always; older ones: where a head comes in pieces).
 */
const NATIVE_HEAD_BYTES = 8192;

/**
 * Loads the native package. Throws UsageError that says what to install instead. Its type is
 * unknown to the outside: whoever compiles against us may not have the package.
 */
export async function loadUws(
  load: () => Promise<unknown> = () => import('uWebSockets.js'),
): Promise<unknown> {
  process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(NATIVE_HEAD_BYTES);
  try {
    const loaded = (await load()) as Uws & { default?: Uws };
    return loaded.default ?? loaded;
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const lastLine = cause.message.trimEnd().split('\n').at(-1);
    const release = '"uWebSockets.js": "github:uNetworking/uWebSockets.js"';
    throw new UsageError(
      missing
        ? 'uWebSockets.js is not installed. Depend on "uWebSockets.js": "npm:uwebsockets@3.0.6", ' +
            `or on its author's release, ${release}, or use transport: 'ws'`
        : `uWebSockets.js does not load on Node ${process.version} here (${lastLine}). Use Node ` +
            '20 with "uWebSockets.js": "npm:uwebsockets@3.0.6", or glibc 2.38 or newer with its ' +
            `author's release, ${release}, or transport: 'ws'`,
      { cause },
    );
  }
}
