import { expect, test } from 'vitest';
import * as constants from './close-codes.ts';
import { CloseCode, reactionTo } from './close-codes.ts';
import { assert, closeCodeOf, ProtocolError, ProtocolErrorCode, UsageError } from './errors.ts';

test('every protocol error code has a close code a server may send', () => {
  const sendable = Object.values(CloseCode).filter((code) => code !== CloseCode.Lost);
  for (const code of Object.values(ProtocolErrorCode)) {
    const error = new ProtocolError(code, 'why');
    expect(error.code).toBe(code);
    expect(sendable).toContain(closeCodeOf(error));
  }
});

test('the three kinds of error can be told apart', () => {
  const peer = new ProtocolError(ProtocolErrorCode.TooBig, 'frame of 70000 B');
  expect(peer).toBeInstanceOf(Error);
  expect(peer.name).toBe('ProtocolError');
  expect(closeCodeOf(peer)).toBe(1009);
  expect(new UsageError('x').name).toBe('UsageError');
  expect(new UsageError('x')).not.toBeInstanceOf(ProtocolError);
});

test('assert passes what holds and throws a plain error otherwise', () => {
  assert(1, 'holds');
  let caught: unknown;
  try {
    assert(0, 'stamps are in order');
  } catch (error) {
    caught = error;
  }
  expect(caught).toEqual(new Error('Tickwire bug: stamps are in order'));
  expect(caught).not.toBeInstanceOf(UsageError);
});

test('{S10} every close code has the reaction of the table, each at least once', () => {
  const reactions = Object.values(CloseCode).map(reactionTo);
  expect(new Set(reactions)).toEqual(new Set(['stop', 'backoff', 'fresh', 'refresh', 'move']));
  expect(reactionTo(1006)).toBe('backoff');
  expect(reactionTo(1012)).toBe('move');
  expect(reactionTo(4007)).toBe('stop');
  expect(reactionTo(4009)).toBe('fresh');
});

test('an unknown code of the line backs off and an unknown code of a game stops', () => {
  expect([1005, 1014, 1015, 0].map(reactionTo)).toEqual(Array(4).fill('backoff'));
  expect([3000, 4006, 4999].map(reactionTo)).toEqual(Array(3).fill('stop'));
});

test('the constants of a client are the codes of that name', () => {
  const named = Object.entries(constants).filter(([name]) => name.startsWith('CLOSE_'));
  const all = Object.entries(CloseCode).map(
    ([name, code]) => [name.replace(/(?<!^)(?=[A-Z])/g, '_').toUpperCase(), code] as const,
  );
  expect(named.length).toBeGreaterThan(0);
  for (const [name, code] of named) expect(all).toContainEqual([name.slice(6), code]);
});

test('close codes are distinct', () => {
  const codes = Object.values(CloseCode);
  expect(new Set(codes).size).toBe(codes.length);
});
