// Builds the page with vite into examples/arena/dist. Used by `start.ts` and by the browser tests;
// a deployed server needs neither this nor vite.

import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Throws vite's own error, which names file and line. */
export async function buildPage(): Promise<void> {
  await build({ root: ROOT, configFile: `${ROOT}/vite.config.ts`, logLevel: 'warn' });
}
