// What an operator sees: the protected route over both transports, the numbers moving when somebody
// misbehaves, and ids on every line of log that concerns somebody. Trap: over real sockets time is
// real, so a number is asked again until it is there.

import { readFileSync } from 'node:fs';
import { connect } from '@tickwire/client';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { MetricsOptions, Server } from '../src/index.ts';
import { arcade, game } from './arcade.ts';
import { serveArcade } from './arcade-server.ts';
import { closeOpened, opened } from './opened.ts';
import { BINARY, frame, handshake, RawSocket } from './raw-socket.ts';
import { type LogLine, type Player, Stepper, type StepperOptions } from './stepper.ts';
import { TRANSPORTS } from './test-server.ts';

const TOKEN = 'a-token-of-many-characters';
const WITH_TOKEN = { authorization: `Bearer ${TOKEN}` };

const still = { dx: 0, dy: 0, fire: false };
afterEach(closeOpened);

let log: LogLine[] = [];

async function start(transport: string, metrics?: MetricsOptions): Promise<Server> {
  log = [];
  return opened(await serveArcade(transport, { metrics }, log));
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

    test('without the option there is no such route', async () => {
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

    test('{T26} a handler that throws is counted, and its line says whose it was', async () => {
      const { url, shard } = await start(name, { token: TOKEN });
      const client = await connect(game, { url, room: 'field', WebSocket, sample: () => still });
      const { room, seat: id } = client;
      const seat = shard.rooms.get(room)!.seat(id)!;
      // Once: the client comes back.
      seat.inputs.put = () => {
        Reflect.deleteProperty(seat.inputs, 'put');
        throw new Error('a fault of our own');
      };
      await expect
        .poll(() => log.find(({ msg }) => msg.startsWith('a handler threw')))
        .toBeTruthy();
      const line = log.find(({ msg }) => msg.startsWith('a handler threw'));
      expect(line).toMatchObject({ connection: 1, room, seat: id });
      const samples = await scrape(url);
      expect(samples.get('tickwire_faults_total')).toBe(1);
      expect(samples.get('tickwire_closes_total{code="1011"}')).toBe(1);
      client.leave();
    });
  });
}

let stepper: Stepper;

async function startStepper(options: Partial<StepperOptions> = {}): Promise<Stepper> {
  const { serve: more, rooms = { field: arcade() }, ...rest } = options;
  stepper = await Stepper.start({
    rooms,
    ...rest,
    serve: { metrics: { token: TOKEN }, ...more },
  });
  return opened(stepper);
}

async function scrapeOf(from: Stepper): Promise<Map<string, number>> {
  const request = { path: '/metrics', headers: WITH_TOKEN };
  const { status, body } = await from.until(from.transport.request(request));
  expect(status).toBe(200);
  return samplesOf(String(body));
}

const join = (more: object = {}): Promise<Player<typeof game>> =>
  stepper.join(game, { room: 'field', sample: () => still, ...more });

