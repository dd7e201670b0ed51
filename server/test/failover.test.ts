// A process dies, and its room goes on from a checkpoint, with real clients: who was there finds
// seat, entity and world again, events are counted on, commands and presses are said again. The
// process here stays; all that it knew of the room is thrown away. Rooms without clients are
// checkpoint.test.ts'.
import { CommandError } from '@tickwire/client';
import { afterEach, describe, expect, test } from 'vitest';
import { checkpointOf, restoreRoom } from '../src/checkpoint.ts';
import type { GameRoom } from '../src/index.ts';
import { arcade, type Definition, game } from './arcade.ts';
import { EPOCH_MS, type Player, Stepper } from './stepper.ts';

const TICK_MS = 1000 / game.tickRate;
let stepper: Stepper;
afterEach(() => stepper.close());

type ArcadePlayer = Player<typeof game>;
type ArcadeRoom = Parameters<NonNullable<Definition['tick']>>[0];

async function start(more: Partial<Definition> = {}): Promise<void> {
  stepper = await Stepper.start({ rooms: { field: arcade({ ...more, graceMs: 20_000 }) } });
}

function clocks() {
  return { now: stepper.now, wallClockMs: () => EPOCH_MS + stepper.nowMs };
}

function save(isFinal = false): Uint8Array {
  const room = stepper.room('field');
  return checkpointOf(room, stepper.server.seating.recordsOf(room), { clocks: clocks(), isFinal });
}

/** All lines break, and nothing is left of the room but the bytes. */
function takeOver(bytes: Uint8Array, players: readonly ArcadePlayer[]): GameRoom {
  const { shard, seating } = stepper.server;
  const lost = stepper.room('field');
  lost.over = true;
  const lease = shard.leaseOf(lost);
  for (const player of players) player.cut();
  const { id, kind, game, definition, log, limits } = lost;
  const { room, records } = restoreRoom(
    {
      ...{ id, kind, log, limits, seed: 2, findDesyncs: true, now: stepper.now },
      definition: { game, definition },
      pulse: { begin() {}, end() {}, stop() {} },
      left: (from, seat) => shard.watch.left(from, seat),
      ended: () => {},
    },
    bytes,
    clocks(),
  );
  shard.rooms.set(id, room);
  shard.leaseOf = () => lease;
  seating.adopt(room, records);
  return room;
}

const lives = (player: ArcadePlayer) => player.statuses.filter(({ state }) => state === 'live');
const isBack = (player: ArcadePlayer, times = 2) => lives(player).length === times;
const lost = (player: ArcadePlayer) =>
  lives(player).map((status) => (status.state === 'live' && status.lostEvents) || 0);
const ship = (player: ArcadePlayer) => player.client.view().mine('ship')!;
const shipOf = (room: GameRoom, player: ArcadePlayer) =>
  room.seat(player.client.seat)!.own('ship') as { id: number; x: number; shots: number };

