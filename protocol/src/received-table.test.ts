// The table of a seat by itself: what it forgets with its owner, what moves on when nobody names
// it, and what survives growth. received.test.ts has it read.
import { describe, expect, test } from 'vitest';
import { angle, fixed, int, list, quat, text } from './builders.ts';
import { defineGame } from './game.ts';
import { OWNER } from './plan.ts';
import { ReceivedTable } from './received-table.ts';

const game = defineGame({
  tickRate: 20,
  entities: {
    ship: {
      vx: fixed(-40, 40, 1 / 4),
      x: fixed(0, 100, 1 / 16).smooth({ by: 'vx' }),
      heading: angle(8).smooth(),
      turn: quat(8),
      ammo: int(0, 9).ownerOnly().default(4),
      bag: list(int(0, 9), 4).ownerOnly(),
      name: text(8),
    },
  },
  step: { ship() {} },
});
const [plan] = game.kinds;
const at = (name: string) => plan.byName.get(name)!;

function setting() {
  const table = new ReceivedTable(plan);
  table.track(1 / game.tickRate);
  const row = table.add(7);
  const tell = (name: string, wire: number) => {
    table.wire[at(name).column][row] = wire;
    table.store(at(name), row);
  };
  const shows = (name: string) => table.values[at(name).column][row];
  /** Starts the track of x where it is, at a velocity in units a second. */
  const drive = (perSecond: number) => {
    tell('vx', (perSecond + 40) * 4);
    const tracks = table.tracks!;
    const i = tracks.ofField[at('x').index];
    tracks.start(i, row, table.wire[at('x').column][row]);
    tracks.steer(i, row, table.wire[at('vx').column][row]);
    tracks.moving[row] = 1;
  };
  return { table, row, tell, shows, drive };
}

describe('a row that a STATE does not name', () => {
  test('moves on by its track: 8 steps a tick at 10 units a second', () => {
    const { table, tell, shows, drive } = setting();
    tell('x', 160);
    drive(10);
    table.now = 1;
    table.moveOn(1, 1, 0);
    expect(shows('x')).toBe((160 + 8) / 16);
    table.now = 4;
    table.moveOn(3, 1, 0);
    expect(shows('x')).toBe((160 + 32) / 16);
  });

  test('[T2] comes by two STATEs of two ticks to where it comes by four of one', () => {
    const one = setting();
    const two = setting();
    for (const { tell, drive } of [one, two]) {
      tell('x', 160);
      drive(-7.25);
    }
    for (let now = 1; now <= 4; now++) {
      one.table.now = now;
      one.table.moveOn(1, 1, 0);
    }
    two.table.now = 4;
    two.table.moveOn(4, 2, 0);
    expect(two.shows('x')).toBe(one.shows('x'));
  });

  test('stands where the STATE named it, and comes to rest at the end of its range', () => {
    const { table, row, tell, shows, drive } = setting();
    tell('x', 1596);
    drive(10);
    table.now = 1;
    table.read[row] = 1;
    table.moveOn(1, 1, 0);
    expect(shows('x')).toBe(1596 / 16);
    table.now = 2;
    table.moveOn(1, 1, 0);
    expect(shows('x')).toBe(100);
  });

  test('moves unseen where its owner knows it exactly', () => {
    const { table, row, tell, shows, drive } = setting();
    tell('x', 160);
    drive(10);
    table.values[OWNER][row] = 3;
    table.values[at('x').column][row] = 10.01;
    table.now = 1;
    table.moveOn(1, 1, 3);
    expect([shows('x'), table.wire[at('x').column][row]]).toEqual([10.01, 168]);
    table.now = 2;
    table.moveOn(1, 1, 4);
    expect(shows('x')).toBe(176 / 16);
  });

  test('stays where it is in a room without tracks', () => {
    const { table, tell, shows, drive } = setting();
    tell('x', 160);
    drive(10);
    table.track(0);
    table.now = 1;
    table.moveOn(1, 1, 0);
    expect(shows('x')).toBe(10);
  });
});

describe('a row', () => {
  test('that was its seat’s own shows what everybody is told, and forgets the rest', () => {
    const { table, row, tell, shows } = setting();
    tell('x', 160);
    tell('ammo', 9);
    table.values[at('x').column][row] = 10.01;
    table.objects[at('bag').object][row] = [1, 2];
    table.disown(row);
    expect([shows('x'), shows('ammo')]).toEqual([10, 4]);
    expect(table.objects[at('bag').object][row]).toEqual([]);
  });

  test('that starts over is at its defaults, on the wire too', () => {
    const { table, row, tell, shows, drive } = setting();
    tell('x', 160);
    tell('ammo', 9);
    drive(10);
    table.reset(row);
    for (const [c, column] of table.wire.entries()) expect(column[row]).toBe(plan.initialWire[c]);
    expect([shows('x'), shows('ammo'), table.tracks!.moving[row]]).toEqual([0, 4, 0]);
  });

  test('keeps everything when the table grows', () => {
    const { table, row, tell, shows, drive } = setting();
    tell('x', 160);
    drive(10);
    table.changed[row] = 11;
    table.behind[row] = 9;
    const { capacity } = table;
    for (let id = 100; table.capacity === capacity; id++) table.add(id);
    expect([table.changed[row], table.behind[row]]).toEqual([11, 9]);
    table.now = 1;
    table.moveOn(1, 1, 0);
    expect(shows('x')).toBe((160 + 8) / 16);
  });

  test('shows a turn of unit length for its four wire values', () => {
    const { table, row } = setting();
    const { column } = at('turn');
    [3, 254, 127, 127].forEach((wire, i) => {
      table.wire[column + i][row] = wire;
    });
    table.store(at('turn'), row);
    const turn = [0, 1, 2, 3].map((i) => table.values[column + i][row]);
    expect(Math.hypot(...turn)).toBeCloseTo(1, 12);
    expect(turn[0]).toBeCloseTo(Math.SQRT1_2, 12);
  });
});
