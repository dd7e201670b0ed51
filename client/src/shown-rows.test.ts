import { EPOCH, OWNER } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { column, game, plan, SEAT, Show } from '../test/show.ts';

describe('a shown row', () => {
  test('is one object from the view it enters to the view it left', () => {
    const show = new Show();
    show.add(5, { x: 10 });
    show.snapshot();
    const [row] = show.at(1);
    expect(show.entered).toEqual([row]);
    show.table.values[column('x')][1] = 20;
    show.snapshot();
    expect(show.at(1.5)).toEqual([row]);
    expect(row.x).toBe(15);
    expect(show.entered).toEqual([]);
    show.table.remove(1, 3);
    show.snapshot();
    expect(show.at(2)).toEqual([row]);
    expect(show.at(3)).toEqual([]);
    expect(show.left).toEqual([row]);
  });

  test('keeps its last values while it is in left, and is dead after the next look', () => {
    const show = new Show();
    const at = show.add(5, { x: 10, hits: 3 });
    show.table.objects[plan.byName.get('name')!.object][at] = 'Ada';
    show.snapshot();
    const [row] = show.at(1);
    show.table.remove(at, 2);
    show.snapshot();
    show.at(2);
    expect([row.id, row.x, row.hits, row.name]).toEqual([5, 10, 3, 'Ada']);
    show.at(2);
    expect(show.left).toEqual([]);
    expect(row.alive).toBe(false);
    expect(row.id).toBe(0);
  });

  test('is another object when its index is used again, both told in one look', () => {
    const show = new Show();
    show.add(5, { x: 10 });
    show.snapshot();
    const [before] = show.at(1);
    show.table.remove(1, 2);
    show.table.settle(2);
    expect(show.add(6, { x: -10 })).toBe(1);
    show.snapshot();
    const [after] = show.at(2);
    expect(after).not.toBe(before);
    expect(show.left).toEqual([before]);
    expect(show.entered).toEqual([after]);
    expect([before.id, before.x]).toEqual([5, 10]);
    expect([after.id, after.x]).toEqual([6, -10]);
  });

  test('blends what is smooth and holds what is not', () => {
    const show = new Show();
    const row = show.add(5, { x: 0, hits: 0 });
    show.snapshot();
    show.table.values[column('x')][row] = 10;
    show.table.values[column('hits')][row] = 10;
    show.snapshot();
    const [shown] = show.at(1.25);
    expect([shown.x, shown.hits]).toEqual([2.5, 0]);
  });

  test('of somebody else hides what is for its owner alone', () => {
    const show = new Show();
    show.rows.viewer = SEAT;
    show.add(5, { ammo: 4 });
    const mine = show.add(6, { ammo: 7 });
    show.table.values[OWNER][mine] = SEAT;
    show.snapshot();
    const [other, own] = show.at(1);
    expect(other.ammo).toBeUndefined();
    expect(own.ammo).toBe(7);
    show.table.remove(mine, 2);
    show.snapshot();
    show.at(2);
    expect(show.left[0].ammo).toBe(7);
  });

  test('serialises', () => {
    const show = new Show();
    show.add(5, { x: 1 });
    show.snapshot();
    const [row] = show.at(1);
    expect(JSON.parse(JSON.stringify(row))).toMatchObject({ id: 5, kind: 'ship', x: 1 });
  });
});

describe('rows of one’s own', () => {
  function withOwn(): Show {
    const show = new Show();
    const ours = (owner: number) => owner === SEAT;
    show.own = {
      has: (_, row) => show.table.ids[row] !== 0 && ours(show.table.ownerOf(row)),
      predicts: (_, owner) => ours(owner),
      draw: (_, row, into) => {
        into.copyRow(row, show.table);
        into.values[column('x')][row] = 777;
      },
      spawned: () => [],
      drawSpawned: () => {},
      bornAs: () => 0,
    };
    return show;
  }

  test('are drawn by the prediction and come at once', () => {
    const show = withOwn();
    show.snapshot();
    show.table.values[OWNER][show.add(5)] = SEAT;
    show.snapshot();
    const [row] = show.at(1);
    expect(row.x).toBe(777);
  });

  test('go at once, and do not come back out of the past', () => {
    const show = withOwn();
    const at = show.add(5);
    show.table.values[OWNER][at] = SEAT;
    show.snapshot();
    show.snapshot();
    const [row] = show.at(1);
    show.table.remove(at, 3);
    show.snapshot();
    expect(show.at(1.5)).toEqual([]);
    expect(show.left).toEqual([row]);
    expect(show.at(2.5)).toEqual([]);
    expect(show.at(3)).toEqual([]);
  });

  test('are shown as others once somebody else owns them, as the same object', () => {
    const show = withOwn();
    const at = show.add(5, { x: 30 });
    show.table.values[OWNER][at] = SEAT;
    show.snapshot();
    const [row] = show.at(1);
    show.table.values[OWNER][at] = SEAT + 1;
    show.snapshot();
    let before = row.x as number;
    expect(before).toBe(777);
    expect(show.at(1.5)).toEqual([row]);
    for (; before > 30; before = row.x as number, show.at(1.5)) {
      expect(before - (row.x as number)).toBeGreaterThan(0);
      expect(before - (row.x as number)).toBeLessThan(30);
    }
    expect(row.x).toBe(30);
  });
});

