import {
  bool,
  CloseCode,
  defineGame,
  entity,
  FrameType,
  fixed,
  type Game,
  int,
  list,
  MAX_STATE_BYTES,
  map,
  neutralInput,
  ODDS,
  quat,
  Random,
  Received,
  record,
  text,
  vec2,
} from '@tickwire/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakePeer, FakeWorld } from '../test/fake-server.ts';
import { noTraffic, Wire } from './wire.ts';

const game = defineGame({
  state: { round: int(0, 99) },
  entities: {
    ship: {
      x: fixed(-1000, 1000, 1 / 16).smooth(),
      at: vec2(0, 100, 1 / 8).smooth(),
      turn: quat(10).smooth(),
      name: text(16),
      target: entity('ship'),
      bag: list(int(0, 9), 8),
      stock: map(text(8), record({ n: int(0, 99), open: bool() }), 8),
      ammo: int(0, 9).ownerOnly(),
    },
    coin: { x: int(0, 500) },
  },
  input: { dx: int(-1, 1), fire: bool().press() },
  events: { hit: { by: entity('ship'), words: text(8) } },
  commands: { say: { words: text(8), tags: list(text(4), 3) } },
  step: { ship() {} },
}) as unknown as Game;

const SPELLINGS = ['plain', 'packed'] as const;
type Spelling = (typeof SPELLINGS)[number];
/** Odds as no declaration has them, of one context in a hundred. */
const LEARNT = game.priors.odds.map((odds, c) => (c % 100 === 9 ? ODDS[c % 50] : odds));

let world: FakeWorld;
let peer: FakePeer;
let wire: Wire;
let received: Received;
let closed: [code: number, reason: string][];
let told: string[];

function connected(spelling: Spelling = 'plain'): void {
  world = new FakeWorld(game, spelling);
  peer = new FakePeer();
  received = new Received(game);
  closed = [];
  told = [];
  wire = new Wire(
    game,
    peer.link,
    received,
    {
      now: () => 0,
      welcomed: () => told.push('welcome'),
      waits: ({ found, wanted }) => told.push(`waiting ${found} ${wanted}`),
      moved: ({ url, ticket }) => told.push(`moved to ${url} with ${ticket}`),
      stated: (tick) => told.push(`state ${tick}`),
      happened: (_, event, payload) => told.push(`event ${event} ${JSON.stringify(payload)}`),
      replied: (id, ok, value) => told.push(`reply ${id} ${ok} ${JSON.stringify(value)}`),
      ponged: (id) => told.push(`pong ${id}`),
      continued: () => told.push('continuity'),
      expires: (leftMs) => told.push(`expires ${leftMs}`),
      inspected: () => {},
      closed: (code, reason) => closed.push([code, reason]),
    },
    noTraffic(),
  );
}

/** One frame of each type a client takes, of a world with everything in it. */
function frames(): Uint8Array[] {
  const full = {
    x: 12.5,
    at: { x: 3, y: 4 },
    turn: { x: 0, y: 0.6, z: 0, w: 0.8 },
    name: 'Ada',
    target: 1,
    bag: [1, 2, 3],
    stock: new Map([['ore', { n: 3, open: true }]]),
    ammo: 5,
  };
  world.spawn('ship', full, 1);
  world.spawn('ship', { ...full, x: -8 });
  world.spawn('coin', { x: 40 });
  return [
    world.everything(1, { marginTicks: 1.5, inTime: 1 }),
    world.event(0, { by: 1, words: 'ouch' }),
    world.reply(1, true, { ok: [1, 'two', null] }),
    world.pong(1, 104.5),
    world.learnt(1, 0, LEARNT),
    world.bye(CloseCode.Kicked, 'bad manners'),
  ];
}

function deliver(bytes: Uint8Array): void {
  peer.send(bytes);
  peer.pump();
}

