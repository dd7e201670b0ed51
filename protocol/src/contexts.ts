// Which odds each question of a packed body is coded with. A context numbers one binary question; a
// question with more answers takes a block of them and is asked as a tree. The body's own questions
// come first, then those of each plan and field, in the order of the declaration. plan.ts hands the
// blocks out; the packed sink and source, and nobody else, know what is in them (PROTOCOL.md 8).
import type { FieldSpec } from './field.ts';

/**
 * What of a row is said: all of it, what changed in the last step, or what changed since a tick.
 */
export const FORM_ARRIVAL = 0;
export const FORM_STEP = 1;
export const FORM_SINCE = 2;
export type Form = typeof FORM_ARRIVAL | typeof FORM_STEP | typeof FORM_SINCE;

/** A natural number: a tree over its bit length, 0..63. */
export const COUNT_CONTEXTS = 64;
/** Bits of the tree over a bit length of up to 63. */
export const COUNT_BITS = 6;
/**
 * A selection has two such blocks: how many are chosen, and how many passed over before each. In
 * the first of them, where a tree of 63 nodes leaves one: whether the selection is sparse.
 */
export const SPARSE = COUNT_CONTEXTS - 1;

/** By how many STATEs ago an entity was last named, whether it is now; then "behind". */
export const CHANGED_CONTEXTS = 10;
const BEHIND = CHANGED_CONTEXTS - 1;

/** Ages beyond this are all the same. */
export const MAX_AGE = 64;

/** Whether a field is named. Step form: by what was named before it in this entity. */
export const FLAG_FIRST = 0;
export const FLAG_AFTER = 1;
export const FLAG_BESIDE = 2;
export const FLAG_SINCE = 3;
export const FLAG_ARRIVAL = 4;
export const FLAG_OWN = 5;
export const FLAG_CONTEXTS = 6;

/** Up to this many levels a value is a tree of its own; above, a tree over its bit length. */
const TREE_LEVELS = 15;

/** A change: [0] none, [1] mirrored, [2] down, then the tree. */
export const CHANGE_SAME = 0;
export const CHANGE_MIRRORED = 1;
export const CHANGE_DOWN = 2;
export const CHANGE_TREE = 3;

/** Lengths that the highest bit below a number's first is told apart by. */
export const MANTISSAS = 8;
/** Contexts of one component's track (track-odds.ts), by a velocity field and without. */
export const VELOCITY_CONTEXTS = 190;
export const OWN_TRACK_CONTEXTS = 308;

/** Which component of a quaternion is greatest: behind the block of the others. */
const GREATEST_CONTEXTS = 4;

/** Offset in a kind's block for an entity that was named `age` STATEs ago; undefined: behind. */
export function changedOffset(age: number | undefined): number {
  if (age === undefined) return BEHIND;
  return age <= 4 ? age : Math.min(34 - Math.clz32(age - 1), BEHIND - 1);
}

/** Which odds a field's flag has: by the form, and in a step by what was named before it. */
export function flagOf(form: Form, named: number, beside: boolean): number {
  if (form === FORM_ARRIVAL) return FLAG_ARRIVAL;
  if (form === FORM_SINCE) return FLAG_SINCE;
  return named === 0 ? FLAG_FIRST : beside ? FLAG_BESIDE : FLAG_AFTER;
}

/** Bits of the tree that a wire value in 0..levels is asked by. */
export function treeBits(levels: number): number {
  return levels <= TREE_LEVELS ? bitLength(levels) : bitLength(bitLength(levels));
}

/** True where the tree is over bit lengths, and the rest of the value follows in even bits. */
export function isWide(levels: number): boolean {
  return levels > TREE_LEVELS;
}

/** Bits of a natural number up to 2^53: 0 for 0. */
export function bitLength(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 2 ** 32));
}

/** Where the contexts of one field begin. */
export interface FieldContexts {
  readonly flags: number;
  /** A whole value: of each component but a quaternion's first. */
  readonly value: number;
  /** A value against the one before: a block for each component, `changeSize` long. */
  readonly change: number;
  readonly changeSize: number;
  /** A track: a block for each component, `trackSize` long. */
  readonly track: number;
  readonly trackSize: number;
  /** The first context that is not this field's. */
  readonly end: number;
}

export function fieldContexts(spec: FieldSpec, from: number): FieldContexts {
  const value = from + FLAG_CONTEXTS;
  // Collections, texts and packed values ask for counts and elements with one block.
  const valueSize = spec.components ? 2 ** treeBits(spec.levels) : COUNT_CONTEXTS;
  const change = value + valueSize + (spec.type === 'quat' ? GREATEST_CONTEXTS : 0);
  const changeSize = CHANGE_TREE + 2 ** treeBits(spec.levels);
  const track = change + changeSize * spec.components;
  const trackSize = spec.by === undefined ? OWN_TRACK_CONTEXTS : VELOCITY_CONTEXTS;
  const end = track + (spec.smooth ? trackSize * spec.components : 0);
  return { flags: from, value, change, changeSize, track, trackSize, end };
}

/** Contexts of component `i` of a whole value. */
export function valueContext({ spec, contexts }: FieldOfContexts, i: number): number {
  return spec.type === 'quat' && i === 0 ? contexts.change - GREATEST_CONTEXTS : contexts.value;
}
interface FieldOfContexts {
  readonly spec: FieldSpec;
  readonly contexts: FieldContexts;
}
