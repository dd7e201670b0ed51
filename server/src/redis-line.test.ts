import { createServer } from 'node:net';
import pino from 'pino';
import { expect, test } from 'vitest';
import { openLine } from './redis-line.ts';

/** The port of a server that takes connections and says nothing. */
async function silent() {
  const server = createServer((socket) => void socket.resume().on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, port: typeof address === 'object' && address ? address.port : 0 };
}

test('an error names the Redis that it is about, and no password', async () => {
  const { server, port } = await silent();
  const at = `127.0.0.1:${port}`;
  const lines = [openLine(`redis://ada:word@${at}/2`), openLine(`rediss://:word@${at}`)];
  const asked = lines.map((line) => line.ask(['PING']));
  const said = (await Promise.allSettled(asked)).map((answer) =>
    answer.status === 'rejected' ? answer.reason.message : answer,
  );
  expect(said).toEqual([
    `Redis at ${at}: no answer in 1000 ms`,
    `Redis at ${at}: no answer in 1000 ms: does it speak TLS there, as rediss:// says?`,
  ]);
  await Promise.all(lines.map((line) => line.close()));
  server.close();
});

test('one that is not there is named by its address', async () => {
  const { server, port } = await silent();
  await new Promise((resolve) => server.close(resolve));
  const line = openLine(`redis://:word@127.0.0.1:${port}`);
  const refused = `Redis at 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`;
  const error = await line.ask(['PING']).catch((refusal: Error) => refusal);
  expect(pino.stdSerializers.err(error as Error).message).toBe(refused);
  await line.close();
});
