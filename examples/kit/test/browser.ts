// A real Chromium for tests: finds it, starts it as a container can, and watches its pages.
// Used by the *.browser.test.ts files of all examples through browserSuite(), which skips with a
// reason where there is no browser, and fails where CI says there must be one.
// Trap: watchPage(page) must come before the first page.goto, or early problems go unseen.
import { accessSync, constants, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type LaunchOptions, type Page } from 'playwright-core';
import { describe, test } from 'vitest';

/** What a bare Debian or Ubuntu needs. */
export const INSTALL_COMMAND =
  'apt-get update && apt-get install -y --no-install-recommends chromium';

/** Looked up in this order in each folder of PATH, after CHROMIUM and /usr/bin/chromium. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * No sandbox: containers run as root without user namespaces. SwiftShader draws WebGL without a
 * GPU. The rest stops Chromium from talking to the outside while it is tested.
 */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];

/** Where screenshot() puts its pictures: test-results at the root, which git ignores. */
const RESULTS = join(dirname(fileURLToPath(import.meta.url)), '../../../test-results');

/** Path of a browser to test with; undefined if none is installed. CHROMIUM names one by hand. */
export function findBrowser(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const { CHROMIUM, PATH = '' } = environment;
  if (CHROMIUM) return isExecutable(CHROMIUM) ? CHROMIUM : undefined;
  const folders = PATH.split(':').filter((folder) => folder !== '');
  const paths = COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
  return ['/usr/bin/chromium', ...paths].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What to tell a person whose machine has no browser. */
export function missingBrowser(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { CHROMIUM } = environment;
  if (CHROMIUM) return `CHROMIUM=${CHROMIUM} is not an executable file`;
  return `no Chromium found; install one (${INSTALL_COMMAND}) or set CHROMIUM to its path`;
}

/**
 * Starts a headless Chromium with a fresh profile of its own, which it deletes when closed.
 * Throws if there is no browser; the message holds the command that installs one.
 */
export async function launchBrowser(options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error(missingBrowser());
  const args = [...FLAGS, ...(options.args ?? [])];
  return chromium.launch({ headless: true, ...options, executablePath, args });
}

/**
 * A chapter of browser tests. Without a browser it is skipped, its title says why; where CI is set
 * it fails instead, so that a gate cannot turn green by lacking a browser.
 */
export function browserSuite(title: string, body: () => void): void {
  if (findBrowser()) {
    describe(title, body);
  } else if (process.env.CI) {
    test(`${title}: finds a browser`, () => {
      throw new Error(missingBrowser());
    });
  } else {
    const chapter = `${title} (skipped: ${missingBrowser()})`;
    console.warn(chapter);
    describe.skip(chapter, body);
  }
}

/** What a page's console says while its server is away, which some tests do on purpose. */
export const AWAY = [/WebSocket connection to .* failed/, /ERR_CONNECTION_REFUSED/];

/** Something a page should not have done, with where it said so. */
export interface Problem {
  kind: 'console' | 'error' | 'csp' | 'crash';
  text: string;
}

/**
 * Collects console errors, uncaught errors, CSP violations and crashes of a page from now on, in
 * the order they come. `ignore` names what a test provokes on purpose, such as a refused socket
 * while the server is away.
 */
export async function watchPage(page: Page, ignore: readonly RegExp[] = []): Promise<Problem[]> {
  const problems: Problem[] = [];
  const add = (kind: Problem['kind'], text: string): void => {
    if (!ignore.some((pattern) => pattern.test(text))) problems.push({ kind, text });
  };
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const { url, lineNumber } = message.location();
    add('console', `${message.text()} (${url}:${lineNumber})`);
  });
  page.on('pageerror', (error) => add('error', String(error.stack ?? error)));
  page.on('crash', () => add('crash', page.url()));
  await page.exposeFunction('reportCspViolation', (text: string) => add('csp', text));
  await page.addInitScript(reportCspViolations);
  return problems;
}

/** Runs in the page, before its own scripts; refers to nothing outside itself. */
function reportCspViolations(): void {
  const { reportCspViolation } = globalThis as unknown as {
    reportCspViolation(text: string): void;
  };
  document.addEventListener('securitypolicyviolation', (event) => {
    const blocked = event.blockedURI || event.sample;
    reportCspViolation(`${event.effectiveDirective} blocked ${blocked} at ${event.sourceFile}`);
  });
}

/** Writes test-results/NAME.png and returns its path: the picture a person looks at afterwards. */
export async function screenshot(page: Page, name: string): Promise<string> {
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `${name}.png`);
  await page.screenshot({ path });
  return path;
}
