// Writes the `packed` spelling of a whole body: what packed-input-sink says, and selections, which
// ask of every candidate or count those passed over, floats, texts and rows kept for the next seat.
// Twin of packed-source (PROTOCOL.md 8). Used by replication. HOT: allocates nothing per tick once
// its lists have grown, but for packed values.

import type { Baseline } from './baseline.ts';
import * as Context from './body-context.ts';
import { appendOps, BitList, priceOfBits } from './coder.ts';
import { type CodingTables, PRICE_UNITS, pricesOf } from './coding-tables.ts';
import {
  bitLength,
  COUNT_BITS,
  COUNT_CONTEXTS,
  type Form,
  isWide,
  MANTISSAS,
  SPARSE,
  treeBits,
} from './contexts.ts';
import { assert, UsageError } from './errors.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { PackedInputSink } from './packed-input-sink.ts';
import { MAX_GROUPS, type Sink } from './sink.ts';

/** Two numbers, and their halves: a DataView would be handed them as objects. */
const floats = new Float64Array([1, 0]);
const halves = new Int32Array(floats.buffer);
/** Where the half with the sign is, which of 1 is not 0, and the other. */
const HIGH = halves[1] === 0 ? 0 : 1;
const LOW = 1 - HIGH;

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

export class PackedSink extends PackedInputSink implements Sink {
  readonly #pack: ((value: unknown) => Uint8Array) | undefined;
  /** Select's context by depth; 0 where candidates are asked one by one. */
  readonly #sparse = new Uint32Array(MAX_GROUPS);
  /** Candidates passed over since the last chosen one, by depth. */
  readonly #run = new Uint32Array(MAX_GROUPS);
  #depth = 0;
  #prices: Uint16Array | undefined;
  #tick = 0;
  readonly #kept: (Kept | undefined)[] = [];
  readonly #keptBits = new BitList();
  #mark = 0;
  /** Whether what is kept is weighed. */
  weighs = false;

  /** `pack` encodes `packed` values; without it they go through a writer of our own. */
  constructor(out: MsgpackWriter, tables: CodingTables, pack?: (value: unknown) => Uint8Array) {
    super(out, tables);
    this.#pack = pack;
  }

