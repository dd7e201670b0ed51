// PROTOCOL.md against the code: the numbers of frames, refusals, close codes and limits are written
// in both, and say the same.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as protocol from '../src/index.ts';
import {
  CloseCode,
  closeCodeOf,
  FrameType,
  ProtocolError,
  ProtocolErrorCode,
  reactionTo,
} from '../src/index.ts';

const document = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8');

/** Cells of every table row whose first cell is like `first`. */
function rows(first: RegExp): string[][] {
  return document
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
    .filter(([name]) => first.test(name));
}

test('the frames have the numbers of the catalogue', () => {
  const stated = [...document.matchAll(/^([A-Z]+) +(?:c>s|s>c|both) \[(\d+)/gm)];
  const numbers = stated.map(([, name, number]) => [name, Number(number)]);
  const ours = Object.entries(FrameType).map(([name, type]) => [name.toUpperCase(), type]);
  expect(numbers).toEqual(ours);
});

test('every refusal closes with the code of the table', () => {
  const stated = rows(/^`[a-z-]+`$/).filter(([, , code]) => /^\d{4}$/.test(code ?? ''));
  const ours = Object.values(ProtocolErrorCode).map((code) => [
    `\`${code}\``,
    `${closeCodeOf(new ProtocolError(code, ''))}`,
  ]);
  expect(stated.map(([code, , closeCode]) => [code, closeCode])).toEqual(ours);
});

test('every close code has the reaction of the table', () => {
  const stated = rows(/^\d{4}$/).map(([code, , client]) => [Number(code), client.split(',')[0]]);
  expect(stated).toEqual(Object.values(CloseCode).map((code) => [code, reactionTo(code)]));
});

test('the sizes of odds below even are those of the code', () => {
  const [, list] = /The first 64 are\n\n([\d\s]+)\n\n/.exec(document) as RegExpExecArray;
  const stated = list.trim().split(/\s+/).map(Number);
  expect(stated).toEqual(protocol.ODDS.slice(0, 64));
});

test('the limits are those of the code', () => {
  const limit = (what: string): number[] => {
    const [, most] = rows(new RegExp(what))[0];
    const bytes = most.includes('MiB') ? 2 ** 20 : 1;
    return [...most.replaceAll(',', '').matchAll(/\d+/g)].map(([n]) => Number(n) * bytes);
  };
  expect(limit('^HELLO')).toEqual([protocol.MAX_HELLO_BYTES]);
  expect(limit('^STATE$')).toEqual([protocol.MAX_STATE_BYTES]);
  expect(limit('^declared fields')).toEqual([protocol.MAX_FIELDS]);
  expect(limit('^kinds, events')).toEqual([protocol.MAX_DECLARED]);
  expect(limit('^slots')).toEqual([protocol.MAX_SLOTS]);
  expect(limit('^seats')).toEqual([protocol.MAX_SEATS]);
  expect(limit('^elements')).toEqual([protocol.MAX_ELEMENTS]);
  expect(limit('^UTF-16')).toEqual([protocol.MAX_TEXT_CHARS]);
  expect(limit('^bytes of a packed')).toEqual([protocol.MAX_PACKED_BYTES]);
  expect(limit('^values in a free')).toEqual([4096, protocol.MAX_FREE_DEPTH]);
  expect(limit('^ticks in one')).toEqual([protocol.MAX_INPUT_TICKS]);
  expect(limit('^characters of an address')).toEqual([
    protocol.MAX_ADDRESS_CHARS,
    protocol.MAX_TICKET_CHARS,
  ]);
  expect(limit('^nesting')).toEqual([protocol.MAX_NESTING]);
});
