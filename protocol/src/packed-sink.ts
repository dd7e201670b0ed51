// Writes the `packed` spelling of a body: one string of bits, each coded at the odds of its
// context. A number is a tree over its bit length and then its lower bits; a value that the
// receiver holds is the step away from it; a selection asks of every candidate, or counts those
// passed over. Twin of packed-source (PROTOCOL.md 8). Used by replication and, for input, by the
// client. HOT: allocates nothing per tick once its lists have grown, but for packed values.
import { BitList, RangeEncoder } from './coder.ts';
import { type CodingTables, PRICE_UNITS } from './coding-tables.ts';
import {
  bitLength,
  Change,
  COUNT_BITS,
  COUNT_CONTEXTS,
  Context,
  type Form,
  isWide,
  MANTISSAS,
  SPARSE,
  treeBits,
} from './contexts.ts';
import { assert, UsageError } from './errors.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import type { Sink } from './sink.ts';
import type { Table } from './table.ts';

/** Groups and selections inside each other: body, selection, entity, nested collections. */
const MAX_GROUPS = 24;

const floats = new DataView(new ArrayBuffer(16));

/** Where the bits of each row of one kind are kept, in one form. */
class Kept {
  tick = new Uint32Array(0);
  from = new Uint32Array(0);
  to = new Uint32Array(0);
  /** Bits that the row took when it was last said. */
  bits = new Float64Array(0);

  reserve(capacity: number): void {
    if (capacity <= this.tick.length) return;
    // What was kept of this tick is forgotten, and written once more.
    this.tick = new Uint32Array(capacity);
    this.from = new Uint32Array(capacity);
    this.to = new Uint32Array(capacity);
    this.bits = new Float64Array(capacity);
  }
}

export class PackedSink implements Sink {
  readonly bits = new BitList();
  readonly #out: MsgpackWriter;
  readonly #encoder = new RangeEncoder();
  readonly #pack: ((value: unknown) => Uint8Array) | undefined;
  #tables: CodingTables;
  /** Select's context by depth; 0 where candidates are asked one by one. */
  readonly #sparse = new Uint32Array(MAX_GROUPS);
  /** Candidates passed over since the last chosen one, by depth. */
  readonly #run = new Uint32Array(MAX_GROUPS);
  #depth = 0;
  #tick = 0;
  readonly #kept: (Kept | undefined)[] = [];
  readonly #keptBits = new BitList();
  #mark = 0;
  /** Whether what is kept is weighed. */
  weighs = false;

  /** `pack` encodes `packed` values; without it they go through a writer of our own. */
  constructor(out: MsgpackWriter, tables: CodingTables, pack?: (value: unknown) => Uint8Array) {
    this.#out = out;
    this.#tables = tables;
    this.#pack = pack;
  }

  get prices(): Uint16Array {
    return this.#tables.prices;
  }

  /** A tick begins: what was kept is of no use any more, and `tables` hold from now on. */
  begin(tick: number, tables: CodingTables): void {
    this.#tick = tick;
    this.#tables = tables;
    this.#keptBits.length = 0;
  }

  /** Codes what was said since `reset` and appends it to the output as one bin. */
  finish(): void {
    const length = this.#encoder.encode(this.bits, this.#tables.odds);
    this.#out.binHeader(length);
    this.#out.raw(this.#encoder.bytes, 0, length);
  }

