// The arena in a real browser: two pages in one room, a bad line, a restart, a hidden page.
// Pages are small because SwiftShader draws them; what they do is the same at any size. The hidden
// page sleeps for its minute beside the other tests, which is why it is opened first.

import {
  AWAY,
  browserSuite,
  launchBrowser,
  type Problem,
  screenshot,
  watchPage,
} from '@tickwire/kit/browser';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPage } from '../src/page-build.ts';
import { SHIP_RADIUS, TICK_RATE } from '../src/rules.ts';
import { runArena } from '../src/server.ts';
import { rayToWall } from '../src/walls.ts';
import { installHiding, MOST_PACE, measurePace } from './hiding.ts';

/** How long the hidden page stays hidden, ms. */
const HIDDEN_MS = 60_000;

/** Longest wait for anything to happen on a page, ms: two cores draw several pages in software. */
const PATIENCE_MS = 20_000;

interface Visitor {
  page: Page;
  problems: Problem[];
}

type Server = Awaited<ReturnType<typeof runArena>>;

browserSuite('the arena', () => {
  let server: Server;
  let browser: Browser;
  let sleeper: Visitor & { hiddenAtMs: number; seat: number; jumpsAwake: number };

  /** Opens the page in a window of its own and waits until it is in play. */
  async function visit(query: string, ignore: readonly RegExp[] = []): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 480, height: 320 } });
    const page = await context.newPage();
    const problems = await watchPage(page, ignore);
    await page.addInitScript(installHiding);
    await page.goto(`http://127.0.0.1:${server.port}/?${query}`);
    await page.waitForFunction(() => window.arena?.lastDrawnSelf.frame > 3, undefined, {
      timeout: PATIENCE_MS,
    });
    return { page, problems };
  }

  beforeAll(async () => {
    await buildPage();
    server = await runArena({ bots: 4, port: 0, host: '127.0.0.1' });
    browser = await launchBrowser();
    const visitor = await visit('name=Sleeper');
    const seat = await visitor.page.evaluate(() => window.arena.game!.seat);
    const jumpsAwake = await visitor.page.evaluate(() => window.arena.game!.stats.jumps);
    sleeper = { ...visitor, seat, jumpsAwake, hiddenAtMs: performance.now() };
    await sleeper.page.evaluate(() => window.hidePage(true));
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('is in play within two seconds of opening the page, without a click', async () => {
    const context = await browser.newContext({ viewport: { width: 480, height: 320 } });
    const page = await context.newPage();
    const problems = await watchPage(page);
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await page.waitForFunction(() => window.arena?.lastDrawnSelf.frame > 0, undefined, {
      timeout: PATIENCE_MS,
    });
    const inPlayMs = await page.evaluate(() => performance.now());
    console.info(`in play after ${Math.round(inPlayMs)} ms, drawn in software`);
    expect(await page.evaluate(() => window.arena.state)).toBe('live');
    expect(problems).toEqual([]);
    await context.close();
  });

  test('{S15} a key held in one page moves its ship in both', async () => {
    const room = await newRoom(server.port);
    const ada = await visit(`name=Ada&room=${room}`);
    const bob = await visit(`name=Bob&room=${room}`);
    const id = await ada.page.evaluate(() => window.arena.me()!.id);
    await bob.page.waitForFunction(
      (wanted) => window.arena.rows().some((row) => row.id === wanted),
      id,
      { timeout: PATIENCE_MS },
    );
    const before = await placeOf(bob.page, id);
    const own = await placeOf(ada.page, id);
    const key = await freeWay(ada.page);
    await ada.page.keyboard.down(key);
    await bob.page.waitForFunction(
      ([wanted, x, y]) => {
        const row = window.arena.rows().find((other) => other.id === wanted);
        return row !== undefined && Math.hypot(row.x - x, row.y - y) > 30;
      },
      [id, before.x, before.y] as const,
      { timeout: PATIENCE_MS },
    );
    await ada.page.keyboard.up(key);
    const moved = await placeOf(ada.page, id);
    expect(Math.hypot(moved.x - own.x, moved.y - own.y)).toBeGreaterThan(30);
    await screenshot(ada.page, 'arena-two-pages');
    expect([...ada.problems, ...bob.problems]).toEqual([]);
    await ada.page.context().close();
    await bob.page.context().close();
  });

  test('with 150 ms of lag the mover sees its ship move on the next drawn frame', async () => {
    const room = await newRoom(server.port);
    const { page, problems } = await visit(`name=Lag&room=${room}&lag=150`);
    await page.waitForFunction(isSettled, 140, { timeout: PATIENCE_MS });
    const key = await freeWay(page);
    const frames = await page.evaluate(framesUntilMoved, key);
    expect(frames).toBe(1);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test('with 150 ms of lag a rocket flies from the next drawn frame on, and is one', async () => {
    const room = await newRoom(server.port);
    const { page, problems } = await visit(`name=Gun&room=${room}&lag=150`);
    await page.waitForFunction(isSettled, 140, { timeout: PATIENCE_MS });
    await aimAtOpen(page);
    const rocket = await page.evaluate(followRocket);
    await screenshot(page, 'arena-rocket');
    expect(rocket.framesToScreen).toBe(1);
    expect(rocket.mostAtOnce).toBe(1);
    // First a prediction, then the server's; never back.
    expect(rocket.ids.length).toBe(2);
    expect(rocket.ids[0]).toBeLessThan(0);
    expect(rocket.ids[1]).toBeGreaterThan(0);
    expect(rocket.longestBack).toBeLessThan(1);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test('a hidden page neither closes nor fast-forwards', async () => {
    const { page, jumpsAwake } = sleeper;
    const left = HIDDEN_MS - (performance.now() - sleeper.hiddenAtMs);
    await new Promise((done) => setTimeout(done, Math.max(0, left)));
    const asleep = await page.evaluate(() => window.arena.frame);
    await page.evaluate(() => window.hidePage(false));
    await page.waitForFunction((frame) => window.arena.frame > frame + 2, asleep, {
      timeout: PATIENCE_MS,
    });
    const pace = await page.evaluate(measurePace, { jumpsAwake, tickRate: TICK_RATE });
    expect(pace.seat).toBe(sleeper.seat);
    expect(pace.states).toEqual(['joining', 'live']);
    // The minute was hopped over, by a timer of it or on waking, and what came after it is played
    // no faster than it is drawn.
    expect(pace.jumpsSince).toBeGreaterThan(0);
    expect(pace.behindTicks).toBeLessThan(30);
    expect(pace.playedMs).toBeGreaterThan(0);
    expect(pace.playedMs).toBeLessThanOrEqual(pace.drawnMs * MOST_PACE);
    expect(sleeper.problems).toEqual([]);
    await page.context().close();
  });

  test('{S21} a page that was left and is gone back to has its seat again', async () => {
    // What playwright turns off: pages that were left stay in memory as they are.
    const keeping = await launchBrowser({
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
    const page = await keeping.newPage({ viewport: { width: 480, height: 320 } });
    const inPlay = (since: number) =>
      page.waitForFunction((frame) => window.arena?.lastDrawnSelf.frame > frame + 3, since, {
        timeout: PATIENCE_MS,
      });
    await page.goto(`http://127.0.0.1:${server.port}/?name=Returner`);
    await inPlay(0);
    const seat = await page.evaluate(() => window.arena.game!.seat);
    await page.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => {
        document.title = `persisted ${persisted}`;
      });
    });
    await page.goto(`http://127.0.0.1:${server.port}/healthz`);
    await page.goBack({ waitUntil: 'commit' });
    await page.waitForFunction(() => window.arena?.state === 'live', undefined, {
      timeout: PATIENCE_MS,
    });
    await inPlay(await page.evaluate(() => window.arena.frame));
    const returned = await page.evaluate(() => [document.title, window.arena.game!.seat]);
    expect(returned).toEqual(['persisted true', seat]);
    await keeping.close();
  });

  test('a server restart is survived: the page says so and is back in play by itself', async () => {
    const { page, problems } = await visit('name=Stayer', AWAY);
    const { port } = server;
    await server.close();
    const banner = page.locator('.banner');
    await banner.waitFor({ state: 'visible', timeout: PATIENCE_MS });
    expect(await banner.textContent()).toContain('Server is away, trying again… attempt');
    server = await runArena({ bots: 4, port, host: '127.0.0.1' });
    await banner.waitFor({ state: 'hidden', timeout: PATIENCE_MS });
    const frame = await page.evaluate(() => window.arena.frame);
    await page.waitForFunction((since) => window.arena.lastDrawnSelf.frame > since + 2, frame, {
      timeout: PATIENCE_MS,
    });
    expect(problems).toEqual([]);
    await page.context().close();
  });
});

/** A room without bots, by the same request as the page's button. */
async function newRoom(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/rooms/friends`, {
    method: 'POST',
    body: JSON.stringify({ create: true }),
  });
  const { room } = (await answer.json()) as { room: string };
  return room;
}

async function placeOf(page: Page, id: number): Promise<{ x: number; y: number }> {
  return page.evaluate((wanted) => {
    const row = window.arena.rows().find((other) => other.id === wanted);
    if (!row) throw new Error(`ship ${wanted} is not shown`);
    return { x: row.x, y: row.y };
  }, id);
}

/** The key of the direction in which the own ship has the longest free way. */
async function freeWay(page: Page): Promise<string> {
  const { x, y } = await page.evaluate(() => {
    const me = window.arena.me()!;
    return { x: me.x, y: me.y };
  });
  const ways = [
    { key: 'KeyD', free: rayToWall(x, y, 1, 0, 500, SHIP_RADIUS) },
    { key: 'KeyA', free: rayToWall(x, y, -1, 0, 500, SHIP_RADIUS) },
    { key: 'KeyS', free: rayToWall(x, y, 0, 1, 500, SHIP_RADIUS) },
    { key: 'KeyW', free: rayToWall(x, y, 0, -1, 500, SHIP_RADIUS) },
  ];
  return ways.sort((a, b) => b.free - a.free)[0].key;
}

/** Runs in the page. Whether a second of play has gone by over a line of at least `leastRttMs`. */
function isSettled(leastRttMs: number): boolean {
  const stats = window.arena.game?.stats;
  return stats !== undefined && stats.rttMs > leastRttMs && stats.ticks > 30;
}

/**
 * Runs in the page. Presses a key, and counts drawn frames until the own ship is drawn elsewhere.
 */
async function framesUntilMoved(key: string): Promise<number> {
  const drawn = () => window.arena.lastDrawnSelf;
  const nextFrame = () => new Promise((done) => requestAnimationFrame(done));
  // Still: the same place for three frames.
  for (let same = 0, last = drawn(); same < 3; last = drawn()) {
    await nextFrame();
    same = drawn().x === last.x && drawn().y === last.y ? same + 1 : 0;
  }
  const start = drawn();
  window.dispatchEvent(new KeyboardEvent('keydown', { code: key }));
  while (drawn().x === start.x && drawn().y === start.y) {
    if (drawn().frame - start.frame > 60) throw new Error('the ship never moved');
    await nextFrame();
  }
  const { frame } = drawn();
  window.dispatchEvent(new KeyboardEvent('keyup', { code: key }));
  return frame - start.frame;
}

/** Turns the mouse until the gun points where a rocket flies for most of a second. */
async function aimAtOpen(page: Page): Promise<void> {
  for (let turn = 0; turn < 16; turn++) {
    const angle = (turn / 16) * Math.PI * 2;
    await page.mouse.move(240 + Math.cos(angle) * 120, 160 + Math.sin(angle) * 120);
    // The camera looks ahead, and the aim with it.
    await page.waitForTimeout(400);
    const { x, y, aim } = await page.evaluate(() => {
      const me = window.arena.me()!;
      return { x: me.x, y: me.y, aim: me.aim };
    });
    if (rayToWall(x, y, Math.cos(aim), Math.sin(aim), 600) === 600) return;
  }
  throw new Error('the ship is walled in');
}

/** Runs in the page. Fires a rocket and watches it until the server has told of it, and on. */
async function followRocket() {
  const nextFrame = () => new Promise((done) => requestAnimationFrame(done));
  await nextFrame();
  const ids: number[] = [];
  const start = window.arena.frame;
  let framesToScreen = 0;
  let mostAtOnce = 0;
  let farthest = 0;
  let longestBack = 0;
  let from: { x: number; y: number } | undefined;
  window.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyE' }));
  window.dispatchEvent(new KeyboardEvent('keyup', { code: 'KeyE' }));
  let endMs = performance.now() + 5000;
  while (performance.now() < endMs) {
    await nextFrame();
    const rockets = window.arena.rockets();
    mostAtOnce = Math.max(mostAtOnce, rockets.length);
    const [rocket] = rockets;
    if (!rocket) continue;
    framesToScreen ||= window.arena.frame - start;
    if (ids.at(-1) !== rocket.id) {
      ids.push(rocket.id);
      if (rocket.id > 0) endMs = performance.now() + 300;
    }
    from ??= { x: rocket.x, y: rocket.y };
    const way = Math.hypot(rocket.x - from.x, rocket.y - from.y);
    longestBack = Math.max(longestBack, farthest - way);
    farthest = Math.max(farthest, way);
  }
  return { framesToScreen, mostAtOnce, ids, longestBack };
}
