// Lines on which nothing comes, plain and over TLS, over both transports: all are cut, without a
// word of the handler. All at once, for the transports wait 12 s each time; vitest's limit ends a
// test whose line stays.

import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { RawSocket } from './raw-socket.ts';
import { opensslMissing, SelfSigned } from './self-signed.ts';
import { TestServer, TRANSPORTS } from './test-server.ts';

const LIMIT_MS = 35_000;

/** How far a request comes before its line falls silent. */
const OPENINGS = [
  '',
  'GET / HTTP/1.1\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n',
];

const loaded = TRANSPORTS.filter(({ missing }) => missing === undefined);

test(
  '{T13} a line that says nothing, half a head or no body is cut on both',
  async () => {
    const cut = loaded.map(async ({ make }) => {
      const http = async () => new Promise<never>(() => {});
      const server = await TestServer.start(make, { http });
      const lines = await Promise.all(OPENINGS.map(() => RawSocket.connect(server.port)));
      lines.forEach((line, index) => {
        line.write(OPENINGS[index]);
      });
      await Promise.all(lines.map((line) => line.closed));
      expect(server.log).toEqual([]);
      await server.transport.close();
    });
    await Promise.all(cut);
  },
  LIMIT_MS,
);

test.skipIf(opensslMissing !== undefined)(
  '{T13} one that begins no TLS, half of it, or says nothing inside, is cut on both',
  async () => {
    const pairs = new SelfSigned(['one']);
    const cut = loaded.map(async ({ make }) => {
      const server = await TestServer.start(make, {}, {}, { tls: pairs.files });
      const { port } = server;
      const silent = await RawSocket.connect(port);
      const half = await RawSocket.connect(port);
      // The first bytes of a record that holds a handshake.
      half.write(Uint8Array.of(0x16, 3, 1));
      const inside = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
      const lines = [silent, half, RawSocket.over(inside)];
      await Promise.all(lines.map((line) => line.closed));
      await server.transport.close();
    });
    await Promise.all(cut);
    pairs.remove();
  },
  LIMIT_MS,
);
