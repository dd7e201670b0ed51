// The server behind nginx and HAProxy, with the configurations of docs/proxies and over TLS: page,
// ticket and socket, addresses, close codes, silence, restarts. Clients differ by the address of
// this machine that they come from, 127.0.0.2 and on. Trap: time is real; both proxies share a
// test where it has to pass.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type ConnectOptions, connect, type GameClient, type Status } from '@tickwire/client';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ServeOptions, Server } from '../src/index.ts';
import { game } from './arcade.ts';
import { serveArcade } from './arcade-server.ts';
import { PROXIES, type ProxySettings, type RunningProxy } from './proxy-program.ts';
import { handshake, RawSocket } from './raw-socket.ts';
import { opensslMissing } from './self-signed.ts';
import type { LogLine } from './stepper.ts';
import { closeServers, TestServer, TRANSPORTS } from './test-server.ts';

type Client = GameClient<typeof game>;

const still = { dx: 0, dy: 0, fire: false };
const closings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
  await closeServers();
});

interface Front {
  server: Server;
  proxy: RunningProxy;
  log: LogLine[];
}

type Start = (settings: ProxySettings) => Promise<RunningProxy>;

async function proxied(start: Start, settings: ProxySettings): Promise<RunningProxy> {
  const proxy = await start(settings);
  closings.push(() => proxy.stop());
  return proxy;
}

/** A server and the proxy in front, which the server believes. */
async function front(
  transport: string,
  start: Start,
  more: Partial<ServeOptions> = {},
  changes: Record<string, string> = {},
): Promise<Front> {
  const log: LogLine[] = [];
  const server = await serveArcade(transport, { trustedProxies: ['127.0.0.1'], ...more }, log);
  closings.push(() => server.close());
  return { server, log, proxy: await proxied(start, { upstream: server.port, changes }) };
}

/** As a browser whose user trusts the certificate. */
class TrustingSocket extends WebSocket {
  constructor(url: string) {
    super(url, { rejectUnauthorized: false });
  }
}

async function join(url: string, more: Partial<ConnectOptions<typeof game>> = {}): Promise<Client> {
  const socket = { WebSocket: TrustingSocket, retryCapMs: 50 };
  const client = await connect(game, { url, room: 'field', ...socket, ...more });
  closings.push(() => client.leave());
  return client;
}

const until = (client: Client, is: (status: Status) => boolean) =>
  new Promise<Status>((resolve) => client.onStatus((status) => is(status) && resolve(status)));

/** Status, headers and body of a request over TLS. */
function ask(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, rejectUnauthorized: false }, (answer) => {
      let body = '';
      answer.on('data', (text) => {
        body += text;
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode!, headers: answer.headers, body }),
      );
    });
    asking.on('error', reject).end();
  });
}

/** A line of TLS to the proxy, from an address of this machine. */
function lineFrom(localAddress: string, port: number): Promise<RawSocket> {
  const to = { host: '127.0.0.1', port, localAddress, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const line = connectTls(to, () => resolve(RawSocket.over(line)));
    line.once('error', reject);
  });
}

const why = (missing: string | undefined) =>
  missing === undefined ? '' : ` (skipped: ${missing})`;

