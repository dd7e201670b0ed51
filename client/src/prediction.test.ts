import {
  angle,
  defineGame,
  EPOCH,
  fixed,
  type Game,
  int,
  neutralInput,
  OWNER,
  Received,
  type Table,
} from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { Prediction } from './prediction.ts';

const SPEED = 60;
const ships = defineGame({
  tickRate: 60,
  entities: {
    ship: { x: fixed(-1000, 1000, 1 / 16).smooth(), fuel: int(0, 1000), turn: angle(8).smooth() },
    crate: { x: fixed(-1000, 1000, 1 / 16).smooth() },
  },
  input: { dx: int(-1, 1) },
  step: {
    ship(me, { dx }, { dt, replaying }) {
      me.x += dx * SPEED * dt;
      steps.push(replaying);
    },
  },
});
/** `replaying` of every step that was made. */
let steps: boolean[] = [];
const game = ships as unknown as Game;
const SEAT = 3;
const SHIP = 0;
const CRATE = 1;
const [X, FUEL, TURN] = ['x', 'fuel', 'turn'].map(
  (name) => game.kinds[SHIP].byName.get(name)!.column,
);

/** A received world with one ship of one's own at row 1, and what is predicted of it. */
function predicting(active = true) {
  steps = [];
  const received = new Received(game);
  received.seat = SEAT;
  const table = received.tables[SHIP];
  table.values[OWNER][table.add(7)] = SEAT;
  const prediction = new Prediction(game, received, () => [], active);
  prediction.start(10);
  /** A STATE of that tick: what the test has written to the received table. */
  const told = (tick: number) => prediction.reconcile(tick, { dTick: 1, inTime: 1 });
  /** The input of the next tick, which is then predicted. */
  const step = (tick: number, dx: number) => {
    prediction.take(tick, input(dx));
    prediction.advance(tick);
  };
  told(10);
  return { received, prediction, table, told, step, picture: pictureOf(prediction, received) };
}

/** Draws the ship and tells one of its columns. */
function pictureOf(prediction: Prediction, received: Received) {
  const into = received.tables[SHIP];
  const shown: Table = Object.create(into);
  Object.assign(shown, { values: into.values.map((column) => column.slice()) });
  return (column = X, elapsedMs = 0, fraction = 0, dx = 0) => {
    prediction.advance(prediction.tick + fraction);
    prediction.prepare({ dx }, elapsedMs);
    prediction.draw(SHIP, 1, shown);
    return shown.values[column][1];
  };
}

function input(dx: number): Float64Array {
  const wire = neutralInput(game.input);
  wire[0] = dx + 1;
  return wire;
}

describe('prediction', () => {
  test('steps with every input at once and draws the fraction after it', () => {
    const { picture, step } = predicting();
    step(11, 1);
    expect(picture()).toBe(1);
    expect(picture(X, 16, 0.5, 1)).toBe(1.5);
    expect(picture(X, 16, 0.5, -1)).toBe(0.5);
    expect(picture()).toBe(1);
    expect(steps[0]).toBe(false);
    expect(steps.slice(1).every(Boolean)).toBe(true);
  });

  test('is not corrected by a server that steps the same', () => {
    const { prediction, table, picture, told, step } = predicting();
    let truth = 0;
    let sum = 0;
    for (let tick = 11; tick <= 200; tick++) {
      const dx = Math.round(Math.sin(tick / 9));
      sum += dx * SPEED * (1 / 60);
      step(tick, dx);
      if (tick % 3 !== 0 || tick < 20) continue;
      // The server stands eight ticks behind.
      truth = 0;
      for (let t = 11; t <= tick - 8; t++) truth += Math.round(Math.sin(t / 9)) * SPEED * (1 / 60);
      table.values[X][1] = truth;
      told(tick - 8);
      expect(picture()).toBeCloseTo(sum, 9);
    }
    expect(prediction.corrections).toBe(0);
  });

  test('fades a correction out, without a jump, over about 100 ms', () => {
    const { prediction, table, picture, told, step } = predicting();
    for (let tick = 11; tick <= 16; tick++) step(tick, 1);
    expect(picture()).toBeCloseTo(6);
    table.values[X][1] = -2;
    told(13);
    expect(picture()).toBeCloseTo(6);
    expect(prediction.corrections).toBe(1);
    const after = picture(X, 100);
    expect(after).toBeLessThan(4.5);
    expect(after).toBeGreaterThan(1);
    expect(picture(X, 1000)).toBe(1);
  });

  test('fades an angle by the short way', () => {
    const { table, picture, told } = predicting();
    table.values[TURN][1] = 3.1;
    told(10);
    picture(TURN, 5000);
    table.values[TURN][1] = -3.1;
    told(10);
    expect(Math.abs(picture(TURN))).toBeGreaterThan(3);
    expect(Math.abs(picture(TURN, 20))).toBeGreaterThan(3);
  });

  test('does not fade what is not smooth', () => {
    const { prediction, table, picture, told } = predicting();
    picture();
    table.values[FUEL][1] = 500;
    told(10);
    expect(picture(FUEL)).toBe(500);
    expect(prediction.corrections).toBe(1);
  });

  test('follows a teleport at once', () => {
    const { prediction, table, picture, told, step } = predicting();
    step(11, 1);
    table.values[X][1] = 800;
    table.values[EPOCH][1]++;
    told(11);
    expect(picture()).toBe(800);
    expect(prediction.corrections).toBe(0);
  });

  test('replays once, however many states came', () => {
    const { told, step, picture } = predicting();
    for (let tick = 11; tick <= 30; tick++) step(tick, 1);
    steps = [];
    for (let tick = 11; tick <= 20; tick++) told(tick);
    picture();
    expect(steps).toEqual(new Array(10).fill(true));
  });

  test('goes 128 ticks ahead of the newest state and stands still there', () => {
    const { prediction, told, step, picture } = predicting();
    for (let tick = 11; tick <= 1000; tick++) step(tick, 1);
    expect(prediction.tick).toBe(138);
    expect(picture()).toBeCloseTo(128);
    steps = [];
    told(12);
    prediction.advance(1000);
    expect(prediction.tick).toBe(140);
    expect(steps.length).toBe(128);
    expect(steps.filter(Boolean).length).toBe(126);
  });

  test('has nothing to correct while the server is ahead of it', () => {
    const { prediction, table, picture, told } = predicting();
    table.values[X][1] = 300;
    told(40);
    expect(picture()).toBe(300);
    expect(prediction.corrections).toBe(0);
    expect(prediction.tick).toBe(40);
  });

  test('goes on from the newest input after a gap', () => {
    const { prediction, picture, told, step } = predicting();
    step(11, 1);
    step(40, 1);
    expect(picture()).toBeCloseTo(2);
    told(35);
    expect(prediction.tick).toBe(40);
  });
});

