// What a session proves its right to a seat with: a ticket once, the resume key of its newest
// WELCOME, a token that is asked for anew each time; and when the next token is due. Used by
// session.ts; keeps no token, for whatever holds one is one more place to read it from.
import { Credential, PROTOCOL_VERSION } from '@tickwire/protocol';

/** Share of a token's life after which another one is asked for: a fifth is left to fail in. */
const RENEW_AT = 0.8;
/** The same of what is left after a failure: soon again, and not all at once for who waits long. */
const RETRY_AT = 0.5;
/** Least time between two: a token function that keeps what it fetched is asked no faster. */
const RENEW_GAP_MS = 3_000;

export type TokenSource = () => string | Promise<string>;

export interface CredentialsOptions {
  token: TokenSource | undefined;
  /** The token function may be asked for another one while a seat is held. */
  renews?: boolean;
  ticket: string | undefined;
}

export class Credentials {
  /** Undefined: there is no seat to come back to. */
  resumeKey: string | undefined;
  readonly #token: TokenSource | undefined;
  readonly #renews: boolean;
  #ticket: string | undefined;
  /** Said last in place of a token. */
  #saidTicket: string | undefined;
  #endsMs = 0;
  #renewAtMs = Number.POSITIVE_INFINITY;

  constructor({ token, ticket, renews = false }: CredentialsOptions) {
    this.#token = token;
    this.#ticket = ticket;
    this.#renews = renews;
  }

  /** What HELLO says; `offered`: the handshake has said the rest. */
  async hello(offered: boolean): Promise<[credential: Credential, secret: string]> {
    if (this.resumeKey !== undefined) return [Credential.Resume, this.resumeKey];
    if (offered) return [Credential.Token, ''];
    const ticket = this.#takeTicket();
    return ticket === undefined
      ? [Credential.Token, await this.#ask()]
      : [Credential.Ticket, ticket];
  }

  /**
   * The subprotocols of a handshake that proves who comes: with a token where there may be one, for
   * it outlives the seat that a resume key is of.
   */
  async offer(room: string): Promise<string[]> {
    const ticket = this.#takeTicket();
    const proof =
      ticket !== undefined
        ? `ticket.${ticket}`
        : this.#token || this.resumeKey === undefined
          ? `token.${base64url(await this.#ask())}`
          : `resume.${this.resumeKey}`;
    return [`tickwire.v${PROTOCOL_VERSION}`, `room.${room}`, proof];
  }

  /** Another server is to be asked, with `ticket`, or where that is empty with what was said. */
  sentAway(ticket: string): void {
    if (this.resumeKey === undefined) this.#ticket = ticket || this.#saidTicket;
  }

  /** The server says how long the token is good for, from now on; on a new line nothing yet. */
  expires(nowMs: number, leftMs = Number.POSITIVE_INFINITY, share = RENEW_AT): void {
    this.#endsMs = nowMs + leftMs;
    if (this.#renews) this.#renewAtMs = nowMs + Math.max(leftMs * share, RENEW_GAP_MS);
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#renewAtMs;
  }

  /** Says the next token; where there is none now, it is due again. */
  async renew(nowMs: number, say: (token: string) => void): Promise<void> {
    this.#renewAtMs = Number.POSITIVE_INFINITY;
    try {
      say(await this.#ask());
    } catch {
      this.expires(nowMs, this.#endsMs - nowMs, RETRY_AT);
    }
  }

  async #ask(): Promise<string> {
    return (await this.#token?.()) ?? '';
  }

  #takeTicket(): string | undefined {
    this.#saidTicket = this.#ticket;
    this.#ticket = undefined;
    return this.#saidTicket;
  }
}

/** A subprotocol's name has no place for `=`, nor for most of what is no letter or digit. */
function base64url(text: string): string {
  const coded = btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  return coded.replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}
