import { describe, expect, test } from 'vitest';
import { Lateness } from './lateness.ts';

function noted(...late: number[]): Lateness {
  const lateness = new Lateness();
  for (const ms of late) lateness.add(ms, 1);
  return lateness;
}

describe('lateness', () => {
  test('is the level within which a share of the messages came', () => {
    const lateness = noted(...Array.from({ length: 100 }, (_, i) => i * 2));
    expect(lateness.within(0.5)).toBeCloseTo(100, -1);
    expect(lateness.within(0.98)).toBeGreaterThanOrEqual(196);
    expect(lateness.within(1)).toBeGreaterThanOrEqual(198);
  });

  test('knows the least late one, and nothing before the first', () => {
    expect(new Lateness().leastMs()).toBe(0);
    expect(new Lateness().isEmpty).toBe(true);
    expect(noted(41, 55, 90).leastMs()).toBe(41);
  });

  test('takes one late message among few for a share of many', () => {
    const lateness = noted(40, 41, 42, 43, 300);
    expect(lateness.within(0.98)).toBeGreaterThan(300);
    expect(lateness.within(0.98, 100)).toBeLessThan(50);
  });

  test('never ignores more than half of what there is', () => {
    expect(noted(40, 300).within(0.5, 1000)).toBe(44);
    expect(noted(100).within(0.9, 1000)).toBe(104);
  });

  test('forgets', () => {
    const lateness = noted(500);
    for (let i = 0; i < 500; i++) lateness.add(20, 0.99);
    expect(lateness.within(0.99)).toBe(24);
    const better = noted(20);
    for (let i = 0; i < 500; i++) better.add(200, 0.99);
    expect(better.leastMs()).toBe(200);
  });

  test('leaves out what is out of reach, until the path is known to be longer', () => {
    const lateness = noted(...Array(50).fill(40));
    for (const ms of [640, 300, 290, 60]) lateness.add(ms, 1, 250);
    expect(lateness.within(1)).toBe(292);
    for (let i = 0; i < 300; i++) lateness.add(500, 0.99, 250);
    expect(lateness.leastMs()).toBe(500);
    expect(lateness.within(0.5)).toBe(504);
  });

  test('counts what is out of reach at the ends', () => {
    expect(noted(-5).within(1)).toBe(4);
    expect(noted(60_000).within(1)).toBe(1024);
    expect(noted(Number.NaN).within(1)).toBeLessThanOrEqual(1024);
  });
});
