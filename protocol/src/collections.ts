// Lists, maps and records of the live world: every write is stamped by element, so that a seat gets
// the elements that changed since its last STATE and nothing else. Server side only; browsers hold
// plain arrays, Maps and objects. A stamp is the tick of the STATE that will carry the change; it
// bubbles up to the field, so an unchanged branch costs one comparison.
import { UsageError } from './errors.ts';
import type { Dictionary, FieldSpec, List } from './field.ts';
import { initialShown } from './table.ts';

/** Whoever holds a collection: told of each change, answers the stamp of the change. */
export interface Holder {
  touch(): number;
}

/** Seconds a map remembers deleted keys (DESIGN 13.2); seats further behind get the map whole. */
export const TOMBSTONE_SECONDS = 10;

export abstract class Tracked implements Holder {
  readonly spec: FieldSpec;
  readonly name: string;
  /** Tick of the newest change anywhere below. */
  stamp = 0;
  readonly #holder: Holder;
  constructor(spec: FieldSpec, name: string, holder: Holder) {
    this.spec = spec;
    this.name = name;
    this.#holder = holder;
  }
  touch(): number {
    this.stamp = this.#holder.touch();
    return this.stamp;
  }
  /** Makes the collection equal to `value`. */
  abstract assign(value: unknown): void;
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
    if (!(index in this.items))
      throw new UsageError(`${this.name}: no element ${index}; it has ${this.items.length}`);
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
    if (items.length >= this.spec.capacity)
      throw new UsageError(`${this.name} is full: list(..., ${this.spec.capacity})`);
    if (!Number.isInteger(index) || index < 0 || index > items.length)
      throw new UsageError(`${this.name}: cannot insert at ${index}; it has ${items.length}`);
    const stamp = this.touch();
    items.splice(index, 0, undefined);
    this.stamps.splice(index, 0, 0);
    for (let i = index; i < items.length; i++) this.stamps[i] = stamp;
    this.#put(index, value);
  }
  remove(index: number): void {
    if (!(index in this.items))
      throw new UsageError(`${this.name}: no element ${index}; it has ${this.items.length}`);
    const stamp = this.touch();
    this.items.splice(index, 1);
    this.stamps.splice(index, 1);
    for (let i = index; i < this.items.length; i++) this.stamps[i] = stamp;
  }
  clear(): void {
    if (this.items.length === 0) return;
    this.touch();
    this.items.length = 0;
    this.stamps.length = 0;
  }
  assign(values: unknown): void {
    const next = [...(values as Iterable<unknown>)];
    while (this.items.length > next.length) this.pop();
    next.forEach((value, i) => {
      if (i < this.items.length) this.#put(i, value);
      else this.push(value);
    });
  }
  [Symbol.iterator](): Iterator<unknown> {
    return this.items[Symbol.iterator]();
  }
  toJSON(): unknown {
    return this.items;
  }
  #put(index: number, value: unknown): void {
    const kept = this.items[index];
    if (kept instanceof Tracked) return kept.assign(value);
    const element = this.spec.element!;
    const next = liveValue(element, `${this.name}[${index}]`, this, value);
    if (sameValue(kept, next)) return;
    this.items[index] = next;
    this.stamps[index] = this.touch();
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
    if (kept?.value instanceof Tracked) return kept.value.assign(value);
    if (!kept && this.entries.size >= this.spec.capacity)
      throw new UsageError(`${this.name} is full: map(..., ${this.spec.capacity})`);
    this.#checkKey(key);
    const next = liveValue(this.spec.element!, `${this.name}.${key}`, this, value);
    if (kept && sameValue(kept.value, next)) return;
    const stamp = this.touch();
    this.tombstones.delete(key);
    if (kept) {
      kept.value = next;
      kept.stamp = stamp;
    } else this.entries.set(key, { value: next, stamp });
  }
  delete(key: string | number): boolean {
    if (!this.entries.delete(key)) return false;
    this.tombstones.set(key, this.touch());
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
  assign(value: unknown): void {
    const next = new Map(value as Iterable<readonly [string | number, unknown]>);
    for (const key of [...this.entries.keys()]) if (!next.has(key)) this.delete(key);
    for (const [key, inner] of next) this.set(key, inner);
  }
  *[Symbol.iterator](): Iterator<[string | number, unknown]> {
    for (const [key, { value }] of this.entries) yield [key, value];
  }
  /** Forgets deletions made at `tick` or before. */
  forget(tick: number): void {
    for (const [key, at] of this.tombstones) {
      if (at > tick) return;
      this.tombstones.delete(key);
      this.forgottenTick = Math.max(this.forgottenTick, at);
    }
  }
  toJSON(): unknown {
    return [...this];
  }
  #checkKey(key: string | number): void {
    const spec = this.spec.key!;
    const fits =
      spec.type === 'text'
        ? typeof key === 'string' && key.length <= spec.capacity
        : typeof key === 'number' &&
          Number.isInteger(key) &&
          key >= spec.min &&
          key <= spec.min + spec.levels;
    if (!fits)
      throw new UsageError(`${this.name}: ${String(key)} is not a key of its declared type`);
  }
}

