import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '@tickwire/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadStaticFiles, PAGE_CSP, type StaticFiles } from './static-files.ts';

const root = mkdtempSync(join(tmpdir(), 'tickwire-page-'));
const page = join(root, 'page');
let files: StaticFiles;

beforeAll(() => {
  mkdirSync(join(page, 'assets'), { recursive: true });
  mkdirSync(join(page, '.git'));
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(page, 'index.html'), '<!doctype html>');
  writeFileSync(join(page, '.env'), 'KEY=1');
  writeFileSync(join(page, '.git', 'config'), 'x');
  writeFileSync(join(page, 'two words.txt'), 'words');
  writeFileSync(join(page, 'data.bin'), Uint8Array.of(0, 1));
  writeFileSync(join(page, 'assets', 'main-B3x_9-Qz.js'), 'let a');
  writeFileSync(join(page, 'assets', 'big-elephant.png'), 'png');
  symlinkSync(join(root, 'secret.txt'), join(page, 'link.txt'));
  symlinkSync(root, join(page, 'up'));
  files = loadStaticFiles(page);
});
afterAll(() => rmSync(root, { recursive: true }));

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  files.respond({ method, path, headers: new Map(Object.entries(headers)) });

describe('a page directory', () => {
  test('every plain file of it is served and nothing else', () => {
    expect([...files.paths].sort()).toEqual([
      '/',
      '/assets/big-elephant.png',
      '/assets/main-B3x_9-Qz.js',
      '/data.bin',
      '/index.html',
      '/two%20words.txt',
    ]);
  });

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/link.txt',
    '/up/secret.txt',
    '/.env',
    '/.git/config',
    '//index.html',
    '/index.html/',
    '/index.html%00',
    '/assets',
    '/two words.txt',
    '/__proto__',
    '/constructor',
    '',
  ])('{T23} path %j is not served', (path) => {
    expect(get(path)).toBeUndefined();
  });

  test.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/assets/main-B3x_9-Qz.js', 'text/javascript; charset=utf-8', /immutable/],
    ['/assets/big-elephant.png', 'image/png', 'no-cache'],
    ['/data.bin', 'application/octet-stream', 'no-cache'],
  ])('%s is %s and cached rightly', (path, type, caching) => {
    expect(get(path)).toMatchObject({
      status: 200,
      headers: { 'content-type': type, 'cache-control': expect.stringMatching(caching) },
    });
  });

  test('the root is index.html', () => {
    expect(get('/')).toEqual(get('/index.html'));
    expect(Buffer.from(get('/')?.body ?? '').toString()).toBe('<!doctype html>');
  });

  test('a known etag is answered 304 without a body', () => {
    const etag = get('/')?.headers?.etag ?? '';
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`])
      expect(get('/', { 'if-none-match': tag })).toMatchObject({ status: 304 });
    expect(get('/', { 'if-none-match': etag })).not.toHaveProperty('body');
    expect(get('/', { 'if-none-match': '"other"' })?.status).toBe(200);
  });

  test('only GET and HEAD are answered', () => {
    expect(get('/', {}, 'HEAD')?.status).toBe(200);
    expect(get('/', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  test('every file carries the policy of a page', () => {
    expect(get('/')?.headers).toMatchObject({ 'content-security-policy': PAGE_CSP });
    expect(PAGE_CSP).not.toMatch(/unsafe-eval|script-src/);
    expect(PAGE_CSP).toMatch(/frame-ancestors 'none'/);
  });

  test('a policy can be passed in', () => {
    const own = loadStaticFiles(page, { csp: "default-src 'none'" });
    const answer = own.respond({ method: 'GET', path: '/', headers: new Map() });
    expect(answer?.headers?.['content-security-policy']).toBe("default-src 'none'");
  });

  test.each([
    ['that is not there', 'nowhere'],
    ['without index.html', 'page/assets'],
  ])('a directory %s is a UsageError that says to build', (_, name) => {
    expect(() => loadStaticFiles(join(root, name))).toThrow(UsageError);
    expect(() => loadStaticFiles(join(root, name))).toThrow(/build the page first/);
  });
});
