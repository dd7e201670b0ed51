// The lobby as its visitors have it: `npm start` on two shards, a page on each, and the button. The
// shard that has their duel dies while they play; both are back in it by themselves.
import { fileURLToPath } from 'node:url';
import { connect } from '@tickwire/client';
import { AWAY, browserSuite, launchBrowser, screenshot, watchPage } from '@tickwire/kit/browser';
import { type ServerProcess, startServer } from '@tickwire/kit/server-process';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { duel } from '../src/duel-game.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PATIENCE = { timeout: 20_000 };

/** Log lines of the level `error` or above. */
const ERRORS = /^.*"level":[56]0.*$/gm;

browserSuite('the lobby', () => {
  let browser: Browser;
  let server: ServerProcess;

  beforeAll(async () => {
    await build({ root: ROOT, configFile: `${ROOT}/vite.config.ts`, logLevel: 'warn' });
    const started = startServer(ROOT, ['src/server.ts', '--port', '0', '--allow-kill']);
    [server, browser] = await Promise.all([started, launchBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function visit(name: string, width: number, height: number) {
    const context = await browser.newContext({ viewport: { width, height } });
    const page = await context.newPage();
    const problems = await watchPage(page, AWAY);
    await page.goto(`${server.url}/?name=${name}`);
    await page.waitForFunction(() => window.lobby?.lobby?.view().state.pid, undefined, PATIENCE);
    return { page, problems };
  }

  function join(digit: string) {
    const token = `${digit.repeat(32)} Guest ${digit}`;
    return connect(duel, { url: server.url, room: 'duel', token, WebSocket });
  }

  test('two shards, one chat, one duel: its shard is killed, and it goes on', async () => {
    const [ada, bob] = [await visit('Ada', 1180, 760), await visit('Bob', 390, 844)];
    const pages = [ada.page, bob.page];
    const [one, other] = await Promise.all(pages.map(portOfLobby));
    expect(one).not.toBe(other);

    await say(ada.page, 'is there anybody?');
    await bob.page.getByText('is there anybody?').waitFor(PATIENCE);
    await say(bob.page, 'over here');
    await ada.page.getByText('over here').waitFor(PATIENCE);
    await screenshot(ada.page, 'lobby-desk');
    await screenshot(bob.page, 'lobby-phone');

    const play = { name: 'Play', exact: true };
    await ada.page.getByRole('button', play).click();
    await ada.page.getByText('1 of 4 players found').waitFor(PATIENCE);
    await bob.page.getByRole('button', play).click();
    // Four begin at once.
    const others = await Promise.all(['1', '2'].map(join));
    for (const page of pages) await phase(page, 'playing');
    const [room, same] = await Promise.all(pages.map((page) => page.evaluate(duelOf)));
    expect(same.room).toBe(room.room);
    await collect(ada.page);

    const before = await Promise.all(pages.map((page) => page.evaluate(duelOf)));
    expect(before[0].score).toBeGreaterThan(0);
    await bob.page.locator('.duel .danger').click();
    for (const [n, page] of pages.entries()) {
      const { room: id } = before[n];
      await page.waitForFunction(
        (of) => window.lobby.outages.some((outage) => outage.room === of),
        id,
        PATIENCE,
      );
      const after = await page.evaluate(duelOf);
      expect(after).toEqual({ ...before[n], port: after.port, pid: after.pid });
      expect(after.pid).not.toBe(before[n].pid);
      const [{ gapMs }] = await page.evaluate(() => window.lobby.outages);
      console.info(`${id} was back after ${Math.round(gapMs)} ms`);
    }
    await screenshot(ada.page, 'lobby-duel-desk');
    await screenshot(bob.page, 'lobby-duel-phone');
    for (const other of others) other.leave();
    const errors = server.said().match(ERRORS) ?? [];
    expect([...ada.problems, ...bob.problems, ...errors]).toEqual([]);
  });
});

function portOfLobby(page: Page): Promise<number> {
  return page.evaluate(() => window.lobby.lobby!.view().state.port);
}

async function say(page: Page, line: string): Promise<void> {
  const input = page.getByLabel('Say to everybody…');
  await input.fill(line);
  await input.press('Enter');
}

async function phase(page: Page, wanted: string): Promise<void> {
  await page.waitForFunction(
    (of) => window.lobby.duel?.view().state.phase === of,
    wanted,
    PATIENCE,
  );
}

/** Runs in the page. */
function duelOf() {
  const game = window.lobby.duel!;
  const view = game.view();
  const { port, pid } = view.state;
  const { score, hue } = view.mine('player')!;
  return { room: game.room, seat: game.seat, port, pid, score, hue };
}

/** Goes for a coin, and stands still until that is in a checkpoint. */
async function collect(page: Page): Promise<void> {
  const box = (await page.locator('.duel .field').boundingBox())!;
  const [x, y] = await page.evaluate(() => {
    const [{ position }] = window.lobby.duel!.view().all('coin');
    return [position.x / 640, position.y / 640];
  });
  await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
  await page.waitForFunction(
    () => window.lobby.duel!.view().mine('player')!.score,
    undefined,
    PATIENCE,
  );
  await page.mouse.move(1, 1);
  await page.waitForTimeout(1_000);
}