describe('while news are late', () => {
  test('motion goes on for a moment, and what was guessed wrongly fades', () => {
    const show = new Show();
    const at = show.add(5, { x: 0 });
    const speed = 10;
    for (let tick = 1; tick <= 8; tick++) {
      show.table.values[column('x')][at] = speed * tick;
      show.snapshot();
    }
    const [row] = show.at(8);
    const seen = [row.x as number];
    const look = (tick: number) => {
      show.at(tick, 250 / game.tickRate);
      seen.push(row.x as number);
    };
    for (let tick = 8.25; tick <= 11; tick += 0.25) look(tick);
    expect(seen.at(-1)).toBeGreaterThan(100);
    // It had turned round at once.
    for (let tick = 9; tick <= 28; tick++) {
      show.table.values[column('x')][at] = speed * (16 - tick);
      show.snapshot();
    }
    for (let tick = 11.25; tick <= 28; tick += 0.25) look(tick);
    const steps = seen.slice(1).map((x, i) => (x - seen[i]) / (speed / 4));
    expect(Math.max(...steps.map(Math.abs))).toBeLessThan(1.5);
    expect(seen.at(-1)).toBe(speed * (16 - 28));
  });

  test.each([
    [400, true],
    [3000, false],
  ])('a hop of %i ms is glided over: %s', (hopMs, glides) => {
    const show = new Show();
    const at = show.add(5, { x: 0 });
    const ticks = Math.ceil((hopMs / 1000) * game.tickRate) + 40;
    for (let tick = 1; tick <= 32; tick++) {
      show.table.values[column('x')][at] = tick;
      show.snapshot();
    }
    const [row] = show.at(30);
    for (let tick = 33; tick <= ticks; tick++) {
      show.table.values[column('x')][at] = tick;
      show.snapshot();
    }
    let tick = 30 + (hopMs / 1000) * game.tickRate;
    show.at(tick, 0);
    expect(row.x as number).toBeCloseTo(glides ? 30 : tick, 6);
    for (let before = row.x as number; tick + 0.5 < ticks - 1; before = row.x as number) {
      tick += 0.5;
      show.at(tick, 500 / game.tickRate);
      expect((row.x as number) - before).toBeLessThan(0.75);
    }
  });

  test('who is shown stands while more comes than is kept, until shown time hops there', () => {
    const show = new Show();
    const at = show.add(5, { x: 0 });
    const gone = show.add(6);
    const upTo = (last: number) => {
      for (let tick = (show.history.newest?.tick ?? 0) + 1; tick <= last; tick++) {
        show.table.values[column('x')][at] = tick;
        show.snapshot();
      }
    };
    upTo(32);
    const [row] = show.at(30);
    show.table.remove(gone, 33);
    for (let part = 1; part <= 4; part++) {
      upTo(32 + part * 20);
      expect(show.at(30 + part / 2).length).toBe(2);
      expect(row.x).toBe(30.5);
    }
    show.at(110);
    expect([row.x, show.left.length]).toEqual([110, 1]);
  });

  test('who is shown does not stand for longer than a second', () => {
    const show = new Show();
    const at = show.add(5, { x: 0 });
    show.snapshot();
    const [row] = show.at(1);
    show.table.values[column('x')][at] = 100;
    for (let i = 0; i < 100; i++) show.snapshot();
    show.at(0.9 * game.tickRate);
    expect(row.x).toBe(0);
    for (let tick = 1.1; tick < 2; tick += 0.1) show.at(tick * game.tickRate, 1000);
    expect(row.x).toBe(100);
  });

  test('a teleport in the news is not faded over', () => {
    const show = new Show();
    const at = show.add(5, { x: 0 });
    show.snapshot();
    show.table.values[column('x')][at] = 10;
    show.snapshot();
    const [row] = show.at(3);
    show.table.values[column('x')][at] = -500;
    show.table.values[EPOCH][at]++;
    show.snapshot();
    show.at(3);
    expect(row.x).toBe(-500);
  });
});

describe('the world', () => {
  test('is shown with the state of the older snapshot', () => {
    const show = new Show();
    const round = game.state.byName.get('round')!.column;
    show.received.state.values[round][1] = 1;
    show.snapshot();
    show.received.state.values[round][1] = 2;
    show.snapshot();
    show.at(1.9);
    expect(show.rows.state.rows[1]!.round).toBe(1);
    show.at(2);
    expect(show.rows.state.rows[1]!.round).toBe(2);
  });

  test('of another room makes everybody leave first, whatever their ids', () => {
    const show = new Show();
    show.add(5, { x: 1 });
    show.snapshot();
    const [before] = show.at(1);
    show.rows.renew();
    const [after] = show.at(1);
    expect(show.left).toEqual([before]);
    expect(show.entered).toEqual([after]);
    expect(after).not.toBe(before);
    expect(after.id).toBe(5);
  });

  test('grows', () => {
    const show = new Show();
    for (let id = 1; id <= 500; id++) show.add(id, { x: id });
    show.snapshot();
    expect(show.at(1).map((row) => row.x)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  });

  test('forgets what came before when another room is entered, and uses its rows again', () => {
    const { received, table } = new Show();
    for (let round = 0; round < 20; round++) {
      const row = table.add(1 + round);
      table.remove(row, 1_000_000 - round * 1000);
      received.forget();
    }
    expect(table.high).toBe(1);
  });
});
