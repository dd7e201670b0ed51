import { defineGame, fixed, type Game, int, OWNER, Received } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { OwnEntities } from './own-entities.ts';

const game = defineGame({
  entities: { ship: { x: fixed(-99, 99, 1) }, bolt: { x: fixed(-99, 99, 1), heat: int(0, 9) } },
  step: { ship() {}, bolt() {} },
}) as unknown as Game;
const SEAT = 3;
const [SHIP, BOLT] = [0, 1];
const X = game.kinds[BOLT].byName.get('x')!.column;

class Scene {
  readonly received = new Received(game);
  readonly own: OwnEntities;
  #tick = 0;

  constructor() {
    this.received.seat = SEAT;
    this.own = new OwnEntities(this.received, [SHIP, BOLT]);
  }

  /** The server tells of an entity in the STATE of `tick`. */
  add(kind: number, id: number, tick: number, owner = SEAT): number {
    const table = this.received.tables[kind];
    const row = table.add(id);
    table.values[OWNER][row] = owner;
    table.arrived[row] = tick;
    return row;
  }

  /** A STATE; by default every tick up to it had its input in time. */
  state(tick: number, settled = tick): void {
    this.#tick = Math.max(tick, this.#tick);
    this.own.receive(tick, settled);
  }

  spawn(tick: number, kind = BOLT): void {
    this.own.spawn(kind, tick);
  }

  /** Ids and the ticks of the spawns that they are taken for. */
  get bolts(): [id: number, tick: number][] {
    return this.own.list.filter(({ kind }) => kind === BOLT).map(({ id, tick }) => [id, tick]);
  }
}

describe('a spawn', () => {
  test('has an id below 0, all defaults, and its owner', () => {
    const { own } = new Scene();
    const row = own.spawn(BOLT, 5);
    expect([row.id, row.owner, row.x, row.heat]).toEqual([-1, SEAT, 0, 0]);
    expect(own.spawn(SHIP, 5).id).toBe(-2);
  });

  test('is found again when its tick is stepped again, in order', () => {
    const { own } = new Scene();
    const [first, second] = [own.spawn(BOLT, 5), own.spawn(BOLT, 5)];
    own.expect(5, 6);
    expect(own.spawn(BOLT, 5)).toBe(first);
    expect(own.spawn(BOLT, 5)).toBe(second);
    expect(own.spawn(BOLT, 5)).not.toBe(second);
    expect(own.list.length).toBe(3);
  });

  test('starts from its defaults again when it is found again', () => {
    const { own } = new Scene();
    own.spawn(BOLT, 5).x = 40;
    own.expect(5, 5);
    expect(own.spawn(BOLT, 5).x).toBe(0);
  });

  test('is taken back when its tick is stepped again without it', () => {
    const scene = new Scene();
    scene.spawn(5);
    scene.spawn(7);
    scene.own.expect(5, 6);
    scene.own.sweep(5, 6);
    expect(scene.bolts).toEqual([[-2, 7]]);
  });

  test('is recognised in the newcomer of its tick, and keeps its slot', () => {
    const scene = new Scene();
    scene.spawn(5);
    const [{ slot }] = scene.own.list;
    const row = scene.add(BOLT, 70, 5);
    scene.state(5);
    expect(scene.bolts).toEqual([[70, 5]]);
    expect(scene.own.find(BOLT, row)).toMatchObject({ slot, row, bornAs: -1, id: 70 });
  });

  test('of three in a tick are recognised by the order of ids, whatever their rows', () => {
    const scene = new Scene();
    scene.add(BOLT, 50, 1, SEAT + 1);
    scene.state(1);
    for (let i = 0; i < 3; i++) scene.spawn(5);
    for (const id of [73, 71, 72]) scene.add(BOLT, id, 5);
    scene.state(5);
    expect(scene.own.list.map(({ id, bornAs }) => [id, bornAs])).toEqual([
      [71, -1],
      [72, -2],
      [73, -3],
    ]);
  });

  test('is taken back when its tick had its input in time and nobody came', () => {
    const scene = new Scene();
    scene.spawn(5);
    scene.spawn(6);
    scene.state(5);
    expect(scene.bolts).toEqual([[-2, 6]]);
  });

  test('waits while inputs are late, and is recognised in who comes later', () => {
    const scene = new Scene();
    scene.spawn(5);
    scene.state(5, 4);
    scene.state(6, 4);
    scene.add(BOLT, 70, 7);
    scene.state(7);
    expect(scene.bolts).toEqual([[70, 5]]);
  });

  test('is not recognised in who came before it', () => {
    const scene = new Scene();
    scene.spawn(6);
    scene.add(BOLT, 70, 5);
    scene.state(5);
    expect(scene.bolts).toEqual([
      [70, 0],
      [-1, 6],
    ]);
  });

  test('that came to nothing does not take the next one’s place', () => {
    const scene = new Scene();
    scene.spawn(5);
    scene.spawn(7);
    scene.add(BOLT, 70, 7);
    scene.state(7);
    expect(scene.bolts).toEqual([[70, 7]]);
  });

  test('while inputs are late, the oldest is recognised first', () => {
    const scene = new Scene();
    scene.spawn(5);
    scene.spawn(7);
    scene.add(BOLT, 70, 8);
    scene.state(8, 4);
    expect(scene.bolts).toEqual([
      [70, 5],
      [-2, 7],
    ]);
  });

  test('is not recognised in somebody else’s, nor in what was given away to us', () => {
    const scene = new Scene();
    const row = scene.add(BOLT, 60, 2, SEAT + 1);
    scene.state(2);
    scene.spawn(5);
    scene.received.tables[BOLT].values[OWNER][row] = SEAT;
    scene.add(BOLT, 61, 5, SEAT + 1);
    scene.state(5, 4);
    expect(scene.bolts).toEqual([
      [60, 0],
      [-1, 5],
    ]);
  });
});

describe('what the server told', () => {
  test('goes when it left, or is another’s, or its row is another entity’s', () => {
    const scene = new Scene();
    const rows = [10, 11, 12].map((id) => scene.add(SHIP, id, 1));
    scene.state(1);
    const ships = scene.received.tables[SHIP];
    ships.remove(rows[0], 2);
    ships.values[OWNER][rows[1]] = SEAT + 1;
    ships.release(rows[2]);
    ships.put(rows[2], 13);
    ships.values[OWNER][rows[2]] = SEAT;
    scene.state(2);
    expect(scene.own.list.map(({ id }) => id)).toEqual([13]);
    expect(scene.own.find(SHIP, rows[1])).toBeUndefined();
  });

  test('stands in the order of ids, before what it has not told', () => {
    const scene = new Scene();
    scene.spawn(9);
    scene.add(SHIP, 12, 1);
    scene.add(SHIP, 11, 1);
    scene.add(BOLT, 10, 1);
    scene.state(1);
    scene.spawn(9);
    expect(scene.own.list.map(({ id }) => id)).toEqual([10, 11, 12, -1, -2]);
  });

  test('gives its slot back, and offsets of one are not inherited by the next', () => {
    const scene = new Scene();
    scene.spawn(5);
    const [{ slot }] = scene.own.list;
    scene.own.offset[BOLT].values[X][slot] = 9;
    scene.own.dropSpawns(() => true);
    scene.spawn(6);
    expect(scene.own.list[0].slot).toBe(slot);
    expect(scene.own.offset[BOLT].values[X][slot]).toBe(0);
  });
});
