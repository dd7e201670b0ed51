// How a session stands and why it ended, in words a page can branch on and show.
// Set by session.ts; read by pages through onStatus and by the rejection of connect.
import type { CloseCode } from '@tickwire/protocol';

/** Why a join was turned down. */
export type ConnectReason =
  | 'full'
  | 'refused'
  | 'no-room'
  | 'game-mismatch'
  | 'unreachable'
  | 'busy'
  | 'room-error'
  | 'left';

/** What ended a session that was live. */
export type EndReason = ConnectReason | 'kicked' | 'superseded' | 'closed';

/**
 * `connecting`: the first join. `live`: playing; `fresh` after a new seat was taken because the old
 * one was gone; `lostEvents` where the server could not keep all events while the line was down or
 * full: so many since the last status that said so will never come. `resuming`: the line broke,
 * attempt n to get the seat back; reason `moved`: the room goes on on another server. `lost`: gave
 * up trying. `closed`: over for good.
 */
export type Status =
  | { readonly state: 'connecting' }
  | { readonly state: 'live'; readonly fresh: boolean; readonly lostEvents?: number | undefined }
  | { readonly state: 'resuming'; readonly attempt: number; readonly reason: string }
  | { readonly state: 'lost'; readonly reason: string }
  | { readonly state: 'closed'; readonly reason: EndReason; readonly message: string };

export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly reason: ConnectReason;
  constructor(reason: ConnectReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * What became of a command that has no answer. `refused`: the server said no, and the message why.
 * `not-sent`: there was no line, it did not run. `unanswered`: it came, and the answer was lost
 * with the line. `unknown`: the seat was lost with the line, it ran or it did not.
 */
export type CommandFailure = 'refused' | 'not-sent' | 'unanswered' | 'unknown';

/** A command that was not answered, or refused. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly reason: CommandFailure;
  constructor(message: string, reason: CommandFailure) {
    super(message);
    this.reason = reason;
  }
}

const REASONS: Readonly<Partial<Record<CloseCode, EndReason>>> = {
  4005: 'full',
  4001: 'refused',
  4002: 'refused',
  1008: 'refused',
  4004: 'no-room',
  4011: 'game-mismatch',
  1012: 'busy',
  1013: 'busy',
  4003: 'kicked',
  4007: 'superseded',
  1011: 'room-error',
};

export function endReason(code: number): EndReason {
  return REASONS[code as CloseCode] ?? 'closed';
}

export function connectReason(reason: EndReason): ConnectReason {
  switch (reason) {
    case 'full':
    case 'refused':
    case 'no-room':
    case 'game-mismatch':
    case 'busy':
    case 'room-error':
    case 'left':
      return reason;
    default:
      return 'unreachable';
  }
}

/** A browser says no more of a server that is away than of one that refused the upgrade. */
export const UNREACHABLE =
  'no answer: is the server up, and the address right? If it is, its log says why';
/** The line is up as far as is known, and nothing comes. */
export const SILENT = 'no word from the server';

/** What an error says, or `otherwise` of what is none. */
export function messageOf(error: unknown, otherwise: string): string {
  return error instanceof Error ? error.message : otherwise;
}
