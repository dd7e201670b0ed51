// The order of things when a process is late: which rooms run, how often, and never inside another.

import { afterEach, describe, expect, test } from 'vitest';
import { Tally } from './tally.ts';
import { type Ticked, Ticker } from './ticker.ts';

/** Shorter than any test: no timer fires within one. */
const TICK_MS = 600_000;

class StubRoom implements Ticked {
  dueMs: number;
  over = false;
  ticks = 0;
  whenRun: () => void = () => {};

  constructor(dueMs: number) {
    this.dueMs = dueMs;
  }

  run(nowMs: number): number {
    let ran = 0;
    for (; this.dueMs <= nowMs; this.dueMs += TICK_MS) ran++;
    this.ticks += ran;
    this.whenRun();
    return ran;
  }
}

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function running(...dueMs: number[]) {
  const clock = { nowMs: 0 };
  const tally = new Tally();
  const ticker = new Ticker(() => clock.nowMs, tally);
  const rooms = dueMs.map((due) => new StubRoom(due));
  for (const room of rooms) stops.push(ticker.start(room));
  return { clock, ticker, tally, rooms };
}

describe('a ticker that keeps time', () => {
  test('runs what is due, once, and nothing before', () => {
    const { clock, ticker, rooms } = running(TICK_MS, TICK_MS + 10);
    const ticks = () => {
      ticker.keepTime();
      return rooms.map((room) => room.ticks);
    };
    clock.nowMs = TICK_MS - 1;
    expect(ticks()).toEqual([0, 0]);
    clock.nowMs = TICK_MS;
    expect(ticks()).toEqual([1, 0]);
    expect(ticks()).toEqual([1, 0]);
    clock.nowMs = TICK_MS + 10;
    expect(ticks()).toEqual([1, 1]);
  });

  test('tells how late a room was woken', () => {
    const { clock, ticker, tally } = running(TICK_MS);
    clock.nowMs = TICK_MS + 20;
    ticker.keepTime();
    expect(tally.lateSeconds.sum).toBeCloseTo(0.02, 9);
  });

  test('looks at all rooms no more than twice a millisecond', () => {
    const { clock, ticker, rooms } = running(TICK_MS, TICK_MS + 0.1);
    clock.nowMs = TICK_MS;
    ticker.keepTime();
    clock.nowMs = TICK_MS + 0.2;
    ticker.keepTime();
    expect(rooms[1].ticks).toBe(0);
    clock.nowMs = TICK_MS + 0.5;
    ticker.keepTime();
    expect(rooms[1].ticks).toBe(1);
  });

  test('leaves what has arrived half as long as the ticks took, however late they are', () => {
    const { clock, ticker, rooms } = running(TICK_MS);
    const [room] = rooms;
    const tookMs = 40;
    room.whenRun = () => {
      clock.nowMs += tookMs;
      room.dueMs = clock.nowMs;
    };
    clock.nowMs = TICK_MS;
    let messages = 0;
    for (const untilMs = TICK_MS + 600; clock.nowMs < untilMs; clock.nowMs++, messages++)
      ticker.keepTime();
    expect(room.ticks).toBe(10);
    expect(messages).toBe(200);
  });

  test('starts no tick inside another', () => {
    const { clock, ticker, rooms } = running(TICK_MS, TICK_MS);
    const inside: number[] = [];
    rooms[0].whenRun = () => {
      clock.nowMs += 1;
      ticker.keepTime();
      inside.push(rooms[1].ticks);
    };
    clock.nowMs = TICK_MS;
    ticker.keepTime();
    expect([inside, rooms[1].ticks]).toEqual([[0], 1]);
  });

  test('leaves rooms alone that are over or stopped, and takes late comers in', () => {
    const { clock, ticker, rooms } = running(TICK_MS, TICK_MS);
    rooms[0].over = true;
    stops[1]();
    const late = new StubRoom(TICK_MS);
    stops.push(ticker.start(late));
    clock.nowMs = TICK_MS;
    ticker.keepTime();
    expect([...rooms, late].map((room) => room.ticks)).toEqual([0, 0, 1]);
  });
});
