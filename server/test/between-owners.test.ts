// Players who come while a room changes its owner, and directories that fail in the middle of it:
// nobody's seat is given up for that, no room has two owners, no place stays taken. Two servers on
// one virtual clock over one directory; a case does by hand what the duties do by the clock.
import { FrameType, PlainSink, writeCommandHeader, writePayload } from '@tickwire/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DirectoryError, type GameRoom, MemoryDirectory, type Server } from '../src/index.ts';
import { Moving } from '../src/moving.ts';
import type { Peers } from '../src/peers.ts';
import type { SeatRecord } from '../src/seat-state.ts';
import { arcade, type Definition, game } from './arcade.ts';
import { doorTo } from './directory-doors.ts';
import { post, RawPlayer, RESUME, TICKET, TOKEN } from './raw-player.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

const LEASE_MS = 60_000;
const [A, B] = ['http://a.example', 'http://b.example'];

type Asked = (...given: never[]) => Promise<unknown>;
type Faults = Partial<Record<keyof MemoryDirectory, (ask: Asked, given: never[]) => unknown>>;

let stepper: Stepper;
let directory: MemoryDirectory;
/** What goes wrong with a question to the directory, by its name. */
let faults: Faults;
let b: Server;

async function start(more: Partial<Definition> = {}): Promise<void> {
  faults = {};
  directory = new MemoryDirectory({
    leaseMs: LEASE_MS,
    now: () => EPOCH_MS + (stepper?.nowMs ?? 0),
  });
  const door = doorTo(directory, (name, ask, given) => faults[name]?.(ask, given) ?? ask(...given));
  const rooms = { field: arcade({ seats: 3, ...more }) };
  stepper = await Stepper.start({ rooms, serve: { directory: door, publicUrl: A } });
  b = await stepper.add(B, { rooms, serve: { directory: door, publicUrl: B } });
}

beforeEach(() => start());
afterEach(() => stepper.close());

const late = async (ask: Asked, given: never[]): Promise<never> => {
  await ask(...given);
  throw new DirectoryError('late', 'no answer');
};
const lost = async (): Promise<never> => {
  throw new DirectoryError('unreachable', 'it is gone');
};

/** A peer of B's, which says HELLO. */
async function atB(...hello: Parameters<RawPlayer['hello']>): Promise<RawPlayer> {
  const { transport } = stepper.others.get(B)!;
  const player = new RawPlayer(stepper, {}, transport.connect({}));
  player.hello(...hello);
  await stepper.advance(50);
  return player;
}

async function atA(...hello: Parameters<RawPlayer['hello']>): Promise<RawPlayer> {
  const player = new RawPlayer(stepper);
  player.hello(...hello);
  await stepper.advance(50);
  return player;
}

const clocks = { now: () => stepper.nowMs, wallClockMs: () => EPOCH_MS + stepper.nowMs };

/** Hands the room of A to B; `adopts`: what B answers, once it was asked. */
function moving(adopts = (id: string, epoch: number) => b.shard.succession.adopt({ id, epoch })) {
  const { shard, seating, edge } = stepper.server;
  const { tally } = edge;
  const log = { error() {}, info() {} } as never;
  const ask = async (_: string, __: string, id: string, epoch: number) =>
    (await adopts(id, epoch))?.id ?? '';
  const peers = { ask } as never as Peers;
  return new Moving({
    directory: stepper.server.directory,
    shard,
    seating,
    leases: { refused: async () => {} } as never,
    peers,
    others: { forget() {}, emptier: async () => entryOfB(), send() {} } as never,
    clocks,
    log,
    tally,
  });
}

const entryOfB = () => {
  const { shard: id, url } = b.shard.owner;
  return { id, url, build: '', load: 0, rooms: 0, seats: 0, draining: false };
};
/** Says COMMAND. */
function command(player: RawPlayer, id: number, name: string, args: Record<string, unknown>): void {
  const number = game.commands.findIndex((plan) => plan.name === name);
  player.say((out) => {
    writeCommandHeader(out, id, number);
    writePayload(new PlainSink(out), game.commands[number], args);
  });
}
const move = (room: GameRoom) => moving().move(room, entryOfB());
const field = () => stepper.room('field');

