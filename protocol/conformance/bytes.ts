// Bytes to values: MessagePack (section 2) and the range coder with its answers (8.1, 8.2).
// The neighbours say what is asked and in which order; here is how one answer is read.
// Whatever the bytes are, it ends in an answer or in a Refused.

import { Answers } from './answers.ts';
import { bitLength } from './game.ts';
import { Refused } from './refused.ts';

export { Refused };

/** A free value. `bin` is a Uint8Array, a map an object. */
export type Free = null | boolean | number | string | Uint8Array | Free[] | { [key: string]: Free };

type TokenType = 'nil' | 'bool' | 'int' | 'float' | 'str' | 'bin' | 'array' | 'map';

/** One head of MessagePack. `value`: the number, or the length in bytes, items or pairs. */
interface Token {
  type: TokenType;
  value: number;
}

const MOST_INTEGER = 2 ** 53;
const MOST_DEPTH = 8;
const MOST_VALUES = 4096;
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads one message, head by head. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Goes through the whole message once, before anything is made of it (F2, F3). */
  static check(bytes: Uint8Array): void {
    const reader = new MessageReader(bytes);
    for (let open = 1; open > 0; open -= 1) {
      const { type, value } = reader.#token();
      if (type === 'str' || type === 'bin') reader.#at += value;
      if (type === 'array') open += value;
      if (type === 'map') open += 2 * value;
    }
    if (reader.#at !== bytes.length) throw new Refused('bad-msgpack', 'bytes are left over');
  }

  array(): number {
    return this.#expect('array');
  }

  int(least: number, most: number): number {
    const { type, value } = this.#token();
    if (type !== 'int' && !(type === 'float' && Number.isInteger(value))) {
      throw new Refused('bad-msgpack', `${type} for an integer`);
    }
    if (value < least || value > most) throw new Refused('bad-value', `integer ${value}`);
    return value;
  }

  number(): number {
    const { type, value } = this.#token();
    if (type !== 'int' && type !== 'float')
      throw new Refused('bad-msgpack', `${type} for a number`);
    if (!Number.isFinite(value)) throw new Refused('bad-value', 'not finite');
    return value;
  }

  bool(): boolean {
    return this.#expect('bool') === 1;
  }

  bin(): Uint8Array {
    return this.#take(this.#expect('bin'));
  }

  str(): string {
    return UTF8.decode(this.#take(this.#expect('str')));
  }

  /** A str of at most so many bytes. */
  strOfBytes(most: number): string {
    const length = this.#expect('str');
    if (length > most) throw new Refused('bad-msgpack', `${length} bytes of str`);
    return UTF8.decode(this.#take(length));
  }

  /** Steps over nil, if that is next. */
  isNil(): boolean {
    if (this.#bytes[this.#at] !== 0xc0) return false;
    this.#at += 1;
    return true;
  }

  /** Any value of at most so many bytes. */
  free(mostBytes = Number.POSITIVE_INFINITY): Free {
    const start = this.#at;
    const value = this.#free(1, { values: 0 });
    if (this.#at - start > mostBytes) throw new Refused('bad-value', 'a packed value too long');
    return value;
  }

  #free(depth: number, seen: { values: number }): Free {
    seen.values += 1;
    if (seen.values > MOST_VALUES) throw new Refused('bad-msgpack', 'too many values');
    const { type, value } = this.#token();
    if (type === 'nil') return null;
    if (type === 'bool') return value === 1;
    if (type === 'int' || type === 'float') return value;
    if (type === 'str') return UTF8.decode(this.#take(value));
    if (type === 'bin') return this.#take(value);
    if (depth > MOST_DEPTH) throw new Refused('bad-msgpack', 'too deep');
    const next = () => this.#free(depth + 1, seen);
    if (type === 'array') return Array.from({ length: value }, next);
    return Object.fromEntries(Array.from({ length: value }, () => [String(next()), next()]));
  }

  #expect(type: TokenType): number {
    const token = this.#token();
    if (token.type !== type) throw new Refused('bad-msgpack', `${token.type} for ${type}`);
    return token.value;
  }

  #take(length: number): Uint8Array {
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  /** The place of the next `length` bytes, which are passed over. */
  #skip(length: number): number {
    if (length > this.#bytes.length - this.#at)
      throw new Refused('bad-msgpack', 'it ends too soon');
    this.#at += length;
    return this.#at - length;
  }

  #unsigned(bytes: number): number {
    let value = 0;
    for (let at = this.#skip(bytes); at < this.#at; at += 1) value = value * 256 + this.#bytes[at]!;
    return value;
  }

  /** An integer of 64 bits; rounding does not bring one beyond 2^53 back below. */
  #long(signed: boolean): Token {
    const at = this.#skip(8);
    const value = Number(signed ? this.#view.getBigInt64(at) : this.#view.getBigUint64(at));
    if (Math.abs(value) > MOST_INTEGER) throw new Refused('bad-msgpack', 'beyond 2^53');
    return { type: 'int', value };
  }

  /** A str, bin, array or map, if the bytes at hand can hold it. */
  #sized(type: TokenType, value: number): Token {
    const least = type === 'map' ? 2 * value : value;
    if (least > this.#bytes.length - this.#at) throw new Refused('bad-msgpack', `${type} too long`);
    return { type, value };
  }

  #token(): Token {
    const head = this.#unsigned(1);
    if (head < 0x80) return { type: 'int', value: head };
    if (head < 0x90) return this.#sized('map', head - 0x80);
    if (head < 0xa0) return this.#sized('array', head - 0x90);
    if (head < 0xc0) return this.#sized('str', head - 0xa0);
    if (head >= 0xe0) return { type: 'int', value: head - 0x100 };
    if (head === 0xc0) return { type: 'nil', value: 0 };
    if (head === 0xc2 || head === 0xc3) return { type: 'bool', value: head - 0xc2 };
    if (head >= 0xc4 && head <= 0xc6) return this.#sized('bin', this.#unsigned(2 ** (head - 0xc4)));
    if (head === 0xca) return { type: 'float', value: this.#view.getFloat32(this.#skip(4)) };
    if (head === 0xcb) return { type: 'float', value: this.#view.getFloat64(this.#skip(8)) };
    if (head === 0xcf || head === 0xd3) return this.#long(head === 0xd3);
    if (head >= 0xcc && head <= 0xce) {
      return { type: 'int', value: this.#unsigned(2 ** (head - 0xcc)) };
    }
    if (head === 0xd0) return { type: 'int', value: this.#view.getInt8(this.#skip(1)) };
    if (head === 0xd1) return { type: 'int', value: this.#view.getInt16(this.#skip(2)) };
    if (head === 0xd2) return { type: 'int', value: this.#view.getInt32(this.#skip(4)) };
    if (head >= 0xd9 && head <= 0xdb) return this.#sized('str', this.#unsigned(2 ** (head - 0xd9)));
    if (head >= 0xdc && head <= 0xdd) {
      return this.#sized('array', this.#unsigned(2 ** (head - 0xdb)));
    }
    if (head >= 0xde) return this.#sized('map', this.#unsigned(2 ** (head - 0xdd)));
    throw new Refused('bad-msgpack', `type 0x${head.toString(16)}`);
  }
}

const FULL = 2 ** 30;
const LEAST_RANGE = 2 ** 22;
const MOST_LENGTHS = 2 ** 22;

/** Contexts of section 8.3 that answers have on their own. */
const ONLY_ASCII = 4;
const UNIT = 16;
const FLOAT = 592;

/** Reads one packed body with the odds it was coded with. */
export class BodyReader {
  readonly #bytes: Uint8Array;
  readonly #odds: Uint16Array;
  #range = FULL;
  #code: number;
  #bitsTaken = 30;
  #refills = 0;
  #lengths = 0;
  readonly #answers: Answers;

  constructor(bytes: Uint8Array, odds: Uint16Array) {
    this.#bytes = bytes;
    this.#odds = odds;
    const [a = 0, b = 0, c = 0, d = 0] = bytes;
    this.#answers = new Answers(bytes.length);
    this.#code = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / 4);
  }

  /** So many candidates that the reader holds (K6). */
  hold(candidates: number): void {
    this.#answers.hold(candidates);
  }

  /** After the last question (K3), where zeros may follow that the answers made necessary (K6). */
  end(): void {
    const rest = this.#bytes.subarray(this.#refills + 1);
    if (rest.length === 0) return;
    if (!this.#answers.needAllBytes || rest.some((byte) => byte !== 0)) {
      throw new Refused('bad-state', 'bytes left over');
    }
  }

  bit(c: number): number {
    this.#answers.count();
    const bound = Math.floor(this.#range / 4096) * this.#odds[c]!;
    const answer = this.#code < bound ? 1 : 0;
    if (answer === 1) this.#range = bound;
    else {
      this.#code -= bound;
      this.#range -= bound;
    }
    this.#refill();
    return answer;
  }

  #part(n: number): number {
    this.#answers.count();
    this.#range = Math.floor(this.#range / 2 ** n);
    const answer = Math.floor(this.#code / this.#range);
    if (answer >= 2 ** n) throw new Refused('bad-state', 'a part that no writer makes');
    this.#code -= answer * this.#range;
    this.#refill();
    return answer;
  }

  #refill(): void {
    while (this.#range < LEAST_RANGE) {
      this.#refills += 1;
      if (this.#refills >= this.#bytes.length) throw new Refused('bad-state', 'body too short');
      this.#range *= 256;
      this.#code = this.#code * 256 + this.#nextByte();
    }
  }

  /** The next 8 bits; what is beyond the end is 0. They begin 6 bits into a byte. */
  #nextByte(): number {
    const at = Math.floor(this.#bitsTaken / 8);
    const both = (this.#bytes[at] ?? 0) * 256 + (this.#bytes[at + 1] ?? 0);
    this.#bitsTaken += 8;
    return Math.floor(both / 4) % 256;
  }

  /** A number of n bits, n up to 53. */
  even(n: number): number {
    if (n > 32) return this.even(n - 32) * 2 ** 32 + this.even(32);
    let answer = 0;
    let rest = n;
    for (; rest > 8; rest -= 8) answer = answer * 256 + this.#part(8);
    return rest === 0 ? answer : answer * 2 ** rest + this.#part(rest);
  }

  tree(c: number, n: number): number {
    let k = 1;
    for (let i = 0; i < n; i += 1) k = 2 * k + this.bit(c + k - 1);
    return k - 2 ** n;
  }

  wide(c: number, n: number): number {
    const b = this.tree(c, n);
    if (b > 53) throw new Refused('bad-value', 'more than 53 bits');
    return b === 0 ? 0 : 2 ** (b - 1) + this.even(b - 1);
  }

  count(c: number): number {
    return this.wide(c, 6);
  }

  value(c: number, levels: number): number {
    const short = levels <= 15;
    const answer = short
      ? this.tree(c, bitLength(levels))
      : this.wide(c, bitLength(bitLength(levels)));
    return within(answer, levels);
  }

  change(c: number, before: number, levels: number): number {
    if (levels === 1) return this.bit(c) === 1 ? before : 1 - before;
    if (levels <= 15) return within(this.tree(c + 3, bitLength(levels)), levels);
    if (this.bit(c + 1) === 1) return levels - before;
    const down = this.bit(c + 2);
    const s = this.wide(c + 3, bitLength(bitLength(levels)));
    const answer = down === 1 ? before - s : before + s;
    if (answer < 0) return within(answer + levels + 1, levels);
    return within(answer > levels ? answer - levels - 1 : answer, levels);
  }

  steps(c: number, w: number, m: number): number {
    let j = 0;
    while (this.bit(c + Math.min(j, w - 1)) === 1) {
      j += 1;
      if (j > 52) throw new Refused('bad-value', 'more than 52 bits of steps');
    }
    if (j === 0) return 1;
    const second = this.bit(m + Math.min(j, 8) - 1);
    return 2 ** j + second * 2 ** (j - 1) + this.even(j - 1);
  }

  /** A float64, told as what it differs in from the bits of `near`. */
  float(near: number): number {
    const b = this.tree(FLOAT, 6);
    let differs = 0n;
    if (b === 63) differs = BigInt(this.even(32)) * 2n ** 32n + BigInt(this.even(32));
    else if (b > 0) {
      const rest = b - 1;
      const high = rest > 32 ? BigInt(this.even(rest - 32)) * 2n ** 32n : 0n;
      differs = 2n ** BigInt(rest) + high + BigInt(this.even(Math.min(rest, 32)));
    }
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, near);
    view.setBigUint64(0, view.getBigUint64(0) ^ differs);
    const answer = view.getFloat64(0);
    if (!Number.isFinite(answer)) throw new Refused('bad-value', 'not finite');
    return answer;
  }

  /** A length within its bound; all of a body add up to at most 2^22 (K4). */
  length(c: number, most: number): number {
    const length = within(this.count(c), most);
    this.#lengths += length;
    if (this.#lengths > MOST_LENGTHS) throw new Refused('bad-value', 'lengths of a body');
    return length;
  }

  text(c: number, most: number): string {
    const length = this.length(c, most);
    const ascii = this.bit(ONLY_ASCII) === 1;
    let text = '';
    for (let i = 0; i < length; i += 1) {
      text += String.fromCharCode(ascii ? this.tree(UNIT, 7) : this.even(16));
    }
    return text;
  }

  free(c: number, most: number): Free {
    const bytes = new Uint8Array(this.length(c, most)).map(() => this.even(8));
    MessageReader.check(bytes);
    return new MessageReader(bytes).free();
  }

  /** A selection: `read` of each candidate that is chosen; `q` is the question's own context. */
  choose<T>(c: number, candidates: T[], q: (of: T) => number, read: (of: T) => void): void {
    if (this.bit(c + 63) === 0) {
      for (const candidate of candidates) if (this.bit(q(candidate)) === 1) read(candidate);
      return;
    }
    let at = 0;
    for (let n = within(this.count(c), candidates.length); n > 0; n -= 1) {
      at += this.count(c + 64);
      if (at >= candidates.length) throw new Refused('bad-value', 'more than there are candidates');
      read(candidates[at]!);
      at += 1;
    }
  }
}

function within(value: number, most: number): number {
  if (value < 0 || value > most) throw new Refused('bad-value', `${value} beyond ${most}`);
  return value;
}
