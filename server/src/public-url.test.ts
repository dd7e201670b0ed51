import { UsageError } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import { namesPort, publicUrlOf } from './public-url.ts';

test.each([
  ['https://play.example', 'https://play.example'],
  ['https://play.example/', 'https://play.example'],
  ['https://s{shard}.play.example', 'https://s2.play.example'],
  ['http://10.0.0.7:{port}/{shard}', 'http://10.0.0.7:9003/2'],
  [
    (shard: number, port: number) => `https://a.example/${shard}/${port}`,
    'https://a.example/2/9003',
  ],
])('%s is %s for the third shard', (given, url) => {
  expect(publicUrlOf(given, 2, 9003)).toBe(url);
});

test.each(['play.example', 'wss://play.example', 'https://', () => 'somewhere'])(
  '%s is refused',
  (given) => {
    expect(() => publicUrlOf(given, 0, 9001)).toThrow(UsageError);
  },
);

test('a port has to be known where it is told', () => {
  expect(namesPort(undefined)).toBe(false);
  expect(namesPort('https://s{shard}.play.example')).toBe(false);
  expect(namesPort('https://play.example:{port}')).toBe(true);
  expect(namesPort(() => 'https://play.example')).toBe(true);
});
