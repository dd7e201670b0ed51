// What a player feels, on a good and on a bad line: own movement at once and never corrected,
// others smooth, presses and events exactly once, answers to calls. All in virtual time.

import { CommandError, type GameClient } from '@tickwire/client';
import { afterEach, describe, expect, test } from 'vitest';
import { arcade, BAD_LINE, type Definition, game, SPEED } from './arcade.ts';
import { type Player, type PlayerOptions, Stepper } from './stepper.ts';

type Client = GameClient<typeof game>;

let stepper: Stepper;
afterEach(() => stepper.close());

const FRAME_MS = 1000 / 60;
const input = { dx: 0, dy: 0, fire: false };
const sample = () => ({ ...input });

async function start(more: Partial<Definition> = {}, seed = 1): Promise<void> {
  Object.assign(input, { dx: 0, dy: 0, fire: false });
  stepper = await Stepper.start({ rooms: { field: arcade(more) }, seed });
}

function join(options: Partial<PlayerOptions<typeof game>> = {}): Promise<Player<typeof game>> {
  return stepper.join(game, { room: 'field', ...options });
}

const STEADY = { latencyMs: 150, jitterMs: 0, stallMs: 0, stallEveryMs: 0, bandwidthKbps: 0 };

/** Draws `count` frames and calls `look` at each. */
async function draw(client: Client, count: number, look: (frame: number) => void): Promise<void> {
  for (let frame = 0; frame < count; frame++) {
    await stepper.advance(FRAME_MS);
    client.view();
    look(frame);
  }
}

/** Turns at random moments, as a player does. */
function wander(frame: number): void {
  if (frame % 17 === 0) input.dx = [1, 0, -1, 1][(frame / 17) % 4];
  if (frame % 23 === 0) input.dy = [0, 1, -1][(frame / 23) % 3];
}

describe('own movement', () => {
  test('is shown by the next view() with 150 ms each way', async () => {
    await start();
    const { client } = await join({ sample, up: STEADY, down: STEADY });
    await stepper.advance(2000);
    const before = client.view().mine('ship')!.x;
    input.dx = 1;
    await stepper.advance(FRAME_MS);
    const x = client.view().mine('ship')!.x;
    expect(x - before).toBeGreaterThan(0);
    expect(x - before).toBeLessThan(SPEED * 0.05);
    await stepper.advance(FRAME_MS);
    expect(client.view().mine('ship')!.x).toBeGreaterThan(x);
  });

  test.each([1, 2, 3])('is never corrected where inputs come in time (seed %i)', async (seed) => {
    await start({}, seed);
    const line = { ...STEADY, jitterMs: 20 };
    const { client } = await join({ sample, up: line, down: { ...BAD_LINE } });
    await draw(client, 300, wander);
    const { corrections, ticks, ticksInTime } = client.stats;
    await draw(client, 1200, wander);
    const late = client.stats.ticks - ticks - (client.stats.ticksInTime - ticksInTime);
    expect(late).toBeLessThan(8);
    if (late === 0) expect(client.stats.corrections).toBe(corrections);
    else expect(client.stats.corrections - corrections).toBeLessThanOrEqual(2 * late);
  });

  test('is never corrected on a steady line, from the first second on', async () => {
    await start();
    const { client } = await join({ sample, up: STEADY, down: STEADY });
    await draw(client, 60, () => {});
    await draw(client, 900, wander);
    expect(client.stats.corrections).toBe(0);
    expect(client.stats.frozenMs).toBeLessThan(200);
    const { x, y } = client.newest().mine('ship')!;
    const truth = stepper.room('field').world.get('ship', client.newest().mine('ship')!.id)!;
    await stepper.advance(1);
    expect(Math.hypot((truth.x as number) - x, (truth.y as number) - y)).toBeLessThan(SPEED);
  });

  test('is smooth on a bad line: no drawn frame jumps', async () => {
    await start({}, 5);
    const { client } = await join({ sample, up: { ...BAD_LINE }, down: { ...BAD_LINE } });
    await stepper.advance(3000);
    let last = client.view().mine('ship')!.x;
    await draw(client, 900, (frame) => {
      wander(frame);
      const { x } = client.view().mine('ship')!;
      expect(Math.abs(x - last)).toBeLessThan(SPEED * 0.1);
      last = x;
    });
  });
});

