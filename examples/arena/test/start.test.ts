// `npm start` as a person runs it: a process of its own, without NODE_ENV. The page is built in
// that process, and vite sets NODE_ENV there: the test is that the page may connect all the same.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

const ARENA = fileURLToPath(new URL('..', import.meta.url));
const START = ['--conditions=source', '--import', 'tsx', 'src/start.ts'];

let stop: (() => Promise<void>) | undefined;

afterEach(() => stop?.());

test('npm start serves a page that may connect', async () => {
  const url = await start('--port', '0', '--host', '127.0.0.1', '--bots', '0');
  expect((await fetch(url)).headers.get('content-type')).toMatch('text/html');
  const socket = new WebSocket(url.replace('http', 'ws'), { origin: url.replace(/\/$/, '') });
  await once(socket, 'open'); // rejects with the status of a refused handshake
  socket.close();
  await once(socket, 'close');
});

/** Answers the address that the process prints. */
async function start(...args: string[]): Promise<string> {
  const { NODE_ENV: _, ...env } = process.env;
  const child = spawn(process.execPath, [...START, ...args], { cwd: ARENA, env });
  const ended = once(child, 'exit');
  stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      printed += chunk;
    });
  const address = new Promise<string>((resolve) => {
    child.stdout.on('data', () => {
      const found = /http:\/\/[^\s]+:\d+\//.exec(printed);
      if (found) resolve(found[0]);
    });
  });
  const early = ended.then(([code]) => {
    throw new Error(`npm start ended with ${code}: ${printed}`);
  });
  early.catch(() => {});
  return Promise.race([address, early]);
}
