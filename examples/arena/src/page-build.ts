// Builds the page with vite into examples/arena/dist. Used by `start.ts` and by the browser tests;
// a deployed server needs neither this nor vite.

import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Throws vite's own error, which names file and line. Puts NODE_ENV back: vite sets it to
 * `production` in this process, and a server started after it would refuse its own page.
 */
export async function buildPage(): Promise<void> {
  const before = process.env.NODE_ENV;
  try {
    await build({ root: ROOT, configFile: `${ROOT}/vite.config.ts`, logLevel: 'warn' });
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}
