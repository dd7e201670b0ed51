// Reads MessagePack from a peer nobody trusts: every length is checked before it is used, every
// failure is a ProtocolError, ext types and integers beyond 2^53 are refused, and no work grows
// faster than the bytes that came. Twin of msgpack-writer.ts. Trap: `bin` answers a view of the
// message, which a transport may take back afterwards.
// HOT: reading ints, floats, headers and bools allocates nothing.
import { badMsgpack } from './errors.ts';
import { MAX_FREE_DEPTH } from './msgpack-writer.ts';

/** What comes next, by the type byte. */
export type MsgpackType = 'nil' | 'bool' | 'int' | 'float' | 'str' | 'bin' | 'array' | 'map';

/** Bounds of one free value. */
export interface FreeLimits {
  /** Containers inside each other. */
  readonly maxDepth: number;
  /** Values in all, keys not counted: each costs memory many times its byte. */
  readonly maxElements: number;
}

/**
 * Depth as the writer allows; 4,096 values are some 100 KB of objects, as much as one event may
 * cost its reader.
 */
export const FREE_LIMITS: FreeLimits = { maxDepth: MAX_FREE_DEPTH, maxElements: 4096 };

/** Up to here a loop over ASCII is faster than crossing into TextDecoder. */
const SHORT_TEXT_BYTES = 48;

/** Highest upper word of an integer that is safe: 2^53 / 2^32, less one. */
const MAX_SAFE_HIGH = 0x1fffff;

const TWO_32 = 2 ** 32;

/**
 * In browsers and Node alike; declared here because this package is compiled without either's
 * types.
 */
