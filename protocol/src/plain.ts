// The `plain` spelling of a body: MessagePack arrays that any tool reads. The debugging mode, the
// oracle that fuzz compares with, and the start of a client in another language. A group is an
// array; a selection is position, value, position, value to the end of its group; contexts leave
// no bytes.
import { assert, badState, badValue, UsageError } from './errors.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';
import { MAX_GROUPS, type Sink, type Source } from './sink.ts';

/** Elements of one group a reader takes: every slot of a known set with its value. */
const MAX_GROUP_ELEMENTS = 1 << 18;
const NONE = -1;

export class PlainSink implements Sink {
  readonly #out: MsgpackWriter;
  readonly #pack: ((value: unknown) => Uint8Array) | undefined;
  readonly #marks = new Int32Array(MAX_GROUPS);
  readonly #counts = new Int32Array(MAX_GROUPS);
  #depth = 0;

  /** `pack` encodes `packed` values; without it they go through the writer. */
  constructor(out: MsgpackWriter, pack?: (value: unknown) => Uint8Array) {
    this.#out = out;
    this.#pack = pack;
  }
  reset(): void {
    this.#depth = 0;
  }
  open(): void {
    this.#counts[this.#depth]++;
    assert(++this.#depth < MAX_GROUPS, 'groups nest within bounds');
    this.#marks[this.#depth] = this.#out.openArray();
    this.#counts[this.#depth] = 0;
  }
  close(): void {
    this.#out.closeArray(this.#marks[this.#depth], this.#counts[this.#depth]);
    this.#depth--;
  }
  select(): void {
    this.open();
  }
  offer(_context: number, position: number, chosen: boolean): void {
    if (chosen) this.#int(position);
  }
  grant(): void {}
  pass(): void {}
  passEach(): void {}
  option(): void {}
  count(_context: number, value: number): void {
    this.#int(value);
  }
  level(_context: number, value: number, levels: number): void {
    assert(value >= 0 && value <= levels, 'a wire value is within its levels');
    this.#int(value);
  }
  change(_context: number, value: number, _before: number, levels: number): void {
    this.level(0, value, levels);
  }
  steps(_context: number, _width: number, _mantissa: number, value: number): void {
    this.#int(value);
  }
  float(_context: number, pair: Float64Array): void {
    this.#counts[this.#depth]++;
    this.#out.float(pair[0]);
  }
  text(_context: number, value: string): void {
    this.#counts[this.#depth]++;
    this.#out.str(value);
  }
  free(_context: number, value: unknown, mostBytes: number): void {
    this.#counts[this.#depth]++;
    const start = this.#out.length;
    if (this.#pack) this.#out.raw(this.#pack(value));
    else this.#out.value(value);
    const bytes = this.#out.length - start;
    if (bytes > mostBytes) throw new UsageError(`${bytes} bytes in packed(${mostBytes})`);
  }
  recall(): boolean {
    return false;
  }
  keep(): void {}
  finish(): void {}
  get prices(): undefined {
    return undefined;
  }
  #int(value: number): void {
    this.#counts[this.#depth]++;
    this.#out.int(value);
  }
}

export class PlainSource implements Source {
  readonly #in: MsgpackReader;
  readonly #left = new Int32Array(MAX_GROUPS);
  /** Position that a group names next and that was not offered yet, or NONE. */
  readonly #next = new Int32Array(MAX_GROUPS);
  #depth = 0;

  constructor(from: MsgpackReader) {
    this.#in = from;
  }
  /** Call before each body: a body that failed half way may have left groups open. */
  reset(): void {
    this.#depth = 0;
    this.#left[0] = 1;
  }
  open(): void {
    this.#take();
    if (this.#depth + 1 >= MAX_GROUPS) badValue('groups nest too deep');
    this.#left[++this.#depth] = this.#in.arrayHeader(MAX_GROUP_ELEMENTS);
    this.#next[this.#depth] = NONE;
  }
  grant(): void {}
  select(): void {
    this.open();
  }
  offered(_context: number, position: number): boolean {
    const depth = this.#depth;
    if (this.#next[depth] === NONE) {
      if (this.#left[depth] === 0) return false;
      this.#take();
      this.#next[depth] = this.#in.int(0, MAX_GROUP_ELEMENTS);
      if (this.#next[depth] < position) badState('a position that cannot be chosen');
    }
    if (this.#next[depth] !== position) return false;
    this.#next[depth] = NONE;
    return true;
  }
  chosen(_context: number, from: number, until: number): number {
    const depth = this.#depth;
    if (this.#next[depth] === NONE) {
      if (this.#left[depth] === 0) return -1;
      this.#take();
      this.#next[depth] = this.#in.int(0, MAX_GROUP_ELEMENTS);
    }
    const at = this.#next[depth];
    if (at < from) badState('a position that cannot be chosen');
    if (at >= until) return -1;
    this.#next[depth] = NONE;
    return at;
  }
  close(): void {
    if (this.#next[this.#depth] !== NONE) badState('a position that cannot be chosen');
    if (this.#left[this.#depth] !== 0) badValue('a group holds more than it should');
    this.#depth--;
  }
  option(): boolean {
    return this.#left[this.#depth] > 0;
  }
  count(_context: number, most: number): number {
    this.#take();
    return this.#in.int(0, most);
  }
  elements(_context: number, most: number): number {
    return this.count(0, most);
  }
  level(_context: number, levels: number): number {
    this.#take();
    const wire = this.#in.int();
    if (wire < 0 || wire > levels) badValue('a value outside its declaration');
    return wire;
  }
  change(_context: number, _before: number, levels: number): number {
    return this.level(0, levels);
  }
  steps(_context: number, _width: number, _mantissa: number, most: number): number {
    return this.count(0, most);
  }
  float(): number {
    this.#take();
    return this.#in.float();
  }
  text(_context: number, mostChars: number): string {
    this.#take();
    const text = this.#in.str(mostChars * 3);
    if (text.length > mostChars) badValue('a text is longer than declared');
    return text;
  }
  free(_context: number, mostBytes: number): unknown {
    this.#take();
    const start = this.#in.position;
    const value = this.#in.value();
    if (this.#in.position - start > mostBytes) badValue('a packed value is longer than declared');
    return value;
  }
  #take(): void {
    if (this.#left[this.#depth]-- <= 0) badValue('a group ends too early');
  }
}