for (const { name: proxyName, missing: noProxy, start } of PROXIES) {
  for (const { name, make, missing: noTransport } of TRANSPORTS) {
    const missing = noProxy ?? noTransport ?? opensslMissing;
    describe.skipIf(missing !== undefined)(`${name} behind ${proxyName}${why(missing)}`, () => {
      test('{S50, S53, S27} page, ticket and socket come through one address', async () => {
        const page = mkdtempSync(joinPath(tmpdir(), 'tickwire-page-'));
        closings.push(() => rmSync(page, { recursive: true }));
        writeFileSync(joinPath(page, 'index.html'), '<h1>hello</h1>');
        const { proxy } = await front(name, start, { page });
        const shown = await ask(`${proxy.url}/`);
        expect([shown.status, shown.body]).toEqual([200, '<h1>hello</h1>']);
        expect(shown.headers['strict-transport-security']).toBe('max-age=31536000');
        const post = { method: 'POST', headers: { origin: proxy.url } };
        const answer = await ask(`${proxy.url}/rooms/field`, post);
        const { room, url, ticket } = JSON.parse(answer.body);
        expect([answer.status, url]).toEqual([200, proxy.url]);
        const client = await join(url, { room, ticket, sample: () => ({ ...still, dx: 1 }) });
        while (!(client.view().mine('ship')!.x > 10)) await new Promise(setImmediate);
        expect(await client.call('rename', { name: 'ada' })).toEqual({ ok: true });
      });

      test('{S50, S45, T17} limits and log know each client by its own address', async () => {
        const { server, proxy, log } = await front(name, start, {
          limits: { connectionsPerAddress: 2 },
        });
        const statuses: number[] = [];
        for (const last of [2, 2, 2, 3]) {
          const line = await lineFrom(`127.0.0.${last}`, proxy.port);
          // What a client says of itself counts for nothing.
          line.write(handshake('/', { 'X-Forwarded-For': `203.0.113.${statuses.length}` }));
          statuses.push((await line.head()).status);
        }
        expect(statuses).toEqual([101, 101, 429, 101]);
        const refused = log.filter(({ msg }) => msg.startsWith('refused a socket'));
        expect(refused.map(({ remoteAddress }) => remoteAddress)).toEqual(['127.0.0.2']);
        expect(Object.fromEntries(server.edge.refusals)).toEqual({ address: 1 });
      });

      test('{S50, S29, T24} a server that was told of no proxy believes none', async () => {
        const { proxy, log } = await front(name, start, { trustedProxies: [] });
        const { status, headers } = await ask(`${proxy.url}/healthz`);
        expect([status, headers['strict-transport-security']]).toEqual([200, undefined]);
        const told = log.find(({ msg }) => msg.startsWith('X-Forwarded-For'));
        expect(told?.setting).toBe("trustedProxies: ['127.0.0.1']");
      });

      test('{S10, S50} close codes and reasons pass both ways', async () => {
        const server = await TestServer.start(make);
        const proxy = await proxied(start, { upstream: server.port });
        const leaving = new TrustingSocket(`wss://localhost:${proxy.port}`);
        await new Promise((resolve) => leaving.once('open', resolve));
        leaving.close(4321, 'bye');
        expect(await server.seen(/close/)).toBe('close 4321 bye');
        const kicked = new TrustingSocket(`wss://localhost:${proxy.port}`);
        await new Promise((resolve) => kicked.once('open', resolve));
        const end = new Promise((resolve) =>
          kicked.once('close', (code, reason) => resolve([code, reason.toString()])),
        );
        server.sockets[1].close(4003, 'kicked: é');
        expect(await end).toEqual([4003, 'kicked: é']);
      });

      test('{S50, S20} a restart of the proxy costs no seat, a reload no line', async () => {
        const { server, proxy } = await front(name, start);
        const client = await join(proxy.url, { sample: () => still });
        const { id } = client.view().mine('ship')!;
        const opened = () => server.edge.tally.connections;
        expect(opened()).toBe(1);
        await proxy.reload();
        expect(await client.call('wait', { ticks: 0 })).toBe('done');
        const later = await join(proxy.url, { room: client.room, sample: () => still });
        expect([later.seat, opened()]).toEqual([2, 2]);
        const cut = until(client, ({ state }) => state === 'resuming');
        await proxy.end();
        await cut;
        await proxy.run();
        await until(client, ({ state }) => state === 'live');
        while (!client.view().mine('ship')) await new Promise(setImmediate);
        expect([client.seat, client.view().mine('ship')!.id]).toEqual([1, id]);
      });
    });
  }
}

const [nginx] = PROXIES;

