import { bool, defineGame, int, MARGIN_UNITS, Random } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { InputQueue, NO_SLACK } from './input-queue.ts';

const { input } = defineGame({
  tickRate: 20,
  entities: {},
  input: { dx: int(-1, 1), fire: bool().press() },
});

const wire = (dx: number, fire = 0) => Float64Array.of(dx + 1, fire);
const stamps = (cameTick: number, shownTick: number, knownTick = Number.NaN) =>
  Float64Array.of(shownTick, knownTick, cameTick);
const queue = () => new InputQueue(input, { windowTicks: 16, repeatTicks: 3 });
const taken = (from: InputQueue, tick: number) => {
  const [dx, fire] = from.take(tick);
  return [dx - 1, fire];
};

describe('input queue', () => {
  test('[I2] gives each tick its own input, and waits for those that are early', () => {
    const inputs = queue();
    inputs.put(2, wire(1), stamps(0, 0));
    inputs.put(1, wire(-1), stamps(0, 0));
    expect([taken(inputs, 1), taken(inputs, 2)]).toEqual([
      [-1, 0],
      [1, 0],
    ]);
    expect(inputs.takeInTime()).toBe(2);
    expect(inputs.takeInTime()).toBe(0);
  });

  test('[I2] repeats the last without its presses, for a while, then stands still', () => {
    const inputs = queue();
    inputs.put(1, wire(1, 1), stamps(0, 0));
    const ticks = [1, 2, 3, 4, 5].map((tick) => taken(inputs, tick));
    expect(ticks).toEqual([
      [1, 1],
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 0],
    ]);
  });

  test('[I2] repeats what was said last, also where that came late', () => {
    const inputs = queue();
    inputs.put(1, wire(1), stamps(0, 0));
    expect(taken(inputs, 1)).toEqual([1, 0]);
    expect(taken(inputs, 2)).toEqual([1, 0]);
    inputs.put(2, wire(-1), stamps(2.5, 0));
    expect(taken(inputs, 3)).toEqual([-1, 0]);
    // Whoever is late all the time is there all the same.
    for (let tick = 4; tick < 12; tick++) {
      inputs.put(tick - 1, wire(tick % 2), stamps(tick - 0.5, 0));
      expect(taken(inputs, tick)).toEqual([tick % 2, 0]);
    }
  });

  test('a late press is judged by what was shown when it was made', () => {
    const inputs = queue();
    inputs.put(1, wire(0), stamps(0, 0.5, 0));
    inputs.take(1);
    inputs.take(2);
    expect([inputs.shownTick, inputs.knownTick, inputs.cameTick]).toEqual([
      1.5,
      Number.NaN,
      Number.NaN,
    ]);
    inputs.put(2, wire(0), stamps(2.1, 1.25, 1));
    inputs.put(3, wire(0), stamps(2.2, 2.25, 2));
    inputs.take(3);
    expect([inputs.shownTick, inputs.knownTick, inputs.cameTick]).toEqual([2.25, 2, 2.2]);
    for (const tick of [1, 2]) inputs.put(tick, wire(0, 1), stamps(3.2, tick - 0.75, tick));
    inputs.put(4, wire(0), stamps(3.3, 3.25, 3));
    inputs.put(5, wire(0), stamps(3.4, 4.25, 4));
    inputs.take(4);
    expect([inputs.shownTick, inputs.knownTick, inputs.cameTick]).toEqual([0.25, 1, 3.2]);
    inputs.take(5);
    expect([inputs.shownTick, inputs.knownTick]).toEqual([4.25, 4]);
  });

  test('tells whether the input of the tick is another than before', () => {
    const inputs = queue();
    inputs.put(2, wire(1, 1), stamps(0, 0));
    inputs.put(3, wire(1), stamps(0, 0));
    inputs.put(4, wire(1), stamps(0, 0));
    const changes = [1, 2, 3, 4, 5].map((tick) => {
      inputs.take(tick);
      return inputs.changed;
    });
    expect(changes).toEqual([false, true, true, false, false]);
  });

  test('[I2] carries the presses of late inputs to the next tick, once', () => {
    const inputs = queue();
    taken(inputs, 5);
    inputs.put(4, wire(1, 1), stamps(5.5, 0));
    inputs.put(5, wire(1, 1), stamps(5.5, 0));
    expect(inputs.late).toBe(2);
    expect([taken(inputs, 6), taken(inputs, 7)]).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });

  test('{T53} takes the first input of a tick, and none beyond its window', () => {
    const inputs = queue();
    inputs.put(1, wire(1), stamps(0, 0));
    inputs.put(1, wire(-1), stamps(0, 0));
    inputs.put(16, wire(-1), stamps(0, 0));
    inputs.put(17, wire(1), stamps(0, 0));
    expect([taken(inputs, 1), inputs.early]).toEqual([[1, 0], 1]);
    for (let tick = 2; tick < 16; tick++) taken(inputs, tick);
    expect(taken(inputs, 16)).toEqual([-1, 0]);
    // It was said for this tick, too soon to be kept: nothing newer was said.
    expect(taken(inputs, 17)[0]).toBe(1);
  });

  test('knows what was shown when the input of the tick was made', () => {
    const inputs = queue();
    expect(inputs.shownTick).toBeNaN();
    inputs.put(10, wire(0), stamps(9.5, 4.25));
    taken(inputs, 10);
    expect(inputs.shownTick).toBe(4.25);
    taken(inputs, 11);
    expect(inputs.shownTick).toBe(5.25);
  });

  test('[I5] tells the least slack since it was asked, and none where nothing came', () => {
    const inputs = queue();
    inputs.put(3, wire(0), stamps(1, 0));
    inputs.put(2, wire(0), stamps(1.5, 0));
    expect(inputs.takeSlack()).toBe(0.5 * MARGIN_UNITS);
    expect(inputs.takeSlack()).toBe(NO_SLACK);
  });

  test('[I6] uses what came on the old line in its ticks, and then nothing of it', () => {
    const inputs = queue();
    inputs.put(1, wire(1), stamps(0, 0));
    inputs.put(2, wire(1, 1), stamps(0, 0));
    taken(inputs, 1);
    inputs.restart();
    expect(taken(inputs, 2)).toEqual([1, 1]);
    inputs.restart();
    expect(taken(inputs, 3)).toEqual([0, 0]);
  });

  test('{T53} [I2] takes each press once, however late or early its input comes', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const inputs = queue();
      const lead = random.integer(24);
      const coming: { tick: number; fire: number; at: number }[] = [];
      for (let tick = 1, at = 0; tick <= 200; tick++) {
        // In order, as TCP brings them: a stall holds up all behind it.
        const stalls = random.integer(20) === 0 ? random.integer(30) : 0;
        at = Math.max(at, tick - lead + random.next() * 4 + stalls);
        coming.push({ tick, fire: random.integer(4) === 0 ? 1 : 0, at });
      }
      const expected = new Set<number>();
      const pressed = new Set<number>();
      for (let tick = 1; tick <= 260; tick++) {
        while (coming[0]?.at < tick) {
          const one = coming.shift()!;
          const isKept = one.tick >= tick && one.tick < tick + 16;
          if (one.fire) expected.add(isKept ? one.tick : tick);
          inputs.put(one.tick, wire(0, one.fire), stamps(one.at, 0));
        }
        if (taken(inputs, tick)[1]) pressed.add(tick);
      }
      expect([...pressed], `seed ${seed}`).toEqual([...expected].sort((a, b) => a - b));
    }
  });
});
