// Says what changed: walks live tables and known sets and hands each answer to a sink. Called by
// the server's replication; state-reader is the twin, rule for rule (PROTOCOL.md 5). Write trusts
// its caller and asserts. HOT: allocates nothing per tick.
import { isCollection, TrackedList, TrackedMap, TrackedRecord } from './collections.ts';
import { assert } from './errors.ts';
import type { FieldSpec } from './field.ts';
import { MAX_ENTITY_ID } from './limits.ts';
import type { LiveTable } from './live-table.ts';
import type { FieldPlan } from './plan.ts';
import { levelsOf } from './quantize.ts';
import { Context, type Sink } from './sink.ts';
import { clampedWire, writeElement } from './value-writer.ts';

/** Everything: no field has a stamp this old. */
export const NEVER = -1;

/**
 * The fields of `mask` that changed after `since`, as a selection of (field, value). NEVER writes
 * what is not default.
 */
export function writeShared(sink: Sink, table: LiveTable, row: number, since: number): void {
  const { fields, sharedMask } = table.plan;
  let from = 0;
  sink.open();
  for (let i = 0; i < fields.length; i++) {
    if ((sharedMask & (1 << i)) === 0 || table.stamps[i][row] <= since) continue;
    const f = fields[i];
    if (since === NEVER && isDefault(table, f, row)) continue;
    sink.pick(Context.Changed, i, from, fields.length);
    from = i + 1;
    if (f.column < 0) writeValue(sink, f.spec, f.context, table.objects[f.object][row], since);
    else writeWire(sink, table, f, row);
  }
  sink.done(Context.Changed, from, fields.length);
  sink.close();
}

/**
 * The owner's own part of one row: exact numbers where it predicts, rounded ones elsewhere (DESIGN
 * 13.1).
 */
export function writeOwn(sink: Sink, table: LiveTable, row: number, since: number): void {
  const { fields, ownMask, stepped } = table.plan;
  let from = 0;
  sink.open();
  for (let i = 0; i < fields.length; i++) {
    if ((ownMask & (1 << i)) === 0 || table.ownStamps[i][row] <= since) continue;
    const f = fields[i];
    sink.pick(Context.Own, i, from, fields.length);
    from = i + 1;
    if (f.column < 0) writeOwnObject(sink, f, table.objects[f.object][row], since);
    else if (!stepped) writeWire(sink, table, f, row);
    else
      for (let c = f.column; c < f.column + f.spec.components; c++)
        sink.float(f.context + 1, table.exact[c][row]);
  }
  sink.done(Context.Own, from, fields.length);
  sink.close();
}

/**
 * A collection of the own part says whether it is whole: its receiver cannot know whether it had it
 * from an earlier time as the owner.
 */
function writeOwnObject(sink: Sink, f: FieldPlan, value: unknown, since: number): void {
  if (isCollection(f.spec)) sink.level(f.context, since === NEVER ? 1 : 0, 1);
  writeValue(sink, f.spec, f.context, value, since);
}

/** A newly known entity: kind, id, then its shared fields that are not at their defaults. */
export function writeEntered(sink: Sink, table: LiveTable, row: number, kinds: number): void {
  sink.open();
  sink.level(Context.Kind, table.plan.index, kinds - 1);
  sink.level(Context.Id, table.ids[row], MAX_ENTITY_ID - 1);
  writeShared(sink, table, row, NEVER);
  sink.close();
}

function writeWire(sink: Sink, table: LiveTable, f: FieldPlan, row: number): void {
  for (let i = 0; i < f.spec.components; i++) {
    const wire = table.wire[f.column + i][row];
    assert(wire >= 0, 'a row is rounded before it is written');
    sink.level(f.context, wire, levelsOf(f.spec, i));
  }
}

