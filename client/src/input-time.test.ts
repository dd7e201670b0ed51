import { CLEAR_LINE, type LineSettings, LineSimulator } from '@tickwire/protocol/simulator';
import { describe, expect, test } from 'vitest';
import { InputTime } from './input-time.ts';

const TICK_MS = 1000 / 60;
const EVERY = 3;
/** Neither a tick nor a divisor of one: a page draws when it likes. */
const FRAME_MS = 7;

const packed = (...numbers: number[]) => new Uint8Array(new Float64Array(numbers).buffer);
const unpacked = (bytes: Uint8Array) => new Float64Array(bytes.buffer);

/** The whole loop: page, line up, a server that judges each input, line down, report. */
class Loop {
  readonly input = new InputTime(TICK_MS);
  readonly up: LineSimulator;
  readonly down: LineSimulator;
  readonly leads: number[] = [];
  nowMs = 0;
  rttMs: number;
  /** Server ticks, and of those without their input in time. */
  stepped = 0;
  missed = 0;
  #target = 0;
  #made = 0;
  #tick = 0;
  #arrived = new Set<number>();
  #slack = Number.NaN;
  #inTime = 0;

  constructor(line: Partial<LineSettings>, seed = 1, guessMs = 2 * (line.latencyMs ?? 0)) {
    this.up = new LineSimulator({ ...CLEAR_LINE, ...line }, seed);
    this.down = new LineSimulator({ ...CLEAR_LINE, ...line }, seed + 1000);
    this.rttMs = guessMs;
    this.input.start(0, guessMs, 0);
  }

  run(seconds: number): this {
    const endMs = this.nowMs + seconds * 1000;
    for (; this.nowMs < endMs; this.nowMs += 1) {
      if (Math.round(this.nowMs) % FRAME_MS === 0) this.#draw();
      this.#serve();
    }
    return this;
  }

