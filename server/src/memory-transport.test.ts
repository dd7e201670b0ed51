import { describe, expect, test } from 'vitest';
import { createMemoryTransport, type MemoryTransport } from './memory-transport.ts';
import type { Socket, SocketHandler, TransportHandler } from './transport.ts';

interface Bench {
  transport: MemoryTransport;
  sockets: Socket[];
  log: string[];
  faults: string[];
}

async function start(changes: Partial<TransportHandler & SocketHandler> = {}): Promise<Bench> {
  const sockets: Socket[] = [];
  const log: string[] = [];
  const faults: string[] = [];
  const watch = { fault: (_: unknown, where: string) => faults.push(where), refused: () => {} };
  const transport = createMemoryTransport({ maxFrameBytes: 8, maxBackpressureBytes: 16 }, watch);
  await transport.listen(
    { port: 0, host: '' },
    {
      http: async (request) => ({ status: 200, body: await request.body(4) }),
      upgrade: ({ path, remoteAddress }) => ({ accept: true, context: path + remoteAddress }),
      open: (socket) => {
        sockets.push(socket);
        return {
          message: changes.message ?? ((bytes) => log.push(`message ${bytes.join()}`)),
          text: () => log.push('text'),
          ping: () => log.push('ping'),
          closed: (code, reason) => log.push(`close ${code} ${reason}`),
        };
      },
      ...changes,
    },
  );
  return { transport, sockets, log, faults };
}

describe('memory transport', () => {
  test('nothing moves before the pump, and everything in order then', async () => {
    const { transport, sockets, log } = await start();
    const peer = transport.connect({ path: '/room', remoteAddress: '::1' });
    const got: string[] = [];
    peer.onMessage = (bytes) => got.push(bytes.join());
    peer.onClose = (code, reason) => got.push(`${code} ${reason}`);
    const frame = Uint8Array.of(1);
    peer.send(frame);
    peer.text();
    peer.ping();
    sockets[0].send(frame);
    frame.fill(9);
    sockets[0].close(4003, 'kicked');
    expect([log, got]).toEqual([['close 4003 kicked'], []]);
    transport.pump();
    expect([log, got]).toEqual([['close 4003 kicked'], ['1', '4003 kicked']]);
    expect(sockets[0].context).toBe('/room0:0:0:0:0:0:0:1');
  });

  test('messages, text, pings and the close of a peer arrive in the order sent', async () => {
    const { transport, log } = await start();
    const peer = transport.connect();
    peer.send(Uint8Array.of(1, 2));
    peer.ping();
    peer.text();
    peer.close(1000, 'bye');
    peer.send(Uint8Array.of(3));
    expect(transport.pump()).toBe(4);
    expect(log).toEqual(['message 1,2', 'ping', 'text', 'close 1000 bye']);
  });

  test('bytes that a handler keeps are dead afterwards', async () => {
    let kept: Uint8Array = new Uint8Array();
    const { transport } = await start({
      message: (bytes) => {
        kept = bytes;
      },
    });
    transport.connect().send(Uint8Array.of(1, 2));
    transport.pump();
    expect([...kept]).toEqual([0xdd, 0xdd]);
  });

  test('a long frame, a lost network and a full buffer end a socket as over TCP', async () => {
    const { transport, sockets, log } = await start();
    const codes: number[] = [];
    const peers = [0, 1, 2].map((index) => {
      const peer = transport.connect();
      peer.onClose = (code) => {
        codes[index] = code;
      };
      return peer;
    });
    peers[0].send(new Uint8Array(9));
    peers[1].cut();
    for (let index = 0; index < 4; index++) sockets[2].send(new Uint8Array(8));
    transport.pump();
    expect(codes).toEqual([1006, 1006, 4010]);
    expect(log).toEqual(['close 4010 too much unsent', 'close 1006 ', 'close 1006 ']);
  });

  test('a refusal is an HttpError, and so is a server that listens no more', async () => {
    const refusal = { accept: false, status: 403, reason: 'no' } as const;
    const { transport } = await start({ upgrade: () => refusal });
    expect(() => transport.connect()).toThrow(expect.objectContaining({ status: 403 }));
    transport.stopListening();
    expect(() => transport.connect()).toThrow(expect.objectContaining({ status: 503 }));
  });

  test('a throw in message closes that socket with 1011', async () => {
    const { transport, log, faults } = await start({
      message: () => {
        throw new Error('broken');
      },
    });
    const peer = transport.connect();
    const codes: number[] = [];
    peer.onClose = (code) => codes.push(code);
    peer.send(Uint8Array.of(1));
    transport.pump();
    expect([codes, log, faults]).toEqual([[1011], ['close 1011 server error'], ['message']]);
  });

  test('requests are answered, with the limits of bodies', async () => {
    const { transport } = await start();
    const answer = await transport.request({ method: 'POST', body: 'four' });
    expect([answer.status, Buffer.from(answer.body ?? '').toString()]).toEqual([200, 'four']);
    expect((await transport.request({ method: 'POST', body: 'fifth' })).status).toBe(413);
  });

  test('close tells every handler', async () => {
    const { transport, log } = await start();
    transport.connect();
    transport.connect();
    await transport.close();
    expect(log).toEqual(['close 1006 ', 'close 1006 ']);
  });
});
