// TLS ended by the server itself, over both transports: which versions it speaks, what a renewal of
// the certificate does to new lines and to old ones, and what it refuses to start with.

import { rmSync, writeFileSync } from 'node:fs';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { UsageError } from '@tickwire/protocol';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchCertificate } from '../src/certificate.ts';
import type { Server } from '../src/index.ts';
import { serveArcade } from './arcade-server.ts';
import { BINARY, frame, handshake, RawSocket } from './raw-socket.ts';
import { opensslMissing, SelfSigned } from './self-signed.ts';
import { closeServers, TestServer, TRANSPORTS } from './test-server.ts';

const why = (missing: string | undefined) =>
  missing === undefined ? '' : ` (skipped: ${missing})`;

describe.skipIf(opensslMissing !== undefined)(`{S28} TLS${why(opensslMissing)}`, () => {
  const pairs = new SelfSigned(['one', 'two']);
  const tls = pairs.files;
  afterAll(() => pairs.remove());
  beforeEach(() => pairs.put('one'));
  afterEach(closeServers);

  for (const { name, make, missing } of TRANSPORTS) {
    describe.skipIf(missing !== undefined)(`over ${name}${why(missing)}`, () => {
      test('HTTP and WebSocket are answered, as secure', async () => {
        const seen: boolean[] = [];
        const http = async ({ secure }: { secure: boolean }) => {
          seen.push(secure);
          return { status: 200, body: 'over TLS' };
        };
        const upgrade = ({ secure }: { secure: boolean }) => {
          seen.push(secure);
          return { accept: true } as const;
        };
        const server = await TestServer.start(make, { http, upgrade }, {}, { tls });
        const asking = await secured(server.port);
        asking.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
        const head = await asking.head();
        expect([head.status, head.body]).toEqual([200, 'over TLS']);
        expect(head.headers.get('strict-transport-security')).toBe('max-age=31536000');
        const line = await upgraded(server.port);
        line.write(frame(BINARY, 'echo'));
        expect((await line.frame())?.payload.toString()).toBe('echo');
        expect(seen).toEqual([true, true]);
      });

      test('a handshake that is refused says HSTS too', async () => {
        const server = await TestServer.start(make, {}, {}, { tls });
        const raw = await secured(server.port);
        raw.write(handshake('/', { 'Sec-WebSocket-Version': '8' }));
        const { status, headers } = await raw.head();
        expect([status, headers.has('strict-transport-security')]).toEqual([426, true]);
      });

      test('TLS 1.1 and plain bytes are refused, TLS 1.2 and 1.3 are not', async () => {
        const server = await TestServer.start(make, {}, {}, { tls });
        const versions: string[] = [];
        for (const version of ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const) {
          // Without this level OpenSSL itself would not offer 1.1.
          const only = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' };
          const line = await lineTo(server.port, only).catch(() => undefined);
          versions.push(line?.getProtocol() ?? 'refused');
          line?.destroy();
        }
        expect(versions).toEqual(['refused', 'TLSv1.2', 'TLSv1.3']);
        const plain = await RawSocket.connect(server.port);
        plain.write(handshake());
        expect((await plain.head()).status).toBe(0);
        expect(server.log).toEqual([]);
      });

      test('a renewal meets new lines; old ones live on, and close with the rest', async () => {
        const server = await TestServer.start(make, {}, {}, { tls });
        const old = await upgraded(server.port);
        expect(await nameAt(server.port)).toBe('one');
        for (const next of ['two', 'one', 'two']) {
          pairs.put(next);
          server.transport.reloadCertificate?.();
          expect(await nameAt(server.port)).toBe(next);
        }
        old.write(frame(BINARY, 'still'));
        expect((await old.frame())?.payload.toString()).toBe('still');
        const late = await upgraded(server.port);
        await server.transport.close();
        await Promise.all([old.closed, late.closed]);
        expect(server.log.filter((line) => line.startsWith('close'))).toHaveLength(2);
      });

      test('a pair that does not fit, or is gone, changes nothing', async () => {
        const server = await TestServer.start(make, {}, {}, { tls });
        const reload = () => server.transport.reloadCertificate?.();
        pairs.put('two', 'one');
        expect(reload).toThrow(/server\.crt and keyFile .*server\.key are no pair/);
        writeFileSync(tls.certFile, 'no PEM');
        expect(reload).toThrow(UsageError);
        rmSync(tls.certFile);
        expect(reload).toThrow(/ENOENT/);
        expect(await nameAt(server.port)).toBe('one');
        server.transport.stopListening();
        pairs.put('two');
        await expect(
          TestServer.start(make, {}, {}, { tls: { ...tls, keyFile: pairs.path('x') } }),
        ).rejects.toThrow(UsageError);
      });

      test('nothing is renewed where nothing listens, or without tls', async () => {
        const server = await TestServer.start(make);
        expect(() => server.transport.reloadCertificate?.()).toThrow('nothing listens with tls');
      });

      test('in production it is a way to listen to the world', async () => {
        const server: Server = await serveArcade(name, {
          host: '0.0.0.0',
          production: true,
          allowNoOrigin: true,
          tls,
        });
        expect(server.url).toBe(`https://localhost:${server.port}`);
        const line = await upgraded(server.port);
        await server.close();
        expect((await line.closeFrame())?.code).toBe(1012);
      });
    });
  }

  test('a renewal of either file is seen, written or replaced', async () => {
    for (const file of ['certFile', 'keyFile'] as const) {
      const seen = new Promise<void>((resolve) => {
        const stop = watchCertificate(tls, 20, () => {
          stop();
          resolve();
        });
      });
      const write = setInterval(() => writeFileSync(tls[file], 'new'), 50);
      await seen;
      clearInterval(write);
    }
  });
});

function lineTo(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const peer = { port, host: '127.0.0.1', rejectUnauthorized: false, ...options };
    const line = connect(peer, () => resolve(line));
    line.once('error', reject);
  });
}

async function secured(port: number): Promise<RawSocket> {
  return RawSocket.over(await lineTo(port));
}

async function upgraded(port: number): Promise<RawSocket> {
  const raw = await secured(port);
  raw.write(handshake());
  expect((await raw.head()).status).toBe(101);
  return raw;
}

/** The common name of the certificate that a new line meets. */
async function nameAt(port: number): Promise<string> {
  const line = await lineTo(port);
  const { subject } = line.getPeerCertificate();
  line.destroy();
  return String(subject.CN);
}
