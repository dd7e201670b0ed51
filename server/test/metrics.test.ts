// What an operator sees: the protected route over both transports, the numbers moving when somebody
// misbehaves, and ids on every line of log that concerns somebody. Trap: over real sockets time is
// real, so a number is asked again until it is there.

import { connect } from '@tickwire/client';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type MetricsOptions, type Server, serve } from '../src/index.ts';
import { arcade, game } from './arcade.ts';
import { BINARY, frame, handshake, RawSocket } from './raw-socket.ts';
import { TRANSPORTS } from './test-server.ts';

const TOKEN = 'a-token-of-many-characters';
const WITH_TOKEN = { authorization: `Bearer ${TOKEN}` };

const still = { dx: 0, dy: 0, fire: false };
const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

async function start(transport: string, metrics?: MetricsOptions): Promise<Server> {
  const server = await serve({
    rooms: { field: arcade() },
    port: 0,
    host: '127.0.0.1',
    transport: transport as 'uws' | 'ws',
    signals: false,
    log: 'silent',
    metrics,
  });
  closings.push(() => server.close());
  return server;
}

/** The samples of a page of Prometheus text, by name and labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

async function scrape(url: string): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/metrics`, { headers: WITH_TOKEN });
  expect(answer.status).toBe(200);
  return samplesOf(await answer.text());
}

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing ? ` (skipped: ${missing})` : '';
  describe.skipIf(missing !== undefined)(`over ${name}${skipped}`, () => {
    test('who shows the token reads Prometheus text, whoever does not gets 401', async () => {
      const { url } = await start(name, { token: TOKEN });
      const answer = await fetch(`${url}/metrics`, { headers: WITH_TOKEN });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toContain('version=0.0.4');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      const text = await answer.text();
      expect(text).toContain('# TYPE tickwire_tick_seconds histogram');
      const wrong = [undefined, 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, TOKEN];
      for (const authorization of wrong) {
        const headers: Record<string, string> = authorization ? { authorization } : {};
        const refused = await fetch(`${url}/metrics`, { headers });
        expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
        expect(await refused.text()).not.toContain('tickwire_');
      }
      const inUrl = await fetch(`${url}/metrics?token=${TOKEN}`);
      expect(inUrl.status).toBe(401);
      const after = await scrape(url);
      expect(after.get('tickwire_refusals_total{code="401",reason="metrics"}')).toBe(6);
      expect(after.get('tickwire_http_answers_total{status="401"}')).toBe(6);
    });

    test('without the option the route is as unknown as any other', async () => {
      const { url } = await start(name);
      const [asked, unknown] = await Promise.all([
        fetch(`${url}/metrics`, { headers: WITH_TOKEN }),
        fetch(`${url}/nothing`, { headers: WITH_TOKEN }),
      ]);
      const seen = async (answer: Response) => {
        const { date: _, ...headers } = Object.fromEntries(answer.headers);
        return { status: answer.status, headers, text: await answer.text() };
      };
      const answer = await seen(asked);
      expect(answer.status).toBe(404);
      expect(answer).toEqual(await seen(unknown));
    });

    test('a player, a bad frame, a foreign page and a bad request are counted', async () => {
      const { url, port } = await start(name, { token: TOKEN });
      const client = await connect(game, { url, room: 'field', WebSocket, sample: () => still });
      const bad = await RawSocket.open(port);
      bad.write(frame(BINARY, Buffer.from([0xc1])));
      const foreign = await RawSocket.connect(port);
      foreign.write(handshake('/', { Origin: 'https://evil.example' }));
      const long = await fetch(`${url}/${'x'.repeat(600)}`);
      expect(long.status).toBe(414);
      const wanted = [
        'tickwire_refusals_total{code="4000",reason="bad-msgpack"}',
        'tickwire_refusals_total{code="403",reason="origin"}',
        'tickwire_refusals_total{code="414",reason="request-414"}',
        'tickwire_closes_total{code="4000"}',
        'tickwire_tick_seconds_count',
        'tickwire_tick_late_seconds_count',
        'tickwire_rtt_seconds_count',
        'tickwire_input_margin_ticks_count',
        'tickwire_states_total{room_kind="field"}',
        'tickwire_state_bytes_total{room_kind="field",part="shared"}',
        'tickwire_state_bytes_total{room_kind="field",part="own"}',
        'process_resident_memory_bytes',
      ];
      await expect
        .poll(async () => {
          const samples = await scrape(url);
          return wanted.filter((sample) => !(samples.get(sample)! > 0));
        })
        .toEqual([]);
      const samples = await scrape(url);
      expect(samples.get('tickwire_connections')).toBe(1);
      expect(samples.get('tickwire_rooms{room_kind="field"}')).toBe(1);
      expect(samples.get('tickwire_seats{room_kind="field",line="here"}')).toBe(1);
      client.leave();
      await expect.poll(async () => (await scrape(url)).get('tickwire_connections')).toBe(0);
    });
  });
}