describe.each(SPELLINGS)('a server of a %s room that keeps to the protocol', (spelling) => {
  beforeEach(() => connected(spelling));

  test('is heard frame by frame', () => {
    const all = frames();
    deliver(world.welcome(1));
    connectedTick();
    for (const frame of all.slice(1, 4)) deliver(frame);
    expect(told).toEqual([
      'welcome',
      'state 102',
      'event 0 {"by":1,"words":"ouch"}',
      'reply 1 true {"ok":[1,"two",null]}',
      'pong 1',
    ]);
    expect(received.tables[0].count).toBe(2);
    expect(closed).toEqual([]);
  });

  function connectedTick(): void {
    deliver(world.everything(1));
  }

  test('says why it closes in BYE, for who is behind a proxy that drops reasons', () => {
    deliver(world.welcome(1));
    deliver(world.bye(CloseCode.Kicked, 'bad manners'));
    peer.close(CloseCode.Lost);
    peer.pump();
    expect(closed).toEqual([[CloseCode.Kicked, 'bad manners']]);
  });
});

describe('TABLES', () => {
  beforeEach(() => connected('packed'));

  test('[K2, K5] hold for the bodies after them, as changes of those before or of none', () => {
    frames();
    deliver(world.welcome(1));
    deliver(world.everything(1));
    deliver(world.learnt(1, 0, LEARNT));
    deliver(world.everything(1));
    deliver(world.learnt(2, 1, game.priors.odds.slice()));
    deliver(world.everything(1));
    deliver(world.learnt(7, 0, LEARNT));
    deliver(world.everything(1));
    expect([told.length, received.tables[0].count, closed]).toEqual([5, 2, []]);
  });

  test('[K5] that change others than the client has end the line', () => {
    deliver(world.welcome(1));
    deliver(world.learnt(3, 2, LEARNT));
    expect(peer.closed?.[0]).toBe(CloseCode.Malformed);
  });

  test('end the line where bodies are plain', () => {
    connected('plain');
    deliver(world.welcome(1));
    deliver(world.learnt(1, 0, LEARNT));
    expect(peer.closed?.[0]).toBe(CloseCode.Malformed);
  });
});

describe.each(SPELLINGS)('{T43} a server of a %s room that does not', (spelling) => {
  beforeEach(() => connected(spelling));

  /** Sends what may be broken to a fresh client; true if the client closed the line. */
  function judge(bytes: Uint8Array, welcomed = true): boolean {
    const { tables } = world;
    connected(spelling);
    if (welcomed) deliver(new FakeWorld(game, spelling).welcome(1));
    expect(tables.length).toBe(2);
    expect(() => deliver(bytes)).not.toThrow();
    expect(closed.length).toBe(peer.closed ? 1 : 0);
    if (peer.closed) expect(closed[0][0]).toBe(CloseCode.Lost);
    return peer.closed !== undefined;
  }

  test('[F4, F10] is left when a frame ends too early, wherever', () => {
    for (const frame of frames())
      for (let length = 0; length < frame.length; length++)
        expect(judge(frame.subarray(0, length)), `${length} of ${frame.length}`).toBe(true);
  });

  test('[S2] tells nothing of a STATE that ends too early', () => {
    const [state] = frames();
    for (let length = 0; length < state.length; length++) {
      judge(state.subarray(0, length));
      expect(told.filter((line) => line.startsWith('state'))).toEqual([]);
    }
  });

  test('is left when there is more than a frame', () => {
    for (const frame of frames()) expect(judge(Uint8Array.of(...frame, 0))).toBe(true);
  });

  test('never makes the client throw or hang, whichever bit is flipped', () => {
    let left = 0;
    for (const frame of frames()) {
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const bytes = frame.slice();
        bytes[bit >> 3] ^= 1 << (bit & 7);
        if (judge(bytes)) left++;
      }
    }
    expect(left).toBeGreaterThan(200);
  });

  test('never makes the client throw or hang, whatever it sends (seeded)', () => {
    const random = new Random(7);
    for (let round = 0; round < 2000; round++) {
      const length = random.integer(40);
      const bytes = Uint8Array.from({ length }, () => random.integer(256));
      // Half of them open as a frame of ours.
      if (round % 2 && length > 2) bytes.set([0x95, random.integer(14)]);
      judge(bytes);
    }
  });

  test('[F6] is left when it speaks before WELCOME, or welcomes twice', () => {
    const [state] = frames();
    expect(judge(state, false)).toBe(true);
    connected(spelling);
    deliver(world.welcome(1));
    deliver(world.welcome(1));
    expect(peer.closed?.[0]).toBe(CloseCode.Malformed);
  });

  test('[F5, F8] is left when it tells a tick twice, or sends what only clients send', () => {
    expect(judge(Uint8Array.of(0x95, FrameType.State, 0, 0, 0, 0))).toBe(true);
    expect(judge(Uint8Array.of(0x91, FrameType.Resync))).toBe(true);
    expect(judge(Uint8Array.of(0x92, FrameType.Ack, 1))).toBe(true);
  });

  test('[J3] is left when its first STATE does not hold everything', () => {
    deliver(world.welcome(1));
    deliver(Uint8Array.of(0x95, FrameType.State, 1, 0, 0xc0, 0));
    expect(told).toEqual(['welcome']);
    expect(peer.closed?.[0]).toBe(CloseCode.Malformed);
  });

  test('is left when a step is longer than a server waits', () => {
    deliver(world.welcome(1));
    deliver(world.everything(1));
    deliver(Uint8Array.of(0x95, FrameType.State, 0xce, 0x1d, 0xcd, 0x65, 0, 0, 0xc0, 0));
    expect(peer.closed?.[0]).toBe(CloseCode.Malformed);
  });

  test('is left when a frame is longer than any state', () => {
    expect(judge(new Uint8Array(MAX_STATE_BYTES + 1))).toBe(true);
  });

  test('says nothing more after it was left', () => {
    deliver(world.welcome(1));
    deliver(Uint8Array.of(0xc1));
    deliver(world.everything(1));
    peer.close(CloseCode.Kicked);
    peer.pump();
    expect(told).toEqual(['welcome']);
    expect(closed.length).toBe(1);
  });
});

