// That the bench answers what it is asked, and says what it may be asked.
import { expect, test } from 'vitest';
import { asked, usage } from './usage.ts';

test('a word is taken with its own flags', () => {
  expect(asked(['lines'])).toMatchObject({ word: 'lines', seed: 1, plot: false, json: false });
  const given = ['wire', '--seed', '7', '--cubes', 'a', '--cubes=b', '--no-peers', '--json'];
  const wire = { word: 'wire', seed: 7, cubes: ['a', 'b'], peers: false, json: true };
  expect(asked(given)).toMatchObject(wire);
});

test.each([
  [[], 'no word given'],
  [['wires'], 'there is no wires'],
  [['wire', 'load'], 'one word at a time: wire load'],
  [['wire', '--no-such-flag'], "'--no-such-flag'"],
  [['size', '--seed', '2'], "'--seed'"],
  [['tick', '--seed', 'x'], '--seed x: wants a number above 0'],
  [['rate', '--seconds', '0'], '--seconds 0: wants a number above 0'],
])('%j is answered with what is wrong about it', (given, message) => {
  expect(() => asked(given)).toThrow(message);
});

test('whoever asks gets a line for each word and each flag', () => {
  expect(asked(['--help'])).toBe('help');
  expect(asked(['wire', '--nonsense', '-h'])).toBe('help');
  const lines = usage().split('\n');
  for (const word of [
    'wire',
    'size',
    'tick',
    'interest',
    'lines',
    'load',
    'attack',
    'rate',
    'reserve',
    'failover',
    'cluster',
    'shards',
    'smoke',
  ])
    expect(lines.filter((line) => line.startsWith(`  ${word} `))).toHaveLength(1);
  for (const flag of ['json', 'seed', 'cubes', 'no-peers', 'profile', 'seats', 'seconds', 'write'])
    expect(lines.filter((line) => line.startsWith(`  --${flag} `))).toHaveLength(1);
});
