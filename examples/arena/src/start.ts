// `npm start`: builds the page with vite, then runs the server with the same arguments.
// Apart from `server.ts`, so that a deployed server needs neither vite nor the page's sources.

import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { main } from './server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Builds examples/arena/dist. Throws vite's own error, which names file and line. */
export async function buildPage(): Promise<void> {
  await build({ root, configFile: `${root}/vite.config.ts`, logLevel: 'warn' });
}

await buildPage();
process.exitCode = await main(process.argv.slice(2));
