// Bytes that no client sends, on a seat of a whole server, over real sockets of both transports:
// each ends its own connection, and who plays beside it is told every tick. The ticks are run by
// hand, so that a tick that was missed can be counted. Trap: every wait is for an event.

import {
  FrameType,
  MsgpackReader,
  MsgpackWriter,
  neutralInput,
  PackedSink,
  PROTOCOL_VERSION,
  writeAck,
  writeHello,
  writeInputHeader,
  writeInputs,
} from '@tickwire/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GameRoom, type Server, serve } from '../src/index.ts';
import { arcade, game } from './arcade.ts';
import { BINARY, CLOSE, closeBody, frame, PING, RawSocket } from './raw-socket.ts';
import { TRANSPORTS } from './test-server.ts';

const TICK_MS = 1000 / game.tickRate;
/** More sockets of one address than the cases open; how many there may be is another case. */
const PLENTY = 1000;

/** What comes as a whole message, in hex. */
const MESSAGES: [what: string, hex: string][] = [
  ['{T28} an array of 2^32-1', 'ddffffffff'],
  ['{T28} a map of 2^32-1', 'dfffffffff'],
  ['{T28} a text of 2^32-1 bytes', 'dbffffffff61'],
  ['{T28} bytes of 2^32-1', 'c6ffffffff00'],
  ['{T28} a frame of 2^16-1 elements', `dcffff06${'00'.repeat(100)}`],
  ['{T28} a COMMAND whose text is longer than its frame', '9406010091dbffffffff61'],
  ['{T29} arrays that each claim 2^16-1', 'dcffff'.repeat(1300)],
  ['{T29} a COMMAND of arrays that each claim 4096', `94060100${'dd00001000'.repeat(800)}`],
  ['{T30} arrays 4,096 deep', '91'.repeat(4096)],
  ['{T30} a COMMAND of arrays 4,000 deep', `94060100${'91'.repeat(4000)}00`],
  ['{T30} maps in maps', `94060100${'de1000'.repeat(1300)}`],
  ['{T31} a record definition', '94060100d4724091a161'],
  ['{T32} a regular expression', '9406010091c7047892a16100'],
  ['{T32} an error', '9406010091d46500'],
  ['{T32} a set', '9406010091d47300'],
  ['{T32} a typed array', '9406010091c7027400ff'],
  ['{T32} a big integer', `9406010091c8040042${'ff'.repeat(1024)}`],
  ['{T33} a cycle', '9406010091d6690000000191d67000000001'],
  ['{T34} bundled strings', 'd662ffffffff94060100'],
  ['{T35} an object where places are', `9406010081a9${hex('__proto__')}81a178c3`],
  ['{T36} a command of number 2^64-1', '9406cfffffffffffffffff0091a161'],
  ['{T36} a count of ticks of -2^63', '9204d38000000000000000'],
  ['{T37} a count of ticks that is NaN', '9204cb7ff8000000000000'],
  ['{T37} a count of ticks without end', '9204cb7ff0000000000000'],
  ['{T37} half a tick', '9204cb3fe0000000000000'],
  ['{T39} an ACK and a byte more', '92040000'],
  ['{T39} two frames in one message', '92040092040'.concat('0')],
  ['{T40} nothing', ''],
  ['{T40} the byte that MessagePack never uses', 'c1'],
  ['{T40} a number and no frame', '41'],
  ['{T40} a frame of a type that is none', '917f'],
];

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

const written = (write: (out: MsgpackWriter) => void): Uint8Array => {
  const out = new MsgpackWriter(64);
  write(out);
  return out.bytes().slice();
};

const hello = (credential: 0 | 2 = 0, secret = '') =>
  written((out) =>
    writeHello(out, {
      version: PROTOCOL_VERSION,
      hash: game.hash,
      room: 'field',
      credential,
      secret,
      spectate: false,
    }),
  );

/** One STATE more was applied. */
const ACK = written((out) => writeAck(out, 1));