/** The newest checkpoint of A's room is B's to go on from. */
async function orphan(): Promise<GameRoom> {
  const room = field();
  const { shard, seating } = stepper.server;
  const { checkpointOf } = await import('../src/checkpoint.ts');
  const bytes = checkpointOf(room, seating.recordsOf(room), { clocks });
  await directory.save([{ lease: shard.leaseOf(room), tick: room.doneTick, bytes }]);
  directory.lose(shard.owner.shard);
  return room;
}

describe('{S54} who asks for a room that its new owner does not have yet', () => {
  test.each([
    ['resume key', RESUME],
    ['ticket', TICKET],
    ['token', TOKEN],
  ] as const)('with a %s waits, and gives nothing up', async (_, credential) => {
    const ada = await atA();
    const { ticket } = await stepper.until(post(stepper, {}));
    const { id } = await orphan();
    let loaded = () => {};
    faults.load = async (ask, given) => {
      await new Promise<void>((resolve) => {
        loaded = resolve;
      });
      return ask(...given);
    };
    const taking = b.shard.succession.takeOver((await directory.room(id))!);
    await new Promise((resolve) => setImmediate(resolve));
    const secret = { [RESUME]: ada.key, [TICKET]: ticket, [TOKEN]: '' }[credential];
    const early = await atB(credential, secret, { room: id });
    expect([early.closed, early.frames.length]).toEqual([undefined, 0]);
    loaded();
    await taking;
    await soon(() => expect(early.seated).toBe(true));
  });
});

