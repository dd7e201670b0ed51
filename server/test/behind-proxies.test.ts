// Limits per address as players behind a proxy meet them, over both transports and real sockets:
// who is named is believed, who is not is not. The test plays the proxy, from 127.0.0.1.

import { afterEach, describe, expect, test } from 'vitest';
import { type ServeOptions, type Server, serve } from '../src/index.ts';
import { arcade } from './arcade.ts';
import { serveArcade } from './arcade-server.ts';
import { handshake, RawSocket } from './raw-socket.ts';
import type { LogLine } from './stepper.ts';
import { TRANSPORTS } from './test-server.ts';

let server: Server;
let log: LogLine[];
afterEach(() => server.close());

for (const { name, missing } of TRANSPORTS) {
  async function start(more: Partial<ServeOptions>): Promise<void> {
    log = [];
    server = await serveArcade(
      name,
      {
        rooms: { field: arcade({ seats: 100 }) },
        limits: { connectionsPerAddress: 2 },
        ...more,
      },
      log,
    );
  }

  /** The status that a handshake gets; its socket stays open. */
  async function knock(forwardedFor: string | undefined, preamble?: Uint8Array): Promise<number> {
    const raw = await RawSocket.connect(server.port);
    if (preamble) raw.write(preamble);
    raw.write(handshake('/', { 'X-Forwarded-For': forwardedFor }));
    return (await raw.head()).status;
  }

  /** What a ticket's URL starts with, for a page that came over `scheme`. */
  async function schemeOfTicket(scheme: string): Promise<string> {
    const headers = { 'x-forwarded-proto': scheme, 'x-forwarded-for': '203.0.113.5' };
    const answer = await fetch(`${server.url}/rooms/field`, { method: 'POST', headers });
    return new URL(((await answer.json()) as { url: string }).url).protocol;
  }

  const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(`over ${name}${skipped}`, () => {
    test('{T17} each address behind a named proxy has its own sockets', async () => {
      await start({ trustedProxies: ['127.0.0.1'] });
      const one = '203.0.113.5';
      const other = '203.0.113.6';
      const knocks = [one, one, one, other, `${other}, ${one}`, `9.9.9.9, ${other}`, other];
      const statuses: number[] = [];
      for (const forwardedFor of knocks) statuses.push(await knock(forwardedFor));
      expect(statuses).toEqual([101, 101, 429, 101, 429, 101, 429]);
      expect(Object.fromEntries(server.edge.refusals)).toEqual({ address: 3 });
    });

    test('{T17} a /64 of IPv6 is one address, IPv4 in IPv6 is IPv4', async () => {
      await start({ trustedProxies: ['127.0.0.0/8'] });
      const statuses: number[] = [];
      for (const forwardedFor of [
        '2001:db8:0:1::1',
        '2001:db8:0:1:ffff::2',
        '2001:db8:0:1::3',
        '2001:db8:0:2::1',
        '203.0.113.5',
        '::ffff:203.0.113.5',
        '::ffff:cb00:7105',
      ])
        statuses.push(await knock(forwardedFor));
      expect(statuses).toEqual([101, 101, 429, 101, 101, 101, 429]);
    });

    test('{T17} a place is free again when its socket ends', async () => {
      await start({ trustedProxies: ['127.0.0.1'], limits: { connectionsPerAddress: 1 } });
      const raw = await RawSocket.open(server.port, '/', { 'X-Forwarded-For': '203.0.113.5' });
      expect(await knock('203.0.113.5')).toBe(429);
      raw.destroy();
      while (server.edge.connections.size > 0) await new Promise(setImmediate);
      expect(await knock('203.0.113.5')).toBe(101);
    });

    test('{T24} who names itself is not believed, and the log says why', async () => {
      await start({ trustedProxies: ['10.0.0.0/8'] });
      const statuses: number[] = [];
      for (const forwardedFor of ['203.0.113.5', '203.0.113.6', '203.0.113.7', undefined])
        statuses.push(await knock(forwardedFor));
      expect(statuses).toEqual([101, 101, 429, 429]);
      const told = log.filter(({ msg }) => msg.startsWith('X-Forwarded-For'));
      expect(told.map(({ setting }) => setting)).toEqual(["trustedProxies: ['127.0.0.1']"]);
    });

    test('{T24} a PROXY v2 header makes nobody another', async () => {
      await start({});
      const statuses: number[] = [];
      for (const last of [5, 6, 7]) statuses.push(await knock(undefined, proxyV2(last)));
      // uWebSockets.js takes the header and we count by the TCP peer; ws takes it for no HTTP.
      expect(statuses).toEqual(name === 'uws' ? [101, 101, 429] : [400, 400, 400]);
    });

    test('{S27} a ticket has the scheme that a named proxy tells', async () => {
      await start({ trustedProxies: ['127.0.0.1'] });
      expect(await schemeOfTicket('https')).toBe('https:');
      expect(await schemeOfTicket('http')).toBe('http:');
      await server.close();
      await start({});
      expect(await schemeOfTicket('https')).toBe('http:');
    });
  });
}

/** TCP over IPv4 from 203.0.113.`last`, port 1, to 127.0.0.1, port 2. */
function proxyV2(last: number): Uint8Array {
  const signature = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];
  return Uint8Array.of(
    ...signature,
    0x21,
    0x11,
    0,
    12,
    203,
    0,
    113,
    last,
    127,
    0,
    0,
    1,
    0,
    1,
    0,
    2,
  );
}

describe('{S27} in production', () => {
  const options = { rooms: { field: arcade() }, port: 0, signals: false, log: 'silent' } as const;
  const plain = { ...options, transport: 'ws', production: true, allowNoOrigin: true } as const;

  test('plain ws to the world is refused, naming each way out', async () => {
    const starting = serve({ ...plain, host: '0.0.0.0' });
    await expect(starting).rejects.toThrow(
      /trustedProxies: \['10\.0\.0\.7'\].*host: '127\.0\.0\.1'/,
    );
    // Closed by afterEach; the line that is allowed.
    server = await serve({ ...plain, host: '127.0.0.1' });
  });

  test('a named proxy in front is a way out, in the options or the environment', async () => {
    server = await serve({ ...plain, host: '0.0.0.0', trustedProxies: ['10.0.0.0/8'] });
    await server.close();
    process.env.TRUSTED_PROXIES = '10.0.0.7, fd00::/8';
    try {
      server = await serve({ ...plain, host: '0.0.0.0' });
    } finally {
      delete process.env.TRUSTED_PROXIES;
    }
  });

  test('a block that is none does not pass for one', async () => {
    server = await serve({ ...options, transport: 'ws', host: '127.0.0.1' });
    await expect(serve({ ...plain, trustedProxies: ['10.0.0.0/99'] })).rejects.toThrow(
      '10.0.0.0/99',
    );
  });
});
