// Rooms over several servers, as players meet them: who comes in by one server plays on another,
// goes on when a room moves, and comes back when its server is cut off.
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../src/log.ts';
import { arcade } from './arcade.ts';
import { Deployment, type Member } from './deployment.ts';

let deployment: Deployment;
beforeEach(() => {
  deployment = new Deployment({ field: arcade({ seats: 4 }) });
});
afterEach(() => deployment.close());

const roomsOf = ({ server }: Member) => [...server.shard.rooms.values()];
const soon = { timeout: 8_000, interval: 20 };

test('a player is sent to the server that has the room', async () => {
  const [a, b] = [await deployment.add(), await deployment.add()];
  const first = await deployment.join(a);
  const second = await deployment.join(b);
  expect(second.room).toBe(first.room);
  expect([roomsOf(a).length, roomsOf(b).length]).toEqual([1, 0]);
  expect(roomsOf(a)[0].taken).toBe(2);
  const third = await deployment.join(b, first.room);
  expect([third.room, roomsOf(a)[0].taken]).toEqual([first.room, 3]);
});

test('a server that hands its rooms over says that it takes nobody', async () => {
  const a = await deployment.add();
  await deployment.join(a);
  const asked = async () => {
    const answer = await fetch(`${a.server.url}/healthz`);
    return [answer.status, await answer.json()];
  };
  expect(await asked()).toEqual([200, { status: 'ok', rooms: 1, seats: 1 }]);
  a.server.shard.draining = true;
  expect(await asked()).toEqual([503, { status: 'draining', rooms: 1, seats: 1 }]);
  a.server.shard.draining = false;
});

test('two servers with one publicUrl say so', async () => {
  const said: string[] = [];
  const log = createLog('silent');
  log.error = (_: unknown, message?: string) => void said.push(String(message));
  // It is looked after seven seconds.
  const now = () => 20 * performance.now();
  const same = { publicUrl: 'http://127.0.0.1:9001', now };
  await deployment.add(same);
  await deployment.add({ ...same, log });
  await vi.waitFor(() => expect(said).toHaveLength(1), soon);
  expect(said[0]).toContain('several servers have the publicUrl http://127.0.0.1:9001');
});

test('many who come in by two servers at once get all places and no more', async () => {
  const [a, b] = [await deployment.add(), await deployment.add()];
  await Promise.all(Array.from({ length: 16 }, (_, i) => deployment.join(i % 2 ? a : b)));
  const rooms = [...roomsOf(a), ...roomsOf(b)];
  expect(rooms.map(({ taken }) => taken).reduce((sum, taken) => sum + taken, 0)).toBe(16);
  expect(Math.max(...rooms.map(({ taken }) => taken))).toBeLessThanOrEqual(4);
  for (const entry of await deployment.directory.rooms())
    expect(entry.taken).toBe(rooms.find(({ id }) => id === entry.id)?.taken);
});

test('who opens a room that others fill at once gets a place in another', async () => {
  const a = await deployment.add();
  const { directory } = deployment;
  const claim = directory.claim.bind(directory);
  directory.claim = async (facts, owner) => {
    directory.claim = claim;
    const answer = await claim(facts, owner);
    if (!answer.won) throw new Error('a new room has an owner');
    for (const seat of ['a', 'b', 'c', 'd'])
      await directory.take({ id: facts.id, epoch: answer.epoch }, seat);
    return answer;
  };
  const player = await deployment.join(a);
  expect(roomsOf(a).map(({ id, taken }) => [id, taken])[1]).toEqual([player.room, 1]);
});

test('rooms of a rush are opened by both servers', async () => {
  await deployment.close();
  deployment = new Deployment({ field: arcade({ seats: 1 }) });
  const [a, b] = [await deployment.add(), await deployment.add()];
  for (let i = 0; i < 12; i++) {
    await deployment.join(a);
    await wait(60);
  }
  const counts = [roomsOf(a).length, roomsOf(b).length];
  expect(counts[0] + counts[1]).toBe(12);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(4);
});

test('{S56} a server that closes hands its rooms over, and nobody loses a seat', async () => {
  const a = await deployment.add();
  const players = [await deployment.join(a), await deployment.join(a)];
  const b = await deployment.add();
  await vi.waitFor(() => expect(players[0].view().mine('ship')?.x).toBeGreaterThan(5), soon);
  const before = players.map((player) => [player.seat, player.room]);
  const ids = players.map((player) => player.view().mine('ship')?.id);
  const ticks = roomsOf(a)[0].doneTick;
  await a.server.close();
  await vi.waitFor(() => {
    expect(players.map(({ status }) => status.state)).toEqual(['live', 'live']);
    expect(roomsOf(b).map(({ taken }) => taken)).toEqual([2]);
    expect([...roomsOf(b)[0].seats].every(({ connected }) => connected)).toBe(true);
  }, soon);
  expect(players.map((player) => [player.seat, player.room])).toEqual(before);
  expect(players.map((player) => player.view().mine('ship')?.id)).toEqual(ids);
  expect(roomsOf(b)[0].doneTick).toBeGreaterThanOrEqual(ticks);
  expect(a.server.edge.tally.handedOver).toBe(1);
});

