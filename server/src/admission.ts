// What a room kind says of who may play in it: the part of a definition that is asked before there
// is a seat. Read by authenticator.ts and shard.ts; define-room.ts makes it part of a definition.

/**
 * Thrown by `authenticate` or a command's handler: the player is told the message. Any other error
 * is not for their eyes: from `authenticate` it refuses, from a command it ends the room.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** What the metrics count it as: a name of your own, never what a peer sent. */
  readonly counter: string | undefined;
  constructor(message?: string, counter?: string) {
    super(message);
    this.counter = counter;
  }
}

/**
 * Says who brings a token: what it returns is seat.auth; throws Refusal to refuse. May bring along
 * how to read what it returns, as `jwt()` does; what the definition says itself wins.
 */
export interface Authenticate<Auth> {
  (token: string, request: { room: string }): Auth | Promise<Auth>;
  user?: Admission<Auth>['user'];
  expiresAtMs?: Admission<Auth>['expiresAtMs'];
}

/** An address of mail, a UUID, an issuer's `sub` (OpenID Connect: 255). */
const MAX_USER_CHARS = 255;

/** What a user may be, in words. */
export const USER_RULE = `a text of 1..${MAX_USER_CHARS} characters`;

/** Half a character would be another one in a store. */
export function isUser(name: unknown): name is string {
  if (typeof name !== 'string' || name.length === 0 || name.length > MAX_USER_CHARS) return false;
  return !/\p{Surrogate}/u.test(name);
}

export interface Admission<Auth> {
  /**
   * Who may join: what it returns is seat.auth; throw Refusal to refuse. May be async. Omitted:
   * everybody, auth undefined. Write it first, and `open` second: TypeScript takes the type of
   * seat.auth and room.data from them for what follows, and makes it undefined for what precedes.
   */
  authenticate?: Authenticate<Auth>;
  /**
   * Who a player is: the same text in all its tabs, 1..255 characters, the same person in all room
   * kinds. `limits.seatsPerUser` and `limits.ticketsPerUser` count by it, and a ticket names it.
   * Undefined: nobody in particular. Default: as `authenticate` brings along, else nobody.
   */
  user?: (auth: Auth) => string | undefined;
  /**
   * When what `authenticate` said is over, ms since 1970: the seat is closed with 4001 then, unless
   * the page brought a new token before. Undefined: never. Default: as `authenticate` brings along.
   */
  expiresAtMs?: (auth: Auth) => number | undefined;
  /**
   * When a player who has `limits.seatsPerUser` seats wants one more: `refuse` turns it down with
   * 4005, `supersede` gives up the oldest with 4007, one without a line before others. Default
   * 'refuse'.
   */
  extraSeat?: 'refuse' | 'supersede';
}
