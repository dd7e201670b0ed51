// Hears what changed: walks a source and writes rows of received tables. The twin of state-writer,
// rule for rule (PROTOCOL.md 5). Read checks everything; values of object fields are replaced,
// never written in place, so that snapshots may keep them by reference.
import { ProtocolError, ProtocolErrorCode } from './errors.ts';
import type { FieldSpec } from './field.ts';
import { type FieldPlan, OWNER } from './plan.ts';
import { fromWire, levelsOf, quatFromWire, quatToWire, toWire } from './quantize.ts';
import { Context, type Source } from './sink.ts';
import { initialShown, type Table } from './table.ts';

const wireParts = new Float64Array(4);
const valueParts = new Float64Array(4);

/**
 * Reads one row's shared changes. `whole`: object fields start from nothing. While `seat` owns the
 * row, numbers of predicted fields are checked but not kept: the own part has them exactly. The
 * owner comes first, so a row that changes hands does so at once.
 */
export function readShared(
  source: Source,
  table: Table,
  row: number,
  whole: boolean,
  seat = 0,
): void {
  const { fields, sharedMask, ownMask, stepped } = table.plan;
  let mine = seat !== 0 && table.ownerOf(row) === seat;
  source.open();
  for (let from = 0; from < fields.length; ) {
    const i = source.pick(Context.Changed, from, fields.length);
    if (i < 0) break;
    const f = fields[i];
    if ((sharedMask & (1 << i)) === 0) bad('a field that is not shared');
    from = i + 1;
    if (f.column < 0) {
      const before = whole ? undefined : table.objects[f.object][row];
      table.objects[f.object][row] = readValue(source, f.spec, f.context, before);
      continue;
    }
    readNumbers(source, f);
    const exact = mine && stepped && (ownMask & (1 << i)) !== 0;
    if (!exact) store(table, f, row);
    if (i === OWNER && mine && table.ownerOf(row) !== seat) {
      disown(table, row);
      mine = false;
    }
  }
  source.close();
}

/** Reads the owner's own part of one row. */
export function readOwn(source: Source, table: Table, row: number): void {
  const { fields, ownMask, stepped } = table.plan;
  source.open();
  for (let from = 0; from < fields.length; ) {
    const i = source.pick(Context.Own, from, fields.length);
    if (i < 0) break;
    const f = fields[i];
    if ((ownMask & (1 << i)) === 0) bad('a field that is not in the own part');
    from = i + 1;
    if (f.column < 0) {
      const before = table.objects[f.object][row];
      table.objects[f.object][row] = readPart(source, f.spec, f.context, false, before);
    } else if (stepped) {
      for (let c = f.column; c < f.column + f.spec.components; c++)
        table.values[c][row] = source.float(f.context + 1);
    } else {
      readNumbers(source, f);
      store(table, f, row);
    }
  }
  source.close();
}

/**
 * A row that is no longer one's own: exact values become the rounded ones everybody has,
 * `ownerOnly` fields are forgotten.
 */
function disown(table: Table, row: number): void {
  for (const f of table.plan.fields) {
    if ((table.plan.ownMask & (1 << f.index)) === 0) continue;
    if (f.spec.scope === 'owner') forgetField(table, f, row);
    else roundField(table, f, row);
  }
}

function forgetField(table: Table, f: FieldPlan, row: number): void {
  if (f.column < 0) table.objects[f.object][row] = initialShown(f.spec);
  else
    for (let i = 0; i < f.spec.components; i++)
      table.values[f.column + i][row] = table.plan.shown[f.column + i];
}

function roundField(table: Table, f: FieldPlan, row: number): void {
  const { spec, column } = f;
  if (spec.type === 'quat') {
    for (let i = 0; i < 4; i++) valueParts[i] = table.values[column + i][row];
    quatToWire(spec, valueParts, wireParts);
  } else
    for (let i = 0; i < spec.components; i++) {
      const wire = toWire(spec, table.values[column + i][row]);
      wireParts[i] = Math.min(Math.max(wire, 0), spec.levels);
    }
  store(table, f, row);
}

/** Into wireParts. */
function readNumbers(source: Source, f: FieldPlan): void {
  for (let i = 0; i < f.spec.components; i++)
    wireParts[i] = source.level(f.context, levelsOf(f.spec, i));
}

