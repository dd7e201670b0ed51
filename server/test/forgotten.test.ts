// A directory that has forgotten rooms which are played: it came back empty, or without its last
// seconds. Nobody who plays notices. With a real Redis that is emptied and restarted; what happens
// between two answers is done by hand, on a virtual clock.
import { setTimeout as wait } from 'node:timers/promises';
import type { Status } from '@tickwire/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DirectoryError, type GameRoom, type Lease, MemoryDirectory } from '../src/index.ts';
import { Leases } from '../src/leases.ts';
import { Recovery } from '../src/recovery.ts';
import { redis } from '../src/redis.ts';
import { Tally } from '../src/tally.ts';
import { Tickets } from '../src/tickets.ts';
import { arcade } from './arcade.ts';
import { Deployment, type Member } from './deployment.ts';
import { RawPlayer, TOKEN } from './raw-player.ts';
import { RedisServer, redisMissing } from './redis-server.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

const LEASE_MS = 900;
const soon = { timeout: 8_000, interval: 20 };
const why = redisMissing ? `, left out: ${redisMissing}` : '';

describe.skipIf(redisMissing !== undefined)(`{S55} a Redis that has forgotten all${why}`, () => {
  let server: RedisServer;
  let deployment: Deployment;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    deployment = new Deployment({ field: arcade({ seats: 4 }) });
  });
  afterEach(async () => {
    await deployment.close();
    await Promise.all(deployment.members.map((member) => member.server.directory.close()));
  });

  const add = (onDirectoryLoss: 'continue' | 'freeze' = 'continue') =>
    deployment.add({ directory: redis({ url: server.url, leaseMs: LEASE_MS }), onDirectoryLoss });
  const roomsOf = (member: Member) => [...member.server.shard.rooms.values()];
  const entryOf = (member: Member, room: GameRoom) => member.server.directory.room(room.id);

  /** A room with two players: who has it, who has not, and what becomes of the players. */
  async function played(...members: readonly Member[]) {
    const players = [await deployment.join(members[0]), await deployment.join(members[0])];
    const [a, b] = members[0].server.shard.rooms.size > 0 ? members : members.toReversed();
    const [room] = roomsOf(a);
    expect([room.taken, roomsOf(b)]).toEqual([2, []]);
    const states: Status['state'][] = [];
    for (const player of players) player.onStatus(({ state }) => states.push(state));
    // `onStatus` tells what is now.
    states.length = 0;
    return { a, b, room, states };
  }

  async function isBack(a: Member, room: GameRoom, oldEpoch: number): Promise<void> {
    await vi.waitFor(async () => {
      expect(await entryOf(a, room)).toMatchObject({
        taken: 2,
        orphan: false,
        locked: room.locked,
      });
      expect(await a.server.directory.load(room.id)).toBeDefined();
    }, soon);
    expect(a.server.shard.leaseOf(room).epoch).toBeGreaterThan(oldEpoch);
    expect([roomsOf(a), room.over]).toEqual([[room], false]);
    const { roomsLost, takenBack } = a.server.edge.tally;
    expect([roomsLost, takenBack]).toEqual([0, 1]);
  }

  test('is told again whose rooms they are, and nobody is disconnected', async () => {
    const { a, b, room, states } = await played(await add(), await add());
    room.locked = true;
    const { epoch } = a.server.shard.leaseOf(room);
    await server.ask('FLUSHALL');
    await isBack(a, room, epoch);
    room.locked = false;
    const third = await deployment.join(b, room.id);
    expect([third.room, room.taken]).toEqual([room.id, 3]);
    expect(states).toEqual([]);
    // A shard that comes now signs tickets by the secret that the others have.
    const c = await add();
    const asked = { method: 'POST', body: JSON.stringify({ room: room.id }) };
    const given = await fetch(`${c.server.url}/rooms/field`, asked);
    const { ticket } = (await given.json()) as { ticket: string };
    const place = { credential: 1 as const, secret: ticket, room: room.id };
    await expect(a.server.seating.prove(place)).resolves.toBeDefined();
  });

  test('because it restarted is told so too, whatever rooms do meanwhile', async () => {
    const members = [await add('continue'), await add('freeze')];
    const states: Status['state'][] = [];
    const rooms = await Promise.all(members.map((member) => member.server.shard.open('field')));
    for (const [i, room] of rooms.entries())
      for (let seat = 0; seat < 2; seat++)
        (await deployment.join(members[i], room.id)).onStatus(({ state }) => states.push(state));
    states.length = 0;
    const epochs = members.map(({ server }, i) => server.shard.leaseOf(rooms[i]).epoch);
    await server.end();
    // Longer than a lease: only that the directory was away for all says that rooms are ours.
    await wait(1.3 * LEASE_MS);
    await server.run();
    await Promise.all(members.map((member, i) => isBack(member, rooms[i], epochs[i])));
    expect(states).toEqual([]);
  });
});