describe('others', () => {
  test.each([1, 2, 3, 4])(
    'neither run backwards nor jump on a bad line (seed %i)',
    async (seed) => {
      await start({}, seed);
      const mover = await join({ sample: () => ({ dx: 1, dy: 0, fire: false }) });
      const { client } = await join({ sample, up: { ...BAD_LINE }, down: { ...BAD_LINE } });
      await stepper.advance(3000);
      const { id } = mover.client.view().mine('ship')!;
      let x = client.view().get('ship', id)!.x;
      let tick = client.view().tick;
      await draw(client, 1200, () => {
        const view = client.view();
        const next = view.get('ship', id)!.x;
        expect(view.tick).toBeGreaterThanOrEqual(tick);
        expect(next).toBeGreaterThanOrEqual(x - 1 / 16);
        // Played back at 1.1 times the speed at most, and rounded to a step at each end.
        expect(next - x).toBeLessThan(SPEED * (FRAME_MS / 1000) * 1.2 + 1 / 8);
        x = next;
        ({ tick } = view);
      });
      expect(client.stats.jumps).toBe(0);
    },
  );
});

describe('a teleport', () => {
  test('[S10] is shown as a jump: nobody sees the way between', async () => {
    await start({
      open: (room) => void room.spawn('coin', { x: 0 }) as undefined,
      tick(room) {
        for (const coin of room.all('coin')) {
          if (room.tick % 60 !== 0) continue;
          coin.x = coin.x === 0 ? 3000 : 0;
          coin.teleport();
        }
      },
    });
    const { client } = await join({ up: { ...BAD_LINE }, down: { ...BAD_LINE } });
    await stepper.advance(3000);
    const seen = new Set<number>();
    await draw(client, 600, () => {
      for (const coin of client.view().all('coin')) seen.add(coin.x);
    });
    expect([...seen].sort()).toEqual([0, 3000]);
  });
});

describe('presses', () => {
  test.each([1, 2, 3])('count exactly once each, also when late (seed %i)', async (seed) => {
    await start({}, seed);
    const { client } = await join({ sample, up: { ...BAD_LINE }, down: { ...BAD_LINE } });
    await stepper.advance(2000);
    let pressed = 0;
    await draw(client, 900, (frame) => {
      // Pressed for less than a tick, and never twice within what one late burst may merge.
      input.fire = frame % 60 === 0;
      if (input.fire) pressed++;
    });
    input.fire = false;
    await stepper.advance(3000);
    expect(client.newest().mine('ship')!.shots).toBe(pressed);
  });
});

describe('events', () => {
  test('[E1] come once, in order, when the shown time reaches their tick', async () => {
    let n = 0;
    await start({
      tick(room) {
        for (let i = room.tick % 3; i > 0; i--) room.emit('ping', { n: n++, at: room.tick });
      },
    });
    const { client } = await join({ sample, up: { ...BAD_LINE }, down: { ...BAD_LINE } });
    const got: number[] = [];
    client.on('ping', ({ n, at }) => {
      got.push(n);
      expect(client.stats.shownDelayMs).toBeGreaterThan(0);
      expect(at).toBeLessThanOrEqual(shownTick());
    });
    const shownTick = () => client.view().tick + 1e-9;
    await draw(client, 600, () => {});
    expect(got.length).toBeGreaterThan(250);
    expect(got).toEqual(Array.from({ length: got.length }, (_, i) => got[0] + i));
  });

  test('carry lists', async () => {
    await start({ tick: (room) => room.emit('cheer', { words: ['hip', 'hurra'] }) });
    const { client } = await join();
    const got: (readonly string[])[] = [];
    client.on('cheer', ({ words }) => void got.push(words));
    await stepper.advance(500);
    expect(got[0]).toEqual(['hip', 'hurra']);
  });

  test('near a row reach whoever gets to know it this tick', async () => {
    let fired = false;
    await start({
      interest: { around: (seat) => seat.own('ship'), radius: 100 },
      tick(room) {
        if (room.tick !== 30) return;
        for (const x of [20, 2000]) {
          const coin = room.spawn('coin', { x, y: 40 });
          room.emit('ping', { n: x, at: room.tick }, { near: coin });
        }
        fired = true;
      },
    });
    const { client } = await join();
    const got: number[] = [];
    client.on('ping', ({ n }) => void got.push(n));
    await stepper.advance(2000);
    expect(fired).toBe(true);
    expect(got).toEqual([20]);
  });
});

