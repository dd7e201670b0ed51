// A binary range coder with given odds: each bit costs what its odds say it is worth, so that a
// question whose answer is nearly known is nearly free. Encoder above decoder. The odds never move
// within a body (coding-tables), so a body depends on nothing but them. The arithmetic keeps to 30
// bits, which every engine holds as small integers. HOT: allocates nothing once its buffer has
// grown. After G. N. N. Martin, "Range encoding" (1979), in the binary form of LZMA.
import { assert, badState } from './errors.ts';
import { ANSWERS_PER_BYTE, BODY_ANSWERS } from './limits.ts';

/** Odds are of 2^12: p stands for p / 4096 that the bit is 1. In 1..4095: nothing is impossible. */
export const ODDS_BITS = 12;

/**
 * The interval is kept at 2^22..2^30: at its least it still tells 2^10 times the odds' unit apart.
 */
const WHOLE = 2 ** 30;
const LEAST = 2 ** 22;
const LOW_MASK = WHOLE - 1;

/** Bytes beyond the end that a reader of a whole body looks at: zeros that were never written. */
const READ_AHEAD = 3;

/** Even bits that are coded at once at most: the interval stays far above what tells them apart. */
export const EVEN_BITS = 8;
/** In a BitList: this (the sign), the number of even bits, and their value in EVEN_BITS. */
const EVEN = 1 << 31;

/** What is to be coded, in order: twice a context plus its bit, or up to EVEN_BITS even bits. */
export class BitList {
  ops = new Int32Array(1024);
  length = 0;

  push(context: number, bit: number): void {
    if (this.length === this.ops.length) this.reserve(1);
    this.ops[this.length++] = context * 2 + bit;
  }

  /** The lowest `bits` bits of a natural number below 2^32, each as likely 0 as 1. */
  pushEven(value: number, bits: number): void {
    for (let left = bits; left > 0; ) {
      if (this.length === this.ops.length) this.reserve(1);
      const count = Math.min(left, EVEN_BITS);
      left -= count;
      const part = (value >>> left) & ((1 << count) - 1);
      this.ops[this.length++] = EVEN | (count << EVEN_BITS) | part;
    }
  }

  /** Makes room for so many more. */
  reserve(count: number): void {
    if (this.length + count <= this.ops.length) return;
    const grown = new Int32Array(Math.max(this.ops.length * 2, this.length + count));
    grown.set(this.ops);
    this.ops = grown;
  }
}

/** Appends ops, of `start` until `end`, to a list. */
export function appendOps(to: BitList, ops: Int32Array, start: number, end: number): void {
  to.reserve(end - start);
  const target = to.ops;
  let at = to.length;
  for (let i = start; i < end; i++) target[at++] = ops[i];
  to.length = at;
}

/** Counts each (context, bit) of a list in `counts`, by twice the context plus the bit. */
export function tallyBits({ ops, length }: BitList, counts: Float64Array): void {
  for (let i = 0; i < length; i++) if (ops[i] >= 0) counts[ops[i]]++;
}

/** What a list costs from `start` on; `prices` by twice the context plus the bit. */
export function priceOfBits(
  { ops, length }: BitList,
  start: number,
  prices: Uint16Array,
  pricePerBit: number,
): number {
  let price = 0;
  for (let i = start; i < length; i++) {
    const op = ops[i];
    price += op >= 0 ? prices[op] : ((op >>> EVEN_BITS) & 15) * pricePerBit;
  }
  return price;
}

/** Codes lists of bits into one buffer. */
export class RangeEncoder {
  #buffer = new Uint8Array(1024);

  /** Bytes of the newest body; they hold until the next one. */
  get bytes(): Uint8Array {
    return this.#buffer;
  }

