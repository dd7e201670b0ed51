// The state protocol under everything at once, seeded: rooms that change by chance, seats that join
// late, are left out, start over, wait for entities, and see more or less. After each STATE what a
// seat holds is the truth, field by field. motion.test.ts has the tracks. TICKWIRE_FUZZ_SEEDS and
// TICKWIRE_FUZZ_TICKS ask for more.
import { describe, expect, test } from 'vitest';
import { Random, type Row, type Table } from '../src/index.ts';
import { changeField, someValue } from './chance.ts';
import { game } from './everything.ts';
import { SIGHTS, type Sight, SPELLINGS, type Spelling, Stage, type Viewer } from './stage.ts';
import { differences } from './truth.ts';

const SEEDS = Number(process.env.TICKWIRE_FUZZ_SEEDS ?? 3);
const TICKS = Number(process.env.TICKWIRE_FUZZ_TICKS ?? 500);
/** Departures a shared set remembers here: few, so that receivers far behind run past them. */
const LOG = 12;
/** Entities at once: past the first capacity of a table now and then. */
const MOST = 120;
const SEATS = [1, 2, 3];
const KINDS = ['ship', 'crate', 'sign'] as const;

class Fuzz {
  readonly stage: Stage<typeof game>;
  readonly chance: Random;
  checked = 0;
  grown = false;
  readonly #sight: Sight;
  readonly #skip = new Map<Viewer, number>();
  readonly #hidden = new Map<Viewer, Set<number>>();

  constructor(seed: number, wire: Spelling, sight: Sight) {
    this.chance = new Random(seed);
    this.stage = new Stage(game, { log: LOG, wire, sendEvery: 1 + (seed % 3) });
    this.#sight = sight;
  }

  run(ticks: number): void {
    for (let i = 0; i < ticks; i++) this.#tick();
    expect(this.checked).toBeGreaterThan(ticks);
  }

  #tick(): void {
    const { stage, chance } = this;
    for (let i = chance.integer(8); i > 0; i--) this.#change();
    if (chance.next() < 0.7) this.#populate();
    for (let i = chance.integer(3); i > 0; i--) this.#give();
    if (stage.tick % 20 === 0) stage.forget(stage.tick - 30);
    stage.round();
    this.grown ||= stage.table('ship').capacity > 32;
    if (stage.viewers.length < SEATS.length * 2 && chance.next() < 0.05) this.#join();
    for (const viewer of stage.viewers) this.#tell(viewer);
    stage.next();
  }

  /** STATEs are left out for a while now and then; a few seats ask for everything. */
  #tell(viewer: Viewer): void {
    const { chance, stage } = this;
    const left = this.#skip.get(viewer) ?? 0;
    this.#skip.set(viewer, left - 1);
    if (left > 0) return;
    if (chance.next() < 0.15) this.#skip.set(viewer, chance.integer(chance.next() < 0.2 ? 60 : 4));
    if (chance.next() < 0.02) viewer.needsEverything = true;
    this.#look(viewer);
    stage.tell(viewer);
    expect(differences(stage, viewer), `tick ${stage.tick}, seat ${viewer.id}`).toEqual([]);
    this.checked++;
  }

  /** What is out of sight changes; who leaves and comes back between two STATEs was never away. */
  #look(viewer: Viewer): void {
    const hidden = this.#hidden.get(viewer)!;
    for (const row of this.stage.rows())
      if (this.chance.next() < 0.08)
        hidden.has(row.id) ? hidden.delete(row.id) : hidden.add(row.id);
  }

  #join(): void {
    const viewer = this.stage.join(SEATS[this.stage.viewers.length % SEATS.length], this.#sight);
    const hidden = new Set<number>();
    this.#hidden.set(viewer, hidden);
    viewer.sees = (row) => !hidden.has(row.id);
    const waits = this.chance.integer(2) * 0.3;
    viewer.defers = () => this.chance.next() < waits;
  }

  #pick(): Row | undefined {
    const rows = [...this.stage.rows()];
    return rows[this.chance.integer(Math.max(rows.length, 1))];
  }

  #change(): void {
    const { chance, stage } = this;
    const row = chance.next() < 0.9 ? this.#pick() : stage.state.rows[1]!;
    if (!row) return;
    const isState = row.$table === (stage.state as Table);
    const fields = row.$table.plan.fields.slice(isState ? 0 : 2);
    const { name, spec } = fields[chance.integer(fields.length)];
    changeField(row, name, spec, chance);
    if (!isState && chance.next() < 0.05) row.$table.teleport(row.$index);
  }

  #populate(): void {
    const { chance, stage } = this;
    const rows = [...stage.rows()];
    if (rows.length > 0 && chance.integer(MOST) < rows.length) {
      stage.despawn(rows[chance.integer(rows.length)]);
      return;
    }
    const kind = KINDS[chance.integer(8)] ?? 'ship';
    const fields = game
      .kind(kind)
      .fields.slice(2)
      .filter(() => chance.next() < 0.4);
    const init = Object.fromEntries(fields.map((f) => [f.name, someValue(f.spec, chance)]));
    stage.spawn(kind, init, chance.next() < 0.4 ? 1 + chance.integer(SEATS.length) : 0);
  }

  /** Back and forth, sometimes within one tick. */
  #give(): void {
    const row = this.#pick();
    if (row && this.chance.next() < 0.4) this.stage.give(row, this.chance.integer(4));
  }
}

const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);

describe.each(SPELLINGS.flatMap((wire) => SIGHTS.map((sight) => ({ wire, sight }))))(
  'a $wire room, its known set $sight',
  ({ wire, sight }) => {
    test.each(seeds)('[S3, S8, S16] what a seat holds is the truth, rounded (seed %i)', (seed) => {
      const fuzz = new Fuzz(seed, wire, sight);
      fuzz.run(TICKS);
      expect(fuzz.grown).toBe(true);
    });
  },
);
