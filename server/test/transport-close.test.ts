// How connections end over both transports: by us, by the peer, by the network, by a fault, by
// silence; and how listening does. Raw sockets on 127.0.0.1; test-server.ts writes down what the
// transport says.

import { connect } from 'node:net';
import { UsageError } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import {
  BINARY,
  CLOSE,
  closeBody,
  frame,
  handshake,
  PING,
  PONG,
  RawSocket,
  TEXT,
} from './raw-socket.ts';
import { closeServers, TestServer, TRANSPORTS } from './test-server.ts';

afterEach(closeServers);

const skipped = (missing: string | undefined) => (missing ? ` (skipped: ${missing})` : '');

/** What a bad peer sends after a good handshake. The connection must end, and nothing else. */
const PROTOCOL_ERRORS: [string, Buffer][] = [
  ['{T8, T21} a reserved bit', frame(BINARY, 'x', { rsv: 1 })],
  ['{T8} a reserved opcode', frame(3, 'x')],
  ['{T8} a reserved control opcode', frame(11, 'x')],
  ['{T8} a ping of 126 bytes', frame(PING, Buffer.alloc(126))],
  ['{T8} a fragmented ping', frame(PING, 'x', { fin: false })],
  ['{T8} a lone continuation', frame(0, 'x')],
  [
    '{T1, S42} a length over the limit, body never sent',
    frame(BINARY, '', { announcedBytes: 4097 }),
  ],
  ['{T2} a length of 2^53', frame(BINARY, '', { announcedBytes: 2 ** 53 })],
  [
    '{T2} a length of 2^63',
    Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, ...Array(8).keys()]),
  ],
  [
    '{T3} fragments that sum over the limit',
    Buffer.concat([frame(BINARY, Buffer.alloc(4000), { fin: false }), frame(0, Buffer.alloc(97))]),
  ],
  [
    '{T3} messages inside a message that sum over the limit',
    Buffer.concat([
      frame(BINARY, Buffer.alloc(4000), { fin: false }),
      frame(BINARY, 'x'.repeat(97)),
    ]),
  ],
  [
    '{S6} text of two fragments that is not UTF-8',
    Buffer.concat([frame(TEXT, Uint8Array.of(0xc3), { fin: false }), frame(0, '(')]),
  ],
  ['{S6, T9} text that is not UTF-8', frame(TEXT, Uint8Array.of(0xc3, 0x28))],
  ['{T10} a close frame of one byte', frame(CLOSE, 'x')],
  ['{T10} close code 999', frame(CLOSE, closeBody(999))],
  ['{T10} close code 1005', frame(CLOSE, closeBody(1005))],
  ['{T10} close code 1006', frame(CLOSE, closeBody(1006))],
  ['{T10} close code 5000', frame(CLOSE, closeBody(5000))],
  ['{T10} close code 1015', frame(CLOSE, closeBody(1015))],
];