/** What nginx does not pass on where nobody says so... */
const NO_HEADERS = {
  '        proxy_set_header Upgrade $http_upgrade;\n': '',
  '        proxy_set_header Connection $tickwire_connection;\n': '',
};
/** ...and what it speaks. */
const DEFAULTS = { '        proxy_http_version 1.1;\n': '', ...NO_HEADERS };

for (const { name, missing: noTransport } of TRANSPORTS) {
  const missing = nginx.missing ?? noTransport ?? opensslMissing;
  describe.skipIf(missing !== undefined)(`${name} behind a wrong nginx${why(missing)}`, () => {
    test('{S50, S1} HTTP/1.0 is answered 505, and the log names the cure', async () => {
      const { proxy, log } = await front(name, nginx.start, {}, DEFAULTS);
      for (let i = 0; i < 5; i++) expect((await ask(`${proxy.url}/healthz`)).status).toBe(505);
      while (!log.some(({ msg }) => msg.includes('proxy_http_version 1.1')))
        await new Promise(setImmediate);
    });

    test('{S50, S2} a handshake without its headers is answered 426, with the cure', async () => {
      const { proxy, log } = await front(name, nginx.start, {}, NO_HEADERS);
      const line = await lineFrom('127.0.0.1', proxy.port);
      line.write(handshake());
      expect((await line.head()).status).toBe(426);
      expect(log.some(({ msg }) => msg.includes('a proxy in front must pass on'))).toBe(true);
    });
  });
}

describe('{S51} silence', () => {
  const ready = PROXIES.filter(({ missing }) => missing === undefined && !opensslMissing);
  const missing = ready.length < PROXIES.length ? 'a proxy or openssl is missing' : undefined;
  /** Each proxy's patience, in its own words. */
  const patience = (name: string, text: string): Record<string, string> =>
    name === 'nginx'
      ? { 'proxy_read_timeout 60s': `proxy_read_timeout ${text}` }
      : { 'timeout tunnel 60s': `timeout tunnel ${text}` };

  test.skipIf(missing)(
    `heartbeats keep a hidden tab's line through a proxy that waits 3 s${why(missing)}`,
    async () => {
      const outlived = ready.map(async ({ name, start }) => {
        const { server, proxy } = await front('auto', start, {}, patience(name, '3s'));
        // Timers of a page that was hidden for five minutes run once a minute.
        const later = (ms: number, run: () => void) => {
          const timer = setTimeout(run, Math.max(ms, 60_000));
          return () => clearTimeout(timer);
        };
        const states: string[] = [];
        for (const spectate of [false, true]) {
          const hidden = await join(proxy.url, { later, spectate });
          hidden.onStatus(({ state }) => void states.push(state));
        }
        // Three times what the proxy waits.
        await new Promise((resolve) => setTimeout(resolve, 9000));
        expect([states, server.edge.tally.connections]).toEqual([['live', 'live'], 2]);
      });
      await Promise.all(outlived);
    },
  );

  test.skipIf(missing)(
    `a proxy with less patience cuts the line, and the seat is resumed${why(missing)}`,
    async () => {
      const resumed = ready.map(async ({ name, start }) => {
        const clock = new PausedClock();
        const now = () => clock.now();
        const { proxy } = await front('auto', start, { now }, patience(name, '1s'));
        const client = await join(proxy.url, { now, sample: () => still });
        const cut = until(client, ({ state }) => state === 'resuming');
        clock.pause();
        await cut;
        clock.resume();
        await until(client, ({ state }) => state === 'live');
        expect(client.seat).toBe(1);
      });
      await Promise.all(resumed);
    },
  );
});

/** For both ends: while it stands, neither has a reason to say anything. */
class PausedClock {
  #behindMs = 0;
  #pausedAt: number | undefined;

  now(): number {
    return (this.#pausedAt ?? performance.now()) - this.#behindMs;
  }

  pause(): void {
    this.#pausedAt = performance.now();
  }

  resume(): void {
    this.#behindMs += performance.now() - this.#pausedAt!;
    this.#pausedAt = undefined;
  }
}
