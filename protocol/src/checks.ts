// What a declaration may not say, and the cure: every function throws UsageError, which names the
// field. Called by the builders and defineGame as `#checks` of package.json. Trap: a page that is
// bundled for production has unchecked.ts instead, so nothing here may be needed to go on; the
// server checks the same declaration before anybody can join.
import { UsageError } from './errors.ts';
import type { AnyField, FieldSpec, Fields } from './field.ts';
import { MAX_DECLARED, MAX_FIELDS, MAX_NESTING } from './limits.ts';
import { checkNames } from './options.ts';
import type { StandardSchema } from './standard-schema.ts';

/** Steps away from 0 up to which a float64 tells two neighbours apart after a round trip. */
const MAX_STEPS = 2 ** 50;
/** What every row has beside its declared fields. */
const TAKEN = new Set(['id', 'kind', 'owner', 'alive', 'teleport']);

/** Names of options: those of `known`, whatever it says of them. */
export function checkOptions(taker: string, given: object, known: object): void {
  checkNames(taker, given, Object.keys(known));
}

/** An option that counts ticks, if it is given. */
export function checkTicks(
  name: string,
  value: number | undefined,
  least: number,
  most: number,
): void {
  if (value === undefined) return;
  if (!(Number.isInteger(value) && value >= least && value <= most))
    throw new UsageError(`${name}: ${value}: wants whole ticks in ${least}..${most}`);
}

/**
 * Numbers in min..max in steps of `step`, as `builder` was given them, and `more`. Whole numbers
 * have no step.
 */
export function checkRange(
  builder: string,
  min: number,
  max: number,
  step: number | undefined,
  more: readonly unknown[],
): void {
  const given = builder === 'int' ? [min, max] : [min, max, step];
  const what = `${builder}(${given.join(', ')})`;
  if (more.length > 0)
    throw new UsageError(
      `${builder}() takes ${builder === 'int' ? 'min and max' : 'min, max and step'}, and no ` +
        'more: what else there is to say comes after it, as in .smooth()',
    );
  if (step === undefined && builder !== 'int')
    throw new UsageError(`${builder}(${min}, ${max}): wants a step as well, such as 1/16`);
  const size = step ?? 1;
  const farthest = Math.max(Math.abs(min), Math.abs(max)) / size;
  if (!(size > 0 && Math.round((max - min) / size) >= 1 && farthest <= MAX_STEPS))
    throw new UsageError(
      `${what}: wants min < max, a step of at most the range, and less than 2^50 steps from 0`,
    );
  if (step === undefined && !(Number.isSafeInteger(min) && Number.isSafeInteger(max)))
    throw new UsageError(`${what}: both ends must be whole numbers; use fixed()`);
}

export function checkCount(what: string, count: number, most: number): void {
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= most))
    throw new UsageError(`${what}: wants a whole number in 1..${most}, got ${count}`);
}

export function checkQuat(bits: number): void {
  if (bits < 2) throw new UsageError(`quat(${bits}): wants 2 bits or more a component`);
}

export function checkChoice(names: readonly string[]): void {
  if (names.length === 0 || new Set(names).size !== names.length)
    throw new UsageError(`choice(${names.join(', ')}): wants different names, at least one`);
}

export function checkKey({ type }: FieldSpec): void {
  if (!['text', 'int', 'entity'].includes(type))
    throw new UsageError('map(key, ...): a key is text(), int() or entity()');
}

/** A validator as packed() takes it. */
export function checkSchema(schema: StandardSchema | undefined): void {
  if (schema !== undefined && typeof schema?.['~standard']?.validate !== 'function')
    throw new UsageError(
      'packed(maxBytes, schema): wants a schema of standardschema.dev, such as one of zod',
    );
}

type FieldSets = Readonly<Record<string, Fields>>;

/** Schemas judge what clients say in commands: whatever else travels, the server wrote itself. */
export function checkUnjudged(declaration: {
  readonly state?: Fields;
  readonly input?: Fields;
  readonly entities: FieldSets;
  readonly events?: FieldSets;
}): void {
  const { state = {}, input = {}, entities, events } = declaration;
  for (const [owner, fields] of Object.entries({ ...entities, ...events, state, input }))
    for (const [name, { schema }] of Object.entries(fields))
      if (schema)
        throw new UsageError(
          `${owner}.${name}: a schema is for a field of a command, nobody would ask it here: ` +
            'packed<Type>(maxBytes)',
        );
}

/** An element of a collection or a field of a record. */
export function checkNested({ spec, schema }: Pick<AnyField, 'spec' | 'schema'>): void {
  if (schema)
    throw new UsageError(
      'inside list, map and record nothing has a schema: ask one of the whole, ' +
        'packed(maxBytes, schema)',
    );
  if (spec.scope !== 'all' || spec.smooth || spec.press)
    throw new UsageError(
      'inside list, map and record a field has no smooth, press, ownerOnly or serverOnly: ' +
        'set it on the whole field',
    );
  if (depthOf(spec) >= MAX_NESTING)
    throw new UsageError(`list, map and record nest at most ${MAX_NESTING} deep`);
}

function depthOf(spec: FieldSpec): number {
  let deepest = spec.element ? depthOf(spec.element) : 0;
  for (const [, inner] of spec.fields) deepest = Math.max(deepest, depthOf(inner));
  return spec.element || spec.fields.length ? deepest + 1 : 0;
}

