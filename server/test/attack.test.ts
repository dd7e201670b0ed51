// Attacks that once worked, on a whole server with virtual time: seats taken by nobody, floods that
// had no bucket, events that told of what a seat may not see. Raw frames through the memory
// transport; each case ends with its own proof and needs no bystander.

import {
  FrameType,
  MsgpackReader,
  MsgpackWriter,
  PROTOCOL_VERSION,
  SHOWN_UNITS,
  writeAck,
  writeHello,
  writeInputHeader,
  writePong,
} from '@tickwire/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DirectoryError, MemoryDirectory, type MemoryPeer, type RoomKind } from '../src/index.ts';
import { arcade, game } from './arcade.ts';
import { Stepper, type StepperOptions } from './stepper.ts';

let stepper: Stepper;
afterEach(() => {
  vi.restoreAllMocks();
  return stepper.close();
});

async function start(
  rooms: Readonly<Record<string, RoomKind>>,
  more: Omit<StepperOptions, 'rooms'> = {},
): Promise<void> {
  stepper = await Stepper.start({ rooms, ...more });
}

/** A peer that says what it is told to. */
class Raw {
  readonly frames: Uint8Array[] = [];
  closed: [code: number, reason: string] | undefined;
  readonly peer: MemoryPeer;

  constructor() {
    this.peer = stepper.transport.connect();
    this.peer.onMessage = (bytes) => void this.frames.push(bytes.slice());
    this.peer.onClose = (code, reason) => {
      this.closed = [code, reason];
    };
  }

  say(write: (out: MsgpackWriter) => void): void {
    const out = new MsgpackWriter(64);
    write(out);
    this.peer.send(out.bytes());
  }

  hello(credential: 0 | 1 | 2 = 0, secret = '', room = 'field'): void {
    const { hash } = game;
    const hello = { version: PROTOCOL_VERSION, hash, room, credential, secret, spectate: false };
    this.say((out) => writeHello(out, hello));
  }

  get types(): number[] {
    return this.frames.map((bytes) => bytes[1]);
  }

  /** Resume key of the WELCOME. */
  get key(): string {
    const from = new MsgpackReader();
    from.reset(this.frames[0]);
    from.arrayHeader(8);
    for (let i = 0; i < 3; i++) from.int(0, 2 ** 32);
    return from.str(128);
  }
}

async function seated(): Promise<Raw> {
  const raw = new Raw();
  raw.hello();
  await stepper.advance(50);
  expect(raw.types[0]).toBe(FrameType.Welcome);
  return raw;
}

const post = (body: object, kind = 'field', remoteAddress = '127.0.0.1') =>
  stepper.transport.request({
    method: 'POST',
    path: `/rooms/${kind}`,
    body: JSON.stringify(body),
    remoteAddress,
  });

/** An `authenticate` that answers when it is told to. */
function gate(): { authenticate: () => Promise<undefined>; open: () => void } {
  let open = () => {};
  const opened = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined);
  });
  return { authenticate: () => opened, open: () => open() };
}

