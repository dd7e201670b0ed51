// Why a connection ended, as a number both sides know, and what a client does about it. errors.ts
// maps every refusal to one of these; the server closes with them, the client's session reacts to
// them. Trap: a browser may send only 1000 and 3000..4999, and a refusal before the upgrade is
// always 1006 to it.

/**
 * What a client closes with or judges by, as constants: a bundle carries an object of codes whole,
 * and a constant as its number.
 */
export const CLOSE_DONE = 1000;
export const CLOSE_LOST = 1006;
export const CLOSE_RESTART = 1012;
export const CLOSE_OVERLOADED = 1013;
export const CLOSE_MALFORMED = 4000;
export const CLOSE_AUTH_FAILED = 4001;
export const CLOSE_TICKET_SPENT = 4002;

/**
 * WebSocket close codes in use. 1000..1015 as RFC 6455 and the IANA registry mean them, 4000 up are
 * ours.
 */
export const CloseCode = {
  /** Done: the game or the page ended it on purpose. */
  Done: 1000,
  /** The page or the node goes away. */
  GoingAway: 1001,
  /** A text frame, or another kind of message this socket does not take. */
  Unsupported: 1003,
  /** No close frame came: the network, a proxy, or a refusal by the transport. Never sent. */
  Lost: 1006,
  /** Refused by policy after the upgrade, such as the Origin. */
  Policy: 1008,
  /** A message longer than the limit. */
  TooBig: 1009,
  /** The game threw in this room; the room is gone. */
  RoomError: 1011,
  /**
   * The room is elsewhere, as MOVED said before; or the node restarts, or nobody has the room now.
   */
  Restart: 1012,
  /** The node has no capacity now. */
  Overloaded: 1013,
  /** Bytes that are not a frame of this protocol. */
  Malformed: 4000,
  /** The token is wrong or has expired. */
  AuthFailed: 4001,
  /** The ticket was used already or has expired. */
  TicketSpent: 4002,
  /** The game sent this seat away. */
  Kicked: 4003,
  /** There is no room of that id or kind. */
  NoRoom: 4004,
  /** Every seat is taken. */
  Full: 4005,
  /** A newer connection took over this seat. */
  Superseded: 4007,
  /** More messages than the limits allow. */
  RateLimit: 4008,
  /** The grace time of the seat is over. */
  ResumeOver: 4009,
  /** The seat did not apply its states for too long. */
  SlowSeat: 4010,
  /** Another version of the protocol or another declaration of the game. */
  GameMismatch: 4011,
  /** Commands whose values no schema takes, again and again. */
  BadInput: 4013,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/**
 * What the client does next. `stop`: tell the player. `backoff`: wait (5 s or more after 1013),
 * then resume the seat. `fresh`: wait, then join anew, the seat is gone. `refresh`: fetch a new
 * token once, then stop. `move`: go to the address that was sent, at once, and resume there.
 */
export type Reaction = 'stop' | 'backoff' | 'fresh' | 'refresh' | 'move';

const REACTIONS: Readonly<Record<CloseCode, Reaction>> = {
  1000: 'stop',
  1001: 'stop',
  1003: 'stop',
  1006: 'backoff',
  1008: 'stop',
  1009: 'stop',
  1011: 'fresh',
  1012: 'move',
  1013: 'backoff',
  4000: 'stop',
  4001: 'refresh',
  4002: 'refresh',
  4003: 'stop',
  4004: 'stop',
  4005: 'stop',
  4007: 'stop',
  4008: 'backoff',
  4009: 'fresh',
  4010: 'backoff',
  4011: 'stop',
  4013: 'stop',
};

/**
 * First code that belongs to applications (RFC 6455, 7.4.2): below it, an unknown code speaks of
 * the line.
 */
const FIRST_OWN_CODE = 3000;

/**
 * The reaction to any code: unknown ones of the line (1005, 1014, 1015 ...) back off, unknown ones
 * of a game stop.
 */
export function reactionTo(code: number): Reaction {
  return REACTIONS[code as CloseCode] ?? (code < FIRST_OWN_CODE ? 'backoff' : 'stop');
}