/** A name that a row, a record or a mask has a place for. */
export function checkName(owner: string, name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === '__proto__')
    throw new UsageError(`${owner}.${name}: a field's name is letters, digits and _`);
}

/** Whether a field of this type may hold the value from its start. */
export function checkDefault(spec: FieldSpec, value: unknown): void {
  if (!fits(spec, value))
    throw new UsageError(`default(${String(value)}): no value of this ${spec.type}()`);
}

function fits({ type, min, step, levels, capacity, names }: FieldSpec, value: unknown): boolean {
  if (type === 'choice') return names.includes(value as string);
  if (type === 'text') return typeof value === 'string' && value.length <= capacity;
  if (type === 'angle') return Number.isFinite(value);
  if (type !== 'int' && type !== 'fixed' && type !== 'entity') return value !== undefined;
  return (value as number) >= min && (value as number) <= min + step * levels;
}

export function checkSmooth(within: number, far: number): void {
  if (!(Number.isSafeInteger(within) && within >= 0))
    throw new UsageError(`smooth({ within: ${within} }): give a whole number of steps, 0 or more`);
  if (!(Number.isSafeInteger(far) && far >= within))
    throw new UsageError(
      `smooth({ far: ${far} }): give a whole number of steps, no less than within (${within})`,
    );
}

/** The fields of one kind, state, input, event or command. */
export function checkFields(owner: string, declared: Fields, isEntity: boolean): void {
  const entries = Object.entries(declared);
  if (entries.length > MAX_FIELDS)
    throw new UsageError(
      `${owner} has ${entries.length} fields; at most ${MAX_FIELDS}: group some in record()`,
    );
  for (const [key] of entries) {
    checkName(owner, key);
    if (isEntity && TAKEN.has(key))
      throw new UsageError(`${owner}.${key}: every row has its own ${key}; choose another name`);
  }
  for (const entry of entries) checkVelocity(owner, entry, declared);
}

/** The velocity a field moves by, and that one's own, lead to an end. */
function checkVelocity(owner: string, [key, { spec }]: [string, AnyField], all: Fields): void {
  let rate = spec.by;
  for (let up = 0; rate !== undefined; up++) {
    if (up > Object.keys(all).length)
      throw new UsageError(`${owner}.${key}.smooth({ by }): its velocities go round in a circle`);
    rate = all[rate]?.spec.by;
  }
  if (spec.by === undefined) return;
  const by = all[spec.by]?.spec;
  if (!by || by.components !== spec.components || by.scope !== spec.scope)
    throw new UsageError(
      `${owner}.${key}.smooth({ by: '${spec.by}' }): wants a field of this kind with the same ` +
        'scope and number of components',
    );
}

/** 128: above it a tick is shorter than a timer's jitter; below 1 nothing is a game loop. */
export function checkTickRate(tickRate: number): void {
  if (!(tickRate >= 1 && tickRate <= 128))
    throw new UsageError(`tickRate: ${tickRate}: wants ticks per second in 1..128`);
}

/** Each step is of a kind there is. */
export function checkSteps(steps: object | undefined, kinds: readonly string[]): void {
  for (const name of Object.keys(steps ?? {}))
    if (!kinds.includes(name))
      throw new UsageError(`step.${name}: no such kind; kinds: ${kinds.join(', ')}`);
}

/** What a Plan says of its declaration. */
interface DeclaredPlan {
  readonly name: string;
  /** -1 for what is not an entity. */
  readonly index: number;
  readonly fields: readonly { readonly name: string; readonly spec: FieldSpec }[];
}

/** What all plans of a game say together. */
export function checkPlans(
  all: readonly DeclaredPlan[],
  kinds: readonly DeclaredPlan[],
  input: DeclaredPlan,
): void {
  if (all.length > MAX_DECLARED)
    throw new UsageError(`at most ${MAX_DECLARED} kinds, events and commands together`);
  const names = new Set(kinds.map((p) => p.name));
  for (const plan of all) {
    checkReferences(plan, names);
    const isKind = plan.index >= 0;
    for (const { name, spec } of plan.fields) {
      const where = `${plan.name}.${name}`;
      if (plan === input && spec.components === 0)
        throw new UsageError(`${where}: an input is numbers only; send ${spec.type} as a command`);
      if (spec.press && plan !== input)
        throw new UsageError(`${where}: press() is for input fields`);
      if (!isKind && (spec.scope !== 'all' || spec.smooth))
        throw new UsageError(`${where}: smooth, ownerOnly and serverOnly are for entity fields`);
    }
  }
}

/** Throws UsageError if an entity() field names a kind the game does not have. */
function checkReferences(plan: DeclaredPlan, kinds: ReadonlySet<string>): void {
  const check = (spec: FieldSpec, where: string): void => {
    if (spec.type === 'entity' && !kinds.has(spec.names[0]))
      throw new UsageError(
        `${where}: entity('${spec.names[0]}') is no kind; kinds: ${[...kinds].join(', ')}`,
      );
    if (spec.element) check(spec.element, where);
    if (spec.key) check(spec.key, where);
    for (const [, inner] of spec.fields) check(inner, where);
  };
  for (const f of plan.fields) check(f.spec, `${plan.name}.${f.name}`);
}
