// TCP connections before anything is said on them, over both transports: who opens them without end
// is cut, and a player from elsewhere is not. The attacker is this process, on 127.0.0.1.

import { afterEach, describe, expect, test } from 'vitest';
import type { ServeOptions, Server } from '../src/index.ts';
import { serveArcade } from './arcade-server.ts';
import { RawSocket } from './raw-socket.ts';
import { TestServer, TRANSPORTS } from './test-server.ts';

let server: Server;
afterEach(() => server?.close());

/** What one socket of `connectionsPerAddress` allows at once: 1 x 2 joins of 8 lines. */
const BURST = 16;
/** Requests of one address at once. */
const REQUESTS = 512;

for (const { name, make, missing } of TRANSPORTS) {
  /** Time stands still: no bucket fills again. */
  async function start(more: Partial<ServeOptions> = {}): Promise<void> {
    server = await serveArcade(name, {
      limits: { connectionsPerAddress: 1 },
      now: () => 1000,
      ticking: false,
      ...more,
    });
  }

  /** Opens lines one after the other; answers which of them can still ask. */
  async function answered(count: number): Promise<boolean[]> {
    const lines: RawSocket[] = [];
    for (let i = 0; i < count; i++) lines.push(await RawSocket.connect(server.port));
    const heads = lines.map((line) => {
      line.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
      return line.head();
    });
    const statuses = await Promise.all(heads);
    for (const line of lines) line.destroy();
    return statuses.map(({ status }) => status === 200);
  }

  const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(`lines over ${name}${skipped}`, () => {
    test('{T13} an address that opens silent ones is cut, and each cut is counted', async () => {
      await start();
      const stay = await answered(BURST + 100);
      expect(stay).toEqual(stay.map((_, index) => index < BURST));
      expect(Object.fromEntries(server.edge.refusals)).toEqual({ 'address-lines': 100 });
    });

    test('{T17} those of a named proxy are not one address', async () => {
      await start({ trustedProxies: ['127.0.0.1'] });
      expect((await answered(BURST * 2)).every(Boolean)).toBe(true);
    });

    test('{T16} all together are bounded, and there is space again when they end', async () => {
      const limits = { connections: 40, connectionsPerAddress: 40 };
      await start({ limits });
      const allowed = 40 + 10 + 64;
      expect((await answered(allowed + 20)).filter(Boolean)).toHaveLength(allowed);
      expect(Object.fromEntries(server.edge.refusals)).toEqual({ lines: 20 });
      // Sockets that were destroyed here end there a moment later.
      while (!(await answered(1))[0]) await new Promise(setImmediate);
      expect((await answered(30)).every(Boolean)).toBe(true);
    });

    test('{T16, T60} sockets that were open and ended take no place', async () => {
      const limits = { connections: 4, connectionsPerAddress: 4 };
      await start({ limits, trustedProxies: ['127.0.0.1'] });
      const allowed = 4 + 1 + 64;
      for (let i = 0; i < allowed + 20; i++) {
        const from = { 'X-Forwarded-For': `10.0.${i >> 8}.${i & 255}` };
        const socket = await RawSocket.open(server.port, '/', from);
        socket.destroy();
      }
      expect(Object.fromEntries(server.edge.refusals)).toEqual({});
    });

    test('{S41, T17} requests of one address without end are cut, and counted', async () => {
      await start();
      const raw = await RawSocket.connect(server.port);
      raw.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(REQUESTS + 100));
      await raw.closed;
      const { 'address-requests': cut = 0 } = Object.fromEntries(server.edge.refusals);
      expect(cut).toBeGreaterThan(0);
      expect((await answered(1))[0]).toBe(false);
    });

    test('{S41} an address that may hold more connections may ask more at once', async () => {
      await start({ limits: { connectionsPerAddress: 200 } });
      const raw = await RawSocket.connect(server.port);
      raw.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1600));
      for (let i = 0; i < 1600; i++) expect((await raw.head()).status).toBe(200);
      raw.destroy();
    });

    test('{S41} those of a named proxy are of many', async () => {
      await start({ trustedProxies: ['127.0.0.1'] });
      const raw = await RawSocket.connect(server.port);
      raw.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(REQUESTS + 100));
      for (let i = 0; i < REQUESTS + 100; i++) expect((await raw.head()).status).toBe(200);
      raw.destroy();
    });

    test('{T26} a handler that throws about a line is reported, and the line stays', async () => {
      const faulty = await TestServer.start(make);
      Object.assign(faulty, {
        admits: () => {
          throw new Error('broken');
        },
      });
      const raw = await RawSocket.open(faulty.port);
      raw.destroy();
      expect(faulty.faults).toEqual(['line']);
      await faulty.transport.close();
    });
  });
}
