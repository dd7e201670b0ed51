import { describe, expect, test } from 'vitest';
import { ClockEstimator, PingSchedule } from './clock.ts';
import { Random } from './random.ts';

const TICK_MS = 50;
/** What the clock never moves by between two looks, but for a jump. */
const JUMP_MS = 100;

interface Line {
  /** One-way delay of a message sent now, ms. */
  up(): number;
  down(): number;
}

/**
 * A client that pings a server and gets 20 states a second, in virtual steps of 5 ms; the line
 * keeps order.
 */
class Stage {
  readonly clock = new ClockEstimator(TICK_MS);
  readonly pings = new PingSchedule();
  nowMs = 1000;
  /** True remote time - local time, ms. */
  offsetMs = 123_456.7;
  driftPpm = 0;
  states = true;
  pongs = true;
  readonly errorsMs: number[] = [];
  backwards = 0;
  /** Times that the remote's tick jumped against local time. */
  jumps = 0;
  #events: { atMs: number; run: (atMs: number) => void }[] = [];
  #upFreeMs = 0;
  #downFreeMs = 0;
  #stateMs = 0;
  #lastTick = Number.NaN;
  #judgedMs = 0;
  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
  }

  run(forMs: number): void {
    for (const untilMs = this.nowMs + forMs; this.nowMs < untilMs; ) {
      this.nowMs += 5;
      this.offsetMs += 5 * this.driftPpm * 1e-6;
      if (this.pongs && this.pings.due(this.nowMs)) this.#ping();
      if (this.states && this.nowMs >= this.#stateMs) this.#state();
      const due = this.#events.filter((event) => event.atMs <= this.nowMs);
      this.#events = this.#events.filter((event) => event.atMs > this.nowMs);
      for (const event of due.sort((a, b) => a.atMs - b.atMs)) event.run(event.atMs);
      if (this.clock.synced) this.#judge();
    }
  }

  /**
   * Local time stands still while the remote goes on, and what is on its way waits in the kernel.
   */
  sleep(forMs: number): void {
    this.offsetMs += forMs;
  }

  p99Ms(): number {
    const sorted = this.errorsMs.map(Math.abs).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)];
  }

  #ping(): void {
    const id = this.pings.sent(this.nowMs);
    this.#upFreeMs = Math.max(this.#upFreeMs, this.nowMs + this.#line.up());
    this.#events.push({ atMs: this.#upFreeMs, run: (atMs) => this.#pong(id, atMs) });
  }

  #pong(id: number, answerMs: number): void {
    const remoteTick = (answerMs + this.offsetMs) / TICK_MS;
    this.#downFreeMs = Math.max(this.#downFreeMs, answerMs + this.#line.down());
    this.#events.push({
      atMs: this.#downFreeMs,
      run: (receivedMs) => {
        const sentMs = this.pings.pong(id);
        if (sentMs !== undefined) this.clock.addPong({ sentMs, receivedMs, remoteTick });
      },
    });
  }

  #state(): void {
    this.#stateMs = this.nowMs + TICK_MS;
    const remoteTick = (this.nowMs + this.offsetMs) / TICK_MS;
    this.#downFreeMs = Math.max(this.#downFreeMs, this.nowMs + this.#line.down());
    this.#events.push({
      atMs: this.#downFreeMs,
      run: (receivedMs) => this.clock.addState(remoteTick, receivedMs),
    });
  }

  #judge(): void {
    const tick = this.clock.remoteTickAt(this.nowMs);
    if (tick < this.#lastTick) this.backwards++;
    const movedMs = (tick - this.#lastTick) * TICK_MS - (this.nowMs - this.#judgedMs);
    if (Math.abs(movedMs) > JUMP_MS) this.jumps++;
    this.#lastTick = tick;
    this.#judgedMs = this.nowMs;
    this.errorsMs.push(tick * TICK_MS - (this.nowMs + this.offsetMs));
  }
}

const steady = (oneWayMs: number): Line => ({ up: () => oneWayMs, down: () => oneWayMs });

/**
 * 40 ms each way at least; the way up adds up to 60 ms, the way down a long tail; one in 50 stalls
 * 300 ms.
 */
function noisy(seed: number, downMs = 40): Line {
  const random = new Random(seed);
  const stall = () => (random.integer(50) === 0 ? 300 : 0);
  return {
    up: () => 40 + random.next() * 60 + stall(),
    down: () => downMs - 20 * Math.log(1 - random.next()) + stall(),
  };
}

