// The README's page in a real browser, bundled by vite and by esbuild, under a CSP that allows
// nothing but the page's own files and its socket. What it does is read off its canvas.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserSuite, launchBrowser, screenshot, watchPage } from '@tickwire/kit/browser';
import { startServer } from '@tickwire/kit/server-process';
import * as esbuild from 'esbuild';
import type { Browser } from 'playwright-core';
import * as vite from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SERVER = join(ROOT, 'src/server.ts');
const STRICT_CSP = "default-src 'self'; connect-src ws: 'self'";
const PATIENCE = { timeout: 20_000 };

declare global {
  interface Window {
    /** Put there by installLook. */
    look(): { player: number | undefined; coin: number | undefined };
  }
}

/** Builds the page into `outDir`, each as its users do. */
const BUNDLERS: Readonly<Record<string, (outDir: string) => Promise<void>>> = {
  async vite(outDir) {
    const build = { outDir, emptyOutDir: true };
    await vite.build({ root: ROOT, configFile: `${ROOT}/vite.config.ts`, logLevel: 'warn', build });
  },
  async esbuild(outDir) {
    await esbuild.build({
      entryPoints: [join(ROOT, 'src/client.ts')],
      outfile: join(outDir, 'src/client.js'),
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['source'],
    });
    cpSync(join(ROOT, 'public'), outDir, { recursive: true });
    cpSync(join(ROOT, 'src/style.css'), join(outDir, 'src/style.css'));
    const html = readFileSync(join(ROOT, 'index.html'), 'utf8');
    writeFileSync(join(outDir, 'index.html'), html.replace('client.ts', 'client.js'));
  },
};

browserSuite('squares', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(() => browser?.close());

  describe.each(Object.keys(BUNDLERS))('bundled by %s', (bundler) => {
    let folder: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'squares-'));
      mkdirSync(join(folder, 'dist'));
      await BUNDLERS[bundler](join(folder, 'dist'));
      restrict(join(folder, 'dist', 'index.html'));
    });

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test('evaluates no text as code', () => {
      const files = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' });
      const scripts = files.filter((name) => name.endsWith('.js'));
      expect(scripts.length).toBeGreaterThan(0);
      for (const name of scripts) {
        const code = readFileSync(join(folder, 'dist', name), 'utf8');
        expect(code).not.toMatch(/\beval\s*\(|\bnew Function\b|\bFunction\s*\(/);
      }
    });

    test('moves, draws and picks up coins under a strict CSP', async () => {
      const server = await startServer(folder, [SERVER], { PORT: '0', HOST: '127.0.0.1' });
      const page = await browser.newPage({ viewport: { width: 640, height: 640 } });
      try {
        const problems = await watchPage(page);
        await page.addInitScript(installLook);
        await page.goto(server.url);
        await page.waitForFunction(() => window.look().player === 310, undefined, PATIENCE);
        const { coin } = await page.evaluate(() => window.look());
        expect(coin).toBe(71);
        await page.mouse.move(0, 320);
        await page.waitForFunction(() => window.look().player! < 150, undefined, PATIENCE);
        // Elsewhere on the row, and where nobody sees it or it lies in the way, elsewhere again.
        await page.mouse.move(640, 320);
        const isElsewhere = () => ![71, undefined].includes(window.look().coin);
        await page.waitForFunction(isElsewhere, undefined, PATIENCE);
        await screenshot(page, `squares-${bundler}`);
        expect(problems).toEqual([]);
      } finally {
        await page.close();
        await server.stop();
      }
    });
  });
});

/** Adds the strict policy to the page: a browser keeps to it and to the server's own, both. */
function restrict(page: string): void {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${STRICT_CSP}" />`;
  writeFileSync(page, readFileSync(page, 'utf8').replace('<head>', `<head>${meta}`));
}

/**
 * Runs in the page before its scripts: gives it `look`, which finds the filled square of 20 x 20
 * and the coin's outline on row 320 by their pixels.
 */
function installLook(): void {
  window.look = () => {
    const pen = document.querySelector('canvas')!.getContext('2d')!;
    const { data } = pen.getImageData(0, 0, 640, 640);
    const alpha = (x: number, y: number) => data[(y * 640 + x) * 4 + 3];
    const filled = (x: number, y: number) => [0, 4, 8].every((by) => alpha(x + by, y) > 250);
    const pixels = Array.from({ length: 630 }, (_, x) => x);
    const outline = (x: number) =>
      alpha(x, 320) > 0 && !alpha(x + 4, 320) && alpha(x + 16, 320) > 0;
    return {
      player: pixels.find((x) => filled(x, 320)),
      coin: pixels.find(outline),
    };
  };
}
