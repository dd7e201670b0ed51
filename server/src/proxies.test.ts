import { UsageError } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { isLoopback, TrustedProxies } from './proxies.ts';

const PROXY = '10.0.0.7';

/** Whom a request from `remoteAddress` is taken for, with these headers. */
function seen(
  remoteAddress: string,
  headers: Record<string, string>,
  trusted: string[] = ['10.0.0.0/8', 'fd00::/16', '192.0.2.1'],
) {
  const arrival = { remoteAddress, secure: false, headers: new Map(Object.entries(headers)) };
  return new TrustedProxies(trusted).peerOf(arrival);
}
const addressSeen = (remoteAddress: string, forwarded: string) =>
  seen(remoteAddress, { 'x-forwarded-for': forwarded }).remoteAddress;

describe('{T24} X-Forwarded-For', () => {
  test.each([
    ['of one proxy', PROXY, '203.0.113.5', '203.0.113.5'],
    ['that the client began itself', PROXY, '1.2.3.4, 203.0.113.5', '203.0.113.5'],
    ['of two proxies', PROXY, '203.0.113.5, 10.9.9.9', '203.0.113.5'],
    ['of two proxies and a lie', PROXY, '127.0.0.1,203.0.113.5,10.9.9.9', '203.0.113.5'],
    ['where all are proxies', PROXY, '10.1.1.1, 10.2.2.2', '10.1.1.1'],
    ['from nobody', PROXY, 'unknown', PROXY],
    ['from somebody behind nobody', PROXY, '1.2.3.4, unknown', PROXY],
    ['that is empty', PROXY, '', PROXY],
    ['with a port', PROXY, '203.0.113.5:4711', '203.0.113.5'],
    ['of IPv6', PROXY, '2001:db8::1', '2001:db8:0:0:0:0:0:1'],
    ['of IPv6 with a port', PROXY, '[2001:db8::1]:4711', '2001:db8:0:0:0:0:0:1'],
    ['of IPv4 in IPv6', PROXY, '::ffff:203.0.113.5', '203.0.113.5'],
    ['of a proxy in IPv6', 'fd00:0:0:0:0:0:0:7', '203.0.113.5', '203.0.113.5'],
    ['of an address named alone', '192.0.2.1', '203.0.113.5', '203.0.113.5'],
    ['of its neighbour', '192.0.2.2', '203.0.113.5', '192.0.2.2'],
    ['of a stranger', '203.0.113.9', '10.0.0.7', '203.0.113.9'],
    ['of a peer that is gone', '', '203.0.113.5', ''],
  ])('%s', (_, remoteAddress, forwarded, expected) => {
    expect(addressSeen(remoteAddress, forwarded)).toBe(expected);
  });

  test('means nothing where no proxy is named, not even from this machine', () => {
    const headers = { 'x-forwarded-for': '203.0.113.5', 'x-forwarded-proto': 'https' };
    expect(seen('127.0.0.1', headers, [])).toEqual({ remoteAddress: '127.0.0.1', secure: false });
  });
});

test.each([
  ['https', PROXY, true],
  ['HTTPS', PROXY, true],
  ['http', PROXY, false],
  ['https, http', PROXY, false],
  ['https', '203.0.113.9', false],
])('{S27} X-Forwarded-Proto %s from %s: secure is %s', (scheme, remoteAddress, secure) => {
  expect(seen(remoteAddress, { 'x-forwarded-proto': scheme }).secure).toBe(secure);
});

test.each([
  'proxy.example',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0',
  'fe80::1%eth0',
  '::ffff:10.0.0.7',
  '::/129',
  '*',
  '',
])('%j is no proxy', (entry) => {
  expect(() => new TrustedProxies([entry])).toThrow(UsageError);
});

test.each<[string, boolean]>([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['localhost', true],
  ['::1', true],
  ['[::1]', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.0.0.1.example', false],
])('%s is this machine alone: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
