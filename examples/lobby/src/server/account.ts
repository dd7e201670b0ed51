// Who a visitor is. A demo's accounts: a page makes up a secret and keeps it, and whoever shows it
// is that user; nobody signs up, and who clears the browser's storage is somebody else. A real game
// puts its own check here (docs/authentication.md). Also signs passes, by which the server itself
// brings members of a party to a duel. Trap: the secret stays here; others are told its hash.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { cleaned } from '@tickwire/kit/words';
import { Refusal } from '@tickwire/server';
import { NAME_LENGTH, USER_LENGTH } from '../rules.ts';

/** Plain data: it travels to other shards with tickets and checkpoints. */
export interface Account {
  /** The same in all tabs of a browser. */
  readonly user: string;
  readonly name: string;
}

/** As page/account.ts makes them: 128 bits, in hex. */
const TOKEN = /^([0-9a-f]{32}) (.*)$/su;
const PASS = /^pass ([\w-]+) ([\w-]+)$/;

/** Ms that a pass is good for: it is used at once, by the server that wrote it. */
const PASS_MS = 5_000;

export class Accounts {
  readonly #key: string;

  /** `key`: the same on all shards. */
  constructor(key: string) {
    this.#key = key;
  }

  /** Throws Refusal. */
  authenticate = (token: string): Account => {
    const [, claims, signature] = PASS.exec(token) ?? [];
    if (claims !== undefined) return this.#read(claims, signature);
    const [, secret, name = ''] = TOKEN.exec(token) ?? [];
    if (secret === undefined) throw new Refusal('a token is a secret and a name', 'no-secret');
    const user = createHash('sha256').update(secret).digest('hex').slice(0, USER_LENGTH);
    return { user, name: cleaned(name, NAME_LENGTH) || 'Guest' };
  };

  /** A token for somebody who has shown his already. */
  pass({ user, name }: Account): string {
    const said = JSON.stringify({ user, name, untilMs: Date.now() + PASS_MS });
    const claims = Buffer.from(said).toString('base64url');
    return `pass ${claims} ${this.#sign(claims).toString('base64url')}`;
  }

  #read(claims: string, signature: string): Account {
    const given = Buffer.from(signature, 'base64url');
    const ours = this.#sign(claims);
    if (given.length !== ours.length || !timingSafeEqual(given, ours))
      throw new Refusal('not a pass of this server', 'bad-pass');
    const { user, name, untilMs } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    if (untilMs < Date.now()) throw new Refusal('the pass is over', 'old-pass');
    return { user, name };
  }

  #sign(claims: string): Buffer {
    return createHmac('sha256', this.#key).update(`lobby pass:${claims}`).digest();
  }
}
