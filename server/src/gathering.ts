// Those who come to wait one by one, by tickets: a party whose page asked for them, and players of
// a shard that closes, who keep their places here. Kept by waiting.ts. Trap: whoever is expected
// and does not come in time takes the others of the party along.
import { DirectoryError } from './directory.ts';
import { type Clocks, type Identity, unpackIdentity } from './identity.ts';
import { Elsewhere, ticketSpent } from './joining.ts';
import type { Log } from './log.ts';
import { nameOf } from './matching.ts';
import type { Ask } from './queue-messages.ts';
import type { Entrant, Wanted } from './queues.ts';
import type { Tickets } from './tickets.ts';
import type { Waiter } from './waiter.ts';

/** What a ticket is for. */
export interface Gathered {
  readonly waiter: Waiter;
  /** Who comes with it; undefined: tickets.ts knows. */
  readonly identity: Identity | undefined;
}

export interface GatheringOptions {
  clocks: Clocks;
  /** Ms until all must be here. */
  lifeMs: number;
}

export class Gathering {
  readonly #options: GatheringOptions;
  readonly #byNonce = new Map<string, Gathered>();

  constructor(options: GatheringOptions) {
    this.#options = options;
  }

  /** These come together. */
  add(waiter: Waiter, nonces: readonly string[]): void {
    const { clocks, lifeMs } = this.#options;
    waiter.gatherUntilMs = clocks.now() + lifeMs;
    for (const nonce of nonces) this.#byNonce.set(nonce, { waiter, identity: undefined });
  }

  /** One who waited at another shard comes, or a party, by what is told of it. */
  expect(waiter: Waiter, { ageMs, places }: Entrant): void {
    const { clocks, lifeMs } = this.#options;
    const nowMs = clocks.now();
    const come = places.map(([nonce, packed]) => {
      return [nonce, unpackIdentity(Buffer.from(packed, 'base64'), clocks)] as const;
    });
    waiter.sinceMs = nowMs - ageMs;
    waiter.gatherUntilMs = nowMs + lifeMs;
    for (const [nonce, identity] of come) this.#byNonce.set(nonce, { waiter, identity });
  }

  /** Throws JoinRefused. */
  of(nonce: string): Gathered {
    const gathered = this.#byNonce.get(nonce);
    if (!gathered || gathered.waiter.over) throw ticketSpent();
    return gathered;
  }

  came(nonce: string): void {
    this.#byNonce.delete(nonce);
  }

  sweep(nowMs: number): void {
    for (const [nonce, { waiter }] of this.#byNonce)
      if (waiter.gatherUntilMs! < nowMs) this.#byNonce.delete(nonce);
  }
}

interface HandingOver {
  ask: Ask;
  /** It answered before: a deadline for each would take longer than a process has to close. */
  asks: boolean;
  tickets: Tickets;
  log: Log;
  now: () => number;
}

/**
 * Players go to wait at another shard: with tickets for their places, or, where it does not answer,
 * with what they said here. Those of a party that it does not expect stay: their tickets are spent.
 * Answers whether it answered.
 */
export async function handOver(
  { ask, asks, tickets, log, now }: HandingOver,
  to: { readonly id: string; readonly url: string },
  { kind, match }: Wanted,
  waiters: readonly Waiter[],
): Promise<boolean> {
  let isExpected = asks;
  let answers = asks;
  try {
    const entrants = waiters.map((waiter) => waiter.entrant(now()));
    if (asks) await ask(to.id, 'expect', kind, match, entrants);
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    isExpected = false;
    answers = error.code === 'failed';
    log.warn({ err: error, to: to.id }, 'players who wait have lost their places in the queue');
  }
  for (const { members, gatherUntilMs } of waiters) {
    if (!isExpected && gatherUntilMs !== undefined) continue;
    for (const { identity, seat, reject } of members) {
      const name = nameOf(kind, match);
      reject(new Elsewhere(to.url, isExpected ? tickets.write(name, identity.user, seat) : ''));
    }
  }
  return answers;
}