/** From wireParts into a row. */
function store(table: Table, f: FieldPlan, row: number): void {
  const { spec, column } = f;
  if (spec.type === 'quat') {
    quatFromWire(spec, wireParts, valueParts);
    for (let i = 0; i < 4; i++) table.values[column + i][row] = valueParts[i];
    return;
  }
  for (let i = 0; i < spec.components; i++)
    table.values[column + i][row] = fromWire(spec, wireParts[i]);
}

/**
 * An object field or an element; `before` undefined: nothing to change, everything must be given.
 */
export function readValue(
  source: Source,
  spec: FieldSpec,
  context: number,
  before: unknown,
): unknown {
  switch (spec.type) {
    case 'list':
      return readList(source, spec, context, before as readonly unknown[] | undefined);
    case 'map':
      return readMap(source, spec, context, before as ReadonlyMap<unknown, unknown> | undefined);
    case 'record':
      return readRecord(source, spec, context, before as Readonly<Record<string, unknown>>);
    case 'text':
      return source.text(context, spec.capacity);
    case 'packed':
      return source.free(context, spec.levels);
    default:
      return readElement(source, spec, context);
  }
}

function readElement(source: Source, spec: FieldSpec, context: number): unknown {
  for (let i = 0; i < spec.components; i++) wireParts[i] = source.level(context, levelsOf(spec, i));
  if (spec.components === 1) return elementOf(spec, wireParts[0]);
  if (spec.type === 'quat') quatFromWire(spec, wireParts, valueParts);
  else for (let i = 0; i < spec.components; i++) valueParts[i] = fromWire(spec, wireParts[i]);
  const made: Record<string, number> = {};
  for (let i = 0; i < spec.components; i++) made['xyzw'[i]] = valueParts[i];
  return Object.freeze(made);
}

function elementOf(spec: FieldSpec, wire: number): unknown {
  if (spec.type === 'bool') return wire !== 0;
  if (spec.type === 'choice') return spec.names[wire];
  return fromWire(spec, wire);
}

/** The twin of writePart: inside a delta a collection says whether it is whole. */
function readPart(
  source: Source,
  spec: FieldSpec,
  context: number,
  whole: boolean,
  before: unknown,
): unknown {
  const nests = spec.element !== undefined || spec.type === 'record';
  if (whole || !nests) return readValue(source, spec, context, undefined);
  if (source.level(context, 1) === 1) return readValue(source, spec, context, undefined);
  if (before === undefined) bad('a change of what is not there');
  return readValue(source, spec, context, before);
}

function readList(
  source: Source,
  spec: FieldSpec,
  context: number,
  before: readonly unknown[] | undefined,
): readonly unknown[] {
  source.open();
  const total = source.count(context, spec.capacity);
  const list = before ? before.slice(0, total) : [];
  for (let from = 0; from < total; ) {
    const i = source.pick(context, from, total);
    if (i < 0) break;
    if (i > list.length) bad('a list with a hole');
    list[i] = readPart(source, spec.element!, context, !before, before?.[i]);
    from = i + 1;
  }
  if (list.length !== total) bad('a list shorter than it says');
  source.close();
  return list;
}

function readMap(
  source: Source,
  spec: FieldSpec,
  context: number,
  before: ReadonlyMap<unknown, unknown> | undefined,
): ReadonlyMap<unknown, unknown> {
  source.open();
  const whole = source.level(context, 1) === 1;
  if (!whole && !before) bad('changes of a map that is not there');
  const map = new Map(whole ? undefined : before);
  if (!whole)
    for (let left = source.count(context, spec.capacity); left > 0; left--)
      map.delete(readValue(source, spec.key!, context, undefined));
  for (let left = source.count(context, spec.capacity); left > 0; left--) {
    const key = readValue(source, spec.key!, context, undefined);
    map.set(key, readPart(source, spec.element!, context, whole, map.get(key)));
  }
  if (map.size > spec.capacity) bad('a map larger than declared');
  source.close();
  return map;
}

function readRecord(
  source: Source,
  spec: FieldSpec,
  context: number,
  before: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> {
  const { fields } = spec;
  const made: Record<string, unknown> = { ...(before ?? (initialShown(spec) as object)) };
  source.open();
  for (let from = 0; from < fields.length; ) {
    const i = source.pick(context, from, fields.length);
    if (i < 0) break;
    const [name, inner] = fields[i];
    made[name] = readPart(source, inner, context, !before, before?.[name]);
    from = i + 1;
  }
  source.close();
  return Object.freeze(made);
}

function bad(message: string): never {
  throw new ProtocolError(ProtocolErrorCode.BadState, message);
}