  reset(): void {
    this.bits.length = 0;
    this.#depth = 0;
  }
  open(): void {
    assert(++this.#depth < MAX_GROUPS, 'groups nest within bounds');
    this.#sparse[this.#depth] = 0;
  }
  select(context: number, sparse: boolean, chosen: number): void {
    this.open();
    this.bits.push(context + SPARSE, sparse ? 1 : 0);
    if (!sparse) return;
    this.count(context, chosen);
    this.#sparse[this.#depth] = context + COUNT_CONTEXTS;
    this.#run[this.#depth] = 0;
  }
  offer(context: number, _position: number, chosen: boolean): void {
    const sparse = this.#sparse[this.#depth];
    if (sparse === 0) this.bits.push(context, chosen ? 1 : 0);
    else if (!chosen) this.#run[this.#depth]++;
    else {
      this.count(sparse, this.#run[this.#depth]);
      this.#run[this.#depth] = 0;
    }
  }
  close(): void {
    this.#depth--;
  }
  option(context: number, present: boolean): void {
    this.bits.push(context, present ? 1 : 0);
  }

  count(context: number, value: number): void {
    this.#wide(context, value, COUNT_BITS);
  }
  level(context: number, value: number, levels: number): void {
    assert(value >= 0 && value <= levels, 'a wire value is within its levels');
    if (isWide(levels)) this.#wide(context, value, treeBits(levels));
    else this.#tree(context, value, treeBits(levels));
  }
  change(context: number, value: number, before: number, levels: number): void {
    // Of two values it is nearly always the other one.
    if (levels === 1) return this.bits.push(context + Change.Same, value === before ? 1 : 0);
    if (!isWide(levels)) return this.#tree(context + Change.Tree, value, treeBits(levels));
    const mirrored = value === levels - before;
    this.bits.push(context + Change.Mirrored, mirrored ? 1 : 0);
    if (mirrored) return;
    // The shorter way around.
    let step = value - before;
    if (step * 2 > levels + 1) step -= levels + 1;
    else if (step * -2 > levels + 1) step += levels + 1;
    this.bits.push(context + Change.Down, step < 0 ? 1 : 0);
    this.#wide(context + Change.Tree, Math.abs(step), treeBits(levels));
  }
  steps(context: number, width: number, mantissa: number, value: number): void {
    const more = bitLength(value) - 1;
    for (let j = 0; j <= more; j++)
      this.bits.push(context + Math.min(j, width - 1), j < more ? 1 : 0);
    if (more === 0) return;
    this.bits.push(mantissa + Math.min(more, MANTISSAS) - 1, (value >>> (more - 1)) & 1);
    this.#even(value, more - 1);
  }
  float(context: number, value: number, near: number): void {
    floats.setFloat64(0, value);
    floats.setFloat64(8, near);
    const high = (floats.getUint32(0) ^ floats.getUint32(8)) >>> 0;
    const low = (floats.getUint32(4) ^ floats.getUint32(12)) >>> 0;
    const bits = high ? Math.min(64 - Math.clz32(high), 63) : 32 - Math.clz32(low);
    this.#tree(context, bits, COUNT_BITS);
    if (bits === 63) this.#even(high, 32);
    else if (bits > 32) this.#even(high, bits - 33);
    this.#even(low, bits > 32 ? 32 : Math.max(bits - 1, 0));
  }
  text(context: number, value: string): void {
    this.count(context, value.length);
    let ascii = 1;
    for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 127) ascii = 0;
    this.bits.push(Context.Ascii, ascii);
    for (let i = 0; i < value.length; i++) {
      if (ascii) this.#tree(Context.Char, value.charCodeAt(i), 7);
      else this.#even(value.charCodeAt(i), 16);
    }
  }
  free(context: number, value: unknown, mostBytes: number): void {
    const bytes = this.#pack ? this.#pack(value) : packed(value);
    if (bytes.length > mostBytes)
      throw new UsageError(`${bytes.length} bytes in packed(${mostBytes})`);
    this.count(context, bytes.length);
    for (let i = 0; i < bytes.length; i++) this.#even(bytes[i], 8);
  }

  recall(form: Form, table: Table, row: number): boolean {
    const kept = this.#keptOf(form, table);
    if (kept === undefined) return false;
    if (kept.tick[row] !== this.#tick) {
      this.#mark = this.bits.length;
      return false;
    }
    this.bits.append(this.#keptBits.ops, kept.from[row], kept.to[row]);
    return true;
  }
  keep(form: Form, table: Table, row: number): void {
    const kept = this.#keptOf(form, table);
    if (kept === undefined) return;
    kept.tick[row] = this.#tick;
    kept.from[row] = this.#keptBits.length;
    this.#keptBits.append(this.bits.ops, this.#mark, this.bits.length);
    kept.to[row] = this.#keptBits.length;
    if (this.weighs) kept.bits[row] = this.#weigh(this.#mark);
  }

  /** Bits that the row took when it was last kept; 0 if it never was. Where `weighs` is set. */
  bitsOf(form: Form, table: Table, row: number): number {
    return this.#keptOf(form, table)?.bits[row] ?? 0;
  }

  #weigh(from: number): number {
    return this.bits.price(from, this.prices, PRICE_UNITS) / PRICE_UNITS;
  }

  #keptOf(form: Form, table: Table): Kept | undefined {
    // The room's state is one row, and not an entity.
    if (table.plan.index < 0) return undefined;
    const at = table.plan.index * 2 + form;
    const kept = (this.#kept[at] ??= new Kept());
    kept.reserve(table.capacity);
    return kept;
  }

  /** A value in 0..2^bits - 1, from its highest bit on: each bit in the light of those before. */
  #tree(context: number, value: number, bits: number): void {
    for (let node = 1, k = bits - 1; k >= 0; k--) {
      const bit = (value >>> k) & 1;
      this.bits.push(context + node - 1, bit);
      node = node * 2 + bit;
    }
  }

  /** A natural number: its bit length as a tree of `bits` bits, then what is below its first 1. */
  #wide(context: number, value: number, bits: number): void {
    const length = bitLength(value);
    this.#tree(context, length, bits);
    if (length > 32) {
      this.#even(Math.floor(value / 2 ** 32), length - 33);
      this.#even(value % 2 ** 32, 32);
    } else if (length > 1) this.#even(value, length - 1);
  }

  /** The lowest `bits` bits of a value, at even odds. */
  #even(value: number, bits: number): void {
    this.bits.pushEven(value, bits);
  }
}

function packed(value: unknown): Uint8Array {
  const out = new MsgpackWriter(64);
  out.value(value);
  return out.bytes();
}
