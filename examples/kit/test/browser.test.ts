import { expect, test } from 'vitest';
import { findBrowser, INSTALL_COMMAND, missingBrowser } from './browser.ts';

test('CHROMIUM names the browser, and nothing else is tried in its place', () => {
  expect(findBrowser({ CHROMIUM: process.execPath })).toBe(process.execPath);
  const wrong = { CHROMIUM: '/nowhere/chromium', PATH: process.env.PATH };
  expect(findBrowser(wrong)).toBeUndefined();
  expect(missingBrowser(wrong)).toBe('CHROMIUM=/nowhere/chromium is not an executable file');
});

test('a machine without a browser is told the command that installs one', () => {
  expect(missingBrowser({})).toContain(INSTALL_COMMAND);
});
