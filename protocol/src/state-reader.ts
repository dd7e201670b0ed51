// Hears what changed: walks a source and writes rows of received tables. The twin of state-writer,
// rule for rule (PROTOCOL.md 5). Read checks everything; values of object fields are replaced,
// never written in place, so that snapshots may keep them by reference.
import * as Context from './body-context.ts';
import * as ByItself from './by-itself.ts';
import * as ByVelocity from './by-velocity.ts';
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
import { badState } from './errors.ts';
import type { FieldSpec } from './field.ts';
import { type FieldPlan, OWNER } from './plan.ts';
import { fromWire, levelsOf, nearby, partsFromWire } from './quantize.ts';
import type { ReceivedTable } from './received-table.ts';
import type { Source } from './sink.ts';
import { initialShown } from './table.ts';
import { DepartureQuestions, TrackRun } from './track-odds.ts';
import { MOST_ACTIVITY, MOST_TRUST, SUB_STEPS, type Tracks } from './tracks.ts';

/** Zigzag: a bias is within a velocity's step. */
const MAX_BIAS = 2 ** 32;

const wireParts = new Float64Array(4);
const valueParts = new Float64Array(4);

/** What readShared goes by. */
export interface Reading {
  form: Form;
  /** Ticks since the STATE before, and STATEs since the row was last named. */
  ticks: number;
  sends: number;
  /** The seat that reads. */
  seat: number;
}

const run = new TrackRun();
const questions = new DepartureQuestions();
/** By track: how far the row being read departed. */
const departed: number[] = [];

/**
 * Reads one row's shared fields in the form they were written in. Numbers that the row's owner
 * knows exactly are kept on the wire's side alone: the own part has them. The owner comes first, so
 * a row that changes hands does so at once.
 */
export function readShared(
  source: Source,
  table: ReceivedTable,
  row: number,
  reading: Reading,
): void {
  const { fields, sharedMask } = table.plan;
  const { form, seat } = reading;
  const { tracks } = table;
  const tracked = tracks && form === FORM_STEP ? tracks.fieldMask : 0;
  const keeps = seat !== 0 && table.plan.index >= 0;
  let mine = keeps && table.ownerOf(row) === seat;
  let named = 0;
  let beside = false;
  run.reset();
  source.open();
  const others = tracked === 0 || source.level(table.plan.others, 1) === 1;
  for (let i = 0; others && i < fields.length; i++) {
    if ((sharedMask & ~tracked & (1 << i)) === 0) continue;
    const f = fields[i];
    beside = source.offered(f.contexts.flags + flagOf(form, named, beside), i);
    if (beside) named++;
    if (beside) readField(source, table, f, row, form);
    const hasTrack = tracks !== undefined && tracks.ofField[i] >= 0;
    if (hasTrack) readTracks(source, table, f, row, beside);
    if (f.column < 0 || !(beside || hasTrack)) continue;
    if (!(mine && table.isExact(f))) table.store(f, row);
    if (i === OWNER && mine && table.ownerOf(row) !== seat) {
      table.disown(row);
      mine = false;
    }
  }
  for (let i = 0; tracked !== 0 && i < fields.length; i++) {
    if ((tracked & (1 << i)) === 0) continue;
    if (readDepartures(source, table, fields[i], row, reading, named === 0)) named++;
    if (!(mine && table.isExact(fields[i]))) table.store(fields[i], row);
  }
  source.close();
  if (form === FORM_STEP) learn(table, row, reading.sends);
}

function learn({ tracks }: ReceivedTable, row: number, sends: number): void {
  if (!tracks) return;
  for (let i = 0; i < tracks.plans.length; i++) tracks.learn(i, row, sends, departed[i]);
}

function readField(
  source: Source,
  table: ReceivedTable,
  f: FieldPlan,
  row: number,
  form: Form,
): void {
  if (f.column < 0) readObject(source, table, f, row, form);
  else readNumbers(source, table, f, row, form);
}

function readObject(
  source: Source,
  table: ReceivedTable,
  f: FieldPlan,
  row: number,
  form: Form,
): void {
  const column = table.objects[f.object];
  const before = form === FORM_ARRIVAL ? undefined : column[row];
  column[row] = readValue(source, f.spec, f.contexts.value, before);
}

/** Wire values by themselves, or in a step against those that are held. */
function readNumbers(
  source: Source,
  table: ReceivedTable,
  f: FieldPlan,
  row: number,
  form: Form,
): void {
  const { spec, column, contexts } = f;
  for (let i = 0; i < spec.components; i++) {
    const wire = table.wire[column + i];
    const levels = levelsOf(spec, i);
    if (form !== FORM_STEP) {
      wire[row] = source.level(valueContext(f, i), levels);
      continue;
    }
    const context = contexts.change + i * contexts.changeSize;
    if (spec.components > 1 && source.level(context + CHANGE_SAME, 1) === 1) continue;
    wire[row] = source.change(context, wire[row], levels);
  }
}

/** How far the truth departed from each track of a field. Answers whether it did. */
function readDepartures(
  source: Source,
  table: ReceivedTable,
  f: FieldPlan,
  row: number,
  { ticks, sends }: Reading,
  first: boolean,
): boolean {
  const tracks = table.tracks!;
  const track = tracks.ofField[f.index];
  let named = false;
  for (let i = track; i < track + f.spec.components; i++) {
    const { column, by, component } = tracks.plans[i];
    const base = f.contexts.track + component * f.contexts.trackSize;
    const held = table.wire[column][row];
    const steered = by >= 0 && tracks.steer(i, row, table.wire[by][row]);
    const comesTo = tracks.predict(i, row, held, ticks);
    const hint = run.hint(tracks, i, row, held, comesTo, steered, sends);
    questions.take(by >= 0, base, hint, first && !named);
    const told = readDeparture(source, tracks, i, comesTo, held);
    if (!(told >= 0 && told <= f.spec.levels)) badState('a value outside its declaration');
    const off = tracks.stepsBetween(i, comesTo, told);
    tracks.follow(i, row, held, comesTo, told);
    if (tracks.goes(i, row)) tracks.moving[row] = 1;
    run.took(tracks, i, off, told === held);
    departed[i] = off;
    table.wire[column][row] = told;
    if (off !== 0) named = true;
  }
  return named;
}

