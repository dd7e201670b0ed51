import { fileURLToPath } from 'node:url';
import { UsageError } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { flagsFor, SERVE_COMMAND } from './serve-command.ts';

const HERE = fileURLToPath(import.meta.url);

describe('tickwire serve', () => {
  test.each([
    ['no script', {}, [], /wants one script/],
    ['two scripts', {}, [HERE, HERE], /wants one script/],
    ['a script that is not there', {}, ['nowhere.ts'], /nowhere\.ts: no such file/],
    ['a word for a number', { shards: 'four' }, [HERE], /--shards four: wants a whole number/],
    ['no shards', { shards: '0' }, [HERE], /shards: 0: wants 'auto' or a whole number/],
    ['a port that there is not', { port: '65536' }, [HERE], /--port 65536: wants/],
  ])('refuses %s', async (_, values, positionals, why) => {
    const typed = SERVE_COMMAND.run({ values, positionals, rest: [] });
    await expect(typed).rejects.toThrow(why);
    await expect(typed).rejects.toThrow(UsageError);
  });
});

describe('the flags of Node', () => {
  test('stay as they are for JavaScript', () => {
    expect(flagsFor('/srv/game.js', ['--inspect'])).toEqual(['--inspect']);
    expect(flagsFor('/srv/game.mjs', [])).toEqual([]);
  });

  test('have tsx for TypeScript, once', () => {
    const flags = flagsFor(HERE, ['--inspect']);
    expect(flags.slice(0, 2)).toEqual(['--inspect', '--import']);
    expect(flags[2]).toMatch(/^file:.*tsx.*loader/);
    expect(flagsFor(HERE, flags)).toEqual(flags);
  });

  test('are none for TypeScript without tsx, unless Node itself reads it', () => {
    const flags = () => flagsFor('/nowhere/game.ts', []);
    if ('typescript' in process.features && process.features.typescript)
      expect(flags()).toEqual([]);
    else expect(flags).toThrow('TypeScript wants tsx (npm install --save-dev tsx)');
  });
});
