// A player whose name and chat are markup, seen by another in a real browser: it is text wherever
// it stands, in the chat, among the scores and over the ship.

import { browserSuite, launchBrowser, type Problem, watchPage } from '@tickwire/kit/browser';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPage } from '../src/page-build.ts';
import { runArena } from '../src/server.ts';

const PATIENCE = { timeout: 20_000 };
/** As long as a name may be. */
const NAME = '<i id=xss>hi</i>';
const LINE = '<img id="xss" src="x" onerror="document.title=1"><script>document.title=2</script>';

browserSuite('markup of another player', () => {
  let server: Awaited<ReturnType<typeof runArena>>;
  let browser: Browser;

  beforeAll(async () => {
    await buildPage();
    server = await runArena({ bots: 0, port: 0, host: '127.0.0.1' });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function visit(name: string): Promise<{ page: Page; problems: Problem[] }> {
    const page = await browser.newPage({ viewport: { width: 480, height: 320 } });
    const problems = await watchPage(page);
    await page.goto(`http://127.0.0.1:${server.port}/?name=${encodeURIComponent(name)}`);
    await page.waitForFunction(() => window.arena?.lastDrawnSelf.frame > 3, undefined, PATIENCE);
    return { page, problems };
  }

  test('{T63, S40} is text in the chat and among the scores', async () => {
    const { page, problems } = await visit('Ada');
    const title = await page.title();
    const mallory = await visit(NAME);
    await mallory.page.evaluate((line) => window.arena.game!.call('chat', { line }), LINE);
    const log = page.locator('.chat .log');
    await expect.poll(() => log.textContent(), PATIENCE).toContain(LINE);
    expect(await log.textContent()).toContain(NAME);
    await page.getByRole('button', { name: 'Scores' }).click();
    const scores = page.locator('.scoreboard');
    await expect.poll(() => scores.textContent(), PATIENCE).toContain(NAME);
    expect(await page.locator('#xss, #hud script').count()).toBe(0);
    expect(await page.title()).toBe(title);
    expect([...problems, ...mallory.problems]).toEqual([]);
  });
});
