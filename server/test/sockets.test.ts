// The whole road over real sockets on 127.0.0.1, once for each transport: join, play, resume,
// close, and what the port answers over HTTP. Trap: time is real here, so every wait is for an
// event.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { type ConnectOptions, connect, type GameClient, type Status } from '@tickwire/client';
import type { Link } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Server } from '../src/index.ts';
import { arcade, type Definition, game } from './arcade.ts';
import { serveArcade } from './arcade-server.ts';
import { handshake, RawSocket } from './raw-socket.ts';
import type { LogLine } from './stepper.ts';
import { TRANSPORTS } from './test-server.ts';

type Client = GameClient<typeof game>;

const clients: Client[] = [];
let server: Server;
let log: LogLine[];
afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
  await server.close();
});

async function start(transport: string, more: Partial<Definition> = {}, page?: string) {
  log = [];
  server = await serveArcade(transport, { rooms: { field: arcade(more) }, page }, log);
}

const still = { dx: 0, dy: 0, fire: false };

async function join(options: Partial<ConnectOptions<typeof game>> = {}): Promise<Client> {
  const { url } = server;
  const client = await connect(game, { url, room: 'field', WebSocket, retryCapMs: 50, ...options });
  clients.push(client);
  return client;
}

/** Resolves when `holds` answers true at one of the frames drawn. */
function when(client: Client, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      client.view();
      if (holds()) resolve();
      else setImmediate(look);
    };
    look();
  });
}

const until = (client: Client, is: (status: Status) => boolean) =>
  new Promise<Status>((resolve) => client.onStatus((status) => is(status) && resolve(status)));

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing ? ` (skipped: ${missing})` : '';
  describe.skipIf(missing !== undefined)(`over ${name}${skipped}`, () => {
    test('{S12} two players join, move, see each other, talk, and hear events', async () => {
      await start(name, { tick: (room) => room.emit('ping', { n: room.tick, at: 0 }) });
      expect(server.transport).toContain(name);
      const input = { ...still };
      const a = await join({ sample: () => input });
      const b = await join({ room: a.room, sample: () => still });
      expect([a.seat, b.seat]).toEqual([1, 2]);
      const got: number[] = [];
      b.on('ping', ({ n }) => void got.push(n));
      input.dx = 1;
      await when(b, () => [...b.view().all('ship')].some(({ owner, x }) => owner === 1 && x > 30));
      await when(a, () => a.view().mine('ship')!.x > 40);
      expect(await a.call('rename', { name: 'ada' })).toEqual({ ok: true });
      await when(b, () => [...b.view().all('ship')].some((ship) => ship.name === 'ada'));
      await expect(b.call('rename', { name: '' })).rejects.toThrow('a name wants letters');
      expect(got.length).toBeGreaterThan(5);
      expect(got).toEqual(got.map((_, i) => got[0] + i));
    });

    test('{S20} a cut line is resumed on the same seat', async () => {
      await start(name);
      const sockets: WebSocket[] = [];
      class Socket extends WebSocket {
        constructor(url: string) {
          super(url);
          sockets.push(this);
        }
      }
      const a = await join({ WebSocket: Socket, sample: () => still });
      const ship = a.view().mine('ship');
      sockets[0].terminate();
      await until(a, ({ state }) => state === 'resuming');
      await until(a, ({ state }) => state === 'live');
      expect([a.seat, sockets.length]).toEqual([1, 2]);
      await when(a, () => a.view().mine('ship') !== undefined);
      expect(a.view().mine('ship')?.id).toBe(ship?.id);
    });

    test('close awaits the rooms and tells everybody 1012', async () => {
      let persisted = false;
      const close = async () => {
        await new Promise(setImmediate);
        persisted = true;
      };
      await start(name, { close });
      const ends: number[] = [];
      const watch = (link: Link): Link => {
        const wrapped: Link = Object.create(link);
        Object.defineProperty(wrapped, 'onMessage', { set: (run) => (link.onMessage = run) });
        Object.defineProperty(wrapped, 'onClose', {
          set: (run) => {
            link.onClose = (code, reason) => {
              ends.push(code);
              run(code, reason);
            };
          },
        });
        return wrapped;
      };
      const a = await join({ link: watch });
      const broken = until(a, ({ state }) => state === 'resuming');
      await server.close('a new version');
      expect(await broken).toMatchObject({ state: 'resuming', reason: 'a new version' });
      expect([persisted, ends[0]]).toEqual([true, 1012]);
    });

    test('{S53} [J4] the port answers health, rooms and tickets, which seat once', async () => {
      await start(name);
      const health = await fetch(`${server.url}/healthz`);
      expect(await health.json()).toEqual({ status: 'ok', rooms: 0, seats: 0 });
      const post = (body: object) =>
        fetch(`${server.url}/rooms/field`, { method: 'POST', body: JSON.stringify(body) });
      const { room, ticket } = await (await post({ create: true })).json();
      const list = await (await fetch(`${server.url}/rooms`)).json();
      expect(list).toEqual([{ id: room, kind: 'field', seats: 8, taken: 1, free: 7 }]);
      const a = await join({ room, ticket });
      expect(a.room).toBe(room);
      await expect(join({ room, ticket })).rejects.toMatchObject({ reason: 'refused' });
      expect((await post({ room: 'field-none' })).status).toBe(404);
      const unknown = await fetch(`${server.url}/rooms/filed`, { method: 'POST' });
      expect(unknown.status).toBe(404);
      const other = { method: 'POST', headers: { origin: 'https://evil.example' } };
      expect((await fetch(`${server.url}/rooms/field`, other)).status).toBe(403);
    });

    test('a built page is served beside the socket, with its headers', async () => {
      const page = mkdtempSync(joinPath(tmpdir(), 'tickwire-page-'));
      writeFileSync(joinPath(page, 'index.html'), '<h1>hello</h1>');
      await start(name, {}, page);
      const answer = await fetch(`${server.url}/`);
      expect(await answer.text()).toBe('<h1>hello</h1>');
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect((await fetch(`${server.url}/none.js`)).status).toBe(404);
    });

    test('{S30} a foreign page is refused with 403, and the log names the setting', async () => {
      await start(name);
      const raw = await RawSocket.connect(server.port);
      raw.write(handshake('/', { Origin: 'https://evil.example' }));
      expect(await raw.head()).toMatchObject({ status: 403 });
      const line = log.find(({ msg }) => msg.includes('refused a socket'));
      expect(line?.setting).toContain('origins');
      raw.destroy();
      const own = await RawSocket.connect(server.port);
      own.write(handshake('/', { Origin: `http://localhost:${server.port}` }));
      expect(await own.head()).toMatchObject({ status: 101 });
      own.destroy();
    });
  });
}
