import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linkPair } from './link.ts';
import { Random } from './random.ts';
import {
  CLEAR_LINE,
  LINE_PROFILES,
  type LineSettings,
  LineSimulator,
  profileLines,
  simulateLink,
} from './simulator.ts';

const line = (settings: Partial<LineSettings> = {}): LineSettings => ({
  ...CLEAR_LINE,
  ...settings,
});

interface Arrival {
  id: number;
  sentMs: number;
  atMs: number;
}

/**
 * Sends `count` messages of `byteCount` every `everyMs` and looks every `stepMs`; ids are in the
 * first four bytes.
 */
function run(
  simulator: LineSimulator,
  { count = 100, everyMs = 50, byteCount = 4, stepMs = 1, fromMs = 0 } = {},
): Arrival[] {
  const arrivals: Arrival[] = [];
  let sent = 0;
  for (let nowMs = fromMs; arrivals.length < count; nowMs += stepMs) {
    for (; sent < count && fromMs + sent * everyMs <= nowMs; sent++) {
      const bytes = new Uint8Array(byteCount);
      new DataView(bytes.buffer).setUint32(0, sent);
      simulator.push(bytes, fromMs + sent * everyMs);
    }
    for (const bytes of simulator.deliver(nowMs)) {
      const id = new DataView(bytes.buffer).getUint32(0);
      arrivals.push({ id, sentMs: fromMs + id * everyMs, atMs: nowMs });
    }
  }
  expect(simulator.empty).toBe(true);
  expect(simulator.nextDueMs).toBe(Infinity);
  return arrivals;
}

