// What a declaration gives: fields in their order, contexts, tracks and odds (sections 5 to 8 of
// PROTOCOL.md). A second implementation, written from the text alone; it shares no code with src.
// Plain and slow on purpose: everything is computed where it is asked for and nothing is clever.

export type FieldType =
  | 'int'
  | 'fixed'
  | 'angle'
  | 'bool'
  | 'choice'
  | 'entity'
  | 'vec2'
  | 'vec3'
  | 'quat'
  | 'text'
  | 'packed'
  | 'list'
  | 'map'
  | 'record';

/**
 * One declared field. `most` is UTF-16 units, bytes or elements; `of` and `key` of collections.
 * `default` is in the game's unit: a number, { x, y, z }, a choice's name, a bool or a text.
 */
export interface Field {
  name: string;
  type: FieldType;
  min?: number;
  max?: number;
  step?: number;
  bits?: number;
  names?: string[];
  most?: number;
  key?: Field;
  of?: Field;
  fields?: Field[];
  smooth?: boolean;
  by?: string;
  within?: number;
  scope?: 'all' | 'ownerOnly' | 'serverOnly';
  press?: boolean;
  default?: unknown;
}

/** Fields of an event or a command. */
export interface Group {
  name: string;
  fields: Field[];
}

/** A kind of entity, its fields without owner and epoch. `step`: its owner gets exact numbers. */
export interface Kind extends Group {
  step?: boolean;
}

/** The declaration as JSON data, everything in the order of the declaration. */
export interface Game {
  tickRate: number;
  kinds: Kind[];
  state: Field[];
  input: Field[];
  events: Group[];
  commands: Group[];
}

/** A field's numbers: `components` is 0 for texts, packed values and collections (section 6). */
export interface Shape {
  components: number;
  levels: number;
  min: number;
  step: number;
  /** An angle: after `levels` comes 0. */
  circular: boolean;
  /** Wire value of each component at the start. */
  start: number[];
}

/** What moves one component of a field on (section 7); T is its block of contexts. */
export interface TrackPlan {
  T: number;
  component: number;
  shape: Shape;
  velocity?: VelocityPlan;
}

export interface VelocityPlan {
  /** Position of the velocity's field, and its numbers. */
  position: number;
  shape: Shape;
  scale: number;
  most: number;
  nudge: number;
}

/** A field in its place, with the contexts of section 8.3. */
export interface PlanField {
  field: Field;
  position: number;
  shape: Shape;
  shared: boolean;
  /** In the own part (O1), and whether as exact floats. */
  own: boolean;
  exact: boolean;
  F: number;
  V: number;
  Q: number;
  D: number[];
  tracks: TrackPlan[];
}

export interface Plan {
  name: string;
  P: number;
  fields: PlanField[];
  hasTracks: boolean;
}

export interface Plans {
  kinds: Plan[];
  state: Plan;
  input: Plan;
  events: Plan[];
  commands: Plan[];
  /** The declaration's odds, one for each context there is. */
  odds: Uint16Array;
}

const FIRST_PLAN = 1168;
const BLOCK_VELOCITY = 190;
const BLOCK_ITSELF = 308;

/** Bit length of a natural number: 0 for 0, 8 for 255. */
export function bitLength(x: number): number {
  let length = 0;
  for (let rest = x; rest >= 1; rest = Math.floor(rest / 2)) length += 1;
  return length;
}

/** Bits of the tree that a number of so many levels is asked with. */
export function treeBits(levels: number): number {
  return levels <= 15 ? bitLength(levels) : bitLength(bitLength(levels));
}

function ranged(components: number, min: number, max: number, step: number): Shape {
  const levels = Math.round((max - min) / step);
  const zero = min <= 0 && max >= 0 ? Math.round((0 - min) / step) : 0;
  const start = new Array<number>(components).fill(Math.min(zero, levels));
  return { components, levels, min, step, circular: false, start };
}

function quaternion(bits: number): Shape {
  const levels = 2 ** bits - 2;
  const [min, step] = [-Math.SQRT1_2, Math.SQRT2 / levels];
  // 0, 0, 0, 1: the last is greatest, the others are 0, which is the middle of their range.
  const start = [3, levels / 2, levels / 2, levels / 2];
  return { components: 4, levels, min, step, circular: false, start };
}

/** The numbers of a field by the table of section 6, but for a default of its own. */
function tableShape(field: Field): Shape {
  const { type, min = 0, max = 0, step = 1, bits = 0 } = field;
  switch (type) {
    case 'int':
      return ranged(1, min, max, 1);
    case 'fixed':
      return ranged(1, min, max, step);
    case 'vec2':
      return ranged(2, min, max, step);
    case 'vec3':
      return ranged(3, min, max, step);
    case 'angle':
      return { ...ranged(1, 0, 2 ** bits - 1, 1), step: (2 * Math.PI) / 2 ** bits, circular: true };
    case 'bool':
      return ranged(1, 0, 1, 1);
    case 'choice':
      return ranged(1, 0, (field.names ?? []).length - 1, 1);
    case 'entity':
      return ranged(1, 0, 2 ** 32 - 1, 1);
    case 'quat':
      return quaternion(bits);
    default:
      return { components: 0, levels: 0, min: 0, step: 1, circular: false, start: [] };
  }
}

