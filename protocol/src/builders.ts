// The builders a game declares its fields with: int, fixed, angle and the rest. Each checks its
// arguments and gives a Field of the right types; what they make is read as a FieldSpec.
import { UsageError } from './errors.ts';
import {
  build,
  checkName,
  type Dictionary,
  type EntityId,
  type Field,
  type FieldSpec,
  type Fields,
  type Held,
  type InitOf,
  type List,
  type LiveOf,
  type PressField,
  type Quat,
  type QuatLike,
  type Scope,
  type ShownOf,
  type SmoothField,
  type Vec2,
  type Vec2Like,
  type Vec3,
  type Vec3Like,
} from './field.ts';
import {
  MAX_ELEMENTS,
  MAX_ENTITY_ID,
  MAX_NESTING,
  MAX_PACKED_BYTES,
  MAX_TEXT_CHARS,
} from './limits.ts';

/** Steps away from 0 up to which a float64 tells two neighbours apart after a round trip. */
const MAX_STEPS = 2 ** 50;

function checkRange(what: string, min: number, max: number, step: number): number {
  const levels = Math.round((max - min) / step);
  const farthest = Math.max(Math.abs(min), Math.abs(max)) / step;
  if (!(step > 0 && levels >= 1 && farthest <= MAX_STEPS))
    throw new UsageError(
      `${what}: wants min < max, a step of at most the range, and less than 2^50 steps from 0`,
    );
  return levels;
}

function checkCount(what: string, count: number, most: number): number {
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= most))
    throw new UsageError(`${what}: wants a whole number in 1..${most}, got ${count}`);
  return count;
}

/** A whole number in min..max. */
export function int(min: number, max: number): SmoothField<number, number, number, 'all'> {
  const levels = checkRange(`int(${min}, ${max})`, min, max, 1);
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max))
    throw new UsageError(`int(${min}, ${max}): both ends must be whole numbers; use fixed()`);
  return build({ type: 'int', min, levels, initial: zeroIn(min, max) });
}

/**
 * A number in min..max that travels in steps of `step`; powers of two (1/16) are exact in float64.
 */
export function fixed(
  min: number,
  max: number,
  step: number,
): SmoothField<number, number, number, 'all'> {
  const levels = checkRange(`fixed(${min}, ${max}, ${step})`, min, max, step);
  return build({ type: 'fixed', min, step, levels, initial: zeroIn(min, max) });
}

/** An angle in radians that wraps, in 2^bits steps. Received values are in [-PI, PI). */
export function angle(bits: number): SmoothField<number, number, number, 'all'> {
  checkCount('angle(bits)', bits, 24);
  const levels = 2 ** bits - 1;
  return build({ type: 'angle', step: (2 * Math.PI) / 2 ** bits, levels });
}

/** True or false. */
export function bool(): PressField {
  return build({ type: 'bool', levels: 1 });
}

/** One of the given names; the first is the default. */
export function choice<const N extends readonly [string, ...string[]]>(
  ...names: N
): Field<N[number], N[number], N[number], 'all'> {
  if (names.length === 0 || new Set<string>(names).size !== names.length)
    throw new UsageError(`choice(${names.join(', ')}): wants different names, at least one`);
  return build({ type: 'choice', levels: names.length - 1, names, initial: names[0] });
}

/** A reference to an entity of that kind, by id; 0 is none. The target may be unseen or gone. */
export function entity<K extends string>(
  kind: K,
): Field<EntityId<K>, EntityId<K>, EntityId<K>, 'all'> {
  return build({ type: 'entity', levels: MAX_ENTITY_ID - 1, names: [kind] });
}

/** Two numbers in min..max in steps of `step`. */
export function vec2(
  min: number,
  max: number,
  step: number,
): SmoothField<Vec2, Vec2Like, Vec2Like, 'all'> {
  const levels = checkRange(`vec2(${min}, ${max}, ${step})`, min, max, step);
  return build({ type: 'vec2', components: 2, min, step, levels, initial: zeroIn(min, max) });
}

/** Three numbers in min..max in steps of `step`. */
export function vec3(
  min: number,
  max: number,
  step: number,
): SmoothField<Vec3, Vec3Like, Vec3Like, 'all'> {
  const levels = checkRange(`vec3(${min}, ${max}, ${step})`, min, max, step);
  return build({ type: 'vec3', components: 3, min, step, levels, initial: zeroIn(min, max) });
}

