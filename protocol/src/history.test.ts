// The ring of past ticks: newest first, oldest forgotten, found by fractional tick. A snapshot is a
// copy: what is written afterwards does not reach it.
import { describe, expect, test } from 'vitest';
import { Stage } from '../test/stage.ts';
import { int, text } from './builders.ts';
import { defineGame } from './game.ts';
import { History } from './history.ts';

const game = defineGame({
  state: { round: int(0, 99) },
  entities: { thing: { n: int(0, 99), name: text(8) } },
});

function filled(ticks: readonly number[], length: number) {
  const stage = new Stage(game);
  const thing = stage.spawn('thing');
  const history = new History(game, length);
  for (const tick of ticks) {
    thing.n = tick;
    thing.name = `t${tick}`;
    stage.state.rows[1]!.round = tick;
    history.push(tick, stage.tables, stage.state);
  }
  return { stage, thing, history };
}

describe('history', () => {
  test('holds the newest snapshots as they were, and forgets the oldest', () => {
    const { history } = filled([1, 2, 4, 7, 8], 3);
    expect([history.length, history.newest?.tick, history.oldest?.tick]).toEqual([3, 8, 4]);
    expect([0, 1, 2, 3].map((i) => history.at(i)?.tick)).toEqual([8, 7, 4, undefined]);
    for (let i = 0; i < 3; i++) {
      const { tick, tables, state } = history.at(i)!;
      const { values, objects } = tables[0];
      expect([values[2][1], objects[0][1], state.values[0][1]]).toEqual([tick, `t${tick}`, tick]);
    }
  });

  test('finds the newest snapshot at or before a fractional tick', () => {
    const { history } = filled([2, 4, 7], 8);
    const found = [1.9, 2, 3.5, 4, 6.99, 7, 50].map((tick) => history.indexAt(tick));
    expect(found).toEqual([-1, 2, 2, 1, 1, 0, 0]);
  });

  test('is empty at first and after clear, and may then start at an older tick', () => {
    const { stage, history } = filled([5, 6], 4);
    history.clear();
    expect([history.length, history.newest, history.oldest]).toEqual([0, undefined, undefined]);
    expect(history.indexAt(9)).toBe(-1);
    history.push(1, stage.tables, stage.state);
    expect(history.newest?.tick).toBe(1);
  });

  test('ascends: another order is a bug of ours', () => {
    const { stage, history } = filled([5], 4);
    expect(() => history.push(5, stage.tables, stage.state)).toThrow('Tickwire bug');
  });

  test('keeps an entity that was despawned later, at its row', () => {
    const { stage, thing, history } = filled([1], 4);
    stage.despawn(thing);
    stage.skip();
    history.push(2, stage.tables, stage.state);
    expect(history.at(1)!.tables[0].ids[1]).toBe(1);
    expect(history.at(0)!.tables[0].ids[1]).toBe(0);
  });
});
