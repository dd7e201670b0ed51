// The command line: what is wrong is said in a sentence, before anything starts.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';

const LOBBY = fileURLToPath(new URL('..', import.meta.url));

test('the command line has its defaults, and goes before the environment', () => {
  const none = { shards: 2, port: 9001, redis: undefined, allowKill: false, help: false };
  expect(readArguments([], {})).toEqual(none);
  expect(readArguments([], { PORT: '0' })).toEqual({ ...none, port: 0 });
  const args = ['--shards', '4', '--port', '80', '--redis', 'redis://h', '--allow-kill', '--help'];
  const given = { shards: 4, port: 80, redis: 'redis://h', allowKill: true, help: true };
  expect(readArguments(args, { PORT: 'no port' })).toEqual(given);
});

test.each([
  [['--shards', 'x'], {}, '--shards takes a whole number from 1 to 512, not "x".'],
  [['--shards', '0'], {}, '--shards takes'],
  [['--shards', '513'], {}, '--shards takes'],
  [['--shards', '1.5'], {}, '--shards takes'],
  [['--shards', ''], {}, '--shards takes'],
  [['--port', '65534'], {}, '--port takes a whole number from 0 to 65533, not "65534".'],
  [['--port', '0x10'], {}, '--port takes'],
  [[], { PORT: 'web' }, 'PORT takes a whole number from 0 to 65533, not "web".'],
  [['--shard', '2'], {}, "Unknown option '--shard'"],
  [['four'], {}, 'four'],
] as const)('%j with %j is refused', (args, environment, message) => {
  expect(() => readArguments([...args], environment)).toThrow(message);
});

test('the server ends with 1 and says what is wrong, and how it is called', () => {
  const args = ['--conditions=source', '--import', 'tsx', 'src/server.ts', '--shards', 'x'];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: LOBBY, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^--shards takes a whole number from 1 to 512, not "x"\.\n\nUsage: /);
});