/**
 * A unit quaternion, sent as its three smallest components in `bits` bits each (the greatest
 * follows from unit length).
 */
export function quat(bits: number): SmoothField<Quat, QuatLike, QuatLike, 'all'> {
  if (bits < 2) throw new UsageError(`quat(${bits}): wants 2 bits or more a component`);
  checkCount('quat(bits)', bits, 20);
  const levels = 2 ** bits - 2;
  return build({
    type: 'quat',
    components: 4,
    min: -Math.SQRT1_2,
    step: Math.SQRT2 / levels,
    levels,
  });
}

/** Unicode text of at most `maxChars` UTF-16 units; what is longer is cut when it is set. */
export function text(maxChars: number): Field<string, string, string, 'all'> {
  const capacity = checkCount('text(maxChars)', maxChars, MAX_TEXT_CHARS);
  return build({ type: 'text', components: 0, levels: capacity * 3, capacity, initial: '' });
}

/**
 * Any MessagePack value of at most `maxBytes`, opaque: sent whole when replaced. T is not checked
 * at run time.
 */
export function packed<T>(maxBytes: number): Field<T | null, T | null, T | null, 'all'> {
  const levels = checkCount('packed(maxBytes)', maxBytes, MAX_PACKED_BYTES);
  return build({ type: 'packed', components: 0, levels, initial: null });
}

/**
 * Up to `capacity` elements; changed elements travel alone. `row.bag.assign([...])` replaces all of
 * it.
 */
export function list<L, I, V>(
  element: Field<L, I, V, Scope>,
  capacity: number,
): Field<List<Held<L>, I>, Iterable<I>, readonly V[], 'all'> {
  checkCount('list(element, capacity)', capacity, MAX_ELEMENTS);
  return build({
    type: 'list',
    components: 0,
    element: nested(element.spec),
    capacity,
    initial: [],
  });
}

/** Up to `capacity` entries by key (text, int or entity); changed entries travel alone. */
export function map<K extends string | number, L, I, V>(
  key: Field<K, K, K, Scope>,
  value: Field<L, I, V, Scope>,
  capacity: number,
): Field<Dictionary<K, Held<L>, I>, Iterable<readonly [K, I]>, ReadonlyMap<K, V>, 'all'> {
  checkCount('map(key, value, capacity)', capacity, MAX_ELEMENTS);
  if (!['text', 'int', 'entity'].includes(key.spec.type))
    throw new UsageError('map(key, ...): a key is text(), int() or entity()');
  return build({
    type: 'map',
    components: 0,
    key: key.spec,
    element: nested(value.spec),
    capacity,
    initial: [],
  });
}

/** A group of named fields inside one field; changed ones travel alone. */
export function record<F extends Fields>(
  fields: F,
): Field<
  { [K in keyof F]: Held<LiveOf<F[K]>> },
  { readonly [K in keyof F]?: InitOf<F[K]> },
  { readonly [K in keyof F]: ShownOf<F[K]> },
  'all'
> {
  const entries = Object.entries(fields).map(([name, f]) => {
    checkName('record()', name);
    return [name, nested(f.spec)] as const;
  });
  return build({ type: 'record', components: 0, fields: entries, initial: {} });
}

function nested(spec: FieldSpec): FieldSpec {
  if (spec.scope !== 'all' || spec.smooth || spec.press)
    throw new UsageError(
      'inside list, map and record a field has no smooth, press, ownerOnly or serverOnly: ' +
        'set it on the whole field',
    );
  if (depthOf(spec) >= MAX_NESTING)
    throw new UsageError(`list, map and record nest at most ${MAX_NESTING} deep`);
  return spec;
}

function depthOf(spec: FieldSpec): number {
  let deepest = spec.element ? depthOf(spec.element) : 0;
  for (const [, inner] of spec.fields) deepest = Math.max(deepest, depthOf(inner));
  return spec.element || spec.fields.length ? deepest + 1 : 0;
}

function zeroIn(min: number, max: number): number {
  return min <= 0 && max >= 0 ? 0 : min;
}