const delays = (arrivals: Arrival[]) => arrivals.map(({ atMs, sentMs }) => atMs - sentMs);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('one line', () => {
  test('a perfect line delivers at once', () => {
    expect(delays(run(new LineSimulator(line(), 1)))).toEqual(Array(100).fill(0));
  });

  test('latency without jitter is the same for all', () => {
    const simulator = new LineSimulator(line({ latencyMs: 80 }), 1);
    simulator.push(Uint8Array.of(1), 1000);
    expect(simulator.nextDueMs).toBe(1080);
    expect([...simulator.deliver(1079)]).toEqual([]);
    expect([...simulator.deliver(1080)]).toEqual([Uint8Array.of(1)]);
    expect(delays(run(simulator, { fromMs: 2000 }))).toEqual(Array(100).fill(80));
  });

  test('jitter spreads evenly around the latency where messages are far apart', () => {
    const simulator = new LineSimulator(line({ latencyMs: 150, jitterMs: 50 }), 2);
    const seen = delays(run(simulator, { count: 2000, everyMs: 200 }));
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(100);
    expect(Math.min(...seen)).toBeLessThan(105);
    expect(Math.max(...seen)).toBeLessThanOrEqual(201);
    expect(Math.max(...seen)).toBeGreaterThan(195);
    expect(mean(seen)).toBeGreaterThan(147);
    expect(mean(seen)).toBeLessThan(154);
  });

  test('whatever the settings, all messages arrive in the order they were sent', () => {
    const settings = fc.record({
      latencyMs: fc.integer({ min: 0, max: 300 }),
      jitterMs: fc.integer({ min: 0, max: 400 }),
      stallMs: fc.constantFrom(0, 50, 500),
      stallEveryMs: fc.constantFrom(0, 100, 2000),
      bandwidthKbps: fc.constantFrom(0, 1, 20, 1000),
      lossPercent: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(settings, fc.integer(), (some, seed) => {
        const arrivals = run(new LineSimulator(some, seed), { everyMs: 7, byteCount: 10 });
        expect(arrivals.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, i) => i));
      }),
    );
  });

  test('bandwidth is a queue: each message waits for those before it', () => {
    const simulator = new LineSimulator(line({ bandwidthKbps: 8, latencyMs: 30 }), 1);
    for (let i = 0; i < 4; i++) simulator.push(new Uint8Array(100), 0);
    expect(simulator.waitingBytes).toBe(400);
    const arrivedMs: number[] = [];
    for (let nowMs = 0; nowMs <= 500; nowMs += 10) {
      for (const _ of simulator.deliver(nowMs)) arrivedMs.push(nowMs);
    }
    expect(arrivedMs).toEqual([130, 230, 330, 430]);
    expect(simulator.waitingBytes).toBe(0);
  });

  test('a line that was idle has no bandwidth saved up', () => {
    const simulator = new LineSimulator(line({ bandwidthKbps: 8 }), 1);
    simulator.push(new Uint8Array(100), 10_000);
    expect(simulator.nextDueMs).toBe(10_100);
    expect([...simulator.deliver(10_099)]).toHaveLength(0);
    expect([...simulator.deliver(10_100)]).toHaveLength(1);
  });

  test('a stall holds everything up and ends in a burst', () => {
    const settings = line({ latencyMs: 20, stallMs: 300, stallEveryMs: 2000 });
    const arrivals = run(new LineSimulator(settings, 3), { count: 10_000, everyMs: 10 });
    const seen = delays(arrivals);
    expect(Math.max(...seen)).toBeLessThanOrEqual(321);
    expect(Math.max(...seen)).toBeGreaterThan(300);
    const gaps = arrivals.slice(1).map(({ atMs }, i) => atMs - arrivals[i].atMs);
    const stalls = gaps.filter((gap) => gap > 250).length;
    // 100 s of stalls of 300 ms with 2,000 ms between them on average: some 43.
    expect(stalls).toBeGreaterThan(25);
    expect(stalls).toBeLessThan(65);
    expect(gaps.filter((gap) => gap === 0).length).toBeGreaterThan(stalls * 20);
  });

  test('loss is a delay of a round trip, for the message and those behind it', () => {
    const settings = line({ latencyMs: 50, lossPercent: 10 });
    const seen = delays(run(new LineSimulator(settings, 4), { count: 2000, everyMs: 200 }));
    expect(new Set(seen)).toEqual(new Set([50, 150]));
    const lost = seen.filter((ms) => ms === 150).length;
    expect(lost).toBeGreaterThan(150);
    expect(lost).toBeLessThan(250);
  });

  test.each([1, 3, 10])(
    'losses come %i in a row on average, whatever share of all they are',
    (burst) => {
      const settings = line({ latencyMs: 10, lossPercent: 5, lossBurst: burst, recoveryMs: 40 });
      const seen = delays(run(new LineSimulator(settings, 5), { count: 20_000, everyMs: 100 }));
      const lost = seen.filter((ms) => ms === 50).length;
      const bursts = seen.filter((ms, i) => ms === 50 && seen[i - 1] !== 50).length;
      expect(new Set(seen)).toEqual(new Set([10, 50]));
      expect(lost / 20_000).toBeCloseTo(0.05, 2);
      expect(lost / bursts / burst).toBeGreaterThan(0.8);
      expect(lost / bursts / burst).toBeLessThan(1.2);
    },
  );

  test('a message that is lost holds up those behind it until it has come', () => {
    const settings = line({ latencyMs: 10, lossPercent: 100, recoveryMs: 40 });
    const simulator = new LineSimulator(settings, 1);
    simulator.push(Uint8Array.of(1), 0);
    settings.lossPercent = 0;
    simulator.push(Uint8Array.of(2), 5);
    simulator.push(Uint8Array.of(3), 45);
    expect([...simulator.deliver(49)]).toHaveLength(0);
    expect([...simulator.deliver(50)]).toHaveLength(2);
    expect(simulator.nextDueMs).toBe(55);
  });

  test('an outage made on purpose holds up what is under way and what is sent meanwhile', () => {
    const settings = line({ latencyMs: 20 });
    const simulator = new LineSimulator(settings, 1);
    simulator.push(Uint8Array.of(1), 0);
    settings.heldUntilMs = 600;
    simulator.push(Uint8Array.of(2), 300);
    simulator.push(Uint8Array.of(3), 590);
    expect(simulator.nextDueMs).toBe(600);
    expect([...simulator.deliver(599)]).toHaveLength(0);
    expect([...simulator.deliver(600)]).toHaveLength(2);
    expect([...simulator.deliver(610)]).toHaveLength(1);
  });

  test('each profile is a line as its numbers say', () => {
    for (const [name, profile] of Object.entries(LINE_PROFILES)) {
      const { up, down } = profileLines(profile, 1000 / 60, 50);
      expect(up.latencyMs + down.latencyMs, name).toBe(profile.rttMs);
      expect(up.jitterMs + down.jitterMs, name).toBe(profile.rttJitterMs);
      expect(down.recoveryMs, name).toBe(50 + 1.25 * profile.rttMs);
      const seen = delays(run(new LineSimulator(down, 1), { everyMs: 50, count: 1000 }));
      expect(Math.min(...seen), name).toBeLessThan(profile.rttMs / 2 + 1);
      expect(
        seen.some((ms) => ms > profile.rttMs),
        name,
      ).toBe(profile.lossPercent > 0 || profile.stallMs > 0);
    }
  });

  const bad = line({
    latencyMs: 100,
    jitterMs: 80,
    stallMs: 200,
    stallEveryMs: 1000,
    bandwidthKbps: 5,
    lossPercent: 3,
  });

  test('the same seed gives the same arrivals and another seed gives others', () => {
    const options = { count: 500, byteCount: 20 };
    const first = run(new LineSimulator(bad, 11), options);
    expect(run(new LineSimulator(bad, 11), options)).toEqual(first);
    expect(run(new LineSimulator(bad, 12), options)).not.toEqual(first);
  });

  test('arrivals do not depend on how often one looks', () => {
    const options = { count: 500, byteCount: 20 };
    const fine = run(new LineSimulator(bad, 13), options);
    const coarse = run(new LineSimulator(bad, 13), { ...options, stepMs: 10 });
    expect(coarse.map(({ atMs }) => atMs)).toEqual(
      fine.map(({ atMs }) => Math.ceil(atMs / 10) * 10),
    );
  });

  test('bytes are copied', () => {
    const simulator = new LineSimulator(line(), 1);
    const buffer = Uint8Array.of(1, 2, 3);
    simulator.push(buffer.subarray(1), 0);
    buffer.fill(0);
    expect([...simulator.deliver(0)]).toEqual([Uint8Array.of(2, 3)]);
  });

  test('settings may change while it runs, for new messages and for the waiting ones', () => {
    const settings = line({ bandwidthKbps: 1 });
    const simulator = new LineSimulator(settings, 5);
    simulator.push(new Uint8Array(1000), 0);
    simulator.push(new Uint8Array(1000), 0);
    expect(simulator.nextDueMs).toBe(8000);
    expect([...simulator.deliver(4000)]).toHaveLength(0);
    settings.bandwidthKbps = 1000;
    expect(simulator.nextDueMs).toBe(4004);
    expect([...simulator.deliver(4012)]).toHaveLength(2);
    settings.bandwidthKbps = 0;
    settings.latencyMs = 500;
    simulator.push(new Uint8Array(1), 5000);
    settings.latencyMs = 10;
    simulator.push(new Uint8Array(1), 5100);
    expect([...simulator.deliver(5499)]).toHaveLength(0);
    expect([...simulator.deliver(5500)]).toHaveLength(2);
    simulator.push(new Uint8Array(1), 5500);
    expect(simulator.nextDueMs).toBe(5510);
  });

  test('stalls can be switched on and off while it runs', () => {
    const settings = line();
    const simulator = new LineSimulator(settings, 6);
    const options = { count: 500, everyMs: 10 };
    expect(Math.max(...delays(run(simulator, options)))).toBe(0);
    Object.assign(settings, { stallMs: 400, stallEveryMs: 1000 });
    expect(Math.max(...delays(run(simulator, { ...options, fromMs: 10_000 })))).toBeGreaterThan(
      300,
    );
    Object.assign(settings, { stallMs: 0 });
    expect(Math.max(...delays(run(simulator, { ...options, fromMs: 30_000 })))).toBe(0);
  });
});