  get prices(): Uint16Array {
    return (this.#prices ??= pricesOf(this.tables));
  }

  /** A tick begins: what was kept is of no use any more, and `tables` hold from now on. */
  begin(tick: number, tables: CodingTables): void {
    this.#tick = tick;
    this.tables = tables;
    this.#prices = undefined;
    this.#keptBits.length = 0;
  }

  override reset(): void {
    super.reset();
    this.#depth = 0;
  }
  override open(): void {
    assert(++this.#depth < MAX_GROUPS, 'groups nest within bounds');
    this.#sparse[this.#depth] = 0;
  }
  grant(answers: number): void {
    this.granted += answers;
  }
  select(context: number, sparse: boolean, chosen: number): void {
    this.open();
    this.bits.push(context + SPARSE, sparse ? 1 : 0);
    if (!sparse) return;
    this.count(context, chosen);
    this.#sparse[this.#depth] = context + COUNT_CONTEXTS;
    this.#run[this.#depth] = 0;
  }
  override offer(context: number, _position: number, chosen: boolean): void {
    const sparse = this.#sparse[this.#depth];
    if (sparse === 0) this.bits.push(context, chosen ? 1 : 0);
    else if (!chosen) this.#run[this.#depth]++;
    else {
      this.count(sparse, this.#run[this.#depth]);
      this.#run[this.#depth] = 0;
    }
  }
  pass(context: number, count: number): void {
    if (this.#sparse[this.#depth] !== 0) this.#run[this.#depth] += count;
    else for (let i = 0; i < count; i++) this.bits.push(context, 0);
  }
  passEach(asked: Int32Array, from: number, to: number): void {
    if (this.#sparse[this.#depth] !== 0) this.#run[this.#depth] += to - from;
    else appendOps(this.bits, asked, from, to);
  }
  override close(): void {
    this.#depth--;
  }
  option(context: number, present: boolean): void {
    this.bits.push(context, present ? 1 : 0);
  }

  level(context: number, value: number, levels: number): void {
    assert(value >= 0 && value <= levels, 'a wire value is within its levels');
    if (levels === 1) this.bits.push(context, value);
    else if (isWide(levels)) this.wide(context, value, treeBits(levels));
    else this.tree(context, value, treeBits(levels));
  }
  steps(context: number, width: number, mantissa: number, value: number): void {
    const more = bitLength(value) - 1;
    for (let j = 0; j <= more; j++)
      this.bits.push(context + Math.min(j, width - 1), j < more ? 1 : 0);
    if (more === 0) return;
    this.bits.push(mantissa + Math.min(more, MANTISSAS) - 1, (value >>> (more - 1)) & 1);
    this.bits.pushEven(value, more - 1);
  }
  float(context: number, pair: Float64Array): void {
    floats[0] = pair[0];
    floats[1] = pair[1];
    const high = halves[HIGH] ^ halves[2 + HIGH];
    const low = halves[LOW] ^ halves[2 + LOW];
    const bits = high ? Math.min(64 - Math.clz32(high), 63) : 32 - Math.clz32(low);
    this.tree(context, bits, COUNT_BITS);
    if (bits === 63) this.bits.pushEven(high, 32);
    else if (bits > 32) this.bits.pushEven(high, bits - 33);
    this.bits.pushEven(low, bits > 32 ? 32 : Math.max(bits - 1, 0));
  }
  text(context: number, value: string): void {
    this.count(context, value.length);
    let ascii = 1;
    for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 127) ascii = 0;
    this.bits.push(Context.Ascii, ascii);
    for (let i = 0; i < value.length; i++) {
      if (ascii) this.tree(Context.Char, value.charCodeAt(i), 7);
      else this.bits.pushEven(value.charCodeAt(i), 16);
    }
  }
  free(context: number, value: unknown, mostBytes: number): void {
    const bytes = this.#pack ? this.#pack(value) : packed(value);
    if (bytes.length > mostBytes)
      throw new UsageError(`${bytes.length} bytes in packed(${mostBytes})`);
    this.count(context, bytes.length);
    for (let i = 0; i < bytes.length; i++) this.bits.pushEven(bytes[i], 8);
  }

  recall(form: Form, table: Baseline, row: number): boolean {
    const kept = this.#keptOf(form, table);
    if (kept === undefined) return false;
    if (kept.tick[row] !== this.#tick) {
      this.#mark = this.bits.length;
      return false;
    }
    appendOps(this.bits, this.#keptBits.ops, kept.from[row], kept.to[row]);
    return true;
  }
  keep(form: Form, table: Baseline, row: number): void {
    const kept = this.#keptOf(form, table);
    if (kept === undefined) return;
    kept.tick[row] = this.#tick;
    kept.from[row] = this.#keptBits.length;
    appendOps(this.#keptBits, this.bits.ops, this.#mark, this.bits.length);
    kept.to[row] = this.#keptBits.length;
    if (this.weighs) kept.bits[row] = this.#weigh(this.#mark);
  }

  /** Bits that the row took when it was last kept; 0 if it never was. Where `weighs` is set. */
  bitsOf(form: Form, table: Baseline, row: number): number {
    return this.#keptOf(form, table)?.bits[row] ?? 0;
  }

  #weigh(from: number): number {
    return priceOfBits(this.bits, from, this.prices, PRICE_UNITS) / PRICE_UNITS;
  }

  #keptOf(form: Form, table: Baseline): Kept | undefined {
    // The room's state is one row, and not an entity.
    if (table.plan.index < 0) return undefined;
    const at = (table.plan.index * 2 + table.tier) * 2 + form;
    const kept = (this.#kept[at] ??= new Kept());
    kept.reserve(table.capacity);
    return kept;
  }
}

function packed(value: unknown): Uint8Array {
  const out = new MsgpackWriter(64);
  out.value(value);
  return out.bytes();
}