/** A default in the game's unit as numbers, one for each component. */
function defaultNumbers(field: Field): number[] {
  const given = field.default;
  if (field.type === 'choice') return [(field.names ?? []).indexOf(given as string)];
  if (typeof given !== 'object') return [Number(given)];
  const { x, y, z } = given as { x: number; y: number; z: number };
  return [x, y, z];
}

/** The numbers of a field, with where they start. */
export function shapeOf(field: Field): Shape {
  const shape = tableShape(field);
  const { components, levels, min, step, circular } = shape;
  if (field.default === undefined || components === 0 || field.type === 'quat') return shape;
  const numbers = defaultNumbers(field).slice(0, components);
  const start = numbers.map((value) => {
    const wire = Math.round((value - min) / step);
    if (circular) return wire - Math.floor(wire / (levels + 1)) * (levels + 1);
    return Math.min(Math.max(wire, 0), levels);
  });
  return { ...shape, start };
}

/** What a wire value stands for; an angle in [-PI, PI). */
export function meaning(wire: number, { min, step, levels, circular }: Shape): number {
  if (circular) return 2 * wire > levels ? (wire - levels - 1) * step : wire * step;
  return min + wire * step;
}

/** Fields that others move by stand before those (section 5); the rest keep their order. */
export function inOrder(fields: Field[]): Field[] {
  const depth = new Map<string, number>();
  let reached = new Set(fields.map((field) => field.name));
  for (let steps = 1; steps <= fields.length; steps += 1) {
    const next = new Set<string>();
    for (const field of fields) if (reached.has(field.name) && field.by) next.add(field.by);
    for (const name of next) depth.set(name, steps);
    reached = next;
  }
  const depthOf = (field: Field) => depth.get(field.name) ?? 0;
  return [...fields].sort((a, b) => depthOf(b) - depthOf(a));
}

function velocityPlan(fields: Field[], by: string, shape: Shape, tickRate: number): VelocityPlan {
  const position = fields.findIndex((field) => field.name === by);
  if (position < 0) throw new Error(`no field ${by} to move by`);
  const velocity = shapeOf(fields[position]!);
  const scale = (1 / tickRate / shape.step) * 256;
  const most = Math.ceil((velocity.step / 2) * scale) + 1;
  const nudge = Math.max(Math.floor(most / 8), 1);
  return { position, shape: velocity, scale, most, nudge };
}

/** The field at `position` of `fields`, its contexts from F on, and where the next field begins. */
function planField(game: Game, fields: Field[], position: number, F: number, rows: boolean) {
  const field = fields[position]!;
  const shape = shapeOf(field);
  const { components, levels } = shape;
  const size = 2 ** treeBits(levels);
  const V = F + 6;
  const Q = V + (components === 0 ? 64 : size);
  let next = Q + (field.type === 'quat' ? 4 : 0);
  const D: number[] = [];
  for (let i = 0; i < components; i += 1, next += 3 + size) D.push(next);
  const shared = (field.scope ?? 'all') === 'all';
  const smooth = rows && (field.smooth === true || field.by !== undefined);
  const tracked = smooth && shared && field.type !== 'quat' && levels <= 2 ** 31 - 1;
  const tracks: TrackPlan[] = [];
  for (let component = 0; smooth && component < components; component += 1) {
    const velocity = field.by ? velocityPlan(fields, field.by, shape, game.tickRate) : undefined;
    if (tracked) tracks.push({ T: next, component, shape, ...(velocity && { velocity }) });
    next += field.by ? BLOCK_VELOCITY : BLOCK_ITSELF;
  }
  return { planned: { field, position, shape, shared, F, V, Q, D, tracks }, next };
}

/** A plan whose block begins at P, and where the next block begins. */
function plan(game: Game, name: string, declared: Field[], P: number, kind?: Kind): [Plan, number] {
  const owner: Field = { name: 'owner', type: 'int', min: 0, max: 65_535 };
  const epoch: Field = { name: 'epoch', type: 'int', min: 0, max: 255 };
  const ordered = inOrder(declared);
  const all = kind ? [owner, epoch, ...ordered] : ordered;
  const fields: PlanField[] = [];
  let next = P + 11;
  for (let position = 0; position < all.length; position += 1) {
    const made = planField(game, all, position, next, kind !== undefined);
    const { scope } = made.planned.field;
    const number = made.planned.shape.components > 0;
    const isDeclared = kind !== undefined && position >= 2;
    const exact = isDeclared && kind.step === true && number && scope !== 'serverOnly';
    const own = exact || (isDeclared && scope === 'ownerOnly');
    fields.push({ ...made.planned, own, exact });
    next = made.next;
  }
  const hasTracks = fields.some((field) => field.tracks.length > 0);
  return [{ name, P, fields, hasTracks }, next];
}

