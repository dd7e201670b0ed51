import { expect, test } from 'vitest';
import { type Command, readTyped } from './command.ts';

const command: Command = {
  summary: '',
  help: '',
  options: { shards: { type: 'string' }, loud: { type: 'boolean' } },
  run: async () => 0,
};

test('what is behind -- is not read', () => {
  const typed = ['app.ts', '--shards', '4', '--loud', '--', '--bots', '30', '--', 'x'];
  expect(readTyped('serve', command, typed)).toEqual({
    values: { shards: '4', loud: true },
    positionals: ['app.ts'],
    rest: ['--bots', '30', '--', 'x'],
  });
});

test('every command takes --help', () => {
  expect(readTyped('serve', command, ['-h']).values).toEqual({ help: true });
});

test.each([
  [['--shard', '4'], 'tickwire serve has no --shard: did you mean --shards?'],
  [['--quiet'], 'tickwire serve has no --quiet: it takes --shards, --loud, --help'],
  [['-n', '4'], 'tickwire serve has no -n: '],
  [['--shards'], "tickwire serve: Option '--shards <value>' argument missing"],
  [['--loud=yes'], "tickwire serve: Option '--loud' does not take an argument"],
])('%j is refused: %s', (typed, why) => {
  expect(() => readTyped('serve', command, typed)).toThrow(why);
});
