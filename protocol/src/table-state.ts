// A live table as bytes and back, for the checkpoint of a room: ids, which rows are free and in
// what order, exact numbers column by column, and what stands in lists, maps, records and texts.
// Called by the server's checkpoints. Stamps and tracks are left out: after a restore every seat is
// told everything. Trap: columns are copied as the machine has them, so reader and writer want the
// same byte order; what is read may be old or broken, so all of it is judged.
import { type Tracked, TrackedList, TrackedMap, type TrackedRecord } from './collections.ts';
import { badValue } from './errors.ts';
import type { FieldSpec } from './field.ts';
import { MAX_ENTITY_ID, MAX_SEATS, MAX_TICK } from './limits.ts';
import type { LiveTable } from './live-table.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';
import { EPOCH, type FieldPlan, OWNER } from './plan.ts';

/** How values whose shape only the game knows are kept. */
export interface ColdForm {
  /** Throws UsageError for what cannot be kept; `name`: what it is. */
  write(out: MsgpackWriter, name: string, value: unknown): void;
  read(from: MsgpackReader): unknown;
}

const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;
const MAX_UTF8_PER_UNIT = 3;

/**
 * Writes all that a table holds. Answers false as soon as more than `mostBytes` would stand in
 * `out`.
 */
export function writeTableState(
  out: MsgpackWriter,
  table: LiveTable,
  cold: ColdForm,
  mostBytes: number,
): boolean {
  const { high, holes } = table;
  if (out.length + high * NUMBER_BYTES > mostBytes) return false;
  out.bin(bytesOf(table.ids, high));
  out.arrayHeader(holes.free.length);
  for (const row of holes.free) out.int(row);
  out.arrayHeader(holes.resting.length);
  for (const { row, tick } of holes.resting) {
    out.int(row);
    out.int(tick);
  }
  return writeRows(out, table, cold, mostBytes);
}

/** Writes the values of all rows, as writeTableState does. */
export function writeRows(
  out: MsgpackWriter,
  table: LiveTable,
  cold: ColdForm,
  mostBytes: number,
): boolean {
  const { high, ids, plan, values, objects } = table;
  if (out.length + values.length * high * NUMBER_BYTES > mostBytes) return false;
  for (const column of values) out.bin(bytesOf(column, high));
  if (plan.objects.length === 0) return out.length <= mostBytes;
  for (let row = 1; row <= high; row++) {
    if (ids[row] === 0) continue;
    for (const { name, object, spec } of plan.objects)
      writeValue(out, spec, objects[object][row], `${plan.name}.${name}`, cold);
    if (out.length > mostBytes) return false;
  }
  return true;
}

function writeValue(
  out: MsgpackWriter,
  spec: FieldSpec,
  value: unknown,
  name: string,
  cold: ColdForm,
): void {
  switch (spec.type) {
    case 'list': {
      const { items } = value as TrackedList;
      out.arrayHeader(items.length);
      for (const item of items) writeValue(out, spec.element!, item, name, cold);
      return;
    }
    case 'map': {
      const { entries } = value as TrackedMap;
      out.int(entries.size);
      for (const [key, { value: inner }] of entries) {
        writeValue(out, spec.key!, key, name, cold);
        writeValue(out, spec.element!, inner, name, cold);
      }
      return;
    }
    case 'record': {
      const { $values } = value as TrackedRecord;
      spec.fields.forEach(([, inner], i) => void writeValue(out, inner, $values[i], name, cold));
      return;
    }
    case 'text':
      return out.str(value as string);
    case 'packed':
      return cold.write(out, name, value);
    case 'choice':
      return out.int(spec.names.indexOf(value as string));
    case 'bool':
      return out.bool(value as boolean);
    default:
      if (spec.components < 2) return out.float(value as number);
      for (let i = 0; i < spec.components; i++)
        out.float((value as Readonly<Record<string, number>>)['xyzw'[i]]);
  }
}

/** What is common to the tables of one room. */
export interface StateBounds {
  /** Ids are below it. */
  readonly nextId: number;
  /** All ids of the room: none comes twice. */
  readonly seen: Set<number>;
}

/** Fills an empty table. Throws ProtocolError or UsageError, and the table is then spent. */
export function readTableState(
  from: MsgpackReader,
  table: LiveTable,
  cold: ColdForm,
  { nextId, seen }: StateBounds,
): void {
  const bytes = from.bin(MAX_ENTITY_ID);
  if (bytes.length % NUMBER_BYTES !== 0) badValue('a column with a part of a number');
  const high = bytes.length / NUMBER_BYTES;
  const ids = new Float64Array(high + 1);
  bytesOf(ids, high).set(bytes);
  readHoles(from, table, ids);
  table.reserve(high);
  for (let row = 1; row <= high; row++) {
    const id = ids[row];
    if (id === 0) continue;
    if (!(Number.isInteger(id) && id > 0 && id < nextId)) badValue('an id that was never given');
    if (seen.has(id)) badValue('an id that two rows have');
    seen.add(id);
    table.put(row, id);
  }
  // Rows at the end may be holes.
  table.high = high;
  table.rows.length = high + 1;
  readRows(from, table, cold);
}

