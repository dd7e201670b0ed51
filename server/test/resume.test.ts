// What becomes of a seat when its line breaks, its page is put away, or its client stops reading.

import type { Status } from '@tickwire/client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Joiner } from '../src/seat.ts';
import { arcade, type Definition, game } from './arcade.ts';
import { type Player, Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(async () => {
  await stepper.close();
  vi.unstubAllGlobals();
});

const still = () => ({ dx: 0, dy: 0, fire: false }) as const;
const east = () => ({ dx: 1, dy: 0, fire: false }) as const;

async function start(more: Partial<Definition> = {}, limits = {}): Promise<void> {
  stepper = await Stepper.start({ rooms: { field: arcade(more) }, limits });
}

const states = (player: Player<typeof game>) => player.statuses.map((status) => status.state);
const last = (player: Player<typeof game>) => player.statuses.at(-1) as Status;

/** Far fewer events than happen while a line is down. */
const EVENT_LIMITS = { pendingEvents: 4 };

describe('a line that breaks', () => {
  test('{S20} brings the player back to the same seat, ship and row objects', async () => {
    const told: string[] = [];
    await start({
      drop: (_, seat) => void told.push(`drop ${seat.id} ${seat.connected}`),
      resume: (_, seat) => void told.push(`resume ${seat.id} ${seat.connected}`),
      leave: () => void told.push('leave'),
    });
    const a = await stepper.join(game, { room: 'field', sample: east });
    await stepper.join(game, { room: 'field' });
    await stepper.advance(500);
    const before = a.client.view();
    const mine = before.mine('ship')!;
    const other = [...before.all('ship')].find((ship) => ship !== mine)!;
    const { seat } = a.client;
    a.cut();
    await stepper.when(() => states(a).filter((state) => state === 'live').length === 2);
    await stepper.advance(300);
    const view = a.client.view();
    expect(a.client.seat).toBe(seat);
    expect(view.mine('ship')).toBe(mine);
    expect([...view.all('ship')]).toContain(other);
    expect([view.entered('ship'), view.left('ship')]).toEqual([[], []]);
    expect(states(a)).toEqual(['live', 'resuming', 'live']);
    expect(last(a)).toEqual({ state: 'live', fresh: false });
    expect(told).toEqual(['drop 1 false', 'resume 1 true']);
  });

  test('[J5] after the grace time costs the seat, and the client joins afresh', async () => {
    const left: number[] = [];
    await start({ leave: (_, seat) => void left.push(seat.id) });
    const a = await stepper.join(game, { room: 'field', sample: still, retryCapMs: 1000 });
    const b = await stepper.join(game, { room: 'field' });
    await stepper.advance(200);
    const mine = a.client.view().mine('ship')!;
    a.offline = true;
    a.cut();
    await stepper.advance(6000);
    expect(left).toEqual([1]);
    expect([...b.client.view().all('ship')].map((ship) => ship.owner)).toEqual([2]);
    a.offline = false;
    await stepper.when(() => a.state === 'live');
    await stepper.advance(500);
    expect(last(a)).toEqual({ state: 'live', fresh: true });
    expect(a.client.seat).toBe(3);
    expect(a.client.view().mine('ship')).not.toBe(mine);
    expect(a.client.view().get('ship', mine.id)).toBe(undefined);
    expect(mine.alive).toBe(false);
    expect([...b.client.view().all('ship')].map((ship) => ship.owner).sort()).toEqual([2, 3]);
  });

  test('events that happened meanwhile are told once, in order', async () => {
    let n = 0;
    await start({ tick: (room) => void (room.tick % 10 === 0 && emit(room, ++n)) });
    const a = await stepper.join(game, { room: 'field', sample: still });
    const got: number[] = [];
    a.client.on('ping', (event) => void got.push(event.n));
    await stepper.advance(700);
    a.cut();
    await stepper.advance(4000);
    expect(got.length).toBeGreaterThan(8);
    expect(got).toEqual(Array.from({ length: got.length }, (_, i) => got[0] + i));
  });

  test('[E3] tells how many events it could not keep, and no event twice', async () => {
    let n = 0;
    await start({ tick: (room) => void (room.tick % 3 === 0 && emit(room, ++n)) }, EVENT_LIMITS);
    const a = await stepper.join(game, { room: 'field', sample: still });
    const got: number[] = [];
    a.client.on('ping', (event) => void got.push(event.n));
    await stepper.advance(700);
    a.offline = true;
    a.cut();
    await stepper.advance(3000);
    a.offline = false;
    await stepper.when(() => a.state === 'live');
    await stepper.advance(1000);
    const lost = a.statuses.map((status) => (status.state === 'live' && status.lostEvents) || 0);
    expect(got.length).toBeGreaterThan(10);
    expect(got.at(-1)! - got[0] + 1 - got.length).toBe(lost.reduce((sum, one) => sum + one));
    expect(Math.max(...lost)).toBeGreaterThan(20);
    expect(new Set(got).size).toBe(got.length);
  });

  test('while a WELCOME is on its way loses nothing', async () => {
    await start();
    const a = await stepper.join(game, { room: 'field', sample: still });
    await stepper.advance(200);
    // The new lines bring HELLO to the server and break before the answer is there.
    a.deaf = true;
    for (const lines of [1, 2, 3]) {
      await stepper.when(() => a.sockets.length === lines);
      await stepper.advance(100);
      a.cut();
    }
    a.deaf = false;
    await stepper.when(() => a.state === 'live');
    expect(last(a)).toEqual({ state: 'live', fresh: false });
    expect(a.client.seat).toBe(1);
  });

  test('{T19} of which nobody is told is noticed, and resumed', async () => {
    await start();
    const a = await stepper.join(game, { room: 'field', sample: still });
    a.socket.dead = true;
    await stepper.when(() => states(a).includes('resuming'));
    await stepper.when(() => a.state === 'live');
    expect(a.client.seat).toBe(1);
  });
});

function emit(
  room: { emit: (event: 'ping', data: { n: number; at: number }) => void; tick: number },
  n: number,
) {
  room.emit('ping', { n, at: room.tick });
}

describe('one seat and two lines', () => {
  /** Asks for the first player's seat, by its key. */
  const HELLO = {
    version: 1,
    hash: game.hash,
    room: 'field',
    credential: 2,
    secret: 'secret-1',
    spectate: false,
  } as const;

  /** A line that says nothing but its end. */
  function lineOf(close: Joiner['close']): Joiner {
    return {
      open: true,
      send() {},
      cork: (run) => run(),
      close,
      move() {},
      queued() {},
      tellWaiting() {},
    };
  }

  /** Two clients with one resume key: the second is a thief, or a copied tab. */
  async function twins(): Promise<[Player<typeof game>, Player<typeof game>]> {
    await start();
    const a = await stepper.join(game, { room: 'field', sample: still });
    const b = await stepper.join(game, { room: 'field', sample: still });
    await stepper.advance(500);
    return [a, b];
  }

  test('a newer connection takes the seat over, and the older is told 4007', async () => {
    const [a] = await twins();
    const closed: [number, string][] = [];
    const line = lineOf((...end) => closed.push(end));
    const joined = await stepper.server.seating.join(HELLO, line);
    expect(joined.seat.id).toBe(1);
    await stepper.advance(100);
    expect(a.closes[0][0]).toBe(4007);
    expect(last(a)).toMatchObject({ state: 'closed', reason: 'superseded' });
    expect(closed).toEqual([]);
  });

  test('{T48, S47} [J2] of two resumes that race one wins, the other is told 4007', async () => {
    const [a] = await twins();
    const { seating } = stepper.server;
    const room = stepper.room('field');
    a.offline = true;
    a.cut();
    await stepper.advance(100);
    const ends: number[][] = [[], []];
    const results = await Promise.allSettled(
      ends.map(async (end) => {
        const line = lineOf((code) => end.push(code));
        const joined = await seating.join(HELLO, line);
        return joined.seat.line === line;
      }),
    );
    const codes = results.map((result, i) =>
      result.status === 'rejected' ? result.reason.closeCode : ends[i][0],
    );
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes.filter((code) => code === 4007)).toHaveLength(1);
    expect(room.seat(1)?.connected).toBe(true);
  });

  test('{T48, S47} a key is worth nothing once the player has come back with it', async () => {
    const [a] = await twins();
    a.cut();
    await stepper.when(() => a.sockets.length === 2 && a.state === 'live');
    await stepper.advance(500);
    const joined = stepper.server.seating.join(
      HELLO,
      lineOf(() => {}),
    );
    await expect(joined).rejects.toMatchObject({ closeCode: 4007 });
    expect(a.state).toBe('live');
  });
});

