// Parties that gather for a waiting queue over several shards: a ticket leads to where its party
// waits, whoever is asked, and goes on with the party where that shard closes. Servers in virtual
// time.
import { CloseCode, FrameType, MsgpackReader, readFrame, readMoved } from '@tickwire/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DirectoryError, type Server } from '../src/index.ts';
import { arcade, type Definition, game } from './arcade.ts';
import { A, B, C, ShardStage } from './shard-stage.ts';
import { Player, type Stepper } from './stepper.ts';
import type { WaitingPlayer } from './waiting-player.ts';

const TICKET = 1;
let stage: ShardStage;
let stepper: Stepper;
let a: Server;
let b: Server;

beforeEach(async () => {
  const named: Partial<Definition> = {
    authenticate: ((token: string) => ({ name: token })) as never,
    user: (({ name }: { name: string }) => name || undefined) as never,
  };
  const match = { queue: { players: 3 } };
  stage = await ShardStage.start({ field: arcade({ ...named, seats: 8, match }) });
  ({ stepper, a, b } = stage);
});
afterEach(() => stepper.close());

async function party(at: Server, ...tokens: string[]): Promise<string[]> {
  const body = JSON.stringify({ tokens });
  const request = { method: 'POST', path: '/rooms/field', body };
  const answer = await stepper.until(stage.transportOf(at).request(request));
  return JSON.parse(String(answer.body)).tickets;
}

/** Where it was sent, and with what. */
function movedOf({ frames }: WaitingPlayer) {
  const from = new MsgpackReader();
  from.reset(frames.find((bytes) => bytes[1] === FrameType.Moved) ?? new Uint8Array([0xc0]));
  readFrame(from, { elements: 0 });
  return readMoved(from);
}

/** A page that goes where it is sent. */
function page(url: string, ticket: string): { player: Player<typeof game>; joined: Promise<void> } {
  const player = new Player<typeof game>(stepper, { room: 'field', url, ticket } as never);
  return { player, joined: player.connect(game as never) };
}

/** What a shard does as it closes, as cluster.ts has it done. */
async function closes({ shard, seating }: Server): Promise<void> {
  shard.draining = true;
  for (const entry of await stage.directory.shards())
    if (entry.id === shard.owner.shard)
      await stage.directory.announce({ ...entry, draining: true });
  await stepper.until(seating.waiting.sendAway());
  await stepper.advance(20);
}

test("a party's ticket leads to where the party gathers, by whichever server", async () => {
  const tickets = await party(a, 'ada', 'bob');
  const ada = await stage.comes(a, tickets[0], TICKET);
  const bob = await stage.comes(b, tickets[1], TICKET);
  expect([movedOf(bob), bob.closed]).toEqual([{ url: A, ticket: '' }, CloseCode.Restart]);
  // It is good there as it was.
  const again = await stage.comes(a, tickets[1], TICKET);
  const cy = await stage.comes(a, 'cy');
  await stepper.advance(500);
  const matched = ({ seated, frames }: WaitingPlayer) =>
    seated || frames.some((bytes) => bytes[1] === FrameType.Moved);
  expect([ada, again, cy].map(matched)).toEqual([true, true, true]);
  // And no more: it is not sent round.
  const used = await stage.comes(b, tickets[1], TICKET);
  expect(movedOf(used)).toEqual({ url: A, ticket: '' });
  expect((await stage.comes(a, tickets[1], TICKET)).closed).toBe(CloseCode.TicketSpent);
});

test('pages of a party that come in by any server play together', async () => {
  const tickets = await party(b, 'ada', 'bob', 'cy');
  const pages = tickets.map((ticket, i) => page(i === 1 ? B : A, ticket));
  await stepper.until(Promise.all(pages.map(({ joined }) => joined)));
  expect(new Set(pages.map(({ player }) => player.client.room)).size).toBe(1);
});

test('a forged home, one that is gone, and one that never was are spent tickets', async () => {
  const [ticket] = await party(a, 'ada', 'bob');
  const [said, mac] = ticket.split('.');
  const claims = JSON.parse(Buffer.from(said, 'base64url').toString());
  expect(claims[4]).toBe(a.shard.owner.shard);
  const other = Buffer.from(JSON.stringify([...claims.slice(0, 4), 'x'])).toString('base64url');
  const forged = `${other}.${mac}`;
  expect((await stage.comes(b, forged, TICKET)).closed).toBe(CloseCode.TicketSpent);
  await stage.directory.withdraw(a.shard.owner.shard);
  await stepper.advance(1_500);
  const gone = await stage.comes(b, ticket, TICKET);
  expect([gone.closed, gone.frames.length]).toEqual([CloseCode.TicketSpent, 0]);
});

