// Where users are, as rooms are told it: in one process, over several, through a failover, and
// while the directory is away. What a directory promises of it is in directory-users.ts.
import { afterEach, expect, test, vi } from 'vitest';
import { Attendance } from '../src/attendance.ts';
import { PRESENCE_MS } from '../src/directory.ts';
import { type Directory, DirectoryError, type GameRoom, MemoryDirectory } from '../src/index.ts';
import { arcade, type Definition, game } from './arcade.ts';
import { Deployment } from './deployment.ts';
import { closeOpened, opened } from './opened.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(closeOpened);

/** Players are who their tokens say; `guest` is nobody in particular. */
function named(more: Partial<Definition> = {}) {
  return arcade({
    authenticate: ((token: string) => ({ name: token })) as never,
    user: ((auth: { name: string }) => (auth.name === 'guest' ? undefined : auth.name)) as never,
    graceMs: 1_000,
    ...more,
  });
}

function join(token: string, room = 'field', spectate = false) {
  const sample = () => ({ dx: 1, dy: 0, fire: false });
  return stepper.join(game, { room, token, spectate, sample });
}

/** What a room is told of a user, as rooms' ids. */
async function placesOf(asker: GameRoom, user: string): Promise<string[] | undefined> {
  return (await asker.whereIs(user))?.map(({ room }) => room);
}

test('a user is in each room that he has a seat in, once, until he leaves it', async () => {
  stepper = opened(await Stepper.start({ rooms: { field: named(), den: named() } }));
  const { shard } = stepper.server;
  const asker = await shard.open('field', { hidden: true });
  const den = await shard.open('den');
  const tabs = [await join('ada'), await join('ada'), await join('ada', 'den', true)];
  await join('guest');
  const found = await asker.whereAre(['bob', 'ada', 'guest', 'ada']);
  const since = { sinceMs: expect.any(Number) };
  expect([...found!]).toEqual([
    ['bob', []],
    [
      'ada',
      [
        { room: tabs[0].client.room, kind: 'field', ...since },
        { room: den.id, kind: 'den', ...since },
      ],
    ],
    ['guest', []],
  ]);
  expect(found!.get('ada')![0].sinceMs).toBeGreaterThanOrEqual(EPOCH_MS);
  tabs[0].client.leave();
  await stepper.advance(100);
  expect(await placesOf(asker, 'ada')).toHaveLength(2);
  tabs[1].client.leave();
  await stepper.advance(100);
  expect(await placesOf(asker, 'ada')).toEqual([den.id]);
  den.close('over');
  await stepper.advance(20);
  expect(await placesOf(asker, 'ada')).toEqual([]);
});

test('private rooms are told too, for the game decides who learns of it', async () => {
  stepper = opened(await Stepper.start({ rooms: { field: named() } }));
  const asker = await stepper.server.shard.open('field');
  const hidden = await stepper.server.shard.open('field', { hidden: true });
  await join('ada', hidden.id);
  expect(await placesOf(asker, 'ada')).toEqual([hidden.id]);
});

test('who is asked for must be somebody, and not too many', async () => {
  stepper = opened(await Stepper.start({ rooms: { field: named() } }));
  const room = await stepper.server.shard.open('field');
  expect(() => room.whereIs('')).toThrow('a user is a text of 1..255 characters');
  expect(() => room.whereIs('\ud800')).toThrow('a user is');
  expect(() => room.whereAre(['ada', 7 as never])).toThrow('whereAre: a user is');
  const many = Array.from({ length: 257 }, (_, i) => `u${i}`);
  expect(() => room.whereAre(many)).toThrow('257 users at once, of 256');
  expect([...(await room.whereAre(many.slice(1)))!]).toHaveLength(256);
  expect(await room.whereAre([])).toEqual(new Map());
});

test('a seat that the directory was not told of is told later, and stays', async () => {
  const directory = new MemoryDirectory({ now: () => EPOCH_MS });
  stepper = opened(await Stepper.start({ rooms: { field: named() }, serve: { directory } }));
  const asker = await stepper.server.shard.open('field', { hidden: true });
  const away = vi.fn(async () => {
    throw new DirectoryError('unreachable', 'away');
  });
  const spies = (['arrive', 'depart', 'whereabouts'] as const).map((asked) =>
    vi.spyOn(directory, asked).mockImplementation(away as never),
  );
  const [ada, bob] = [await join('ada'), await join('bob')];
  expect(await asker.whereIs('ada')).toBeUndefined();
  expect(await asker.whereAre(['ada'])).toBeUndefined();
  bob.client.leave();
  await stepper.advance(400);
  expect(stepper.log.filter(({ level }) => level >= 40).map(({ msg }) => msg)).toEqual([
    'a question of a room is not answered',
  ]);
  for (const spy of spies) spy.mockRestore();
  await stepper.advance(1_500);
  expect(await placesOf(asker, 'ada')).toEqual([ada.client.room]);
  expect(await placesOf(asker, 'bob')).toEqual([]);
});

