// What a reader ends in that cannot go on: one of the refusals of section 13, and why.
// Thrown wherever bytes are read; decoder.ts says in which frame it was.

/** Names of section 13. */
export type Refusal =
  | 'bad-msgpack'
  | 'bad-frame'
  | 'bad-value'
  | 'bad-state'
  | 'bad-input'
  | 'too-big'
  | 'text-frame'
  | 'rate-limit'
  | 'game-mismatch';

/** The bytes do not follow the protocol. `frame` is the index of the frame, where it is known. */
export class Refused extends Error {
  readonly refusal: Refusal;
  frame?: number;
  constructor(refusal: Refusal, why: string) {
    super(`${refusal}: ${why}`);
    this.refusal = refusal;
  }
}
