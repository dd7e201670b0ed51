import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { clientFrame, SeatSocket } from './generator-socket.ts';

const HEAD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';

let server: Server;
let seat: SeatSocket;
afterEach(() => {
  seat.close();
  server.close();
});

/** A frame of a server, which does not mask. */
function serverFrame(payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = length < 126 ? [0x82, length] : [0x82, 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), payload]);
}

/** A server that answers the handshake and then says `slices`, each in a packet of its own. */
async function heardOf(slices: readonly Buffer[], messages: number): Promise<[number, number][]> {
  const heard: [first: number, length: number][] = [];
  const say = async (socket: Socket) => {
    for (const slice of slices) {
      await new Promise<unknown>((resolve) => socket.write(slice, resolve));
      await new Promise(setImmediate);
    }
  };
  server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.once('data', () => void say(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => {
    seat = new SeatSocket(port, (bytes, from, length) => {
      heard.push([bytes[from], length]);
      if (heard.length === messages) resolve();
    });
  });
  return heard;
}

const PAYLOADS = [3, 125, 126, 2000, 1].map((length, i) => new Uint8Array(length).fill(10 + i));
const BYTES = Buffer.concat([Buffer.from(HEAD), ...PAYLOADS.map(serverFrame)]);
const WANTED = PAYLOADS.map((payload) => [payload[0], payload.length]);

test.each([1, 7, 130, 5000])('messages are told apart in packets of %i bytes', async (size) => {
  const slices: Buffer[] = [];
  for (let at = 0; at < BYTES.length; at += size) slices.push(BYTES.subarray(at, at + size));
  expect(await heardOf(slices, PAYLOADS.length)).toEqual(WANTED);
  expect(seat.bytes).toBe(BYTES.length - HEAD.length);
});

test('a frame of a client is masked with nothing', () => {
  expect([...clientFrame(Uint8Array.of(7, 8))]).toEqual([0x82, 0x82, 0, 0, 0, 0, 7, 8]);
  expect([...clientFrame(new Uint8Array(300)).subarray(0, 4)]).toEqual([0x82, 0xfe, 1, 44]);
});