describe('the estimator', () => {
  test('it is exact on a steady line and synced after the burst', () => {
    const stage = new Stage(steady(50));
    stage.run(150);
    expect(stage.clock.synced).toBe(false);
    stage.run(100);
    expect(stage.clock.synced).toBe(true);
    stage.run(5000);
    expect(stage.p99Ms()).toBeLessThan(0.01);
    expect(stage.clock.rttMs).toBeCloseTo(100, 5);
    expect(stage.clock.rttMinMs).toBeCloseTo(100, 5);
    expect(stage.clock.jitterMs).toBeCloseTo(0, 5);
    expect(stage.jumps).toBe(0);
  });

  test('on a line of unequal noise its error is small and it never runs backwards', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const stage = new Stage(noisy(seed));
      stage.run(5000);
      stage.errorsMs.length = 0;
      stage.run(120_000);
      expect(stage.p99Ms(), `seed ${seed}`).toBeLessThan(6);
      expect(stage.backwards, `seed ${seed}`).toBe(0);
      expect(stage.jumps, `seed ${seed}`).toBe(0);
    }
  });

  test('while the burst is answered a bad start is mended ten times faster', () => {
    let upMs = 140;
    const stage = new Stage({ up: () => upMs, down: () => 20 });
    stage.run(100);
    upMs = 20;
    stage.run(1100);
    expect(stage.errorsMs.length).toBeGreaterThan(0);
    expect(Math.abs(stage.errorsMs.at(-1) as number)).toBeLessThan(1);
    expect(stage.backwards).toBe(0);
  });

  test('it follows crystals that differ by 100 ppm, minutes on', () => {
    for (const driftPpm of [100, -100]) {
      for (const [line, mostMs] of [
        [steady(40), 2],
        [noisy(3), 6],
      ] as const) {
        const stage = new Stage(line);
        stage.driftPpm = driftPpm;
        stage.run(5000);
        stage.errorsMs.length = 0;
        stage.run(300_000);
        expect(stage.p99Ms()).toBeLessThan(mostMs);
        expect(stage.backwards).toBe(0);
      }
    }
  });

  test('a line of unequal ways costs half the difference, which nobody can measure', () => {
    const stage = new Stage(noisy(5, 100));
    stage.run(5000);
    stage.errorsMs.length = 0;
    stage.run(60_000);
    expect(stage.p99Ms()).toBeGreaterThan(20);
    expect(stage.p99Ms()).toBeLessThan(40);
  });

  test('it snaps once after five seconds of sleep, and is right at once', () => {
    const stage = new Stage(noisy(7));
    stage.run(20_000);
    stage.sleep(5000);
    stage.run(1500);
    expect(stage.jumps).toBe(1);
    stage.errorsMs.length = 0;
    stage.run(60_000);
    expect(stage.jumps).toBe(1);
    expect(stage.p99Ms()).toBeLessThan(40);
  });

  test('a remote that stood still for five seconds is followed by one snap backwards', () => {
    const stage = new Stage(noisy(8));
    stage.run(20_000);
    stage.sleep(-5000);
    stage.run(3000);
    expect(stage.jumps).toBe(1);
    expect(stage.backwards).toBe(1);
    stage.errorsMs.length = 0;
    stage.run(60_000);
    expect(stage.jumps).toBe(1);
    expect(stage.p99Ms()).toBeLessThan(40);
  });

  test('a local clock that ran on while the tab slept is no discontinuity', () => {
    const stage = new Stage(noisy(9));
    stage.run(20_000);
    stage.pongs = false;
    stage.states = false;
    stage.nowMs += 60_000;
    stage.pongs = true;
    stage.states = true;
    stage.run(20_000);
    expect(stage.jumps).toBe(0);
    expect(stage.backwards).toBe(0);
  });

  test('it is in doubt from a state that proves a stop until a ping is answered', () => {
    const stage = new Stage(steady(20));
    expect(stage.clock.inDoubt).toBe(true);
    stage.run(20_000);
    expect(stage.clock.inDoubt).toBe(false);
    stage.pongs = false;
    stage.run(100);
    stage.sleep(5000);
    stage.run(100);
    expect(stage.clock.inDoubt).toBe(true);
    stage.pongs = true;
    stage.run(600);
    expect(stage.clock.inDoubt).toBe(false);
  });

  test('what a jump leaves of the error is mended ten times faster', () => {
    const stage = new Stage(steady(20));
    stage.run(20_000);
    stage.sleep(5000);
    stage.run(1000);
    stage.sleep(150);
    stage.run(1000);
    const before = stage.errorsMs.at(-1) as number;
    expect(before).toBeLessThan(-20);
    stage.run(200);
    expect((stage.errorsMs.at(-1) as number) - before).toBeCloseTo(20, 1);
  });

  test('an offset in error by less than the snap is slewed by one part in a hundred', () => {
    const stage = new Stage(steady(20));
    stage.run(20_000);
    stage.sleep(100);
    stage.run(1000);
    const before = stage.errorsMs.at(-1) as number;
    stage.run(1000);
    const after = stage.errorsMs.at(-1) as number;
    expect(after - before).toBeCloseTo(10, 1);
    stage.run(10_000);
    expect(Math.abs(stage.errorsMs.at(-1) as number)).toBeLessThan(0.01);
    expect(stage.jumps).toBe(0);
  });

  test('a line that grows slower in both ways does not move the clock', () => {
    let oneWayMs = 20;
    const stage = new Stage({ up: () => oneWayMs, down: () => oneWayMs });
    stage.run(20_000);
    oneWayMs = 150;
    stage.errorsMs.length = 0;
    stage.run(60_000);
    expect(stage.p99Ms()).toBeLessThan(0.01);
    expect(stage.clock.rttMinMs).toBeCloseTo(300, 5);
  });

  test('[C2] without pongs a state alone gives a clock that is late by its way', () => {
    const clock = new ClockEstimator(TICK_MS);
    expect(() => clock.remoteTickAt(0)).toThrow('Tickwire bug');
    clock.addState(100, 1000);
    clock.addState(101, 1080);
    expect(clock.remoteTickAt(1100)).toBeCloseTo(102, 9);
    expect(clock.synced).toBe(false);
  });

  test('a pong without a tick measures the rtt alone', () => {
    const clock = new ClockEstimator(TICK_MS);
    for (let i = 0; i < 5; i++) clock.addPong({ sentMs: i * 1000, receivedMs: i * 1000 + 80 });
    expect(clock.rttMs).toBe(80);
    expect(clock.rttMinMs).toBe(80);
    expect(clock.synced).toBe(true);
    expect(() => clock.remoteTickAt(5000)).toThrow('Tickwire bug');
  });

  test('time that the remote held the ping is no part of the rtt', () => {
    const clock = new ClockEstimator(TICK_MS);
    clock.addPong({ sentMs: 0, receivedMs: 90, remoteTick: 10, holdMs: 50 });
    expect(clock.rttMs).toBe(40);
    // Answered 20 ms before it came back, at tick 10.
    expect(clock.remoteTickAt(70)).toBeCloseTo(10, 9);
    clock.addPong({ sentMs: 100, receivedMs: 140, remoteTick: 12, holdMs: 1e9 });
    expect(clock.rttMinMs).toBe(0);
  });

  test('rtt and jitter are smoothed as TCP smooths them', () => {
    const clock = new ClockEstimator(TICK_MS);
    clock.addPong({ sentMs: 0, receivedMs: 100 });
    clock.addPong({ sentMs: 200, receivedMs: 380 });
    expect(clock.rttMs).toBe(110);
    expect(clock.jitterMs).toBe(20);
  });
});