export class TrackedRecord extends Tracked {
  readonly values: unknown[];
  readonly stamps: number[];
  constructor(spec: FieldSpec, name: string, holder: Holder) {
    super(spec, name, holder);
    this.stamps = spec.fields.map(() => 0);
    this.values = spec.fields.map(([key, inner]) =>
      liveValue(inner, `${name}.${key}`, this, startOf(inner)),
    );
    spec.fields.forEach(([key], i) => {
      Object.defineProperty(this, key, {
        enumerable: true,
        get: () => this.values[i],
        set: (value) => this.put(i, value),
      });
    });
  }
  put(i: number, value: unknown): void {
    const kept = this.values[i];
    if (kept instanceof Tracked) return kept.assign(value);
    const [key, inner] = this.spec.fields[i];
    const next = liveValue(inner, `${this.name}.${key}`, this, value);
    if (sameValue(kept, next)) return;
    this.values[i] = next;
    this.stamps[i] = this.touch();
  }
  assign(value: unknown): void {
    const given = value as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(given))
      if (!this.spec.fields.some(([name]) => name === key))
        throw new UsageError(`${this.name} has no field ${key}`);
    this.spec.fields.forEach(([key], i) => {
      if (given[key] !== undefined) this.put(i, given[key]);
    });
  }
  toJSON(): unknown {
    return Object.fromEntries(this.spec.fields.map(([key], i) => [key, this.values[i]]));
  }
}

/** What a record's field starts as, in the shape a game would give it. */
function startOf(spec: FieldSpec): unknown {
  return spec.type === 'map' || spec.type === 'list' ? [] : initialShown(spec);
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
      made.assign(value);
      return made;
    }
    case 'text':
      if (typeof value !== 'string')
        throw new UsageError(`${name}: wants text, got ${typeof value}`);
      return value.length > spec.capacity ? value.slice(0, spec.capacity) : value;
    case 'choice':
      if (!spec.names.includes(value as string))
        throw new UsageError(`${name}: ${String(value)} is not one of ${spec.names.join(', ')}`);
      return value;
    case 'bool':
      return Boolean(value);
    case 'packed':
      return value;
    default:
      return spec.components > 1 ? Object.freeze({ ...(value as object) }) : Number(value);
  }
}

export function createTracked(spec: FieldSpec, name: string, holder: Holder): Tracked {
  if (spec.type === 'list') return new TrackedList(spec, name, holder);
  if (spec.type === 'map') return new TrackedMap(spec, name, holder);
  return new TrackedRecord(spec, name, holder);
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false;
  if (!Object.isFrozen(a)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  return ['x', 'y', 'z', 'w'].every((key) => left[key] === right[key]);
}

/** Forgets old deletions in a value and everything inside it. */
export function forgetTombstones(value: unknown, tick: number): void {
  if (value instanceof TrackedMap) {
    value.forget(tick);
    for (const { value: inner } of value.entries.values()) forgetTombstones(inner, tick);
  } else if (value instanceof TrackedList) {
    for (const inner of value.items) forgetTombstones(inner, tick);
  } else if (value instanceof TrackedRecord) {
    for (const inner of value.values) forgetTombstones(inner, tick);
  }
}