describe('{S56} while a room is handed over', () => {
  test('nobody is seated in what is left of it, and nobody takes up a seat there', async () => {
    const ada = await atA();
    const room = field();
    const seen: RawPlayer[] = [];
    const { ticket } = await stepper.until(post(stepper, {}));
    const hand = moving(async (id, epoch) => {
      for (const [credential, secret] of [
        [RESUME, ada.key],
        [TICKET, ticket],
        [TOKEN, ''],
      ] as const) {
        const player = new RawPlayer(stepper);
        player.hello(credential, secret, { room: room.id });
        seen.push(player);
      }
      await stepper.advance(20);
      return b.shard.succession.adopt({ id, epoch });
    });
    expect(await hand.move(room, entryOfB())).toBe(true);
    // To where it is by then.
    await soon(() => expect(seen.map(({ closed }) => closed)).toEqual([1012, 1012, 1012]));
    expect(seen.map(({ frames }) => frames[0][1])).toEqual(seen.map(() => FrameType.Moved));
    expect((await atB(RESUME, ada.key, { room: room.id })).seated).toBe(true);
    expect((await atB(TICKET, ticket, { room: room.id })).seated).toBe(true);
  });

  test('what comes after its last checkpoint is done nowhere, or where it goes on', async () => {
    await stepper.close();
    const ran: string[] = [];
    let answer = () => {};
    await start({
      leave: () => void ran.push('leave'),
      commands: {
        rename: (_room: unknown, _seat: unknown, { name }: { name: string }) => {
          ran.push(name);
          return { ok: true };
        },
        wait: () =>
          new Promise<string>((resolve) => {
            answer = () => resolve('done');
          }),
      } as never,
    });
    const [ada, eve] = [await atA(), await atA()];
    const room = field();
    command(ada, 1, 'wait', { ticks: 1 });
    await stepper.advance(50);
    const before = ada.frames.length;
    const hand = moving(async (id, epoch) => {
      command(ada, 2, 'rename', { name: 'late' });
      eve.peer.close(1000, '');
      answer();
      await stepper.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
      return b.shard.succession.adopt({ id, epoch });
    });
    expect(await hand.move(room, entryOfB())).toBe(true);
    await stepper.advance(50);
    expect(ran).toEqual([]);
    expect(ada.frames.slice(before).map((frame) => frame[1])).toEqual([FrameType.Moved]);
    const back = await atB(RESUME, ada.key, { room: room.id });
    // Of her commands the first one came, which waits for its answer.
    const [taken] = b.shard.rooms.get(room.id)!.seats;
    expect([back.seated, taken.commandsTaken]).toEqual([true, 1]);
    await stepper.advance(6_000);
    expect(ran).toEqual(['leave']);
  });

  test('a ticket that was given before is good after, for whom it was given', async () => {
    await stepper.close();
    const authenticate = (token: string) => ({ name: token });
    await start({ authenticate, user: ({ name }: { name: string }) => name } as never);
    await atA(TOKEN, 'ada');
    const { ticket } = await stepper.until(post(stepper, { token: 'eve' }));
    const room = field();
    expect(await move(room)).toBe(true);
    const eve = await atB(TICKET, ticket, { room: room.id });
    expect(eve.seated).toBe(true);
    expect(b.shard.rooms.get(room.id)!.seat(2)!.auth).toEqual({ name: 'eve' });
  });

  test('a shard that closes takes none, and its players are not sent there', async () => {
    const ada = await atA();
    const room = field();
    b.shard.draining = true;
    expect(await move(room)).toBe(false);
    expect(b.shard.rooms.size).toBe(0);
    await stepper.advance(1);
    expect(ada.closed).toBe(1012);
  });

  test('it goes once, and is waited for, where its shard closes meanwhile', async () => {
    const ada = await atA();
    const room = field();
    const adopts: (() => void)[] = [];
    const hand = moving(async (id, epoch) => {
      await new Promise<void>((resolve) => adopts.push(resolve));
      return b.shard.succession.adopt({ id, epoch });
    });
    const moved = hand.move(room, entryOfB());
    let stayed = -1;
    const closed = hand.moveAll().then((rooms) => (stayed = rooms));
    await soon(() => expect(adopts.length).toBe(1));
    expect([stayed, ada.closed]).toEqual([-1, undefined]);
    adopts[0]();
    expect(await moved).toBe(true);
    await closed;
    expect(stayed).toBe(0);
    expect((await atB(RESUME, ada.key, { room: room.id })).seated).toBe(true);
  });

  test('a shard that is asked twice has it once', async () => {
    const room = roomOf(await atA());
    const hand = moving(async (id, epoch) => {
      const lease = { id, epoch };
      const [one] = await Promise.all([
        b.shard.succession.adopt(lease),
        b.shard.succession.adopt(lease),
      ]);
      await b.shard.succession.adopt(lease);
      return one;
    });
    let restored = 0;
    const { restored: watch } = b.shard.watch;
    b.shard.watch.restored = (room: GameRoom, records: readonly SeatRecord[]) => {
      restored++;
      watch(room, records);
    };
    await hand.move(room, entryOfB());
    expect([restored, b.shard.rooms.size]).toEqual([1, 1]);
  });
});

/** Who waits for a room looks again by the machine's clock. */
async function soon(holds: () => void): Promise<void> {
  await vi.waitFor(async () => {
    await stepper.advance(20);
    holds();
  }, 5_000);
}

function roomOf(player: RawPlayer): GameRoom {
  expect(player.seated).toBe(true);
  return field();
}

