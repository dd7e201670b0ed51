import { describe, expect, test } from 'vitest';
import { AddressBuckets, addressKey, PerAddress, TokenBucket } from './rate-limit.ts';

describe('TokenBucket', () => {
  test('a burst passes at once and then the rate', () => {
    const bucket = new TokenBucket(10, 3);
    const taken = [0, 0, 0, 0, 99, 100, 100, 200].map((nowMs) => bucket.take(1000 + nowMs));
    expect(taken).toEqual([true, true, true, false, false, true, false, true]);
  });

  test('a long rest fills no more than the burst', () => {
    const bucket = new TokenBucket(1, 2);
    bucket.take(0, 2);
    const taken = [1e9, 1e9, 1e9].map((nowMs) => bucket.take(nowMs));
    expect(taken).toEqual([true, true, false]);
  });

  test('a cost is taken whole or not at all', () => {
    const bucket = new TokenBucket(1, 10);
    expect([bucket.take(0, 8), bucket.take(0, 3), bucket.take(0, 2)]).toEqual([true, false, true]);
    expect(bucket.take(1e9, 11)).toBe(false);
  });

  test('a clock that steps back gives nothing away', () => {
    const bucket = new TokenBucket(1, 1);
    expect([bucket.take(5000), bucket.take(0), bucket.take(5000)]).toEqual([true, false, false]);
    expect(bucket.take(6000)).toBe(true);
  });

  test('over any time at most the rate and one burst pass', () => {
    const bucket = new TokenBucket(30, 60);
    let passed = 0;
    for (let nowMs = 0; nowMs <= 10_000; nowMs += 0.7) if (bucket.take(nowMs)) passed++;
    expect(passed).toBeLessThanOrEqual(360);
    expect(passed).toBeGreaterThanOrEqual(359);
  });
});

describe('addresses', () => {
  test('{T17} IPv6 counts by /64, IPv4 one by one', () => {
    expect(addressKey('2001:db8:0:1:2:3:4:5')).toBe(addressKey('2001:db8:0:1:ffff:0:0:1'));
    expect(addressKey('2001:db8:0:1:0:0:0:1')).not.toBe(addressKey('2001:db8:0:2:0:0:0:1'));
    expect(addressKey('10.0.0.1')).not.toBe(addressKey('10.0.0.2'));
  });

  test('an address holds up to its limit and gives back', () => {
    const connections = new PerAddress(2, 10);
    expect(['a', 'a', 'a', 'b'].map((one) => connections.enter(one))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    connections.leave('a');
    expect([connections.count('a'), connections.enter('a'), connections.size]).toEqual([
      1,
      true,
      2,
    ]);
    connections.leave('b');
    expect(connections.size).toBe(1);
    expect(() => connections.leave('b')).toThrow(/did not enter/);
  });

  test('with every place taken no new address enters, and old ones go on', () => {
    const connections = new PerAddress(2, 2);
    expect(['a', 'b', 'c', 'a'].map((one) => connections.enter(one))).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  test('buckets are apart, and the one unused for longest is forgotten', () => {
    const buckets = new AddressBuckets(1, 1, 2);
    expect([buckets.take('a', 0), buckets.take('a', 0), buckets.take('b', 0)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(buckets.take('a', 0)).toBe(false);
    expect(buckets.take('c', 0)).toBe(true);
    expect(buckets.size).toBe(2);
    expect([buckets.take('a', 0), buckets.take('b', 0)]).toEqual([false, true]);
  });
});