describe('a room whose process died', () => {
  test('is found again by its players: seat, entity, world, and answers', async () => {
    const told: string[] = [];
    await start({
      join(room, seat) {
        room.spawn('ship', { y: 40 * seat.id, name: `s${seat.id}` }, seat);
      },
      tick: (room) => void (room.tick % 20 === 0 && room.spawn('coin', { x: room.tick })),
      drop: (_, seat) => void told.push(`drop ${seat.id}`),
      resume: (_, seat) => void told.push(`resume ${seat.id}`),
    });
    const sample = () => ({ dx: 1, dy: 0, fire: false }) as const;
    const a = await stepper.join(game, { room: 'field', sample });
    const b = await stepper.join(game, { room: 'field' });
    await stepper.advance(1500);
    const { seat } = a.client;
    const { id } = ship(a);
    const bytes = save();
    const then = { tick: stepper.room('field').tick, x: shipOf(stepper.room('field'), a).x };
    await stepper.advance(25 * TICK_MS);
    const before = new Set([...a.client.newest().all('coin')].map((coin) => coin.id));
    const room = takeOver(bytes, [a, b]);
    expect([room.tick, shipOf(room, a).x]).toEqual([then.tick, then.x]);
    expect(told).toEqual(['drop 1', 'drop 2']);
    await stepper.when(() => isBack(a) && isBack(b));
    await stepper.advance(2000);
    expect(told.slice(2).sort()).toEqual(['resume 1', 'resume 2']);
    expect(a.client.seat).toBe(seat);
    expect(ship(a).id).toBe(id);
    expect(Math.abs(ship(a).x - shipOf(room, a).x)).toBeLessThan(30);
    const ids = (rows: Iterable<{ id: number }>) => [...rows].map((row) => row.id).sort();
    expect(ids(b.client.newest().all('ship'))).toEqual(ids(room.all('ship') as never));
    expect(ids(b.client.newest().all('coin'))).toEqual(ids(room.all('coin') as never));
    const known = before.size;
    for (const coin of room.all('coin') as Iterable<{ id: number; x: number }>)
      if (coin.x > then.tick) before.add(coin.id);
    // None of the coins that came since has the id of one that was seen.
    const since = [...(room.all('coin') as Iterable<{ x: number }>)].filter(
      ({ x }) => x > then.tick,
    );
    expect(since.length).toBeGreaterThan(1);
    expect(before.size).toBe(known + since.length);
    expect(await stepper.until(a.client.call('rename', { name: 'again' }))).toEqual({ ok: true });
    await stepper.advance(300);
    expect(b.client.newest().get('ship', id)?.name).toBe('again');
    expect(lost(a)).toEqual([0, 0]);
  });

  test.each<[string, Partial<Definition>]>([
    ['everybody sees everything', {}],
    ['STATEs are plain, and every third tick', { wire: 'plain', sendEvery: 3 }],
    [
      'who is near is seen',
      { interest: { around: (seat) => seat.own('ship'), radius: 100, far: 50 } },
    ],
    ['some are hidden', { sees: (_, row) => row.kind === 'ship' || row.id % 2 === 0 }],
    ['bytes are few', { budget: { bytesPerSecond: 2000 } }],
  ])('is told to its players as it is, where %s', async (_, more) => {
    let moved = 0;
    await start({
      ...more,
      open(room) {
        for (let x = -400; x < 400; x += 20) room.spawn('coin', { x, y: room.random() * 90 });
      },
      tick(room) {
        for (const coin of room.all('coin')) if (room.random() < 0.2) coin.x += room.random() * 9;
        for (const coin of room.all('coin')) if (room.random() < 0.002) room.despawn(coin);
        if (room.random() < 0.1) room.spawn('coin', { x: moved++ % 90, y: 9 });
      },
    });
    const sample = () => ({ dx: 0, dy: 0, fire: false }) as const;
    const players = [
      await stepper.join(game, { room: 'field', sample }),
      await stepper.join(game, { room: 'field', sample }),
    ];
    await stepper.advance(1200);
    const bytes = save();
    await stepper.advance(15 * TICK_MS);
    const room = takeOver(bytes, players);
    await stepper.when(() => players.every((player) => isBack(player)));
    await stepper.advance(4000);
    // Each second the players' clients compare what they hold with what they should.
    expect(room.digests!.findings).toBe(0);
    expect(stepper.log.filter(({ level }) => level >= 40)).toEqual([]);
    for (const player of players) {
      const view = player.client.newest();
      expect(view.tick).toBeGreaterThan(room.tick - 10);
      expect([...view.all('ship')].map(({ id }) => id).sort()).toEqual([41, 42]);
      expect([...view.all('coin')].length).toBeGreaterThan(5);
      for (const coin of view.all('coin')) expect(room.get('coin', coin.id)).not.toBe(undefined);
    }
  });

  test('shows who fell what is near where they fell', async () => {
    await start({
      interest: { around: (seat) => seat.own('ship'), radius: 100 },
      open(room) {
        for (let x = -400; x < 400; x += 20) room.spawn('coin', { x });
      },
    });
    const a = await stepper.join(game, { room: 'field' });
    await stepper.advance(500);
    const seen = () => [...a.client.newest().all('coin')].map(({ id }) => id).sort();
    const before = seen();
    expect(before.length).toBeGreaterThan(5);
    stepper.room('field').despawn(stepper.room('field').seat(1)!.own('ship'));
    await stepper.advance(500);
    takeOver(save(), [a]);
    await stepper.when(() => isBack(a));
    await stepper.advance(500);
    expect(a.client.newest().mine('ship')).toBe(undefined);
    expect(seen()).toEqual(before);
  });

  test('[E3, J7, J16] tells no event twice that it knew, and says that some are lost', async () => {
    await start({ sendEvery: 3, tick: (room) => void (room.tick % 2 === 0 && count(room)) });
    const a = await stepper.join(game, { room: 'field' });
    const heard: number[] = [];
    a.client.on('ping', ({ n }) => void heard.push(n));
    // Between two STATEs, with an event that waits.
    await stepper.when(() => stepper.room('field').doneTick % 6 === 4 && heard.length > 5);
    const bytes = save();
    const { round } = stepper.room('field').state as { round: number };
    await stepper.advance(15 * TICK_MS);
    takeOver(bytes, [a]);
    await stepper.when(() => isBack(a));
    await stepper.advance(1500);
    // What came after it happens again, from the first on.
    const back = heard.findIndex((n, i) => n < heard[i - 1]);
    expect(heard[back - 1]).toBeGreaterThan(round + 3);
    expect(heard[back]).toBe(round + 1);
    expect(heard.slice(0, back)).toEqual(heard.slice(0, back).map((_, i) => heard[0] + i));
    expect(lost(a)).toEqual([0, 1]);
    // And from then on all is counted.
    a.cut();
    await stepper.when(() => isBack(a, 3));
    await stepper.advance(1000);
    const after = heard.slice(back);
    expect(after.length).toBeGreaterThan(30);
    expect(after).toEqual(after.map((_, i) => round + 1 + i));
    expect(lost(a)).toEqual([0, 1, 0]);
  });

  test('[E3] tells again what did not come before it', async () => {
    await start({ tick: (room) => void (room.tick % 2 === 0 && count(room)) });
    const a = await stepper.join(game, { room: 'field' });
    const heard: number[] = [];
    a.client.on('ping', ({ n }) => void heard.push(n));
    await stepper.advance(1000);
    a.deaf = true;
    await stepper.advance(400);
    const bytes = save();
    a.cut();
    takeOver(bytes, []);
    a.deaf = false;
    await stepper.when(() => isBack(a));
    await stepper.advance(1000);
    expect(heard.length).toBeGreaterThan(25);
    expect(heard).toEqual(heard.map((_, i) => heard[0] + i));
    expect(lost(a)).toEqual([0, 0]);
  });

  test('[J8, I6] runs again the commands that were open, and presses again', async () => {
    const ran: string[] = [];
    let open = true;
    const slow = async () => {
      ran.push(`${stepper.room('field').tick}`);
      // The first answer never comes: its process dies.
      await (open ? new Promise<never>(() => {}) : Promise.resolve());
      return 'done';
    };
    await start({ commands: { wait: slow } as never });
    let pressed = 0;
    let frames = 0;
    const sample = () => {
      const fire = ++frames % 12 === 0;
      if (fire) pressed++;
      return { dx: 0, dy: 0, fire } as const;
    };
    const a = await stepper.join(game, { room: 'field', sample });
    const view = stepper.every(TICK_MS, () => void a.client.view());
    await stepper.advance(1000);
    const early = a.client.call('wait', { ticks: 1 }).catch((error) => error);
    await stepper.advance(200);
    const bytes = save();
    const shots = shipOf(stepper.room('field'), a).shots;
    const late = a.client.call('wait', { ticks: 2 });
    await stepper.advance(15 * TICK_MS);
    expect(shipOf(stepper.room('field'), a).shots).toBeGreaterThan(shots);
    open = false;
    const room = takeOver(bytes, [a]);
    expect(shipOf(room, a).shots).toBe(shots);
    await stepper.when(() => isBack(a));
    expect(await stepper.until(late)).toBe('done');
    const error = await stepper.until(early);
    expect(error instanceof CommandError && error.reason).toBe('unanswered');
    expect(ran.length).toBe(3);
    frames = -1e6;
    await stepper.advance(1500);
    view();
    expect(pressed).toBeGreaterThan(3);
    expect(shipOf(room, a).shots).toBe(pressed);
  });
});