test('who stays for hours is told of again, and only then', async () => {
  let nowMs = 0;
  const directory = new MemoryDirectory({ now: () => EPOCH_MS + nowMs });
  const told = vi.spyOn(directory, 'arrive');
  const lease = { id: 'r1', epoch: EPOCH_MS };
  const about = { kind: 'field', build: '', seats: 2, match: '', hidden: false };
  await directory.claim({ ...about, id: 'r1' }, { shard: 'a', url: '' });
  const attendance = new Attendance({ directory, leaseOf: () => lease, now: () => nowMs });
  attendance.came({ over: false } as GameRoom, 'ada');
  for (; nowMs < 3 * PRESENCE_MS; nowMs += 60_000) {
    attendance.sweep();
    await new Promise((resolve) => setImmediate(resolve));
    const row = { room: 'r1', kind: 'field', sinceMs: EPOCH_MS };
    expect(await directory.whereabouts(['ada'])).toEqual([[row]]);
  }
  expect(told).toHaveBeenCalledTimes(12);
});

test('a crowd is told of in turns, and no sooner again than a second after a refusal', async () => {
  let nowMs = 0;
  let isAway = true;
  const told: number[] = [];
  const arrive: Directory['arrive'] = async (_, users) => {
    told.push(users.length);
    if (isAway) throw new DirectoryError('late', 'away');
  };
  const attendance = new Attendance({
    directory: { arrive } as Directory,
    leaseOf: () => ({ id: 'r1', epoch: 1 }),
    now: () => nowMs,
  });
  const room = { over: false } as GameRoom;
  for (let i = 0; i < 600; i++) attendance.came(room, `u${i}`);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  for (; nowMs < 2_000; nowMs += 250) {
    await settled();
    attendance.sweep();
  }
  await settled();
  expect(told).toEqual([256, 256]);
  isAway = false;
  nowMs = 3_000;
  attendance.sweep();
  await settled();
  expect(told.slice(2)).toEqual([256, 256, 88]);
});

test('what is thrown when an answer came ends the room that returned it', async () => {
  const field = named({
    async join(room) {
      await room.whereIs('ada');
      throw new Error('what now?');
    },
  });
  stepper = opened(await Stepper.start({ rooms: { field } }));
  const room = await stepper.server.shard.open('field');
  await expect(join('ada', room.id)).rejects.toThrow('failed in join');
  expect(room.over).toBe(true);
  expect(stepper.log.map(({ msg }) => msg)).toContain(`room ${room.id} is closed: its join threw`);
});

test('an answer to a room that is gone is never told; one to its close is', async () => {
  const told: string[] = [];
  const field = named({
    async close(room) {
      told.push(`closing ${(await room.whereIs('ada'))?.length}`);
    },
  });
  stepper = opened(await Stepper.start({ rooms: { field } }));
  const { shard } = stepper.server;
  const [closed, moved] = [await shard.open('field'), await shard.open('field')];
  moved.whereIs('ada').then(() => told.push('moved'));
  shard.letGo(moved.id);
  closed.close('done');
  await stepper.when(() => told.length > 0);
  await new Promise((resolve) => setImmediate(resolve));
  closed.whereIs('ada').then(() => told.push('closed'));
  await stepper.advance(20);
  expect(told).toEqual(['closing 0']);
});

test('a user goes with his room to another shard, whether it is handed over or lost', async () => {
  const deployment = opened(new Deployment({ field: named() }));
  const { directory } = deployment;
  const [first, ...others] = [
    await deployment.add(),
    await deployment.add(),
    await deployment.add(),
  ];
  const { id } = await first.server.shard.open('field');
  await deployment.join(first, id, 'ada');
  const asker = await others[0].server.shard.open('field', { hidden: true });
  await vi.waitFor(async () => expect(await placesOf(asker, 'ada')).toEqual([id]));
  const since = (await asker.whereIs('ada'))!;
  await first.server.close();
  const told = () => directory.whereabouts(['ada']);
  await vi.waitFor(async () => expect(await told()).toEqual([since]));
  const owner = others.find(({ server }) => server.shard.rooms.has(id))!;
  const { epoch } = (await directory.room(id))!;
  owner.door.shut = true;
  directory.lose(owner.server.shard.owner.shard);
  expect(await told()).toEqual([[]]);
  await vi.waitFor(async () => expect(await told()).toEqual([since]), 5_000);
  expect((await directory.room(id))!.epoch).toBeGreaterThan(epoch);
});

test('what a directory that was away has forgotten meanwhile is told again', async () => {
  const deployment = opened(new Deployment({ field: named() }));
  const { directory } = deployment;
  const member = await deployment.add();
  const { room: id } = await deployment.join(member, 'field', 'ada');
  const { shard } = member.server;
  const places = async () => (await directory.whereabouts(['ada']))[0].map(({ room }) => room);
  await vi.waitFor(async () => expect(await places()).toEqual([id]));
  member.door.shut = true;
  // As a replica that takes over without the last second.
  await directory.depart(shard.leaseOf(shard.rooms.get(id)!), ['ada']);
  await vi.waitFor(() => expect(member.server.edge.tally.directoryAway).toBe(true), 5_000);
  expect(await places()).toEqual([]);
  member.door.shut = false;
  await vi.waitFor(async () => expect(await places()).toEqual([id]), 5_000);
});