test('who is asked while the directory is away says so, and keeps the ticket good', async () => {
  const [ticket] = await party(a, 'ada', 'bob');
  await stepper.advance(1_500);
  stage.away = 'late';
  expect((await stage.comes(b, ticket, TICKET)).closed).toBe(CloseCode.Overloaded);
  stage.away = undefined;
  expect(movedOf(await stage.comes(b, ticket, TICKET)).url).toBe(A);
});

test('{S56} a party that is not all here goes on elsewhere when its server closes', async () => {
  const tickets = await party(a, 'ada', 'bob', 'cy');
  const ada = await stage.comes(a, tickets[0], TICKET);
  await stepper.advance(1_000);
  await closes(a);
  // Who was here has a ticket for there; who was not is sent on with his own, by whichever server.
  const moved = movedOf(ada);
  expect([moved.url, moved.ticket === '']).toEqual([B, false]);
  const late = await stage.comes(a, tickets[1], TICKET);
  expect(movedOf(late)).toEqual({ url: B, ticket: '' });
  const bob = await stage.comes(b, tickets[1], TICKET);
  expect(bob.last).toMatchObject({ waiting: 1, wanted: 3 });
  const again = await stage.comes(b, moved.ticket, TICKET);
  const cy = await stage.comes(b, tickets[2], TICKET);
  // The queue may have been the other's.
  await stepper.advance(2_000);
  expect([again, bob, cy].map(({ seated }) => seated)).toEqual([true, true, true]);
  const names = [...b.shard.rooms.values()].flatMap((room) =>
    [...room.seats].map(({ auth }) => (auth as { name: string }).name),
  );
  expect(names.sort()).toEqual(['ada', 'bob', 'cy']);
  // A ticket is good once, wherever its party went.
  expect((await stage.comes(b, tickets[1], TICKET)).closed).toBe(CloseCode.TicketSpent);
});

test('{S56} a party of which nobody has come goes on as well', async () => {
  const tickets = await party(a, 'ada', 'bob', 'cy');
  await closes(a);
  const pages = tickets.map((ticket, i) => page(i === 1 ? B : A, ticket));
  await stepper.until(Promise.all(pages.map(({ joined }) => joined)));
  expect(new Set(pages.map(({ player }) => player.client.room)).size).toBe(1);
  expect(a.seating.secrets.tickets).toBe(0);
});

test('a server that closes gathers no more parties, and says so', async () => {
  await closes(a);
  const request = { method: 'POST', path: '/rooms/field', body: '{ "tokens": ["ada", "bob"] }' };
  const { status, body } = await stepper.until(stage.transportOf(a).request(request));
  expect([status, String(body)]).toEqual([503, '{"error":"the server restarts; try again"}']);
  expect(a.seating.secrets.tickets).toBe(0);
});

test('where the other server does not answer the party is told to gather again', async () => {
  const tickets = await party(a, 'ada', 'bob');
  const ada = await stage.comes(a, tickets[0], TICKET);
  stage.directory.publish = async () => {
    throw new DirectoryError('unreachable', 'nobody hears');
  };
  await closes(a);
  expect([ada.closed, ada.reason]).toEqual([
    CloseCode.TicketSpent,
    'one of your party is gone: gather it again',
  ]);
  expect((await stage.comes(a, tickets[1], TICKET)).closed).toBe(CloseCode.TicketSpent);
});

test('{S56} a ticket of a server that is gone leads to the one that goes on for it', async () => {
  const c = await stage.add(C);
  const tickets = await party(a, 'ada', 'bob', 'cy');
  await closes(a);
  await stage.directory.withdraw(a.shard.owner.shard);
  await stepper.advance(1_500);
  // One of them has the party; who asks the other is sent there.
  const isHeir = ({ seating }: Server) =>
    seating.waiting.services.heirOf(...([a.shard.owner.shard] as never));
  const [heir, other] = (await isHeir(b)) ? [b, c] : [c, b];
  const asks = vi.spyOn(stage.directory, 'publish');
  const sent = [
    await stage.comes(other, tickets[0], TICKET),
    await stage.comes(other, tickets[1], TICKET),
  ];
  expect(sent.map((player) => movedOf(player).url)).toEqual(Array(2).fill(heir.shard.owner.url));
  // A question and its answer, once for all of a party.
  expect(asks.mock.calls.length).toBe(2);
  const players: WaitingPlayer[] = [];
  for (const ticket of tickets) players.push(await stage.comes(heir, ticket, TICKET));
  await stepper.advance(2_000);
  const matched = ({ seated, frames }: WaitingPlayer) =>
    seated || frames.some((bytes) => bytes[1] === FrameType.Moved);
  expect(players.map(matched)).toEqual([true, true, true]);
  // It knows by itself that such a ticket was used.
  expect((await stage.comes(heir, tickets[0], TICKET)).closed).toBe(CloseCode.TicketSpent);
  await stepper.advance(11_000);
  expect(await isHeir(heir)).toBe(false);
});