describe('a server that closes', () => {
  test('tells everybody 1012, awaits close, and its players come to the next one', async () => {
    let closed = 0;
    await start({
      async close() {
        await Promise.resolve();
        closed++;
      },
    });
    const a = await stepper.join(game, { room: 'field', sample: still });
    a.offline = true;
    await stepper.server.shard.drain(1012, 'a new version');
    await stepper.advance(200);
    expect(closed).toBe(1);
    expect(a.closes[0]).toEqual([1012, 'a new version']);
    expect(a.statuses[1]).toEqual({ state: 'resuming', attempt: 1, reason: 'a new version' });
    const old = stepper;
    const next = await Stepper.start({ rooms: { field: arcade() } });
    // The same address, another process: its rooms and keys are its own.
    Object.assign(old, { server: next.server, transport: next.transport });
    a.offline = false;
    await old.when(() => a.state === 'live');
    expect(last(a)).toEqual({ state: 'live', fresh: true });
    await old.advance(300);
    expect(a.client.view().mine('ship')?.owner).toBe(a.client.seat);
  });
});

describe('a page', () => {
  type Listener = (event: object) => void;
  /** A page that the browser keeps in memory as it is. */
  const KEPT = { persisted: true };

  /** What the browser would call when the page is put away and shown. */
  async function page(): Promise<{ a: Player<typeof game>; tell: (type: string) => void }> {
    const listeners = new Map<string, Listener>();
    vi.stubGlobal('document', { addEventListener() {} });
    vi.stubGlobal('addEventListener', (type: string, run: Listener) => listeners.set(type, run));
    vi.stubGlobal('removeEventListener', (type: string) => listeners.delete(type));
    await start();
    const a = await stepper.join(game, { room: 'field', sample: east });
    return { a, tell: (type) => listeners.get(type)?.(KEPT) };
  }

  test('that is put away keeps its seat, and plays on when it is shown', async () => {
    const { a, tell } = await page();
    await stepper.advance(500);
    tell('pagehide');
    await stepper.advance(3000);
    expect(stepper.room('field').seat(1)?.connected).toBe(false);
    const shown = a.client.view().mine('ship')!;
    tell('pageshow');
    await stepper.when(() => last(a).state === 'live' && a.sockets.length === 2);
    await stepper.advance(500);
    expect(a.client.view().mine('ship')).toBe(shown);
  });

  test('that is put away while it joins joins when it is shown', async () => {
    const { tell } = await page();
    const listeners = new Map<string, Listener>();
    vi.stubGlobal('addEventListener', (type: string, run: Listener) => listeners.set(type, run));
    const joining = stepper.join(game, { room: 'field', sample: still });
    listeners.get('pagehide')?.(KEPT);
    await stepper.advance(1000);
    listeners.get('pageshow')?.(KEPT);
    const b = await joining;
    tell('pagehide');
    await stepper.advance(9000);
    expect(states(b)).toEqual(['live']);
  });

  test('that is hidden, where only messages run it, neither closes nor winds forward', async () => {
    await start();
    let hidden = false;
    const late: (() => void)[] = [];
    const later = (ms: number, run: () => void) =>
      stepper.later(ms, () => (hidden ? late.push(run) : run()));
    const a = await stepper.join(game, { room: 'field', sample: still, later });
    const b = await stepper.join(game, { room: 'field', sample: east });
    await stepper.advance(1000);
    hidden = true;
    await stepper.advance(60_000);
    hidden = false;
    for (const run of late.splice(0)) run();
    expect(states(a)).toEqual(['live']);
    expect(a.closes).toEqual([]);
    const other = () => a.client.view().get('ship', b.client.view().mine('ship')!.id)!.x;
    let before = other();
    for (let frame = 0; frame < 60; frame++) {
      await stepper.advance(16);
      const x = other();
      expect(x).toBeGreaterThanOrEqual(before);
      expect(x - before).toBeLessThan(120 * 0.016 * 2);
      before = x;
    }
    expect(a.client.stats.jumps).toBe(0);
  });
});