test('{S54, S56} rooms of a server that is cut off go on elsewhere, and it lets go', async () => {
  const a = await deployment.add({ onDirectoryLoss: 'freeze' });
  const player = await deployment.join(a);
  await vi.waitFor(() => expect(player.view().mine('ship')?.x).toBeGreaterThan(200), soon);
  const b = await deployment.add();
  const [cutOff] = roomsOf(a);
  a.door.shut = true;
  await vi.waitFor(() => expect(roomsOf(b)).toHaveLength(1), soon);
  // It stood still before anybody else had it.
  const stopped = cutOff.doneTick;
  const [restored] = roomsOf(b);
  expect(restored.id).toBe(cutOff.id);
  a.door.shut = false;
  expect(a.server.edge.tally.directoryAway).toBe(true);
  await vi.waitFor(() => expect(roomsOf(a)).toEqual([]), soon);
  const [{ roomsLost, directoryAway }, { takenOver }] = [a, b].map((one) => one.server.edge.tally);
  expect([roomsLost, directoryAway, takenOver]).toEqual([1, false, 1]);
  expect(cutOff.doneTick).toBe(stopped);
  await vi.waitFor(() => {
    expect([...restored.seats].map(({ connected }) => connected)).toEqual([true]);
    expect(player.status.state).toBe('live');
  }, soon);
  expect([player.room, restored.taken]).toEqual([cutOff.id, 1]);
  expect(player.view().mine('ship')?.x).toBeGreaterThan(100);
});

test('{T66} what is no message of a shard changes nothing', async () => {
  const [a, b] = [await deployment.add(), await deployment.add()];
  const { shard } = a.server.shard.owner;
  const lies = [
    ...['', 'x', '{}', '[]', 'null', '["ask"]', '["ask",1,2,"open",[]]', '["ask",1,"","open",{}]'],
    ...['["ask",1,"nobody","open",["no such kind"]]', '["ask",1,"nobody","open",["__proto__"]]'],
    ...['["ask",2,"nobody","toString",[]]', '["ask",3,"nobody","adopt",["field-1",7]]'],
    ...['["answer",1,true,"field-1"]', '["answer",1,1]', '[1,1,true]'],
  ];
  for (const lie of lies)
    await deployment.directory.publish(`shard:${shard}`, new TextEncoder().encode(lie));
  await deployment.directory.publish(`shard:${shard}`, Uint8Array.of(0xff, 0xfe));
  expect([roomsOf(a).length, roomsOf(b).length]).toEqual([0, 0]);
  const player = await deployment.join(a);
  expect(player.status.state).toBe('live');
});

test('a shard that is asked for a room opens one', async () => {
  const a = await deployment.add();
  const { directory } = deployment;
  const answers: unknown[] = [];
  await directory.subscribe('shard:nobody', (bytes) => {
    answers.push(JSON.parse(new TextDecoder().decode(bytes)));
  });
  const ask = (serial: number, service: string) => {
    const question = ['ask', serial, 'nobody', service, ['field', '', false]];
    const { shard } = a.server.shard.owner;
    return directory.publish(`shard:${shard}`, new TextEncoder().encode(JSON.stringify(question)));
  };
  await ask(1, 'open');
  await vi.waitFor(() => expect(answers).toHaveLength(1), soon);
  // Whatever else the first one set going is over when the second is answered.
  await ask(2, 'open');
  await vi.waitFor(() =>
    expect(answers).toContainEqual(['answer', 2, true, roomsOf(a).at(-1)?.id]),
  );
  expect(roomsOf(a).map(({ id }) => id)).toEqual(answers.map((answer) => (answer as string[])[3]));
  expect(answers).toHaveLength(2);
});

test('a room that its shard was given and does not have yet is waited for', async () => {
  const [a, b] = [await deployment.add(), await deployment.add()];
  const player = await deployment.join(a);
  const { room: id } = player;
  const entry = (await deployment.directory.room(id))!;
  const [from, to] = entry.shard === a.server.shard.owner.shard ? [a, b] : [b, a];
  const { shard } = from.server;
  const epoch = await deployment.directory.handOver(
    shard.leaseOf(shard.rooms.get(id)!),
    to.server.shard.owner,
  );
  const early = fetch(`${to.server.url}/rooms/field`, asked(id));
  expect(await Promise.race([early, wait(200)])).toBe(undefined);
  shard.letGo(id, to.server.url);
  await to.server.shard.succession.adopt({ id, epoch: Number(epoch) });
  expect((await early).status).toBe(200);
});

const asked = (room: string) => ({ method: 'POST', body: JSON.stringify({ room }) });

test('while the directory is away lists and tickets say so, and no handler fails', async () => {
  const a = await deployment.add();
  a.door.shut = true;
  const [list, ticket] = await Promise.all([
    fetch(`${a.server.url}/rooms`),
    fetch(`${a.server.url}/rooms/field`, { method: 'POST' }),
  ]);
  expect([list.status, ticket.status]).toEqual([503, 503]);
  expect(a.server.edge.tally.faults).toBe(0);
});

test('many who ask for the list of rooms at once cost one look at all of them', async () => {
  const a = await deployment.add();
  const player = await deployment.join(a);
  const look = vi.spyOn(deployment.directory, 'rooms');
  const ask = async () => (await (await fetch(`${a.server.url}/rooms`)).json()) as { id: string }[];
  const lists = await Promise.all(Array.from({ length: 20 }, ask));
  for (const list of lists) expect(list.map(({ id }) => id)).toEqual([player.room]);
  expect(look.mock.calls.length).toBeLessThan(3);
  // What is over is soon left out.
  roomsOf(a)[0].end(1000, 'over');
  await vi.waitFor(async () => expect(await ask()).toEqual([]), soon);
});
