// What every HTTP answer tells a browser, over both transports and raw sockets: answers of routes,
// of the edge and of the transports themselves, in words that no client library repairs.

import { afterEach, describe, expect, test } from 'vitest';
import type { ServeOptions, Server } from '../src/index.ts';
import { serveArcade } from './arcade-server.ts';
import { handshake, RawSocket } from './raw-socket.ts';
import { TRANSPORTS } from './test-server.ts';

let server: Server;
afterEach(() => server.close());

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(`{S29} headers over ${name}${skipped}`, () => {
    const names = ['content-security-policy', 'x-content-type-options', 'referrer-policy'];
    const strict = 'strict-transport-security';
    /** Status and the security headers of what these bytes are answered with. */
    async function told(bytes: string): Promise<[number, ...(string | undefined)[]]> {
      const raw = await RawSocket.connect(server.port);
      raw.write(bytes);
      const { status, headers } = await raw.head();
      return [status, ...[...names, strict].map((header) => headers.get(header))];
    }
    const closed = ["default-src 'none'; frame-ancestors 'none'", 'nosniff', 'no-referrer'];
    const ask = (first: string, more = '') => `${first} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const origin = { Origin: 'https://elsewhere.example' };

    test.each<[string, number, string]>([
      ['an answer', 200, ask('GET /healthz')],
      ['nothing there', 404, ask('GET /nowhere')],
      ['a preflight', 204, ask('OPTIONS /rooms/field')],
      ['a refused join', 404, ask('POST /rooms/nothing', 'Content-Length: 0\r\n')],
      ['a body that is none', 400, ask('POST /rooms/field', 'Content-Length: 1\r\n').concat('{')],
      ['a URL over the limit', 414, ask(`GET /${'a'.repeat(512)}`)],
      ['headers over the limit', 431, ask('GET /', `Cookie: ${'a'.repeat(4096)}\r\n`)],
      ['a bad handshake', 426, handshake('/', { 'Sec-WebSocket-Version': '8' })],
      ['a foreign page', 403, handshake('/', origin)],
      ['a token in a URL', 400, handshake('/?token=x')],
    ])('%s says them with %i, and no HSTS over plain HTTP', async (_, status, bytes) => {
      await startPlain(name);
      expect(await told(bytes)).toEqual([status, ...closed, undefined]);
    });

    test('HSTS is said where a named proxy ended TLS, and nowhere else', async () => {
      await startPlain(name, { trustedProxies: ['127.0.0.1'] });
      const proxied = (scheme: string) => ask('GET /healthz', `X-Forwarded-Proto: ${scheme}\r\n`);
      expect((await told(proxied('https'))).at(-1)).toBe('max-age=31536000');
      expect((await told(proxied('http'))).at(-1)).toBe(undefined);
      await server.close();
      await startPlain(name);
      expect((await told(proxied('https'))).at(-1)).toBe(undefined);
    });
  });
}

async function startPlain(name: string, more: Partial<ServeOptions> = {}): Promise<void> {
  server = await serveArcade(name, more);
}