describe('a seat that does not read', () => {
  test('{T18} gets nothing more beyond its limit, then one delta, and sees the truth', async () => {
    await start(
      { tick: (room) => void (room.state.round = room.tick % 999) },
      { slowSeatBytes: 300 },
    );
    const a = await stepper.join(game, { room: 'field', sample: still, record: true });
    const b = await stepper.join(game, { room: 'field', sample: east });
    await stepper.advance(1000);
    const frames = () => a.frames.filter((frame) => frame[1] === 2).length;
    a.stalled = true;
    await stepper.advance(2000);
    const stuck = frames();
    await stepper.advance(2000);
    expect(frames()).toBe(stuck);
    const seat = stepper.room('field').seat(1)!;
    expect(seat.unackedBytes).toBeLessThan(400);
    a.flow();
    await stepper.advance(100);
    expect(frames() - stuck).toBeLessThan(5);
    const truth = stepper.room('field').world.get('ship', b.client.newest().mine('ship')!.id)!;
    const held = a.client.newest().get('ship', truth.id as never)!;
    expect(Math.abs(held.x - (truth.x as number))).toBeLessThan(10);
    expect(a.client.newest().state.round).toBeGreaterThan(140);
    expect(states(a)).toEqual(['live']);
  });

  test('{T18} is closed with 4010 after its time, and may come back', async () => {
    await start({}, { slowSeatBytes: 100, slowSeatMs: 3000 });
    const a = await stepper.join(game, { room: 'field', sample: still });
    await stepper.join(game, { room: 'field', sample: east });
    // Its frames are read by nobody, but it talks: pings go out, and it is not idle.
    const { socket } = a;
    const read = socket.onmessage!;
    socket.onmessage = (event) => {
      if (new Uint8Array(event.data)[1] !== 2) read(event);
    };
    await stepper.when(() => a.closes.length > 0);
    expect(a.closes[0][0]).toBe(4010);
    await stepper.when(() => a.state === 'live' && a.sockets.length === 2);
    expect(a.client.seat).toBe(1);
  });
});
