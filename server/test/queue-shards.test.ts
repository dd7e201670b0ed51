// Waiting queues over several shards: matches of players who came in by different ones, exactly one
// for each, and none lost with the shard that kept the queue. Most players are lines without a
// socket, so that there can be many.
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '@tickwire/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { createMemoryTransport, type Directory, DirectoryError, type Lease } from '../src/index.ts';
import { QueueOwners } from '../src/queue-owners.ts';
import { arcade, game } from './arcade.ts';
import { Deployment, type Member } from './deployment.ts';
import { Seeker } from './seeker.ts';

let deployment: Deployment;
afterEach(() => deployment.close());
beforeEach(() => {
  deployment = new Deployment({ field: arcade({ seats: 8, match: { queue: { players: 4 } } }) });
});

const soon = { timeout: 8_000, interval: 20 };
const LIMITS = { limits: { emptyRoomMs: 60_000 } };

/** Shards that no socket leads to. */
async function add(count: number): Promise<Member[]> {
  const members: Member[] = [];
  for (let i = 0; i < count; i++) {
    const publicUrl = `http://shard-${i}`;
    members.push(
      await deployment.add({ ...LIMITS, transport: createMemoryTransport(), publicUrl }),
    );
  }
  return members;
}

/** The shard that has the queue, and the others. */
async function split(members: readonly Member[]): Promise<[Member, Member[]]> {
  const [{ server }] = members;
  const { build, owner } = server.shard;
  const { directory } = deployment;
  const owners = new QueueOwners({ directory, shard: owner.shard, build, now: () => 0 });
  const name = await owners.of({ kind: 'field', match: '' });
  const keeps = ({ server: one }: Member) => one.shard.owner.shard === name;
  return [members.find(keeps)!, members.filter((one) => !keeps(one))];
}

const seated = (seekers: readonly Seeker[]) => seekers.filter(({ rooms }) => rooms.length > 0);
const waitingAt = (members: readonly Member[]) =>
  members.reduce((sum, { server }) => sum + server.seating.waiting.size, 0);

test('four hundred who race in by three shards are in a hundred matches, each in one', async () => {
  const members = await add(3);
  const seekers = Array.from({ length: 400 }, () => new Seeker(deployment));
  await Promise.all(seekers.map((seeker, i) => seeker.seek(members[i % 3])));
  expect(seekers.filter(({ failed }) => failed)).toEqual([]);
  const counts = new Map<string, number>();
  for (const { rooms } of seekers)
    for (const room of rooms) counts.set(room, (counts.get(room) ?? 0) + 1);
  expect(seated(seekers)).toHaveLength(400);
  expect(counts.size).toBe(100);
  expect(new Set(counts.values())).toEqual(new Set([4]));
  const shards = members.map(({ server }) => [...server.shard.rooms.values()]);
  expect(shards.flat().map(({ taken }) => taken)).toEqual(Array(100).fill(4));
  const matches = members.map(({ server }) => server.edge.tally.matches.get('field') ?? 0);
  expect(matches.reduce((sum, count) => sum + count)).toBe(100);
  expect(waitingAt(members)).toBe(0);
});

test('those who wait are matched when the shard that has their queue is cut off', async () => {
  const members = await add(3);
  const [owner, [b, c]] = await split(members);
  const seekers = Array.from({ length: 5 }, () => new Seeker(deployment));
  seekers[0].seek(b);
  seekers[1].seek(c);
  seekers[2].seek(b);
  await vi.waitFor(() => expect(seekers[1].told.at(-1)?.waiting).toBe(3), soon);
  owner.door.shut = true;
  seekers[3].seek(c);
  await vi.waitFor(() => expect(seekers[3].told.length).toBeGreaterThan(0), soon);
  seekers[4].seek(c);
  await vi.waitFor(() => expect(seated(seekers)).toHaveLength(4), soon);
  // In their order, whoever has the queue now.
  expect(seekers.map(({ rooms }) => rooms.length)).toEqual([1, 1, 1, 1, 0]);
  expect(new Set(seekers.flatMap(({ rooms }) => rooms)).size).toBe(1);
  expect(waitingAt([b, c])).toBe(1);
});

test('who leaves is in no match, and the others wait for the next', async () => {
  const members = await add(3);
  const seekers = Array.from({ length: 5 }, () => new Seeker(deployment));
  for (const [i, seeker] of seekers.slice(0, 3).entries()) seeker.seek(members[i]);
  await vi.waitFor(() => expect(seekers[2].told.at(-1)?.waiting).toBe(3), soon);
  seekers[0].gone();
  seekers[3].seek(members[1]);
  await vi.waitFor(() => expect(seekers[3].told.at(-1)?.waiting).toBe(3), soon);
  expect(seated(seekers)).toEqual([]);
  await seekers[4].seek(members[2]);
  await vi.waitFor(() => expect(seated(seekers)).toHaveLength(4), soon);
  expect(seekers[0].rooms).toEqual([]);
  expect(seekers[0].failed).toMatchObject({ closeCode: 4002 });
});

