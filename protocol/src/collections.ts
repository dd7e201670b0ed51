// Lists, maps and records of the live world: every write is stamped by element, so that a seat gets
// the elements that changed since its last STATE and nothing else. Server side only; browsers hold
// plain arrays, Maps and objects. A stamp is the tick of the STATE that will carry the change; it
// bubbles up to the field, so an unchanged branch costs one comparison.
import { UsageError } from './errors.ts';
import type { Dictionary, FieldSpec, List } from './field.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { cutText, toWire } from './quantize.ts';
import { initialShown } from './table.ts';

/** Whoever holds a collection. `$` names never clash with a record's fields. */
export interface Holder {
  /** Told of each change before it is made; answers its stamp. Throws where nothing may change. */
  $touch(): number;
  /** Told of a number outside its range: counts it, or throws where the room is strict. */
  $outside(name: string, value: number): void;
}

/** Seconds a map remembers deleted keys (DESIGN 13.2); seats further behind get the map whole. */
export const TOMBSTONE_SECONDS = 10;

export abstract class Tracked implements Holder {
  readonly #spec: FieldSpec;
  readonly #name: string;
  readonly #holder: Holder;
  #stamp = 0;
  constructor(spec: FieldSpec, name: string, holder: Holder) {
    this.#spec = spec;
    this.#name = name;
    this.#holder = holder;
  }
  get $spec(): FieldSpec {
    return this.#spec;
  }
  get $name(): string {
    return this.#name;
  }
  /** Tick of the newest change anywhere below. */
  get $stamp(): number {
    return this.#stamp;
  }
  $touch(): number {
    this.#stamp = this.#holder.$touch();
    return this.#stamp;
  }
  $outside(name: string, value: number): void {
    this.#holder.$outside(name, value);
  }
  /** Makes the collection equal to `value`. */
  abstract $assign(value: unknown): void;
}

export class TrackedList extends Tracked implements List<unknown> {
  readonly items: unknown[] = [];
  /** Tick each element was last replaced at; a nested collection's own stamp may be newer. */
  readonly stamps: number[] = [];
  get length(): number {
    return this.items.length;
  }
  at(index: number): unknown {
    return this.items.at(index);
  }
  set(index: number, value: unknown): void {
    this.#check(index);
    this.#put(index, value);
  }
  push(...values: unknown[]): void {
    for (const value of values) this.insert(this.items.length, value);
  }
  pop(): void {
    if (this.items.length) this.remove(this.items.length - 1);
  }
  insert(index: number, value: unknown): void {
    const { items } = this;
    this.#checkLength(items.length + 1);
    if (!Number.isInteger(index) || index < 0 || index > items.length)
      throw new UsageError(`${this.$name}: cannot insert at ${index}; it has ${items.length}`);
    const live = this.#live(index, value);
    const stamp = this.$touch();
    items.splice(index, 0, live);
    this.stamps.splice(index, 0, 0);
    for (let i = index; i < items.length; i++) this.stamps[i] = stamp;
  }
  remove(index: number): void {
    this.#check(index);
    const stamp = this.$touch();
    this.items.splice(index, 1);
    this.stamps.splice(index, 1);
    for (let i = index; i < this.items.length; i++) this.stamps[i] = stamp;
  }
  clear(): void {
    if (this.items.length === 0) return;
    this.$touch();
    this.items.length = 0;
    this.stamps.length = 0;
  }
  assign(values: Iterable<unknown>): void {
    const next = [...values];
    this.#checkLength(next.length);
    while (this.items.length > next.length) this.pop();
    next.forEach((value, i) => {
      if (i < this.items.length) this.#put(i, value);
      else this.push(value);
    });
  }
  $assign(value: unknown): void {
    this.assign(value as Iterable<unknown>);
  }
  [Symbol.iterator](): Iterator<unknown> {
    return this.items[Symbol.iterator]();
  }
  toJSON(): unknown {
    return this.items;
  }
  #check(index: number): void {
    if (!(index in this.items))
      throw new UsageError(`${this.$name}: no element ${index}; it has ${this.items.length}`);
  }
  #checkLength(length: number): void {
    const { capacity } = this.$spec;
    if (length > capacity)
      throw new UsageError(`${this.$name} is full: list(..., ${capacity}) of ${length}`);
  }
  #live(index: number, value: unknown): unknown {
    return liveValue(this.$spec.element!, `${this.$name}[${index}]`, this, value);
  }
  #put(index: number, value: unknown): void {
    const kept = this.items[index];
    if (kept instanceof Tracked) return kept.$assign(value);
    const next = this.#live(index, value);
    if (sameValue(this.$spec.element!, kept, next)) return;
    this.stamps[index] = this.$touch();
    this.items[index] = next;
  }
}