describe('inputs', () => {
  beforeEach(() => connected());

  const input = (fire = 0) => {
    const made = neutralInput(game.input);
    made[1] = fire;
    return made;
  };

  test('are held back while the socket is full, the newest of them, and go in one frame', () => {
    deliver(world.welcome(1));
    peer.bufferedBytes = 4000;
    for (let tick = 101; tick <= 160; tick++) wire.inputs(tick, [input()], 90);
    peer.pump();
    expect(peer.count(FrameType.Input)).toBe(0);
    peer.bufferedBytes = 100;
    wire.inputs(161, [input()], 91);
    peer.pump();
    expect(peer.count(FrameType.Input)).toBe(1);
    wire.inputs(162, [input()], 92);
    peer.pump();
    expect(peer.count(FrameType.Input)).toBe(2);
  });

  test('carry the presses of those that were let go', () => {
    deliver(world.welcome(1));
    peer.bufferedBytes = 4000;
    wire.inputs(101, [input(1)], 90);
    for (let tick = 102; tick <= 140; tick++) wire.inputs(tick, [input()], 90);
    const kept = input();
    peer.bufferedBytes = 0;
    wire.inputs(200, [kept], 90);
    expect(kept[1]).toBe(1);
  });
});

describe('pings of a server', () => {
  beforeEach(() => connected());

  test('that reads no answers get none: they would pile up in the page', () => {
    deliver(world.welcome(1));
    const zero = new Uint8Array(8);
    const ping = (id: number) => deliver(Uint8Array.of(0x93, FrameType.Ping, id, 0xcb, ...zero));
    ping(1);
    peer.bufferedBytes = 4000;
    for (let id = 2; id < 100; id++) ping(id);
    peer.pump();
    expect(peer.count(FrameType.Pong)).toBe(1);
    expect(closed).toEqual([]);
  });
});

describe('commands', () => {
  beforeEach(() => connected());

  test('that cannot be written are refused at the call and spoil nothing', () => {
    deliver(world.welcome(1));
    expect(() => wire.command(1, 0, { words: 5, tags: [] })).toThrow('wants text');
    wire.command(2, 0, { words: 'fine', tags: ['a', 'b'] });
    wire.ping(1);
    peer.pump();
    expect(peer.heard).toEqual([FrameType.Command, FrameType.Ping]);
  });

  test('have their texts cut to the declared length', () => {
    deliver(world.welcome(1));
    wire.command(1, 0, { words: 'x'.repeat(500), tags: [] });
    peer.pump();
    expect(peer.count(FrameType.Command)).toBe(1);
    expect(closed).toEqual([]);
  });
});