describe('a number moves', () => {
  test('{T18} when a seat reads nothing, in states skipped and events lost', async () => {
    const chatty = arcade({ tick: (room) => room.emit('ping', { n: 1, at: 0 }) });
    const limits = { slowSeatBytes: 100, slowSeatMs: 3000, pendingEvents: 4 };
    await startStepper({ rooms: { field: chatty }, limits });
    const player = await join();
    await stepper.advance(500);
    const before = await scrapeOf(stepper);
    expect(before.get('tickwire_slow_seat_skips_total{room_kind="field"}')).toBe(0);
    player.stalled = true;
    await stepper.advance(2000);
    const behind = await scrapeOf(stepper);
    expect(behind.get('tickwire_slow_seat_skips_total{room_kind="field"}')).toBeGreaterThan(10);
    expect(behind.get('tickwire_events_lost_total{room_kind="field"}')).toBeGreaterThan(10);
    expect(behind.get('tickwire_closes_total{code="4010"}')).toBeUndefined();
    await stepper.advance(2000);
    expect((await scrapeOf(stepper)).get('tickwire_closes_total{code="4010"}')).toBe(1);
  });

  test('{T5} when somebody floods, in refusals by what there was too much of', async () => {
    await startStepper();
    const peer = stepper.transport.connect();
    for (let i = 0; i < 100; i++) peer.ping();
    await stepper.advance(1);
    const samples = await scrapeOf(stepper);
    const flood = 'tickwire_refusals_total{code="4008",reason="rate-limit-pings"}';
    expect(samples.get(flood)).toBe(1);
    expect(samples.get('tickwire_closes_total{code="4008"}')).toBe(1);
  });

  test('{T24} when somebody claims another address', async () => {
    await startStepper();
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    await stepper.until(stepper.transport.request({ path: '/healthz', headers }));
    expect((await scrapeOf(stepper)).get('tickwire_forwards_ignored_total')).toBe(1);
  });

  test('when somebody is sent to another server, and refuses nobody', async () => {
    await startStepper();
    await join();
    stepper.down.add('ws://b');
    for (const { line } of stepper.room('field').seats) line?.move('ws://b');
    const samples = await scrapeOf(stepper);
    expect(samples.get('tickwire_moved_total')).toBe(1);
    expect([...samples.keys()].some((name) => name.startsWith('tickwire_refusals'))).toBe(false);
  });

  test('when inputs come late, and stays when the player and the room are gone', async () => {
    await startStepper({ limits: { emptyRoomMs: 1000 } });
    const up = { latencyMs: 20, jitterMs: 0, stallMs: 0, stallEveryMs: 0, bandwidthKbps: 0 };
    const player = await join({ up });
    await stepper.advance(2000);
    const late = 'tickwire_inputs_missed_total{room_kind="field",why="late"}';
    const behind = 'tickwire_input_margin_ticks_bucket{le="0"}';
    const before = await scrapeOf(stepper);
    up.latencyMs = 600;
    await stepper.advance(2000);
    const after = await scrapeOf(stepper);
    expect(after.get(late)).toBeGreaterThan(before.get(late)!);
    expect(after.get(behind)).toBeGreaterThan(before.get(behind)!);
    const all = after.get('tickwire_input_margin_ticks_count');
    expect(after.get('tickwire_input_margin_ticks_bucket{le="+Inf"}')).toBe(all);
    player.client.leave();
    // At every step of their going: a counter that falls looks like a restart.
    let last = after;
    for (let i = 0; i < 20; i++) {
      await stepper.advance(100);
      const now = await scrapeOf(stepper);
      for (const name of [late, behind, 'tickwire_states_total{room_kind="field"}'])
        expect(now.get(name), name).toBeGreaterThanOrEqual(last.get(name)!);
      last = now;
    }
    expect(last.get('tickwire_rooms{room_kind="field"}')).toBe(0);
    expect(last.get(late)).toBeGreaterThan(0);
  });

  test('when a look is capped, a value clamped, a desync reported', async () => {
    const definition = arcade({
      tick(room) {
        for (const seat of room.seats) room.rewind(seat, () => {});
        for (const ship of room.all('ship')) ship.x = 9999;
      },
    });
    const options = { limits: { rewindMs: 1 }, serve: { findDesyncs: true } };
    await startStepper({ rooms: { field: definition }, ...options });
    const player = await join();
    await stepper.advance(1000);
    const room = stepper.room('field');
    const seat = room.seat(player.client.seat)!;
    room.digests!.reported(seat, { tick: room.tick, part: 0, finding: 'ship 1: x' } as never);
    const samples = await scrapeOf(stepper);
    const of = (name: string) => samples.get(`tickwire_${name}{room_kind="field"}`);
    expect(of('rewinds_capped_total')).toBeGreaterThan(0);
    expect(of('rewinds_total')).toBeGreaterThanOrEqual(of('rewinds_capped_total')!);
    expect(of('values_clamped_total')).toBeGreaterThan(0);
    expect(of('desyncs_total')).toBe(1);
  });

  test('{T61} when a room fails, which is logged with the seat that broke it', async () => {
    await startStepper();
    const player = await join();
    const { room, seat } = player.client;
    await stepper.until(player.client.call('boom', {}).catch(() => {}));
    const samples = await scrapeOf(stepper);
    expect(samples.get('tickwire_room_failures_total{room_kind="field"}')).toBe(1);
    expect(samples.get('tickwire_closes_total{code="1011"}')).toBe(1);
    const line = stepper.log.find(({ msg }) => msg.includes('command boom threw'));
    expect(line).toMatchObject({ room, seat });
  });
});

