// What a peer may do wrong on the wire, and that it costs its own connection and nobody else's. Raw
// frames through the memory transport, written with protocol's own writer.

import {
  Context,
  FrameType,
  MsgpackWriter,
  neutralInput,
  PackedSink,
  PlainSink,
  type Sink,
  writeAck,
  writeHello,
  writeInputHeader,
  writeInputs,
  writePing,
} from '@tickwire/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MemoryPeer } from '../src/index.ts';
import { arcade, game } from './arcade.ts';
import { type Player, Stepper } from './stepper.ts';

let stepper: Stepper;
let bystander: Player<typeof game>;
/** The tick before the first that the bystander was told. */
let firstTick: number;

const states = (): number =>
  bystander.frames.filter((bytes) => bytes[1] === FrameType.State).length;

beforeEach(async () => {
  const rooms = { field: arcade({ seats: 400 }), plain: arcade({ wire: 'plain' }) };
  stepper = await Stepper.start({ rooms });
  bystander = await stepper.join(game, { room: 'field', record: true });
  firstTick = stepper.room('field').doneTick - states();
});
afterEach(async () => {
  const before = bystander.client.newest().tick;
  await stepper.advance(500);
  // Not one tick was missed.
  expect(states()).toBe(stepper.room('field').doneTick - firstTick);
  expect(bystander.closes).toEqual([]);
  expect(bystander.client.newest().tick).toBeGreaterThan(before + 10);
  await stepper.close();
});

/** A peer that says what it is told to. */
class Raw {
  readonly types: number[] = [];
  closed: [code: number, reason: string] | undefined;
  readonly peer: MemoryPeer;

  constructor() {
    this.peer = stepper.transport.connect();
    this.peer.onMessage = (bytes) => void this.types.push(bytes[1]);
    this.peer.onClose = (code, reason) => {
      this.closed = [code, reason];
    };
  }

  async say(write: (out: MsgpackWriter) => void): Promise<void> {
    const out = new MsgpackWriter(64);
    write(out);
    this.peer.send(out.bytes());
    await stepper.advance(1);
  }

  input(wire: string, dFirst: number, write: (sink: Sink) => void): Promise<void> {
    return this.say((out) => out.raw(inputFrame(wire, dFirst, write)));
  }

  hello(changes: object = {}): Promise<void> {
    const { room } = bystander.client;
    const hello = { version: 1, hash: game.hash, room, credential: 0, secret: '', spectate: false };
    return this.say((out) => writeHello(out, { ...hello, ...changes } as never));
  }
}

/** An INPUT whose body is spelled as the room says. */
function inputFrame(wire: string, dFirst: number, write: (sink: Sink) => void): Uint8Array {
  const out = new MsgpackWriter(64);
  const sink = wire === 'packed' ? new PackedSink(out, game.priors) : new PlainSink(out);
  writeInputHeader(out, { dState: 0, dShown: -500, dFirst });
  write(sink);
  sink.finish();
  return out.bytes().slice();
}

async function seated(changes: object = {}): Promise<Raw> {
  const raw = new Raw();
  await raw.hello(changes);
  expect(raw.types[0]).toBe(FrameType.Welcome);
  await stepper.advance(100);
  return raw;
}

const refusals = () => Object.fromEntries(stepper.server.edge.refusals);

/** Warnings but for the sums of what was refused, which are what happens here. */
const faultsLogged = () =>
  stepper.log.filter(({ level, windowMs }) => level >= 40 && windowMs === undefined);

