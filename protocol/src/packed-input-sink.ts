// Writes input in the `packed` spelling, and for packed-sink whatever input has too: one string of
// bits, each coded at the odds of its context. A number is a tree over its bit length and then its
// lower bits; a value that the receiver holds is the step away from it. A client sends nothing else
// that is packed, so it carries no more than this. HOT: allocates nothing per tick once its list
// has grown.
import { BitList, RangeEncoder } from './coder.ts';
import type { CodingTables } from './coding-tables.ts';
import {
  bitLength,
  CHANGE_DOWN,
  CHANGE_MIRRORED,
  CHANGE_SAME,
  CHANGE_TREE,
  COUNT_BITS,
  isWide,
  treeBits,
} from './contexts.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';
import type { InputSink } from './sink.ts';

export class PackedInputSink implements InputSink {
  readonly bits = new BitList();
  protected tables: CodingTables;
  readonly #out: MsgpackWriter;
  readonly #encoder = new RangeEncoder();
  /** Answers beyond those that the bytes of the body allow. */
  protected granted = 0;

  constructor(out: MsgpackWriter, tables: CodingTables) {
    this.#out = out;
    this.tables = tables;
  }

  /** Codes what was said since `reset` and appends it to the output as one bin. */
  finish(): void {
    const length = this.#encoder.encode(this.bits, this.tables.odds, this.granted);
    this.#out.binHeader(length);
    this.#out.raw(this.#encoder.bytes, 0, length);
  }

  reset(): void {
    this.bits.length = 0;
    this.granted = 0;
  }
  /** Groups leave no bits: their readers know where they end. */
  open(): void {}
  close(): void {}
  offer(context: number, _position: number, chosen: boolean): void {
    this.bits.push(context, chosen ? 1 : 0);
  }
  count(context: number, value: number): void {
    this.wide(context, value, COUNT_BITS);
  }
  change(context: number, value: number, before: number, levels: number): void {
    // Of two values it is nearly always the other one.
    if (levels === 1) return this.bits.push(context + CHANGE_SAME, value === before ? 1 : 0);
    if (!isWide(levels)) return this.tree(context + CHANGE_TREE, value, treeBits(levels));
    const mirrored = value === levels - before;
    this.bits.push(context + CHANGE_MIRRORED, mirrored ? 1 : 0);
    if (mirrored) return;
    // The shorter way around.
    let step = value - before;
    if (step * 2 > levels + 1) step -= levels + 1;
    else if (step * -2 > levels + 1) step += levels + 1;
    this.bits.push(context + CHANGE_DOWN, step < 0 ? 1 : 0);
    this.wide(context + CHANGE_TREE, Math.abs(step), treeBits(levels));
  }

  /** A value in 0..2^bits - 1, from its highest bit on: each bit in the light of those before. */
  protected tree(context: number, value: number, bits: number): void {
    for (let node = 1, k = bits - 1; k >= 0; k--) {
      const bit = (value >>> k) & 1;
      this.bits.push(context + node - 1, bit);
      node = node * 2 + bit;
    }
  }

  /** A natural number: its bit length as a tree of `bits` bits, then what is below its first 1. */
  protected wide(context: number, value: number, bits: number): void {
    const length = bitLength(value);
    this.tree(context, length, bits);
    if (length > 32) {
      this.bits.pushEven(Math.floor(value / 2 ** 32), length - 33);
      this.bits.pushEven(value % 2 ** 32, 32);
    } else if (length > 1) this.bits.pushEven(value, length - 1);
  }
}