  /**
   * Codes a whole body into `bytes`, from its start; answers how many bytes it takes. `granted`:
   * answers beyond those that its length allows.
   */
  encode({ ops, length }: BitList, odds: Uint16Array, granted = 0): number {
    // An op takes at most 12 bits (odds of 1 in 4096).
    const most = ((length * ODDS_BITS) >> 3) + 8;
    if (this.#buffer.length < most) this.#buffer = new Uint8Array(most * 2);
    const buffer = this.#buffer;
    // Numbers of the module would be looked up at each op, those it exports by four steps.
    const oddsBits = ODDS_BITS;
    const evenBits = EVEN_BITS;
    const whole = WHOLE;
    const narrow = LEAST;
    const mask = LOW_MASK;
    let low = 0;
    let range = whole;
    let at = 0;
    for (let i = 0; i < length; i++) {
      const op = ops[i];
      // imul and `| 0`: what cannot overflow needs no check for it, a quarter of the time. And
      // `>>`: what `>>>` answers is no int32, and makes the interval a float64 from op to op.
      if (op < 0) {
        range >>= (op >> evenBits) & 15;
        low = (low + Math.imul(range, op & 255)) | 0;
      } else {
        const bound = Math.imul(range >> oddsBits, odds[op >> 1]);
        // 1: the lower part, 0: the upper one. Without a branch, for nobody can foretell it.
        const lower = -(op & 1);
        low = (low + (bound & ~lower)) | 0;
        range = (bound & lower) | ((range - bound) & ~lower);
      }
      if (low >= whole) {
        low -= whole;
        // As `carry`, in place: after a call in it, the loop would load all its arrays anew.
        let to = at - 1;
        while (buffer[to] === 255) buffer[to--] = 0;
        buffer[to]++;
      }
      while (range < narrow) {
        buffer[at++] = low >>> 22;
        low = (low << 8) & mask;
        range <<= 8;
      }
    }
    // One more byte names a number inside the interval: the rest of it is zeros.
    const end = low + LEAST - 1;
    if (end >= WHOLE) carry(buffer, at);
    buffer[at++] = (end & LOW_MASK) >>> 22;
    // A body of too many answers for its bytes is filled up: with zeros, as a reader has it.
    const least = Math.ceil((length - granted - BODY_ANSWERS) / ANSWERS_PER_BYTE);
    if (at >= least) return at;
    buffer.fill(0, at, least);
    return least;
  }
}

/** The bytes so far become the next greater number. */
function carry(buffer: Uint8Array, end: number): void {
  let at = end - 1;
  while (buffer[at] === 255) buffer[at--] = 0;
  assert(at >= 0, 'a code is less than one');
  buffer[at]++;
}

/** Reads the bits of one body. Throws ProtocolError where it was cut off. */
export class RangeDecoder {
  #bytes: Uint8Array = new Uint8Array(0);
  #odds: Uint16Array = new Uint16Array(0);
  #at = 0;
  #end = 0;
  #range = 0;
  #code = 0;
  /** The newest byte: two bits of it are still to come. */
  #last = 0;
  /** Answers that the body may still have. */
  #left = 0;

  begin(bytes: Uint8Array, odds: Uint16Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#odds = odds;
    this.#at = start;
    this.#end = end;
    this.#left = BODY_ANSWERS + ANSWERS_PER_BYTE * (end - start);
    this.#range = WHOLE;
    const high = (this.#next() << 22) | (this.#next() << 14) | (this.#next() << 6);
    this.#last = this.#next();
    this.#code = high | (this.#last >>> 2);
  }

  /** So many answers more than the bytes allow. */
  grant(answers: number): void {
    this.#left += answers;
  }

  bit(context: number): number {
    if (--this.#left < 0) tooMany();
    const bound = Math.imul(this.#range >>> ODDS_BITS, this.#odds[context]);
    let bit = 1;
    if (this.#code < bound) this.#range = bound;
    else {
      this.#code -= bound;
      this.#range -= bound;
      bit = 0;
    }
    this.#refill();
    return bit;
  }

  /** A natural number of so many bits, up to 53, each as likely 0 as 1. */
  even(bits: number): number {
    let value = 0;
    for (let left = bits; left > 0; ) {
      const count = Math.min(left, EVEN_BITS);
      left -= count;
      if (--this.#left < 0) tooMany();
      this.#range >>>= count;
      const part = Math.floor(this.#code / this.#range);
      if (part >> count !== 0) badState('a code outside its interval');
      this.#code -= part * this.#range;
      value = value * (1 << count) + part;
      this.#refill();
    }
    return value;
  }

  #refill(): void {
    while (this.#range < LEAST) {
      const next = this.#next();
      this.#code = (this.#code << 8) | ((this.#last & 3) << 6) | (next >>> 2);
      this.#last = next;
      this.#range <<= 8;
    }
  }

  /** The body was read whole: throws if bytes are left that its answers did not need. */
  finish(): void {
    let at = this.#at - READ_AHEAD;
    const filled = this.#left < ANSWERS_PER_BYTE;
    while (filled && at < this.#end && this.#bytes[at] === 0) at++;
    if (at !== this.#end) badState('bytes after the end');
  }

  #next(): number {
    const at = this.#at++;
    if (at < this.#end) return this.#bytes[at];
    if (at >= this.#end + READ_AHEAD) badState('a body ends too early');
    return 0;
  }
}

function tooMany(): never {
  badState('too many answers');
}