declare const TextDecoder: new (
  encoding: string,
  options: { ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

/**
 * Not fatal: invalid UTF-8 becomes U+FFFD. ignoreBOM keeps a leading U+FEFF in the text, where it
 * was sent.
 */
const textDecoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Bytes of one float on their way to a number. A DataView per message would be garbage per message.
 */
const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

const NO_BYTES = /* @__PURE__ */ new Uint8Array(0);

/**
 * All methods throw ProtocolError `bad-msgpack` for bytes that are not what was asked for; the
 * reader is then spent.
 */
export class MsgpackReader {
  #bytes: Uint8Array = NO_BYTES;
  #position = 0;
  #end = 0;
  #elementsLeft = 0;

  /** Reads `bytes` from `start` to `end` from now on. Keeps the reference, not a copy. */
  reset(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = Math.min(end, bytes.length);
  }

  /** Index into the array given to `reset` of the next byte to read. */
  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** The type of the next value, which stays unread. */
  peek(): MsgpackType {
    if (this.atEnd) badMsgpack('truncated');
    return typeOf(this.#bytes[this.#position]);
  }

  /** Reads a nil if one is next, and says whether it was. */
  tryNil(): boolean {
    const isNil = this.#position < this.#end && this.#bytes[this.#position] === 0xc0;
    if (isNil) this.#position++;
    return isNil;
  }

  bool(): boolean {
    const tag = this.#take(1);
    if (tag !== 0xc2 && tag !== 0xc3) badMsgpack('expected a bool');
    return tag === 0xc3;
  }

  /**
   * An integer in [min, max]. Takes floats of integral value too: some writers have no int beyond
   * 32 bits.
   */
  int(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#number();
    if (!Number.isSafeInteger(value)) badMsgpack('expected an integer');
    if (value < min || value > max) badMsgpack('integer out of range');
    return value + 0; // -0 becomes 0
  }

  /** Any number, ints too. NaN and the infinities only where `nonFinite`. */
  float(nonFinite = false): number {
    const value = this.#number();
    if (!nonFinite && !Number.isFinite(value)) badMsgpack('expected a finite number');
    return value;
  }

  /** A text of at most `maxBytes` of UTF-8; invalid UTF-8 becomes U+FFFD as TextDecoder does. */
  str(maxBytes: number): string {
    const length = this.#strHeader();
    if (length > maxBytes) badMsgpack('text too long');
    const start = this.#position;
    const end = start + length;
    this.#position = end;
    if (length <= SHORT_TEXT_BYTES) {
      let text = '';
      let at = start;
      for (; at < end; at++) {
        const byte = this.#bytes[at];
        if (byte >= 0x80) break;
        text += String.fromCharCode(byte);
      }
      if (at === end) return text;
    }
    return textDecoder.decode(this.#bytes.subarray(start, end));
  }

  /** At most `maxBytes` bytes, as a view of the message. Copy what is kept. */
  bin(maxBytes: number): Uint8Array {
    const length = this.#binHeader();
    if (length > maxBytes) badMsgpack('bytes too long');
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  /** As bin, without making a view: passes over it and answers how long it is. */
  passBin(maxBytes: number): number {
    const length = this.#binHeader();
    if (length > maxBytes) badMsgpack('bytes too long');
    this.#position += length;
    return length;
  }

  /** The message that is read. */
  get message(): Uint8Array {
    return this.#bytes;
  }

  /** The count of an array, at most `maxCount`. There is a byte at least for each element. */
  arrayHeader(maxCount: number): number {
    const tag = this.#take(1);
    let count = tag & 0x0f;
    if (tag === 0xdc) count = this.#uint(2);
    else if (tag === 0xdd) count = this.#uint(4);
    else if (tag >> 4 !== 0x9) badMsgpack('expected an array');
    if (count > maxCount || count > this.#end - this.#position) badMsgpack('array too long');
    return count;
  }

  /**
   * The count of pairs of a map, at most `maxCount`. There are two bytes at least for each pair.
   */
  mapHeader(maxCount: number): number {
    const tag = this.#take(1);
    let count = tag & 0x0f;
    if (tag === 0xde) count = this.#uint(2);
    else if (tag === 0xdf) count = this.#uint(4);
    else if (tag >> 4 !== 0x8) badMsgpack('expected a map');
    if (count > maxCount || count * 2 > this.#end - this.#position) badMsgpack('map too long');
    return count;
  }

  /**
   * One whole free value, as MsgpackWriter.value writes it. Maps become objects without a
   * prototype, so that a key such as `__proto__` is a key like any other; of equal keys the last
   * holds. Keys are texts; bytes are copied.
   */
  value(limits: FreeLimits = FREE_LIMITS): unknown {
    this.#elementsLeft = limits.maxElements;
    return this.#free(limits.maxDepth);
  }

  /** Nothing may be left: a frame ends where its last value ends. */
  end(): void {
    if (!this.atEnd) badMsgpack('bytes after the end');
  }

  #free(depthLeft: number): unknown {
    if (--this.#elementsLeft < 0) badMsgpack('too many elements');
    switch (this.peek()) {
      case 'nil':
        this.#position++;
        return null;
      case 'bool':
        return this.bool();
      case 'int':
      case 'float':
        return this.float();
      case 'str':
        return this.str(this.#end);
      case 'bin':
        return this.bin(this.#end).slice();
      case 'array': {
        if (depthLeft === 0) badMsgpack('too deep');
        const count = this.arrayHeader(this.#elementsLeft);
        const items: unknown[] = [];
        for (let i = 0; i < count; i++) items.push(this.#free(depthLeft - 1));
        return items;
      }
      case 'map': {
        if (depthLeft === 0) badMsgpack('too deep');
        const count = this.mapHeader(this.#elementsLeft);
        const fields: Record<string, unknown> = Object.create(null);
        for (let i = 0; i < count; i++) {
          const key = this.str(this.#end);
          fields[key] = this.#free(depthLeft - 1);
        }
        return fields;
      }
    }
  }

  #number(): number {
    const tag = this.#take(1);
    if (tag < 0x80) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    switch (tag) {
      case 0xcc:
        return this.#uint(1);
      case 0xcd:
        return this.#uint(2);
      case 0xce:
        return this.#uint(4);
      case 0xd0:
        return (this.#uint(1) << 24) >> 24;
      case 0xd1:
        return (this.#uint(2) << 16) >> 16;
      case 0xd2:
        return this.#uint(4) | 0;
      case 0xca:
        scratch.setUint32(0, this.#uint(4));
        return scratch.getFloat32(0);
      case 0xcb:
        scratch.setUint32(0, this.#uint(4));
        scratch.setUint32(4, this.#uint(4));
        return scratch.getFloat64(0);
      case 0xcf:
        return this.#wide(this.#uint(4));
      case 0xd3:
        return this.#wide(this.#uint(4) | 0);
      default:
        return badMsgpack('expected a number');
    }
  }

  /** A 64-bit integer whose upper word was read. */
  #wide(high: number): number {
    const value = high * TWO_32 + this.#uint(4);
    // -2^53 has the upper word -0x200000 and is not safe; its value says so.
    if (high > MAX_SAFE_HIGH || !Number.isSafeInteger(value)) badMsgpack('integer beyond 2^53');
    return value;
  }

  #strHeader(): number {
    const tag = this.#take(1);
    if (tag >> 5 === 0b101) return this.#checked(tag & 0x1f);
    if (tag < 0xd9 || tag > 0xdb) badMsgpack('expected a text');
    return this.#checked(this.#uint(1 << (tag - 0xd9)));
  }

  #binHeader(): number {
    const tag = this.#take(1);
    if (tag < 0xc4 || tag > 0xc6) badMsgpack('expected bytes');
    return this.#checked(this.#uint(1 << (tag - 0xc4)));
  }

  #checked(length: number): number {
    if (length > this.#end - this.#position) badMsgpack('truncated');
    return length;
  }

  /** The next unsigned integer of `width` bytes: 1, 2 or 4. */
  #uint(width: number): number {
    const at = this.#position;
    this.#take(width);
    const bytes = this.#bytes;
    if (width === 1) return bytes[at];
    if (width === 2) return (bytes[at] << 8) | bytes[at + 1];
    return bytes[at] * 0x1000000 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
  }

  /** Moves on by `count` bytes and answers the first of them. */
  #take(count: number): number {
    const at = this.#position;
    if (count > this.#end - at) badMsgpack('truncated');
    this.#position = at + count;
    return this.#bytes[at];
  }
}

function typeOf(tag: number): MsgpackType {
  if (tag < 0x80 || tag >= 0xe0) return 'int';
  if (tag < 0x90) return 'map';
  if (tag < 0xa0) return 'array';
  if (tag < 0xc0) return 'str';
  if (tag === 0xc0) return 'nil';
  if (tag === 0xc2 || tag === 0xc3) return 'bool';
  if (tag >= 0xc4 && tag <= 0xc6) return 'bin';
  if (tag === 0xca || tag === 0xcb) return 'float';
  if ((tag >= 0xcc && tag <= 0xcf) || (tag >= 0xd0 && tag <= 0xd3)) return 'int';
  if (tag >= 0xd9 && tag <= 0xdb) return 'str';
  if (tag === 0xdc || tag === 0xdd) return 'array';
  if (tag >= 0xde) return 'map';
  return badMsgpack('ext types and 0xc1 have no place here');
}
