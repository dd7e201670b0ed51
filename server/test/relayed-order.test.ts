// Frames through a relay that splits, joins and delays the bytes of each direction, over both
// transports: none is lost, doubled or out of order. That is all a proxy can do to a stream, for
// TCP hands bytes over in order or not at all.

import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { Random } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { BINARY, frame, RawSocket } from './raw-socket.ts';
import { closeServers, TestServer, TRANSPORTS } from './test-server.ts';

const closings: (() => void)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) close();
  await closeServers();
});

/** Pieces of one to seven bytes, each a write of its own. */
function splitting(seed: number): Transform {
  const random = new Random(seed);
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      for (let at = 0, size = 0; at < bytes.length; at += size) {
        size = 1 + Math.floor(random.next() * 7);
        this.push(bytes.subarray(at, at + size));
      }
      done();
    },
  });
}

/** What came is held for some milliseconds and leaves in one write. */
function joining(seed: number): Transform {
  const random = new Random(seed);
  let held: Buffer[] = [];
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      held.push(bytes);
      const leave = () => {
        this.push(Buffer.concat(held));
        held = [];
      };
      if (held.length === 1) setTimeout(leave, random.next() * 8);
      done();
    },
  });
}

type Change = (seed: number) => Transform;

async function relay(port: number, up: Change, down: Change): Promise<number> {
  const join = (client: Socket) => {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', () => {});
    client.pipe(up(1)).pipe(server);
    server.pipe(down(2)).pipe(client);
    closings.push(() => {
      client.destroy();
      server.destroy();
    });
  };
  const relaying = createServer(join);
  closings.push(() => relaying.close());
  await new Promise<void>((resolve) => relaying.listen(0, '127.0.0.1', resolve));
  return (relaying.address() as { port: number }).port;
}

const COUNT = 500;

/** Frames of all lengths up to some hundred bytes that begin with their number. */
function numbered(index: number): Buffer {
  const bytes = Buffer.alloc(2 + ((index * 37) % 300), index & 255);
  bytes.writeUInt16BE(index);
  return bytes;
}

for (const { name, make, missing } of TRANSPORTS) {
  const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(`{S50, T12} relayed to ${name}${skipped}`, () => {
    test.each<[string, Change, Change]>([
      ['splits what goes up and joins what comes down', splitting, joining],
      ['joins what goes up and splits what comes down', joining, splitting],
    ])('frames keep whole and in order where a relay %s', async (_, up, down) => {
      const taken: Buffer[] = [];
      let tellWhole: () => void = () => {};
      const whole = new Promise<void>((resolve) => {
        tellWhole = resolve;
      });
      const message = (_socket: unknown, bytes: Uint8Array) => {
        taken.push(Buffer.from(bytes));
        if (taken.length === COUNT) tellWhole();
      };
      const server = await TestServer.start(make, { message });
      const raw = await RawSocket.open(await relay(server.port, up, down));
      const sent = Array.from({ length: COUNT }, (_, index) => numbered(index));
      const received: Buffer[] = [];
      for (const bytes of sent) {
        raw.write(frame(BINARY, bytes));
        server.sockets[0].send(bytes);
        if (bytes[1] % 16 === 0) await new Promise(setImmediate);
      }
      while (received.length < COUNT) received.push((await raw.frame())!.payload);
      await whole;
      expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
      expect(Buffer.concat(taken).equals(Buffer.concat(sent))).toBe(true);
      expect([received.length, taken.length]).toEqual([COUNT, COUNT]);
    });
  });
}
