// The state protocol under everything at once, seeded: worlds that change by chance, receivers that
// join late, are left out, start over, and see more or less. After each STATE what a receiver holds
// is the truth, field by field. TICKWIRE_FUZZ_SEEDS and TICKWIRE_FUZZ_TICKS ask for more.
import { describe, expect, test } from 'vitest';
import { Random, type Row } from '../src/index.ts';
import { changeField, someValue } from './chance.ts';
import { game } from './everything.ts';
import { compare } from './truth.ts';
import { Receiver, World } from './world.ts';

const SEEDS = Number(process.env.TICKWIRE_FUZZ_SEEDS ?? 3);
const TICKS = Number(process.env.TICKWIRE_FUZZ_TICKS ?? 500);
/** Departures a shared set remembers here: few, so that receivers far behind run past them. */
const LOG = 12;
/** Entities at once: past the first capacity of a table now and then. */
const MOST = 120;
const SEATS = [1, 2, 3];
const KINDS = ['ship', 'crate', 'sign'];

class Fuzz {
  readonly world = new World(game as never, { log: LOG });
  readonly chance: Random;
  readonly receivers: Receiver[] = [];
  checked = 0;
  grown = false;
  readonly #ownViews: boolean;
  readonly #skip = new Map<Receiver, number>();

  constructor(seed: number, ownViews: boolean) {
    this.chance = new Random(seed);
    this.#ownViews = ownViews;
  }

  run(ticks: number): void {
    for (let i = 0; i < ticks; i++) this.#tick();
    expect(this.checked).toBeGreaterThan(ticks);
  }

  #tick(): void {
    const { world, chance } = this;
    for (let i = chance.integer(8); i > 0; i--) this.#change();
    if (chance.next() < 0.7) this.#populate();
    for (let i = chance.integer(3); i > 0; i--) this.#give();
    if (world.tick % 20 === 0) world.forget(world.tick - 30);
    world.round();
    this.grown ||= world.table('ship').capacity > 32;
    if (this.receivers.length < SEATS.length * 2 && chance.next() < 0.05) this.#join();
    for (const receiver of this.receivers) this.#tell(receiver);
    world.next();
  }

  /** Frames are left out for a while now and then; a few receivers ask for everything. */
  #tell(receiver: Receiver): void {
    const { chance } = this;
    const left = this.#skip.get(receiver) ?? 0;
    this.#skip.set(receiver, left - 1);
    if (left > 0) return;
    if (chance.next() < 0.15)
      this.#skip.set(receiver, chance.integer(chance.next() < 0.2 ? 60 : 4));
    if (chance.next() < 0.02) receiver.needsEverything = true;
    this.#look(receiver);
    receiver.tell();
    try {
      compare(this.world, receiver);
    } catch (error) {
      const at = `tick ${this.world.tick}, seat ${receiver.seat}`;
      throw new Error(`${at}: ${(error as Error).message}`);
    }
    this.checked++;
  }

  /** What is out of sight changes; who leaves and comes back between two frames was never away. */
  #look({ hidden }: Receiver): void {
    if (!hidden) return;
    for (const row of this.world.rows())
      if (this.chance.next() < 0.08)
        hidden.has(row.id) ? hidden.delete(row.id) : hidden.add(row.id);
  }

  #join(): void {
    const seat = SEATS[this.receivers.length % SEATS.length];
    this.receivers.push(new Receiver(this.world, seat, this.#ownViews));
  }

  #pick(): Row | undefined {
    const rows = [...this.world.rows()];
    return rows[this.chance.integer(Math.max(rows.length, 1))];
  }

  #change(): void {
    const { chance, world } = this;
    const row = chance.next() < 0.9 ? this.#pick() : world.state.rows[1]!;
    if (!row) return;
    const isState = row.$table === world.state;
    const fields = row.$table.plan.fields.slice(isState ? 0 : 2);
    const { name, spec } = fields[chance.integer(fields.length)];
    changeField(row, name, spec, chance);
    if (!isState && chance.next() < 0.05) row.$table.teleport(row.$index);
  }

  #populate(): void {
    const { chance, world } = this;
    const rows = [...world.rows()];
    if (rows.length > 0 && chance.integer(MOST) < rows.length) {
      world.despawn(rows[chance.integer(rows.length)]);
      return;
    }
    const kind = KINDS[chance.integer(8)] ?? 'ship';
    const fields = game
      .kind(kind)
      .fields.slice(2)
      .filter(() => chance.next() < 0.4);
    const init = Object.fromEntries(fields.map((f) => [f.name, someValue(f.spec, chance)]));
    world.spawn(kind, init, chance.next() < 0.4 ? 1 + chance.integer(SEATS.length) : 0);
  }

  /** Back and forth, sometimes within one tick. */
  #give(): void {
    const row = this.#pick();
    if (row && this.chance.next() < 0.4) this.world.give(row, this.chance.integer(4));
  }
}

const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);

describe.each([
  ['one known set for all', false],
  ['a known set for each seat', true],
])('%s', (_name, ownViews) => {
  test.each(seeds)('[S3, S8] what a receiver holds is the truth, rounded (seed %i)', (seed) => {
    const fuzz = new Fuzz(seed, ownViews);
    fuzz.run(TICKS);
    expect(fuzz.grown).toBe(true);
  });
});
