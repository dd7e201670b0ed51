// What a declaration compiles to: which field of a kind lives in which column, behind which bit,
// seen by whom. Made once by defineGame; read by tables, codecs and replication. Two fields of ours
// stand before the game's in every kind: the owner's seat, and an epoch that teleport() bumps so
// that nobody blends across the jump.
import { checkFields } from '#checks';
import { int } from './builders.ts';
import { CHANGED_CONTEXTS, type FieldContexts, fieldContexts } from './contexts.ts';
import type { AnyField, FieldSpec, Fields } from './field.ts';
import { MAX_SEATS } from './limits.ts';
import { partsToWire, roundTrip } from './quantize.ts';

export interface FieldPlan {
  readonly name: string;
  /** Position in the plan's `fields`; its bit in a changed mask is `1 << index`. */
  readonly index: number;
  readonly spec: FieldSpec;
  /** First of `spec.components` numeric columns, or -1. */
  readonly column: number;
  /** Object column, or -1. */
  readonly object: number;
  /** Column of the velocity this field moves by, or -1. */
  readonly by: number;
  /** Where the coding contexts of this field begin: distinct for each field of a game. */
  readonly contexts: FieldContexts;
}

/**
 * A set of fields laid out over columns: one entity kind, the room's state, the input, one event or
 * command.
 */
export interface Plan {
  readonly name: string;
  /** Place among the game's kinds; -1 for what is not an entity. */
  readonly index: number;
  readonly fields: readonly FieldPlan[];
  readonly byName: ReadonlyMap<string, FieldPlan>;
  /** Numeric columns, one spec each. */
  readonly columns: readonly FieldSpec[];
  /** What each numeric column holds before anything is set. */
  readonly initial: Float64Array;
  /** `initial` in wire values. */
  readonly initialWire: Float64Array;
  /** `initial` as it would travel: what a browser holds where nothing was sent. */
  readonly shown: Float64Array;
  readonly objects: readonly FieldPlan[];
  /** Contexts of whether an entity changed (changedOffset), and whether more than its tracks. */
  readonly changed: number;
  readonly others: number;
  /** The first coding context that is not this plan's. */
  readonly contextsEnd: number;
  /** Bits of the fields every seat may receive. */
  readonly sharedMask: number;
  /** Bits of the fields that travel in the owner's own part (DESIGN 13.1). */
  readonly ownMask: number;
  /** Has a `step`: predicted by its owner from exact values. */
  readonly stepped: boolean;
  /**
   * Columns of the position, for interest: x, y, and z or -1. Undefined: a kind that is always
   * near.
   */
  readonly position: { readonly x: number; readonly y: number; readonly z: number } | undefined;
}

/** Index of the owner's field in every entity plan. */
export const OWNER = 0;
/** Index of the epoch's field in every entity plan; a byte that wraps. */
export const EPOCH = 1;

const OURS: Fields = { owner: int(0, MAX_SEATS), $epoch: int(0, 255) };

export function planOf(
  name: string,
  index: number,
  declared: Fields,
  stepped: boolean,
  /** The first coding context that is free. */
  context: number,
): Plan {
  const isEntity = index >= 0;
  const entries = Object.entries(declared);
  checkFields(name, declared, isEntity);

  const all = [...(isEntity ? Object.entries(OURS) : []), ...inWireOrder(entries)];
  const columns = all.flatMap(([, { spec }]) => new Array<FieldSpec>(spec.components).fill(spec));
  const firstOfField = context + CHANGED_CONTEXTS + 1;
  const fields = fieldPlans(all, firstOfField);
  const maskOf = (takes: (f: FieldPlan) => boolean) =>
    fields.reduce((mask, f) => (takes(f) ? mask + 2 ** f.index : mask), 0);
  const isPredicted = ({ spec, index: at }: FieldPlan) =>
    stepped && spec.components > 0 && spec.scope !== 'server' && at > EPOCH;
  const initial = Float64Array.from(fields.flatMap((f) => initialNumbers(f.spec)));
  const initialWire = new Float64Array(initial.length);
  for (const { spec, column } of fields)
    if (column >= 0) partsToWire(spec, initial.subarray(column), initialWire.subarray(column));
  return {
    name,
    index,
    fields,
    byName: new Map(fields.map((f) => [f.name, f])),
    columns,
    initial,
    initialWire,
    shown: initial.map((value, c) => roundTrip(columns[c], value)),
    objects: fields.filter((f) => f.object >= 0),
    changed: context,
    others: context + CHANGED_CONTEXTS,
    contextsEnd: fields.at(-1)?.contexts.end ?? firstOfField,
    sharedMask: maskOf((f) => f.spec.scope === 'all'),
    ownMask: maskOf((f) => f.spec.scope === 'owner' || isPredicted(f)),
    stepped,
    position: positionOf(fields),
  };
}

function fieldPlans(all: readonly [string, AnyField][], context: number): FieldPlan[] {
  const columnOf = new Map<string, number>();
  let columns = 0;
  for (const [key, { spec }] of all) {
    if (spec.components) columnOf.set(key, columns);
    columns += spec.components;
  }
  let next = context;
  let objects = 0;
  return all.map(([name, { spec }], index) => {
    const contexts = fieldContexts(spec, next);
    next = contexts.end;
    const column = columnOf.get(name) ?? -1;
    const object = spec.components ? -1 : objects++;
    const by = columnOf.get(spec.by ?? '') ?? -1;
    return { name, index, spec, column, object, by, contexts };
  });
}

/** Fields that others move by stand before them: a motion is told by its rate first. */
function inWireOrder(entries: readonly [string, AnyField][]): [string, AnyField][] {
  const specs = new Map(entries);
  const rank = new Map<string, number>();
  for (const [name] of entries) {
    let rate = specs.get(name)?.spec.by;
    for (let up = 1; rate !== undefined && up <= entries.length; up++) {
      rank.set(rate, Math.max(rank.get(rate) ?? 0, up));
      rate = specs.get(rate)?.spec.by;
    }
  }
  return [...entries].sort(([a], [b]) => (rank.get(b) ?? 0) - (rank.get(a) ?? 0));
}

function initialNumbers({ type, components, initial, names }: FieldSpec): number[] {
  if (components === 0) return [];
  if (typeof initial === 'object' && initial !== null) {
    const parts = initial as Readonly<Record<string, number>>;
    return ['x', 'y', 'z', 'w'].slice(0, components).map((axis) => parts[axis]);
  }
  if (type === 'quat') return [0, 0, 0, 1];
  const value = type === 'choice' ? names.indexOf(initial as string) : Number(initial);
  return new Array<number>(components).fill(value);
}

/** Position for interest: a vec2 or vec3 named `position`, or numeric fields x, y (and z). */
function positionOf(fields: readonly FieldPlan[]): Plan['position'] {
  const find = (name: string) => fields.find((f) => f.name === name && f.column >= 0);
  const whole = find('position');
  if (whole && whole.spec.components >= 2)
    return {
      x: whole.column,
      y: whole.column + 1,
      z: whole.spec.components > 2 ? whole.column + 2 : -1,
    };
  const x = find('x');
  const y = find('y');
  if (x?.spec.components !== 1 || y?.spec.components !== 1) return undefined;
  return { x: x.column, y: y.column, z: find('z')?.column ?? -1 };
}