function isDefault(table: LiveTable, f: FieldPlan, row: number): boolean {
  const { spec, column } = f;
  if (column < 0) {
    const value = table.objects[f.object][row];
    if (value instanceof TrackedList) return value.length === 0;
    if (value instanceof TrackedMap) return value.size === 0;
    return value === spec.initial && !(value instanceof TrackedRecord);
  }
  if (spec.type === 'quat') return false;
  for (let c = column; c < column + spec.components; c++)
    if (table.wire[c][row] !== clampedWire(spec, table.plan.initial[c])) return false;
  return true;
}

/** An object field or an element: whole when `since` is NEVER, else what changed after `since`. */
export function writeValue(
  sink: Sink,
  spec: FieldSpec,
  context: number,
  value: unknown,
  since: number,
): void {
  if (value instanceof TrackedList) writeList(sink, context, value, since);
  else if (value instanceof TrackedMap) writeMap(sink, context, value, since);
  else if (value instanceof TrackedRecord) writeRecord(sink, context, value, since);
  else if (spec.type === 'text') sink.text(context, value as string);
  else if (spec.type === 'packed') sink.free(context, value, spec.levels);
  else writeElement(sink, spec, context, value);
}

/**
 * NEVER: the element itself is newer and goes whole. `since`: only parts of it are. Undefined:
 * nothing is.
 */
function innerSince(stamp: number, value: unknown, since: number): number | undefined {
  if (stamp > since) return NEVER;
  const nested =
    value instanceof TrackedList || value instanceof TrackedMap || value instanceof TrackedRecord;
  return nested && value.$stamp > since ? since : undefined;
}

/** Inside a delta, a collection says whether it is whole or changes of what the seat holds. */
function writePart(
  sink: Sink,
  spec: FieldSpec,
  context: number,
  value: unknown,
  inner: number,
  since: number,
): void {
  if (since !== NEVER && isCollection(spec)) sink.level(context, inner === NEVER ? 1 : 0, 1);
  writeValue(sink, spec, context, value, inner);
}

function writeList(sink: Sink, context: number, list: TrackedList, since: number): void {
  const element = list.$spec.element!;
  const total = list.items.length;
  let from = 0;
  sink.open();
  sink.count(context, total);
  for (let i = 0; i < total; i++) {
    const inner = innerSince(list.stamps[i], list.items[i], since);
    if (inner === undefined) continue;
    sink.pick(context, i, from, total);
    from = i + 1;
    writePart(sink, element, context, list.items[i], inner, since);
  }
  sink.done(context, from, total);
  sink.close();
}

function writeMap(sink: Sink, context: number, map: TrackedMap, since: number): void {
  let gone = 0;
  for (const stamp of map.tombstones.values()) if (stamp > since) gone++;
  // More deletions than a full map has entries: the whole of it is shorter.
  const full = gone > map.$spec.capacity;
  const whole = since === NEVER || since < map.forgottenTick || full;
  const after = whole ? NEVER : since;
  const { key, element } = map.$spec;
  sink.open();
  sink.level(context, whole ? 1 : 0, 1);
  if (!whole) {
    sink.count(context, gone);
    for (const [name, stamp] of map.tombstones)
      if (stamp > since) writeValue(sink, key!, context, name, NEVER);
  }
  let changed = 0;
  for (const { value, stamp } of map.entries.values())
    if (innerSince(stamp, value, after) !== undefined) changed++;
  sink.count(context, changed);
  for (const [name, { value, stamp }] of map.entries) {
    const inner = innerSince(stamp, value, after);
    if (inner === undefined) continue;
    writeValue(sink, key!, context, name, NEVER);
    writePart(sink, element!, context, value, inner, after);
  }
  sink.close();
}

function writeRecord(sink: Sink, context: number, record: TrackedRecord, since: number): void {
  const { fields } = record.$spec;
  let from = 0;
  sink.open();
  for (let i = 0; i < fields.length; i++) {
    const inner = innerSince(record.$stamps[i], record.$values[i], since);
    if (inner === undefined) continue;
    sink.pick(context, i, from, fields.length);
    from = i + 1;
    writePart(sink, fields[i][1], context, record.$values[i], inner, since);
  }
  sink.done(context, from, fields.length);
  sink.close();
}
