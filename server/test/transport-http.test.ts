// Plain HTTP over both transports: answers, bodies with their limits and deadlines, refusals,
// faults, aborts. Raw sockets on 127.0.0.1, so that nothing between repairs what is sent.

import { afterEach, describe, expect, test } from 'vitest';
import { HttpError, type HttpRequest, type HttpResponse } from '../src/transport.ts';
import { RawSocket } from './raw-socket.ts';
import { closeServers, TestServer, TRANSPORTS } from './test-server.ts';

afterEach(closeServers);

const skipped = (missing: string | undefined) => (missing ? ` (skipped: ${missing})` : '');

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const post = (body: string, length: number | string = body.length) =>
  `POST /rooms HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;

const echoBody = (limitBytes: number) => async (request: HttpRequest) => ({
  status: 200,
  body: await request.body(limitBytes),
});

for (const { name, make, missing } of TRANSPORTS) {
  const serve = (http: (request: HttpRequest) => Promise<HttpResponse>, limits = {}) =>
    TestServer.start(make, { http }, limits);
  const ask = async (server: TestServer, bytes: string) => {
    const raw = await RawSocket.connect(server.port);
    raw.write(bytes);
    return { raw, head: await raw.head() };
  };

  describe.skipIf(missing !== undefined)(`answers over ${name}${skipped(missing)}`, () => {
    test('a handler sees the request and its answer is sent, twice on one connection', async () => {
      const server = await serve(async (request) => ({
        status: 201,
        headers: { 'x-told': request.headers.get('x-asked') ?? '' },
        body: [request.method, request.path, request.query, request.remoteAddress].join(' '),
      }));
      const raw = await RawSocket.connect(server.port);
      for (const path of ['/a%2fb//..', '/']) {
        raw.write(get(`${path}?q=1?`, 'X-Asked: yes\r\n'));
        const head = await raw.head();
        expect([head.status, head.headers.get('x-told')]).toEqual([201, 'yes']);
        expect(head.body).toBe(`GET ${path} q=1? 127.0.0.1`);
      }
    });

    test('a path nobody knows is what the handler says', async () => {
      const { head } = await ask(await TestServer.start(make), get('/nothing'));
      expect(head).toMatchObject({ status: 404, body: 'nothing here' });
    });

    test('an answer of a megabyte arrives whole', async () => {
      const body = Buffer.alloc(1 << 20, 'abcdefg');
      const { head } = await ask(await serve(async () => ({ status: 200, body })), get('/'));
      expect(head.body === body.toString()).toBe(true);
    });

    test('HEAD gets the length and no body', async () => {
      const server = await serve(async () => ({ status: 200, body: 'twelve bytes' }));
      const raw = await RawSocket.connect(server.port);
      raw.write(`HEAD / HTTP/1.1\r\nHost: a\r\n\r\n`);
      const next = get('/', 'Connection: close\r\n');
      const bytes: Buffer[] = [];
      raw.tcp.on('data', (chunk: Buffer) => bytes.push(chunk));
      raw.tcp.once('data', () => raw.tcp.end(next));
      await raw.closed;
      const text = Buffer.concat(bytes).toString();
      expect(text.match(/content-length: 12/gi)?.length).toBe(
        text.split('HTTP/1.1 200').length - 1,
      );
      expect(text.split('\r\n\r\n')[1]).toMatch(/^HTTP\/1.1 200|^$/);
    });

    test.each([204, 304])('%i has neither body nor length', async (status) => {
      const { head } = await ask(await serve(async () => ({ status })), get('/'));
      expect([head.status, head.headers.has('content-length')]).toEqual([status, false]);
    });

    test.each<[string, number, string]>([
      ['a URL over the limit', 414, get(`/${'a'.repeat(512)}`)],
      ['headers over the limit', 431, get('/', `Cookie: ${'a'.repeat(4096)}\r\n`)],
      ['HTTP/1.0', 505, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'],
      [
        'a second content-length',
        400,
        `${get('/', 'Content-Length: 3\r\nContent-Length: 3\r\n')}abc`,
      ],
      ['a chunked body', 411, get('/', 'Transfer-Encoding: chunked\r\n').concat('0\r\n\r\n')],
    ])('%s is answered %i before the handler', async (_, status, bytes) => {
      let calls = 0;
      const server = await serve(async () => ({ status: 200 + 0 * calls++ }));
      const { head, raw } = await ask(server, bytes);
      expect([head.status, calls]).toEqual([status, 0]);
      await raw.closed;
    });

    test('headers in pieces are taken up to the limit, and beyond it refused', async () => {
      const server = await serve(async () => ({ status: 200, body: 'taken' }));
      const inPieces = async (cookieBytes: number) => {
        const raw = await RawSocket.connect(server.port);
        const bytes = get(`/${'a'.repeat(500)}`, `Cookie: ${'c'.repeat(cookieBytes)}\r\n`);
        for (let at = 0; at < bytes.length; at += 1000) {
          raw.write(bytes.slice(at, at + 1000));
          await new Promise(setImmediate);
        }
        return raw.head();
      };
      expect((await inPieces(4050)).body).toBe('taken');
      const { status, body } = await inPieces(4096);
      expect([status, body]).toEqual([431, 'the headers are longer than 4096 bytes']);
    });

    test.each(['http://elsewhere/', '*'])(
      '{T23} the target %s never reaches the handler',
      async (path) => {
        let calls = 0;
        const server = await serve(async () => ({ status: 200 + 0 * calls++ }));
        const { head } = await ask(server, get(path));
        expect([head.status >= 400, calls]).toEqual([true, 0]);
      },
    );
  });

  describe.skipIf(missing !== undefined)(`bodies over ${name}${skipped(missing)}`, () => {
    test('a body comes whole, in one write or byte by byte, to a handler that waits', async () => {
      const server = await serve(async (request) => {
        await new Promise((resolve) => setImmediate(resolve));
        return { status: 200, body: await request.body(100) };
      });
      expect((await ask(server, post('{"room":1}'))).head.body).toBe('{"room":1}');
      const raw = await RawSocket.connect(server.port);
      const bytes = post('slowly');
      raw.write(bytes.slice(0, -6));
      await raw.trickle(Buffer.from('slowly'));
      expect((await raw.head()).body).toBe('slowly');
    });

    test.each<[string, number, string]>([
      ['at its limit', 200, post('x'.repeat(100))],
      ['over its limit', 413, post('x'.repeat(101))],
      ['announced over every limit', 413, post('', 10_000_000)],
      ['without end', 408, post('x', 50)],
    ])('{S43} a body %s is answered %i', async (_, status, bytes) => {
      const server = await serve(echoBody(100), { bodyDeadlineMs: 50 });
      expect((await ask(server, bytes)).head.status).toBe(status);
    });

    test('a request answered before its body came loses its connection', async () => {
      const server = await serve(async () => ({ status: 200, body: 'enough' }));
      const { head, raw } = await ask(server, post('x', 50));
      expect(head.body).toBe('enough');
      await raw.closed;
    });

    test('a peer that goes away while it is waited for ends that wait', async () => {
      let ended: (error: unknown) => void = () => {};
      let arrived: () => void = () => {};
      const failure = new Promise<unknown>((resolve) => {
        ended = resolve;
      });
      const started = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const server = await serve(async (request) => {
        arrived();
        await request.body(100).catch(ended);
        return { status: 200, body: 'to nobody' };
      });
      const raw = await RawSocket.connect(server.port);
      raw.write(post('x', 50));
      await started;
      raw.destroy();
      expect(await failure).toMatchObject({ name: 'HttpError', status: 400 });
      expect((await ask(server, post('', 0))).head.status).toBe(200);
    });
  });

  describe.skipIf(missing !== undefined)(`faults of http over ${name}${skipped(missing)}`, () => {
    test('an HttpError is its status and message', async () => {
      const server = await serve(async () => {
        throw new HttpError(429, 'too many rooms');
      });
      const { head } = await ask(server, get('/'));
      expect(head).toMatchObject({ status: 429, body: 'too many rooms' });
      expect(server.faults).toEqual([]);
    });

    test.each<[string, () => Promise<HttpResponse>]>([
      ['a rejection', async () => Promise.reject(new Error('broken'))],
      [
        'a throw outside the promise',
        () => {
          throw new Error('broken');
        },
      ],
      ['a status that is none', async () => ({ status: 99 })],
      ['a header with a line break', async () => ({ status: 200, headers: { a: 'b\r\nc: d' } })],
      ['a header name that is none', async () => ({ status: 200, headers: { 'a b': 'c' } })],
    ])('%s is 500, reported, and the process lives', async (_, http) => {
      const server = await serve(http);
      const { head } = await ask(server, get('/'));
      expect([head.status, head.body, server.faults]).toEqual([500, 'server error', ['http']]);
      expect((await ask(server, get('/'))).head.status).toBe(500);
    });

    test('an answer to a peer that left goes nowhere', async () => {
      let answer: (response: HttpResponse) => void = () => {};
      const waiting: (() => void)[] = [];
      const server = await serve(
        ({ path }) =>
          new Promise((resolve) => {
            if (path === '/slow') answer = resolve;
            else resolve({ status: 200, body: 'fine' });
            for (const wake of waiting.splice(0)) wake();
          }),
      );
      const raw = await RawSocket.connect(server.port);
      const arrived = new Promise<void>((resolve) => waiting.push(resolve));
      raw.write(get('/slow'));
      await arrived;
      raw.destroy();
      await ask(server, get('/fine'));
      answer({ status: 200, body: 'too late' });
      expect((await ask(server, get('/fine'))).head.body).toBe('fine');
      expect(server.faults).toEqual([]);
    });
  });
}

test('{S59} a connection that stands still is cut on both, answered or not', async () => {
  const body = new Uint8Array(16 * 1024 * 1024);
  const cut = TRANSPORTS.filter(({ missing }) => missing === undefined).map(async ({ make }) => {
    const server = await TestServer.start(make, {
      http: async ({ path }) => ({ status: 200, body: path === '/' ? body : 'short' }),
    });
    const kept = await RawSocket.connect(server.port);
    for (const _ of [1, 2]) {
      kept.write(get('/short'));
      expect((await kept.head()).body).toBe('short');
    }
    const raw = await RawSocket.connect(server.port);
    raw.tcp.pause();
    raw.write(get('/'));
    // node:http looks twice, 12 s apart: a write that moved meanwhile is not stuck.
    await new Promise((resolve) => setTimeout(resolve, 25_500));
    raw.tcp.resume();
    await Promise.all([kept.closed, raw.closed]);
    return raw.tcp.bytesRead < body.length;
  });
  expect(await Promise.all(cut)).toEqual(cut.map(() => true));
}, 35_000);