describe('before a seat', () => {
  test.each<[what: string, write: (out: MsgpackWriter) => void, code: number]>([
    ['an input', (out) => writeInputHeader(out, { dState: 0, dShown: 0, dFirst: 0 }), 4000],
    ['a ping', (out) => writePing(out, 1, 0), 4000],
    ['{T40} nothing that is MessagePack', (out) => out.raw(Uint8Array.of(0xc1)), 4000],
    ['{T40} an empty message', () => {}, 4000],
    ['{T40} a single byte', (out) => out.raw(Uint8Array.of(0x41)), 4000],
    [
      '{T28} an array of 2^32 elements',
      (out) => out.raw(Uint8Array.of(0xdd, 255, 255, 255, 255)),
      4000,
    ],
    ['{T31} an ext type', (out) => out.raw(Uint8Array.of(0x92, 0, 0xd4, 0x72, 0)), 4000],
  ])('{S32} [F6] %s ends the connection', async (_, write, code) => {
    const raw = new Raw();
    await raw.say(write);
    expect(raw.closed?.[0]).toBe(code);
    expect(raw.types).toEqual([]);
  });

  test('[J1] another protocol version is told apart', async () => {
    const raw = new Raw();
    await raw.hello({ version: 2 });
    expect(raw.closed?.[0]).toBe(4011);
    expect(raw.closed?.[1]).toContain('update the older side');
  });

  test('{T14, S32, S43} [J1] a HELLO has a deadline, a seat has none', async () => {
    const silent = new Raw();
    const player = await seated();
    await stepper.advance(2800);
    expect(silent.closed).toBe(undefined);
    await stepper.advance(700);
    expect(silent.closed?.[0]).toBe(4001);
    expect(player.closed).toBe(undefined);
    expect(refusals()).toMatchObject({ 'handshake-timeout': 1 });
  });

  test.each(['__proto__', 'constructor', 'toString'])(
    '{T35} a room by the name of %s is no room',
    async (room) => {
      const raw = new Raw();
      await raw.hello({ room });
      expect(raw.closed?.[0]).toBe(4004);
    },
  );

  test('{S4, T9} [F1] a text message is refused', async () => {
    const raw = new Raw();
    raw.peer.text();
    await stepper.advance(1);
    expect(raw.closed?.[0]).toBe(1003);
    expect(refusals()).toMatchObject({ 'text-frame': 1 });
  });

  test('{T45, S36} a token in the URL is refused before the upgrade, and not logged', () => {
    const connect = () => stepper.transport.connect({ query: 'token=hunter2' });
    expect(connect).toThrow(expect.objectContaining({ status: 400 }));
    expect(JSON.stringify(stepper.log)).not.toContain('hunter2');
  });

  test('{S30} another origin is refused, and the log names the setting that allows it', () => {
    const headers = { origin: 'https://evil.example', host: 'game.example' };
    const connect = () => stepper.transport.connect({ headers });
    expect(connect).toThrow(expect.objectContaining({ status: 403 }));
    const line = stepper.log.find(({ msg }) => msg.includes('refused a socket'));
    expect(line?.msg).toContain('origins');
    expect(line?.msg).toContain('https://evil.example');
  });

  test('{T17} one address gets its share of connections', () => {
    for (let i = 1; i < 64; i++) new Raw();
    expect(() => new Raw()).toThrow(expect.objectContaining({ status: 429 }));
    stepper.transport.connect({ remoteAddress: '10.0.0.1' });
  });
});