/** All plans of a game in the order of section 8.3, and its odds. */
export function plansOf(game: Game): Plans {
  let next = FIRST_PLAN;
  const add = (name: string, fields: Field[], kind?: Kind): Plan => {
    const [made, end] = plan(game, name, fields, next, kind);
    next = end;
    return made;
  };
  const kinds = game.kinds.map((kind) => add(kind.name, kind.fields, kind));
  const state = add('state', game.state);
  const input = add('input', game.input);
  const events = game.events.map((event) => add(event.name, event.fields));
  const commands = game.commands.map((command) => add(command.name, command.fields));
  const odds = declaredOdds([...kinds, state, input, ...events, ...commands], next);
  return { kinds, state, input, events, commands, odds };
}

const HALF_SIZES = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 19, 21, 23, 26, 29, 32, 36, 40, 45, 50, 56, 62,
  69, 77, 86, 96, 107, 119, 133, 148, 165, 184, 205, 228, 253, 281, 311, 344, 381, 421, 465, 513,
  565, 621, 682, 747, 817, 892, 972, 1057, 1146, 1240, 1338, 1440, 1545, 1653, 1764, 1876, 1989,
];

/** The 128 sizes of odds, ascending. */
export const SIZES = [...HALF_SIZES, ...[...HALF_SIZES].reverse().map((size) => 4096 - size)];

function nearest(share: number): number {
  let best = SIZES[0]!;
  for (const size of SIZES) {
    if (Math.abs(size - 4096 * share) < Math.abs(best - 4096 * share)) best = size;
  }
  return best;
}

/** Odds of a node by the leaves below it: each length is 3/4 as likely as the one before. */
const LENGTH_ODDS = new Map([
  [64, 1],
  [32, 40],
  [16, 381],
  [8, 972],
  [4, 1440],
  [2, 1764],
]);

function setLengths(odds: Uint16Array, c: number, bits: number): void {
  for (let k = 1; k < 2 ** bits; k += 1) {
    odds[c + k - 1] = LENGTH_ODDS.get(2 ** (bits - bitLength(k) + 1))!;
  }
}

function setWeights(odds: Uint16Array, c: number, bits: number, weights: number[]): void {
  const leaves = 2 ** bits;
  const below = (k: number): number =>
    k >= leaves ? (weights[k - leaves] ?? 0) : below(2 * k) + below(2 * k + 1);
  for (let k = 1; k < leaves; k += 1) {
    const [left, right] = [below(2 * k), below(2 * k + 1)];
    odds[c + k - 1] = nearest(left + right === 0 ? 1 / 2 : right / (left + right));
  }
}

/** How many of 0..levels have each bit length. */
function lengthWeights(levels: number): number[] {
  const weights = [1];
  for (let b = 1; b <= bitLength(levels); b += 1) {
    weights.push(Math.min(levels, 2 ** b - 1) - 2 ** (b - 1) + 1);
  }
  return weights;
}

function setFieldOdds(odds: Uint16Array, { field, shape, F, V, D }: PlanField): void {
  odds.set([1240, 1653, 1653, 2443, 2856, 2856], F);
  const { components, levels } = shape;
  const bits = treeBits(levels);
  const equal = new Array<number>(levels <= 15 ? levels + 1 : 0).fill(1);
  if (components === 0) setLengths(odds, V, 6);
  else setWeights(odds, V, bits, levels <= 15 ? equal : lengthWeights(levels));
  for (const d of D) {
    if (levels === 1) odds[d] = 40;
    odds[d + 1] = 86;
    if (levels > 15) setLengths(odds, d + 3, bits);
    else if (field.type !== 'quat') setWeights(odds, d + 3, bits, equal);
  }
}

/** Section 8.4: the odds that the declaration gives. */
function declaredOdds(plans: Plan[], contexts: number): Uint16Array {
  const odds = new Uint16Array(contexts).fill(1989);
  odds.set([421, 4010], 0);
  odds[4] = 3891;
  odds.set([1, 1], 6);
  for (let c = 144; c < FIRST_PLAN; c += 64) setLengths(odds, c, 6);
  odds[719] = 3891;
  odds[975] = 817;
  for (const { P, fields } of plans) {
    odds.set([205, 205, 205, 1653], P + 7);
    for (const field of fields) setFieldOdds(odds, field);
  }
  return odds;
}
