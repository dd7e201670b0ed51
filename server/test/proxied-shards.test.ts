// Two shards behind nginx and HAProxy under one name, with the configurations of docs/proxies and
// over TLS: a path of its own leads to each, all others to whichever is up. Both are in this
// process and share a directory in memory; what Redis adds is tried elsewhere.
import { request } from 'node:https';
import { connect } from '@tickwire/client';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { arcade, game } from './arcade.ts';
import { Deployment } from './deployment.ts';
import { freePort } from './ports.ts';
import { PROXIES, type RunningProxy } from './proxy-program.ts';
import { opensslMissing } from './self-signed.ts';

const soon = { timeout: 10_000, interval: 20 };

/** As a browser whose user trusts the certificate. */
class TrustingSocket extends WebSocket {
  constructor(url: string, protocols?: string[]) {
    super(url, protocols, { rejectUnauthorized: false });
  }
}

let deployment: Deployment;
let proxy: RunningProxy | undefined;
afterEach(async () => {
  await deployment.close();
  await proxy?.stop();
});

async function join(url: string, more: { ticket?: string } = {}) {
  const options = { url, room: 'field', WebSocket: TrustingSocket, ...more };
  const sample = () => ({ dx: 1, dy: 0, fire: false });
  const player = await connect(game, { ...options, sample });
  deployment.players.push(player);
  return player;
}

/** A proxy may still take a shard for dead that it asked before it listened. */
const joinSoon = (url: string) => vi.waitFor(() => join(url), soon);

for (const { name, missing: noProxy, start } of PROXIES) {
  const missing = noProxy ?? opensslMissing;
  const why = missing ? ` (skipped: ${missing})` : '';
  test.skipIf(missing !== undefined)(
    `[J11, J12] ${name} leads players of two shards to each other${why}`,
    async () => {
      deployment = new Deployment({ field: arcade() });
      const ports = [await freePort(), await freePort()] as const;
      const { url } = (proxy = await start({ upstream: ports }));
      const trusted = { trustedProxies: ['127.0.0.1'], metrics: { token: 'a'.repeat(32) } };
      const about = (shard: number) => ({ port: ports[shard], publicUrl: `${url}/s${shard}` });
      const first = await deployment.add({ ...trusted, ...about(0) });
      const a = await join(`${url}/s0`);
      const second = await deployment.add({ ...trusted, ...about(1) });
      const b = await join(`${url}/s1`);
      const c = await joinSoon(url);
      const ids = new Set([a, b, c].map(({ room }) => room));
      expect([...first.server.shard.rooms.keys()]).toEqual([...ids]);
      // By the page's own name, and told where it is good.
      const ticket = await post(`${url}/s1/rooms/field`);
      expect(ticket).toMatchObject({ room: a.room, url: `${url}/s0` });
      const d = await join(ticket.url, { ticket: ticket.ticket });
      expect(d.room).toBe(a.room);
      for (const path of ['/metrics', '/s0/metrics'])
        expect((await ask(`${url}${path}`)).status).toBe(404);
      // A shard that closes hands its room over, through the proxy too.
      const before = [a, b, c, d].map(({ seat }) => seat);
      await first.server.close();
      await vi.waitFor(() => {
        const { rooms } = second.server.shard;
        expect([...rooms.values()].map(({ id, taken }) => [id, taken])).toEqual([[a.room, 4]]);
        expect([a, b, c, d].map(({ status }) => status.state)).toEqual(Array(4).fill('live'));
        const [{ seats }] = rooms.values();
        expect([...seats].every(({ connected }) => connected)).toBe(true);
      }, soon);
      expect([a, b, c, d].map(({ seat }) => seat)).toEqual(before);
      // Nobody answers at /s0 now, and a page that opens the name alone plays.
      expect((await joinSoon(url)).room).toBe(a.room);
    },
  );
}

interface Ticket {
  readonly room: string;
  readonly url: string;
  readonly ticket: string;
}

async function post(url: string): Promise<Ticket> {
  return JSON.parse((await ask(url, 'POST')).body);
}

function ask(url: string, method = 'GET'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, rejectUnauthorized: false }, (answer) => {
      let body = '';
      answer.on('data', (text) => {
        body += text;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, body }));
    });
    asking.on('error', reject).end();
  });
}
