import { angle, defineGame, fixed, int, quat, Table, wrapped } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { Fading } from './fading.ts';

const game = defineGame({
  tickRate: 20,
  entities: {
    ship: {
      x: fixed(-1000, 1000, 1).smooth(),
      heading: angle(8).smooth(),
      turn: quat(8).smooth(),
      hits: int(0, 100),
    },
  },
  input: {},
});
const plan = game.kind('ship');
const column = (name: string) => plan.byName.get(name)!.column;
const about = (radians: number) => [0, 0, Math.sin(radians / 2), Math.cos(radians / 2)];

function row(values: Readonly<Record<string, number | readonly number[]>>): Table {
  const table = new Table(plan);
  table.put(1, 5);
  for (const [name, value] of Object.entries(values))
    for (const [i, part] of [value].flat().entries())
      table.values[column(name) + i][1] = part as number;
  return table;
}

/** What is drawn of `truth` so long after `drawn` was found to be wrong. */
function after(fading: Fading, truth: Table, ms: number): (name: string) => number {
  const into = new Table(plan);
  into.put(1, 5);
  into.copyRow(1, truth);
  fading.add(1, into, ms);
  return (name) => into.values[column(name)][1];
}

describe('an offset', () => {
  test('shrinks evenly to nothing; what is not smooth is right at once', () => {
    const [drawn, truth] = [row({ x: 50, hits: 3 }), row({ x: 10, hits: 9 })];
    const fading = new Fading(plan);
    fading.start(1, drawn, truth, 200);
    const seen = [0, 50, 50, 50, 50, 50].map((ms) => after(fading, truth, ms)('x'));
    expect(seen).toEqual([50, 40, 30, 20, 10, 10]);
    fading.start(1, drawn, truth, 200);
    expect(after(fading, truth, 100)('hits')).toBe(9);
  });

  test('goes the short way round, and keeps a turn a turn', () => {
    const [drawn, truth] = [
      row({ heading: -3, turn: about(1.2).map((part) => -part) }),
      row({ heading: 3, turn: about(1) }),
    ];
    const fading = new Fading(plan);
    fading.start(1, drawn, truth, 200);
    const into = row({});
    into.copyRow(1, truth);
    fading.add(1, into, 100);
    expect(wrapped(into.values[column('heading')][1] - Math.PI)).toBeCloseTo(0, 9);
    const turn = [0, 1, 2, 3].map((i) => into.values[column('turn') + i][1]);
    expect(Math.hypot(...turn)).toBeCloseTo(1, 12);
    expect(2 * Math.atan2(turn[2], turn[3])).toBeCloseTo(1.1, 3);
  });

  test('that is not gone yet when another comes takes no less time than it had', () => {
    const [drawn, truth] = [row({ x: 50 }), row({ x: 10 })];
    const fading = new Fading(plan);
    fading.start(1, drawn, truth, 400);
    fading.start(1, drawn, truth, 100);
    expect(after(fading, truth, 100)('x')).toBe(40);
  });

  test('is dropped with its row', () => {
    const [drawn, truth] = [row({ x: 50 }), row({ x: 10 })];
    const fading = new Fading(plan);
    fading.start(1, drawn, truth, 400);
    fading.stop(1);
    expect(after(fading, truth, 0)('x')).toBe(10);
    expect(after(new Fading(plan), truth, 10)('x')).toBe(10);
  });
});
