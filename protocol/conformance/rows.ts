// What a receiver knows (section 5): rows by slot with their values, and how collections are read,
// in whichever spelling (section 6). The spellings are Sources: plain.ts has that of MessagePack,
// packed.ts that of the bits of a body. Values are wire values; decoder.ts shows them.

import type { Free } from './bytes.ts';
import { Refused } from './bytes.ts';
import type { Field, Plan, Shape } from './game.ts';
import { shapeOf } from './game.ts';
import type { Track } from './tracks.ts';
import { startTrack } from './tracks.ts';

/** Numbers by component; a text; a list or a record (by index); a map; a packed value. */
export type Value = number[] | string | Value[] | Map<Key, Value> | Free;
export type Key = number | string;

/** Where the values of a collection come from. */
export interface Source {
  /** A length, a count of keys. */
  length(most: number): number;
  /** 1: whole, 0: changes. */
  mark(): boolean;
  /** The indices of 0..n - 1 that are named, ascending. */
  selection(n: number, read: (index: number) => void): void;
  /** The components of a number. */
  numbers(shape: Shape): number[];
  text(most: number): string;
  packed(most: number): Free;
  /** A group inside the group. */
  inside<T>(read: () => T): T;
}

export function isCollection({ type }: Field): boolean {
  return type === 'list' || type === 'map' || type === 'record';
}

/** What a field starts as. */
export function startOf(field: Field): Value {
  switch (field.type) {
    case 'text':
      return typeof field.default === 'string' ? field.default : '';
    case 'packed':
      return null;
    case 'list':
      return [];
    case 'map':
      return new Map();
    case 'record':
      return field.fields!.map(startOf);
    default:
      return [...shapeOf(field).start];
  }
}

/** A value that is no collection. */
export function readScalar(source: Source, field: Field): Value {
  if (field.type === 'text') return source.text(field.most!);
  if (field.type === 'packed') return source.packed(field.most!);
  return source.numbers(shapeOf(field));
}

/** A collection that is whole, or changes of what is held. */
export function readCollection(source: Source, field: Field, held: Value, whole: boolean): Value {
  return source.inside(() => {
    if (field.type === 'list') return readList(source, field, held as Value[], whole);
    if (field.type === 'map') return readMap(source, field, held as Map<Key, Value>, whole);
    return readRecord(source, field, held as Value[], whole);
  });
}

/** A value inside a collection; in changes a collection has a mark before it (S13). */
function readInner(source: Source, field: Field, held: Value | undefined, whole: boolean): Value {
  if (!isCollection(field)) return readScalar(source, field);
  const isWhole = whole || source.mark();
  if (!isWhole && held === undefined) throw new Refused('bad-state', 'changes of nothing');
  return readCollection(source, field, isWhole ? startOf(field) : held!, isWhole);
}

function readList(source: Source, field: Field, held: Value[], whole: boolean): Value {
  const length = source.length(field.most!);
  const list: Value[] = whole ? [] : held.slice(0, length);
  const missing = new Set<number>();
  for (let i = list.length; i < length; i += 1) missing.add(i);
  source.selection(length, (i) => {
    list[i] = readInner(source, field.of!, held[i], whole);
    missing.delete(i);
  });
  if (missing.size > 0) throw new Refused('bad-state', 'a new element is not given');
  return list;
}

function readKey(source: Source, field: Field): Key {
  const key = readScalar(source, field.key!);
  return typeof key === 'string' ? key : (key as number[])[0]!;
}

function readMap(source: Source, field: Field, held: Map<Key, Value>, whole: boolean): Value {
  const isWhole = source.mark();
  if (whole && !isWhole) throw new Refused('bad-state', 'changes of a map inside a whole value');
  const map = new Map(isWhole ? [] : held);
  if (!isWhole) {
    for (let gone = source.length(field.most!); gone > 0; gone -= 1) {
      map.delete(readKey(source, field));
    }
  }
  for (let count = source.length(field.most!); count > 0; count -= 1) {
    const key = readKey(source, field);
    const inner = map.get(key) === held.get(key) ? map.get(key) : undefined;
    map.set(key, readInner(source, field.of!, inner, isWhole));
  }
  if (map.size > field.most!) throw new Refused('bad-value', 'too many entries');
  return map;
}

function readRecord(source: Source, field: Field, held: Value[], whole: boolean): Value {
  const fields = field.fields!;
  const record = whole ? fields.map(startOf) : [...held];
  source.selection(fields.length, (i) => {
    record[i] = readInner(source, fields[i]!, record[i], whole);
  });
  return record;
}

/** An entity, or the room's state (slot -1). Values and tracks are by position of the field. */
export interface Row {
  slot: number;
  id: number;
  plan: Plan;
  values: Value[];
  tracks: Track[][];
  own: Map<number, Value>;
  /** Tick of the STATE that named it last, whoever was told of it then. */
  namedAt: number;
  behind: boolean;
}

export function startRow(plan: Plan, slot: number, id: number): Row {
  const values = plan.fields.map(({ field }) => startOf(field));
  const tracks = plan.fields.map(({ position, tracks }) =>
    tracks.map((track) => startTrack(track, (values[position] as number[])[track.component]!)),
  );
  return { slot, id, plan, values, tracks, own: new Map(), namedAt: 0, behind: false };
}

const MOST_SLOTS = 65_536;

/** What a receiver knows: rows by slot, and the room's state. */
export class Known {
  limit = 0;
  readonly state: Row;
  readonly #rows = new Map<number, Row>();
  readonly #ids = new Set<string>();

  constructor(state: Plan) {
    this.state = startRow(state, -1, 0);
  }

  grow(limit: number): void {
    if (limit > MOST_SLOTS) throw new Refused('bad-value', `limit ${limit}`);
    if (limit < this.limit) throw new Refused('bad-state', 'a limit that shrinks');
    this.limit = limit;
  }

  /** All rows, ascending by slot. */
  rows(): Row[] {
    return [...this.#rows.values()].sort((a, b) => a.slot - b.slot);
  }

  row(slot: number): Row {
    const row = this.#rows.get(slot);
    if (!row) throw new Refused('bad-state', `slot ${slot} is not known`);
    return row;
  }

  freeSlots(): number[] {
    return Array.from({ length: this.limit }, (_, slot) => slot).filter((i) => !this.#rows.has(i));
  }

  leave(slot: number): void {
    const row = this.row(slot);
    this.#rows.delete(slot);
    this.#ids.delete(`${row.plan.name} ${row.id}`);
  }

  arrive(slot: number, plan: Plan, id: number): Row {
    const name = `${plan.name} ${id}`;
    if (id === 0) throw new Refused('bad-state', 'id 0 is of nobody');
    if (slot >= this.limit) throw new Refused('bad-state', `slot ${slot} beyond the limit`);
    if (this.#rows.has(slot)) throw new Refused('bad-state', `slot ${slot} is taken`);
    if (this.#ids.has(name)) throw new Refused('bad-state', `${name} arrives twice`);
    const row = startRow(plan, slot, id);
    this.#rows.set(slot, row);
    this.#ids.add(name);
    return row;
  }
}
