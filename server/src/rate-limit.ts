// How much one peer, or one address, may ask for: token buckets and counters, with memory of a
// fixed size. Used before the upgrade (per address) and by connections (messages, pings); time is
// an argument everywhere. Trap: a whole /64 of IPv6 is one customer's, so addresses are counted by
// /64 and never one by one.

import { assert } from '@tickwire/protocol';

/** Parts of a token: what a rate of 1 per second gives in a millisecond. */
const PARTS = 1000;

/**
 * Lets `burst` through at once and `ratePerS` from then on. Counts in whole milliseconds and parts
 * of a token: small integers stand in the object itself, other numbers in memory of their own.
 */
export class TokenBucket {
  readonly #ratePerS: number;
  readonly #burst: number;
  #tokens: number;
  #atMs = 0;

  /** Both above 0. Starts full. */
  constructor(ratePerS: number, burst: number) {
    assert(ratePerS > 0 && burst > 0, `a bucket of ${ratePerS}/s and ${burst}`);
    this.#ratePerS = ratePerS;
    this.#burst = burst * PARTS;
    this.#tokens = this.#burst;
  }

  /**
   * Takes `cost` tokens, all or none. `nowMs` is monotonic; a step back adds nothing and takes
   * nothing away. A cost above `burst` never passes.
   */
  take(nowMs: number, cost = 1): boolean {
    const wholeMs = Math.floor(nowMs);
    if (wholeMs > this.#atMs) {
      const passedMs = wholeMs - this.#atMs;
      this.#atMs = wholeMs;
      this.#tokens = Math.min(this.#burst, this.#tokens + passedMs * this.#ratePerS);
    }
    if (this.#tokens < cost * PARTS) return false;
    this.#tokens -= cost * PARTS;
    return true;
  }
}

/**
 * Addresses that count as one: an IPv4 address, a /64 of IPv6. Takes the form of `plainAddress`.
 */
export function addressKey(remoteAddress: string): string {
  const groups = remoteAddress.split(':');
  return groups.length === 8 ? `${groups.slice(0, 4).join(':')}::/64` : remoteAddress;
}

/** How many things each address holds now, such as connections. */
export class PerAddress {
  readonly #limit: number;
  readonly #maxAddresses: number;
  readonly #held = new Map<string, number>();

  /** `limit` for one address; with `maxAddresses` of them held, no further address enters. */
  constructor(limit: number, maxAddresses: number) {
    assert(limit >= 1 && maxAddresses >= 1, `a limit of ${limit} for ${maxAddresses} addresses`);
    this.#limit = limit;
    this.#maxAddresses = maxAddresses;
  }

  /** Counts one more, unless that is too many. Each true is owed one `leave`. */
  enter(remoteAddress: string): boolean {
    const key = addressKey(remoteAddress);
    const held = this.#held.get(key) ?? 0;
    if (held >= this.#limit) return false;
    if (held === 0 && this.#held.size >= this.#maxAddresses) return false;
    this.#held.set(key, held + 1);
    return true;
  }

  leave(remoteAddress: string): void {
    const key = addressKey(remoteAddress);
    const held = this.#held.get(key) ?? 0;
    assert(held > 0, 'an address leaves that did not enter');
    if (held === 1) this.#held.delete(key);
    else this.#held.set(key, held - 1);
  }

  count(remoteAddress: string): number {
    return this.#held.get(addressKey(remoteAddress)) ?? 0;
  }

  /** Addresses that hold anything. */
  get size(): number {
    return this.#held.size;
  }
}

/** One token bucket for each address. */
export class AddressBuckets {
  readonly #ratePerS: number;
  readonly #burst: number;
  readonly #maxAddresses: number;
  readonly #buckets = new Map<string, TokenBucket>();

  /**
   * Above `maxAddresses` the one unused for longest is forgotten, and starts full when it returns.
   */
  constructor(ratePerS: number, burst: number, maxAddresses: number) {
    assert(maxAddresses >= 1, `buckets for ${maxAddresses} addresses`);
    this.#ratePerS = ratePerS;
    this.#burst = burst;
    this.#maxAddresses = maxAddresses;
  }

  take(remoteAddress: string, nowMs: number, cost = 1): boolean {
    const key = addressKey(remoteAddress);
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#ratePerS, this.#burst);
    // A Map keeps the order of insertion: what was used last stands last.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#maxAddresses) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
    return bucket.take(nowMs, cost);
  }

  get size(): number {
    return this.#buckets.size;
  }
}
