// Reads the `packed` spelling of a body; twin of packed-sink, method for method (PROTOCOL.md 8). It
// takes any bytes at all to answers or a ProtocolError: what is asked is bounded by the caller, and
// the elements of collections by a budget of their own.
import * as Context from './body-context.ts';
import { RangeDecoder } from './coder.ts';
import {
  CHANGE_DOWN,
  CHANGE_MIRRORED,
  CHANGE_SAME,
  CHANGE_TREE,
  COUNT_BITS,
  COUNT_CONTEXTS,
  isWide,
  MANTISSAS,
  SPARSE,
  treeBits,
} from './contexts.ts';
import { badValue } from './errors.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MAX_GROUPS, type Source } from './sink.ts';

/** Elements and characters of one body together: a few bytes could claim any number of them. */
const MAX_BODY_ELEMENTS = 2 ** 22;

/** Candidates of one selection at most: far more than there are slots. */
const MOST_CHOSEN = 2 ** 32 - 1;

/** Bits of a number at most: what a double holds exactly. */
const MOST_LENGTH = 53;

/** The next run is still to be read. */
const UNREAD = -1;

const floats = new DataView(new ArrayBuffer(8));

export class PackedSource implements Source {
  readonly #decoder = new RangeDecoder();
  /** Select's context by depth; 0 where candidates are asked one by one. */
  readonly #sparse = new Uint32Array(MAX_GROUPS);
  readonly #chosen = new Uint32Array(MAX_GROUPS);
  /** Candidates to pass over before the next chosen one, by depth. */
  readonly #run = new Float64Array(MAX_GROUPS);
  #depth = 0;
  #elements = 0;

  /** A body begins. */
  begin(bytes: Uint8Array, odds: Uint16Array, start = 0, end = bytes.length): void {
    this.#decoder.begin(bytes, odds, start, end);
    this.#depth = 0;
    this.#elements = 0;
  }

  /** The body was read: throws if it has more to say. */
  finish(): void {
    this.#decoder.finish();
  }

