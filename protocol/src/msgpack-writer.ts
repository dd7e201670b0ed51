// Writes MessagePack (nil, bool, int, float64, str, bin, array, map; no ext) into one growing
// buffer, smallest form first. Twin of msgpack-reader.ts; frames.ts builds every message with it.
// Trusts its caller: only `value` judges what it is given. Trap: `bytes()` is a view; the next
// write may change it or leave it behind in an outgrown buffer.
// HOT: allocates nothing per write once the buffer has grown and its views were made, except what
// `value` needs to list keys.
import { assert, UsageError } from './errors.ts';

/**
 * Containers inside each other in one free value: deeper is a mistake or a cycle, and an attack
 * when read.
 */
export const MAX_FREE_DEPTH = 8;

/** First size of the buffer: a frame of a small game, so that most writers never grow. */
const INITIAL_BYTES = 1024;

/** Longest header of a scalar or a length: one type byte and eight of int64 or float64. */
const MAX_HEADER_BYTES = 9;

/** UTF-8 bytes that one UTF-16 unit can need; a pair needs 4 for two units. */
const MAX_UTF8_PER_UNIT = 3;

/** What a lone surrogate becomes: the replacement character, as TextEncoder writes it. */
const REPLACEMENT = 0xfffd;

/** Counts below this fit the type byte of an array or map. */
const FIX_COUNT = 16;

/**
 * Views of the buffer that are kept, by the low bits of their length: lengths of the same kind of
 * frame lie close together, so nearly every `bytes()` finds its view. A power of two.
 */
const KEPT_VIEWS = 512;

const TWO_32 = 2 ** 32;

export class MsgpackWriter {
  #buffer: Uint8Array;
  #view: DataView;
  #length = 0;
  readonly #kept: (Uint8Array | undefined)[] = [];

