// Clients that follow a room from server to server, both ends real: at the join, at a resume, and
// while they play. The servers share one set of rooms and each sends away what is not its own;
// how rooms come to change their owner is the shards' matter, and tested there.
import { CloseCode, type Hello, type Row } from '@tickwire/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Elsewhere, type Joined, JoinRefused, type Proof } from '../src/joining.ts';
import type { Joiner } from '../src/seat.ts';
import { arcade, game } from './arcade.ts';
import { post, RESUME, TICKET, TOKEN } from './raw-player.ts';
import { Stepper } from './stepper.ts';

const A = 'ws://stepper';
const B = 'ws://b:1';
const C = 'ws://c:1';
const LINE = { latencyMs: 40, jitterMs: 0, stallMs: 0, stallEveryMs: 0, bandwidthKbps: 0 };

let stepper: Stepper;
/** Whose the rooms are; undefined: nobody's for now. */
let owner: string | undefined;
let epoch: number;
/** Who was asked for a seat, by what, for which room. */
let asked: [url: string, credential: number, room: string][];

beforeEach(async () => {
  const rooms = { field: arcade() };
  stepper = await Stepper.start({ rooms });
  const { seating } = stepper.server;
  const join = seating.join.bind(seating);
  [owner, epoch, asked] = [A, 1, []];
  const joinAt = (url: string) => async (hello: Hello, line: Joiner, proof?: Proof) => {
    asked.push([url, hello.credential, hello.room]);
    if (owner === undefined) throw new JoinRefused(CloseCode.Restart, 'nobody has it now');
    if (owner !== url) throw new Elsewhere(owner === A ? '' : owner);
    return { ...(await join(hello, line, proof)), epoch } satisfies Joined;
  };
  seating.join = joinAt(A);
  for (const url of [B, C]) {
    const { seating: other } = await stepper.add(url, { rooms });
    other.join = joinAt(url);
  }
});
afterEach(() => stepper.close());

/** The room is another server's: its players are told. */
function moveTo(url: string): void {
  owner = url;
  epoch++;
  for (const { line } of stepper.room('field').seats) line?.move(url === A ? '' : url);
}

const urlsOf = ({ sockets }: { sockets: readonly { url: string }[] }) =>
  sockets.map(({ url }) => url);

describe('a client', () => {
  test('[J11] follows to where its room is, at the join', async () => {
    owner = B;
    const player = await stepper.join(game, { room: 'field', token: 'ada' });
    expect(urlsOf(player)).toEqual([A, B]);
    expect(asked).toEqual([
      [A, TOKEN, 'field'],
      [B, TOKEN, 'field'],
    ]);
    expect(player.client.status).toEqual({ state: 'live', fresh: false });
    const { edge } = stepper.server;
    expect([edge.tally.moved, edge.tally.refusals.size]).toEqual([1, 0]);
  });

  test('[J11] is seated there by the ticket that any server gave it', async () => {
    const { ticket, room } = await stepper.until(post(stepper, {}));
    owner = C;
    const player = await stepper.join(game, { url: B, room, ticket });
    expect(asked).toEqual([
      [B, TICKET, room],
      [C, TICKET, room],
    ]);
    expect(player.client.room).toBe(room);
  });

  test('[J11] that resumes asks by the room’s id, and follows as well', async () => {
    const player = await stepper.join(game, { room: 'field' });
    const { room, seat } = player.client;
    owner = C;
    player.cut();
    await stepper.when(() => player.state === 'resuming');
    await stepper.when(() => player.state === 'live');
    expect(asked.slice(1)).toEqual([
      [A, RESUME, room],
      [C, RESUME, room],
    ]);
    expect([player.client.room, player.client.seat]).toEqual([room, seat]);
  });

  test('[J12] goes on with its picture while the room moves, and no row leaves it', async () => {
    const options = { room: 'field', up: LINE, down: LINE };
    const other = await stepper.join(game, { ...options, sample: still });
    const player = await stepper.join(game, { ...options, sample: still });
    await stepper.advance(1000);
    const rows = new Set<Row>();
    const changes: unknown[] = [];
    const look = () => {
      const view = player.client.view();
      for (const row of view.all('ship')) rows.add(row as unknown as Row);
      changes.push(...view.entered('ship'), ...view.left('ship'));
    };
    look();
    changes.length = 0;
    const stop = stepper.every(16, look);
    for (const url of [B, C, A]) {
      moveTo(url);
      const sinceMs = stepper.nowMs;
      await stepper.when(() => player.state === 'resuming');
      await stepper.when(() => player.state === 'live');
      // MOVED, the new line's HELLO and WELCOME: three ways of 40 ms, and a tick.
      expect(stepper.nowMs - sinceMs).toBeLessThan(250);
      await stepper.advance(2000);
    }
    stop();
    expect(changes).toEqual([]);
    expect(rows.size).toBe(2);
    expect(urlsOf(player)).toEqual([A, B, C, A]);
    expect(player.statuses.filter(({ state }) => state !== 'live')).toEqual(
      [1, 1, 1].map((attempt) => ({ state: 'resuming', attempt, reason: 'moved' })),
    );
    expect(other.state).toBe('live');
  });

  test('[J12] loses no press while the room moves', async () => {
    let pressed = 0;
    let down = false;
    const sample = () => ({ dx: 0, dy: 0, fire: down });
    const player = await stepper.join(game, { room: 'field', up: LINE, down: LINE, sample });
    await stepper.advance(1000);
    const press = async () => {
      down = true;
      pressed++;
      await stepper.advance(40);
      down = false;
      await stepper.advance(93);
    };
    for (let i = 0; i < 60; i++) {
      if (i % 5 === 2) moveTo([B, C, A][((i / 5) % 3) | 0]);
      await press();
    }
    await stepper.advance(2000);
    const [seat] = stepper.room('field').seats;
    expect((seat.own('ship') as unknown as { shots: number }).shots).toBe(pressed);
    expect(player.sockets).toHaveLength(13);
  });

  test('[J17] whose server is down asks where it came from, and is back at once', async () => {
    const player = await stepper.join(game, { room: 'field' });
    moveTo(B);
    await stepper.when(() => urlsOf(player).at(-1) === B && player.state === 'live');
    // Killed: the others send to it until its lease is over, then the room is nobody's.
    stepper.down.add(B);
    player.cut();
    await stepper.advance(1500);
    owner = undefined;
    await stepper.advance(500);
    [owner, epoch] = [C, epoch + 1];
    const backMs = stepper.nowMs;
    await stepper.when(() => player.state === 'live');
    expect(stepper.nowMs - backMs).toBeLessThan(1100);
    expect(urlsOf(player).slice(-2)).toEqual([A, C]);
    expect(player.client.seat).toBe(1);
  });

  test('[J14] that is sent in circles gives up', async () => {
    owner = 'ws://nowhere';
    const { seating } = stepper.others.get(B)!.server;
    seating.join = () => Promise.reject(new Elsewhere(''));
    stepper.server.seating.join = () => Promise.reject(new Elsewhere(B));
    const joining = stepper.join(game, { room: 'field' });
    await expect(joining).rejects.toMatchObject({ name: 'ConnectError', reason: 'busy' });
    expect(stepper.server.edge.tally.moved).toBe(3);
  });
});

function still() {
  return { dx: 0, dy: 0, fire: false };
}