for (const { name, make, missing } of TRANSPORTS) {
  describe.skipIf(missing !== undefined)(`closing over ${name}${skipped(missing)}`, () => {
    test('a close tells the handler at once and the peer with code and reason', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      await server.seen(/open/);
      server.sockets[0].close(4003, 'kicked');
      expect(server.log).toEqual(['open', 'close 4003 kicked']);
      expect(await raw.closeFrame()).toEqual({ code: 4003, reason: 'kicked' });
    });

    test('a long reason is cut at whole characters', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      await server.seen(/open/);
      server.sockets[0].close(4003, `x${'é'.repeat(100)}`);
      expect(await raw.closeFrame()).toEqual({ code: 4003, reason: `x${'é'.repeat(61)}` });
    });

    test('everything after a close is a no-op', async () => {
      const server = await TestServer.start(make, {
        close: (socket) => socket.send(Buffer.from('from close')),
      });
      const raw = await RawSocket.open(server.port);
      await server.seen(/open/);
      const [socket] = server.sockets;
      socket.close(1000, 'done');
      socket.close(4003, 'again');
      socket.send(Buffer.from('late'));
      let corked = 0;
      socket.cork(() => corked++);
      socket.terminate();
      expect([corked, socket.bufferedBytes()]).toEqual([1, 0]);
      expect(await raw.closeFrame()).toEqual({ code: 1000, reason: 'done' });
      raw.write(frame(BINARY, 'unheard'));
      raw.destroy();
      await RawSocket.open(server.port);
      expect(server.log.slice(0, 3)).toEqual(['open', 'close 1000 done', 'open']);
    });

    test.each([999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5])(
      'close code %d of our own is refused and the socket lives',
      async (code) => {
        const server = await TestServer.start(make);
        const raw = await RawSocket.open(server.port);
        await server.seen(/open/);
        expect(() => server.sockets[0].close(code, '')).toThrow(/close code/);
        raw.write(frame(BINARY, 'still'));
        expect((await raw.frame())?.payload.toString()).toBe('still');
      },
    );

    test('a socket closed inside open is told its handler', async () => {
      const server = await TestServer.start(make, { open: (socket) => socket.close(4005, 'full') });
      const raw = await RawSocket.open(server.port);
      expect(await raw.closeFrame()).toEqual({ code: 4005, reason: 'full' });
      expect(server.log).toEqual(['open', 'close 4005 full']);
    });

    test.each([
      ['with a code and a reason', closeBody(4321, 'bye'), 'close 4321 bye', 4321],
      ['with 1000', closeBody(1000), 'close 1000 ', 1000],
      ['with nothing', Buffer.alloc(0), 'close 1005 ', 1005],
    ])('{S9} a peer that closes %s is answered', async (_, body, line, code) => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      raw.write(frame(CLOSE, body));
      expect((await raw.closeFrame())?.code).toBe(code);
      await server.seen(/close/);
      expect(server.log).toEqual(['open', line]);
    });

    test.each(PROTOCOL_ERRORS)('%s ends the connection with 1006', async (_, bytes) => {
      const server = await TestServer.start(make);
      const bystander = await RawSocket.open(server.port);
      const raw = await RawSocket.open(server.port);
      raw.write(bytes);
      // ws says why in a close frame, uWebSockets.js just cuts: a peer may rely on neither.
      await raw.closeFrame();
      expect(await server.seen(/close/)).toMatch(/^close (1006|1005)/);
      expect(server.log).toHaveLength(3);
      bystander.write(frame(BINARY, 'still here'));
      expect((await bystander.frame())?.payload.toString()).toBe('still here');
    });

    test('{T11} a peer that vanishes is 1006, also within a frame', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      raw.tcp.end(frame(BINARY, 'cut short').subarray(0, 5));
      expect(await server.seen(/close/)).toMatch(/^close 1006/);
      const other = await RawSocket.open(server.port);
      other.tcp.resetAndDestroy();
      await server.seen(/close/);
    });

    test('{T7, S5} an unmasked frame harms nobody but its sender', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      // ws refuses it; uWebSockets.js takes its first four bytes for the mask and waits for more.
      raw.write(frame(BINARY, 'not masked at all', { masked: false }));
      raw.write('more');
      expect(await server.seen(/message|close/)).toBe(name === 'ws' ? server.log[1] : 'message 17');
      raw.destroy();
      const other = await RawSocket.open(server.port);
      other.write(frame(BINARY, 'fine'));
      expect((await other.frame())?.payload.toString()).toBe('fine');
    });

    test('{T4} very many empty fragments are cheap or the end of their sender', async () => {
      const server = await TestServer.start(make);
      const bystander = await RawSocket.open(server.port);
      const raw = await RawSocket.open(server.port);
      raw.write(frame(BINARY, 'a', { fin: false }));
      for (let i = 0; i < 100; i++)
        raw.write(Buffer.concat(Array(1000).fill(frame(0, '', { fin: false }))));
      raw.write(frame(0, 'b'));
      // uWebSockets.js counts bytes, of which there are none; ws counts fragments as well.
      const end = name === 'ws' ? /^close 1006/ : /^message 2/;
      expect(await server.seen(/message|close/)).toMatch(end);
      bystander.write(frame(BINARY, 'still here'));
      expect((await bystander.frame())?.payload.toString()).toBe('still here');
    });

    test('{T6} pongs nobody asked for are ignored', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      raw.write(Buffer.concat(Array(10_000).fill(frame(PONG, 'unasked'))));
      raw.write(frame(BINARY, 'fine'));
      expect((await raw.frame())?.payload.toString()).toBe('fine');
      expect(server.log).toEqual(['open', 'message 4']);
    });

    test('terminate cuts without a close frame', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      await server.seen(/open/);
      server.sockets[0].terminate();
      expect(server.log).toEqual(['open', 'close 1006 ']);
      expect(await raw.closeFrame()).toBeUndefined();
    });
  });

  describe.skipIf(missing !== undefined)(`faults over ${name}${skipped(missing)}`, () => {
    const broken = () => {
      throw new Error('broken');
    };
    test.each<[string, Buffer]>([
      ['open', Buffer.alloc(0)],
      ['message', frame(BINARY, 'x')],
      ['text', frame(TEXT, 'x')],
      ['ping', frame(PING, 'x')],
    ])('{T26} a throw in %s closes that socket with 1011 and no other', async (where, bytes) => {
      const state = { armed: false };
      const callback = () => (state.armed ? broken() : undefined);
      const server = await TestServer.start(make, { [where]: callback });
      const bystander = await RawSocket.open(server.port);
      await server.seen(/open/);
      state.armed = true;
      const raw = await RawSocket.open(server.port);
      raw.write(bytes);
      expect(await raw.closeFrame()).toEqual({ code: 1011, reason: 'server error' });
      expect(server.faults).toEqual([where]);
      state.armed = false;
      bystander.write(frame(PING, 'alive'));
      expect((await bystander.frame())?.opcode).toBe(PONG);
    });

    test('{T26} a throw in close is reported and nothing else happens', async () => {
      const server = await TestServer.start(make, { close: broken });
      const raw = await RawSocket.open(server.port);
      raw.write(frame(CLOSE, closeBody(1000)));
      await raw.closed;
      await server.seen(/close/);
      expect(server.faults).toEqual(['close']);
      await RawSocket.open(server.port);
    });
  });

  describe.skipIf(missing !== undefined)(`listening over ${name}${skipped(missing)}`, () => {
    test('a port in use is a UsageError that names it', async () => {
      const server = await TestServer.start(make);
      const { port } = server;
      const other = await make({}, { fault: () => {}, refused: () => {} });
      const listening = other.listen({ port, host: '127.0.0.1' }, server);
      await expect(listening).rejects.toThrow(UsageError);
      await expect(other.listen({ port, host: '127.0.0.1' }, server)).rejects.toThrow(
        new RegExp(`port ${port} on 127.0.0.1 is in use`),
      );
      await other.close();
      await RawSocket.open(port);
    });

    test('after stopListening sockets live on and new ones are refused', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      server.transport.stopListening();
      server.transport.stopListening();
      await expect(RawSocket.connect(server.port)).rejects.toThrow(/ECONNREFUSED/);
      raw.write(frame(BINARY, 'still here'));
      expect((await raw.frame())?.payload.toString()).toBe('still here');
    });

    test('close cuts what is left, whatever state it is in', async () => {
      const server = await TestServer.start(make, { http: () => new Promise(() => {}) });
      const raw = await RawSocket.open(server.port);
      const asking = await RawSocket.connect(server.port);
      asking.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const silent = await RawSocket.connect(server.port);
      const leaving = await RawSocket.open(server.port);
      await server.seen(/open/);
      server.sockets[1]?.close(1001, 'leaving');
      await server.transport.close();
      await server.transport.close();
      expect(server.log.filter((line) => line.startsWith('close 1006'))).not.toEqual([]);
      await Promise.all([raw.closed, asking.closed, silent.closed, leaving.closed]);
    });
  });
}