/** One tick more than was said, standing still. */
const input = written((out) => {
  const still = neutralInput(game.input);
  const sink = new PackedSink(out, game.priors);
  writeInputHeader(out, { dState: 0, dShown: 0, dFirst: 0 });
  writeInputs(sink, game.input, still.slice(), [still]);
  sink.finish();
});

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing ? ` (skipped: ${missing})` : '';
  describe.skipIf(missing !== undefined)(`over ${name}${skipped}`, () => {
    let server: Server;
    let nowMs = 1000;
    let bystander: RawSocket;

    beforeAll(async () => {
      server = await serve({
        rooms: { field: arcade({ seats: PLENTY }) },
        transport: name as 'uws' | 'ws',
        port: 0,
        host: '127.0.0.1',
        ticking: false,
        signals: false,
        log: 'silent',
        now: () => nowMs,
        limits: { connectionsPerAddress: PLENTY, joinsPerMinute: 60 * PLENTY },
      });
      bystander = (await seated()).raw;
    });
    afterAll(() => server.close());

    const room = (): GameRoom => [...server.shard.rooms.values()][0];

    async function seated(bytes = hello()): Promise<{ raw: RawSocket; seat: number; key: string }> {
      const raw = await RawSocket.open(server.port);
      raw.write(frame(BINARY, bytes));
      const welcome = await raw.frame();
      expect(welcome?.payload[1]).toBe(FrameType.Welcome);
      const from = new MsgpackReader();
      from.reset(welcome!.payload);
      from.arrayHeader(8);
      from.int();
      const seat = from.int();
      from.int();
      return { raw, seat, key: from.str(128) };
    }

    /** Ten ticks: who plays beside it is told of each. */
    async function expectEveryTick(): Promise<void> {
      for (let tick = 0; tick < 10; tick++) {
        nowMs += TICK_MS;
        room().run(nowMs);
        let told = await bystander.frame();
        while (told && told.payload[1] !== FrameType.State) told = await bystander.frame();
        expect(told).toBeDefined();
        bystander.write(frame(BINARY, ACK));
      }
      expect(room().seat(1)).toMatchObject({ connected: true, skips: 0 });
    }

    test.each(MESSAGES)('%s ends its connection with 4000', async (_, bytes) => {
      const { raw, seat } = await seated();
      raw.write(frame(BINARY, Buffer.from(bytes, 'hex')));
      expect((await raw.closeFrame())?.code).toBe(4000);
      expect(room().seat(seat)?.connected).toBe(false);
      await expectEveryTick();
    });

    test('{T7} an unmasked frame ends its connection', async () => {
      const { raw } = await seated();
      raw.write(frame(BINARY, Buffer.from('9204009204009204009204', 'hex'), { masked: false }));
      raw.write(Buffer.alloc(64, 0xc1));
      // uWebSockets.js takes four bytes of it for a mask: what comes out is no frame of ours.
      expect((await raw.closeFrame())?.code ?? 1006).toBe(name === 'ws' ? 1002 : 4000);
      await expectEveryTick();
    });

    test.each([
      ['ends', (raw: RawSocket) => void raw.tcp.end()],
      ['is reset', (raw: RawSocket) => void raw.tcp.resetAndDestroy()],
    ])('{T11} a line that %s inside a frame keeps its seat', async (_, end) => {
      const { raw, seat, key } = await seated();
      await new Promise((resolve) => raw.tcp.write(frame(BINARY, input).subarray(0, 7), resolve));
      end(raw);
      await until(() => room().seat(seat)?.connected === false);
      const back = await seated(hello(2, key));
      expect([back.seat, room().seat(seat)?.connected]).toEqual([seat, true]);
      await expectEveryTick();
      back.raw.write(frame(CLOSE, closeBody(1000)));
      await back.raw.closed;
    });

    test('{T5} a flood of pings ends its connection with 4008', async () => {
      const { raw } = await seated();
      raw.write(Buffer.concat(Array(5000).fill(frame(PING, 'again'))));
      expect(await raw.closeFrame()).toEqual({ code: 4008, reason: 'too many pings' });
      await expectEveryTick();
    });

    test('{T52} a flood of inputs ends its connection with 4008', async () => {
      const { raw } = await seated();
      raw.write(Buffer.concat(Array(10_000).fill(frame(BINARY, input))));
      expect(await raw.closeFrame()).toEqual({ code: 4008, reason: 'too many inputs' });
      await expectEveryTick();
    });
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}
