// The last second of STATEs as browsers hold them: for each, every row with the rounded values that
// went out, fields that stay on the server as they were. Filled by rewind.ts at each STATE, read by
// rewound.ts. Rows keep the index they have in the world, so two STATEs are blended row by row.
// Lists, maps and records are not kept: a copy of each at every STATE costs more than all else here
// (DECISIONS). HOT: allocates nothing per tick once every slot has been used.
import {
  assert,
  type FieldPlan,
  type Game,
  isCollection,
  type LiveTable,
  partsFromWire,
  Table,
  type Wire,
} from '@tickwire/protocol';
import type { PastGrid } from './rewind-grid.ts';

const wireParts = new Float64Array(4);
const valueParts = new Float64Array(4);

/** The world after one STATE. */
export interface Sent {
  tick: number;
  readonly tables: readonly Table[];
  /** By kind: as told to who is far; undefined where distance makes no difference. */
  readonly far: (Table | undefined)[];
  /** By kind: where the rows went from here to the STATE of `gridTicks`; made when asked for. */
  readonly grids: (PastGrid | undefined)[];
  /** By kind: tick of the later STATE that the grid was made with; 0 for none. */
  readonly gridTicks: Float64Array;
}

export class SentHistory {
  readonly #ring: Sent[];
  readonly #every: number;
  #count = 0;

  /** Keeps the newest `length` STATEs, which are `every` ticks apart. */
  constructor({ kinds }: Pick<Game, 'kinds'>, length: number, every: number) {
    this.#every = every;
    this.#ring = Array.from({ length }, () => ({
      tick: 0,
      tables: kinds.map((plan) => new Table(plan)),
      far: kinds.map(() => undefined),
      grids: kinds.map(() => undefined),
      gridTicks: new Float64Array(kinds.length),
    }));
  }

  get newest(): Sent | undefined {
    return this.#count > 0 ? this.#ring[(this.#count - 1) % this.#ring.length] : undefined;
  }

  get oldest(): Sent | undefined {
    const length = Math.min(this.#count, this.#ring.length);
    return length > 0 ? this.#ring[(this.#count - length) % this.#ring.length] : undefined;
  }

  /** The STATE of exactly that tick. */
  at(tick: number): Sent | undefined {
    if (this.#count === 0) return undefined;
    const back = (this.newest!.tick - tick) / this.#every;
    if (!(back >= 0 && back < Math.min(this.#count, this.#ring.length))) return undefined;
    const found = this.#ring[(this.#count - 1 - back) % this.#ring.length];
    assert(found.tick === tick, 'STATEs are evenly spaced');
    return found;
  }

  /** The world was rounded for the STATE of `tick`. */
  push(tick: number, tables: readonly LiveTable[]): void {
    assert(
      tick === (this.newest?.tick ?? tick - this.#every) + this.#every,
      'no STATE is left out',
    );
    const sent = this.#ring[this.#count++ % this.#ring.length];
    sent.tick = tick;
    sent.gridTicks.fill(0);
    for (let k = 0; k < tables.length; k++) {
      const table = tables[k];
      restore(sent.tables[k], table, table.wire);
      if (!table.far) continue;
      const far = (sent.far[k] ??= new Table(table.plan));
      restore(far, table, table.far.wire);
    }
  }
}

/** `to` becomes what seats in step hold of a table, by these wire values. */
function restore(to: Table, from: LiveTable, wire: readonly Wire[]): void {
  to.reserve(from.high);
  const top = Math.max(to.high, from.high) + 1;
  for (let row = 1; row < top; row++) to.ids[row] = from.ids[row];
  to.high = from.high;
  to.count = from.count;
  for (const f of from.plan.fields) {
    if (f.object >= 0) keepObjects(to, from, f);
    else if (f.spec.scope !== 'all') keepNumbers(to, from, f);
    else if (f.spec.type === 'quat') restoreTurns(to, from, f, wire);
    else restoreNumbers(to, from, f, wire);
  }
}

/** Texts and packed values are replaced whole: to keep the reference is to keep the value. */
function keepObjects(to: Table, from: LiveTable, { object, spec }: FieldPlan): void {
  if (isCollection(spec)) return;
  const [kept, live] = [to.objects[object], from.objects[object]];
  for (let row = 1; row <= from.high; row++) kept[row] = live[row];
}

function keepNumbers(to: Table, from: LiveTable, { column, spec }: FieldPlan): void {
  for (let c = column; c < column + spec.components; c++) {
    const [kept, live] = [to.values[c], from.values[c]];
    for (let row = 1; row <= from.high; row++) kept[row] = live[row];
  }
}

/** fromWire, written out over a column. */
function restoreNumbers(
  to: Table,
  { high }: LiveTable,
  { column, spec }: FieldPlan,
  wires: readonly Wire[],
): void {
  const { min, step, levels, type } = spec;
  for (let c = column; c < column + spec.components; c++) {
    const [kept, wire] = [to.values[c], wires[c]];
    if (type === 'angle')
      for (let row = 1; row <= high; row++) {
        const steps = wire[row];
        kept[row] = steps * 2 > levels ? (steps - levels - 1) * step : min + steps * step;
      }
    else for (let row = 1; row <= high; row++) kept[row] = min + wire[row] * step;
  }
}

function restoreTurns(
  to: Table,
  { high, ids }: LiveTable,
  { column, spec }: FieldPlan,
  wire: readonly Wire[],
): void {
  for (let row = 1; row <= high; row++) {
    if (ids[row] === 0) continue;
    for (let i = 0; i < 4; i++) wireParts[i] = wire[column + i][row];
    partsFromWire(spec, wireParts, valueParts);
    for (let i = 0; i < 4; i++) to.values[column + i][row] = valueParts[i];
  }
}