test('a room that is handed over rolls nothing back: events, presses and ids go on', async () => {
  await start({ sendEvery: 2, tick: (room) => void (room.tick % 2 === 1 && count(room)) });
  let pressed = 0;
  let frames = 0;
  const sample = () => {
    const fire = ++frames % 9 === 0;
    if (fire) pressed++;
    return { dx: 0, dy: 0, fire } as const;
  };
  const a = await stepper.join(game, { room: 'field', sample });
  const heard: number[] = [];
  a.client.on('ping', ({ n }) => void heard.push(n));
  const view = stepper.every(TICK_MS, () => void a.client.view());
  for (let move = 1; move <= 12; move++) {
    await stepper.advance(900 + move * 17);
    const { nextId } = stepper.room('field').world;
    const room = takeOver(save(true), [a]);
    expect(room.world.nextId).toBe(nextId);
    await stepper.when(() => isBack(a, move + 1));
  }
  frames = -1e6;
  await stepper.advance(2000);
  view();
  expect(heard.length).toBeGreaterThan(100);
  expect(heard).toEqual(heard.map((_, i) => heard[0] + i));
  expect(lost(a).every((count) => count === 0)).toBe(true);
  expect(shipOf(stepper.room('field'), a).shots).toBe(pressed);
});

/** An event with the next number, which is rolled back with the world. */
function count(room: ArcadeRoom): void {
  room.emit('ping', { n: ++room.state.round, at: room.tick });
}
