// Whether a receiver holds what it was told: hashes of rows, the frames that carry them, and the
// listing that names what differs (PROTOCOL.md 17). For development: the server's digest.ts sends,
// the client's compares. Both sides hash what they hold by the same walk, so the live world's
// collections and a browser's plain ones are read by what they have in common.

import type { Wire } from './columns.ts';
import { badFrame } from './errors.ts';
import type { FieldSpec } from './field.ts';
import { FrameType } from './frames.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import type { FieldPlan, Plan } from './plan.ts';
import { partsFromWire, partsToWire } from './quantize.ts';

/** A table with the wire values that stand for what a receiver in step holds. */
export interface HeldTable {
  readonly plan: Plan;
  readonly ids: Float64Array;
  readonly objects: readonly (readonly unknown[])[];
  readonly wire: readonly Wire[];
}

/** Bytes of a listing, as JSON: thousands of small rows. What is more is cut off. */
export const MAX_LISTING_BYTES = 2 ** 18;
/** UTF-16 units of a finding: kind, id, field and two values. */
export const MAX_FINDING_CHARS = 400;

/** The golden ratio's bits and one of xxHash's: odd, and well spread. */
const SPREAD = 0x9e3779b1;
const START = 0x85ebca77;

const bits = new Float64Array(1);
const halves = new Int32Array(bits.buffer);
const parts = new Float64Array(4);
const wireParts = new Float64Array(4);
const packed = /* @__PURE__ */ new MsgpackWriter(256);

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, SPREAD);
  return mixed ^ (mixed >>> 15);
}

function mixNumber(hash: number, value: number): number {
  if (value === (value | 0)) return mix(hash, value | 0);
  bits[0] = value;
  return mix(mix(hash, halves[0]), halves[1]);
}

function mixText(hash: number, text: string): number {
  let mixed = mix(hash, text.length);
  for (let i = 0; i < text.length; i++) mixed = mix(mixed, text.charCodeAt(i));
  return mixed;
}

/** A value without columns, by value: numbers inside are rounded as they travel. */
function mixValue(hash: number, spec: FieldSpec, value: unknown): number {
  switch (spec.type) {
    case 'text':
    case 'choice':
      return mixText(hash, value as string);
    case 'packed':
      return mixBytes(hash, value);
    case 'list': {
      let mixed = hash;
      for (const one of value as Iterable<unknown>) mixed = mixValue(mixed, spec.element!, one);
      return mix(mixed, (value as { length: number }).length);
    }
    case 'map': {
      // In whatever order: entries are added up.
      let sum = 0;
      for (const [key, one] of value as Iterable<[unknown, unknown]>)
        sum = (sum + mixValue(mixValue(START, spec.key!, key), spec.element!, one)) | 0;
      return mix(mix(hash, sum), (value as { size: number }).size);
    }
    case 'record': {
      const record = value as Readonly<Record<string, unknown>>;
      let mixed = hash;
      for (const [name, inner] of spec.fields) mixed = mixValue(mixed, inner, record[name]);
      return mixed;
    }
    default:
      return mixNumbers(hash, spec, value);
  }
}

function mixBytes(hash: number, value: unknown): number {
  packed.reset();
  packed.value(value);
  const bytes = packed.bytes();
  let mixed = mix(hash, bytes.length);
  for (let i = 0; i < bytes.length; i++) mixed = mix(mixed, bytes[i]);
  return mixed;
}

function mixNumbers(hash: number, spec: FieldSpec, value: unknown): number {
  wireOf(spec, value);
  let mixed = hash;
  for (let i = 0; i < spec.components; i++) mixed = mixNumber(mixed, wireParts[i]);
  return mixed;
}

/** The wire values of a number-like element, into `wireParts`. */
function wireOf(spec: FieldSpec, value: unknown): void {
  if (spec.components === 1) parts[0] = Number(value);
  else
    for (let i = 0; i < spec.components; i++)
      parts[i] = (value as Readonly<Record<string, number>>)['xyzw'[i]];
  partsToWire(spec, parts, wireParts);
}

/** Hash of a row: its id, and every field that all who know it are told. */
export function rowDigest(table: HeldTable, row: number): number {
  return digestOf(table, row, table.plan.sharedMask, table.wire);
}

/**
 * Hash of what only the row's owner is told of it. `exact`: by column, where the kind has a step;
 * other numbers go by their wire values.
 */
export function ownDigest(table: HeldTable, row: number, exact: readonly Float64Array[]): number {
  const { plan } = table;
  return digestOf(table, row, plan.ownMask, plan.stepped ? exact : table.wire);
}

function digestOf(
  table: HeldTable,
  row: number,
  mask: number,
  numbers: readonly (Wire | Float64Array)[],
): number {
  let hash = mixNumber(START, table.ids[row]);
  for (const { index, column, object, spec } of table.plan.fields) {
    if ((mask & (1 << index)) === 0) continue;
    if (column < 0) hash = mixValue(hash, spec, table.objects[object][row]);
    else
      for (let c = column; c < column + spec.components; c++)
        hash = mixNumber(hash, numbers[c][row]);
  }
  return hash;
}

