// Which STATEs a seat got, told by the exceptions, and what it held when.

import { KnownSet } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { Told } from './told.ts';

describe('STATEs', () => {
  test('of a seat in step stand around every tick', () => {
    const told = new Told();
    expect([told.before(10, 1), told.before(10.9, 1), told.before(11.2, 3)]).toEqual([10, 10, 9]);
    expect([told.after(10, 1), told.after(9, 3)]).toEqual([11, 12]);
  });

  test('that were left out are passed over', () => {
    const told = new Told();
    for (const tick of [12, 15]) told.missed(tick - 2, tick);
    told.missed(22, 24);
    expect(told.before(17.5, 3)).toBe(9);
    expect(told.after(9, 3)).toBe(18);
    expect(told.before(26, 3)).toBe(21);
    expect(told.after(21, 3)).toBe(27);
    expect(told.before(20, 3)).toBe(18);
  });

  test('before the first are none', () => {
    const told = new Told();
    told.missed(1, 99);
    expect(told.before(50, 1)).toBe(0);
    expect(told.after(told.before(50, 1), 1)).toBe(100);
  });

  test('are remembered for a while, however bad the line is', () => {
    const told = new Told();
    for (let tick = 2; tick < 400; tick += 4) told.missed(tick, tick);
    expect(told.before(398, 1)).toBe(397);
    expect(told.before(398 - 4 * 15, 1)).toBe(397 - 4 * 15);
    expect(told.before(2, 1)).toBe(2);
  });
});

describe('what a seat held', () => {
  /** As replication does it: after the known set was brought up to date, and as it is sent. */
  function send(told: Told, known: KnownSet, tick: number): void {
    told.left(known, tick);
    known.sent(tick);
  }

  test('is what had come and not gone yet', () => {
    const told = new Told();
    const known = new KnownSet(0);
    known.enter(0, 1, 77, 5);
    send(told, known, 5);
    send(told, known, 6);
    known.leave(known.slotOf(77), 7);
    send(told, known, 7);
    known.enter(0, 1, 77, 9);
    send(told, known, 9);
    const held = [4, 5, 6, 7, 8, 9, 10].filter((tick) => told.held(known, 77, tick));
    expect(held).toEqual([5, 6, 9, 10]);
    expect(told.held(known, 78, 6)).toBe(false);
  });

  test('is not what came and went before it was told', () => {
    const told = new Told();
    const known = new KnownSet(0);
    const slot = known.enter(0, 1, 77, 5);
    known.defer(slot);
    send(told, known, 5);
    expect(told.held(known, 77, 5)).toBe(false);
    known.leave(slot, 6);
    send(told, known, 6);
    expect(told.held(known, 77, 5)).toBe(false);
  });

  test('is not what waited, until it was told', () => {
    const told = new Told();
    const known = new KnownSet(0);
    const slot = known.enter(0, 1, 77, 5);
    for (const tick of [5, 8]) {
      known.defer(slot);
      send(told, known, tick);
    }
    for (const tick of [11, 14]) send(told, known, tick);
    const held = () => [5, 8, 11, 14].filter((tick) => told.held(known, 77, tick));
    expect(held()).toEqual([11, 14]);
    known.leave(slot, 17);
    send(told, known, 17);
    expect(held()).toEqual([11, 14]);
  });

  test('is forgotten when a thousand more have left', () => {
    const told = new Told();
    const known = new KnownSet(0);
    for (let id = 1; id <= 1100; id++) known.enter(0, id, id, 1);
    send(told, known, 1);
    for (let id = 1; id <= 1100; id++) known.leave(known.slotOf(id), 2);
    send(told, known, 2);
    expect(told.held(known, 1100, 1)).toBe(true);
    expect(told.held(known, 1, 1)).toBe(false);
  });
});
