// Asks a room kind's `authenticate` who brings a token, and keeps of the answer what the server
// goes by: the game's auth, the user, and when it ends. The token itself is not kept. Asked by the
// shard for HELLOs and tickets; tells a Refusal's message to the player and nobody else's.
import { CloseCode } from '@tickwire/protocol';
import { isUser, Refusal, USER_RULE } from './admission.ts';
import type { RoomKind } from './define-room.ts';
import type { Identity } from './identity.ts';
import { JoinRefused } from './joining.ts';
import type { Log } from './log.ts';
import { RefusalLog } from './refusal-log.ts';

export interface AuthenticatorOptions {
  rooms: Readonly<Record<string, RoomKind>>;
  /** Ms that a game's `authenticate` may take. */
  deadlineMs: number;
  log: Log;
  /** Monotonic ms. */
  now: () => number;
  wallClockMs: () => number;
}

export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #lines: RefusalLog;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#lines = new RefusalLog(options.log);
  }

  /** Tells of refusals that were only counted: called a few times a second. */
  sweep(nowMs: number): void {
    this.#lines.sweep(nowMs);
  }

  /**
   * Who brings `token` to a room of the kind. Rejects with JoinRefused. `room`: as it was asked
   * for; `about`: ids for the log.
   */
  async identify(kind: string, token: string, room: string, about?: object): Promise<Identity> {
    try {
      return this.#identity(kind, await this.#answer(kind, token, room));
    } catch (error) {
      if (error instanceof JoinRefused) throw error;
      const { log } = this.#options;
      if (error instanceof Refusal) {
        const { message: reason, counter } = error;
        if (this.#lines.says('refused tokens'))
          log.info({ kind, reason, counter, ...about }, 'authenticate refused a token');
        throw new JoinRefused(CloseCode.AuthFailed, error.message, error.counter);
      }
      // A database that is down looks like this: somebody should look.
      if (this.#lines.says('throws of authenticate'))
        log.warn({ err: error, kind, ...about }, 'authenticate threw; the token counts as refused');
      throw new JoinRefused(CloseCode.AuthFailed, 'the token was refused');
    }
  }

  /** What the game says, within the deadline. */
  async #answer(kind: string, token: string, room: string): Promise<unknown> {
    const { authenticate } = this.#options.rooms[kind].definition;
    if (!authenticate) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const refuse = () =>
        reject(new JoinRefused(CloseCode.Overloaded, 'authentication took too long'));
      timer = setTimeout(refuse, this.#options.deadlineMs);
    });
    try {
      return await Promise.race([authenticate(token, { room }), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #identity(kind: string, auth: unknown): Identity {
    const { now, wallClockMs } = this.#options;
    const { authenticate, user, expiresAtMs } = this.#options.rooms[kind].definition;
    const name = (user ?? authenticate?.user)?.(auth);
    if (name !== undefined && !isUser(name))
      throw new TypeError(`user of ${kind} wants ${USER_RULE}`);
    const expiryMs = (expiresAtMs ?? authenticate?.expiresAtMs)?.(auth);
    if (Number.isNaN(expiryMs)) throw new TypeError(`expiresAtMs of ${kind} is not a number`);
    const leftMs = expiryMs === undefined ? Number.POSITIVE_INFINITY : expiryMs - wallClockMs();
    if (!(leftMs > 0)) throw expired();
    return { auth, user: name, untilMs: now() + leftMs };
  }
}

/** The authentication of a seat, or of whoever wants one, has ended. */
export function expired(): JoinRefused {
  return new JoinRefused(CloseCode.AuthFailed, 'the authentication has expired', 'auth-expired');
}
