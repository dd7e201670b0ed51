// The seam between what is said and how it is spelled. State and input are walked once, by
// state-writer, state-reader and input-codec; a sink turns each step into bytes and a source gives
// it back. `plain` spells MessagePack values that any tool reads; `packed` stands beside it. A
// context is a small number that is the same for the same question in every frame.

export interface Sink {
  /** A body begins: groups that a refused one left open are forgotten. */
  reset(): void;
  /** A group begins: everything up to its `close` belongs together. Groups nest. */
  open(): void;
  close(): void;
  /** A natural number without a declared bound: a length, a run, a kind. */
  count(context: number, value: number): void;
  /**
   * The next chosen of an ascending selection; `from` is the first position not yet decided,
   * `total` ends the range.
   */
  pick(context: number, position: number, from: number, total: number): void;
  /** No position from `from` on is chosen. Closes the selection. */
  done(context: number, from: number, total: number): void;
  /** A wire value in 0..levels. */
  level(context: number, value: number, levels: number): void;
  /** A float64, exactly. */
  float(context: number, value: number): void;
  text(context: number, value: string): void;
  /** Any MessagePack value: a `packed` field. Throws UsageError where it takes more bytes. */
  free(context: number, value: unknown, mostBytes: number): void;
}

/** The reading twin. Each method throws ProtocolError for what its sink could not have written. */
export interface Source {
  open(): void;
  /** Throws if anything is left in the group. */
  close(): void;
  count(context: number, most: number): number;
  /** The next chosen position, in from..total-1, or -1 when there is none. */
  pick(context: number, from: number, total: number): number;
  level(context: number, levels: number): number;
  float(context: number): number;
  text(context: number, mostChars: number): string;
  free(context: number, mostBytes: number): unknown;
}

/** Coding contexts of the body's own questions; fields' contexts begin at FIRST_FIELD_CONTEXT. */
export const Context = {
  Left: 0,
  Limit: 1,
  Entered: 2,
  Kind: 3,
  Id: 4,
  Changed: 5,
  Own: 6,
  Run: 7,
} as const;
export const FIRST_FIELD_CONTEXT = 16;
