// `npm start` as a person runs it: a process of its own, without NODE_ENV. The page is built in
// that process, and vite sets NODE_ENV there: the test is that the page may connect all the same.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ServerProcess, startServer } from '@tickwire/kit/server-process';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

const ARENA = fileURLToPath(new URL('..', import.meta.url));

let server: ServerProcess | undefined;

afterEach(() => server?.stop());

test('npm start serves a page that may connect', async () => {
  const args = ['--port', '0', '--host', '127.0.0.1', '--bots', '0'];
  server = await startServer(ARENA, ['src/start.ts', ...args]);
  const { url } = server;
  expect((await fetch(url)).headers.get('content-type')).toMatch('text/html');
  const socket = new WebSocket(url.replace('http', 'ws'), { origin: url });
  await once(socket, 'open'); // rejects with the status of a refused handshake
  socket.close();
  await once(socket, 'close');
});