export interface MapEntry {
  value: unknown;
  /** Tick this key was last set to another value; a nested collection's own stamp may be newer. */
  stamp: number;
}

export class TrackedMap extends Tracked implements Dictionary<string | number, unknown> {
  readonly entries = new Map<string | number, MapEntry>();
  /** Deleted keys with the tick of their deletion, oldest first. */
  readonly tombstones = new Map<string | number, number>();
  /** Seats that know nothing after this tick get the map whole: older tombstones are forgotten. */
  forgottenTick = 0;
  get size(): number {
    return this.entries.size;
  }
  get(key: string | number): unknown {
    return this.entries.get(key)?.value;
  }
  has(key: string | number): boolean {
    return this.entries.has(key);
  }
  set(key: string | number, value: unknown): void {
    const kept = this.entries.get(key);
    if (kept?.value instanceof Tracked) return kept.value.$assign(value);
    if (!kept) this.#checkSize(this.entries.size + 1);
    this.#checkKey(key);
    const element = this.$spec.element!;
    const next = liveValue(element, `${this.$name}.${key}`, this, value);
    if (kept && sameValue(element, kept.value, next)) return;
    const stamp = this.$touch();
    this.tombstones.delete(key);
    if (kept) {
      kept.value = next;
      kept.stamp = stamp;
    } else this.entries.set(key, { value: next, stamp });
  }
  delete(key: string | number): boolean {
    if (!this.entries.has(key)) return false;
    const stamp = this.$touch();
    this.entries.delete(key);
    this.tombstones.set(key, stamp);
    // More deletions than the map has room for entries: telling it whole is shorter.
    if (this.tombstones.size > this.$spec.capacity) this.#forgetOldest();
    return true;
  }
  clear(): void {
    for (const key of [...this.entries.keys()]) this.delete(key);
  }
  keys(): Iterable<string | number> {
    return this.entries.keys();
  }
  *values(): Iterable<unknown> {
    for (const { value } of this.entries.values()) yield value;
  }
  $assign(value: unknown): void {
    const next = new Map(value as Iterable<readonly [string | number, unknown]>);
    this.#checkSize(next.size);
    for (const key of [...this.entries.keys()]) if (!next.has(key)) this.delete(key);
    for (const [key, inner] of next) this.set(key, inner);
  }
  *[Symbol.iterator](): Iterator<[string | number, unknown]> {
    for (const [key, { value }] of this.entries) yield [key, value];
  }
  /** Forgets deletions made at `tick` or before. */
  forget(tick: number): void {
    for (const at of this.tombstones.values()) {
      if (at > tick) return;
      this.#forgetOldest();
    }
  }
  #forgetOldest(): void {
    for (const [key, at] of this.tombstones) {
      this.tombstones.delete(key);
      this.forgottenTick = at;
      return;
    }
  }
  #checkSize(size: number): void {
    const { capacity } = this.$spec;
    if (size > capacity)
      throw new UsageError(`${this.$name} is full: map(..., ${capacity}) of ${size}`);
  }
  toJSON(): unknown {
    return [...this];
  }
  #checkKey(key: string | number): void {
    const spec = this.$spec.key!;
    const fits =
      spec.type === 'text'
        ? typeof key === 'string' && key.length <= spec.capacity
        : typeof key === 'number' &&
          Number.isInteger(key) &&
          key >= spec.min &&
          key <= spec.min + spec.levels;
    if (!fits)
      throw new UsageError(`${this.$name}: ${String(key)} is not a key of its declared type`);
  }
}

