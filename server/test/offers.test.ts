// Credentials before the upgrade, on real sockets of both transports: who has none that is good
// gets an HTTP answer and no socket; who has one needs no secret in HELLO.

import { connect } from '@tickwire/client';
import { FrameType, MsgpackWriter, PROTOCOL_VERSION, writeHello } from '@tickwire/protocol';
import pino from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Refusal, type ServeOptions, type Server, serve } from '../src/index.ts';
import { arcade, game } from './arcade.ts';
import { BINARY, frame, handshake, RawSocket } from './raw-socket.ts';
import { TRANSPORTS } from './test-server.ts';

const SECRET = 'unguessable-token-of-ada';
const VERSION = 'tickwire.v1';
const encoded = (text: string) => Buffer.from(text).toString('base64url');

const guarded = arcade({
  authenticate: (async (token: string, { room }: { room: string }) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (token === 'broken') throw new Error('the user database is down');
    if (token !== SECRET) throw new Refusal('who are you?');
    return { name: 'ada', room };
  }) as never,
  user: ((auth: { name: string }) => auth.name) as never,
});

let server: Server;
let lines: string[] = [];
const sockets: RawSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

async function start(transport: 'uws' | 'ws', more: Partial<ServeOptions> = {}): Promise<void> {
  lines = [];
  server = await serve({
    rooms: { field: guarded },
    transport,
    port: 0,
    host: '127.0.0.1',
    signals: false,
    allowNoOrigin: true,
    log: pino({ level: 'debug', base: undefined }, { write: (line) => void lines.push(line) }),
    ...more,
  });
}

/** What a handshake is answered, and its socket. */
async function knock(headers: Record<string, string | undefined>, path = '/') {
  const socket = await RawSocket.connect(server.port);
  sockets.push(socket);
  socket.write(handshake(path, headers));
  const head = await socket.head();
  return { socket, ...head, protocol: head.headers.get('sec-websocket-protocol') };
}

const offering = (...protocols: string[]) => ({ 'Sec-WebSocket-Protocol': protocols.join(', ') });

/** Says HELLO; answers the type of the first frame, or the close code. */
async function hello(socket: RawSocket, secret = '', room = 'field'): Promise<number | undefined> {
  const out = new MsgpackWriter(64);
  const { hash } = game;
  const said = { version: PROTOCOL_VERSION, hash, room, credential: 0, secret, spectate: false };
  writeHello(out, said as Parameters<typeof writeHello>[1]);
  socket.write(frame(BINARY, out.bytes()));
  const first = await socket.frame();
  return first?.opcode === BINARY ? first.payload[1] : first?.payload.readUInt16BE(0);
}

const post = async () => {
  const body = JSON.stringify({ token: SECRET });
  const answer = await fetch(`${server.url}/rooms/field`, { method: 'POST', body });
  return (await answer.json()) as { room: string; ticket: string };
};

const WELCOME = FrameType.Welcome;
const refusals = () => Object.fromEntries(server.edge.refusals);

