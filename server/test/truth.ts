// What a seat should hold, told without the code that sends it: which entities by the rules of
// interest, and which values by the declaration. The oracle of the fuzz. Trap: it must be asked
// right after the tick, before anybody writes to the world again.

import type { FieldSpec, Plan, Row } from '@tickwire/protocol';
import { TrackedList, TrackedMap, TrackedRecord } from '@tickwire/protocol';
import type { GameRoom } from '../src/index.ts';
import type { RoomSeat } from '../src/seat.ts';

/** As the server declares it (visibility.ts): entities leave at this many times the radius. */
const LEAVE_FACTOR = 1.1;
/** Between a number restored here and one restored there. */
const EPSILON = 1e-9;

export interface TruthRow {
  readonly plan: Plan;
  readonly owner: number;
  /** By field: rounded as everybody gets it, and exactly as the owner predicts it. */
  readonly rounded: ReadonlyMap<string, unknown>;
  readonly exact: ReadonlyMap<string, unknown>;
}

export interface Truth {
  readonly rows: ReadonlyMap<number, TruthRow>;
  readonly state: ReadonlyMap<string, unknown>;
}

/** One component as the wire says it: the nearest step within the range. */
function roundedNumber(spec: FieldSpec, value: number): number {
  const steps = Math.round((value - spec.min) / spec.step);
  if (spec.type !== 'angle')
    return spec.min + Math.min(Math.max(steps, 0), spec.levels) * spec.step;
  const turn = spec.levels + 1;
  const wire = ((steps % turn) + turn) % turn;
  return (wire >= turn / 2 ? wire - turn : wire) * spec.step;
}

/** Any live value as plain data in which every number is rounded; maps are sorted entries. */
function plain(spec: FieldSpec, value: unknown): unknown {
  if (value instanceof TrackedList) return value.items.map((one) => plain(spec.element!, one));
  if (value instanceof TrackedMap)
    return sorted([...value].map(([key, one]) => [key, plain(spec.element!, one)]));
  if (value instanceof TrackedRecord)
    return Object.fromEntries(spec.fields.map(([key, f], i) => [key, plain(f, value.$values[i])]));
  if (spec.type === 'bool') return Boolean(value);
  if (spec.components === 0 || spec.type === 'choice') return value;
  if (spec.components === 1) return roundedNumber(spec, value as number);
  const parts = value as Readonly<Record<string, number>>;
  return [...'xyzw'].slice(0, spec.components).map((axis) => roundedPart(spec, parts[axis]));
}

/** A quaternion's components are compared by `sameTurn`; they are not rounded one by one. */
function roundedPart(spec: FieldSpec, part: number): number {
  return spec.type === 'quat' ? part : roundedNumber(spec, part);
}

function sorted(entries: [unknown, unknown][]): unknown[] {
  return entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** What a browser holds, in the same plain form. */
function shown(spec: FieldSpec, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => shown(spec.element!, one));
  if (value instanceof Map)
    return sorted([...value].map(([key, one]) => [key, shown(spec.element!, one)]));
  if (spec.type === 'record') {
    const given = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(spec.fields.map(([key, f]) => [key, shown(f, given[key])]));
  }
  if (spec.components < 2) return value;
  const parts = value as Readonly<Record<string, number>>;
  return [...'xyzw'].slice(0, spec.components).map((axis) => parts[axis]);
}

function exactly(spec: FieldSpec, value: unknown): unknown {
  return spec.components > 1 ? shown(spec, value) : value;
}

function valuesOf(plan: Plan, row: Row, of: typeof plain): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const { name, spec } of plan.fields)
    if (name !== 'owner' && name !== '$epoch') values.set(name, of(spec, row[name]));
  return values;
}

export function truthOf(room: GameRoom): Truth {
  const rows = new Map<number, TruthRow>();
  for (const plan of room.game.kinds)
    for (const row of room.world.all(plan.name))
      rows.set(row.id, {
        plan,
        owner: row.owner,
        rounded: valuesOf(plan, row, plain),
        exact: plan.stepped ? valuesOf(plan, row, exactly) : new Map(),
      });
  return { rows, state: valuesOf(room.game.state, room.world.state.rows[1]!, plain) };
}

