import { describe, expect, test } from 'vitest';
import { plainAddress, RequestBody, readHead } from './request.ts';
import { checkLimits, HttpError } from './transport.ts';

describe('addresses', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['0000:0000:0000:0000:0000:ffff:0a01:0203', '10.1.2.3'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['2001:DB8::00a0:1', '2001:db8:0:0:0:0:a0:1'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['', ''],
    ['1:2:3', '1:2:3'],
  ])('%j is %j', (text, plain) => {
    expect(plainAddress(text)).toBe(plain);
  });
});

describe('heads', () => {
  const limits = checkLimits({ maxUrlBytes: 10, maxHeaderBytes: 40 });
  const head = (path: string, ...lines: string[]) =>
    readHead({ method: 'GET', path, query: '', lines }, limits);

  test('names are in lower case and repeated ones are joined', () => {
    const read = head('/', 'X-A', '1', 'x-a', '2');
    expect('headers' in read && read.headers).toEqual(new Map([['x-a', '1, 2']]));
  });

  test.each<[string, number, string[]]>([
    ['a path without a slash', 400, ['x']],
    ['a path over the limit', 414, ['/234567890']],
    ['headers over the limit', 431, ['/', 'a', 'x'.repeat(36)]],
    ['two hosts', 400, ['/', 'Host', 'a', 'host', 'b']],
    ['a length of no number', 400, ['/', 'Content-Length', '1e3']],
    ['a negative length', 400, ['/', 'Content-Length', '-1']],
    ['a chunked body', 411, ['/', 'Transfer-Encoding', 'chunked']],
  ])('%s is refused with %i', (_, status, [path, ...lines]) => {
    expect(head(path, ...lines)).toMatchObject({ status });
  });

  test('a name of Object.prototype is a header like any other', () => {
    const read = head('/', '__proto__', 'x');
    expect('bodyBytes' in read && read.headers.get('__proto__')).toBe('x');
  });
});

describe('bodies', () => {
  test('a body is copied as it comes', async () => {
    const body = new RequestBody(4, 10, () => {});
    const chunk = Uint8Array.of(1, 2);
    body.push(chunk);
    chunk.fill(9);
    body.push(Uint8Array.of(3, 4));
    body.end();
    expect(await body.read(4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    await expect(body.read(3)).rejects.toMatchObject({ status: 413 });
  });

  test('a body longer than announced is refused, and what waits is told once', async () => {
    let settled = 0;
    const body = new RequestBody(1, 3, () => settled++);
    const reading = body.read(3);
    body.push(new Uint8Array(4));
    body.fail(new HttpError(408, 'late'));
    body.end();
    await expect(reading).rejects.toMatchObject({ status: 413 });
    expect([settled, body.whole, body.coming]).toEqual([1, false, false]);
  });

  test('a failure before anyone reads is kept for the reader', async () => {
    const body = new RequestBody(5, 10, () => {});
    body.fail(new HttpError(408, 'late'));
    await expect(body.read(10)).rejects.toMatchObject({ status: 408 });
  });
});
