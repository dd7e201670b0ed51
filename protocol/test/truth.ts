// Where a seat holds anything but the truth, field by field: rounded for everybody, exact for the
// owner of a stepped kind, blank where it may not look. What it should hold is computed from the
// live room by the declaration alone: no stamps, no tracks, no writer. The oracle of the tests of
// state.
import {
  type Baseline,
  EPOCH,
  type FieldPlan,
  type FieldSpec,
  fromWire,
  initialShown,
  type LiveTable,
  type Plan,
  type ReceivedTable,
  type Row,
  rowClass,
  type Table,
} from '../src/index.ts';
import type { Stage, Viewer } from './stage.ts';

/** Between a number restored here and one restored there. */
const EPSILON = 1e-9;

type Parts = Readonly<Record<string, number>>;

function partsOf({ components }: FieldSpec, value: unknown): number[] {
  return [...'xyzw'].slice(0, components).map((axis) => (value as Parts)[axis]);
}

/** Nearest step within the range; not a number is the least (a fresh row's). */
function roundedNumber(spec: FieldSpec, value: number): number {
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

/** Adds the path of each difference. */
function same(path: string, wanted: unknown, got: unknown, epsilon: number, found: string[]): void {
  if (wanted instanceof Turn) {
    if (wanted.isNear(got as number[])) return;
  } else if (typeof wanted === 'number' && typeof got === 'number') {
    if (Math.abs(wanted - got) <= epsilon) return;
  } else if (Array.isArray(wanted) && Array.isArray(got)) {
    if (wanted.length === got.length) {
      for (let i = 0; i < wanted.length; i++)
        same(`${path}[${i}]`, wanted[i], got[i], epsilon, found);
      return;
    }
  } else if (typeof wanted === 'object' && wanted !== null) {
    if (JSON.stringify(wanted) === JSON.stringify(got)) return;
  } else if (wanted === got) return;
  found.push(`${path}: wanted ${JSON.stringify(wanted)}, holds ${JSON.stringify(got)}`);
}

/** A received row as the seat is shown it. */
function shownRow(table: Table, index: number, viewer: number): Row {
  table.viewer = viewer;
  return new (rowClass(table.plan, 'shown'))(table, index);
}

/**
 * Where the seat holds anything but what it may know now. Rows it is told of later are left out.
 */
export function differences(stage: Pick<Stage, 'tables' | 'state'>, viewer: Viewer): string[] {
  const found: string[] = [];
  const { received, known, id } = viewer;
  for (const live of stage.tables) {
    const { plan } = live;
    const table = received.tables[plan.index];
    let count = 0;
    for (let row = 1; row <= live.high; row++) {
      if (live.ids[row] === 0) continue;
      const slot = known ? known.slotOf(live.ids[row]) : 0;
      const at = viewer.indexOf(plan.index, live.ids[row]);
      const told = slot >= 0 && (!known || known.sentAt(slot) > 0);
      if (told !== at > 0) found.push(`${plan.name} ${live.ids[row]} is ${at ? '' : 'not '}known`);
      if (at > 0) count++;
      const now = !known || known.sentAt(slot) === viewer.sentTick;
      const far = known?.tierAt(slot) === 1;
      if (told && at > 0 && now) compareRow(live, row, table, at, id, found, far);
    }
    if (count !== table.count) found.push(`${plan.name}: holds ${table.count} of ${count}`);
  }
  compareRow(stage.state, 1, received.state, 1, id, found);
  return found;
}

function compareRow(
  live: LiveTable,
  row: number,
  table: ReceivedTable,
  at: number,
  seat: number,
  found: string[],
  far = false,
): void {
  const { plan } = live;
  const motion = far ? live.far!.motion : 0;
  const truth = live.rows[row]!;
  const shown = shownRow(table, at, seat);
  const mine = seat !== 0 && plan.index >= 0 && live.ownerOf(row) === seat;
  for (const f of plan.fields) {
    const { name, spec } = f;
    const path = `${plan.name} ${live.ids[row]}.${name}`;
    const secret = spec.scope === 'server' || (spec.scope === 'owner' && !mine);
    const exact = mine && plan.stepped && (plan.ownMask & (1 << f.index)) !== 0;
    if (secret) compareBlank(path, f, plan, table, at, found);
    else if (exact && f.column >= 0) compareExact(path, f, live, row, table, at, found);
    else {
      const tracked = live.tracks !== undefined && live.tracks.ofField[f.index] >= 0;
      const off = tracked ? (far ? spec.far : spec.within) * spec.step : 0;
      const [wanted, got] =
        f.index === EPOCH && plan.index >= 0
          ? [live.values[EPOCH][row], table.values[EPOCH][at]]
          : [expected(spec, truth[name]), held(spec, shown[name])];
      // A velocity of what is far waits until a place departs by more than it may.
      const waits = !tracked && (motion & (1 << f.index)) !== 0;
      if (!waits) same(path, nearerTurn(spec, wanted, got), got, off + EPSILON, found);
    }
    if (spec.scope === 'all' && f.column >= 0)
      compareWire(path, f, far ? live.far! : live, row, table, at, exact, found);
  }
}

/** Angles that may be steps off are compared the shorter way around. */
function nearerTurn({ type }: FieldSpec, wanted: unknown, got: unknown): unknown {
  if (type !== 'angle' || typeof wanted !== 'number' || typeof got !== 'number') return wanted;
  return wanted + Math.round((got - wanted) / (2 * Math.PI)) * 2 * Math.PI;
}

/** Seat and server hold the same wire values, and what is shown is what they stand for. */
function compareWire(
  path: string,
  { spec, column }: FieldPlan,
  live: Baseline,
  row: number,
  table: ReceivedTable,
  at: number,
  exact: boolean,
  found: string[],
): void {
  for (let c = column; c < column + spec.components; c++) {
    const [wanted, got] = [live.wire[c][row], table.wire[c][at]];
    if (wanted !== got) found.push(`${path}: wire ${wanted}, holds ${got}`);
    if (spec.type === 'quat' || exact) continue;
    const value = fromWire(spec, got);
    if (table.values[c][at] !== value)
      found.push(`${path}: ${value}, shows ${table.values[c][at]}`);
  }
}

/** What a seat predicts of its own is what the server has, to the last bit. */
function compareExact(
  path: string,
  { spec, column }: FieldPlan,
  live: LiveTable,
  row: number,
  table: Table,
  at: number,
  found: string[],
): void {
  for (let c = column; c < column + spec.components; c++) {
    const wanted = live.values[c][row];
    const got = table.values[c][at];
    if (Number.isFinite(wanted) && !Object.is(wanted, got))
      found.push(`${path}: wanted exactly ${wanted}, holds ${got}`);
  }
}

/** A field that is not for this seat holds what a fresh row does. */
function compareBlank(
  path: string,
  { spec, column, object }: FieldPlan,
  plan: Plan,
  table: Table,
  at: number,
  found: string[],
): void {
  const blank = `${path} (not for this seat)`;
  for (let c = column; c < column + spec.components; c++)
    same(blank, plan.shown[c], table.values[c][at], EPSILON, found);
  if (object < 0) return;
  const value = table.objects[object][at];
  const empty = spec.type === 'list' || spec.type === 'map';
  if (empty) same(blank, 0, [...(value as Iterable<unknown>)].length, 0, found);
  else same(blank, held(spec, initialShown(spec)), held(spec, value), EPSILON, found);
}