describe.each(TRANSPORTS)('[J10] over $name', ({ name, missing }) => {
  const transport = name as 'uws' | 'ws';
  const run = missing === undefined ? test : test.skip;

  run(
    '{S35, S38} a token, of a browser or of a program, gives a socket that needs no more',
    async () => {
      await start(transport);
      const token = `token.${encoded(SECRET)}`;
      const browser = await knock(offering(VERSION, 'room.field', token));
      expect([browser.status, browser.protocol]).toEqual([101, VERSION]);
      expect(await hello(browser.socket)).toBe(WELCOME);
      const program = await knock({ Authorization: `Bearer ${SECRET}` });
      expect([program.status, program.protocol]).toEqual([101, undefined]);
      expect(await hello(program.socket)).toBe(WELCOME);
      const lower = await knock({ authorization: `bearer  ${SECRET}` });
      expect(await hello(lower.socket)).toBe(WELCOME);
    },
  );

  run('{S3, S35} one subprotocol is answered, wherever it stands, and never a secret', async () => {
    await start(transport);
    const token = `token.${encoded(SECRET)}`;
    for (const offered of [
      [token, VERSION],
      [VERSION, token],
      ['chat', token, 'room.field', VERSION, 'graphql-ws'],
    ]) {
      const { status, protocol, headers } = await knock(offering(...offered));
      expect([status, protocol]).toEqual([101, VERSION]);
      expect(JSON.stringify([...headers])).not.toContain(encoded(SECRET));
    }
    // Without ours among them nothing of it is for us.
    const foreign = await knock(offering('chat', token));
    expect([foreign.status, foreign.protocol]).toEqual([101, undefined]);
    expect(await hello(foreign.socket)).toBe(4001);
  });

  run('{S38, T44} what is not good is refused with 401 before the upgrade', async () => {
    await start(transport);
    const { ticket } = await post();
    for (const headers of [
      offering(VERSION, `token.${encoded('eve')}`),
      offering(VERSION, 'token.'),
      offering(VERSION, `token.${encoded('broken')}`),
      offering(VERSION, `ticket.${ticket.slice(0, -1)}`),
      offering(VERSION, 'resume.abc'),
      { Authorization: 'Bearer eve' },
      { Authorization: `Ticket ${ticket}x` },
    ]) {
      const { status, headers: answered } = await knock(headers);
      expect([status, answered.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
    expect(server.edge.connections.size).toBe(0);
    expect(refusals()).toMatchObject({
      'upgrade-join-4001': 4,
      'upgrade-join-4002': 2,
      'upgrade-join-4009': 1,
    });
    const line = lines.find((one) => one.includes('refused a socket before the upgrade'));
    expect(line).toContain("authenticateBefore: 'upgrade'");
  });

  run('{S35} a room with a name that no room has is a fault', async () => {
    await start(transport);
    const token = `token.${encoded(SECRET)}`;
    for (const [chars, status] of [
      [64, 404],
      [65, 400],
    ] as const) {
      const room = `room.${'x'.repeat(chars)}`;
      expect((await knock(offering(VERSION, token, room))).status).toBe(status);
    }
  });

  run('{S35} two credentials in one handshake are a fault', async () => {
    await start(transport);
    const token = `token.${encoded(SECRET)}`;
    const twice = await knock({
      ...offering(VERSION, token),
      Authorization: `Bearer ${SECRET}`,
    });
    expect(twice.status).toBe(400);
    expect((await knock(offering(VERSION, token, `token.${encoded('eve')}`))).status).toBe(400);
  });

  run('{S39, T46} a ticket gives one seat, though two sockets may show it', async () => {
    await start(transport);
    const { ticket, room } = await post();
    const twins = [
      await knock(offering(VERSION, `ticket.${ticket}`)),
      await knock({ Authorization: `Ticket ${ticket}` }),
    ];
    expect(twins.map(({ status }) => status)).toEqual([101, 101]);
    expect(await hello(twins[0].socket, '', room)).toBe(WELCOME);
    expect(await hello(twins[1].socket, '', room)).toBe(4002);
    expect((await knock(offering(VERSION, `ticket.${ticket}`))).status).toBe(401);
  });

  run(
    '{S35} a token is good for the room that it was judged for, and a secret in HELLO wins',
    async () => {
      await start(transport);
      const token = `token.${encoded(SECRET)}`;
      const { room } = await post();
      const other = await knock(offering(VERSION, token, 'room.field'));
      expect(await hello(other.socket, '', room)).toBe(4001);
      const wrong = await knock(offering(VERSION, token, 'room.field'));
      expect(await hello(wrong.socket, 'eve')).toBe(4001);
      expect((await knock(offering(VERSION, token, 'room.attic'))).status).toBe(404);
    },
  );

  run('{S32} where a proof is wanted first, a handshake without one is refused', async () => {
    await start(transport, { authenticateBefore: 'upgrade' });
    expect((await knock({})).status).toBe(401);
    expect((await knock(offering(VERSION))).status).toBe(401);
    // What a proxy in front asks for is none of ours.
    expect((await knock({ Authorization: 'Basic YWRhOmFkYQ==' })).status).toBe(401);
    expect(refusals()).toMatchObject({ 'upgrade-nothing': 3 });
    expect(
      lines.filter((one) => one.includes('refused a socket: its handshake brought')),
    ).toHaveLength(3);
    const good = await knock({ Authorization: `Bearer ${SECRET}` });
    expect(await hello(good.socket)).toBe(WELCOME);
  });

  run(
    '{S35} a client proves itself first when it is told to, and again when it resumes',
    async () => {
      await start(transport, { authenticateBefore: 'upgrade' });
      let asked = 0;
      const token = () => {
        asked++;
        return SECRET;
      };
      const options = { url: server.url, room: 'field', token, WebSocket, sample } as const;
      await expect(connect(game, options)).rejects.toMatchObject({ reason: 'unreachable' });
      const player = await connect(game, { ...options, authenticateBefore: 'upgrade' });
      expect([player.status.state, asked]).toEqual(['live', 1]);
      const live = new Promise<void>((resolve) => {
        let broke = false;
        player.onStatus(({ state }) => {
          if (state === 'resuming') broke = true;
          if (broke && state === 'live') resolve();
        });
      });
      // The line breaks: no close frame, as when a network is gone.
      for (const connection of server.edge.connections) connection.close(1011, 'cut');
      await live;
      expect(asked).toBe(2);
      player.leave();
    },
  );

  run('{S36, S45, T45} no secret is in a log, and one in a URL is refused with 400', async () => {
    await start(transport);
    const { ticket } = await post();
    for (const query of ['token', 'ticket', 'access_token', 'id_token', 'jwt', 'resume', 'TOKEN']) {
      expect((await knock({}, `/?room=field&${query}=${SECRET}`)).status).toBe(400);
      const url = `${server.url}/rooms/field?${query}=${SECRET}`;
      expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(400);
    }
    expect((await knock({}, `/${SECRET}?x=${SECRET}`)).status).toBe(101);
    for (const headers of [
      offering(VERSION, `token.${encoded(SECRET)}`),
      offering(VERSION, `token.${encoded(`${SECRET}-no`)}`),
      offering(VERSION, `token.${encoded(SECRET)}`, `ticket.${ticket}`),
      offering(VERSION, `ticket.${ticket}`),
      { Authorization: `Bearer ${SECRET}` },
      { Authorization: `Bearer ${SECRET}-no` },
    ])
      await hello((await knock(headers)).socket, '').catch(() => undefined);
    await hello((await knock({})).socket, `${SECRET}-no`);
    await server.close();
    const log = lines.join('');
    expect(refusals()).toMatchObject({ 'token-in-url': 14 });
    expect(log).toContain('authenticate refused a token');
    for (const secret of [SECRET, encoded(SECRET), ticket, ticket.slice(-43)])
      expect(log).not.toContain(secret);
  });
});

const sample = () => ({ dx: 0, dy: 0 }) as never;
