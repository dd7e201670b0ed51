// Secrets that stand for a seat: resume keys, which find a seat again. They are random, exchanged
// at each use, and kept as SHA-256 only, so that a heap dump or a log holds nothing to play with.
import { createHash, randomBytes } from 'node:crypto';

/** 256 bits: cannot be guessed, fits a QR code and a header. */
const SECRET_BYTES = 32;

export type MakeSecret = () => string;

export const randomSecret: MakeSecret = () => randomBytes(SECRET_BYTES).toString('base64url');

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}

interface Held {
  newest: string;
  /** The one the player came back with, good until it is known to have the newest. */
  before: string | undefined;
  /** Good once: whoever shows it comes too late. */
  spent: string | undefined;
}

/** What stands for a seat: digests, which nobody can play with. */
export type KeyState = Readonly<Held>;

/**
 * Keys that are exchanged at each use. The old one stays good until the player shows that the new
 * one arrived, for a line may break in between.
 */
export class RotatingKeys<T> {
  readonly #byDigest = new Map<string, T>();
  readonly #heldBy = new Map<T, Held>();
  readonly #make: MakeSecret;

  constructor(make: MakeSecret) {
    this.#make = make;
  }

  /** A new secret for `what`, which was found by `secret`. */
  issue(what: T, secret?: string): string {
    const made = this.#make();
    const newest = digest(made);
    const before = secret === undefined ? undefined : digest(secret);
    const held = this.#heldBy.get(what);
    const spent = held?.newest === before ? held?.before : held?.newest;
    this.drop(what);
    this.#heldBy.set(what, { newest, before, spent });
    for (const key of [spent, before, newest]) if (key) this.#byDigest.set(key, what);
    return made;
  }

  /** What the secret stands for; `spent`: it was exchanged for another that is in use. */
  find(secret: string): { what: T; spent: boolean } | undefined {
    const key = digest(secret);
    const what = this.#byDigest.get(key);
    if (what === undefined) return undefined;
    const { newest, before } = this.#heldBy.get(what)!;
    return { what, spent: key !== newest && key !== before };
  }

  /** The newest secret has arrived: the one before is spent. */
  confirm(what: T): void {
    const held = this.#heldBy.get(what);
    if (held?.before === undefined) return;
    if (held.spent) this.#byDigest.delete(held.spent);
    held.spent = held.before;
    held.before = undefined;
  }

  /** The digests that stand for `what`, to be kept elsewhere. */
  stateOf(what: T): KeyState | undefined {
    const held = this.#heldBy.get(what);
    return held && { ...held };
  }

  /** What stood for a seat elsewhere stands for `what`, and for nothing else here. */
  restore(what: T, { newest, before, spent }: KeyState): void {
    for (const key of [newest, before, spent]) {
      const other = key && this.#byDigest.get(key);
      if (other) this.drop(other);
    }
    this.drop(what);
    this.#heldBy.set(what, { newest, before, spent });
    for (const key of [spent, before, newest]) if (key) this.#byDigest.set(key, what);
  }

  drop(what: T): void {
    const held = this.#heldBy.get(what);
    if (!held) return;
    this.#heldBy.delete(what);
    for (const key of [held.newest, held.before, held.spent]) if (key) this.#byDigest.delete(key);
  }

  get size(): number {
    return this.#heldBy.size;
  }

  /** Everything a secret stands for. */
  values(): Iterable<T> {
    return this.#heldBy.keys();
  }
}