export class TrackedRecord extends Tracked {
  readonly #values: unknown[];
  readonly #stamps: number[];
  constructor(spec: FieldSpec, name: string, holder: Holder) {
    super(spec, name, holder);
    this.#stamps = spec.fields.map(() => 0);
    this.#values = spec.fields.map(([key, inner]) =>
      liveValue(inner, `${name}.${key}`, this, startOf(inner)),
    );
    spec.fields.forEach(([key], i) => {
      Object.defineProperty(this, key, {
        enumerable: true,
        get: () => this.#values[i],
        set: (value) => this.#put(i, value),
      });
    });
  }
  /** In the order of the declaration. */
  get $values(): readonly unknown[] {
    return this.#values;
  }
  /** Tick each field was last replaced at; a nested collection's own stamp may be newer. */
  get $stamps(): readonly number[] {
    return this.#stamps;
  }
  $assign(value: unknown): void {
    const given = value as Readonly<Record<string, unknown>>;
    const { fields } = this.$spec;
    for (const key of Object.keys(given))
      if (!fields.some(([name]) => name === key))
        throw new UsageError(`${this.$name} has no field ${key}`);
    fields.forEach(([key], i) => {
      if (given[key] !== undefined) this.#put(i, given[key]);
    });
  }
  #put(i: number, value: unknown): void {
    const kept = this.#values[i];
    if (kept instanceof Tracked) return kept.$assign(value);
    const [key, inner] = this.$spec.fields[i];
    const next = liveValue(inner, `${this.$name}.${key}`, this, value);
    if (sameValue(inner, kept, next)) return;
    this.#stamps[i] = this.$touch();
    this.#values[i] = next;
  }
}

/** What a record's field starts as, in the shape a game would give it. */
function startOf(spec: FieldSpec): unknown {
  return isCollection(spec) ? spec.initial : initialShown(spec);
}

/** Collections can change inside; a value without parts is always replaced whole. */
export function isCollection({ type }: FieldSpec): boolean {
  return type === 'list' || type === 'map' || type === 'record';
}

/**
 * A value as a collection holds it: nested collections tracked, vectors copied and frozen, text cut
 * to its length.
 */
export function liveValue(spec: FieldSpec, name: string, holder: Holder, value: unknown): unknown {
  switch (spec.type) {
    case 'list':
    case 'map':
    case 'record': {
      const made = createTracked(spec, name, holder);
      made.$assign(value);
      return made;
    }
    case 'text':
      if (typeof value !== 'string')
        throw new UsageError(`${name}: wants text, got ${typeof value}`);
      return cutText(value, spec.capacity);
    case 'choice':
      if (!spec.names.includes(value as string))
        throw new UsageError(`${name}: ${String(value)} is not one of ${spec.names.join(', ')}`);
      return value;
    case 'bool':
      return Boolean(value);
    case 'packed':
      checkPacked(spec, name, value);
      return value;
    default:
      return spec.components > 1
        ? liveVector(spec, name, holder, value)
        : inRange(spec, name, holder, Number(value));
  }
}

/** A copy that nobody writes to; `value` may be a vector of a row, which has no own properties. */
function liveVector(spec: FieldSpec, name: string, holder: Holder, value: unknown): unknown {
  const given = value as Readonly<Record<string, number>>;
  const made: Record<string, number> = {};
  for (let i = 0; i < spec.components; i++) {
    const axis = 'xyzw'[i];
    const part = Number(given[axis]);
    made[axis] = spec.type === 'quat' ? part : inRange(spec, `${name}.${axis}`, holder, part);
  }
  return Object.freeze(made);
}

function inRange(spec: FieldSpec, name: string, holder: Holder, value: number): number {
  const wire = toWire(spec, value);
  if (!(wire >= 0 && wire <= spec.levels)) holder.$outside(name, value);
  return value;
}

const scale = /* @__PURE__ */ new MsgpackWriter(256);

/** Refuses at the call what a receiver would refuse, or what MessagePack has no form for. */
function checkPacked({ levels }: FieldSpec, name: string, value: unknown): void {
  scale.reset();
  try {
    scale.value(value);
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
  if (scale.length > levels)
    throw new UsageError(`${name}: ${scale.length} bytes in packed(${levels})`);
}

export function createTracked(spec: FieldSpec, name: string, holder: Holder): Tracked {
  if (spec.type === 'list') return new TrackedList(spec, name, holder);
  if (spec.type === 'map') return new TrackedMap(spec, name, holder);
  return new TrackedRecord(spec, name, holder);
}

function sameValue({ components }: FieldSpec, a: unknown, b: unknown): boolean {
  if (components < 2 || !a) return a === b;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (let i = 0; i < components; i++) if (left['xyzw'[i]] !== right['xyzw'[i]]) return false;
  return true;
}

/** Forgets old deletions in a value and everything inside it. */
export function forgetTombstones(value: unknown, tick: number): void {
  if (value instanceof TrackedMap) {
    value.forget(tick);
    for (const { value: inner } of value.entries.values()) forgetTombstones(inner, tick);
  } else if (value instanceof TrackedList) {
    for (const inner of value.items) forgetTombstones(inner, tick);
  } else if (value instanceof TrackedRecord) {
    for (const inner of value.$values) forgetTombstones(inner, tick);
  }
}