describe('the schedule of pings', () => {
  test('five pings 20 ms apart, twenty 40 ms apart, then two a second', () => {
    const pings = new PingSchedule();
    const sentMs: number[] = [];
    for (let nowMs = 0; nowMs < 2500; nowMs++) {
      if (!pings.due(nowMs)) continue;
      pings.sent(nowMs);
      sentMs.push(nowMs);
    }
    const gaps = sentMs.slice(1).map((ms, i) => ms - sentMs[i]);
    expect(gaps).toEqual([...Array(4).fill(20), ...Array(20).fill(40), 500, 500, 500]);
  });

  test('while the clock is in doubt four a second, once the burst is over', () => {
    const pings = new PingSchedule();
    pings.sent(0);
    expect(pings.due(10, true)).toBe(false);
    for (let i = 1; i < 25; i++) pings.sent(i * 40);
    expect([pings.due(1209, true), pings.due(1210, true), pings.due(1210)]).toEqual([
      ...[false, true, false],
    ]);
  });

  test('a sleep is followed by one ping', () => {
    const pings = new PingSchedule();
    for (let i = 0; i < 5; i++) pings.sent(i * 20);
    expect(pings.due(60_000)).toBe(true);
    pings.sent(60_000);
    expect(pings.due(60_001)).toBe(false);
  });

  test('[C1] a pong matches its ping once; unknown, old and odd ids are ignored', () => {
    const pings = new PingSchedule();
    const ids = Array.from({ length: 34 }, (_, i) => pings.sent(i));
    expect(pings.pong(ids[33])).toBe(33);
    expect(pings.pong(ids[33])).toBeUndefined();
    expect(pings.pong(ids[0])).toBeUndefined();
    expect(pings.pong(ids[2])).toBe(2);
    for (const id of [-1, 1.5, 200, 2 ** 53, Number.NaN, -8])
      expect(pings.pong(id)).toBeUndefined();
  });

  test('ids stay below 128 and come round', () => {
    const pings = new PingSchedule();
    for (let i = 0; i < 300; i++) {
      const id = pings.sent(i);
      expect(id).toBe(i % 128);
      expect(pings.pong(id)).toBe(i);
    }
  });

  test('a restart forgets what is outstanding and begins with a burst', () => {
    const pings = new PingSchedule();
    const id = pings.sent(0);
    pings.restart();
    expect(pings.pong(id)).toBeUndefined();
    expect(pings.due(0)).toBe(true);
    pings.sent(0);
    expect(pings.due(20)).toBe(true);
  });
});
