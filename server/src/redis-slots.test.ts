import { describe, expect, test } from 'vitest';
import { rangesOf, redirectionOf, slotOf } from './redis-slots.ts';

describe('the slot of a key', () => {
  // What CLUSTER KEYSLOT of Redis 7.0 answers.
  test.each([
    ['', 0],
    ['123456789', 12_739],
    ['tickwire:secret', 8_327],
    ['tickwire:{r:field-1}:room', 721],
    ['{}a', 10_875],
    ['a{}{b}', 15_033],
    ['a{b', 13_340],
    ['{{b}}c', 6_215],
    ['größe', 9_425],
  ])('of %j is that of Redis', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });
});

describe('nodes', () => {
  test('are known by their primaries, and one without an address by where it was asked', () => {
    const replica = ['10.0.0.9', 6379, 'id', []] as const;
    expect(
      rangesOf(
        [
          [0, 99, ['10.0.0.1', 6379, 'id', []], replica],
          [100, 199, ['', 6380, 'id', []]],
          [200, 299, [null, 6381, 'id', ['hostname', 'a.example']]],
          [300, 16_383, ['fd00::1', 6382, 'id']],
        ],
        'redis.internal',
      ),
    ).toEqual([
      { first: 0, last: 99, address: '10.0.0.1:6379' },
      { first: 100, last: 199, address: 'redis.internal:6380' },
      { first: 200, last: 299, address: 'redis.internal:6381' },
      { first: 300, last: 16_383, address: '[fd00::1]:6382' },
    ]);
  });

  test('say where a question belongs', () => {
    const said = (text: string) => redirectionOf(text, '10.0.0.1');
    expect(said('MOVED 3999 127.0.0.1:6381')).toEqual({ kind: 'moved', address: '127.0.0.1:6381' });
    expect(said('MOVED 3999 :6381')).toEqual({ kind: 'moved', address: '10.0.0.1:6381' });
    expect(said('ASK 3999 fd00::1:6381')).toEqual({ kind: 'ask', address: '[fd00::1]:6381' });
    expect(said('TRYAGAIN Multiple keys request during rehashing of slot')).toEqual({
      kind: 'again',
    });
    for (const other of ['ERR no', 'NOSCRIPT No matching script', 'ASKED', 'CLUSTERDOWN Hash slot'])
      expect(said(other)).toBeUndefined();
  });
});
