// Random lives of rooms: entities, owners, sight and every kind of field change at random, seats
// skip frames, resume and lose sight. After each STATE every field of every entity in sight is
// compared; the seed stands in the title.
import { describe, expect, test } from 'vitest';
import { Stage, type Viewer } from '../test/wire-stage.ts';
import { differences } from '../test/wire-truth.ts';
import {
  angle,
  choice,
  fixed,
  int,
  list,
  map,
  packed,
  quat,
  record,
  text,
  vec2,
} from './builders.ts';
import { defineGame, type LiveRowOf } from './game.ts';
import { Random } from './random.ts';

const game = defineGame({
  state: { phase: choice('lobby', 'playing'), board: map(text(4), int(0, 99), 6) },
  entities: {
    ship: {
      x: fixed(0, 640, 1 / 16).smooth(),
      heading: angle(8).smooth(),
      turn: quat(9),
      ammo: int(0, 63).ownerOnly(),
      secret: int(0, 60).serverOnly(),
      bag: list(int(0, 255), 8).ownerOnly(),
      marks: map(int(0, 20), list(int(0, 9), 3), 6).ownerOnly(),
      name: text(6),
    },
    crate: {
      at: vec2(-10, 10, 1 / 8).default({ x: 3.3, y: -1 }),
      inside: int(-5, 5).ownerOnly().default(3),
      deep: list(record({ at: vec2(0, 1, 1 / 4), hits: map(text(3), int(0, 9), 4) }), 4),
      blob: packed<{ n: number }>(64),
    },
  },
  step: { ship() {} },
});
type Ship = LiveRowOf<typeof game, 'ship'>;
type Crate = LiveRowOf<typeof game, 'crate'>;

const SEATS = 3;

class Life {
  readonly stage = new Stage(game);
  readonly random: Random;
  readonly hidden = new Map<Viewer, Set<number>>();
  ships: Ship[] = [];
  crates: Crate[] = [];

  constructor(seed: number, mode: 'shared' | 'per-seat') {
    this.random = new Random(seed);
    for (let id = 1; id <= SEATS; id++) {
      const viewer = this.stage.join(id, mode);
      const hidden = new Set<number>();
      this.hidden.set(viewer, hidden);
      viewer.sees = (row) => !hidden.has(row.id);
    }
  }

  n(below: number): number {
    return this.random.integer(below);
  }
  chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  turn(): void {
    if (this.chance(0.3) && this.ships.length < 8)
      this.ships.push(this.stage.spawn('ship', { x: this.n(640), name: 'new' }, this.n(SEATS + 1)));
    if (this.chance(0.3) && this.crates.length < 8)
      this.crates.push(this.stage.spawn('crate', {}, this.n(SEATS + 1)));
    for (const rows of [this.ships, this.crates])
      if (this.chance(0.2) && rows.length)
        this.stage.despawn(rows.splice(this.n(rows.length), 1)[0]);
    for (const row of [...this.ships, ...this.crates]) {
      if (this.chance(0.1)) this.stage.give(row, this.n(SEATS + 1));
      for (const hidden of this.hidden.values())
        if (this.chance(0.1) && !hidden.delete(row.id)) hidden.add(row.id);
    }
    for (const ship of this.ships) this.sail(ship);
    for (const crate of this.crates) this.shake(crate);
    const { board } = this.stage.state.rows[1] as unknown as { board: Map<string, number> };
    if (this.chance(0.3)) this.touchMap(board, `k${this.n(8)}`, () => this.n(100), 6);
    if (this.chance(0.1)) this.stage.state.rows[1]!.phase = this.chance(0.5) ? 'lobby' : 'playing';
    if (this.chance(0.05)) for (const table of this.stage.tables) table.forget(this.stage.tick - 3);
  }

  touchMap<K, V>(
    held: { size: number; has(k: K): boolean; delete(k: K): boolean; set(k: K, v: V): unknown },
    key: K,
    value: () => V,
    most: number,
  ): void {
    if (this.chance(0.4)) held.delete(key);
    else if (held.has(key) || held.size < most) held.set(key, value());
  }

  sail(ship: Ship): void {
    if (this.chance(0.5)) ship.x += this.random.next() * 4 - 2;
    if (this.chance(0.2)) ship.heading += this.random.next();
    if (this.chance(0.1)) ship.turn.set(this.random.next() - 0.5, 1, this.random.next(), 0.2);
    if (this.chance(0.2)) ship.ammo = this.n(64);
    if (this.chance(0.2)) ship.secret = this.n(61);
    if (this.chance(0.1)) ship.name = `n${this.n(50)}`;
    if (this.chance(0.05)) ship.teleport();
    if (this.chance(0.2) && ship.bag.length < 8) ship.bag.insert(this.n(ship.bag.length + 1), 7);
    if (this.chance(0.2) && ship.bag.length) ship.bag.remove(this.n(ship.bag.length));
    if (this.chance(0.2) && ship.bag.length) ship.bag.set(this.n(ship.bag.length), this.n(256));
    if (this.chance(0.2)) this.touchMap(ship.marks, this.n(9), () => [this.n(9)], 6);
    if (this.chance(0.2)) ship.marks.get(this.n(9))?.assign([1, this.n(9)]);
  }

  shake(crate: Crate): void {
    if (this.chance(0.2)) crate.at.x += this.random.next();
    if (this.chance(0.2)) crate.inside = this.n(11) - 5;
    if (this.chance(0.1)) crate.blob = { n: this.n(9) };
    const { deep } = crate;
    if (this.chance(0.1) && deep.length < 4) deep.push({ hits: [['a', this.n(9)]] });
    if (this.chance(0.1) && deep.length) deep.remove(this.n(deep.length));
    const one = deep.at(this.n(4));
    if (!one) return;
    if (this.chance(0.3)) this.touchMap(one.hits, 'abcdef'[this.n(6)], () => this.n(10), 4);
    if (this.chance(0.2)) one.at = { x: this.random.next(), y: 0.5 };
  }

  /** Ends the tick; each seat gets it by chance. Answers what is wrong with those that did. */
  end(): string[] {
    const to = this.stage.viewers.filter(() => this.chance(0.5));
    for (const viewer of to) if (this.chance(0.03)) viewer.needsEverything = true;
    if (to.length) this.stage.send(...to);
    else this.stage.skip();
    return to.flatMap((viewer) => differences(this.stage, viewer));
  }
}

describe.each(['shared', 'per-seat'] as const)('a room whose known set is %s', (mode) => {
  test.each([1, 2, 3])(
    '[S3, S8, O2] tells seats that skip frames the whole truth in each (seed %i)',
    (seed) => {
      const life = new Life(seed, mode);
      for (let tick = 1; tick <= 400; tick++) {
        life.turn();
        expect(life.end(), `seed ${seed}, tick ${tick}`).toEqual([]);
      }
    },
  );
});
