import { UsageError } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { checkOrigin, checkOriginList } from './origin.ts';

const origins = ['https://good.com', 'http://good.com:8080', 'https://[2001:db8::1]:444'];
const live = { origins, production: true, allowNoOrigin: false };
const workshop = { origins, production: false, allowNoOrigin: false };

describe('{S30} in production', () => {
  test.each<[string | undefined, boolean]>([
    ['https://good.com', true],
    ['https://good.com:443', true],
    ['HTTPS://Good.COM', true],
    ['http://good.com:8080', true],
    ['https://[2001:db8::1]:444', true],
    ['http://good.com', false],
    ['https://good.com:444', false],
    ['https://good.com:', false],
    ['http://good.com:08080', true],
    ['https://good.com.evil.com', false],
    ['https://evilgood.com', false],
    ['https://www.good.com', false],
    ['https://good.com.', false],
    ['https://good.com/', false],
    ['https://good.com@evil.com', false],
    ['https://evil.com#https://good.com', false],
    ['https://evil.com?https://good.com', false],
    ['https://good.com, https://evil.com', false],
    ['https://evil.com https://good.com', false],
    ['https://good%2ecom', false],
    ['https://gооd.com', false],
    [' https://good.com', false],
    ['good.com', false],
    ['//good.com', false],
    ['file://', false],
    ['null', false],
    ['', false],
    ['http://localhost:5173', false],
    ['https://own.host', false],
    [undefined, false],
  ])('origin %j passes: %j', (origin, allowed) => {
    expect(checkOrigin(origin, 'own.host', live).allowed).toBe(allowed);
  });

  test('a handshake without Origin passes with allowNoOrigin, one with null does not', () => {
    const rules = { ...live, allowNoOrigin: true };
    expect(checkOrigin(undefined, 'own.host', rules).allowed).toBe(true);
    expect(checkOrigin('null', 'own.host', rules).allowed).toBe(false);
  });
});

describe('outside production', () => {
  test.each<[string | undefined, boolean]>([
    ['http://localhost:5173', true],
    ['https://localhost', true],
    ['http://127.0.0.1:1', true],
    ['http://[::1]:9001', true],
    ['http://192.168.1.5:5173', true],
    ['http://192.168.1.5', true],
    ['http://192.168.1.50', false],
    ['http://localhost.evil.com', false],
    ['http://127.0.0.1.evil.com', false],
    ['http://localhost@evil.com', false],
    ['https://good.com', true],
    ['https://other.com', false],
    ['null', false],
    [undefined, true],
  ])('origin %j passes: %j', (origin, allowed) => {
    expect(checkOrigin(origin, '192.168.1.5:9001', workshop).allowed).toBe(allowed);
  });

  test('without a Host header only listed and local pages pass', () => {
    expect(checkOrigin('http://other.com', undefined, workshop).allowed).toBe(false);
    expect(checkOrigin('http://localhost', undefined, workshop).allowed).toBe(true);
  });
});

describe('what the log is told', () => {
  test.each([
    ['http://other.com:80', "origins: ['http://other.com']"],
    ['https://other.com:8443', "origins: ['https://other.com:8443']"],
    [undefined, 'allowNoOrigin: true'],
    ['null', 'serve the page over http(s) from a listed origin'],
  ])('refusing %j names %s', (origin, setting) => {
    expect(checkOrigin(origin, 'own.host', live)).toMatchObject({ allowed: false, setting });
  });

  test('the setting that is named would let the origin in', () => {
    const verdict = checkOrigin('https://other.com:8443', 'own.host', live);
    const named = /'(.*)'/.exec(verdict.allowed ? '' : verdict.setting)?.[1] ?? '';
    const rules = { ...live, origins: [named] };
    expect(checkOrigin('https://other.com:8443', 'own.host', rules).allowed).toBe(true);
  });

  test.each(['https://good.com/', '*', 'https://*.good.com', 'good.com', 'null', ''])(
    'an origin list with %j is a UsageError',
    (entry) => {
      expect(() => checkOriginList(['https://good.com', entry])).toThrow(UsageError);
    },
  );
});
