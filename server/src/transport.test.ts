import { UsageError } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import {
  checkLimits,
  checkUpgrade,
  cutReason,
  DEFAULT_TRANSPORT_LIMITS,
  isCloseCode,
} from './transport.ts';

describe('limits', () => {
  test('what is not given is the default', () => {
    expect(checkLimits({ maxUrlBytes: 99 })).toEqual({
      ...DEFAULT_TRANSPORT_LIMITS,
      maxUrlBytes: 99,
    });
  });

  test.each([0, 4, 7, 10, 964, 1000, 8.5, Number.NaN])(
    'an idle timeout of %d is refused',
    (idle) => {
      expect(() => checkLimits({ idleTimeoutS: idle })).toThrow(UsageError);
      expect(() => checkLimits({ idleTimeoutS: idle })).toThrow(/idleTimeoutS/);
    },
  );

  test.each([8, 12, 32, 960])('an idle timeout of %d is taken', (idle) => {
    expect(checkLimits({ idleTimeoutS: idle }).idleTimeoutS).toBe(idle);
  });

  test.each([0, -1, 1.5, Number.POSITIVE_INFINITY])('a frame limit of %d is refused', (bytes) => {
    expect(() => checkLimits({ maxFrameBytes: bytes })).toThrow(/maxFrameBytes/);
  });
});

describe('handshakes', () => {
  const good = {
    host: 'game.example',
    upgrade: 'websocket',
    connection: 'keep-alive, Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  test.each<[string, Record<string, string>, number | undefined]>([
    ['a good one', {}, undefined],
    ['another case', { upgrade: 'WebSocket', connection: 'UPGRADE' }, undefined],
    ['a list of protocols', { upgrade: 'websocket, h2c' }, 426],
    ['a token that only starts so', { connection: 'upgrade-insecure' }, 426],
    ['version 013', { 'sec-websocket-version': '013' }, 426],
    ['two versions', { 'sec-websocket-version': '13, 13' }, 426],
    ['a key of 15 bytes', { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAA' }, 400],
    ['two keys', { 'sec-websocket-key': `${good['sec-websocket-key']}, x` }, 400],
    ['a chunked body', { 'transfer-encoding': 'chunked' }, 400],
  ])('%s is judged', (_, changes, status) => {
    const refusal = checkUpgrade(new Map(Object.entries({ ...good, ...changes })));
    expect(refusal?.status).toBe(status);
  });
});

describe('close frames', () => {
  test.each([
    ['', ''],
    ['short', 'short'],
    ['a'.repeat(200), 'a'.repeat(123)],
    ['é'.repeat(62), 'é'.repeat(61)],
    ['🦆'.repeat(31), '🦆'.repeat(30)],
    [`${'a'.repeat(122)}é`, 'a'.repeat(122)],
    ['\ud800', '\ufffd'],
  ])('reason %j is cut to whole characters', (reason, cut) => {
    expect(cutReason(reason)).toBe(cut);
  });

  test('only codes that an endpoint may send are sent', () => {
    const sendable = [1000, 1001, 1002, 1003, 1007, 1014, 3000, 4000, 4999];
    const others = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_536, 1000.5, Number.NaN];
    expect(sendable.filter((code) => !isCloseCode(code))).toEqual([]);
    expect(others.filter(isCloseCode)).toEqual([]);
  });
});
