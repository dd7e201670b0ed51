// What a seat sees of what moves: in every STATE each smooth field is the truth, rounded, or within
// the steps that the game allows; whoever skipped, joined late, lost sight or waited. Seeded;
// TICKWIRE_MOTION_SEEDS and TICKWIRE_FUZZ_FROM ask for more and for others.
import { describe, expect, test } from 'vitest';
import {
  angle,
  CodingTables,
  defineGame,
  fixed,
  int,
  list,
  ODDS,
  quat,
  Random,
  text,
  vec2,
  vec3,
} from '../src/index.ts';
import { Mover } from './motion.ts';
import { SIGHTS, type Sight, SPELLINGS, type Spelling, Stage, type Viewer } from './stage.ts';
import { differences } from './truth.ts';

const SEEDS = Number(process.env.TICKWIRE_MOTION_SEEDS ?? 20);
const FROM = Number(process.env.TICKWIRE_FUZZ_FROM ?? 1);
const STATES = 120;
const SEATS = 3;
const MOST = 40;

const game = defineGame({
  tickRate: 20,
  state: { round: int(0, 99), wind: vec2(-1, 1, 1 / 64) },
  entities: {
    ship: {
      x: fixed(-50, 50, 1 / 16).smooth({ by: 'vx', far: 30 }),
      y: fixed(-50, 50, 1 / 16).smooth({ by: 'vy', within: 1, far: 40 }),
      vx: fixed(-40, 40, 1 / 4),
      vy: fixed(-40, 40, 1 / 64).smooth(),
      heading: angle(8).smooth({ far: 20 }),
      course: angle(10).smooth({ by: 'turning' }),
      turning: fixed(-4, 4, 1 / 32),
      turn: quat(9).smooth(),
      name: text(8),
      bag: list(int(0, 99), 4),
      fuel: int(0, 99).ownerOnly(),
    },
    crate: {
      position: vec3(-9, 9, 1 / 8).smooth(),
      drift: vec2(0, 500, 1 / 32).smooth({ by: 'wind', within: 5, far: 50 }),
      wind: vec2(-20, 20, 1),
      far: fixed(-50, 50, 1 / 16).smooth({ by: 'fine' }),
      fine: fixed(-(2 ** 21), 2 ** 21, 1 / 1024),
      wide: fixed(0, 2 ** 31, 1 / 2).smooth(),
      vast: fixed(0, 2 ** 33, 1).smooth(),
      bit: int(0, 1).smooth(),
      few: int(0, 6).smooth({ within: 2 }),
      slow: fixed(-50, 50, 1 / 16).smooth({ within: 3, far: 60 }),
      spin: angle(3).smooth({ within: 1 }),
      hp: int(0, 9),
    },
  },
  step: { ship() {} },
});

class Life {
  readonly stage: Stage<typeof game>;
  readonly chance: Random;
  readonly mover: Mover;
  readonly sight: Sight;
  checked = 0;
  readonly #skip = new Map<Viewer, number>();

  constructor(seed: number, wire: Spelling, sight: Sight) {
    this.chance = new Random(seed);
    this.sight = sight;
    const far = sight === 'per-seat';
    this.stage = new Stage(game, { wire, sendEvery: 1 + (seed % 4), log: 20, far });
    this.mover = new Mover(this.chance, 1 / game.tickRate);
  }

  run(states: number): void {
    for (let i = 0; i < states; i++) {
      for (let tick = 0; tick < this.stage.sendEvery; tick++) this.#tick();
      this.#send();
    }
  }