describe('calls', () => {
  test('[E2] are answered, refused with the reason, or rejected when the line breaks', async () => {
    await start();
    const a = await join();
    expect(await stepper.until(a.client.call('rename', { name: 'ada' }))).toEqual({ ok: true });
    await stepper.advance(100);
    expect(a.client.newest().mine('ship')!.name).toBe('ada');
    expect(await stepper.until(a.client.call('wait', { ticks: 1 }))).toBe('done');
    const refused = a.client.call('rename', { name: '' });
    await expect(stepper.until(refused)).rejects.toEqual(
      new CommandError('a name wants letters', 'refused'),
    );
    const cut = a.client.call('rename', { name: 'x' });
    a.cut();
    await expect(stepper.until(cut)).rejects.toMatchObject({ reason: 'unanswered' });
  });

  test('with wrong arguments reject, and the line lives', async () => {
    await start();
    const a = await join();
    const bad = a.client.call('rename', { name: 7 as unknown as string });
    await expect(stepper.until(bad)).rejects.toThrow('text');
    const long = await stepper.until(a.client.call('rename', { name: 'x'.repeat(99) }));
    expect(long).toEqual({ ok: true });
    await stepper.advance(100);
    expect([a.state, a.closes]).toEqual(['live', []]);
    expect(a.client.newest().mine('ship')!.name).toBe('x'.repeat(16));
  });

  test('of what nobody declared throw at the call', async () => {
    await start();
    const { client } = await join();
    expect(() => client.call('fly' as 'rename', { name: '' })).toThrow("call('fly')");
    expect(() => client.on('fly' as 'ping', () => {})).toThrow("on('fly')");
  });
});

describe('a spectator', () => {
  test('sees all, owns nothing, and is no seat of the game', async () => {
    await start({ seats: 1 });
    const a = await join({ sample });
    const watcher = await join({ room: a.client.room, spectate: true, sample });
    input.dx = 1;
    await stepper.advance(3000);
    expect(watcher.client.view().mine('ship')).toBe(undefined);
    const seen = watcher.client.newest().get('ship', a.client.view().mine('ship')!.id)!;
    expect(seen.x).toBeGreaterThan(100);
    expect(watcher.state).toBe('live');
    await expect(join({ room: a.client.room })).rejects.toMatchObject({ reason: 'full' });
  });
});

describe('ownership', () => {
  test('handed over and back is predicted by whoever has it, without a correction', async () => {
    let ship = 0;
    await start({
      join(room, seat) {
        ship ||= room.spawn('ship', { x: 0 }, seat).id;
      },
      tick(room) {
        const row = room.get('ship', ship as never)!;
        if (room.tick % 90 === 0) room.give(row, room.seat(1 + ((room.tick / 90) % 2)));
      },
    });
    const a = await join({ sample, up: STEADY, down: STEADY });
    const b = await join({ sample, up: STEADY, down: STEADY });
    await draw(a.client, 900, () => b.client.view());
    input.dx = 1;
    const row = a.client.view().get('ship', ship as never)!;
    let last = row.x;
    await draw(a.client, 600, () => {
      b.client.view();
      expect(row.x - last).toBeGreaterThan(-SPEED * 0.5);
      last = row.x;
    });
    expect(a.client.view().get('ship', ship as never)).toBe(row);
    // Each change of hands may find inputs of the other on their way, and nothing else.
    expect(a.client.stats.corrections).toBeLessThan(40);
  });
});

describe('rows', () => {
  test('enter once, leave once, and are the same objects in between', async () => {
    await start();
    const a = await join({ sample });
    const seen = new Set<unknown>();
    const watch = () => {
      const view = a.client.view();
      for (const ship of view.entered('ship')) {
        expect(seen.has(ship)).toBe(false);
        seen.add(ship);
      }
      for (const ship of view.left('ship')) expect(seen.delete(ship)).toBe(true);
      expect(new Set(view.all('ship'))).toEqual(seen);
    };
    const look = async (frames: number) => {
      for (let frame = 0; frame < frames; frame++) {
        await stepper.advance(FRAME_MS);
        watch();
      }
    };
    for (let round = 0; round < 5; round++) {
      const guest = await join();
      await look(20);
      if (round === 2) a.cut();
      await look(120);
      guest.client.leave();
      await look(30);
    }
    expect(seen.size).toBe(1);
  });

  test('of another room replace those of the old one', async () => {
    await start({ leave: (room) => room.close('over') });
    const a = await join({ sample, retryCapMs: 500 });
    for (let i = 0; i < 40; i++) stepper.room('field').world.spawn('coin', { x: i }, 0);
    await stepper.advance(500);
    const before = a.client.view().mine('ship')!;
    expect([...a.client.view().all('coin')]).toHaveLength(40);
    stepper.room('field').end(1011, 'broken');
    await stepper.when(() => a.state === 'live' && a.sockets.length === 2);
    await stepper.advance(500);
    const view = a.client.view();
    expect(view.left('ship')).toContain(before);
    expect([...view.all('coin')]).toEqual([]);
    expect(view.mine('ship')).not.toBe(before);
  });
});
