// What befalls a page in a real browser, and what becomes of its seat: it is left and gone back to,
// reloaded, put to sleep with its machine, cut off, taken over by another page, or its line takes
// nothing. Sleep is SIGSTOP to the browser's renderers, which neither the page nor the browser can
// do anything about; playwright's own Chromium never freezes a page. Trap: a stopped renderer
// answers nothing, so a test must not ask the page anything until it runs again.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserSuite, launchBrowser, type Problem, watchPage } from '@tickwire/kit/browser';
import { defineRoom, type Limits, type Server, serve } from '@tickwire/server';
import { build } from 'esbuild';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { life, SPEED } from './life-game.ts';
import type { Frame } from './life-page.ts';

const PAGE = `<!doctype html><html lang="en"><title>life</title><link rel="icon" href="data:,">
<body><script type="module" src="/page.js"></script></body></html>`;

const PATIENCE = { timeout: 20_000 };

/** A server that waits for nobody: a seat that sleeps is gone before the test is tired of it. */
const IMPATIENT: Partial<Limits> = { graceMs: 1_000, idleMs: 2_000 };

/** As the browser has it: bytes a second, -1 for no bound. */
const CLEAR = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };

interface Visitor {
  readonly page: Page;
  readonly problems: Problem[];
}

browserSuite('the life of a page', () => {
  let folder: string;
  let browser: Browser;
  let server: Server;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwire-life-'));
    writeFileSync(join(folder, 'index.html'), PAGE);
    await build({
      entryPoints: [fileURLToPath(new URL('life-page.ts', import.meta.url))],
      outfile: join(folder, 'page.js'),
      bundle: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['source'],
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  afterEach(async () => {
    await browser?.close();
    await server?.close();
  });

  /** A server, and a browser that keeps what was left in memory, as playwright's does not. */
  async function start(limits: Partial<Limits> = {}): Promise<void> {
    const field = defineRoom(life, {
      seats: 8,
      join: (room, seat) => void room.spawn('walker', {}, seat),
      leave: (room, seat) => room.despawn(seat.own('walker')!),
    });
    const more = { port: 0, host: '127.0.0.1', signals: false, log: 'silent' } as const;
    server = await serve({ rooms: { field }, page: folder, limits, ...more });
    browser = await launchBrowser({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  }

  const address = (query = '') => `http://127.0.0.1:${server.port}/${query}`;

  /** A page in play, in a window of its own. */
  async function visit(query = '', ignore: readonly RegExp[] = []): Promise<Visitor> {
    const page = await (await browser.newContext()).newPage();
    const problems = await watchPage(page, ignore);
    await page.goto(address(query));
    await inPlay(page);
    return { page, problems };
  }

  /** Waits until the server has taken an input that was made after this was called. */
  async function inPlay(page: Page): Promise<void> {
    await page.waitForFunction(() => window.life?.game !== undefined, undefined, PATIENCE);
    const counted = await page.evaluate(() => window.life.counted);
    await page.waitForFunction(
      (before) => (window.life.game!.newest().mine('walker')?.counted ?? 0) > before,
      counted,
      PATIENCE,
    );
  }

  const seatOf = (page: Page) => page.evaluate(() => window.life.game!.seat);
  const wordsOf = (page: Page) => page.evaluate(() => window.life.statuses.map((s) => s.words));
  const seatsTaken = () =>
    [...server.shard.rooms.values()].flatMap((room) => [...room.seats]).length;

  /** Stops everything that runs pages for so long. */
  async function sleep(ms: number): Promise<void> {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    expect(renderers.length).toBeGreaterThan(0);
    for (const id of renderers) process.kill(id, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    for (const id of renderers) process.kill(id, 'SIGCONT');
  }

  async function lineOf(page: Page): Promise<CDPSession> {
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    return session;
  }

  test('{S21} gone back to in time, it plays on in its seat', async () => {
    await start();
    const { page, problems } = await visit();
    const seat = await seatOf(page);
    await page.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => {
        document.title = `persisted ${persisted}`;
      });
    });
    await page.goto(address('healthz'));
    await page.goBack({ waitUntil: 'commit' });
    await inPlay(page);
    expect(await page.title()).toBe('persisted true');
    expect(await seatOf(page)).toBe(seat);
    expect(await wordsOf(page)).toEqual(['live', 'live']);
    expect(await page.evaluate(() => window.life.sockets)).toBe(2);
    expect(seatsTaken()).toBe(1);
    expect(problems).toEqual([]);
  });

  test('{S21} gone back to too late, it has a new seat and is told so', async () => {
    await start(IMPATIENT);
    const { page } = await visit();
    const seat = await seatOf(page);
    await page.goto(address('healthz'));
    await expect.poll(seatsTaken, PATIENCE).toBe(0);
    await page.goBack({ waitUntil: 'commit' });
    await page.waitForFunction((before) => window.life.game!.seat !== before, seat, PATIENCE);
    await inPlay(page);
    expect((await wordsOf(page)).at(-1)).toBe('live afresh');
    expect(seatsTaken()).toBe(1);
  });

  test('{S21} reloaded, closed or left for good, it gives its seat up at once', async () => {
    await start({ graceMs: 3_600_000 });
    const { page } = await visit();
    for (let turn = 0; turn < 3; turn++) {
      await page.reload();
      await inPlay(page);
    }
    // No browser promises that the close leaves: one of the four may be a broken line instead.
    await expect.poll(seatsTaken, PATIENCE).toBeLessThanOrEqual(2);
    await page.close({ runBeforeUnload: true });
    await expect.poll(seatsTaken, PATIENCE).toBeLessThanOrEqual(1);
  });

  test('{S21} asleep for 20 s, it asks for everything once and hops to the present', async () => {
    await start();
    const runs = await visit();
    const stands = await visit('?stands');
    const seats = [await seatOf(runs.page), await seatOf(stands.page)];
    await sleep(20_000);
    for (const { page, problems } of [runs, stands]) {
      await inPlay(page);
      expect(await wordsOf(page)).toEqual(['live']);
      expect(seats).toContain(await seatOf(page));
      const frames = await page.evaluate(() => window.life.frames);
      const { gap, hops, leaps, back } = lookAt(frames);
      expect(gap).toBeGreaterThan(19_000);
      // One to where the messages that waited lead, one to where the answer does.
      expect(hops).toBeGreaterThanOrEqual(1);
      expect(hops).toBeLessThanOrEqual(2);
      // Nor does what waited pass by in the picture meanwhile.
      expect(leaps).toBeLessThanOrEqual(hops);
      expect(back).toBe(0);
      expect(problems).toEqual([]);
    }
    // Whose clock stood cannot know that it slept, and need not: what waited tells it.
    expect(await runs.page.evaluate(() => window.life.resyncs)).toBe(1);
    expect(await stands.page.evaluate(() => window.life.resyncs)).toBeLessThanOrEqual(1);
  });

  test('{S21} asleep for longer than its seat is kept, it is told of its new one', async () => {
    await start(IMPATIENT);
    const { page } = await visit();
    const seat = await seatOf(page);
    await sleep(6_000);
    await page.waitForFunction((before) => window.life.game!.seat !== before, seat, PATIENCE);
    await inPlay(page);
    expect((await wordsOf(page)).at(-1)).toBe('live afresh');
    expect(seatsTaken()).toBe(1);
  });

  test('[J12] moved to another server, it plays on there in its seat, and draws on', async () => {
    await start();
    const { page, problems } = await visit();
    const seat = await seatOf(page);
    // The rooms stay where they are: it is a server of its own to the page.
    const { seating, shard } = server;
    const rooms = { field: defineRoom(life, {}) };
    const other = await serve({ rooms, port: 0, host: '127.0.0.1', signals: false, log: 'silent' });
    other.seating.join = seating.join.bind(seating);
    for (const room of shard.rooms.values())
      for (const { line } of room.seats) line?.move(`http://127.0.0.1:${other.port}`);
    await page.waitForFunction(() => window.life.statuses.length > 2, undefined, PATIENCE);
    await inPlay(page);
    expect(await seatOf(page)).toBe(seat);
    expect((await wordsOf(page)).map((words) => words.split(' ')[0])).toEqual([
      ...['live', 'resuming', 'live'],
    ]);
    expect(await page.evaluate(() => window.life.sockets)).toBe(2);
    expect(lookAt(await page.evaluate(() => window.life.frames)).back).toBe(0);
    expect(problems).toEqual([]);
    await other.close();
  });

  test('{S20, S21} offline and online again, it resumes its seat without being asked', async () => {
    await start();
    const { page } = await visit();
    const seat = await seatOf(page);
    const line = await lineOf(page);
    await line.send('Network.emulateNetworkConditions', { ...CLEAR, offline: true });
    // Nobody closes such a line: its silence is noticed.
    await page.waitForFunction(() => window.life.statuses.length > 2, undefined, PATIENCE);
    expect((await wordsOf(page)).slice(0, 2)).toEqual(['live', 'resuming']);
    await line.send('Network.emulateNetworkConditions', CLEAR);
    await inPlay(page);
    expect(await seatOf(page)).toBe(seat);
    expect((await wordsOf(page)).at(-1)).toBe('live');
  });

  test('{T48} of two pages with one resume key one has the seat, the other is told', async () => {
    await start();
    const first = await visit();
    const seat = await seatOf(first.page);
    const key = await first.page.evaluate(() => window.life.key);
    const second = await visit(`?key=${key}`);
    await first.page.waitForFunction(() => window.life.statuses.length > 1, undefined, PATIENCE);
    expect(await wordsOf(first.page)).toEqual(['live', 'closed superseded']);
    expect(await seatOf(second.page)).toBe(seat);
    // No fight: what lost does not come back, not even when it is looked at again.
    await first.page.evaluate(() => {
      document.dispatchEvent(new Event('visibilitychange'));
      dispatchEvent(new Event('online'));
      dispatchEvent(new Event('pageshow'));
    });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await first.page.evaluate(() => window.life.sockets)).toBe(1);
    await inPlay(second.page);
    expect(await wordsOf(second.page)).toEqual(['live']);
    expect(seatsTaken()).toBe(1);
    expect([...first.problems, ...second.problems]).toEqual([]);
  });

  test('a tab that is duplicated has a seat of its own: no storage holds a key', async () => {
    await start();
    const { page } = await visit();
    // A window that a page opens begins with a copy of its session storage, as a duplicate does.
    const [copy] = await Promise.all([
      page.waitForEvent('popup'),
      page.evaluate(() => void window.open(location.href)),
    ]);
    await inPlay(copy);
    const kept = await page.evaluate(() => sessionStorage.length + localStorage.length);
    expect([kept, await page.evaluate(() => document.cookie)]).toEqual([0, '']);
    expect(await seatOf(copy)).not.toBe(await seatOf(page));
    expect(await wordsOf(page)).toEqual(['live']);
  });

  test('{S18} on a line that takes nothing, the newest input waits and no queue does', async () => {
    await start();
    const { page, problems } = await visit();
    const line = await lineOf(page);
    // So slow that Chromium lets nothing through for seconds, and says so nowhere.
    await line.send('Network.emulateNetworkConditions', { ...CLEAR, uploadThroughput: 100 });
    const before = await page.evaluate(() => window.life.inputFrames);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    await page.evaluate(() => {
      window.life.fire = true;
    });
    const during = await page.evaluate(() => window.life.inputFrames);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await line.send('Network.emulateNetworkConditions', CLEAR);
    await inPlay(page);
    // 30 a second for as long as an answer may take, of 240 that were made.
    expect(during - before).toBeLessThan(100);
    expect(await page.evaluate(() => window.life.mostBuffered)).toBeLessThan(2048);
    expect(await wordsOf(page)).toEqual(['live']);
    const shots = () => page.evaluate(() => window.life.game!.newest().mine('walker')!.shots);
    await expect.poll(shots, PATIENCE).toBe(1);
    expect(problems).toEqual([]);
  });
});

/**
 * The longest time between two frames, ms, and what the shown tick did from there on, and another's
 * walker.
 */
function lookAt(frames: readonly Frame[]) {
  const steps = frames.slice(1).map((frame, i) => ({
    ms: frame.atMs - frames[i].atMs,
    ticks: frame.shown - frames[i].shown,
    walked: ((frame.x - frames[i].x) / SPEED) * life.tickRate,
  }));
  const gap = Math.max(...steps.map(({ ms }) => ms));
  const after = steps.slice(steps.findIndex(({ ms }) => ms === gap));
  // At three times the pace of time: a hop, or, again and again, fast-forward.
  const isHop = (ticks: number, ms: number) => ticks > 5 && ticks > (3 * ms * 30) / 1000;
  const hops = after.filter(({ ms, ticks }) => isHop(ticks, ms)).length;
  const leaps = after.filter(({ ms, walked }) => isHop(Math.abs(walked), ms)).length;
  return { gap, hops, leaps, back: after.filter(({ ticks }) => ticks < 0).length };
}
