// Values and changes by chance, for any declared field: from its spec alone, so that a type that is
// added to the declaration is fuzzed too. Used by the tests of this folder.
import type { FieldSpec, Random, Row } from '../src/index.ts';

const LETTERS = ['a', 'b', 'z', 'é', '漢', '\u{1F680}'];

export function someText(chance: Random, most: number): string {
  let text = '';
  for (let i = chance.integer(most + 1); i > 0; i--) text += LETTERS[chance.integer(6)];
  return text.length > most ? '' : text;
}

/** Now and then outside the range, or between two steps. */
export function someNumber({ min, step, levels, type }: FieldSpec, chance: Random): number {
  const range = levels * step;
  if (type === 'entity') return chance.integer(50);
  if (type === 'angle') return (chance.next() - 0.5) * 40;
  const value = min + (chance.next() * 1.2 - 0.1) * range;
  return type === 'int' ? Math.round(value) : value;
}

/** A value as a game would give it. */
export function someValue(spec: FieldSpec, chance: Random): unknown {
  switch (spec.type) {
    case 'bool':
      return chance.next() < 0.5;
    case 'choice':
      return spec.names[chance.integer(spec.names.length)];
    case 'text':
      return someText(chance, spec.capacity);
    case 'packed':
      return chance.next() < 0.2 ? null : { n: chance.integer(100), s: [someText(chance, 4)] };
    case 'list':
      return some(chance, spec.capacity, () => someValue(spec.element!, chance));
    case 'map':
      return [...new Map(some(chance, spec.capacity, () => someEntry(spec, chance)))];
    case 'record':
      return Object.fromEntries(
        spec.fields.map(([name, inner]) => [name, someValue(inner, chance)]),
      );
    default:
      return spec.components === 1 ? someNumber(spec, chance) : someVector(spec, chance);
  }
}

function some<T>(chance: Random, most: number, make: () => T): T[] {
  return Array.from({ length: chance.integer(Math.min(most, 4) + 1) }, make);
}

function someVector(spec: FieldSpec, chance: Random): Record<string, number> {
  const part = () => (spec.type === 'quat' ? chance.next() * 2 - 1 : someNumber(spec, chance));
  return Object.fromEntries([...'xyzw'].slice(0, spec.components).map((axis) => [axis, part()]));
}

function someKey({ key }: FieldSpec, chance: Random): string | number {
  const { type, min, levels } = key!;
  if (type === 'text') return LETTERS[chance.integer(3)] + LETTERS[chance.integer(2)];
  return min + chance.integer(Math.min(levels + 1, 8));
}

function someEntry(spec: FieldSpec, chance: Random): [string | number, unknown] {
  return [someKey(spec, chance), someValue(spec.element!, chance)];
}

interface AnyList extends Iterable<unknown> {
  length: number;
  at(i: number): unknown;
  set(i: number, value: unknown): void;
  push(...values: unknown[]): void;
  pop(): void;
  insert(i: number, value: unknown): void;
  remove(i: number): void;
  clear(): void;
  assign(values: Iterable<unknown>): void;
}
interface AnyMap extends Iterable<[string | number, unknown]> {
  size: number;
  get(key: string | number): unknown;
  set(key: string | number, value: unknown): void;
  delete(key: string | number): boolean;
  clear(): void;
}

const nests = ({ type }: FieldSpec) => type === 'list' || type === 'map' || type === 'record';

/** Changes one field of a row, somewhere inside it. */
export function changeField(row: Row, name: string, spec: FieldSpec, chance: Random): void {
  if (nests(spec) && chance.next() < 0.9) changeInside(spec, row[name], chance);
  else if (spec.components === 1 && chance.next() < 0.3 && typeof row[name] === 'number')
    row[name] = (row[name] as number) + (chance.next() - 0.5) * spec.step * 0.3;
  else if (spec.components > 1 && chance.next() < 0.5)
    (row[name] as { x: number }).x += (chance.next() - 0.5) * spec.step * 3;
  else row[name] = someValue(spec, chance);
}

function changeInside(spec: FieldSpec, value: unknown, chance: Random): void {
  if (spec.type === 'list') changeList(spec, value as AnyList, chance);
  else if (spec.type === 'map') changeMap(spec, value as AnyMap, chance);
  else {
    const [name, inner] = spec.fields[chance.integer(spec.fields.length)];
    const record = value as Record<string, unknown>;
    if (nests(inner) && chance.next() < 0.7) changeInside(inner, record[name], chance);
    else record[name] = someValue(inner, chance);
  }
}

function changeList(spec: FieldSpec, list: AnyList, chance: Random): void {
  const { element, capacity } = spec;
  const full = list.length >= capacity;
  const at = chance.integer(Math.max(list.length, 1));
  const make = () => someValue(element!, chance);
  const dice = chance.integer(10);
  if (list.length === 0 || (dice === 0 && !full)) list.push(make());
  else if (dice === 1 && !full) list.insert(chance.integer(list.length + 1), make());
  else if (dice === 2) list.remove(at);
  else if (dice === 3) list.pop();
  else if (dice === 4) list.set(at, make());
  else if (dice === 5) list.assign(someValue(spec, chance) as unknown[]);
  else if (dice === 6 && chance.next() < 0.3) list.clear();
  else if (nests(element!)) changeInside(element!, list.at(at), chance);
  else list.set(at, make());
}

function changeMap(spec: FieldSpec, map: AnyMap, chance: Random): void {
  const keys = [...map].map(([key]) => key);
  const kept = keys[chance.integer(Math.max(keys.length, 1))];
  const dice = chance.integer(10);
  const key = someKey(spec, chance);
  const room = map.size < spec.capacity || map.get(key) !== undefined;
  if (keys.length === 0 || (dice < 3 && room)) {
    if (room) map.set(key, someValue(spec.element!, chance));
  } else if (dice < 6) map.delete(kept);
  else if (dice === 6 && chance.next() < 0.2) map.clear();
  else if (nests(spec.element!)) changeInside(spec.element!, map.get(kept), chance);
  else map.set(kept, someValue(spec.element!, chance));
}
