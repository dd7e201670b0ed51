import { defineGame, fixed, type Game, int, MsgpackReader, readFrame } from '@tickwire/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeWorld, VirtualTime } from '../test/fake-server.ts';
import { connect } from './connect.ts';
import { LEAVE_MS } from './limits.ts';

const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: fixed(-1000, 1000, 1 / 16).smooth() } },
  input: { dx: int(-1, 1) },
});
const sample = () => ({ dx: 0 });

let time: VirtualTime;
let world: FakeWorld;
let sockets: FakeSocket[];
let page: EventTarget;
let look: EventTarget & { visibilityState?: string };

/** A browser's socket whose server seats whoever says something. */
class FakeSocket {
  binaryType = 'blob';
  readyState = 0;
  bufferedAmount = 0;
  closed: [code?: number, reason?: string] | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    sockets.push(this);
    time.later(1, () => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(bytes: Uint8Array): void {
    const reader = new MsgpackReader();
    reader.reset(bytes);
    if (readFrame(reader, { elements: 0 }) !== 0) return;
    for (const frame of [world.welcome(1), world.everything(1)])
      time.later(1, () => this.onmessage?.({ data: frame.buffer }));
  }

  close(code?: number, reason?: string): void {
    this.closed = [code, reason];
    this.readyState = 3;
  }
}

async function join(more: object = {}) {
  const { now, later } = time;
  const options = { url: 'https://play.example', room: 'field', sample, now, later, ...more };
  const joining = connect(game, { WebSocket: FakeSocket, ...options });
  await time.advance(100);
  return joining;
}

beforeEach(() => {
  time = new VirtualTime();
  world = new FakeWorld(game as unknown as Game);
  sockets = [];
  page = new EventTarget();
  look = new EventTarget();
  vi.stubGlobal('document', look);
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('connect', () => {
  test('{S17} speaks ws: where the page speaks http:, and binary frames', async () => {
    const client = await join();
    expect(sockets[0].url).toBe('wss://play.example');
    expect(sockets[0].binaryType).toBe('arraybuffer');
    expect(client.seat).toBe(1);
    expect(client.room).toBe('room-1');
    expect(client.status).toEqual({ state: 'live', fresh: false });
    expect(client.stats.bytesIn).toBeGreaterThan(0);
  });

  test('{S25} says what is missing where there is no WebSocket and no page', async () => {
    vi.stubGlobal('WebSocket', undefined);
    await expect(connect(game, { room: 'field' })).rejects.toThrow('pass one');
    const here = { room: 'field', WebSocket: FakeSocket };
    await expect(connect(game, here)).rejects.toThrow('say where');
  });

  test('refuses options that are none, and says which is near', async () => {
    const options = { room: 'field', onStatus() {}, retryCapMS: 5 };
    await expect(connect(game, options)).rejects.toThrow('connect has no onStatus: it takes url');
    const near = { room: 'field', retryCap: 5 } as object as { room: string };
    await expect(connect(game, near)).rejects.toThrow('did you mean retryCapMs?');
  });

  test('refuses ticks that are none, and says which are', async () => {
    for (const [option, ticks, range] of [
      ['inputDelayTicks', 1.5, '0..60'],
      ['maxPredictTicks', 129, '0..128'],
      ['ticksPerMessage', 0, '1..8'],
    ] as const)
      await expect(connect(game, { room: 'field', [option]: ticks })).rejects.toThrow(range);
  });

  test('{S17} takes no text for a frame', async () => {
    const client = await join();
    sockets[0].onmessage?.({ data: 'hello' });
    expect(client.status.state).toBe('live');
  });

  test('closes with a code and a reason that a page may use', async () => {
    const client = await join();
    sockets[0].onmessage?.({ data: new ArrayBuffer(9 * 1024 * 1024) });
    expect(sockets[0].closed?.[0]).toBe(4000);
    expect(sockets[0].closed?.[1]?.length).toBeLessThanOrEqual(40);
    expect(client.status.state).toBe('resuming');
  });
});

describe('the end of a session', () => {
  const end = () => sockets.at(-1)?.onclose?.({ code: 4011, reason: 'another declaration' });
  let said: unknown[][];
  beforeEach(() => {
    said = [];
    vi.spyOn(console, 'error').mockImplementation((...words) => void said.push(words));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('is in the console of a page that asks for no status', async () => {
    await join();
    end();
    const message = 'another declaration';
    expect(said).toEqual([['tickwire', { state: 'closed', reason: 'game-mismatch', message }]]);
  });

  test('is told to who asks for it alone', async () => {
    const states: string[] = [];
    (await join()).onStatus(({ state }) => states.push(state));
    end();
    expect(states).toEqual(['live', 'closed']);
    expect(said).toEqual([]);
  });

  test('is no news to a page that left, nor beside a join that was refused', async () => {
    (await join()).leave();
    const joining = connect(game, { WebSocket: FakeSocket, url: 'ws://a', room: 'b' });
    end();
    await expect(joining).rejects.toThrow('another declaration');
    expect(said).toEqual([]);
  });
});

describe('a page', () => {
  test('that is put away closes its line, and resumes when it is shown', async () => {
    await join();
    page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
    expect(sockets[0].closed?.[0]).toBe(3001);
    await time.advance(60_000);
    expect(sockets.length).toBe(1);
    page.dispatchEvent(new Event('pageshow'));
    await time.advance(100);
    expect(sockets.length).toBe(2);
  });

  test('that is thrown away gives its seat up', async () => {
    await join();
    page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }));
    expect(sockets[0].closed?.[0]).toBe(1000);
  });

  test('that is thrown away lets its last input leave before it closes', async () => {
    await join();
    let nowMs = 0;
    let closedMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs++);
    vi.spyOn(sockets[0], 'close').mockImplementation(() => void (closedMs = nowMs));
    page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }));
    clock.mockRestore();
    expect(closedMs).toBeGreaterThan(LEAVE_MS);
  });

  test('that is looked at, or online, again does not wait for the next attempt', async () => {
    await join();
    const drop = () => sockets.at(-1)?.onclose?.({ code: 1006, reason: '' });
    drop();
    look.visibilityState = 'hidden';
    look.dispatchEvent(new Event('visibilitychange'));
    expect(sockets.length).toBe(1);
    look.visibilityState = 'visible';
    look.dispatchEvent(new Event('visibilitychange'));
    expect(sockets.length).toBe(2);
    await time.advance(100);
    drop();
    page.dispatchEvent(new Event('online'));
    expect(sockets.length).toBe(3);
  });

  test('that left listens to nothing any more', async () => {
    const client = await join();
    const statuses: string[] = [];
    client.onStatus(({ state }) => statuses.push(state));
    client.leave();
    expect(sockets[0].closed).toEqual([1000, 'done']);
    for (const type of ['pagehide', 'pageshow', 'online']) page.dispatchEvent(new Event(type));
    look.visibilityState = 'visible';
    look.dispatchEvent(new Event('visibilitychange'));
    await time.advance(60_000);
    expect(sockets.length).toBe(1);
    expect(statuses).toEqual(['live', 'closed']);
    expect(time.waiting).toBe(0);
  });
});
