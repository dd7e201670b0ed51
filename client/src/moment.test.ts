import {
  defineGame,
  fixed,
  type Game,
  History,
  int,
  MOST_GUESSED_MS,
  Received,
} from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { Moment } from './moment.ts';

const TICK_MS = 50;
const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: fixed(-1000, 1000, 1 / 16).smooth(), hits: int(0, 100) } },
  input: {},
}) as unknown as Game;
const plan = game.kinds[0];
const X = plan.byName.get('x')!.column;
const HITS = plan.byName.get('hits')!.column;

/** A ship seen at each of the given places, every third tick from 3 on. */
function seen(...places: number[]): History {
  const received = new Received(game);
  const history = new History(game, 16);
  const [table] = received.tables;
  const row = table.add(5);
  for (const [i, x] of places.entries()) {
    table.values[X][row] = x;
    table.values[HITS][row] = i;
    history.push(3 * (i + 1), received.tables, received.state);
  }
  return history;
}

function at(history: History, tick: number): [x: number, hits: number, guessedMs: number] {
  const moment = new Moment(history, tick, TICK_MS);
  const [table] = new Received(game).tables;
  table.put(1, 5);
  moment.draw(0, 1, table);
  return [table.values[X][1], table.values[HITS][1], moment.guessedMs];
}

describe('a moment', () => {
  test('lies between the snapshots around its tick', () => {
    const history = seen(0, 30, 90);
    expect(at(history, 3)).toEqual([0, 0, 0]);
    expect(at(history, 4)).toEqual([10, 0, 0]);
    expect(at(history, 7.5)).toEqual([60, 1, 0]);
    expect(at(history, 9)).toEqual([90, 2, 0]);
  });

  test('before the oldest snapshot is that one', () => {
    expect(at(seen(7, 30), 1)).toEqual([7, 0, 0]);
  });

  test('after the newest goes on, ever slower, and then stands', () => {
    // 20 a tick, 0.4 a millisecond.
    const history = seen(0, 60);
    expect(at(history, 6.5)).toEqual([70, 1, 25]);
    expect(at(history, 7.5)).toEqual([90, 1, 75]);
    const [slowing] = at(history, 7.75);
    expect(slowing).toBeCloseTo(90 + 0.4 * (12.5 - 12.5 ** 2 / 50), 9);
    const [stands] = at(history, 8);
    expect(stands).toBeCloseTo(90 + 0.4 * 12.5, 9);
    expect(at(history, 20)).toEqual([stands, 1, MOST_GUESSED_MS]);
  });

  test('never runs back while it is guessed', () => {
    const history = seen(0, 60);
    for (let tick = 5.8, before = -Infinity; tick < 10; tick += 0.05) {
      const [x] = at(history, tick);
      expect(x).toBeGreaterThanOrEqual(before);
      before = x;
    }
  });

  test('guesses nothing from a single snapshot', () => {
    expect(at(seen(7), 5)).toEqual([7, 0, 0]);
  });
});
