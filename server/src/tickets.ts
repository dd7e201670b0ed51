// Tickets: texts that anybody may read and nobody may write: room, user, expiry and a nonce under
// HMAC-SHA256, so that a forged or late one is refused before anything is looked up. The directory
// keeps the place under the nonce; what the game knows of the player stays here, where the ticket
// was written. Asked by seating.ts and placement.ts.
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { MAX_TICKET_CHARS } from '@tickwire/protocol';
import type { Identity } from './identity.ts';
import type { MakeSecret } from './keys.ts';

/** What a ticket says. */
export interface Ticket {
  readonly roomId: string;
  /** What the directory calls the promised place. */
  readonly nonce: string;
  /** Of one for a waiting queue: the shard where its player is expected. */
  readonly shard: string | undefined;
}

interface Promised {
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

/**
 * Room id, user ('' for nobody), ms since 1970, nonce, and a shard where only that one knows more:
 * what a ticket says in the open.
 */
type Claims = readonly [
  roomId: string,
  user: string,
  expiresAtMs: number,
  nonce: string,
  shard?: string,
];

/** Goes before what is signed: the key may sign other things, and no ticket is one of them. */
const LABEL = 'tickwire ticket 1:';

export class Tickets {
  readonly #options: TicketsOptions;
  #key: KeyObject;
  readonly #promised = new Map<string, Promised>();
  /** Tickets by user; who has none has no entry. */
  readonly #byUser = new Map<string, number>();

  constructor(options: TicketsOptions) {
    this.#options = options;
    this.#key = createSecretKey(options.key);
  }

  /** With another key: tickets of the one before are forged ones from now on. */
  signWith(key: Uint8Array): void {
    this.#key = createSecretKey(key);
  }

  /** Remembers who a promise is for, and answers its nonce. */
  promise(identity: Identity): string {
    const { lifeMs, makeNonce, now } = this.#options;
    const nonce = makeNonce();
    this.#promised.set(nonce, { identity, untilMs: now() + lifeMs });
    count(this.#byUser, identity.user ?? '', 1);
    return nonce;
  }

  /** The text that a player gets. `shard`: the only one that knows what it is for. */
  write(roomId: string, user: string | undefined, nonce: string, shard?: string): string {
    const { lifeMs, wallClockMs } = this.#options;
    const expiresAtMs = wallClockMs() + lifeMs;
    const rest: readonly [shard?: string] = shard === undefined ? [] : [shard];
    const claims: Claims = [roomId, user ?? '', expiresAtMs, nonce, ...rest];
    const said = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${said}.${this.#sign(said)}`;
  }

  /** What a ticket says that we wrote and that is in time. Looks nothing up. */
  read(ticket: string): Ticket | undefined {
    if (ticket.length > MAX_TICKET_CHARS) return undefined;
    const dot = ticket.indexOf('.');
    const said = ticket.slice(0, Math.max(dot, 0));
    if (!equal(ticket.slice(dot + 1), this.#sign(said))) return undefined;
    const claims: Claims = JSON.parse(Buffer.from(said, 'base64url').toString());
    const [roomId, , expiresAtMs, nonce, shard] = claims;
    return expiresAtMs < this.#options.wallClockMs() ? undefined : { roomId, nonce, shard };
  }

  /** Who a promise of ours is for, that was not used. */
  holds(nonce: string): boolean {
    this.expire();
    return this.#promised.has(nonce);
  }

  /** Who a promise of ours was for, once. */
  take(nonce: string): Identity | undefined {
    const promised = this.#promised.get(nonce);
    if (!promised) return undefined;
    this.#promised.delete(nonce);
    count(this.#byUser, promised.identity.user ?? '', -1);
    return promised.identity;
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
      this.take(nonce);
    }
  }

  #sign(said: string): string {
    return createHmac('sha256', this.#key)
      .update(LABEL + said)
      .digest('base64url');
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