  #tick(): void {
    const { chance, stage } = this;
    const rows = [...stage.rows()];
    if (chance.next() < 0.4 && rows.length < MOST) this.#spawn();
    const any = rows[chance.integer(Math.max(rows.length, 1))];
    const dice = any ? chance.integer(30) : NaN;
    if (dice < 3) stage.despawn(any);
    else if (dice < 6) stage.give(any, chance.integer(SEATS + 1));
    else if (dice < 8) any.$table.teleport(any.$index);
    for (const row of stage.rows()) {
      if (chance.next() < 0.9) this.mover.move(row);
      if (chance.next() < 0.1) this.#touch(row as never);
    }
    if (chance.next() < 0.1) stage.state.rows[1]!.round = chance.integer(99);
  }

  #spawn(): void {
    const { chance, stage } = this;
    const owner = chance.integer(SEATS + 3) % (SEATS + 1);
    const at = () => chance.integer(41) - 20;
    if (chance.next() < 0.5)
      stage.spawn('ship', chance.next() < 0.3 ? {} : { x: at(), vx: at() }, owner);
    else stage.spawn('crate', chance.next() < 0.3 ? {} : { drift: { x: 20 + at(), y: 30 } }, owner);
  }

  /** Fields without a track, beside those that have one. */
  #touch(row: Record<string, unknown>): void {
    const { chance } = this;
    if (row.kind === 'crate') row.hp = chance.integer(10);
    else if (chance.next() < 0.3) row.name = `n${chance.integer(20)}`;
    else if (chance.next() < 0.5)
      row.turn = { x: chance.next() - 0.5, y: chance.next(), z: 0.3, w: 0.1 };
    else row.bag = [chance.integer(99), 1, chance.integer(3)];
  }

  #send(): void {
    const { chance, stage } = this;
    if (chance.next() < 0.05) this.#learn();
    stage.round();
    const { length } = stage.viewers;
    if (length === 0 || (length < SEATS * 2 && chance.next() < 0.1)) this.#join();
    for (const viewer of stage.viewers) this.#tell(viewer);
    stage.next();
  }

  /** Other odds, as a room has that learnt of its traffic: the same for both sides. */
  #learn(): void {
    const { version, odds } = this.stage.odds;
    const learnt = odds.map((p, c) =>
      c > 0 && this.chance.next() < 0.05 ? ODDS[this.chance.integer(ODDS.length)] : p,
    );
    this.stage.odds = new CodingTables(version + 1, learnt);
  }

  #join(): void {
    const { chance, stage, sight } = this;
    const viewer = stage.join(1 + (stage.viewers.length % SEATS), sight);
    const hidden = new Set<number>();
    viewer.sees = (row) => {
      if (chance.next() < 0.05 && !hidden.delete(row.id)) hidden.add(row.id);
      return !hidden.has(row.id);
    };
    const far = new Set<number>();
    viewer.isFar = (row) => {
      if (chance.next() < 0.08 && !far.delete(row.id)) far.add(row.id);
      return far.has(row.id);
    };
    // A seat with little room is told of few rows at once; of its own in every STATE.
    const waits = chance.next() < 0.5 ? chance.next() ** 2 : 0;
    viewer.defers = () => chance.next() < waits;
  }

  #tell(viewer: Viewer): void {
    const { chance, stage } = this;
    const left = this.#skip.get(viewer) ?? 0;
    this.#skip.set(viewer, left - 1);
    if (left > 0) return;
    if (chance.next() < 0.1)
      this.#skip.set(viewer, 1 + chance.integer(chance.next() < 0.2 ? 90 : 4));
    if (chance.next() < 0.01) viewer.needsEverything = true;
    stage.tell(viewer);
    expect(differences(stage, viewer), `tick ${stage.tick}, seat ${viewer.id}`).toEqual([]);
    this.checked++;
  }
}

const seeds = Array.from({ length: SEEDS }, (_, i) => FROM + i);

describe.each(SPELLINGS.flatMap((wire) => SIGHTS.map((sight) => ({ wire, sight }))))(
  'in a $wire room, its known set $sight,',
  ({ wire, sight }) => {
    test.each(seeds)(
      '[T1, S3, S8, S16] what moves is where the server has it (seed %i)',
      (seed) => {
        const life = new Life(seed, wire, sight);
        life.run(STATES);
        expect(life.checked).toBeGreaterThan(STATES / 3);
      },
    );
  },
);
