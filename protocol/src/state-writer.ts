// Says what changed: walks live tables and known sets and hands each answer to a sink. Called by
// the server's replication; state-reader is the twin, rule for rule (PROTOCOL.md 5). Write trusts
// its caller and asserts. HOT: allocates nothing per tick.

import { anyChanged, type Baseline, sendsSinceNamed } from './baseline.ts';
import * as Context from './body-context.ts';
import * as ByItself from './by-itself.ts';
import * as ByVelocity from './by-velocity.ts';
import { isCollection, TrackedList, TrackedMap, TrackedRecord } from './collections.ts';
import {
  CHANGE_SAME,
  FLAG_OWN,
  FORM_ARRIVAL,
  FORM_SINCE,
  FORM_STEP,
  type Form,
  flagOf,
  valueContext,
} from './contexts.ts';
import { assert } from './errors.ts';
import type { FieldSpec } from './field.ts';
import type { LiveTable } from './live-table.ts';
import type { FieldPlan } from './plan.ts';
import { levelsOf } from './quantize.ts';
import type { Sink } from './sink.ts';
import { DepartureQuestions } from './track-odds.ts';
import { MOST_ACTIVITY, MOST_TRUST, restsAt, SUB_STEPS, type Tracks } from './tracks.ts';
import { writeElement } from './value-writer.ts';

/** An exact number, and one that its receiver was told with everybody. */
const exact = new Float64Array(2);

const questions = new DepartureQuestions();

/** Everything: no field has a stamp this old. */
export const NEVER = -1;

/**
 * The shared fields of a row that changed after `since`, or with NEVER those that are not at their
 * defaults, as a selection of (field, value). FORM_STEP says them against what the receiver holds.
 * `always`: bits of fields that FORM_SINCE says in any case.
 */
export function writeShared(
  sink: Sink,
  table: Baseline,
  row: number,
  since: number,
  form: Form = since === NEVER ? FORM_ARRIVAL : FORM_SINCE,
  always = 0,
): void {
  const { fields, sharedMask } = table.plan;
  const tracked = form === FORM_STEP ? trackedMask(table) : 0;
  let named = 0;
  let beside = false;
  sink.open();
  // Most rows that are named only departed from their tracks: one answer for all other fields.
  const others = tracked === 0 || anyChanged(table, row, since, sharedMask & ~tracked);
  if (tracked !== 0) sink.level(table.plan.others, others ? 1 : 0, 1);
  for (let i = 0; others && i < fields.length; i++) {
    if ((sharedMask & ~tracked & (1 << i)) === 0) continue;
    const f = fields[i];
    const chosen = (always & (1 << i)) !== 0 || isNamed(table, f, row, since, form);
    sink.offer(f.contexts.flags + flagOf(form, named, beside), i, chosen);
    beside = chosen;
    if (!chosen) continue;
    named++;
    writeField(sink, table, f, row, since, form);
  }
  for (let i = 0; tracked !== 0 && i < fields.length; i++) {
    if ((tracked & (1 << i)) === 0) continue;
    if (writeDepartures(sink, table, fields[i], row, named === 0)) named++;
  }
  sink.close();
}

function trackedMask({ tracks }: Baseline): number {
  return tracks ? tracks.fieldMask : 0;
}

/** Index of a field's first track, or -1. */
function trackOf(table: Baseline, f: FieldPlan): number {
  return table.tracks ? table.tracks.ofField[f.index] : -1;
}

function isNamed(table: Baseline, f: FieldPlan, row: number, since: number, form: Form): boolean {
  if (form === FORM_ARRIVAL) return !isDefault(table, f, row);
  // A seat that is behind knows nothing of how the tracks of a changed row fared meanwhile.
  if (form === FORM_SINCE && trackOf(table, f) >= 0) return true;
  return table.stamps[f.index][row] > since;
}

function writeField(
  sink: Sink,
  table: Baseline,
  f: FieldPlan,
  row: number,
  since: number,
  form: Form,
): void {
  const { spec, contexts } = f;
  if (f.column < 0) writeValue(sink, spec, contexts.value, table.objects[f.object][row], since);
  else if (form === FORM_STEP) writeSteps(sink, table, f, row);
  else {
    writeWire(sink, table, f, row);
    writeTracks(sink, table, f, row);
  }
}

/** Numbers without a track, against what the receiver holds. */
function writeSteps(sink: Sink, table: Baseline, f: FieldPlan, row: number): void {
  const { spec, column, contexts } = f;
  for (let i = 0; i < spec.components; i++) {
    const wire = table.wire[column + i][row];
    const before = table.before[column + i][row];
    const context = contexts.change + i * contexts.changeSize;
    if (spec.components > 1) {
      sink.level(context + CHANGE_SAME, wire === before ? 1 : 0, 1);
      if (wire === before) continue;
    }
    sink.change(context, wire, before, levelsOf(spec, i));
  }
}

/** How far the truth departed from each track of a field. Answers whether it did. */
function writeDepartures(
  sink: Sink,
  table: Baseline,
  f: FieldPlan,
  row: number,
  first: boolean,
): boolean {
  const track = trackOf(table, f);
  const departures = table.departures!;
  let named = false;
  for (let i = 0; i < f.spec.components; i++) {
    const base = f.contexts.track + i * f.contexts.trackSize;
    const off = departures.off[track + i][row];
    questions.take(f.by >= 0, base, departures.hint[track + i][row], first && !named);
    const column = f.column + i;
    writeDeparture(sink, off, table.wire[column][row] === table.before[column][row]);
    if (off !== 0) named = true;
  }
  return named;
}

