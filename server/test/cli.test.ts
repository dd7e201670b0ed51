// The `tickwire` command as it is typed, in a process of its own: what it says and ends with, and
// that a script which knows nothing of shards is run on several.
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { freePorts } from './ports.ts';
import { Program, stopPrograms } from './program.ts';

const CLI = '../src/cli.ts';
const SCRIPT = 'server/test/shards-server.ts';

afterEach(stopPrograms);

async function typed(...args: string[]) {
  const program = new Program(CLI, {}, args);
  await program.closed;
  return { code: program.process.exitCode, out: program.out, err: program.err };
}

test('help is no error, and lists what there is', async () => {
  const [all, serve] = await Promise.all([typed('--help'), typed('serve', '--help')]);
  expect([all.code, serve.code]).toEqual([0, 0]);
  expect(all.out).toMatch(/^ {2}serve {2}\S/m);
  expect(serve.out).toMatch(/--shards N\|auto/);
  expect(all.err + serve.err).toBe('');
});

test('it says its version', async () => {
  const { code, out } = await typed('--version');
  const { version } = JSON.parse(await readFile('server/package.json', 'utf8'));
  expect([code, out]).toEqual([0, `${version}\n`]);
});

test('what nobody knows ends with 2, and says what is known', async () => {
  const [none, command, option] = await Promise.all([
    typed(),
    typed('sevre'),
    typed('serve', SCRIPT, '--shard', '4'),
  ]);
  expect([none.code, command.code, option.code]).toEqual([2, 2, 2]);
  expect(none.err).toContain('  serve  ');
  expect(command.err).toBe('tickwire has no sevre: did you mean serve?\n');
  expect(option.err).toBe('tickwire serve has no --shard: did you mean --shards?\n');
});

test('a script is run on several shards that says nothing of them', async () => {
  const port = await freePorts(2);
  const program = new Program(CLI, {}, ['serve', SCRIPT, '--shards', '2', '--port', `${port}`]);
  const ports = () => program.lines.flatMap(({ owned, port }) => (owned ? [port] : []));
  await program.until(() => new Set(ports()).size === 2);
  expect([...new Set(ports())].sort()).toEqual([port, port + 1]);
  expect(await program.stop()).toBe(0);
  const closed = program.lines.filter(({ msg }) => msg === 'closed');
  expect(closed.map(({ shard }) => shard).sort()).toEqual([0, 1]);
});

test('without --shards a script is kept running as it is', async () => {
  const program = new Program(CLI, {}, ['serve', SCRIPT, '--port', '0']);
  const pids = () => program.lines.flatMap(({ pid }) => (typeof pid === 'number' ? [pid] : []));
  await program.until(() => pids().length > 0);
  const [first] = pids();
  process.kill(first, 'SIGKILL');
  await program.until(() => pids().some((pid) => pid !== first));
  expect(program.lines.find(({ why }) => why === 'died')).toMatchObject({ signal: 'SIGKILL' });
  expect(await program.stop()).toBe(0);
});

test('a script that ends by itself before it serves is given up, with its last code', async () => {
  const program = new Program(CLI, {}, ['serve', 'server/test/expectations.ts', '--shards', '1']);
  await program.closed;
  expect(program.process.exitCode).toBe(1);
  expect(program.err).toBe(
    'shard 0 ended 5 times before it listened: it ended with 0: does it call serve()?\n',
  );
});
