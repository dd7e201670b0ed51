// Input of consecutive ticks, each as what differs from the tick before; an unchanged run is its
// length and nothing else. Both sides keep the wire values of the last tick said. A press counts
// from "not pressed" each tick: an edge that is not said did not happen. Written by the client's
// session, read by the server's connection (PROTOCOL.md 7).
import { assert } from './errors.ts';
import { MAX_INPUT_TICKS } from './limits.ts';
import type { FieldPlan, Plan } from './plan.ts';
import { fromWire, levelsOf, quatFromWire, quatToWire } from './quantize.ts';
import { Context, type Sink, type Source } from './sink.ts';
import { clampedWire } from './value-writer.ts';

/** Wire values of an input nobody touched. */
export function neutralInput(plan: Plan): Float64Array {
  const wire = new Float64Array(plan.columns.length);
  for (const f of plan.fields) inputToWire(f, plan.initial.subarray(f.column), wire);
  return wire;
}

const parts = new Float64Array(4);

function inputToWire(f: FieldPlan, from: ArrayLike<number>, wire: Float64Array): void {
  const { spec, column } = f;
  if (spec.type === 'quat') quatToWire(spec, from, wire.subarray(column, column + 4));
  else for (let i = 0; i < spec.components; i++) wire[column + i] = clampedWire(spec, from[i]);
}

/**
 * What a game sampled, rounded to what will travel: both sides step with the same numbers. What is
 * missing or not a number (a broken axis) is as nobody touched it, not the least of its range.
 */
export function roundInput(
  plan: Plan,
  sampled: Readonly<Record<string, unknown>>,
  wire: Float64Array,
): void {
  for (const f of plan.fields) {
    const value = sampled[f.name] as Readonly<Record<string, number>> | undefined;
    const { type, names, components } = f.spec;
    for (let i = 0; i < components; i++) {
      let part = Number(components > 1 ? value?.['xyzw'[i]] : value);
      if (type === 'choice') part = names.indexOf(value as unknown as string);
      const usable = type === 'choice' ? part >= 0 : !Number.isNaN(part);
      parts[i] = usable ? part : plan.initial[f.column + i];
    }
    inputToWire(f, parts, wire);
  }
}

/**
 * The input object that wire values stand for, into `out`, which is what `step` and `inputOf` give.
 */
export function inputFromWire(
  plan: Plan,
  wire: Float64Array,
  out: Record<string, unknown>,
): Record<string, unknown> {
  for (const { name, spec, column } of plan.fields) {
    if (spec.components > 1) {
      const vector = (out[name] ??= {}) as Record<string, number>;
      if (spec.type === 'quat') quatFromWire(spec, wire.subarray(column, column + 4), parts);
      else for (let i = 0; i < spec.components; i++) parts[i] = fromWire(spec, wire[column + i]);
      for (let i = 0; i < spec.components; i++) vector['xyzw'[i]] = parts[i];
    } else if (spec.type === 'bool') out[name] = wire[column] !== 0;
    else if (spec.type === 'choice') out[name] = spec.names[wire[column]];
    else out[name] = fromWire(spec, wire[column]);
  }
  return out;
}

/**
 * Presses fall back to "not pressed": what the next tick is compared with, and what a missing tick
 * repeats.
 */
export function releasePresses(plan: Plan, wire: Float64Array): void {
  for (const f of plan.fields) if (f.spec.press) wire[f.column] = 0;
}

/** Adds the presses of a late input to one that is still to come. */
export function carryPresses(plan: Plan, late: Float64Array, next: Float64Array): void {
  for (const f of plan.fields) if (f.spec.press && late[f.column]) next[f.column] = 1;
}

/**
 * Writes inputs of consecutive ticks; `previous` is the last tick said, and becomes the last of
 * these.
 */
export function writeInputs(
  sink: Sink,
  plan: Plan,
  previous: Float64Array,
  ticks: readonly Float64Array[],
): void {
  let from = 0;
  sink.reset();
  sink.open();
  sink.count(Context.Run, ticks.length);
  ticks.forEach((wire, i) => {
    releasePresses(plan, previous);
    if (!sameWire(previous, wire)) {
      sink.pick(Context.Run, i, from, ticks.length);
      from = i + 1;
      writeChanged(sink, plan, previous, wire);
    }
    previous.set(wire);
  });
  sink.done(Context.Run, from, ticks.length);
  sink.close();
}

function writeChanged(sink: Sink, plan: Plan, before: Float64Array, wire: Float64Array): void {
  const { fields } = plan;
  let from = 0;
  sink.open();
  for (const f of fields) {
    const end = f.column + f.spec.components;
    let same = true;
    for (let c = f.column; c < end; c++) same &&= before[c] === wire[c];
    if (same) continue;
    sink.pick(Context.Run, f.index, from, fields.length);
    from = f.index + 1;
    for (let c = f.column; c < end; c++)
      sink.level(f.context, wire[c], levelsOf(f.spec, c - f.column));
  }
  sink.done(Context.Run, from, fields.length);
  sink.close();
}

/**
 * Reads what writeInputs wrote; `take(i)` is called once for each tick, with `previous` holding its
 * wire values.
 */
export function readInputs(
  source: Source,
  plan: Plan,
  previous: Float64Array,
  take: (i: number) => void,
): void {
  source.open();
  const total = source.count(Context.Run, MAX_INPUT_TICKS);
  let next = source.pick(Context.Run, 0, total);
  for (let i = 0; i < total; i++) {
    releasePresses(plan, previous);
    if (i === next) {
      readChanged(source, plan, previous);
      next = i + 1 < total ? source.pick(Context.Run, i + 1, total) : -1;
    }
    take(i);
  }
  source.close();
}

function readChanged(source: Source, plan: Plan, wire: Float64Array): void {
  const { fields } = plan;
  source.open();
  for (let from = 0; from < fields.length; ) {
    const i = source.pick(Context.Run, from, fields.length);
    if (i < 0) break;
    const f = fields[i];
    for (let k = 0; k < f.spec.components; k++)
      wire[f.column + k] = source.level(f.context, levelsOf(f.spec, k));
    from = i + 1;
  }
  source.close();
}

function sameWire(a: Float64Array, b: Float64Array): boolean {
  assert(a.length === b.length, 'inputs are of one game');
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
