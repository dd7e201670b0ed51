import { describe, expect, test } from 'vitest';
import { Schedule } from './schedule.ts';

describe('schedule', () => {
  test('a 20 Hz room asked at ragged times runs exactly 1200 ticks in 60 s', () => {
    const schedule = new Schedule(20, 5, 1000, 0);
    let tick = 0;
    let now = 1000;
    for (let i = 0; now < 61_000; i++) {
      now = Math.min(now + 3 + ((i * 7) % 31), 61_000);
      tick += schedule.ticksDue(tick, now);
    }
    expect([tick, schedule.lostMs]).toEqual([1200, 0]);
    expect(schedule.dueMs(1201)).toBe(61_050);
  });

  test('a rate that milliseconds do not divide does not drift', () => {
    const schedule = new Schedule(60, 5, 0, 0);
    let tick = 0;
    for (let now = 0; now <= 3_600_000; now += 16) tick += schedule.ticksDue(tick, now);
    expect(tick).toBe(216_000);
  });

  test('a tick asked for at its due time is due, one asked for before is not', () => {
    const schedule = new Schedule(30, 5, 0, 0);
    for (let tick = 0; tick < 1000; tick++) {
      expect(schedule.ticksDue(tick, schedule.dueMs(tick + 1))).toBe(1);
      expect(schedule.ticksDue(tick, schedule.dueMs(tick + 1) - 0.1)).toBe(0);
    }
  });

  test('what was missed is made up for within a bound, the rest is lost and counted', () => {
    const schedule = new Schedule(20, 5, 0, 0);
    expect(schedule.ticksDue(0, 250)).toBe(5);
    expect(schedule.lostMs).toBe(0);
    expect(schedule.ticksDue(5, 1250)).toBe(5);
    expect(schedule.lostMs).toBe(750);
    // Time goes on from there: the lost ticks do not come back.
    expect(schedule.ticksDue(10, 1299)).toBe(0);
    expect(schedule.ticksDue(10, 1300)).toBe(1);
    expect(schedule.tickAt(1325)).toBeCloseTo(11.5);
  });
});
