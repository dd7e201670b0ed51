// The seam between what is said and how it is spelled. State and input are walked once, by
// state-writer, state-reader and input-codec; a sink turns each step into bytes and a source gives
// it back. `plain` spells MessagePack values that any tool reads; `packed` a coded bin. A context
// is a small number that is the same for the same question in every frame.

import type { Baseline } from './baseline.ts';
import type { Form } from './contexts.ts';

/**
 * Groups and selections inside each other: body, selection, entity, then nested collections. A
 * deeper frame is an attack.
 */
export const MAX_GROUPS = 24;

/** What input is said with. */
export interface InputSink {
  /** A body begins: groups that a refused one left open are forgotten. */
  reset(): void;
  /** A group begins: everything up to its `close` belongs together. Groups nest. */
  open(): void;
  /** Whether the candidate at `position` is chosen. What is said next belongs to it. */
  offer(context: number, position: number, chosen: boolean): void;
  close(): void;
  /** A natural number without a declared bound: a length, a run, a kind. */
  count(context: number, value: number): void;
  /** A wire value in 0..levels where the receiver holds `before`; they may be equal. */
  change(context: number, value: number, before: number, levels: number): void;
  /** The body is whole: its bytes are in the output. */
  finish(): void;
}

export interface Sink extends InputSink {
  /** So many answers more than its bytes allow may be in the body: its reader holds as much. */
  grant(answers: number): void;
  /**
   * A selection begins, closed like a group: candidates are offered in ascending order. `sparse`:
   * few of many will be chosen, `chosen` of them.
   */
  select(context: number, sparse: boolean, chosen: number): void;
  /** So many candidates are not chosen. */
  pass(context: number, count: number): void;
  /**
   * The candidates of `asked`, from `from` until `to`, are not chosen: each by a context of its
   * own, given twice.
   */
  passEach(asked: Int32Array, from: number, to: number): void;
  /** Whether something that is seldom there follows; at the end of a group only. */
  option(context: number, present: boolean): void;
  /** A wire value in 0..levels. */
  level(context: number, value: number, levels: number): void;
  /**
   * A number of steps, 1 or more: its bit length one by one, `width` contexts wide, then the bits
   * below its first, the highest of them by `mantissa`.
   */
  steps(context: number, width: number, mantissa: number, value: number): void;
  /**
   * A float64, exactly: the first of `pair`; the second is one that the receiver holds and that may
   * be alike. In an array, for a number that is handed on would be an object.
   */
  float(context: number, pair: Float64Array): void;
  text(context: number, value: string): void;
  /** Any MessagePack value: a `packed` field. Throws UsageError where it takes more bytes. */
  free(context: number, value: unknown, mostBytes: number): void;
  /** Says again what `keep` kept of this row and form in this tick; false where nothing is kept. */
  recall(form: Form, table: Baseline, row: number): boolean;
  /** Keeps what was said since `recall` answered false. */
  keep(form: Form, table: Baseline, row: number): void;
  /** Bits that an offer takes, or undefined where that is not known: times PRICE_UNITS. */
  readonly prices: Uint16Array | undefined;
}

/** The reading twin. Each method throws ProtocolError for what its sink could not have written. */
export interface Source {
  open(): void;
  /** So many answers more than its bytes allow may be in the body. */
  grant(answers: number): void;
  select(context: number): void;
  /**
   * Whether the candidate at `position` is chosen. Candidates are asked for as they were offered.
   */
  offered(context: number, position: number): boolean;
  /**
   * The first that is chosen of the candidates at all positions from `from` until `until`, or -1:
   * for as many as nobody could ask for one by one.
   */
  chosen(context: number, from: number, until: number): number;
  /** Throws if anything is left in the group. */
  close(): void;
  option(context: number): boolean;
  count(context: number, most: number): number;
  /** A count of elements that follow: those of a whole body are bounded together. */
  elements(context: number, most: number): number;
  level(context: number, levels: number): number;
  change(context: number, before: number, levels: number): number;
  steps(context: number, width: number, mantissa: number, most: number): number;
  float(context: number, near: number): number;
  text(context: number, mostChars: number): string;
  free(context: number, mostBytes: number): unknown;
}
