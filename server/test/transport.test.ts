// One suite over both transports: what a WebSocket peer may do to us, and what we promise a
// handler. Raw sockets on 127.0.0.1; test-server.ts writes down what the transport says.

import { deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { Socket } from '../src/transport.ts';
import { ACCEPT, BINARY, frame, handshake, PING, PONG, RawSocket, TEXT } from './raw-socket.ts';
import { closeServers, TestServer, TRANSPORTS } from './test-server.ts';

afterEach(closeServers);

const skipped = (missing: string | undefined) => (missing ? ` (skipped: ${missing})` : '');

/** Header names as HTTP/2 gateways pass them on. */
function lowerNames(head: string): string {
  return head.replace(/^[\w-]+(?=:)/gm, (name) => name.toLowerCase());
}

for (const { name, make, missing } of TRANSPORTS) {
  describe.skipIf(missing !== undefined)(`handshakes over ${name}${skipped(missing)}`, () => {
    test.each<[string, number, string]>([
      ['as a browser sends it', 101, handshake()],
      ['with names in lower case', 101, lowerNames(handshake())],
      ['among other tokens', 101, handshake('/', { Connection: 'keep-alive, Upgrade' })],
      ['with a query', 101, handshake('/room?x=1')],
      ['without Upgrade', 426, handshake('/', { Upgrade: undefined })],
      ['for another protocol', 426, handshake('/', { Upgrade: 'h2c' })],
      ['without Connection', 426, handshake('/', { Connection: undefined })],
      ['with Connection: close', 426, handshake('/', { Connection: 'close' })],
      ['without a version', 426, handshake('/', { 'Sec-WebSocket-Version': undefined })],
      ['of version 12', 426, handshake('/', { 'Sec-WebSocket-Version': '12' })],
      ['of version 8', 426, handshake('/', { 'Sec-WebSocket-Version': '8' })],
      ['without Host', 400, handshake('/', { Host: undefined })],
      ['without a key', 400, handshake('/', { 'Sec-WebSocket-Key': undefined })],
      ['with a short key', 400, handshake('/', { 'Sec-WebSocket-Key': 'AAAA' })],
      ['with a key of no base64', 400, handshake('/', { 'Sec-WebSocket-Key': '~'.repeat(24) })],
      ['{T22} with a body', 400, `${handshake('/', { 'Content-Length': '3' })}abc`],
      [
        '{T22} with two lengths of a body',
        400,
        `${handshake('/', { 'Content-Length': '3\r\nContent-Length: 3' })}abc`,
      ],
      [
        '{T22} with a body in chunks',
        400,
        `${handshake('/', { 'Transfer-Encoding': 'chunked' })}0\r\n\r\n`,
      ],
      ['{T22} with content-length: 0', 400, handshake('/', { 'Content-Length': '0' })],
      ['by POST', 405, handshake('/', {}, 'POST / HTTP/1.1')],
      ['{S1} over HTTP/1.0', 505, handshake('/', {}, 'GET / HTTP/1.0')],
      ['with a long URL', 414, handshake(`/${'a'.repeat(512)}`)],
      ['with long headers', 431, handshake('/', { Cookie: 'a'.repeat(4000) })],
    ])('{S2} a handshake %s is answered %i', async (_, status, bytes) => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.connect(server.port);
      raw.write(bytes);
      const head = await raw.head();
      expect(head.status).toBe(status);
      if (status === 101) expect(head.headers.get('sec-websocket-accept')).toBe(ACCEPT);
      else expect(server.log).toEqual([]);
      if (status === 426) expect(head.headers.get('sec-websocket-version')).toBe('13');
      if (status !== 101) await raw.closed;
      raw.destroy();
      const next = await RawSocket.open(server.port);
      next.destroy();
    });

    test('{S3} the handler sees the whole request, and its answer is kept', async () => {
      const asked: string[] = [];
      const server = await TestServer.start(make, {
        upgrade: ({ path, query, headers, remoteAddress }) => {
          asked.push(path, query, headers.get('origin') ?? '', remoteAddress);
          return { accept: true, protocol: 'game.v1', context: { seat: 7 } };
        },
      });
      const raw = await RawSocket.connect(server.port);
      const protocols = { Origin: 'http://a', 'Sec-WebSocket-Protocol': 'game.v1, ticket.x' };
      raw.write(handshake('/r%2f/..?a=%20&b', protocols));
      const head = await raw.head();
      expect(head.headers.get('sec-websocket-protocol')).toBe('game.v1');
      expect(asked).toEqual(['/r%2f/..', 'a=%20&b', 'http://a', '127.0.0.1']);
      await server.seen(/open/);
      expect(server.sockets[0].context).toEqual({ seat: 7 });
      expect(server.sockets[0].remoteAddress).toBe('127.0.0.1');
    });

    test('{T27} an upgrade without a query has an empty one', async () => {
      const asked: string[] = [];
      const upgrade = ({ path, query }: { path: string; query: string }) => {
        asked.push(path, query);
        return { accept: !query.includes('token') } as const;
      };
      const server = await TestServer.start(make, { upgrade: upgrade as never });
      const raw = await RawSocket.open(server.port, '/room');
      expect(asked).toEqual(['/room', '']);
      raw.destroy();
    });

    test('{T21} compression is offered and not taken', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.connect(server.port);
      const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
      raw.write(handshake('/', offer));
      const head = await raw.head();
      expect([head.status, head.headers.has('sec-websocket-extensions')]).toEqual([101, false]);
      // 1 MB of zeros in 1 KB, as one compressed frame.
      raw.write(frame(BINARY, deflateRawSync(Buffer.alloc(1 << 20)), { rsv: 4 }));
      expect(await server.seen(/close/)).toMatch(/^close 1006/);
      expect(server.log).toHaveLength(2);
    });

    test('{T25} requests before and after an upgrade in one write harm nobody', async () => {
      const server = await TestServer.start(make);
      const request = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
      for (const bytes of [request + handshake(), handshake() + request, handshake().repeat(2)]) {
        const raw = await RawSocket.connect(server.port);
        raw.write(bytes);
        expect([101, 404, 400]).toContain((await raw.head()).status);
        raw.tcp.end();
        await raw.closed;
      }
      const bystander = await RawSocket.open(server.port);
      bystander.write(frame(BINARY, 'fine'));
      expect((await bystander.frame())?.payload.toString()).toBe('fine');
      expect(server.faults).toEqual([]);
    });

    test('a refusal reaches the peer as status and text', async () => {
      const refusal = { accept: false, status: 403, reason: 'not from there' } as const;
      const server = await TestServer.start(make, { upgrade: () => refusal });
      const raw = await RawSocket.connect(server.port);
      raw.write(handshake());
      expect(await raw.head()).toMatchObject({ status: 403, body: 'not from there' });
      await raw.closed;
      expect(server.log).toEqual([]);
    });

    test('{T26} a throw in upgrade is answered 500 and the process lives', async () => {
      let calls = 0;
      const server = await TestServer.start(make, {
        upgrade: () => {
          if (calls++ === 0) throw new Error('broken');
          return { accept: true };
        },
      });
      const raw = await RawSocket.connect(server.port);
      raw.write(handshake());
      expect((await raw.head()).status).toBe(500);
      expect(server.faults).toEqual(['upgrade']);
      await RawSocket.open(server.port);
    });
  });

  describe.skipIf(missing !== undefined)(`messages over ${name}${skipped(missing)}`, () => {
    test.each([0, 1, 125, 126, 4096])(
      '{S5, S42} a message of %i bytes comes and goes whole',
      async (size) => {
        const server = await TestServer.start(make);
        const raw = await RawSocket.open(server.port);
        const payload = Buffer.alloc(size, 7);
        raw.write(frame(BINARY, payload));
        expect(await raw.frame()).toEqual({ fin: true, opcode: BINARY, payload });
      },
    );

    test.each([65_535, 65_536])('{S5} a limit of 65536 takes %i bytes', async (size) => {
      const server = await TestServer.start(make, {}, { maxFrameBytes: 65_536 });
      const raw = await RawSocket.open(server.port);
      raw.write(frame(BINARY, Buffer.alloc(size, 9)));
      expect((await raw.frame())?.payload.length).toBe(size);
    });

    test('{T12} a frame sent byte by byte is one message', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      await raw.trickle(frame(BINARY, 'slowly'));
      expect((await raw.frame())?.payload.toString()).toBe('slowly');
    });

    test('{S7, S8} fragments are one message, a ping between them is answered first', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      raw.write(frame(BINARY, 'a', { fin: false }));
      raw.write(frame(0, '', { fin: false }));
      raw.write(frame(PING, Buffer.alloc(125, 1)));
      for (let index = 0; index < 1000; index++) raw.write(frame(0, 'b', { fin: false }));
      raw.write(frame(0, 'c'));
      const pong = { fin: true, opcode: PONG, payload: Buffer.alloc(125, 1) };
      expect(await raw.frame()).toEqual(pong);
      expect((await raw.frame())?.payload.toString()).toBe(`a${'b'.repeat(1000)}c`);
      expect(server.log).toEqual(['open', 'ping', 'message 1002']);
    });

    test('{T41} bytes copied in the callback stay as they were', async () => {
      const kept: Uint8Array[] = [];
      const server = await TestServer.start(make, {
        message: (socket, bytes) => {
          kept.push(bytes.slice());
          socket.send(bytes);
        },
      });
      const raw = await RawSocket.open(server.port);
      raw.write(Buffer.concat([frame(BINARY, 'one'), frame(BINARY, 'two')]));
      raw.write(Buffer.concat([frame(BINARY, 'three'), frame(BINARY, Buffer.alloc(4000))]));
      for (let index = 0; index < 4; index++) await raw.frame();
      const texts = kept.slice(0, 3).map((bytes) => Buffer.from(bytes).toString());
      expect(texts).toEqual(['one', 'two', 'three']);
    });

    test('{S4, T9} a text message is told apart and its socket can be closed for it', async () => {
      const text = (socket: Socket) => socket.close(1003, 'binary only');
      const server = await TestServer.start(make, { text });
      const raw = await RawSocket.open(server.port);
      raw.write(frame(TEXT, 'hello'));
      expect(await raw.closeFrame()).toEqual({ code: 1003, reason: 'binary only' });
      expect(server.log).toEqual(['open', 'text', 'close 1003 binary only']);
    });

    test('a reused buffer reaches a paused reader uncorrupted', async () => {
      const server = await TestServer.start(make, {}, { maxBackpressureBytes: 1 << 26 });
      const raw = await RawSocket.open(server.port);
      raw.tcp.pause();
      await server.seen(/open/);
      const buffer = new Uint8Array(16 * 1024);
      // More than the kernel takes on loopback (about 4 MB), so that much of it waits in us.
      for (let index = 0; index < 600; index++) server.sockets[0].send(buffer.fill(index & 255));
      buffer.fill(255);
      expect(server.sockets[0].bufferedBytes()).toBeGreaterThan(1 << 20);
      raw.tcp.resume();
      for (let index = 0; index < 600; index++) {
        const payload = (await raw.frame())?.payload;
        expect(payload?.equals(Buffer.alloc(16 * 1024, index & 255))).toBe(true);
      }
      expect(server.log).toEqual(['open']);
    });

    test('{T18} a reader that never reads is closed with 4010 at the limit', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      raw.tcp.pause();
      await server.seen(/open/);
      const buffer = new Uint8Array(16 * 1024);
      for (let index = 0; index < 2000; index++) server.sockets[0].send(buffer);
      expect(server.log).toEqual(['open', 'close 4010 too much unsent']);
      raw.destroy();
    });

    test('corked sends arrive in order, and a close inside the cork comes last', async () => {
      const server = await TestServer.start(make, {
        message: (socket) => {
          socket.cork(() => {
            for (const text of ['a', 'b', 'c']) socket.send(Buffer.from(text));
            socket.close(1000, 'done');
            socket.send(Buffer.from('never'));
          });
        },
      });
      const raw = await RawSocket.open(server.port);
      raw.write(frame(BINARY));
      for (const text of ['a', 'b', 'c'])
        expect((await raw.frame())?.payload.toString()).toBe(text);
      expect(await raw.closeFrame()).toEqual({ code: 1000, reason: 'done' });
    });

    test('a socket may be cut inside its cork, and a throw comes out of it', async () => {
      const server = await TestServer.start(make);
      const raw = await RawSocket.open(server.port);
      await server.seen(/open/);
      const [socket] = server.sockets;
      const broken = () => {
        throw new Error('inside');
      };
      expect(() => socket.cork(broken)).toThrow('inside');
      socket.cork(() => {
        socket.send(Buffer.from('x'));
        socket.terminate();
      });
      await raw.closed;
      expect(server.log).toEqual(['open', 'close 1006 ']);
    });
  });
}
