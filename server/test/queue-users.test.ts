// A user is in one match once: who waits in two tabs, or alone and in a party, does not play
// against himself. One server in virtual time; over several shards at the end.
import { afterEach, expect, test, vi } from 'vitest';
import { createMemoryTransport, type Limits, type MatchRule } from '../src/index.ts';
import { Queues } from '../src/queues.ts';
import { arcade, type Definition } from './arcade.ts';
import { Deployment, type Member } from './deployment.ts';
import { post, TICKET } from './raw-player.ts';
import { Seeker } from './seeker.ts';
import { Stepper } from './stepper.ts';
import { WaitingPlayer } from './waiting-player.ts';

let stepper: Stepper | undefined;
let deployment: Deployment | undefined;
afterEach(async () => {
  await stepper?.close();
  await deployment?.close();
  stepper = deployment = undefined;
});

/** Players are who their tokens say; '' is nobody in particular. */
function named(players: number) {
  const match: MatchRule = { queue: { players } };
  const named: Partial<Definition> = {
    authenticate: ((token: string) => ({ name: token })) as never,
    user: (({ name }: { name: string }) => name || undefined) as never,
  };
  return arcade({ ...named, seats: Math.max(8, players), match });
}

async function start(players: number, limits: Partial<Limits> = {}) {
  stepper = await Stepper.start({ rooms: { field: named(players) }, limits });
}

async function comes(token: string, credential: 0 | 1 = 0): Promise<WaitingPlayer> {
  const player = new WaitingPlayer(stepper!);
  player.hello(credential, token, { room: 'field' });
  await stepper!.advance(20);
  return player;
}

/** All members of a party, who have come. */
async function party(...tokens: string[]): Promise<WaitingPlayer[]> {
  const { tickets } = (await post(stepper!, { tokens })) as never as { tickets: string[] };
  const players: WaitingPlayer[] = [];
  for (const ticket of tickets) players.push(await comes(ticket, TICKET));
  return players;
}

const seated = (players: readonly WaitingPlayer[]) => players.map((player) => player.seated);

test('two tabs of a user are matched with others, and not with each other', async () => {
  await start(2);
  const tabs = [await comes('ada'), await comes('ada')];
  await stepper!.advance(30_000);
  expect(seated(tabs)).toEqual([false, false]);
  // The one tab does not count for the other.
  expect(tabs.map(({ last }) => last)).toMatchObject([
    { waiting: 2, found: 1, wanted: 2 },
    { waiting: 2, found: 1, wanted: 2 },
  ]);
  const said = stepper!.log.filter(({ msg }) => msg.startsWith('a user waits more than once'));
  expect(said).toHaveLength(1);
  const others = [await comes('bob'), await comes('cy')];
  expect(seated([...tabs, ...others])).toEqual([true, true, true, true]);
  expect(stepper!.server.shard.rooms.size).toBe(2);
});

test('the tab that waits longest is the first', async () => {
  await start(2);
  const tabs = [await comes('ada'), await comes('ada')];
  const bob = await comes('bob');
  expect(seated([...tabs, bob])).toEqual([true, false, true]);
});

test('found does not count further tabs of a user', async () => {
  await start(4);
  const tabs = [await comes('ada'), await comes('ada'), await comes('ada')];
  await comes('bob');
  await stepper!.advance(2_500);
  expect(tabs[0].last).toMatchObject({ waiting: 4, found: 2, wanted: 4 });
});

test('players who are nobody in particular may all be somebody else', async () => {
  await start(2);
  expect(seated([await comes(''), await comes('')])).toEqual([true, true]);
});

test('a player of a party who waits alone as well is in its match once', async () => {
  await start(3);
  const alone = await comes('ada');
  const [ada, bob] = await party('ada', 'bob');
  expect(seated([alone, ada, bob])).toEqual([false, false, false]);
  const cy = await comes('cy');
  expect(seated([alone, ada, bob, cy])).toEqual([false, true, true, true]);
});

test('a party with the same user twice is refused, and keeps no tickets', async () => {
  await start(2);
  const answer = await post(stepper!, { tokens: ['ada', 'ada'] });
  expect(answer).toMatchObject({ status: 409, error: 'a player is in your party twice' });
  expect(stepper!.server.seating.secrets.tickets).toBe(0);
  // Into a room they may go, as tabs may.
  expect(await post(stepper!, { tokens: ['ada', 'ada'], create: true })).toMatchObject({
    status: 200,
  });
});

test('tabs of a user at two shards are not matched, and what tells them is no name', async () => {
  deployment = new Deployment({ field: named(2) });
  const members: Member[] = [];
  for (let i = 0; i < 2; i++) {
    const publicUrl = `http://shard-${i}`;
    members.push(await deployment.add({ transport: createMemoryTransport(), publicUrl }));
  }
  const tell = vi.spyOn(Queues.prototype, 'tell');
  const seekers = Array.from({ length: 3 }, () => new Seeker(deployment!));
  const soon = { timeout: 4_000, interval: 20 };
  seekers[0].seek(members[0], 'field', 'ada');
  await vi.waitFor(() => expect(seekers[0].told).toHaveLength(1), soon);
  seekers[1].seek(members[1], 'field', 'ada');
  await vi.waitFor(() => expect(seekers[1].told.at(-1)?.waiting).toBe(2), soon);
  expect(seekers.flatMap(({ rooms }) => rooms)).toEqual([]);
  seekers[2].seek(members[1], 'field', 'bob');
  await vi.waitFor(() => expect(seekers[2].rooms).toHaveLength(1), soon);
  expect(seekers.map(({ rooms }) => rooms.length)).toEqual([1, 0, 1]);
  const places = tell.mock.calls.flatMap(([, , , fresh]) => fresh.flatMap((one) => one.places));
  const users = places.map(([, , user]) => user);
  expect(new Set(users).size).toBe(2);
  for (const user of users) expect(user).toMatch(/^[\w-]{16}$/);
});

test('{T60} whom a user waits as is looked up, not looked for among all who wait', async () => {
  await start(200);
  const { waiting } = stepper!.server.seating;
  let looks = 0;
  const seekers = Array.from({ length: 100 }, () => new Seeker(deployment!));
  const over = seekers.map((seeker, i) => {
    const identity = {
      auth: undefined,
      untilMs: Number.POSITIVE_INFINITY,
      get user() {
        looks++;
        return `user-${i % 50}`;
      },
    };
    return waiting.join({ kind: 'field', match: '' }, identity, seeker).catch(() => i);
  });
  await stepper!.advance(20);
  looks = 0;
  const his = waiting.of('user-7');
  expect(his.map(({ id }) => id)).toEqual([8, 58]);
  expect(waiting.of(undefined)).toEqual([]);
  expect(looks).toBe(0);
  for (const seeker of seekers) seeker.gone();
  await Promise.all(over);
  expect(waiting.of('user-7')).toEqual([]);
});
