// Promised seats: each ticket keeps one in its room until it is used or its time is over. A ticket
// is a text that anybody may read and nobody may write: room, user, expiry and a nonce under
// HMAC-SHA256, so that a forged or late one is refused before anything is looked up. What the game
// knows of the player stays here, under the nonce. Asked by the shard whenever it looks for a free
// seat, so that counting is no walk over all tickets.
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { MAX_TICKET_CHARS } from '@tickwire/protocol';
import type { Identity } from './identity.ts';
import type { MakeSecret } from './keys.ts';

/** A promised seat. */
export interface Ticket {
  readonly roomId: string;
  readonly identity: Identity;
  /** Monotonic ms. */
  readonly untilMs: number;
}

export interface TicketsOptions {
  /** 32 bytes or more. Servers that share it know each other's tickets from forged ones. */
  key: Uint8Array;
  makeNonce: MakeSecret;
  /** How long a ticket is good for. */
  lifeMs: number;
  /** Monotonic ms: for the promise. */
  now: () => number;
  /** Ms since 1970: for the text, which another process may read. */
  wallClockMs: () => number;
}

/** Room id, user ('' for nobody), ms since 1970, nonce: what a ticket says in the open. */
type Claims = readonly [roomId: string, user: string, expiresAtMs: number, nonce: string];

/** Goes before what is signed: the key may sign other things, and no ticket is one of them. */
const LABEL = 'tickwire ticket 1:';

export class Tickets {
  readonly #options: TicketsOptions;
  readonly #key: KeyObject;
  readonly #promised = new Map<string, Ticket>();
  /** Tickets by room and by user; who has none has no entry. */
  readonly #byRoom = new Map<string, number>();
  readonly #byUser = new Map<string, number>();

  constructor(options: TicketsOptions) {
    this.#options = options;
    this.#key = createSecretKey(options.key);
  }

  issue(roomId: string, identity: Identity): string {
    const { lifeMs, makeNonce, now, wallClockMs } = this.#options;
    const nonce = makeNonce();
    const { user = '' } = identity;
    this.#promised.set(nonce, { roomId, identity, untilMs: now() + lifeMs });
    count(this.#byRoom, roomId, 1);
    count(this.#byUser, user, 1);
    const claims: Claims = [roomId, user, wallClockMs() + lifeMs, nonce];
    const said = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${said}.${this.#sign(said)}`;
  }

  /** Whether it promises a seat: it is ours, in time, and was not used. */
  holds(ticket: string): boolean {
    const nonce = this.#nonceOf(ticket);
    this.expire();
    return nonce !== undefined && this.#promised.has(nonce);
  }

  /** What the ticket promises, once. */
  redeem(ticket: string): Ticket | undefined {
    const nonce = this.#nonceOf(ticket);
    this.expire();
    return nonce === undefined ? undefined : this.#take(nonce);
  }

  /** Seats of a room that are promised now. */
  reserved(roomId: string): number {
    this.expire();
    return this.#byRoom.get(roomId) ?? 0;
  }

  /** Seats that are promised to a user now. */
  openOf(user: string): number {
    this.expire();
    return this.#byUser.get(user) ?? 0;
  }

  /** Promises that are kept, those included that expired since anybody asked. */
  get size(): number {
    return this.#promised.size;
  }

  /** All live equally long, so the oldest come first. */
  expire(): void {
    const nowMs = this.#options.now();
    for (const [nonce, { untilMs }] of this.#promised) {
      if (untilMs >= nowMs) return;
      this.#take(nonce);
    }
  }

  /** The nonce of a ticket that we wrote and that is in time. Looks nothing up. */
  #nonceOf(ticket: string): string | undefined {
    if (ticket.length > MAX_TICKET_CHARS) return undefined;
    const dot = ticket.indexOf('.');
    const said = ticket.slice(0, Math.max(dot, 0));
    if (!equal(ticket.slice(dot + 1), this.#sign(said))) return undefined;
    const claims: Claims = JSON.parse(Buffer.from(said, 'base64url').toString());
    const [, , expiresAtMs, nonce] = claims;
    return expiresAtMs < this.#options.wallClockMs() ? undefined : nonce;
  }

  #sign(said: string): string {
    return createHmac('sha256', this.#key)
      .update(LABEL + said)
      .digest('base64url');
  }

  #take(nonce: string): Ticket | undefined {
    const ticket = this.#promised.get(nonce);
    if (!ticket) return undefined;
    this.#promised.delete(nonce);
    count(this.#byRoom, ticket.roomId, -1);
    count(this.#byUser, ticket.identity.user ?? '', -1);
    return ticket;
  }
}

/** In a time that does not tell how much of it was right. */
function equal(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function count(counts: Map<string, number>, key: string, change: number): void {
  const left = (counts.get(key) ?? 0) + change;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