/** A clock that runs timers when it is moved. */
class Stepper {
  nowMs = 0;
  #timers: { atMs: number; run: () => void }[] = [];
  readonly now = () => this.nowMs;
  readonly schedule = (ms: number, run: () => void) => {
    this.#timers.push({ atMs: this.nowMs + ms, run });
  };

  get pending(): number {
    return this.#timers.length;
  }

  step(untilMs: number): void {
    for (;;) {
      const next = this.#timers.sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = untilMs;
  }
}

describe('a link over two lines', () => {
  function stage(up: LineSettings, down: LineSettings) {
    const time = new Stepper();
    const { a, b } = linkPair((deliver) => deliver());
    const { now, schedule } = time;
    const near = simulateLink(a, { up, down, seed: 1, now, schedule });
    const atNear: string[] = [];
    const atFar: string[] = [];
    near.onMessage = (bytes) => atNear.push(`${time.nowMs}: ${bytes.join(' ')}`);
    near.onClose = (code, reason) => atNear.push(`${time.nowMs}: closed ${code} ${reason}`);
    b.onMessage = (bytes) => atFar.push(`${time.nowMs}: ${bytes.join(' ')}`);
    b.onClose = (code, reason) => atFar.push(`${time.nowMs}: closed ${code} ${reason}`);
    return { time, near, far: b, atNear, atFar };
  }

  test('each way has its own latency', () => {
    const { time, near, far, atNear, atFar } = stage(
      line({ latencyMs: 30 }),
      line({ latencyMs: 70 }),
    );
    near.send(Uint8Array.of(1));
    far.send(Uint8Array.of(2));
    time.step(10);
    near.send(Uint8Array.of());
    time.step(1000);
    expect(atFar).toEqual(['30: 1', '40: ']);
    expect(atNear).toEqual(['70: 2']);
    expect(time.pending).toBe(0);
  });

  test('a close comes last and as late as a message, from either side', () => {
    const { time, near, far, atNear, atFar } = stage(
      line({ latencyMs: 30 }),
      line({ latencyMs: 70 }),
    );
    far.send(Uint8Array.of());
    far.close(4003, 'kicked');
    time.step(50);
    near.send(Uint8Array.of(1));
    time.step(1000);
    expect(atNear).toEqual(['70: ', '70: closed 4003 kicked']);
    expect(atFar).toEqual([]);

    const other = stage(line({ latencyMs: 30 }), line({ latencyMs: 70 }));
    other.near.send(Uint8Array.of(1));
    other.near.close(1000, 'done');
    other.near.close(1000, 'again');
    other.near.send(Uint8Array.of(2));
    other.far.send(Uint8Array.of(3));
    other.time.step(1000);
    expect(other.atFar).toEqual(['30: 1', '30: closed 1000 done']);
    expect(other.atNear).toEqual([]);
  });

  test('what waits for the bandwidth is buffered', () => {
    const { time, near, atFar } = stage(line({ bandwidthKbps: 8 }), line());
    near.send(new Uint8Array(100));
    near.send(new Uint8Array(50));
    expect(near.bufferedBytes).toBe(150);
    time.step(100);
    expect(atFar).toHaveLength(1);
    expect(near.bufferedBytes).toBe(50);
    time.step(150);
    expect(atFar).toHaveLength(2);
  });

  test('a shorter latency set later does not overtake, a larger bandwidth frees the queue', () => {
    const up = line({ latencyMs: 200, bandwidthKbps: 0.001 });
    const { time, near, atFar } = stage(up, line());
    near.send(Uint8Array.of(1));
    time.step(500);
    up.bandwidthKbps = 0;
    up.latencyMs = 0;
    near.send(Uint8Array.of(2));
    time.step(501);
    expect(atFar).toEqual(['500: 1', '500: 2']);
  });

  test('a noisy session of two ways is whole, in order, and the same each time', () => {
    const session = () => {
      const bad = {
        latencyMs: 60,
        jitterMs: 60,
        stallMs: 300,
        stallEveryMs: 3000,
        bandwidthKbps: 64,
      };
      const { time, near, far, atNear, atFar } = stage({ ...bad }, { ...bad });
      const random = new Random(9);
      for (let i = 0; i < 1000; i++) {
        near.send(Uint8Array.of(i & 255, i >> 8));
        far.send(Uint8Array.of(i & 255, i >> 8));
        time.step(time.nowMs + random.next() * 33);
      }
      time.step(time.nowMs + 10_000);
      const sent = Array.from({ length: 1000 }, (_, i) => `${i & 255} ${i >> 8}`);
      for (const log of [atNear, atFar])
        expect(log.map((text) => text.split(': ')[1])).toEqual(sent);
      return [atNear, atFar];
    };
    expect(session()).toEqual(session());
  });
});
