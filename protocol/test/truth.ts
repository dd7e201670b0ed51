// What a receiver should hold, computed from the live world by the declaration alone: no stamps, no
// wire, no writer. The oracle of this folder's tests.
import { type FieldSpec, type Plan, type Row, rowClass, type Table } from '../src/index.ts';
import type { Receiver, World } from './world.ts';

/** Between a number restored here and one restored there. */
const EPSILON = 1e-9;

type Parts = Readonly<Record<string, number>>;

function partsOf({ components }: FieldSpec, value: unknown): number[] {
  return [...'xyzw'].slice(0, components).map((axis) => (value as Parts)[axis]);
}

/** Nearest step within the range; not a number is the least (a fresh row's). */
export function roundedNumber(spec: FieldSpec, value: number): number {
  const { min, step, levels, type } = spec;
  const steps = Math.round((value - min) / step);
  if (type === 'angle') {
    const turn = levels + 1;
    const wire = Number.isFinite(steps) ? ((steps % turn) + turn) % turn : 0;
    return (wire * 2 >= turn ? wire - turn : wire) * step;
  }
  return min + (Number.isNaN(steps) ? 0 : Math.min(Math.max(steps, 0), levels)) * step;
}

/** A live value as plain data, every number rounded, through what a game sees of it. */
export function expected(spec: FieldSpec, value: unknown): unknown {
  switch (spec.type) {
    case 'list':
      return [...(value as Iterable<unknown>)].map((one) => expected(spec.element!, one));
    case 'map':
      return sorted(
        [...(value as Iterable<[unknown, unknown]>)].map(([key, one]) => [
          key,
          expected(spec.element!, one),
        ]),
      );
    case 'record':
      return spec.fields.map(([name, inner]) =>
        expected(inner, (value as Record<string, unknown>)[name]),
      );
    case 'text':
    case 'packed':
    case 'choice':
    case 'bool':
      return value;
    case 'quat':
      return new Turn(spec, partsOf(spec, value));
    default:
      return spec.components === 1
        ? roundedNumber(spec, value as number)
        : partsOf(spec, value).map((part) => roundedNumber(spec, part));
  }
}

/** A received value in the same shape. */
export function held(spec: FieldSpec, value: unknown): unknown {
  switch (spec.type) {
    case 'list':
      return (value as readonly unknown[]).map((one) => held(spec.element!, one));
    case 'map':
      return sorted(
        [...(value as ReadonlyMap<unknown, unknown>)].map(([key, one]) => [
          key,
          held(spec.element!, one),
        ]),
      );
    case 'record':
      return spec.fields.map(([name, inner]) =>
        held(inner, (value as Record<string, unknown>)[name]),
      );
    default:
      return spec.components > 1 ? partsOf(spec, value) : value;
  }
}

function sorted(entries: unknown[][]): unknown[][] {
  return entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** A rotation that another one must come near: q and -q are the same. */
class Turn {
  readonly step: number;
  readonly parts: readonly number[];
  constructor({ step }: FieldSpec, parts: readonly number[]) {
    const length = Math.hypot(...parts);
    const usable = length > 0 && Number.isFinite(length);
    this.step = step;
    this.parts = usable ? parts.map((part) => part / length) : [0, 0, 0, 1];
  }
  isNear(other: readonly number[]): boolean {
    const sign = this.parts.reduce((sum, part, i) => sum + part * other[i], 0) < 0 ? -1 : 1;
    // The greatest follows from the others: at most three times their error, a step in a tie.
    return this.parts.every((part, i) => Math.abs(part - sign * other[i]) <= 3 * this.step);
  }
}

/** Throws with the path of the first difference. */
export function same(path: string, wanted: unknown, got: unknown, epsilon = EPSILON): void {
  if (wanted instanceof Turn) {
    if (wanted.isNear(got as number[])) return;
  } else if (typeof wanted === 'number' && typeof got === 'number') {
    if (Math.abs(wanted - got) <= epsilon) return;
  } else if (Array.isArray(wanted) && Array.isArray(got)) {
    if (wanted.length === got.length) {
      for (let i = 0; i < wanted.length; i++) same(`${path}[${i}]`, wanted[i], got[i], epsilon);
      return;
    }
  } else if (typeof wanted === 'object' && wanted !== null) {
    if (JSON.stringify(wanted) === JSON.stringify(got)) return;
  } else if (wanted === got) return;
  throw new Error(`${path}: wanted ${JSON.stringify(wanted)}, holds ${JSON.stringify(got)}`);
}

/** A received row as the seat is shown it. */
export function shownRow(table: Table, index: number, viewer: number): Row {
  table.viewer = viewer;
  return new (rowClass(table.plan, 'shown'))(table, index);
}

/** Everything the receiver holds against everything it may know now. */
export function compare(world: World, { seat, received, sees, hidden }: Receiver): void {
  const visible = [...world.rows()].filter((row) => sees.call({ seat, hidden } as Receiver, row));
  const count = received.tables.reduce((sum, table) => sum + table.count, 0);
  if (count !== visible.length) throw new Error(`holds ${count} of ${visible.length} entities`);
  for (const row of visible) {
    const { plan } = row.$table;
    const table = received.tables[plan.index];
    const index = received.rowOf(plan.index, row.id);
    if (table.ids[index] !== row.id) throw new Error(`${plan.name} ${row.id} is missing`);
    compareRow(plan, row, shownRow(table, index, seat), seat);
  }
  for (const { name, spec } of world.game.state.fields) {
    const state = received.state;
    const wanted = expected(spec, world.state.rows[1]![name]);
    same(`state.${name}`, wanted, held(spec, shownRow(state, 1, seat)[name]));
  }
}

function compareRow(plan: Plan, row: Row, shown: Row, seat: number): void {
  const path = `${plan.name} ${row.id}`;
  same(`${path}.owner`, row.owner, shown.owner);
  const mine = row.owner === seat;
  for (const f of plan.fields) {
    if (f.index < 2) continue;
    const { name, spec } = f;
    if (spec.scope === 'server' || (spec.scope === 'owner' && !mine)) {
      compareBlank(`${path}.${name} (not for this seat)`, plan, f.index, shown);
      continue;
    }
    const wanted = row[name];
    if (mine && plan.stepped && spec.components > 0) compareExact(`${path}.${name}`, f, row, shown);
    else same(`${path}.${name}`, expected(spec, wanted), held(spec, shown[name]));
  }
}

/** What a seat predicts of its own is what the server has, to the last bit. */
function compareExact(path: string, f: Plan['fields'][number], row: Row, shown: Row): void {
  for (let c = f.column; c < f.column + f.spec.components; c++) {
    const wanted = row.$table.values[c][row.$index];
    if (Number.isFinite(wanted)) same(path, wanted, shown.$table.values[c][shown.$index], 0);
  }
}

/** A field that is not for this seat holds what a fresh row does. */
function compareBlank(path: string, plan: Plan, index: number, { $table, $index }: Row): void {
  const { spec, column, object } = plan.fields[index];
  for (let c = column; c < column + spec.components; c++)
    same(path, plan.shown[c], $table.values[c][$index]);
  if (object < 0) return;
  const value = $table.objects[object][$index];
  const empty = spec.type === 'list' || spec.type === 'map';
  if (empty) same(path, 0, [...(value as Iterable<unknown>)].length);
  else if (spec.type !== 'record') same(path, spec.initial, value);
}
