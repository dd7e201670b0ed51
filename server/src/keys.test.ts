import { describe, expect, test } from 'vitest';
import { RotatingKeys, randomSecret } from './keys.ts';

function counter(): () => string {
  let n = 0;
  return () => `k${++n}`;
}

test('secrets are 256 bits that fit a header', () => {
  const secrets = new Set(Array.from({ length: 100 }, randomSecret));
  expect(secrets.size).toBe(100);
  for (const secret of secrets) expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

describe('keys that rotate', () => {
  test('leave the old one good until the new one is known to have arrived', () => {
    const keys = new RotatingKeys<string>(counter());
    const first = keys.issue('seat');
    expect(keys.find(first)).toEqual({ what: 'seat', spent: false });
    const second = keys.issue('seat', first);
    expect([keys.find(first)?.spent, keys.find(second)?.spent]).toEqual([false, false]);
    keys.confirm('seat');
    expect([keys.find(first)?.spent, keys.find(second)?.spent]).toEqual([true, false]);
  });

  test('know one that was never used again as spent', () => {
    const keys = new RotatingKeys<string>(counter());
    const first = keys.issue('seat');
    const lost = keys.issue('seat', first);
    const third = keys.issue('seat', first);
    expect([first, lost, third].map((key) => keys.find(key)?.spent)).toEqual([false, true, false]);
    keys.confirm('seat');
    expect([first, lost, third].map((key) => keys.find(key)?.spent)).toEqual([
      true,
      undefined,
      false,
    ]);
  });

  test('grow with seats, not with use, and go with the seat', () => {
    const keys = new RotatingKeys<string>(counter());
    let key = keys.issue('seat');
    for (let i = 0; i < 100; i++) {
      key = keys.issue('seat', key);
      if (i % 3) keys.confirm('seat');
    }
    expect([keys.size, [...keys.values()]]).toEqual([1, ['seat']]);
    keys.drop('seat');
    expect(keys.find(key)).toBe(undefined);
    expect(keys.size).toBe(0);
  });

  test('go on elsewhere, as digests', () => {
    const keys = new RotatingKeys<string>(counter());
    const [first, second] = [keys.issue('seat'), keys.issue('other')];
    const third = keys.issue('seat', first);
    const elsewhere = new RotatingKeys<string>(counter());
    elsewhere.restore('mine', keys.stateOf('seat')!);
    expect(JSON.stringify(keys.stateOf('seat'))).not.toContain(third);
    const both = [first, third].map((key) => elsewhere.find(key));
    expect(both).toEqual([1, 2].map(() => ({ what: 'mine', spent: false })));
    expect(elsewhere.find(second)).toBe(undefined);
    elsewhere.confirm('mine');
    expect(elsewhere.find(first)?.spent).toBe(true);
    // Restored again, they stand for that alone.
    elsewhere.restore('again', keys.stateOf('seat')!);
    expect([elsewhere.size, elsewhere.find(third)?.what]).toEqual([1, 'again']);
    elsewhere.drop('again');
    expect([elsewhere.size, elsewhere.find(third)]).toEqual([0, undefined]);
    expect(keys.stateOf('nobody')).toBe(undefined);
  });
});