/** What one seat knows, by the rules: brought up to date at each STATE it is sent. */
export class Knowledge {
  known: ReadonlySet<number> = new Set();
  #next: ReadonlySet<number> = this.known;
  #eye: { x: number; y: number } | undefined;
  #nextEye: { x: number; y: number } | undefined;

  /** What was looked at last was told. */
  told(): void {
    this.known = this.#next;
    this.#eye = this.#nextEye;
  }

  /** Finds out what the seat would be told now. */
  look(room: GameRoom, seat: RoomSeat): void {
    const { interest, sees } = room.definition;
    const around = interest?.around(seat as never) as Row | undefined;
    this.#nextEye = around ? { x: around.x as number, y: around.y as number } : this.#eye;
    const next = new Set<number>();
    for (const plan of room.game.kinds)
      for (const row of room.world.all(plan.name)) {
        const allowed = !sees || sees(seat as never, row as never, room as never);
        const near = !interest || !plan.position || this.#near(row, interest.radius);
        if (row.owner === seat.id || (near && allowed)) next.add(row.id);
      }
    this.#next = next;
  }

  #near(row: Row, radius: number): boolean {
    const eye = this.#nextEye;
    if (!eye) return false;
    const at = (row.position ?? row) as { x: number; y: number };
    const dx = at.x - eye.x;
    const dy = at.y - eye.y;
    const reach = this.known.has(row.id) ? radius * LEAVE_FACTOR : radius;
    return dx * dx + dy * dy <= reach * reach;
  }
}

/** Throws with the path of the first difference between what a client shows and what it should. */
export function compare(seat: number, held: Row, truth: TruthRow): void {
  const { plan } = truth;
  const path = `${plan.name} ${held.id}`;
  if (held.owner !== truth.owner) throw new Error(`${path}.owner: ${held.owner}`);
  const mine = held.owner === seat;
  const { $table, $index } = held;
  for (const { name, spec, column, object, index } of plan.fields) {
    if (index < 2) continue;
    const hidden = spec.scope === 'server' || (spec.scope === 'owner' && !mine);
    if (hidden) {
      const blank = object < 0 ? $table.values[column][$index] : $table.objects[object][$index];
      const empty = object < 0 ? plan.shown[column] : blankOf(spec);
      same(`${path}.${name} (hidden)`, empty, plainBlank(blank));
      continue;
    }
    const predicted = mine && plan.stepped && spec.components > 0;
    const wanted = predicted ? truth.exact.get(name) : truth.rounded.get(name);
    if (spec.type === 'quat') sameTurn(`${path}.${name}`, spec, wanted, held[name]);
    else same(`${path}.${name}`, wanted, shown(spec, held[name]), predicted ? 0 : EPSILON);
  }
}

export function compareState(plan: Plan, held: Row, truth: ReadonlyMap<string, unknown>): void {
  for (const { name, spec } of plan.fields)
    same(`state.${name}`, truth.get(name), shown(spec, held[name]));
}

function blankOf(spec: FieldSpec): unknown {
  return spec.type === 'list' || spec.type === 'map' ? [] : spec.initial;
}

function plainBlank(value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}

function same(path: string, wanted: unknown, got: unknown, epsilon = EPSILON): void {
  if (typeof wanted === 'number' && typeof got === 'number') {
    if (Math.abs(wanted - got) <= epsilon) return;
  } else if (typeof wanted === 'object' && wanted && typeof got === 'object' && got) {
    const keys = Object.keys(wanted);
    if (keys.length === Object.keys(got).length) {
      for (const key of keys)
        same(`${path}.${key}`, wanted[key as never], got[key as never], epsilon);
      return;
    }
  } else if (wanted === got) return;
  throw new Error(`${path}: wanted ${JSON.stringify(wanted)}, holds ${JSON.stringify(got)}`);
}

/** Two rotations within a step of each component; q and -q are the same. */
function sameTurn(path: string, spec: FieldSpec, wanted: unknown, got: unknown): void {
  const a = wanted as number[];
  const b = shown(spec, got) as number[];
  const length = Math.hypot(...a) || 1;
  const dot = a.reduce((sum, part, i) => sum + (part / length) * b[i], 0);
  if (Math.abs(dot) < 1 - 4 * spec.step * spec.step)
    throw new Error(`${path}: wanted ${a}, holds ${b}`);
}
