// `npm start`: builds the page, then runs the server with the same arguments.
// Apart from `server.ts`, so that a server can be deployed with a page built before.

import { buildPage } from './page-build.ts';
import { main } from './server.ts';

// A shard has a channel to its parent, which has built the page.
if (process.send === undefined) await buildPage();
process.exitCode = await main(process.argv.slice(2));
