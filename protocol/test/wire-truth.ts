// Where a seat holds anything but the truth, field by field: rounded for everybody, exact for the
// owner of a stepped kind, defaults where it may not look. Compares plain data, so that live
// collections and received ones meet in one form.
import { TrackedList, TrackedMap, TrackedRecord } from '../src/collections.ts';
import type { FieldSpec } from '../src/field.ts';
import type { FieldPlan } from '../src/plan.ts';
import { quatFromWire, quatToWire, roundTrip } from '../src/quantize.ts';
import type { Table } from '../src/table.ts';
import { initialShown } from '../src/table.ts';
import type { Stage, Viewer } from './wire-stage.ts';

/** A live value as plain data in which every number is the one a receiver restores. */
export function rounded(spec: FieldSpec, value: unknown): unknown {
  if (value instanceof TrackedList) return value.items.map((one) => rounded(spec.element!, one));
  if (value instanceof TrackedMap)
    return sorted([...value].map(([key, one]) => [key, rounded(spec.element!, one)]));
  if (value instanceof TrackedRecord)
    return Object.fromEntries(spec.fields.map(([k, f], i) => [k, rounded(f, value.$values[i])]));
  if (spec.components === 0 || spec.type === 'choice' || spec.type === 'bool') return value;
  if (spec.components === 1) return roundTrip(spec, value as number);
  const parts = value as Readonly<Record<string, number>>;
  return roundedParts(
    spec,
    [...'xyzw'].slice(0, spec.components).map((axis) => parts[axis]),
  );
}

/** Components of a number, vector or quaternion as a receiver restores them. */
export function roundedParts(spec: FieldSpec, parts: readonly number[]): number[] {
  if (spec.type !== 'quat') return parts.map((part) => roundTrip(spec, part));
  const wire = new Float64Array(4);
  const out = new Float64Array(4);
  quatToWire(spec, parts, wire);
  quatFromWire(spec, wire, out);
  return [...out];
}

/** A received value in the same plain form. */
export function shown(spec: FieldSpec, value: unknown): unknown {
  if (spec.type === 'list') return (value as unknown[]).map((one) => shown(spec.element!, one));
  if (spec.type === 'map')
    return sorted(
      [...(value as ReadonlyMap<unknown, unknown>)].map(([k, v]) => [k, shown(spec.element!, v)]),
    );
  if (spec.type === 'record') {
    const given = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(spec.fields.map(([key, f]) => [key, shown(f, given[key])]));
  }
  if (spec.components < 2) return value;
  const parts = value as Readonly<Record<string, number>>;
  return [...'xyzw'].slice(0, spec.components).map((axis) => parts[axis]);
}

function sorted(entries: [unknown, unknown][]): unknown[] {
  return entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

function numbers(table: Table, f: FieldPlan, row: number): number[] {
  return [...Array(f.spec.components).keys()].map((i) => table.values[f.column + i][row]);
}

function wantedOf(live: Table, f: FieldPlan, row: number, seat: number): unknown {
  const { spec } = f;
  const mine = seat !== 0 && live.ownerOf(row) === seat;
  const hidden = spec.scope === 'server' || (spec.scope === 'owner' && !mine);
  if (f.column < 0)
    return hidden ? shown(spec, initialShown(spec)) : rounded(spec, live.objects[f.object][row]);
  if (hidden) return [...live.plan.shown.slice(f.column, f.column + spec.components)];
  const exact = mine && live.plan.stepped && (live.plan.ownMask & (1 << f.index)) !== 0;
  const values = numbers(live, f, row);
  return exact ? values : roundedParts(spec, values);
}

/** Every field of every entity in sight that the seat holds otherwise than it should. */
export function differences(stage: Pick<Stage, 'tables' | 'state'>, viewer: Viewer): string[] {
  const found: string[] = [];
  const compare = (path: string, wanted: unknown, held: unknown): void => {
    const a = JSON.stringify(wanted);
    const b = JSON.stringify(held);
    if (a !== b) found.push(`${path}: wanted ${a}, holds ${b}`);
  };
  for (const live of [...stage.tables, stage.state]) {
    const { plan } = live;
    const isState = plan.index < 0;
    const table = isState ? viewer.received.state : viewer.received.tables[plan.index];
    let count = 0;
    for (let row = 1; row <= live.high; row++) {
      if (live.ids[row] === 0) continue;
      const seen = !viewer.known || isState || viewer.known.slotOf(live.ids[row]) >= 0;
      const at = isState ? 1 : viewer.indexOf(plan.index, live.ids[row]);
      if (seen !== at > 0) found.push(`${plan.name} ${live.ids[row]} is ${at ? '' : 'not '}known`);
      if (!seen || at === 0) continue;
      count++;
      for (const f of plan.fields) {
        const held =
          f.column < 0 ? shown(f.spec, table.objects[f.object][at]) : numbers(table, f, at);
        compare(`${plan.name} ${live.ids[row]}.${f.name}`, wantedOf(live, f, row, viewer.id), held);
      }
    }
    compare(`count of ${plan.name}`, count, table.count);
  }
  return found;
}
