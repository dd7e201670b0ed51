// What one's own steps have spawned, as ShownRows shows it before and after the server tells of it.
import { describe, expect, test } from 'vitest';
import { column, SEAT, Show } from '../test/show.ts';

describe('rows that the server has not told of', () => {
  /** `spawned`: ids below 0, drawn at ten times the id; `bornAs`: those that were told, by row. */
  function withSpawns() {
    const show = new Show();
    const spawned: { id: number }[] = [];
    const bornAs = new Map<number, number>();
    show.own = {
      has: (_, row) => bornAs.has(row) && show.table.ids[row] !== 0,
      predicts: (_, owner) => owner === SEAT,
      draw: (_, row, into) => into.copyRow(row, show.table),
      spawned: () => spawned,
      drawSpawned: ({ id }, into, to) => {
        into.values[column('x')][to] = id * 10;
      },
      bornAs: (_, row) => bornAs.get(row) ?? 0,
    };
    show.snapshot();
    const ahead = () => show.rows.spawned[0].rows.filter((row) => row !== undefined);
    return { show, spawned, bornAs, ahead };
  }

  test('enter at once and are drawn by the prediction', () => {
    const { show, spawned, ahead } = withSpawns();
    spawned.push({ id: -1 }, { id: -2 });
    show.at(1);
    expect(show.entered.map(({ x }) => x)).toEqual([-10, -20]);
    show.at(1);
    expect(show.entered).toEqual([]);
    expect(ahead().length).toBe(2);
  });

  test('go on as the same object when they are told, and neither enter nor leave', () => {
    const { show, spawned, bornAs, ahead } = withSpawns();
    spawned.push({ id: -1 }, { id: -2 });
    show.at(1);
    const [first, second] = ahead();
    const row = show.add(50, { x: 5 });
    spawned.shift();
    bornAs.set(row, -1);
    show.snapshot();
    expect(show.at(1)).toEqual([first]);
    expect(ahead()).toEqual([second]);
    expect([first.id, first.x, first.alive]).toEqual([50, 5, true]);
    expect([show.entered, show.left]).toEqual([[], []]);
  });

  test('leave when they are taken back, with their last values', () => {
    const { show, spawned, ahead } = withSpawns();
    spawned.push({ id: -1 });
    show.at(1);
    const [row] = ahead();
    spawned.length = 0;
    show.at(1);
    expect(show.left).toEqual([row]);
    expect([row.id, row.x]).toEqual([-1, -10]);
    show.at(1);
    expect([row.alive, show.left.length]).toEqual([false, 0]);
  });

  test('that were told and are gone before anybody looked have left', () => {
    const { show, spawned, ahead } = withSpawns();
    spawned.push({ id: -1 });
    show.at(1);
    const [row] = ahead();
    spawned.length = 0;
    show.table.remove(show.add(50), 2);
    show.snapshot();
    show.at(1);
    expect(show.left).toEqual([row]);
  });

  test('that were told before anybody looked enter with their real id', () => {
    const { show, bornAs } = withSpawns();
    show.at(1);
    bornAs.set(show.add(50), -1);
    show.snapshot();
    show.at(1);
    expect(show.entered.map(({ id }) => id)).toEqual([50]);
  });

  test('find a place, however many', () => {
    const { show, spawned, ahead } = withSpawns();
    for (let i = 1; i <= 100; i++) spawned.push({ id: -i });
    show.at(1);
    spawned.splice(10, 50);
    spawned.push({ id: -200 });
    show.at(1);
    expect(new Set(ahead().map(({ id }) => id))).toEqual(new Set(spawned.map(({ id }) => id)));
  });
});
