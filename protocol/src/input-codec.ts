// Input of consecutive ticks, each as what differs from the tick before; an unchanged run is its
// length and nothing else. Both sides keep the wire values of the last tick said. A press counts
// from "not pressed" each tick: an edge that is not said did not happen. Written by the client's
// session, read by the server's connection (PROTOCOL.md 9).

import * as Context from './body-context.ts';
import { assert } from './errors.ts';
import { MAX_INPUT_TICKS } from './limits.ts';
import type { Plan } from './plan.ts';
import { fromWire, levelsOf, partsFromWire, partsToWire } from './quantize.ts';
import type { InputSink, Source } from './sink.ts';

/** Wire values of an input nobody touched. */
export function neutralInput(plan: Plan): Float64Array {
  return plan.initialWire.slice();
}

const parts = new Float64Array(4);

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
    partsToWire(f.spec, parts, wire.subarray(f.column));
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
      partsFromWire(spec, wire.subarray(column), parts);
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
  const { fields } = plan;
  for (let i = 0; i < fields.length; i++) {
    const { spec, column } = fields[i];
    if (spec.press) wire[column] = 0;
  }
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
  sink: InputSink,
  plan: Plan,
  previous: Float64Array,
  ticks: readonly Float64Array[],
): void {
  sink.reset();
  sink.open();
  sink.count(Context.Run, ticks.length);
  ticks.forEach((wire, i) => {
    releasePresses(plan, previous);
    const moved = !sameWire(previous, wire);
    sink.offer(Context.Moved, i, moved);
    if (moved) writeChanged(sink, plan, previous, wire);
    previous.set(wire);
  });
  sink.close();
}

function writeChanged(sink: InputSink, plan: Plan, before: Float64Array, wire: Float64Array): void {
  sink.open();
  for (const { index, column, spec, contexts } of plan.fields) {
    const end = column + spec.components;
    let same = true;
    for (let c = column; c < end; c++) same &&= before[c] === wire[c];
    sink.offer(contexts.flags, index, !same);
    if (same) continue;
    for (let c = column; c < end; c++) {
      const context = contexts.change + (c - column) * contexts.changeSize;
      sink.change(context, wire[c], before[c], levelsOf(spec, c - column));
    }
  }
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
  for (let i = 0; i < total; i++) {
    releasePresses(plan, previous);
    if (source.offered(Context.Moved, i)) readChanged(source, plan, previous);
    take(i);
  }
  source.close();
}

function readChanged(source: Source, plan: Plan, wire: Float64Array): void {
  source.open();
  const { fields } = plan;
  for (let f = 0; f < fields.length; f++) {
    const { index, column, spec, contexts } = fields[f];
    if (!source.offered(contexts.flags, index)) continue;
    for (let i = 0; i < spec.components; i++) {
      const context = contexts.change + i * contexts.changeSize;
      wire[column + i] = source.change(context, wire[column + i], levelsOf(spec, i));
    }
  }
  source.close();
}

function sameWire(a: Float64Array, b: Float64Array): boolean {
  assert(a.length === b.length, 'inputs are of one game');
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