  constructor(initialBytes = INITIAL_BYTES) {
    this.#buffer = new Uint8Array(initialBytes);
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Bytes written since the last reset. */
  get length(): number {
    return this.#length;
  }

  /** Starts over in the same buffer. */
  reset(): void {
    this.#length = 0;
  }

  /** What was written, as a view that holds until the next write or reset. */
  bytes(): Uint8Array {
    const slot = this.#length & (KEPT_VIEWS - 1);
    let view = this.#kept[slot];
    if (view?.length !== this.#length)
      this.#kept[slot] = view = this.#buffer.subarray(0, this.#length);
    return view;
  }

  nil(): void {
    this.#byte(0xc0);
  }

  bool(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /** A safe integer of either sign in its smallest form; -0 is written as 0. */
  int(value: number): void {
    // The text only when it is needed: it would be made for every number.
    if (!Number.isSafeInteger(value)) assert(false, `${value} is not a safe integer`);
    this.#reserve(MAX_HEADER_BYTES);
    if (value >= 0) this.#positive(value);
    else this.#negative(value);
  }

  /**
   * Any number, exactly: as an int where that is smaller (integers of 32 bits), else as float64. -0
   * and NaN stay what they are. Integers beyond 32 bits go as float64 too, because JavaScript
   * readers make a BigInt of int64.
   */
  float(value: number): void {
    if ((value | 0) === value || value >>> 0 === value) {
      if (value !== 0 || !Object.is(value, -0)) return this.int(value);
    }
    this.#reserve(MAX_HEADER_BYTES);
    this.#buffer[this.#length] = 0xcb;
    this.#view.setFloat64(this.#length + 1, value);
    this.#length += 9;
  }

  /** A text as UTF-8. Lone surrogates become U+FFFD. */
  str(value: string): void {
    const units = value.length;
    this.#reserve(MAX_HEADER_BYTES + units * MAX_UTF8_PER_UNIT);
    const guessed = strHeaderBytes(units);
    const start = this.#length + guessed;
    const buffer = this.#buffer;
    let at = start;
    let i = 0;
    for (; i < units; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 0x80) break;
      buffer[at++] = unit;
    }
    if (i < units) at = writeUtf8(buffer, at, value, i);
    const byteCount = at - start;
    const header = strHeaderBytes(byteCount);
    if (header !== guessed) buffer.copyWithin(this.#length + header, start, at);
    if (byteCount < 32) this.#byte(0xa0 | byteCount);
    else this.#lengthHeader(0xd9, byteCount);
    this.#length += byteCount;
  }

  bin(value: Uint8Array): void {
    this.binHeader(value.length);
    this.raw(value);
  }

  /** Begins a bin whose bytes the caller appends with `raw`. */
  binHeader(byteCount: number): void {
    this.#reserve(MAX_HEADER_BYTES);
    this.#lengthHeader(0xc4, byteCount);
  }

  /**
   * Appends bytes that are MessagePack already, or the content of something whose header was
   * written.
   */
  raw(bytes: Uint8Array, from = 0, to = bytes.length): void {
    assert(0 <= from && from <= to && to <= bytes.length, 'raw bytes are taken from their array');
    this.#reserve(to - from);
    if (from === 0 && to === bytes.length) this.#buffer.set(bytes, this.#length);
    else for (let i = from; i < to; i++) this.#buffer[this.#length + i - from] = bytes[i];
    this.#length += to - from;
  }

  arrayHeader(count: number): void {
    this.#countHeader(0x90, 0xdc, count);
  }

  mapHeader(count: number): void {
    this.#countHeader(0x80, 0xde, count);
  }

  /**
   * Begins an array whose count is known at its end. Arrays close in the reverse order of opening.
   * One byte is kept for the header; from 16 elements on closing moves the content by 2 or 4 bytes,
   * so that the form stays the smallest.
   */
  openArray(): number {
    this.#byte(0x90);
    return this.#length;
  }

  /** Ends the array that `openArray` answered `mark` for; `count` values were written since. */
  closeArray(mark: number, count: number): void {
    assert(mark > 0 && mark <= this.#length, 'an array is closed after it was opened');
    const end = this.#length;
    const grown = count < FIX_COUNT ? 0 : count < 0x10000 ? 2 : 4;
    if (grown > 0) {
      this.#reserve(grown);
      this.#buffer.copyWithin(mark + grown, mark, end);
    }
    this.#length = mark - 1;
    this.arrayHeader(count);
    this.#length = end + grown;
  }

  /**
   * A free value: null, boolean, finite number, text, Uint8Array, arrays and plain objects of
   * these, at most 8 containers deep. An undefined property is left out, any other undefined
   * becomes nil. Throws UsageError for everything else, and then nothing was written.
   */
  value(value: unknown): void {
    const start = this.#length;
    try {
      this.#free(value, MAX_FREE_DEPTH);
    } catch (error) {
      this.#length = start;
      throw error;
    }
  }

  #free(value: unknown, depthLeft: number): void {
    if (value === null || value === undefined) return this.nil();
    if (typeof value === 'boolean') return this.bool(value);
    if (typeof value === 'string') return this.str(value);
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw new UsageError(`${value} cannot be sent; use null`);
      return this.float(value);
    }
    if (typeof value !== 'object') throw new UsageError(`a ${typeof value} cannot be sent`);
    if (value instanceof Uint8Array) return this.bin(value);
    if (depthLeft === 0) {
      throw new UsageError(
        `a value may be ${MAX_FREE_DEPTH} levels deep; this one is deeper or a cycle`,
      );
    }
    if (Array.isArray(value)) {
      this.arrayHeader(value.length);
      for (let i = 0; i < value.length; i++) this.#free(value[i], depthLeft - 1);
    } else this.#object(value as Readonly<Record<string, unknown>>, depthLeft);
  }

  #object(value: Readonly<Record<string, unknown>>, depthLeft: number): void {
    const prototype = Object.getPrototypeOf(value);
    // Object.prototype of any realm has no prototype of its own; that of a class, a Map or a Date
    // has one.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      const name = prototype.constructor?.name ?? 'class';
      throw new UsageError(`a ${name} cannot be sent; send a plain object of its fields`);
    }
    const keys = Object.keys(value);
    const start = this.#length;
    this.mapHeader(keys.length);
    const content = this.#length;
    let count = 0;
    for (const key of keys) {
      const item = value[key];
      if (item === undefined) continue;
      this.str(key);
      this.#free(item, depthLeft - 1);
      count++;
    }
    if (count === keys.length) return;
    // Some were left out: write the smaller header and close the gap it may leave.
    const end = this.#length;
    this.#length = start;
    this.mapHeader(count);
    this.#buffer.copyWithin(this.#length, content, end);
    this.#length += end - content;
  }