/** The truth, where the track comes to `comesTo` and stood for `held` before. */
function readDeparture(
  source: Source,
  tracks: Tracks,
  i: number,
  comesTo: number,
  held: number,
): number {
  if (source.level(questions.departs, 1) === 0) return comesTo;
  if (questions.still >= 0 && source.level(questions.still, 1) === 1) return held;
  const down = source.level(questions.down, 1);
  const { levels } = tracks.plans[i].spec;
  const off = source.steps(questions.steps, questions.stepContexts, questions.mantissa, levels);
  return tracks.stepsFrom(i, comesTo, down ? -off : off);
}

/** The tracks of a field begin anew: `told` where they are, or at rest on the default. */
function readTracks(
  source: Source,
  table: ReceivedTable,
  f: FieldPlan,
  row: number,
  told: boolean,
): void {
  const tracks = table.tracks!;
  const track = tracks.ofField[f.index];
  for (let i = track; i < track + f.spec.components; i++) {
    const { column, by, component } = tracks.plans[i];
    const base = f.contexts.track + component * f.contexts.trackSize;
    tracks.start(i, row, table.wire[column][row]);
    if (by >= 0) tracks.steer(i, row, table.wire[by][row]);
    if (told && by < 0) readOwnTrack(source, base, tracks, i, row);
    else if (told && source.level(base + ByVelocity.Rests, 1) === 0) {
      const beside = source.level(base + ByVelocity.Place, SUB_STEPS - 1) - SUB_STEPS / 2;
      tracks.bend(i, row, beside, unzigzag(source.count(base + ByVelocity.Bias, MAX_BIAS)));
    }
    if (tracks.goes(i, row)) tracks.moving[row] = 1;
  }
}

function readOwnTrack(source: Source, base: number, tracks: Tracks, i: number, row: number): void {
  if (source.level(base + ByItself.Rests, 1) === 1) return;
  // No further than from one end of the range to the other in one send.
  const { levels } = tracks.plans[i].spec;
  tracks.rate[i][row] = unzigzag(source.count(base + ByItself.Rate, 2 * levels));
  tracks.bent[i][row] = source.level(base + ByItself.Trust, MOST_TRUST);
  tracks.activity[i][row] = source.level(base + ByItself.Activity, MOST_ACTIVITY);
  tracks.last[i][row] = source.level(base + ByItself.Last, 4) - 2;
  tracks.lastButOne[i][row] = source.level(base + ByItself.LastButOne, 4) - 2;
}

function unzigzag(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

/** Reads the owner's own part of one row. */
export function readOwn(source: Source, table: ReceivedTable, row: number): void {
  const { fields, ownMask, stepped } = table.plan;
  source.open();
  for (let i = 0; i < fields.length; i++) {
    const f = fields[i];
    if ((ownMask & (1 << i)) === 0 || !source.offered(f.contexts.flags + FLAG_OWN, i)) continue;
    if (f.column < 0) {
      const before = table.objects[f.object][row];
      const now = readPart(source, f.spec, f.contexts.value, false, before);
      table.objects[f.object][row] = now;
    } else if (stepped) {
      for (let c = f.column; c < f.column + f.spec.components; c++)
        table.values[c][row] = source.float(Context.Float, nearby(f.spec, table.wire[c][row]));
    } else {
      readNumbers(source, table, f, row, FORM_SINCE);
      table.store(f, row);
    }
  }
  source.close();
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
  partsFromWire(spec, wireParts, valueParts);
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
  if (before === undefined) badState('a change of what is not there');
  return readValue(source, spec, context, before);
}

function readList(
  source: Source,
  spec: FieldSpec,
  context: number,
  before: readonly unknown[] | undefined,
): readonly unknown[] {
  source.open();
  const total = source.elements(context, spec.capacity);
  const list = before ? before.slice(0, total) : [];
  for (let i = -1; (i = source.chosen(context, i + 1, total)) >= 0; ) {
    if (i > list.length) badState('a list with a hole');
    list[i] = readPart(source, spec.element!, context, !before, before?.[i]);
  }
  if (list.length !== total) badState('a list with a hole');
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
  if (!whole && !before) badState('a change of what is not there');
  const map = new Map(whole ? undefined : before);
  if (!whole)
    for (let left = source.elements(context, spec.capacity); left > 0; left--)
      map.delete(readValue(source, spec.key!, context, undefined));
  for (let left = source.elements(context, spec.capacity); left > 0; left--) {
    const key = readValue(source, spec.key!, context, undefined);
    // Changes of what was named before would be another copy of it each time.
    const held = map.get(key);
    const inner = held === before?.get(key) ? held : undefined;
    map.set(key, readPart(source, spec.element!, context, whole, inner));
  }
  if (map.size > spec.capacity) badState('a map larger than declared');
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
  fields.forEach(([name, inner], i) => {
    if (source.offered(context, i))
      made[name] = readPart(source, inner, context, !before, before?.[name]);
  });
  source.close();
  return Object.freeze(made);
}