describe('on a seat', () => {
  test('[F2, F5] a second HELLO and frames too short or too long are malformed', async () => {
    for (const write of [
      (out: MsgpackWriter) => out.raw(Uint8Array.of(0x93, 11, 0xcd, 3, 232, 0xa0)),
      (out: MsgpackWriter) => out.raw(Uint8Array.of(0x92, 4)),
      (out: MsgpackWriter) => out.raw(Uint8Array.of(0x92, 4, 0, 0)),
    ]) {
      const raw = await seated();
      await raw.say(write);
      expect(raw.closed?.[0]).toBe(4000);
    }
    const raw = await seated();
    await raw.hello();
    expect(raw.closed?.[0]).toBe(4000);
  });

  test('[F9] an ACK of a STATE that was never sent is malformed', async () => {
    const raw = await seated();
    await raw.say((out) => writeAck(out, 4000));
    expect(raw.closed?.[0]).toBe(4000);
    expect(refusals()).toMatchObject({ 'bad-state': 1 });
  });

  test('[I4] an input of a spectator is malformed', async () => {
    const raw = await seated({ spectate: true });
    await raw.say((out) => {
      writeInputHeader(out, { dState: 0, dShown: 0, dFirst: 0 });
      out.raw(Uint8Array.of(0x91, 1));
    });
    expect(raw.closed?.[0]).toBe(4000);
  });

  describe.each([
    ['packed', 'field', 2],
    ['plain', 'plain', 1],
  ] as const)('of a %s room', (wire, room, id) => {
    const plan = game.input;
    const dx = plan.byName.get('dx')!;

    test('{T54} an input outside its declaration is refused, and the seat waits', async () => {
      const raw = await seated({ room });
      await raw.input(wire, 0, (sink) => {
        sink.open();
        sink.count(Context.Run, 1);
        sink.offer(Context.Moved, 0, true);
        sink.open();
        for (const f of plan.fields) {
          sink.offer(f.contexts.flags, f.index, f === dx);
          // 3, of 0..2: two bits hold it.
          if (f === dx) sink.change(f.contexts.change, 3, 1, 3);
        }
        sink.close();
        sink.close();
      });
      expect(raw.closed?.[0]).toBe(4000);
      expect(refusals()).toMatchObject({ 'bad-value': 1 });
      expect(stepper.room(room).seat(id)?.connected).toBe(false);
    });

    test('{T53} [I3] inputs for times that are over, or far ahead, are dropped', async () => {
      const raw = await seated({ room });
      const right = neutralInput(plan);
      right[dx.column] = 2;
      for (const dFirst of [0, 0, 10_000, 1e9])
        await raw.input(wire, dFirst, (sink) =>
          writeInputs(sink, plan, neutralInput(plan), [right]),
        );
      await stepper.advance(200);
      expect(raw.closed).toBe(undefined);
      const { inputs } = stepper.room(room).seat(id)!;
      expect([inputs.late > 0, inputs.early]).toEqual([true, 2]);
    });

    test('{T42} an input beyond the last tick of all is refused, or sums would grow', async () => {
      const raw = await seated({ room });
      const still = neutralInput(plan);
      const most = 2 ** 32 - 1;
      for (let i = 0; i < 3; i++)
        await raw.input(wire, most, (sink) => writeInputs(sink, plan, still.slice(), [still]));
      expect(raw.closed?.[0]).toBe(4000);
      expect(refusals()).toMatchObject({ 'bad-state': 1 });
      // CONTINUITY, which a resume is told, has no place for a later one.
      expect(stepper.room(room).seat(id)!.inputTick).toBeLessThanOrEqual(most);
    });

    test('of 33 ms of input a second of it may come at once', async () => {
      const raw = await seated({ room });
      const still = neutralInput(plan);
      const frame = inputFrame(wire, 0, (sink) => writeInputs(sink, plan, still.slice(), [still]));
      for (let i = 0; i < 60; i++) raw.peer.send(frame);
      await stepper.advance(1);
      expect(raw.closed).toBe(undefined);
    });

    test('an input in the other spelling is malformed', async () => {
      const raw = await seated({ room });
      const still = neutralInput(plan);
      const other = wire === 'packed' ? 'plain' : 'packed';
      await raw.input(other, 0, (sink) => writeInputs(sink, plan, still.slice(), [still]));
      expect(raw.closed?.[0]).toBe(4000);
    });

    test('{T42} [F4, F10] an input cut or changed anywhere harms nobody else', async () => {
      const before = neutralInput(plan);
      const frame = inputFrame(wire, 0, (sink) =>
        writeInputs(sink, plan, before, [before.slice().fill(0), before.slice()]),
      );
      const attempts = [...frame.keys()].map((end) => frame.slice(0, end));
      for (const at of frame.keys())
        for (const flip of [1, 0x10, 0x80, 0xff])
          attempts.push(frame.map((byte, i) => (i === at ? byte ^ flip : byte)));
      for (const bytes of attempts) {
        const raw = await seated({ room });
        raw.peer.send(bytes);
        await stepper.advance(1);
        raw.peer.close(1000, '');
        await stepper.advance(1);
      }
      expect(faultsLogged()).toEqual([]);
    });
  });

  test.each<[what: string, count: number, write: (out: MsgpackWriter) => void]>([
    ['pings', 41, (out) => writePing(out, 1, 0)],
    ['acks', 400, (out) => writeAck(out, 0)],
    ['commands', 21, (out) => out.raw(Uint8Array.of(0x94, 6, 1, 1, 0x91, 1))],
    ['resyncs', 21, (out) => out.raw(Uint8Array.of(0x91, 12))],
  ])('{S41} a flood of %s is cut with 4008', async (what, count, write) => {
    const raw = await seated();
    const out = new MsgpackWriter(64);
    write(out);
    for (let i = 0; i < count; i++) raw.peer.send(out.bytes());
    await stepper.advance(1);
    expect(raw.closed).toEqual([4008, `too many ${what}`]);
  });

  test('{S43, T19} a silent line is cut after its time, a talking one not', async () => {
    const raw = await seated();
    const talker = await seated();
    for (let second = 0; second < 62; second++) {
      await talker.say((out) => writeAck(out, 0));
      await stepper.advance(1000);
    }
    expect(raw.closed?.[0]).toBe(1006);
    expect(talker.closed).toBe(undefined);
    expect(refusals()).toMatchObject({ 'idle-timeout': 1 });
  });

  test('{T42} [F10] whatever bytes come, only their own connection ends', async () => {
    let state = 12345;
    const next = () => (state = (state * 1103515245 + 12345) & 0x7fffffff) >>> 8;
    for (let i = 0; i < 150; i++) {
      const raw = await seated();
      const bytes = Uint8Array.from({ length: 1 + (next() % 24) }, () => next() & 255);
      bytes[0] = 0x91 + (next() % 6);
      if (next() % 4) bytes[1] = next() % 14;
      raw.peer.send(bytes);
      await stepper.advance(1);
      raw.peer.close(1000, '');
      await stepper.advance(1);
    }
    expect(faultsLogged()).toEqual([]);
  });
});
