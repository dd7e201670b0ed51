// Nothing of a secret is left in the server's heap once it was used, while who used it plays on: a
// heap dump, a core file and a debugger find nobody's token. Both transports, each in a process of
// its own.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  FrameType,
  MsgpackReader,
  MsgpackWriter,
  PROTOCOL_VERSION,
  readFrame,
  readWelcome,
  writeHello,
  writeRenew,
} from '@tickwire/protocol';
import { afterAll, afterEach, expect, test } from 'vitest';
import { game } from './arcade.ts';
import { BINARY, frame, handshake, RawSocket } from './raw-socket.ts';
import { TRANSPORTS } from './test-server.ts';

const CHILD = fileURLToPath(new URL('./heap-server.ts', import.meta.url));
const TOKEN = 0;
const TICKET = 1;
const RESUME = 2;

let child: ChildProcess;
let port: number;
const folder = mkdtempSync(join(tmpdir(), 'tickwire-heap-'));
const sockets: RawSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await over;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const said = <T>() =>
  new Promise<T>((resolve, reject) => {
    child.once('message', (it) => resolve(it as T));
    child.once('exit', () => reject(new Error('the server ended')));
  });

async function snapshot(): Promise<Buffer> {
  const path = join(folder, 'heap.heapsnapshot');
  const written = said();
  child.send(path);
  await written;
  return readFileSync(path);
}

async function open(headers: Record<string, string> = {}): Promise<RawSocket> {
  const socket = await RawSocket.connect(port);
  sockets.push(socket);
  socket.write(handshake('/', headers));
  expect((await socket.head()).status).toBe(101);
  return socket;
}

function say(socket: RawSocket, write: (out: MsgpackWriter) => void): void {
  const out = new MsgpackWriter(64);
  write(out);
  socket.write(frame(BINARY, out.bytes()));
}

/** Takes a seat; answers the resume key. */
async function seat(
  socket: RawSocket,
  credential: 0 | 1 | 2 = TOKEN,
  secret = '',
): Promise<string> {
  const hello = { version: PROTOCOL_VERSION, hash: game.hash, room: 'field', spectate: false };
  say(socket, (out) => writeHello(out, { ...hello, credential, secret }));
  const from = new MsgpackReader();
  from.reset((await socket.frame())!.payload);
  expect(readFrame(from, { elements: 0 })).toBe(FrameType.Welcome);
  return readWelcome(from).resumeKey;
}

/** Resolves with the next frame of the type. */
async function heard(socket: RawSocket, type: FrameType): Promise<void> {
  for (let next = await socket.frame(); next; next = await socket.frame())
    if (next.payload[1] === type) return;
}

async function post(token: string): Promise<string> {
  const url = `http://127.0.0.1:${port}/rooms/field`;
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ token }) });
  return ((await answer.json()) as { ticket: string }).ticket;
}

const secret = (what: string) => `${what}-${Math.random().toString(36).slice(2)}-nobody-may-read`;

test.each(TRANSPORTS.filter(({ missing }) => missing === undefined))(
  '{S33, T48} no token, ticket or key is in the heap after its use, over $name',
  async ({ name }) => {
    const execArgv = ['--conditions=source', '--import', 'tsx'];
    child = fork(CHILD, [name], { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    port = await said<number>();
    const secrets: Record<string, string> = {
      hello: secret('hello'),
      post: secret('post'),
      bearer: secret('bearer'),
      offered: secret('offered'),
      renewed: secret('renewed'),
      refused: secret('refused'),
    };
    await seat(await open(), TOKEN, secrets.hello);
    const ticket = await post(secrets.post);
    await seat(await open(), TICKET, ticket);
    const bearer = await open({ Authorization: `Bearer ${secrets.bearer}` });
    await seat(bearer);
    const encoded = Buffer.from(secrets.offered).toString('base64url');
    const offered = await open({ 'Sec-WebSocket-Protocol': `tickwire.v1, token.${encoded}` });
    await seat(offered);
    const key = await seat(await open(), TOKEN, 'any');
    const resumed = await seat(await open(), RESUME, key);
    say(bearer, (out) => writeRenew(out, secrets.renewed));
    await heard(bearer, FrameType.Expiry);
    await heard(bearer, FrameType.Expiry);
    const late = await open({ 'Sec-WebSocket-Protocol': 'tickwire.v1' });
    const hello = { version: 99, hash: '', room: 'field', spectate: false, credential: 0 } as const;
    say(late, (out) => writeHello(out, { ...hello, secret: secrets.refused }));
    await late.closeFrame();
    const heap = await snapshot();
    // What the game itself keeps is found: this is the heap, and this is how to look.
    expect(heap.includes(`kept-of-${secrets.hello.length}`)).toBe(true);
    const all = { ...secrets, ticket, mac: ticket.split('.')[1], encoded, key, resumed };
    const found = Object.entries(all).filter(([, one]) => heap.includes(one));
    expect(found.map(([what]) => what)).toEqual([]);
  },
);
