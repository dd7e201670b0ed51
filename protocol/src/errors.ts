// Whose fault it is, as three kinds of error: the peer's (ProtocolError), the game's (UsageError),
// ours (assert). Every reader throws ProtocolError and nothing else; the connection catches it in
// one place and closes with its code. Trap: messages reach logs and close reasons, so they never
// quote what the peer sent.
import { CloseCode } from './close-codes.ts';

/** Reasons to refuse a peer's bytes. Each is also the name of a counter on the server. */
export const ProtocolErrorCode = {
  /** Not MessagePack, or a type, length or depth that has no place there. */
  BadMsgpack: 'bad-msgpack',
  /** MessagePack, but not a frame of this protocol, or not one that may come now. */
  BadFrame: 'bad-frame',
  /** A value outside its declaration. */
  BadValue: 'bad-value',
  /** A state that does not follow from what was sent before. */
  BadState: 'bad-state',
  /** Commands whose values no schema of the game takes, more often than forgiven. */
  BadInput: 'bad-input',
  /** Longer than the limit. */
  TooBig: 'too-big',
  /** A text frame: this protocol is binary. */
  TextFrame: 'text-frame',
  /** More messages than the limits allow. */
  RateLimit: 'rate-limit',
  /** Another version of the protocol, or another game. */
  GameMismatch: 'game-mismatch',
} as const;
export type ProtocolErrorCode = (typeof ProtocolErrorCode)[keyof typeof ProtocolErrorCode];

/** The peer's fault: its connection is closed (closeCodeOf), and counted under `code`. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a server closes the connection with. */
export function closeCodeOf({ code }: ProtocolError): CloseCode {
  switch (code) {
    case 'bad-input':
      return CloseCode.BadInput;
    case 'too-big':
      return CloseCode.TooBig;
    case 'text-frame':
      return CloseCode.Unsupported;
    case 'rate-limit':
      return CloseCode.RateLimit;
    case 'game-mismatch':
      return CloseCode.GameMismatch;
    case 'bad-msgpack':
    case 'bad-frame':
    case 'bad-value':
    case 'bad-state':
      return CloseCode.Malformed;
  }
}

/** Throws ProtocolError `bad-msgpack`. */
export function badMsgpack(message: string): never {
  throw new ProtocolError('bad-msgpack', message);
}

/** Throws ProtocolError `bad-frame`. */
export function badFrame(message: string): never {
  throw new ProtocolError('bad-frame', message);
}

/** Throws ProtocolError `bad-value`. */
export function badValue(message: string): never {
  throw new ProtocolError('bad-value', message);
}

/** Throws ProtocolError `bad-state`. */
export function badState(message: string): never {
  throw new ProtocolError('bad-state', message);
}

/** The game's fault: thrown at the call that is wrong; the message names the field and the cure. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Our fault: states what must hold here. Throws a plain Error, which no handler takes for a peer's.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Tickwire bug: ${message}`);
}
