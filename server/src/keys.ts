// Secrets that stand for a seat: resume keys, which find a seat again, and tickets, which promise
// one. Both are random, good for one use, and kept as SHA-256 only, so that a heap dump or a log
// holds nothing to play with.
import { createHash, randomBytes } from 'node:crypto';

/** 256 bits: cannot be guessed, fits a QR code and a header. */
const SECRET_BYTES = 32;

export type MakeSecret = () => string;

export const randomSecret: MakeSecret = () => randomBytes(SECRET_BYTES).toString('base64url');

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}

/** One-use secrets with what they stand for. */
export class Keys<T> {
  readonly #byDigest = new Map<string, T>();
  readonly #digestOf = new Map<T, string>();
  readonly #make: MakeSecret;

  constructor(make: MakeSecret) {
    this.#make = make;
  }

  /** A new secret for `what`; the one before is worth nothing from now on. */
  issue(what: T): string {
    this.drop(what);
    const secret = this.#make();
    const key = digest(secret);
    this.#byDigest.set(key, what);
    this.#digestOf.set(what, key);
    return secret;
  }

  /** What the secret stands for, once. */
  redeem(secret: string): T | undefined {
    const what = this.#byDigest.get(digest(secret));
    if (what !== undefined) this.drop(what);
    return what;
  }

  drop(what: T): void {
    const key = this.#digestOf.get(what);
    if (key === undefined) return;
    this.#digestOf.delete(what);
    this.#byDigest.delete(key);
  }

  get size(): number {
    return this.#digestOf.size;
  }

  /** Everything a secret stands for. */
  values(): Iterable<T> {
    return this.#digestOf.keys();
  }
}