test('{T66} what another shard would not say of a queue changes nothing', async () => {
  const members = await add(2);
  const seekers = Array.from({ length: 4 }, () => new Seeker(deployment));
  for (const seeker of seekers.slice(0, 3)) seeker.seek(members[0]);
  await vi.waitFor(() => expect(seekers[2].told.length).toBeGreaterThan(0), soon);
  const place = ['seat', 'aWRlbnRpdHk='];
  const entrant = { id: 1, ageMs: 5, rating: 0, places: [place] };
  const lies: unknown[][] = [
    ...[['wait'], ['wait', 'x', 'field', '', 'ids', []], ['wait', 'x', 'field', '', [1.5], []]],
    ...[
      ['wait', 'x', 'none', '', [1], [entrant]],
      ['wait', 'x', '__proto__', '', [], []],
    ],
    ['wait', 'x', 'field', '', [1], [{ ...entrant, rating: null }]],
    ['wait', 'x', 'field', '', [1], [{ ...entrant, places: [[]] }]],
    ['wait', 'x', 'field', '', [1], [{ ...entrant, places: Array(9).fill(place) }]],
    ...[
      ['hold', 'x', [99]],
      ['hold', 7, []],
      ['hold', 'y', null],
      ['letGo', 'nobody'],
    ],
    ...[
      ...[['expect', 'none', '', [entrant]], ['expect', 'field', '', [entrant]], ['expect']],
      ['matched', 'nobody', 'field-1', 'http://evil'],
      ['matched', 'x', 1, 2],
    ],
  ];
  for (const [serial, [service, ...given]] of lies.entries())
    for (const { server } of members) {
      const question = JSON.stringify(['ask', serial, 'x', service, given]);
      const channel = `shard:${server.shard.owner.shard}`;
      await deployment.directory.publish(channel, new TextEncoder().encode(question));
    }
  seekers[3].seek(members[1]);
  await vi.waitFor(() => expect(seated(seekers)).toHaveLength(4), soon);
});

test('{S56} players who wait keep their places at another server when theirs closes', async () => {
  const [a, b] = [await deployment.add(), await deployment.add()];
  const body = JSON.stringify({ tokens: ['', ''] });
  const answer = await fetch(`${a.server.url}/rooms/field`, { method: 'POST', body });
  const { url, tickets } = (await answer.json()) as { url: string; tickets: string[] };
  const players = tickets.map((ticket) => connect(game, { url, room: 'field', ticket, WebSocket }));
  const size = ({ server }: Member) => server.seating.waiting.size;
  await vi.waitFor(() => expect(size(a)).toBe(2), soon);
  players.push(deployment.join(a));
  await vi.waitFor(() => expect(size(a)).toBe(3), soon);
  await wait(400);
  const closing = a.server.close();
  await vi.waitFor(() => expect(size(b)).toBe(3), soon);
  players.push(deployment.join(b));
  const joined = await Promise.all(players);
  deployment.players.push(...joined);
  expect(new Set(joined.map(({ room }) => room)).size).toBe(1);
  // The party counts as one, as the player does who came after it.
  expect(b.server.edge.tally.waitedSeconds.sum).toBeGreaterThan(0.8);
  await closing;
});

test('those who wait go to another server even where it does not answer', async () => {
  const [a, b] = await add(2);
  const seekers = Array.from({ length: 2 }, () => new Seeker(deployment));
  seekers[0].seek(a);
  await vi.waitFor(() => expect(seekers[0].told.length).toBeGreaterThan(0), soon);
  b.door.shut = true;
  seekers[1].seek(a);
  const closing = a.server.close();
  // With what it said before: its place could not be kept.
  await vi.waitFor(() => expect(waitingAt([b])).toBe(2), soon);
  b.door.shut = false;
  await closing;
});

test('{S56} another server that does not answer is asked once for all who wait', async () => {
  deployment = new Deployment({
    field: arcade({ seats: 200, match: { queue: { players: 200 } } }),
  });
  const [a, b] = await add(2);
  const { owner } = b.server.shard;
  let asked = 0;
  await deployment.directory.subscribe(`shard:${owner.shard}`, (bytes) => {
    if (new TextDecoder().decode(bytes).includes('"expect"')) asked++;
  });
  const seekers = Array.from({ length: 190 }, () => new Seeker(deployment));
  const { waiting } = a.server.seating;
  const nobody = { auth: undefined, user: undefined, untilMs: Number.POSITIVE_INFINITY };
  const wanted = { kind: 'field', match: '' };
  const sent = seekers.map((seeker) =>
    waiting.join(wanted, nobody, seeker).catch(({ url }) => url),
  );
  await vi.waitFor(() => expect(waiting.size).toBe(190), soon);
  b.door.shut = true;
  await waiting.sendAway();
  b.door.shut = false;
  expect(new Set(await Promise.all(sent))).toEqual(new Set([owner.url]));
  expect(asked).toBe(1);
});

/** The directory, late with the first answer about each place that it gives. */
function late({ directory }: Deployment): Directory {
  const asked = new Set<string>();
  const ask = (_: object, name: string) => {
    const made = Reflect.get(directory, name);
    if (name !== 'redeem') return typeof made === 'function' ? made.bind(directory) : made;
    return async (lease: Lease, seat: string, again?: boolean) => {
      const answer = await directory.redeem(lease, seat, again);
      if (asked.has(seat)) return answer;
      asked.add(seat);
      throw new DirectoryError('late', 'no answer in 1000 ms');
    };
  };
  return new Proxy({} as Directory, { get: ask as never });
}

test('all of a match play although the directory answers late where they sit down', async () => {
  const members: Member[] = [];
  for (let i = 0; i < 2; i++) {
    const directory = late(deployment);
    const at = { transport: createMemoryTransport(), publicUrl: `http://shard-${i}` };
    members.push(await deployment.add({ ...LIMITS, ...at, directory }));
  }
  const seekers = Array.from({ length: 8 }, () => new Seeker(deployment));
  await Promise.all(seekers.map((seeker, i) => seeker.seek(members[i % 2])));
  expect(seekers.filter(({ failed }) => failed)).toEqual([]);
  expect(seated(seekers)).toHaveLength(8);
  const rooms = members.flatMap(({ server }) => [...server.shard.rooms.values()]);
  expect(rooms.map(({ taken }) => taken)).toEqual([4, 4]);
});