/** `still`: the truth is where it was before. */
function writeDeparture(sink: Sink, off: number, still: boolean): void {
  sink.level(questions.departs, off === 0 ? 0 : 1, 1);
  if (off === 0) return;
  if (questions.still >= 0) {
    sink.level(questions.still, still ? 1 : 0, 1);
    if (still) return;
  }
  sink.level(questions.down, off < 0 ? 1 : 0, 1);
  const { steps, stepContexts, mantissa } = questions;
  sink.steps(steps, stepContexts, mantissa, Math.abs(off));
}

/** Where the tracks of a field are, beside the wire values they stand for. */
function writeTracks(sink: Sink, table: Baseline, f: FieldPlan, row: number): void {
  const { tracks } = table;
  const first = trackOf(table, f);
  if (!tracks || first < 0) return;
  const sends = sendsSinceNamed(table, row);
  for (let i = 0; i < f.spec.components; i++) {
    const wire = table.wire[f.column + i][row];
    const base = f.contexts.track + i * f.contexts.trackSize;
    const rests = restsAt(tracks, first + i, row, wire, sends);
    const flag = base + (f.by < 0 ? ByItself.Rests : ByVelocity.Rests);
    sink.level(flag, rests ? 1 : 0, 1);
    if (rests) continue;
    if (f.by < 0) writeOwnTrack(sink, base, tracks, first + i, row);
    else {
      const beside = tracks.place[first + i][row] - wire * SUB_STEPS;
      sink.level(base + ByVelocity.Place, beside + SUB_STEPS / 2, SUB_STEPS - 1);
      sink.count(base + ByVelocity.Bias, zigzag(tracks.bent[first + i][row]));
    }
  }
}

function writeOwnTrack(sink: Sink, base: number, tracks: Tracks, i: number, row: number): void {
  sink.count(base + ByItself.Rate, zigzag(tracks.rate[i][row]));
  sink.level(base + ByItself.Trust, tracks.bent[i][row], MOST_TRUST);
  sink.level(base + ByItself.Activity, tracks.activity[i][row], MOST_ACTIVITY);
  sink.level(base + ByItself.Last, tracks.last[i][row] + 2, 4);
  sink.level(base + ByItself.LastButOne, tracks.lastButOne[i][row] + 2, 4);
}

/** Naturals for integers of both signs: 0, -1, 1, -2, 2 ... */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/**
 * The owner's own part of one row: exact numbers where it predicts, rounded ones elsewhere (DESIGN
 * 13.1).
 */
export function writeOwn(sink: Sink, table: LiveTable, row: number, since: number): void {
  const { fields, ownMask, stepped } = table.plan;
  sink.open();
  for (let i = 0; i < fields.length; i++) {
    if ((ownMask & (1 << i)) === 0) continue;
    const f = fields[i];
    const chosen = table.ownStamps[i][row] > since;
    sink.offer(f.contexts.flags + FLAG_OWN, i, chosen);
    if (!chosen) continue;
    if (f.column < 0) writeOwnObject(sink, f, table.objects[f.object][row], since);
    else if (!stepped) writeWire(sink, table, f, row);
    else writeExact(sink, table, f, row);
  }
  sink.close();
}

function writeExact(sink: Sink, table: LiveTable, { spec, column }: FieldPlan, row: number): void {
  for (let c = column; c < column + spec.components; c++) {
    exact[0] = table.exact[c][row];
    table.nearby(c, row, exact, 1);
    sink.float(Context.Float, exact);
  }
}

/**
 * A collection of the own part says whether it is whole: its receiver cannot know whether it had it
 * from an earlier time as the owner.
 */
function writeOwnObject(sink: Sink, f: FieldPlan, value: unknown, since: number): void {
  if (isCollection(f.spec)) sink.level(f.contexts.value, since === NEVER ? 1 : 0, 1);
  writeValue(sink, f.spec, f.contexts.value, value, since);
}

function writeWire(sink: Sink, table: Baseline, f: FieldPlan, row: number): void {
  for (let i = 0; i < f.spec.components; i++) {
    const wire = table.wire[f.column + i][row];
    assert(wire >= 0, 'a row is rounded before it is written');
    sink.level(valueContext(f, i), wire, levelsOf(f.spec, i));
  }
}

function isDefault(table: Baseline, f: FieldPlan, row: number): boolean {
  const { spec, column } = f;
  if (column < 0) {
    const value = table.objects[f.object][row];
    if (value instanceof TrackedList) return value.length === 0;
    if (value instanceof TrackedMap) return value.size === 0;
    return value === spec.initial && !(value instanceof TrackedRecord);
  }
  if (spec.type === 'quat') return false;
  const track = trackOf(table, f);
  for (let i = 0; i < spec.components; i++) {
    const wire = table.wire[column + i][row];
    if (wire !== table.plan.initialWire[column + i]) return false;
    if (track >= 0 && !restsAt(table.tracks!, track + i, row, wire, sendsSinceNamed(table, row)))
      return false;
  }
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
  sink.open();
  sink.count(context, total);
  for (let i = 0; i < total; i++) {
    const inner = innerSince(list.stamps[i], list.items[i], since);
    sink.offer(context, i, inner !== undefined);
    if (inner !== undefined) writePart(sink, element, context, list.items[i], inner, since);
  }
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
  sink.open();
  for (let i = 0; i < fields.length; i++) {
    const inner = innerSince(record.$stamps[i], record.$values[i], since);
    sink.offer(context, i, inner !== undefined);
    if (inner !== undefined)
      writePart(sink, fields[i][1], context, record.$values[i], inner, since);
  }
  sink.close();
}
