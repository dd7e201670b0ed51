// The builders a game declares its fields with: int, fixed, angle and the rest. Each has its
// arguments checked (checks.ts) and gives a Field of the right types; what they make is read as a
// FieldSpec.
import {
  checkChoice,
  checkCount,
  checkDefault,
  checkKey,
  checkName,
  checkNested,
  checkOptions,
  checkQuat,
  checkRange,
  checkSchema,
  checkSmooth,
} from '#checks';
import { UsageError } from './errors.ts';
import type {
  AnyField,
  Dictionary,
  EntityId,
  Field,
  FieldSpec,
  Fields,
  Held,
  InitOf,
  JudgedField,
  List,
  LiveOf,
  PressField,
  Quat,
  QuatLike,
  Scope,
  ShownOf,
  SmoothField,
  SmoothOptions,
  Vec2,
  Vec2Like,
  Vec3,
  Vec3Like,
} from './field.ts';
import { ENTITY_LEVELS, MAX_ELEMENTS, MAX_PACKED_BYTES, MAX_TEXT_CHARS } from './limits.ts';
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.ts';

const BLANK: FieldSpec = {
  type: 'int',
  components: 1,
  min: 0,
  step: 1,
  levels: 0,
  scope: 'all',
  smooth: false,
  by: undefined,
  within: 0,
  far: 0,
  press: false,
  initial: 0,
  names: [],
  element: undefined,
  key: undefined,
  capacity: 0,
  fields: [],
};

class Builder {
  readonly spec: FieldSpec;
  constructor(spec: Partial<FieldSpec>) {
    this.spec = { ...BLANK, ...spec };
  }
  ownerOnly(): Builder {
    return new Builder({ ...this.spec, scope: 'owner' });
  }
  serverOnly(): Builder {
    return new Builder({ ...this.spec, scope: 'server' });
  }
  default(initial: unknown): Builder {
    checkDefault(this.spec, initial);
    return new Builder({ ...this.spec, initial });
  }
  smooth(options: SmoothOptions = {}): Builder {
    const { by, within = 0, far = within } = options;
    checkOptions('smooth', options, { by, within, far });
    checkSmooth(within, far);
    return new Builder({ ...this.spec, smooth: true, by, within, far });
  }
  press(): Builder {
    return new Builder({ ...this.spec, press: true });
  }
}

function build<F>(spec: Partial<FieldSpec>): F {
  return new Builder(spec) as unknown as F;
}

/** A whole number in min..max. */
export function int(
  min: number,
  max: number,
  ...more: []
): SmoothField<number, number, number, 'all'> {
  checkRange('int', min, max, undefined, more);
  return build({ type: 'int', min, levels: Math.round(max - min), initial: zeroIn(min, max) });
}

/**
 * A number in min..max that travels in steps of `step`; powers of two (1/16) are exact in float64.
 */
export function fixed(
  min: number,
  max: number,
  step: number,
  ...more: []
): SmoothField<number, number, number, 'all'> {
  checkRange('fixed', min, max, step, more);
  const levels = Math.round((max - min) / step);
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
  checkChoice(names);
  return build({ type: 'choice', levels: names.length - 1, names, initial: names[0] });
}

/** A reference to an entity of that kind, by id; 0 is none. The target may be unseen or gone. */
export function entity<K extends string>(
  kind: K,
): Field<EntityId<K>, EntityId<K>, EntityId<K>, 'all'> {
  return build({ type: 'entity', levels: ENTITY_LEVELS, names: [kind] });
}

/** Two numbers in min..max in steps of `step`. */
export function vec2(
  min: number,
  max: number,
  step: number,
  ...more: []
): SmoothField<Vec2, Vec2Like, Vec2Like, 'all'> {
  checkRange('vec2', min, max, step, more);
  const levels = Math.round((max - min) / step);
  return build({ type: 'vec2', components: 2, min, step, levels, initial: zeroIn(min, max) });
}

/** Three numbers in min..max in steps of `step`. */
export function vec3(
  min: number,
  max: number,
  step: number,
  ...more: []
): SmoothField<Vec3, Vec3Like, Vec3Like, 'all'> {
  checkRange('vec3', min, max, step, more);
  const levels = Math.round((max - min) / step);
  return build({ type: 'vec3', components: 3, min, step, levels, initial: zeroIn(min, max) });
}

/**
 * A unit quaternion, sent as its three smallest components in `bits` bits each (the greatest
 * follows from unit length).
 */
export function quat(bits: number): SmoothField<Quat, QuatLike, QuatLike, 'all'> {
  checkQuat(bits);
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

/**
 * Unicode text of at most `maxChars` UTF-16 units (an emoji has two or more); what is longer is cut
 * when it is set, between characters. In a command it comes to the server's handler in NFC.
 */
export function text(maxChars: number): Field<string, string, string, 'all'> {
  checkCount('text(maxChars)', maxChars, MAX_TEXT_CHARS);
  const levels = maxChars * 3;
  return build({ type: 'text', components: 0, levels, capacity: maxChars, initial: '' });
}

/**
 * Any MessagePack value of at most `maxBytes`, opaque: sent whole when replaced. T is not checked
 * at run time, but by a schema of https://standardschema.dev (zod, valibot), which a field of a
 * command may have: then the server hands the game what it made of the value, and answers with what
 * is wrong. Synchronous schemas only.
 */
export function packed<T>(maxBytes: number): Field<T | null, T | null, T | null, 'all'>;
export function packed<S extends StandardSchema>(
  maxBytes: number,
  schema: S,
): JudgedField<SchemaInput<S>, SchemaOutput<S>>;
export function packed(maxBytes: number, schema?: StandardSchema): AnyField {
  checkCount('packed(maxBytes)', maxBytes, MAX_PACKED_BYTES);
  checkSchema(schema);
  const field = build<AnyField>({
    type: 'packed',
    components: 0,
    levels: maxBytes,
    initial: null,
  });
  // Not in the spec, which is the wire's; nor in a copy of the field, as default() would make.
  return schema ? Object.assign(field, { schema, default: noDefault }) : field;
}

function noDefault(): never {
  throw new UsageError('default(): who calls a command gives every field; let the schema have one');
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
  checkNested(element);
  return build({
    type: 'list',
    components: 0,
    element: element.spec,
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
  checkKey(key.spec);
  checkNested(value);
  return build({
    type: 'map',
    components: 0,
    key: key.spec,
    element: value.spec,
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
    checkNested(f);
    return [name, f.spec] as const;
  });
  return build({ type: 'record', components: 0, fields: entries, initial: {} });
}

function zeroIn(min: number, max: number): number {
  return min <= 0 && max >= 0 ? 0 : min;
}