/** Each row that is not in use is free or rests, once. */
function readHoles(from: MsgpackReader, table: LiveTable, ids: Float64Array): void {
  const holes = new Set<number>();
  const hole = () => {
    const row = from.int(1, ids.length - 1);
    if (ids[row] !== 0 || holes.has(row)) badValue('a free row that is none');
    holes.add(row);
    return row;
  };
  const free = Array.from({ length: from.arrayHeader(ids.length) }, hole);
  const resting = Array.from({ length: from.arrayHeader(ids.length) }, () => ({
    row: hole(),
    tick: from.int(0, MAX_TICK),
  }));
  for (let row = 1; row < ids.length; row++)
    if (ids[row] === 0 && !holes.has(row)) badValue('a row that nobody could use again');
  table.holes = { free, resting };
}

/** Reads what writeRows wrote into rows that are there. Throws as readTableState does. */
export function readRows(from: MsgpackReader, table: LiveTable, cold: ColdForm): void {
  const { high, ids, plan, values } = table;
  for (const column of values) {
    const bytes = from.bin(high * NUMBER_BYTES);
    if (bytes.length !== high * NUMBER_BYTES) badValue('a column of another length');
    bytesOf(column, high).set(bytes);
  }
  for (const f of plan.fields) if (f.column >= 0) checkColumn(table, f);
  for (let row = 1; row <= high; row++)
    if (ids[row] !== 0) for (const f of plan.objects) readObject(from, table, f, row, cold);
  table.clamped = 0;
}

/** Numbers may be any, for the wire rounds them; what stands for something else may not. */
function checkColumn({ high, ids, plan, values }: LiveTable, f: FieldPlan): void {
  const { type, names } = f.spec;
  const isOurs = plan.index >= 0 && f.index <= EPOCH;
  if (type !== 'choice' && type !== 'bool' && !isOurs) return;
  const most =
    type === 'choice'
      ? names.length - 1
      : type === 'bool'
        ? 1
        : f.index === OWNER
          ? MAX_SEATS
          : 255;
  for (let row = 1; row <= high; row++) {
    const value = values[f.column][row];
    if (ids[row] !== 0 && !(Number.isInteger(value) && value >= 0 && value <= most))
      badValue(`${plan.name}.${f.name} of no meaning`);
  }
}

function readObject(
  from: MsgpackReader,
  table: LiveTable,
  f: FieldPlan,
  row: number,
  cold: ColdForm,
): void {
  const held = table.objects[f.object][row];
  if (isTracked(f.spec)) fill(from, f.spec, held as Tracked, cold);
  else table.setObject(f, row, readValue(from, f.spec, cold));
}

function isTracked({ type }: FieldSpec): boolean {
  return type === 'list' || type === 'map' || type === 'record';
}

/**
 * Puts what is read into a collection that may hold its defaults. Part by part: an assignment would
 * leave keys that are in both where they were.
 */
function fill(from: MsgpackReader, spec: FieldSpec, into: Tracked, cold: ColdForm): void {
  if (into instanceof TrackedList) {
    into.clear();
    const count = from.arrayHeader(spec.capacity);
    for (let i = 0; i < count; i++) {
      into.push(start(from, spec.element!, cold));
      if (isTracked(spec.element!)) fill(from, spec.element!, into.items[i] as Tracked, cold);
    }
  } else if (into instanceof TrackedMap) {
    into.clear();
    into.tombstones.clear();
    const count = from.int(0, spec.capacity);
    for (let i = 0; i < count; i++) {
      const key = readValue(from, spec.key!, cold) as string | number;
      if (into.has(key)) badValue('a key that comes twice');
      into.set(key, start(from, spec.element!, cold));
      if (isTracked(spec.element!)) fill(from, spec.element!, into.get(key) as Tracked, cold);
    }
  } else {
    const record = into as TrackedRecord & Record<string, unknown>;
    spec.fields.forEach(([name, inner], i) => {
      if (isTracked(inner)) fill(from, inner, record.$values[i] as Tracked, cold);
      else record[name] = readValue(from, inner, cold);
    });
  }
}

/** An element: read, or a nested collection before it is filled. */
function start(from: MsgpackReader, spec: FieldSpec, cold: ColdForm): unknown {
  if (!isTracked(spec)) return readValue(from, spec, cold);
  return spec.type === 'record' ? {} : [];
}

/** A value without parts that change. */
function readValue(from: MsgpackReader, spec: FieldSpec, cold: ColdForm): unknown {
  switch (spec.type) {
    case 'text': {
      const text = from.str(spec.capacity * MAX_UTF8_PER_UNIT);
      if (text.length > spec.capacity) badValue('a text is longer than declared');
      return text;
    }
    case 'packed':
      return cold.read(from);
    case 'choice':
      return spec.names[from.int(0, spec.names.length - 1)];
    case 'bool':
      return from.bool();
    default: {
      if (spec.components < 2) return from.float(true);
      const parts: Record<string, number> = {};
      for (let i = 0; i < spec.components; i++) parts['xyzw'[i]] = from.float(true);
      return parts;
    }
  }
}

/** The bytes of rows 1 to `high`. */
function bytesOf(column: Float64Array, high: number): Uint8Array {
  const { buffer, byteOffset } = column;
  return new Uint8Array(buffer, byteOffset + NUMBER_BYTES, high * NUMBER_BYTES);
}