describe('seats that nobody sits on', () => {
  test('one address cannot take them all by joining and dropping its lines', async () => {
    await start({ field: arcade({ seats: 4 }) });
    const join = () => {
      const raw = new Raw();
      raw.hello();
      stepper.transport.pump();
      return raw;
    };
    let refused = 0;
    for (let i = 0; i < 1000; i++) {
      try {
        const raw = join();
        await new Promise((resolve) => setImmediate(resolve));
        raw.peer.cut();
        stepper.transport.pump();
      } catch (error) {
        expect(error).toMatchObject({ status: 429 });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(850);
    expect(stepper.server.shard.rooms.size).toBeLessThanOrEqual(32);
    stepper.transport.connect({ remoteAddress: '10.0.0.1' });
    await stepper.advance(1000);
    expect(join).not.toThrow();
  });

  test('one address cannot have them all promised by tickets', async () => {
    await start({ field: arcade({ seats: 4 }) });
    const statuses: number[] = [];
    for (let i = 0; i < 200; i++) statuses.push((await post({})).status);
    expect(statuses.filter((status) => status === 429).length).toBe(200 - 64);
    expect(stepper.server.shard.rooms.size).toBe(16);
    expect((await post({}, 'field', '10.0.0.1')).status).toBe(200);
    await stepper.advance(1000);
    expect((await post({})).status).toBe(200);
  });

  test('a line that went while `authenticate` ran takes none', async () => {
    const { authenticate, open } = gate();
    await start({ field: arcade({ authenticate }) });
    const gone = new Raw();
    gone.hello();
    await stepper.advance(10);
    gone.peer.cut();
    await stepper.advance(10);
    open();
    await stepper.advance(10);
    expect(stepper.server.shard.rooms.size).toBe(0);
    const raw = await seated();
    expect(raw.closed).toBe(undefined);
    expect(stepper.room('field').taken).toBe(1);
  });

  test('a thousand promised seats cost a join no more than one', async () => {
    await start({ field: arcade({ seats: 2 }) }, { limits: { rooms: 1000 } });
    for (let i = 0; i < 2000; i++) await post({}, 'field', `10.0.${i >> 8}.${i & 255}`);
    expect(stepper.server.shard.rooms.size).toBe(1000);
    let looks = 0;
    const entries = Map.prototype[Symbol.iterator];
    const spy = vi.spyOn(Map.prototype, Symbol.iterator);
    spy.mockImplementation(function* (this: Map<unknown, { identity?: object }>) {
      for (const entry of entries.call(this)) {
        if (entry[1]?.identity) looks++;
        yield entry;
      }
    } as never);
    for (let i = 0; i < 10; i++) await post({}, 'field', `10.1.0.${i}`);
    stepper.server.edge.sweep();
    spy.mockRestore();
    // Each room is asked how many seats are free, and each time at most one ticket is looked at.
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThan(10 * 1000 * 2);
  });
});

describe('floods', () => {
  test('{S41} of PONGs is cut with 4008', async () => {
    await start({ field: arcade() });
    const raw = await seated();
    for (let i = 0; i < 1000; i++) raw.say((out) => writePong(out, i & 127, 0, 0));
    await stepper.advance(1);
    expect(raw.closed).toEqual([4008, 'too many pongs']);
  });

  test('of PONGs is not what comes of a minute without a word', async () => {
    await start({ field: arcade() });
    const raw = await seated();
    for (let i = 0; i < 66; i++) raw.say((out) => writePong(out, i & 127, 0, 0));
    await stepper.advance(1);
    expect(raw.closed).toBe(undefined);
  });

  test('{S41} of RESYNCs gets everything a few times only', async () => {
    await start({ field: arcade() });
    const raw = await seated();
    let sent = 0;
    for (let tick = 0; tick < 90 && !raw.closed; tick++) {
      raw.peer.send(Uint8Array.of(0x91, FrameType.Resync));
      raw.say((out) => writeAck(out, 0));
      sent++;
      await stepper.advance(34);
    }
    expect(raw.closed).toEqual([4008, 'too many resyncs']);
    expect(sent).toBeLessThan(10);
  });

  test('of commands without an answer is counted by seat, not by connection', async () => {
    let open = 0;
    const wait = () => {
      open++;
      return new Promise(() => {});
    };
    await start({ field: arcade({ commands: { wait } as never }) });
    let raw = await seated();
    for (let round = 0; round < 5; round++) {
      for (let id = 0; id < 16; id++)
        raw.peer.send(Uint8Array.of(0x94, FrameType.Command, id, 1, 0x91, 1));
      await stepper.advance(50);
      const { key } = raw;
      raw.peer.cut();
      raw = new Raw();
      raw.hello(2, key);
      await stepper.advance(50);
      expect(raw.types[0]).toBe(FrameType.Welcome);
    }
    expect(open).toBe(16);
  });
});

describe('what is not for this line', () => {
  test('[E2] an answer that comes late is not told to the next connection', async () => {
    let answer: (text: string) => void = () => {};
    const wait = () =>
      new Promise<string>((resolve) => {
        answer = resolve;
      });
    await start({ field: arcade({ commands: { wait } as never }) });
    const before = await seated();
    before.peer.send(Uint8Array.of(0x94, FrameType.Command, 1, 1, 0x91, 1));
    await stepper.advance(50);
    const { key } = before;
    before.peer.cut();
    const after = new Raw();
    after.hello(2, key);
    await stepper.advance(50);
    answer('old');
    await stepper.advance(50);
    expect(after.types).not.toContain(FrameType.Reply);
  });

  test('{T57} [S9] an event near an entity that is gone is not told to the unseeing', async () => {
    await start({
      field: arcade({
        interest: { around: (seat) => seat.own('ship'), radius: 100 },
        tick(room) {
          if (room.tick % 10 !== 0) return;
          const coin = room.spawn('coin', { x: 3000, y: 3000 });
          room.despawn(coin);
          room.emit('ping', { n: 7, at: room.tick }, { near: coin });
        },
      }),
    });
    const raw = await seated();
    await stepper.advance(2000);
    expect(raw.types).not.toContain(FrameType.Event);
  });
});

describe('the past', () => {
  test('{T56} [C3] is not chosen anew for each shot: it never runs backwards', async () => {
    const reached: number[] = [];
    await start({
      field: arcade({
        tick(room) {
          const seat = room.seat(1);
          if (seat) room.rewind(seat, (world) => reached.push(world.tick));
        },
      }),
    });
    const raw = await seated();
    const room = stepper.room('field');
    // The first frame of a connection counts from WELCOME's tick, which is a few ticks ago.
    let said = room.seat(1)!.ackTick;
    let delay = 0;
    for (let shot = 0; shot < 40; shot++) {
      await stepper.advance(34);
      const tick = room.doneTick + 3;
      // Now the newest world, now one of eight ticks ago.
      const wanted = shot % 2 === 0 ? 4 * SHOWN_UNITS : 12 * SHOWN_UNITS;
      raw.say((out) => {
        writeInputHeader(out, { dState: 0, dShown: wanted - delay, dFirst: tick - said - 1 });
        out.raw(Uint8Array.of(0x91, 1));
      });
      delay = wanted;
      said = tick;
    }
    // Before the first INPUT came, the past was the present.
    const from = reached.slice(10);
    const back = from.slice(1).map((tick, i) => tick - from[i]);
    expect(back.length).toBeGreaterThan(25);
    expect(Math.min(...back)).toBeGreaterThanOrEqual(0);
  });
});

describe('what the game is asked', () => {
  test('a ticket for one room is asked for with its name', async () => {
    const asked: string[] = [];
    const authenticate = (_: string, { room }: { room: string }) => void asked.push(room);
    await start({ field: arcade({ authenticate }) });
    const made = await post({ create: true });
    const { room } = JSON.parse(String(made.body));
    await post({ room });
    await post({});
    expect(asked).toEqual(['field', room, 'field']);
  });

  test('a directory that fails to forget a room harms nothing', async () => {
    const directory = new MemoryDirectory({ now: () => 0 });
    directory.release = async () => {
      throw new DirectoryError('unreachable', 'the directory is away');
    };
    await start({ field: arcade() }, { serve: { directory } });
    await seated();
    stepper.room('field').end(1000, 'over');
    await stepper.advance(50);
    expect(stepper.log.some(({ msg }) => msg.includes('directory'))).toBe(true);
  });
});
