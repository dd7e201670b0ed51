// What our received tables hold in the words of a vector: numbers as the wire values they came
// from, vectors and maps as arrays, exact numbers as they are. Used by telling alone.
import {
  clampedWire,
  EPOCH,
  type FieldPlan,
  type FieldSpec,
  type Game,
  OWNER,
  type Plan,
  quatToWire,
  type Received,
  type ReceivedTable,
} from '../src/index.ts';
import type { Told, ToldFields } from './vectors.ts';

type Parts = Readonly<Record<string, number>>;

/** A value as a game is shown it. */
function told(spec: FieldSpec, value: unknown): Told {
  switch (spec.type) {
    case 'list':
      return (value as readonly unknown[]).map((one) => told(spec.element!, one));
    case 'map':
      return [...(value as ReadonlyMap<unknown, unknown>)]
        .map(([key, one]) => [told(spec.key!, key), told(spec.element!, one)])
        .sort(([a], [b]) => ((a as number | string) < (b as number | string) ? -1 : 1));
    case 'record': {
      const parts = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        spec.fields.map(([name, inner]) => [name, told(inner, parts[name])]),
      );
    }
    case 'text':
    case 'packed':
      return value as Told;
    default:
      return toldNumber(spec, value);
  }
}

function toldNumber(spec: FieldSpec, value: unknown): Told {
  if (spec.type === 'bool') return value ? 1 : 0;
  if (spec.type === 'choice') return spec.names.indexOf(value as string);
  if (spec.components === 1) return clampedWire(spec, value as number);
  const parts = [...'xyzw'.slice(0, spec.components)].map((axis) => (value as Parts)[axis]);
  if (spec.type !== 'quat') return parts.map((part) => clampedWire(spec, part));
  const wire = new Float64Array(4);
  quatToWire(spec, parts, wire);
  return [...wire];
}

function toldColumns(
  { spec, column }: FieldPlan,
  columns: readonly ArrayLike<number>[],
  row: number,
) {
  if (spec.components === 1) return columns[column][row];
  return columns.slice(column, column + spec.components).map((numbers) => numbers[row]);
}

/** A field that every seat may see. */
function toldShared(f: FieldPlan, table: ReceivedTable, row: number): Told {
  if (f.column >= 0) return toldColumns(f, table.wire, row);
  return told(f.spec, table.objects[f.object][row]);
}

function toldOwn(f: FieldPlan, table: ReceivedTable, row: number): Told {
  if (f.column < 0 || !table.isExact(f)) return toldShared(f, table, row);
  return toldColumns(f, table.values, row);
}

function fieldsOf(plan: Plan, mask: number, tell: (f: FieldPlan) => Told): ToldFields {
  const fields = plan.fields.filter((f) => (mask & (1 << f.index)) !== 0);
  return Object.fromEntries(fields.map((f) => [f.name, tell(f)]));
}

function toldEntity(received: Received, table: ReceivedTable, row: number): ToldFields {
  const { plan } = table;
  const shared = plan.sharedMask & ~((1 << OWNER) | (1 << EPOCH));
  const owner = table.wire[OWNER][row];
  const mine = owner !== 0 && owner === received.seat && plan.ownMask !== 0;
  return {
    kind: plan.name,
    id: table.ids[row],
    owner,
    epoch: table.wire[EPOCH][row],
    fields: fieldsOf(plan, shared, (f) => toldShared(f, table, row)),
    ...(mine ? { own: fieldsOf(plan, plan.ownMask, (f) => toldOwn(f, table, row)) } : {}),
    ...(table.behind[row] === 0 ? {} : { behind: true }),
  };
}

/** All that a receiver holds after a STATE. */
export function toldHoldings(game: Game, received: Received): ToldFields {
  const entities = received.tables.flatMap((table) => {
    const rows = [...table.ids.keys()].filter((row) => table.ids[row] !== 0);
    rows.sort((a, b) => table.ids[a] - table.ids[b]);
    return rows.map((row) => toldEntity(received, table, row));
  });
  const state = fieldsOf(game.state, game.state.sharedMask, (f) =>
    toldShared(f, received.state, 1),
  );
  return { state, entities };
}

/** Inputs are numbers only, at their wire values. */
export function toldInput(plan: Plan, wire: Float64Array): ToldFields {
  const columns = [...wire].map((value) => [value]);
  return fieldsOf(plan, plan.sharedMask, (f) => toldColumns(f, columns, 0));
}

/** The payload of an event or a command. */
export function toldPayload(plan: Plan, payload: Readonly<Record<string, unknown>>): ToldFields {
  return Object.fromEntries(plan.fields.map((f) => [f.name, told(f.spec, payload[f.name])]));
}
