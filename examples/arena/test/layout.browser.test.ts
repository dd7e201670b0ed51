// That nothing on the page lies over the words of something else: the split view on, the own ship
// destroyed, with and without the panel, in windows from a phone's to a desk's.

import { browserSuite, launchBrowser, screenshot } from '@tickwire/kit/browser';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPage } from '../src/page-build.ts';
import { runArena } from '../src/server.ts';

const PATIENCE = { timeout: 20_000 };

/** Width and height of a window, CSS px. */
const WINDOWS = {
  desk: [1280, 720],
  laptop: [1024, 640],
  phone: [390, 844],
  'phone on its side': [844, 390],
  'small phone': [320, 568],
} as const;

/** What must stay readable, each apart from all others. */
const WORDS = [
  '.raw-label',
  '.smooth-label',
  '.death h2',
  '.death p',
  '.minimap',
  '.standing',
  '.buttons button',
];

/** What stands there as a player comes in, with as many lines as there may be. */
const WORDS_AT_FIRST = [
  '.hint',
  '.kills p',
  '.log p',
  '.minimap',
  '.standing',
  '.buttons button',
  '.hp-number',
  '.gauge',
];

browserSuite('the layout of the arena', () => {
  let server: Awaited<ReturnType<typeof runArena>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    await buildPage();
    server = await runArena({ bots: 4, port: 0, host: '127.0.0.1' });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 320, height: 240 } });
    await page.goto(`http://127.0.0.1:${server.port}/?name=Layout`);
    await page.waitForFunction(() => window.arena?.lastDrawnSelf.frame > 3, undefined, PATIENCE);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('the hint of the keys lies over nothing', async () => {
    await page.evaluate(showHint);
    const found: Record<string, string[]> = {};
    for (const [name, [width, height]] of Object.entries(WINDOWS)) {
      await page.setViewportSize({ width, height });
      await screenshot(page, `arena-hint-${name.replaceAll(' ', '-')}`);
      found[name] = await overlaps(page, WORDS_AT_FIRST);
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(WINDOWS).map((name) => [name, []])));
  });

  describe('with the own ship destroyed, and the split view', () => {
    beforeAll(async () => {
      await page.keyboard.press('KeyV');
      await page.locator('.smooth-label').waitFor({ state: 'visible' });
      await page.evaluate(showDeath);
    });

    test.each(Object.entries(WINDOWS))('no words lie over others: %s', async (name, size) => {
      await page.setViewportSize({ width: size[0], height: size[1] });
      for (const panel of ['', '.side']) {
        const picture = `arena-layout-${name.replaceAll(' ', '-')}${panel && '-panel'}`;
        await screenshot(page, picture);
        expect([picture, ...(await overlaps(page, [...WORDS, ...(panel ? [panel] : [])]))]).toEqual(
          [picture],
        );
        await page.keyboard.press('Backquote');
      }
    });
  });
});

/** Runs in the page. Keeps the hint, the own ship's state and full feeds where they stand. */
function showHint(): void {
  for (const selector of ['.hint', '.vitals', '.kills', '.log']) {
    const real = document.querySelector<HTMLElement>(selector)!;
    const copy = real.cloneNode(true) as HTMLElement;
    copy.hidden = false;
    copy.classList.remove('gone');
    const lines = { '.kills': 6, '.log': 7 }[selector] ?? 0;
    if (lines) copy.replaceChildren();
    for (let n = 0; n < lines; n++) {
      const line = copy.appendChild(document.createElement('p'));
      line.textContent = 'Zenith ⟶ Sirius';
    }
    real.replaceWith(copy);
  }
}

/** Runs in the page. Shows what stands there while the own ship is destroyed, and keeps it. */
function showDeath(): void {
  const real = document.querySelector<HTMLElement>('.death')!;
  const death = real.cloneNode(true) as HTMLElement;
  death.hidden = false;
  death.querySelector('h2')!.textContent = 'Destroyed by Wonderful Wasp';
  death.querySelector('p')!.textContent = 'Back in 2.5 s';
  real.replaceWith(death);
}

/** Pairs of words of which one lies over the other, and words outside the window. */
function overlaps(page: Page, words: readonly string[]): Promise<string[]> {
  return page.evaluate((selectors) => {
    const found: string[] = [];
    // A small window shows the last lines of a feed; of all else one is looked for in vain.
    const visible = (selector: string): Element[] => {
      const all = [...document.querySelectorAll(selector)];
      const seen = all.filter((element) => element.getBoundingClientRect().width > 0);
      return seen.length > 0 ? seen : all;
    };
    const boxes = selectors.flatMap((selector) =>
      visible(selector).map((element) => {
        const range = document.createRange();
        range.selectNodeContents(element);
        // Text is as wide as it is, however wide its block.
        const box = /label|death/.test(selector) ? range : element;
        return { selector, box: box.getBoundingClientRect() };
      }),
    );
    for (const [i, { selector, box }] of boxes.entries()) {
      if (box.width === 0) found.push(`${selector} is not there`);
      if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight)
        found.push(`${selector} leaves the window`);
      for (const other of boxes.slice(i + 1)) {
        const apart =
          box.right <= other.box.left ||
          other.box.right <= box.left ||
          box.bottom <= other.box.top ||
          other.box.bottom <= box.top;
        if (!apart) found.push(`${selector} over ${other.selector}`);
      }
    }
    return found;
  }, words);
}