describe('ticks that were left out', () => {
  test('repeat the input before them when they are replayed, as the server does', () => {
    const { table, told, step, picture } = predicting();
    for (let tick = 11; tick <= 20; tick++) step(tick, 1);
    step(30, -1);
    table.values[X][1] = 5;
    told(15);
    expect(picture(X, 5000)).toBeCloseTo(5 + 5 + 9 - 1);
  });

  test('before what the server has stepped already leave own time where it is', () => {
    const { prediction, told, step } = predicting();
    told(40);
    step(45, 1);
    expect(prediction.tick).toBe(45);
    step(46, 1);
    expect(prediction.tick).toBe(46);
  });
});

describe('who is predicted', () => {
  test('only rows of one’s own, and of kinds with a step', () => {
    const { prediction, received, table } = predicting();
    const crates = received.tables[CRATE];
    crates.values[OWNER][crates.add(8)] = SEAT;
    const other = table.add(9);
    table.values[OWNER][other] = SEAT + 1;
    expect(prediction.has(SHIP, 1)).toBe(true);
    expect(prediction.has(SHIP, other)).toBe(false);
    expect(prediction.has(CRATE, 1)).toBe(false);
    expect(prediction.has(SHIP, 90)).toBe(false);
  });

  test('nobody where no input is made', () => {
    expect(predicting(false).prediction.has(SHIP, 1)).toBe(false);
  });

  test('a row that was lost and regained starts where the server says', () => {
    const { prediction, table, picture, told, step } = predicting();
    step(11, 1);
    expect(picture()).toBe(1);
    table.values[OWNER][1] = SEAT + 1;
    table.values[X][1] = 400;
    told(11);
    expect(prediction.has(SHIP, 1)).toBe(false);
    table.values[OWNER][1] = SEAT;
    table.values[X][1] = 500;
    told(11);
    expect(prediction.has(SHIP, 1)).toBe(true);
    expect(picture()).toBe(500);
    expect(prediction.corrections).toBe(0);
    step(12, 1);
    expect(picture()).toBe(501);
  });

  test('an entity of the same id in another room is another', () => {
    const { prediction, table, picture, told, step } = predicting();
    step(11, 1);
    picture();
    prediction.forget();
    table.values[X][1] = 600;
    prediction.start(11);
    told(11);
    expect(picture()).toBe(600);
    expect(prediction.corrections).toBe(0);
  });

  test('a row used again by another entity starts afresh', () => {
    const { table, picture, told, step } = predicting();
    step(11, 1);
    picture();
    table.release(1);
    table.put(1, 12);
    table.values[OWNER][1] = SEAT;
    table.values[X][1] = -100;
    told(11);
    expect(picture()).toBe(-100);
  });
});