describe('the route', () => {
  test('{T65} has no label whose values a peer could multiply', async () => {
    await startStepper({ limits: { rooms: 100, roomBurst: 100 } });
    const NAMES = ['code', 'reason', 'status', 'room_kind', 'part', 'why', 'line', 'how', 'le'];
    const knock = async (i: number) => {
      const remoteAddress = `192.0.2.${i}`;
      const body = JSON.stringify({ create: true });
      const path = '/rooms/field';
      await stepper.until(stepper.transport.request({ method: 'POST', path, body, remoteAddress }));
      await stepper.until(stepper.transport.request({ path: `/unknown-${i}`, remoteAddress }));
      const peer = stepper.transport.connect({ remoteAddress });
      await stepper.advance(1);
      peer.close(3000 + i, `reason ${i}`);
      await stepper.advance(1);
    };
    await knock(1);
    const first = await scrapeOf(stepper);
    // The scrape itself was an answer of status 200, as was the room.
    for (let i = 2; i < 20; i++) await knock(i);
    const last = await scrapeOf(stepper);
    expect([...last.keys()]).toEqual([...first.keys()]);
    expect(last.get('tickwire_rooms{room_kind="field"}')).toBe(19);
    expect(last.get('tickwire_closes_total{code="0"}')).toBe(19);
    const labels = [...last.keys()].flatMap((key) => key.match(/\w+(?==")/g) ?? []);
    expect([...new Set(labels)].filter((label) => !NAMES.includes(label))).toEqual([]);
  });

  test('belongs to one server of a process alone', async () => {
    const one = await startStepper();
    await join();
    const other = await startStepper();
    expect((await scrapeOf(one)).get('tickwire_connections')).toBe(1);
    expect((await scrapeOf(other)).get('tickwire_connections')).toBe(0);
  });

  test.each<[what: string, allow: () => unknown, status: number]>([
    ['true', () => true, 200],
    ['a promise of true', async () => true, 200],
    ['false', () => false, 403],
    ['a promise of false', async () => false, 403],
    ['what is only truthy', () => 1, 403],
    ['a throw', () => Promise.reject(new Error('no')), 500],
  ])('answers as allow() says: %s', async (_, allow, status) => {
    await startStepper({ serve: { metrics: { allow: allow as () => boolean } } });
    const answer = await stepper.until(stepper.transport.request({ path: '/metrics' }));
    expect(answer.status).toBe(status);
    expect(String(answer.body).includes('tickwire_')).toBe(status === 200);
  });

  test.each([
    ['neither', {}],
    ['both', { token: TOKEN, allow: () => true }],
    ['a short token', { token: '0123456789abcde' }],
    ['a token that no header carries', { token: `${TOKEN} x` }],
    ['allow as a value', { allow: true }],
  ])('is refused at the start with %s', async (_, metrics) => {
    await expect(startStepper({ serve: { metrics: metrics as never } })).rejects.toThrow(
      /serve\(\{ metrics/,
    );
  });
});

describe('the table of SECURITY.md', () => {
  const document = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');
  const section = document.split(/^## /m).find((text) => text.startsWith('What an attack moves'))!;
  const rows = [...section.matchAll(/^\| (T\d[^|]*)\|([^|]*)\|/gm)];

  test('has each attack of the checklist once', () => {
    const named = rows.flatMap(([, attacks]) => {
      return attacks.split(',').flatMap((text) => {
        const [first, last = first] = text.match(/\d+/g)!.map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
      });
    });
    const all = Array.from({ length: 66 }, (_, i) => i + 1);
    expect(named.toSorted((a, b) => a - b)).toEqual(all);
  });

  test('names only what a scrape has', async () => {
    await startStepper();
    const request = { path: '/metrics', headers: WITH_TOKEN };
    const { body } = await stepper.until(stepper.transport.request(request));
    const served = new Set(String(body).match(/(?<=^# TYPE tickwire_)\w+/gm));
    const cells = rows.flatMap(([, , moves]) => [...moves.matchAll(/`(\w+)/g)]);
    expect(cells.length).toBeGreaterThan(40);
    const unknown = cells.filter(([, name]) => !served.has(name) && !served.has(`${name}_total`));
    expect(unknown.map(([, name]) => name)).toEqual([]);
  });
});

describe('the log', () => {
  test('{T45} names connection, room and seat, and no secret', async () => {
    const token = 'a-password-nobody-may-read';
    const guarded = arcade({
      authenticate(given) {
        if (given !== token) throw new Error('the user database is down');
        return undefined;
      },
    });
    await startStepper({ rooms: { field: guarded } });
    const player = await join({ token });
    const { room, seat } = player.client;
    await expect(join({ token: `${token}-x` })).rejects.toThrow();
    player.cut();
    await stepper.when(() => player.closes.length > 0 && player.state === 'live');
    player.client.leave();
    await stepper.advance(100);
    const lines = stepper.log.filter(({ msg }) => /connection|seated|authenticate/.test(msg));
    expect(lines.filter(({ connection }) => typeof connection !== 'number')).toEqual([]);
    const first = lines.filter(({ connection }) => connection === 1);
    expect(first.map(({ msg, room, seat }) => [msg, room, seat])).toEqual([
      ['seated', room, seat],
      ['connection closed', room, seat],
    ]);
    expect(JSON.stringify(stepper.log)).not.toMatch(/a-password|secret-/);
  });
});