/** One deaf and one polite peer of the same server; only the deaf one may be cut. */
async function outliveSilence(make: (typeof TRANSPORTS)[number]['make']): Promise<void> {
  const server = await TestServer.start(make, {}, { idleTimeoutS: 8 });
  const deaf = await RawSocket.open(server.port);
  const polite = await RawSocket.open(server.port);
  await server.seen(/open/);
  const asked = await polite.frame();
  expect(asked?.opcode).toBe(PING);
  polite.write(frame(PONG, asked?.payload));
  for (const socket of server.sockets) socket.send(Buffer.from('news'));
  expect((await deaf.frame())?.opcode).toBe(PING);
  expect(await deaf.closeFrame()).toBeUndefined();
  expect(await server.seen(/close/)).toMatch(/^close 1006/);
  expect((await polite.frame())?.payload.toString()).toBe('news');
  polite.write(frame(BINARY, 'still here'));
  for (let next = await polite.frame(); next?.opcode !== BINARY; next = await polite.frame())
    expect(next?.opcode).toBe(PING);
}

/**
 * A peer that hears the close frame, answers nothing and keeps its half of the line: it is cut when
 * what it writes is answered with a reset.
 */
async function outliveDeafPeer(make: (typeof TRANSPORTS)[number]['make']): Promise<number> {
  const server = await TestServer.start(make, {}, { idleTimeoutS: 8 });
  const tcp = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  tcp.write(handshake());
  await server.seen(/open/);
  server.sockets[0].close(4003, 'kicked');
  const start = performance.now();
  const writing = setInterval(() => tcp.write(frame(PING)), 200);
  await new Promise((resolve) => tcp.once('error', resolve));
  clearInterval(writing);
  return performance.now() - start;
}

describe('silence', () => {
  test('{T20, S9} a peer that does not answer a close is cut', async () => {
    const kinds = TRANSPORTS.filter(({ missing }) => missing === undefined);
    const lifeMs = await Promise.all(kinds.map(({ make }) => outliveDeafPeer(make)));
    // 4 to 8 s by both; a machine that is busy gets as much again. With the default idle time it is
    // 4 s by ws and 16 s by uWebSockets.js, which has no way to cut a socket that it has closed.
    expect(Math.max(...lifeMs)).toBeLessThan(16_000);
  });

  // Both at once: the shortest idle time there is takes 8 s of real time.
  test('{T19, S43} a quiet peer is pinged and cut if it does not answer', async () => {
    const kinds = TRANSPORTS.filter(({ missing }) => missing === undefined);
    await Promise.all(kinds.map(({ make }) => outliveSilence(make)));
  });
});