describe('{S54} a directory that fails in the middle of taking a room over', () => {
  test('leaves nothing of the room where it does not go on', async () => {
    const ada = await atA();
    const { id } = await orphan();
    faults.occupy = lost;
    await expect(b.shard.succession.takeOver((await directory.room(id))!)).rejects.toThrow(
      DirectoryError,
    );
    expect([b.shard.rooms.size, b.seating.secrets.seats]).toEqual([0, 0]);
    delete faults.occupy;
    directory.lose(b.shard.owner.shard);
    await b.shard.succession.takeOver((await directory.room(id))!);
    expect((await atB(RESUME, ada.key, { room: id })).seated).toBe(true);
  });

  test('for long leaves the room to who took it for a whole lease', async () => {
    await atA();
    const { id } = await orphan();
    faults.load = (ask, given) => {
      stepper.nowMs += LEASE_MS - 1_000;
      return ask(...given);
    };
    await b.shard.succession.takeOver((await directory.room(id))!);
    stepper.nowMs += LEASE_MS - 1_000;
    expect([b.shard.rooms.has(id), (await directory.room(id))?.orphan]).toEqual([true, false]);
  });

  test('for so long that another has it leaves that one alone', async () => {
    await atA();
    const { id } = await orphan();
    const other = { shard: 'c', url: 'ws://c.example' };
    faults.load = async (ask, given) => {
      const answer = await ask(...given);
      directory.lose(b.shard.owner.shard);
      await directory.claim((await directory.room(id))!, other);
      return answer;
    };
    expect(await b.shard.succession.takeOver((await directory.room(id))!)).toBeUndefined();
    expect([b.shard.rooms.size, b.seating.secrets.seats]).toEqual([0, 0]);
    expect((await directory.room(id))?.shard).toBe('c');
  });

  test('does not keep a shard that closes meanwhile from leaving it to others', async () => {
    await atA();
    const { id } = await orphan();
    faults.load = async (ask, given) => {
      b.shard.draining = true;
      return ask(...given);
    };
    expect(await b.shard.succession.takeOver((await directory.room(id))!)).toBeUndefined();
    expect(b.shard.rooms.size).toBe(0);
    expect((await directory.room(id))?.id).toBe(id);
  });
});

describe('{S57} places', () => {
  test.each(['late', 'lost'])('are free again though the word of it was %s', async (how) => {
    const ada = await atA();
    const { id } = field();
    faults.leave = how === 'late' ? late : lost;
    ada.peer.close(1000, '');
    await stepper.advance(50);
    delete faults.leave;
    await stepper.advance(1_000);
    expect((await directory.room(id))?.taken).toBe(0);
  });

  test.each(['take', 'redeem'] as const)(
    'are free again though %s was answered late',
    async (ask) => {
      const { id } = roomOf(await atA());
      const ticket = ask === 'redeem' ? (await stepper.until(post(stepper, {}))).ticket : '';
      faults[ask] = late;
      const eve = await atA(ticket ? TICKET : TOKEN, ticket, { room: id });
      // A promised one is asked for again for a while.
      if (ticket) await stepper.advance(6_000);
      expect(eve.closed).toBe(1013);
      delete faults[ask];
      // Beyond the life of what was promised.
      await stepper.advance(11_000);
      expect((await directory.room(id))?.taken).toBe(1);
    },
  );
});

test('{S54} a room that is over goes on nowhere, though nobody could be told', async () => {
  roomOf(await atA());
  const room = field();
  faults.release = lost;
  room.close('it was won');
  await stepper.advance(300);
  expect((await directory.room(room.id))?.orphan).toBe(false);
  delete faults.release;
  await stepper.advance(1_000);
  expect(await directory.room(room.id)).toBeUndefined();
});

test('{T59} who is sent elsewhere again and again holds no more places than may be', async () => {
  await stepper.close();
  const authenticate = (token: string) => ({ name: token });
  const user = ({ name }: { name: string }) => name;
  await start({ seats: 8, authenticate, user } as never);
  await atA(TOKEN, 'ada');
  const room = field();
  await move(room);
  for (let i = 0; i < 6; i++) {
    const eve = await atA(TOKEN, 'eve', { room: room.id });
    expect(eve.frames[0][1]).toBe(FrameType.Moved);
  }
  // Ada, and limits.ticketsPerUser.
  expect((await directory.room(room.id))?.taken).toBe(1 + 3);
});