  #draw(): void {
    const { nowMs, input } = this;
    for (const bytes of this.down.deliver(nowMs)) {
      const [marginTicks, dTick, inTime] = unpacked(bytes);
      const report = { dTick, inTime, marginTicks, everything: false, sentAt: 0 };
      input.reported(report, nowMs, this.rttMs);
    }
    input.advance(FRAME_MS, nowMs, this.rttMs);
    this.leads.push(input.lead);
    this.#target = Math.max(this.#target, nowMs / TICK_MS + input.lead);
    for (; this.#made < Math.floor(this.#target); this.#made++)
      this.up.push(packed(this.#made + 1), nowMs);
  }

  #serve(): void {
    const { nowMs } = this;
    for (const bytes of this.up.deliver(nowMs)) {
      const [tick] = unpacked(bytes);
      const slack = tick - nowMs / TICK_MS;
      if (!(slack >= this.#slack)) this.#slack = slack;
      if (tick > this.#tick) this.#arrived.add(tick);
    }
    while ((this.#tick + 1) * TICK_MS <= nowMs) {
      this.stepped++;
      if (this.#arrived.delete(++this.#tick)) this.#inTime++;
      else this.missed++;
      if (this.#tick % EVERY !== 0) continue;
      this.down.push(packed(this.#slack, EVERY, this.#inTime), nowMs);
      this.#slack = Number.NaN;
      this.#inTime = 0;
    }
  }

  /** Share of inputs that were late in the next seconds. */
  late(seconds: number): number {
    const { missed, stepped } = this;
    this.run(seconds);
    return (this.missed - missed) / (this.stepped - stepped);
  }

  /** Highest and lowest lead of the last `seconds`, ticks. */
  range(seconds: number): number {
    const last = this.leads.slice((-seconds * 1000) / FRAME_MS);
    return Math.max(...last) - Math.min(...last);
  }
}

/** How often a course turns back by more than `least`. */
function turns(course: readonly number[], least: number): number {
  let [extreme, way, count] = [course[0], 0, 0];
  for (const one of course) {
    if (way === 0 ? Math.abs(one - extreme) > least : (extreme - one) * way > least) {
      if (way !== 0) count++;
      way = Math.sign(one - extreme);
      extreme = one;
    } else if ((one - extreme) * way > 0) extreme = one;
  }
  return count;
}

describe('the lead', () => {
  test.each([0, 50, 100, 200, 300])('settles where inputs just come in time, rtt %i ms', (rtt) => {
    const loop = new Loop({ latencyMs: rtt / 2 }).run(5);
    // The way up, then at most a frame, the grain of the histogram, and the spare.
    expect(loop.input.lead * TICK_MS).toBeGreaterThan(rtt / 2);
    expect(loop.input.lead * TICK_MS).toBeLessThan(rtt / 2 + FRAME_MS + TICK_MS + 8);
    expect(loop.late(60)).toBeLessThan(0.003);
  });

  test.each([0, 50, 150, 300])('does not swing through the round trip, rtt %i ms', (rtt) => {
    // Told a round trip of nothing, it starts far off; the correction must not overshoot.
    const loop = new Loop({ latencyMs: rtt / 2 }, 1, 10);
    loop.rttMs = rtt;
    loop.run(10);
    expect(loop.range(5)).toBeLessThan(0.6);
    expect(Math.max(...loop.leads) - loop.input.lead).toBeLessThan(1.5);
  });

  test.each([100, 200])('goes to a longer way and back in one swing, rtt %i ms', (rtt) => {
    const loop = new Loop({ latencyMs: rtt / 2 }).run(20);
    const before = loop.input.lead;
    for (const latencyMs of [rtt / 2 + 60, rtt / 2]) {
      loop.up.settings.latencyMs = loop.down.settings.latencyMs = latencyMs;
      loop.rttMs = 2 * latencyMs;
      loop.leads.length = 0;
      loop.run(60);
      // There, and no more than a step back: what it missed on the way made it careful.
      expect(turns(loop.leads, 0.5)).toBeLessThanOrEqual(1);
    }
    expect(loop.input.lead - before).toBeLessThan(3);
  });

  test.each([
    [25, 5],
    [40, 10],
    [75, 25],
    [150, 50],
  ])('covers jitter: one way %i +- %i ms', (latencyMs, jitterMs) => {
    for (const seed of [1, 2, 3]) {
      const loop = new Loop({ latencyMs, jitterMs }, seed).run(20);
      expect(loop.late(120)).toBeLessThan(0.003);
      expect(loop.range(60)).toBeLessThan(2);
    }
  });

  test('is late at most 0.5 % on wifi, where 1 % is lost in bursts of three', () => {
    const wifi = { latencyMs: 40, jitterMs: 10, stallMs: 117, stallEveryMs: 5000 };
    for (const seed of [1, 2, 3, 4]) {
      const loop = new Loop(wifi, seed).run(30);
      expect(loop.late(300)).toBeLessThan(0.004);
      expect(loop.input.lead).toBeLessThan(12);
    }
  });

  test('does not answer with more lead where inputs are dropped for coming too early', () => {
    const loop = new Loop({ latencyMs: 40 }).run(10);
    const { lead } = loop.input;
    const early = { dTick: EVERY, inTime: 0, marginTicks: 17, everything: false, sentAt: 0 };
    for (let i = 0; i < 100; i++) {
      loop.nowMs += 50;
      loop.input.reported(early, loop.nowMs, 80);
      loop.input.advance(50, loop.nowMs, 80);
    }
    expect(loop.input.lead).toBeLessThan(lead);
  });

  test('never makes most inputs come as early as a server drops them', () => {
    // Stalls of a quarter of a second, more often than any spare is made for.
    const bursts = { latencyMs: 40, jitterMs: 10, stallMs: 250, stallEveryMs: 700 };
    for (const seed of [1, 2, 3]) {
      const loop = new Loop(bursts, seed).run(60);
      expect(loop.input.lead - 40 / TICK_MS).toBeLessThan(16);
    }
  });

  test('does not chase a stall that is longer than any lead is worth', () => {
    const loop = new Loop({ latencyMs: 40 }).run(10);
    const before = loop.input.lead;
    Object.assign(loop.up.settings, { latencyMs: 640 });
    loop.run(0.1);
    Object.assign(loop.up.settings, { latencyMs: 40 });
    loop.run(2);
    // What it missed counts as one stall: the spare grows, nothing jumps.
    expect(loop.input.lead - before).toBeLessThan(10);
    expect(Math.max(...loop.leads) - before).toBeLessThan(10);
  });

  test('follows another path within seconds, in one leap where it is far', () => {
    const loop = new Loop({ latencyMs: 20 }).run(10);
    loop.up.settings.latencyMs = loop.down.settings.latencyMs = 100;
    loop.rttMs = 200;
    loop.run(6);
    expect(loop.late(20)).toBeLessThan(0.003);
    loop.up.settings.latencyMs = loop.down.settings.latencyMs = 450;
    loop.rttMs = 900;
    loop.run(10);
    expect(loop.late(20)).toBeLessThan(0.003);
    expect(loop.input.lead).toBeLessThan(450 / TICK_MS + 15);
  });

  test('keeps what it learnt of a line when the connection is made anew', () => {
    const wifi = { latencyMs: 40, jitterMs: 10, stallMs: 117, stallEveryMs: 5000 };
    const loop = new Loop(wifi).run(60);
    const before = loop.input.lead;
    loop.input.start(loop.nowMs, 80, 5);
    expect(loop.input.lead).toBeGreaterThan(before - 3);
    expect(loop.input.margin).toBeNaN();
  });

  test('does not blame the line for what a page that was blocked missed', () => {
    const loop = new Loop({ latencyMs: 40 }).run(10);
    const { lead } = loop.input;
    const report = { dTick: EVERY, inTime: 0, marginTicks: -30, everything: false, sentAt: 0 };
    loop.input.excuse(loop.nowMs, 80);
    for (let i = 0; i < 10; i++) loop.input.reported(report, loop.nowMs, 80);
    loop.input.advance(FRAME_MS, loop.nowMs, 80);
    expect(loop.input.lead).toBeCloseTo(lead, 1);
  });

  test('waits for the first margin', () => {
    const input = new InputTime(TICK_MS);
    input.start(0, 100, 0);
    const { lead } = input;
    const nothing = { dTick: 3, inTime: 0, marginTicks: Number.NaN, everything: false, sentAt: 0 };
    for (let i = 1; i < 50; i++) {
      input.reported(nothing, i * 50, 100);
      input.advance(50, i * 50, 100);
    }
    expect(input.lead).toBe(lead);
    expect(input.margin).toBeNaN();
  });
});