describe('a directory that was away for all', () => {
  let deployment: Deployment;
  beforeEach(() => {
    deployment = new Deployment({ field: arcade({ seats: 4 }) });
  });
  afterEach(() => deployment.close());

  test('and kept its rooms leaves them with their owners', async () => {
    const members = [await deployment.add(), await deployment.add()];
    await deployment.join(members[0]);
    for (const { door } of members) door.shut = true;
    await wait(1.3 * LEASE_MS);
    const [{ id }] = await deployment.directory.rooms();
    expect((await deployment.directory.room(id))?.orphan).toBe(true);
    // The owner hears of it last.
    members[1].door.shut = false;
    await wait(0.5 * LEASE_MS);
    members[0].door.shut = false;
    await vi.waitFor(async () => {
      expect((await deployment.directory.room(id))?.orphan).toBe(false);
    }, soon);
    const tallies = members.map(({ server }) => server.edge.tally);
    expect(tallies.map(({ takenOver, roomsLost }) => [takenOver, roomsLost])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('{S54} a room is taken back', () => {
  const A = 'http://a.example';
  let stepper: Stepper;
  let directory: MemoryDirectory;
  let recovery: Recovery;
  let leases: Leases;
  let lost: string[];
  let room: GameRoom;
  /** What stands between a claim and its answer. */
  let claiming: () => Promise<unknown>;

  const empty = () => new MemoryDirectory({ leaseMs: 60_000, now: () => EPOCH_MS + stepper.nowMs });

  beforeEach(async () => {
    claiming = async () => {};
    directory = new MemoryDirectory({ leaseMs: 60_000, now: () => EPOCH_MS });
    const door = new Proxy({} as MemoryDirectory, {
      get(_, name: keyof MemoryDirectory) {
        const found = directory[name] as unknown;
        if (typeof found !== 'function') return found;
        return async (...given: never[]) => {
          const answer = await found.apply(directory, given);
          if (name === 'claim') await claiming();
          return answer;
        };
      },
    });
    const rooms = { field: arcade({ seats: 3 }) };
    stepper = await Stepper.start({ rooms, serve: { directory: door, publicUrl: A } });
    const { shard, seating } = stepper.server;
    const log = { warn() {}, info() {}, error() {} } as never;
    const tally = new Tally();
    const { attendance } = shard.switchboard;
    const about = { directory: door, shard, seating, attendance, log, tally, signsBySecret: true };
    recovery = new Recovery(about);
    lost = [];
    leases = new Leases({
      ...{ directory: door, onLoss: 'continue', log, tally, now: stepper.now, back() {} },
      takeBack: async (old) => {
        const isBack = await recovery.takeBack(old);
        if (isBack) leases.add(lease());
        return isBack;
      },
      lost: (id) => shard.playing(id) && lost.push(id),
    });
    const player = new RawPlayer(stepper);
    player.hello(TOKEN, '');
    await stepper.advance(50);
    room = stepper.room('field');
    leases.add(lease());
  });
  afterEach(() => stepper.close());

  const lease = (): Lease => stepper.server.shard.leaseOf(room);
  const renewed = async () => {
    await leases.renew();
    await leases.claimed;
  };

  test('unless it ended while it was claimed', async () => {
    directory = empty();
    claiming = async () => room.close('it was won');
    await renewed();
    await stepper.advance(300);
    expect(await directory.room(room.id)).toBeUndefined();
    expect([stepper.server.shard.rooms.size, lost]).toEqual([0, []]);
  });

  test('unless it ended before', async () => {
    const old = lease();
    room.close('it was won');
    await stepper.advance(300);
    expect(await directory.room(room.id)).toBeUndefined();
    await renewed();
    expect(await directory.room(room.id)).toBeUndefined();
    expect(await recovery.takeBack(old)).toBe(false);
  });

  test('unless a later owner has it', async () => {
    await directory.handOver(lease(), { shard: 'b', url: '' });
    await renewed();
    expect(lost).toEqual([room.id]);
    expect(await directory.room(room.id)).toMatchObject({ shard: 'b' });
  });

  test('unless its owner stood still for so long that others may have ended it', async () => {
    directory = empty();
    stepper.nowMs += 60_000;
    await renewed();
    expect(lost).toEqual([room.id]);
    expect(await directory.room(room.id)).toBeUndefined();
  });

  test('once, however many writes are refused at once', async () => {
    directory = empty();
    const { epoch } = lease();
    await Promise.all([leases.refused(lease()), renewed(), leases.refused(lease())]);
    expect(lost).toEqual([]);
    const again = lease();
    expect(again.epoch).toBeGreaterThan(epoch);
    expect(await directory.room(room.id)).toMatchObject({ epoch: again.epoch, taken: 1 });
    await renewed();
    expect(lease()).toBe(again);
  });

  test('a few at a time, where all are to be', async () => {
    directory = empty();
    let [claims, most] = [0, 0];
    const many = new Leases({
      ...{ directory, onLoss: 'continue', log: {} as never, tally: new Tally() },
      ...{ now: stepper.now, back() {}, lost: (id) => lost.push(id) },
      takeBack: async () => {
        most = Math.max(most, ++claims);
        await new Promise((resolve) => setImmediate(resolve));
        claims--;
        return true;
      },
    });
    for (let i = 0; i < 50; i++) many.add({ id: `r${i}`, epoch: 1 });
    await many.renew();
    await many.claimed;
    expect([most, lost]).toEqual([4, []]);
  });

  test('and tickets are signed as the directory says now', async () => {
    directory = empty();
    const key = await directory.secret();
    const { now } = stepper;
    const wallClockMs = () => EPOCH_MS + now();
    const tickets = new Tickets({ key, makeNonce: () => 'n', lifeMs: 10_000, now, wallClockMs });
    const secret = tickets.write(room.id, undefined, 'n');
    const prove = () => stepper.server.seating.prove({ credential: 1, secret, room: room.id });
    await expect(prove()).rejects.toThrow('ticket');
    await renewed();
    await expect(prove()).resolves.toMatchObject({ secret });
  });

  test('later, where the directory is away again', async () => {
    directory = empty();
    claiming = () => Promise.reject(new DirectoryError('late', 'no answer'));
    await renewed();
    expect(lost).toEqual([]);
    claiming = async () => {};
    directory = empty();
    await renewed();
    expect(lost).toEqual([]);
    expect(await directory.room(room.id)).toMatchObject({ taken: 1, orphan: false });
  });
});
