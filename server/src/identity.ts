// What the server keeps of a token once it was judged: no token. Made by authenticator.ts; goes
// with a ticket's promise, with a handshake, and with a seat.

/** Who somebody is, as far as the server is concerned. */
export interface Identity {
  /** seat.auth. */
  readonly auth: unknown;
  /** The same text for all seats of one player; undefined where the room kind names nobody. */
  readonly user: string | undefined;
  /** Monotonic ms at which it is over; Infinity: never. */
  readonly untilMs: number;
}
