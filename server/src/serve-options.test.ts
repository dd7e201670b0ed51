import { defineGame, int, UsageError } from '@tickwire/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { defineRoom } from './define-room.ts';
import { type ServeOptions, settingsOf } from './serve-options.ts';

const kind = defineRoom(defineGame({ entities: { ship: { hp: int(0, 9) } } }), {});
const read = (given: object) => () =>
  settingsOf({ rooms: { kind }, log: 'silent', ...given } as ServeOptions);

afterEach(() => vi.unstubAllEnvs());

test.each<[given: object, message: string]>([
  [{ rooms: [kind] }, 'rooms: wants an object, not a list'],
  [{ port: '9001' }, 'port: wants a number, not a text'],
  [{ port: Number.NaN }, 'port: wants a number, not NaN'],
  [{ port: -1 }, 'port: -1: wants a whole number in 0..65535'],
  [{ port: 65_536 }, 'port: 65536: wants'],
  [{ host: 5 }, 'host: wants a text, not a number'],
  [{ origins: 'https://a.example' }, 'origins: wants a list, not a text'],
  [{ trustedProxies: '10.0.0.7' }, 'trustedProxies: wants a list, not a text'],
  [{ publicUrl: 5 }, 'publicUrl: wants a text or a function, not a number'],
  [{ page: true }, 'page: wants a text, not true'],
  [{ limits: null }, 'limits: wants an object, not null'],
  [{ boards: ['wins'] }, 'boards: wants an object, not a list'],
  [{ boards: { wins: 'sum' } }, 'boards.wins: wants an object, not a text'],
  [{ onDirectoryLoss: 'stop' }, "onDirectoryLoss: stop: wants 'continue' or 'freeze'"],
  [{ balance: 'off' }, 'balance: wants true or false, not a text'],
  [{ production: 'false' }, 'production: wants true or false, not a text'],
  [{ signals: 0 }, 'signals: wants true or false, not a number'],
  [{ metrics: true }, 'metrics: wants an object, not true'],
  [{ ticketKey: 5 }, 'ticketKey: wants a text or bytes, not a number'],
  [{ now: 5 }, 'now: wants a function, not a number'],
  [{ log: 'loud' }, 'log: loud: wants one of silent, trace, debug, info, warn, error, fatal'],
])('%o is refused, naming the cure', (given, message) => {
  expect(read(given)).toThrow(UsageError);
  expect(read(given)).toThrow(message);
});

test('a directory that is none is refused, and a URL with its password not repeated', () => {
  const said = 'directory: wants a directory, such as redis({ url }), not a text';
  expect(read({ directory: 'redis://:password@host' })).toThrow(new UsageError(said));
  expect(read({ directory: {} })).toThrow('not an object');
});

test('an option that is undefined is left out', () => {
  const settings = read({ port: undefined, boards: undefined, balance: undefined, host: '::1' })();
  expect(settings.host).toBe('::1');
});

test('what the environment says is judged as the options are', () => {
  vi.stubEnv('PORT', 'http');
  expect(read({})).toThrow('PORT=http: wants a whole number in 0..65535');
  vi.stubEnv('PORT', '8080');
  expect(read({})().port).toBe(8080);
  vi.stubEnv('LOG_LEVEL', 'loud');
  expect(read({})).toThrow('LOG_LEVEL=loud: wants one of silent');
});
