// The desync finder: what a client holds otherwise than the server meant it is named, by kind, id
// and field, in both logs; what it holds rightly never is; production says nothing of it.

import { findDesyncs } from '@tickwire/client/desync';
import {
  CloseCode,
  defineGame,
  FrameType,
  fixed,
  int,
  MsgpackWriter,
  Random,
  Received,
  type ReceivedTable,
  writeReport,
} from '@tickwire/protocol';
import { unpack } from 'msgpackr';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { defineRoom, type RoomDefinition } from '../src/index.ts';
import { fuzzRoom, game } from './fuzz-game.ts';
import { type Player, Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(async () => {
  vi.restoreAllMocks();
  await stepper?.close();
});

type Kind = 'ship' | 'crate' | 'sign';

/** Answers what the newest session received into. */
function spyReceived(): () => Received {
  let received: Received | undefined;
  const { readBody } = Received.prototype;
  vi.spyOn(Received.prototype, 'readBody').mockImplementation(function (this: Received, ...args) {
    received = this;
    readBody.apply(this, args);
  });
  return () => received!;
}

/** A quiet room with one of each kind, and a player whose received tables the test may touch. */
async function broken(more: Parameters<typeof fuzzRoom>[1] = {}) {
  const found: string[] = [];
  const received = spyReceived();
  const field = fuzzRoom(1, {
    open(room) {
      room.spawn('ship', { x: 20, y: 30, name: 'first', bag: [1, 2, 3], notes: [['k', [4]]] });
      room.spawn('crate', { position: { x: 5, y: 6 }, gear: { level: 3 } });
      room.spawn('sign', { words: 'left' });
      room.state.scores.set(3, 77);
      return new Random(1);
    },
    tick: () => {},
    ...more,
  });
  stepper = await Stepper.start({ rooms: { field } });
  const player = await stepper.join(game, {
    room: 'field',
    inspect: findDesyncs((finding) => found.push(finding)),
  });
  await stepper.advance(2500);
  const table = (kind: Kind): ReceivedTable => received().tables[game.kind(kind).index];
  const column = (kind: Kind, name: string) => game.kind(kind).byName.get(name)!;
  return { player, found, received: received(), table, column };
}

/** What the server logged as desyncs. */
function logged(): string[] {
  const lines = stepper.log.filter(({ msg }) => msg.startsWith('desync'));
  return lines.map(({ msg }) => msg);
}

async function names(found: readonly string[], what: string): Promise<void> {
  expect(found).toEqual([]);
  await stepper.advance(2000);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(what);
  expect(logged()).toEqual([`desync: seat 1: ${found[0]}`]);
  // Everything was asked for: nothing differs any more.
  await stepper.advance(3000);
  expect(found).toHaveLength(1);
}

describe.each(['packed', 'plain'] as const)('in a %s room', (wire) => {
  test('[D2, D3] a number that is shown otherwise is named', async () => {
    const { found, table, column } = await broken({ wire });
    table('ship').values[column('ship', 'x').column][1] = 21;
    await names(found, 'ship 1.x: the server has 20, this client 21 (tick ');
  });

  test('[D2, D3] a wire value is named, as what it stands for', async () => {
    const { found, table, column } = await broken({ wire });
    table('crate').wire[column('crate', 'position').column + 1][1]++;
    await names(found, 'crate 2.position: the server has 5 6, this client 5 6.125');
  });
});

describe('what differs is named', () => {
  test.each<[string, string, (row: ReceivedTable, object: number) => void]>([
    ['bag', '[1,2,3], this client [1,2,4]', (t, o) => (t.objects[o][1] = [1, 2, 4])],
    ['notes', '[["k",[4]]], this client []', (t, o) => (t.objects[o][1] = new Map())],
    ['name', '"first", this client "worst"', (t, o) => (t.objects[o][1] = 'worst')],
  ])('in a value without columns: %s', async (field, what, spoil) => {
    const { found, table, column } = await broken();
    spoil(table('ship'), column('ship', field).object);
    await names(found, `ship 1.${field}: the server has ${what}`);
  });

  test("in the room's state", async () => {
    const { found, received } = await broken();
    received.state.wire[game.state.byName.get('left')!.column][1] = 9;
    await names(found, 'state.left: the server has 0, this client 9');
  });

  test('in the own part: exact numbers and what only the owner is told', async () => {
    const { found, table, column } = await broken();
    const own = table('ship');
    const row = 2;
    expect(own.ownerOf(row)).toBe(1);
    own.values[column('ship', 'fuel').column][row] = 0.123456;
    await names(found, 'ship 4.fuel: the server has 0, this client 0.123456');
  });

  test('a row that is not there, and one that should not be', async () => {
    const { found, table } = await broken();
    table('sign').ids[1] = 99;
    await names(found, 'sign 3: the server has it, this client not');
  });
});

const KINDS: Record<string, Parameters<typeof fuzzRoom>[1]> = {
  'everybody sees everything': {},
  'plain, every second tick': { wire: 'plain', sendEvery: 2 },
  'interest and sees': {
    sendEvery: 2,
    wire: 'packed',
    interest: { around: (seat) => seat.own('ship'), radius: 250 },
    sees: (seat, row) => row.kind !== 'ship' || (row.cloak + seat.id) % 3 !== 0,
  },
  'a byte budget': {
    interest: { around: (seat) => seat.own('ship'), radius: 400 },
    budget: { bytesPerSecond: 2500 },
  },
};

describe.each(Object.keys(KINDS))('no alarm where %s', (name) => {
  test.each([1, 2])('[D1] on lines that stall, break and resume (seed %i)', async (seed) => {
    stepper = await Stepper.start({
      rooms: { field: fuzzRoom(seed, KINDS[name]) },
      seed,
      limits: { slowSeatBytes: 2500 },
    });
    const chance = new Random(seed);
    const found: string[] = [];
    const players: Player<typeof game>[] = [];
    for (let i = 0; i < 3; i++)
      players.push(
        await stepper.join(game, {
          room: 'field',
          retryCapMs: 400,
          inspect: findDesyncs((finding) => found.push(finding)),
          sample: () => ({ dx: chance.next() * 2 - 1, dy: chance.next(), fire: false }),
        }),
      );
    for (let turn = 0; turn < 100; turn++) {
      const player = players[chance.integer(3)];
      const dice = chance.next();
      if (dice < 0.3) player.stalled = true;
      else if (dice < 0.5) player.cut();
      else player.flow();
      await stepper.advance(500);
    }
    expect(found).toEqual([]);
    expect(stepper.log.filter(({ level }) => level >= 40)).toEqual([]);
    for (const { client } of players)
      expect(client.stats.inByFrame.digest).toBeGreaterThan(10 * 12);
  });
});

describe('where rows that are far are told less exactly', () => {
  const wide = defineGame({
    tickRate: 20,
    entities: {
      boat: {
        x: fixed(-900, 900, 1 / 8).smooth({ by: 'vx', far: 12 }),
        y: fixed(-900, 900, 1 / 8).smooth({ far: 12 }),
        vx: fixed(-99, 99, 1),
        crew: int(0, 9),
      },
    },
    input: {},
  });
  type Definition = RoomDefinition<typeof wide, undefined, undefined>;
  const sea = (more: Partial<Definition>) => {
    const chance = new Random(4);
    return defineRoom<typeof wide>(wide, {
      open(room) {
        for (let i = 0; i < 60; i++) room.spawn('boat', { x: i * 20 - 600, y: (i % 7) * 20 });
      },
      interest: { around: () => ({ x: 0, y: 0 }), radius: 500, far: 150 },
      tick(room, dt) {
        for (const boat of room.all('boat')) {
          if (chance.next() < 0.1) boat.vx = (chance.next() * 2 - 1) * 90;
          boat.x += boat.vx * dt;
          boat.y += chance.next() - 0.5;
        }
      },
      ...more,
    });
  };

  /** A player in a sea of boats, half of them far. */
  async function sail(more: Partial<Definition> = {}) {
    stepper = await Stepper.start({ rooms: { field: sea(more) } });
    const found: string[] = [];
    const inspect = findDesyncs((finding) => found.push(finding));
    const player = await stepper.join(wide, { room: 'field', inspect });
    return { found, player };
  }

  test('[D1] no alarm', async () => {
    const { found, player } = await sail();
    await stepper.advance(20_000);
    expect(found).toEqual([]);
    expect(player.client.stats.inByFrame.digest).toBeGreaterThan(10 * 10);
    const known = stepper.room('field').seat(1)!.known;
    const slots = [...Array(known.high).keys()];
    expect(slots.filter((slot) => known.toldTierAt(slot) === 1).length).toBeGreaterThan(5);
  });

  test('[D1] no alarm where eyes hop and a budget makes rows wait', async () => {
    let hops = 0;
    const { found, player } = await sail({
      interest: { around: () => ({ x: (++hops % 2) * 100, y: 0 }), radius: 500, far: 150 },
      budget: { bytesPerSecond: 1500 },
    });
    await stepper.advance(60_000);
    expect(found).toEqual([]);
    expect(player.statuses.map(({ state }) => state)).toEqual(['live']);
    expect(player.client.stats.inByFrame.digest).toBeGreaterThan(50 * 10);
  });

  test('[D3] the row that differs is named, and none that is far', async () => {
    const received = spyReceived();
    const { found } = await sail();
    await stepper.advance(5000);
    expect(found).toEqual([]);
    const [boats] = received().tables;
    // In the middle: those that are listed before it are far.
    const { column } = wide.kind('boat').byName.get('crew')!;
    boats.wire[column][boats.ids.indexOf(31)] = 3;
    await names(found, 'boat 31.crew: the server has 0, this client 3');
  });
});

/** Types of the frames a player got. */
function typesOf({ frames }: Player<typeof game>): number[] {
  return frames.map((bytes) => (unpack(bytes) as number[])[0]);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('in production', () => {
  async function run(findDesyncs: boolean): Promise<Player<typeof game>> {
    stepper = await Stepper.start({
      rooms: { field: fuzzRoom(5, {}) },
      serve: { production: !findDesyncs, allowNoOrigin: true },
    });
    const player = await stepper.join(game, { room: 'field', record: true });
    await stepper.advance(5000);
    return player;
  }

  test('[D4] nothing is sent of it, and all else is the same bytes', async () => {
    const quiet = (await run(false)).frames;
    const loud = await run(true);
    const digests = typesOf(loud).filter((type) => type === FrameType.Digest);
    expect(digests.length).toBeGreaterThan(3);
    const rest = loud.frames.filter((_, i) => typesOf(loud)[i] !== FrameType.Digest);
    // WELCOME and PONG tell the time of day.
    const told = (frames: readonly Uint8Array[]) => frames.filter(([, type]) => type === 2);
    expect(told(rest).length).toBeGreaterThan(90);
    expect(told(quiet).map(hex)).toEqual(told(rest).map(hex));
    expect(quiet.length).toBe(rest.length);
  });

  test('[D4] a REPORT is refused as a frame that may not come', async () => {
    const player = await run(false);
    const out = new MsgpackWriter();
    writeReport(out, { tick: 20, part: 0, finding: undefined });
    player.socket.raw(out.bytes());
    await stepper.advance(100);
    expect(player.closes[0][0]).toBe(CloseCode.Malformed);
  });
});

test('[D3] a finding is one line of a log, and no more than a finding', async () => {
  stepper = await Stepper.start({ rooms: { field: fuzzRoom(5, {}) } });
  const player = await stepper.join(game, { room: 'field' });
  const out = new MsgpackWriter();
  const finding = `a\n{"level":60}\r\u001b[2J\u009b2J\u202e\u2028${'x'.repeat(900)}`;
  out.arrayHeader(4);
  for (const part of [FrameType.Report, 20, 0]) out.int(part);
  out.str(finding);
  player.socket.raw(out.bytes());
  await stepper.advance(10);
  const [said] = logged();
  expect(said).toMatch(/^desync: seat 1: a\?{"level":60}\?\?\[2J\?2J\?\?x+$/);
  expect(said.length).toBeLessThan(450);
});

test('[D3] who reports without end is listed to once a second, and cut off', async () => {
  stepper = await Stepper.start({ rooms: { field: fuzzRoom(5, {}) } });
  const player = await stepper.join(game, { room: 'field', record: true });
  const out = new MsgpackWriter();
  writeReport(out, { tick: 20, part: 0, finding: undefined });
  for (let turn = 0; turn < 20; turn++) {
    player.socket.raw(out.bytes());
    await stepper.advance(500);
  }
  const lists = typesOf(player).filter((type) => type === FrameType.Listing);
  expect(lists.length).toBeGreaterThan(8);
  expect(lists.length).toBeLessThanOrEqual(11);
  for (let turn = 0; turn < 8; turn++) player.socket.raw(out.bytes());
  await stepper.advance(10);
  expect(player.closes[0][0]).toBe(CloseCode.RateLimit);
});