/** A row of a listing: id, kind, then for each field of the mask its numbers or its value. */
export type ListedRow = [id: number, kind: number, ...values: unknown[]];

/** What rowDigest hashes, or with `exact` what ownDigest does, to be read and compared. */
export function listRow(table: HeldTable, row: number, exact?: readonly Float64Array[]): ListedRow {
  const { plan } = table;
  const numbers = exact && plan.stepped ? exact : table.wire;
  const listed: ListedRow = [table.ids[row], plan.index];
  for (const f of listedFields(table, exact !== undefined))
    listed.push(
      f.column < 0
        ? plainOf(f.spec, table.objects[f.object][row])
        : Array.from({ length: f.spec.components }, (_, i) => numbers[f.column + i][row]),
    );
  return listed;
}

/** The fields that a listed row has values of, in their order. */
export function listedFields({ plan }: HeldTable, own: boolean): readonly FieldPlan[] {
  const mask = own ? plan.ownMask : plan.sharedMask;
  return plan.fields.filter(({ index }) => (mask & (1 << index)) !== 0);
}

/** A value without columns as JSON holds it, its numbers as they are shown; maps by their keys. */
function plainOf(spec: FieldSpec, value: unknown): unknown {
  switch (spec.type) {
    case 'text':
    case 'choice':
      return value;
    case 'packed':
      return [mixBytes(START, value), String(JSON.stringify(value)).slice(0, MAX_FINDING_CHARS)];
    case 'list':
      return Array.from(value as Iterable<unknown>, (one) => plainOf(spec.element!, one));
    case 'map':
      return Array.from(value as Iterable<[unknown, unknown]>, ([key, one]) => [
        key,
        plainOf(spec.element!, one),
      ]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    case 'record': {
      const record = value as Readonly<Record<string, unknown>>;
      return spec.fields.map(([name, inner]) => [name, plainOf(inner, record[name])]);
    }
    default: {
      wireOf(spec, value);
      partsFromWire(spec, wireParts, parts);
      return spec.components === 1 ? parts[0] : Array.from(parts.subarray(0, spec.components));
    }
  }
}

// The frames. Write above read.

/** Hashes by kind, then the state's, then that of the own part: sums of the rows' hashes. */
export interface Digest {
  /** Of the STATE before it. */
  tick: number;
  sums: Int32Array;
}

export function writeDigest(out: MsgpackWriter, { tick, sums }: Digest): void {
  out.arrayHeader(3);
  out.int(FrameType.Digest);
  out.int(tick);
  out.arrayHeader(sums.length);
  for (const sum of sums) out.int(sum);
}

/** `count`: hashes that there must be. */
export function readDigest(from: MsgpackReader, count: number): Digest {
  const tick = from.int(0, 2 ** 32 - 1);
  const sums = new Int32Array(from.arrayHeader(count));
  if (sums.length !== count) badFrame('another number of sums');
  for (let i = 0; i < sums.length; i++) sums[i] = from.int(-(2 ** 31), 2 ** 31 - 1);
  return { tick, sums };
}

/** What a client says of a digest: which part differs, or what was found in its listing. */
export interface Report {
  tick: number;
  /** Kind, or beyond them the state or the own part, as in a digest. */
  part: number;
  /** Undefined: please list that part. */
  finding: string | undefined;
}

export function writeReport(out: MsgpackWriter, { tick, part, finding }: Report): void {
  out.arrayHeader(4);
  out.int(FrameType.Report);
  out.int(tick);
  out.int(part);
  if (finding === undefined) out.nil();
  else out.str(finding.slice(0, MAX_FINDING_CHARS));
}

export function readReport(from: MsgpackReader): Report {
  return {
    tick: from.int(0, 2 ** 32 - 1),
    part: from.int(0, 255),
    finding: from.tryNil() ? undefined : from.str(MAX_FINDING_CHARS * 3),
  };
}

/** One part as the receiver should hold it. */
export interface Listing {
  /** Of the STATE before it. */
  tick: number;
  part: number;
  /** JSON of ListedRow[]. */
  rows: string;
  /** Not all rows found room. */
  cut: boolean;
}

export function writeListing(out: MsgpackWriter, { tick, part, rows, cut }: Listing): void {
  out.arrayHeader(5);
  out.int(FrameType.Listing);
  out.int(tick);
  out.int(part);
  out.str(rows);
  out.bool(cut);
}

export function readListing(from: MsgpackReader): Listing {
  return {
    tick: from.int(0, 2 ** 32 - 1),
    part: from.int(0, 255),
    rows: from.str(MAX_LISTING_BYTES),
    cut: from.bool(),
  };
}