  #positive(value: number): void {
    if (value < 0x80) this.#byte(value);
    else if (value < 0x100) this.#tagged8(0xcc, value);
    else if (value < 0x10000) this.#tagged16(0xcd, value);
    else if (value < TWO_32) this.#tagged32(0xce, value);
    else this.#tagged64(0xcf, value);
  }

  #negative(value: number): void {
    if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#tagged8(0xd0, value);
    else if (value >= -0x8000) this.#tagged16(0xd1, value);
    else if (value >= -0x80000000) this.#tagged32(0xd2, value);
    else this.#tagged64(0xd3, value);
  }

  /** Arrays and maps: in the type byte, or 16 or 32 bits under `tag` and `tag + 1`. */
  #countHeader(fixTag: number, tag: number, count: number): void {
    if (count < FIX_COUNT) this.#byte(fixTag | count);
    else if (count < 0x10000) this.#tagged16(tag, count);
    else this.#tagged32(tag + 1, count);
  }

  /** Texts and bytes: 8, 16 or 32 bits under `tag`, `tag + 1` and `tag + 2`. */
  #lengthHeader(tag: number, byteCount: number): void {
    if (byteCount < 0x100) this.#tagged8(tag, byteCount);
    else if (byteCount < 0x10000) this.#tagged16(tag + 1, byteCount);
    else this.#tagged32(tag + 2, byteCount);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  #tagged8(tag: number, value: number): void {
    this.#byte(tag);
    this.#byte(value & 0xff);
  }

  #tagged16(tag: number, value: number): void {
    this.#reserve(3);
    this.#buffer[this.#length] = tag;
    this.#view.setUint16(this.#length + 1, value);
    this.#length += 3;
  }

  #tagged32(tag: number, value: number): void {
    this.#reserve(5);
    this.#buffer[this.#length] = tag;
    this.#view.setUint32(this.#length + 1, value);
    this.#length += 5;
  }

  /** Two's complement: floor and the modulo of setUint32 do it for both signs. */
  #tagged64(tag: number, value: number): void {
    this.#tagged32(tag, Math.floor(value / TWO_32));
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
    this.#kept.length = 0;
  }
}

function strHeaderBytes(byteCount: number): number {
  return byteCount < 32 ? 1 : byteCount < 0x100 ? 2 : byteCount < 0x10000 ? 3 : 5;
}

/** Writes `text` from unit `from` on to `at`, and answers where it ended. */
function writeUtf8(buffer: Uint8Array, at: number, text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point < 0x80) {
      buffer[at++] = point;
      continue;
    }
    if (point >= 0xd800 && point < 0xe000) {
      const whole = text.codePointAt(i) as number;
      if (whole > 0xffff) i++;
      point = whole > 0xffff ? whole : REPLACEMENT;
    }
    if (point < 0x800) buffer[at++] = 0xc0 | (point >> 6);
    else {
      if (point < 0x10000) buffer[at++] = 0xe0 | (point >> 12);
      else {
        buffer[at++] = 0xf0 | (point >> 18);
        buffer[at++] = 0x80 | ((point >> 12) & 0x3f);
      }
      buffer[at++] = 0x80 | ((point >> 6) & 0x3f);
    }
    buffer[at++] = 0x80 | (point & 0x3f);
  }
  return at;
}
