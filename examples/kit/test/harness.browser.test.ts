import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browserSuite, launchBrowser, screenshot, watchPage } from './browser.ts';

/** Scripts by path, so that the page needs nothing inline and runs under the strictest policy. */
const SCRIPTS: Readonly<Record<string, string>> = {
  '/clean.js': 'document.body.textContent = "clean";',
  '/console.js': 'console.error("said aloud");',
  '/throw.js': 'setTimeout(() => { throw new Error("thrown late"); });',
  '/eval.js': 'try { new Function("return 1")(); } catch {}',
  '/webgl.js': `const gl = document.createElement("canvas").getContext("webgl2");
    document.body.textContent = gl ? "webgl2" : "none";`,
};
const POLICY = "default-src 'self'; img-src 'self' data:";

function startServer(): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const script = SCRIPTS[path];
    if (script !== undefined) {
      response.setHeader('content-type', 'text/javascript').end(script);
      return;
    }
    response.setHeader('content-type', 'text/html').setHeader('content-security-policy', POLICY);
    response.end(`<!doctype html><html lang="en"><title>harness</title>
      <link rel="icon" href="data:,"><body><script src="${path.slice(5)}"></script></body></html>`);
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

browserSuite('the browser harness', () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    server = await startServer();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** Opens /page/NAME.js, a page that runs that script; each page has its own profile. */
  async function open(name: string, ignore: RegExp[] = []) {
    const page: Page = await browser.newPage();
    const problems = await watchPage(page, ignore);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/page/${name}`);
    return { page, problems };
  }

  test('a page that does nothing wrong has no problems', async () => {
    const { page, problems } = await open('clean.js');
    await page.getByText('clean').waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  test('console errors are collected with their place, unless a test expects them', async () => {
    const { page, problems } = await open('console.js');
    await expect.poll(() => problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ kind: 'console' });
    expect(problems[0]?.text).toMatch(/said aloud .*console\.js/);
    await page.close();
    const quiet = await open('console.js', [/said aloud/]);
    await quiet.page.waitForLoadState('networkidle');
    expect(quiet.problems).toEqual([]);
    await quiet.page.close();
  });

  test('an uncaught error is collected', async () => {
    const { page, problems } = await open('throw.js');
    await expect.poll(() => problems.map(({ kind }) => kind)).toEqual(['error']);
    expect(problems[0]?.text).toContain('thrown late');
    await page.close();
  });

  test('a violation of the policy is collected, even where the page catches it', async () => {
    const { page, problems } = await open('eval.js');
    await expect.poll(() => problems.map(({ kind }) => kind)).toContain('csp');
    expect(problems.find(({ kind }) => kind === 'csp')?.text).toContain('script-src');
    await page.close();
  });

  test('WebGL 2 draws without a graphics card', async () => {
    const { page, problems } = await open('webgl.js');
    await page.getByText('webgl2').waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  test('a screenshot is a PNG file', async () => {
    const { page } = await open('clean.js');
    const bytes = readFileSync(await screenshot(page, 'harness'));
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    await page.close();
  });
});