  grant(answers: number): void {
    this.#decoder.grant(answers);
  }
  open(): void {
    if (++this.#depth >= MAX_GROUPS) badValue('groups nest too deep');
    this.#sparse[this.#depth] = 0;
    this.#chosen[this.#depth] = 0;
  }
  select(context: number): void {
    this.open();
    if (!this.#decoder.bit(context + SPARSE)) return;
    this.#chosen[this.#depth] = this.count(context, MOST_CHOSEN);
    this.#sparse[this.#depth] = context + COUNT_CONTEXTS;
    this.#run[this.#depth] = UNREAD;
  }
  offered(context: number, _position: number): boolean {
    const depth = this.#depth;
    if (this.#sparse[depth] === 0) return this.#decoder.bit(context) === 1;
    if (this.#chosen[depth] === 0) return false;
    if (this.#run[depth] === UNREAD)
      this.#run[depth] = this.count(this.#sparse[depth], MOST_CHOSEN);
    if (this.#run[depth]-- > 0) return false;
    this.#chosen[depth]--;
    this.#run[depth] = UNREAD;
    return true;
  }
  chosen(context: number, from: number, until: number): number {
    const depth = this.#depth;
    if (this.#sparse[depth] === 0) {
      for (let at = from; at < until; at++) if (this.#decoder.bit(context) === 1) return at;
      return -1;
    }
    if (this.#chosen[depth] === 0) return -1;
    if (this.#run[depth] === UNREAD)
      this.#run[depth] = this.count(this.#sparse[depth], MOST_CHOSEN);
    const at = from + this.#run[depth];
    if (at >= until) {
      this.#run[depth] = at - until;
      return -1;
    }
    this.#chosen[depth]--;
    this.#run[depth] = UNREAD;
    return at;
  }
  close(): void {
    if (this.#chosen[this.#depth] !== 0) badValue('a selection chooses more than there is');
    this.#depth--;
  }

  option(context: number): boolean {
    return this.#decoder.bit(context) === 1;
  }
  count(context: number, most: number): number {
    return within(this.#wide(context, COUNT_BITS), most);
  }
  elements(context: number, most: number): number {
    const value = this.count(context, most);
    this.#elements += value;
    if (this.#elements > MAX_BODY_ELEMENTS) badValue('too many elements');
    return value;
  }
  level(context: number, levels: number): number {
    // Most are of two: worth a shorter way.
    if (levels === 1) return this.#decoder.bit(context);
    const bits = treeBits(levels);
    return within(isWide(levels) ? this.#wide(context, bits) : this.#tree(context, bits), levels);
  }
  change(context: number, before: number, levels: number): number {
    if (levels === 1) return this.#decoder.bit(context + CHANGE_SAME) ? before : 1 - before;
    if (!isWide(levels)) return this.level(context + CHANGE_TREE, levels);
    if (this.#decoder.bit(context + CHANGE_MIRRORED)) return levels - before;
    const down = this.#decoder.bit(context + CHANGE_DOWN);
    const step = this.#wide(context + CHANGE_TREE, treeBits(levels));
    const value = down ? before - step : before + step;
    // Around the circle: once, and no further.
    if (value < 0) return within(value + levels + 1, levels);
    return within(value > levels ? value - levels - 1 : value, levels);
  }
  steps(context: number, width: number, mantissa: number, most: number): number {
    let more = 0;
    while (this.#decoder.bit(context + Math.min(more, width - 1))) within(++more, MOST_LENGTH - 1);
    let value = 1;
    if (more > 0) {
      value = 2 + this.#decoder.bit(mantissa + Math.min(more, MANTISSAS) - 1);
      value = value * 2 ** (more - 1) + this.#decoder.even(more - 1);
    }
    return within(value, most);
  }
  float(context: number, near: number): number {
    const bits = this.#tree(context, COUNT_BITS);
    let high = 0;
    if (bits === 63) high = this.#decoder.even(32);
    else if (bits > 32) high = this.#decoder.even(bits - 33) + 2 ** (bits - 33);
    let low = this.#decoder.even(bits > 32 ? 32 : Math.max(bits - 1, 0));
    if (bits > 0 && bits <= 32) low += 2 ** (bits - 1);
    floats.setFloat64(0, near);
    floats.setUint32(0, floats.getUint32(0) ^ high);
    floats.setUint32(4, floats.getUint32(4) ^ low);
    const value = floats.getFloat64(0);
    if (!Number.isFinite(value)) badValue('not a number');
    return value;
  }
  text(context: number, mostChars: number): string {
    const length = this.elements(context, mostChars);
    const ascii = this.#decoder.bit(Context.Ascii);
    let text = '';
    for (let i = 0; i < length; i++)
      text += String.fromCharCode(ascii ? this.#tree(Context.Char, 7) : this.#decoder.even(16));
    return text;
  }
  free(context: number, mostBytes: number): unknown {
    const bytes = new Uint8Array(this.elements(context, mostBytes));
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.#decoder.even(8);
    const reader = new MsgpackReader();
    reader.reset(bytes);
    const value = reader.value();
    reader.end();
    return value;
  }

  #tree(context: number, bits: number): number {
    let node = 1;
    for (let k = 0; k < bits; k++) node = node * 2 + this.#decoder.bit(context + node - 1);
    return node - (1 << bits);
  }

  #wide(context: number, bits: number): number {
    const length = this.#tree(context, bits);
    if (length === 0) return 0;
    within(length, MOST_LENGTH);
    // Most are short, and a power that is not known beforehand is a call out of the engine.
    if (length <= 31) return this.#decoder.even(length - 1) + (1 << (length - 1));
    if (length === 32) return this.#decoder.even(31) + 2 ** 31;
    const high = this.#decoder.even(length - 33) + 2 ** (length - 33);
    return high * 2 ** 32 + this.#decoder.even(32);
  }
}

/** A number that may be 0..most. */
function within(value: number, most: number): number {
  if (!(value >= 0 && value <= most)) badValue('a value outside its declaration');
  return value;
}
