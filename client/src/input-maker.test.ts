import { bool, defineGame, type Game, int } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { InputMaker, type InputOptions } from './input-maker.ts';

const game = defineGame({
  entities: { ship: {} },
  input: { dx: int(-1, 1), fire: bool().press(), brake: bool() },
}) as unknown as Game;

/** What each made tick says: its tick, dx, fire, brake. */
type Made = [tick: number, dx: number, fire: number, brake: number];

function making(options: InputOptions = {}) {
  const held = { dx: 0, fire: false, brake: false };
  const maker = new InputMaker(game, { sample: () => held, ...options });
  const made: Made[] = [];
  const column = (name: string) => game.input.byName.get(name)!.column;
  const [dx, fire, brake] = ['dx', 'fire', 'brake'].map(column);
  maker.start(100, 10);
  const make = (target: number, ahead = 10) => {
    const first = maker.make(target, ahead, (tick, wire) =>
      made.push([tick, wire[dx] - 1, wire[fire], wire[brake]]),
    );
    return first === undefined ? [] : maker.due.map((_, i) => first + i);
  };
  return { maker, held, made, make };
}

describe('input', () => {
  test('is made once for each whole tick that the target passes', () => {
    const { make, made } = making();
    expect(make(100.9)).toEqual([]);
    expect(make(101.2)).toEqual([101]);
    expect(make(101.8)).toEqual([]);
    expect(make(104)).toEqual([102, 103, 104]);
    expect(made.map(([tick]) => tick)).toEqual([101, 102, 103, 104]);
  });

  test('never goes back, and holds what was sampled last', () => {
    const { make, made, held } = making();
    make(103);
    expect(make(101.5)).toEqual([]);
    held.dx = 1;
    held.brake = true;
    make(103.5);
    held.dx = -1;
    make(104);
    expect(made.at(-1)).toEqual([104, -1, 0, 1]);
  });

  test('keeps a press, however short, for the next tick and no other', () => {
    const { make, made, held } = making();
    held.fire = true;
    make(100.3);
    held.fire = false;
    make(100.6);
    make(103);
    expect(made.map(([, , fire]) => fire)).toEqual([1, 0, 0]);
  });

  test('presses once while it is held down, and again after it was let go', () => {
    const { make, made, held } = making();
    held.fire = true;
    for (const target of [101, 102, 103]) make(target);
    held.fire = false;
    make(104);
    held.fire = true;
    make(105);
    expect(made.map(([, , fire]) => fire)).toEqual([1, 0, 0, 0, 1]);
  });

  test('of a page that was away for more than twelve ticks is not made up', () => {
    const { make } = making();
    expect(make(112)).toHaveLength(12);
    expect(make(200)).toEqual([200]);
  });

  test('is made between start and stop, and only where there are controls', () => {
    const { make, maker } = making();
    maker.stop();
    expect(make(105)).toEqual([]);
    maker.start(106, 10);
    expect(make(107)).toEqual([107]);
    expect(making({ sample: undefined }).make(105)).toEqual([]);
  });
});

describe('the delay of own actions', () => {
  test('is none unless asked for', () => {
    const { make, maker } = making();
    make(105.5);
    expect([maker.present, maker.delayTicks]).toEqual([105.5, 0]);
  });

  test('is what was chosen, but leaves one tick to predict', () => {
    expect(making({ inputDelayTicks: 3 }).maker.present).toBe(97);
    expect(making({ inputDelayTicks: 30 }).maker.delayTicks).toBe(9);
  });

  test('is what would be too much to predict', () => {
    expect(making({ maxPredictTicks: 4 }).maker.delayTicks).toBe(6);
    expect(making({ maxPredictTicks: 40 }).maker.delayTicks).toBe(0);
    expect(making({ maxPredictTicks: 9, inputDelayTicks: 4 }).maker.delayTicks).toBe(4);
  });

  test('follows the line by a twentieth of a tick in a tick, and never runs back', () => {
    const { make, maker } = making({ maxPredictTicks: 4 });
    let { present } = maker;
    for (let tick = 101; tick <= 120; tick++) {
      make(tick, 16);
      expect(maker.present - present).toBeCloseTo(0.95, 9);
      ({ present } = maker);
    }
    expect(maker.delayTicks).toBeCloseTo(7, 9);
  });
});

describe('on a new line', () => {
  /** Ticks 101 to 110, with presses in 102, 105 and 109. */
  function pressed() {
    const scene = making();
    const press = (tick: number) => {
      scene.make(tick - 0.5);
      scene.held.fire = true;
      scene.make(tick);
      scene.held.fire = false;
      scene.make(tick + 0.1);
    };
    for (const tick of [102, 105, 109]) press(tick);
    scene.make(110);
    scene.maker.stop();
    const from = scene.made.length;
    const fired = () => scene.made.slice(from).flatMap(([tick, , fire]) => (fire ? [tick] : []));
    return { ...scene, press, fired };
  }

  test('[I6] presses of the ticks that did not come are made again, one in each tick', () => {
    const { maker, make, fired } = pressed();
    maker.reset(120);
    maker.resume(103);
    maker.start(123, 10);
    make(130);
    expect(fired()).toEqual([124, 125]);
  });

  test('[I6] a press that is made meanwhile is not lost in one that is made again', () => {
    const { maker, make, press, fired } = pressed();
    maker.reset(120);
    maker.resume(101);
    maker.start(123, 10);
    press(124);
    make(130);
    expect(fired()).toEqual([124, 125, 126, 127]);
  });

  test('[I6] a press whose tick the line did not see is not lost in the next one', () => {
    const { maker, make, held, press, fired } = pressed();
    maker.start(110, 10);
    held.fire = true;
    make(110.5);
    held.fire = false;
    make(110.7);
    maker.stop();
    maker.reset(120);
    maker.resume(110);
    maker.start(123, 10);
    press(124);
    make(130);
    expect(fired()).toEqual([124, 125]);
  });

  test('[I6] presses that were made again are, once more, if that line breaks as well', () => {
    const { maker, make, fired } = pressed();
    maker.reset(120);
    maker.resume(101);
    maker.start(123, 10);
    make(124.5);
    maker.reset(130);
    maker.resume(103);
    maker.start(133, 10);
    make(140);
    expect(fired()).toEqual([124, 134, 135, 136]);
  });

  test('[I6] input goes on after the ticks of which one came, within the window', () => {
    const { maker, make } = pressed();
    maker.reset(104);
    maker.resume(110);
    maker.start(106, 10);
    expect(make(110)).toEqual([]);
    expect(make(111)).toEqual([111]);
    maker.reset(120);
    maker.resume(5000);
    maker.start(122, 10);
    expect(make(123)).toEqual([123]);
  });

  test('nothing of another seat is pressed again', () => {
    const { maker, make, fired } = pressed();
    maker.forget();
    maker.reset(120);
    maker.resume(0);
    maker.start(123, 10);
    make(130);
    expect(fired()).toEqual([]);
  });
});
