// What asking for a seat comes to: a seat with the key to come back to it, or a refusal that the
// client is told. Made by the shard, handed on by connections and the HTTP routes, which say the
// refusal each in its own way.
import { CloseCode, type Continuity, type Credential } from '@tickwire/protocol';
import { DirectoryError } from './directory.ts';
import type { Identity } from './identity.ts';
import type { GameRoom } from './room.ts';
import type { RoomSeat } from './seat.ts';

/** A join that was turned down, and how the client is told. */
export class JoinRefused extends Error {
  readonly closeCode: CloseCode;
  /** What it is counted as. */
  readonly counter: string;
  constructor(closeCode: CloseCode, message: string, counter = `join-${closeCode}`) {
    super(message);
    this.closeCode = closeCode;
    this.counter = counter;
  }
}

/** A join that another server must judge: the client is sent there. */
export class Elsewhere extends Error {
  /** '': where the client was told to connect at first. */
  readonly url: string;
  /** What it says HELLO with there; '' for what it said here. */
  readonly ticket: string;
  constructor(url: string, ticket = '') {
    super('the room lives elsewhere');
    this.url = url;
    this.ticket = ticket;
  }
}

/** What the directory answers; one that does not is a refusal for who waits for it. */
export async function underDirectory<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    throw unasked('directory');
  }
}

/** Nothing is asked of the directory for this join: clients wait for 5 s or more. */
export function unasked(counter: string): JoinRefused {
  const message = 'the rooms cannot be looked up now; try again';
  return new JoinRefused(CloseCode.Overloaded, message, counter);
}

export interface Joined {
  room: GameRoom;
  seat: RoomSeat;
  resumeKey: string;
  /** Of the room's lease; undefined where it never moves. */
  epoch?: number | undefined;
  /** What goes on, where a seat was resumed. */
  continuity: Continuity | undefined;
  /** Monotonic ms at which the authentication ends; Infinity: never. */
  untilMs: number;
  /** Takes a new token; resolves with the new untilMs, rejects with JoinRefused. */
  renew: (token: string, about: object) => Promise<number>;
  /** To be called once the client is known to have the resume key. */
  confirm: (() => void) | undefined;
}

/**
 * What a handshake proved before there was a socket: who somebody is, or that a ticket or resume
 * key is good, which is redeemed by HELLO alone. Kept until then.
 */
export type Proof =
  | {
      readonly credential: typeof Credential.Token;
      readonly room: string;
      readonly identity: Identity;
    }
  | {
      readonly credential: typeof Credential.Ticket | typeof Credential.Resume;
      readonly secret: string;
    };

/**
 * Who a proof is of. Throws JoinRefused for a room that it was not judged for; `rooms`: what that
 * room may have been called.
 */
export function provenFor(
  { room: named, identity }: Extract<Proof, { identity: Identity }>,
  ...rooms: readonly string[]
): Identity {
  if (!rooms.includes(named))
    throw new JoinRefused(CloseCode.AuthFailed, 'the token was accepted for another room');
  return identity;
}

/** Throws JoinRefused unless both sides have the same declaration of the game. */
export function checkHash(ours: string, theirs: string): void {
  if (ours !== theirs)
    throw new JoinRefused(
      CloseCode.GameMismatch,
      `the page was built from another game declaration (${theirs}, here ${ours}): ` +
        'rebuild or reload it',
    );
}

/** What a token is for where no room is named. Throws JoinRefused. */
export function onlyKind([kind, ...more]: readonly string[]): string {
  if (more.length === 0) return kind;
  const message = 'say what the token is for: offer the subprotocol room.KIND as well';
  throw new JoinRefused(CloseCode.NoRoom, message);
}

/** A room is between two owners: clients ask again at once. */
export function onItsWay(): JoinRefused {
  return new JoinRefused(CloseCode.Restart, 'the room is on its way; try again', 'orphan');
}

/** This server closes: clients ask again at once, and come to another one. */
export function restarts(): JoinRefused {
  return new JoinRefused(CloseCode.Restart, 'the server restarts; try again', 'draining');
}

export function ticketSpent(): JoinRefused {
  return new JoinRefused(CloseCode.TicketSpent, 'the ticket was used or has expired');
}
