// Those who come to wait one by one, by tickets: a party whose page asked for them, and players of
// a shard that closes, who keep their places here. Kept by waiting.ts. Trap: whoever is expected
// and does not come in time takes the others of the party along.
import { DirectoryError } from './directory.ts';
import { type Clocks, type Identity, packText, unpackText } from './identity.ts';
import { Elsewhere, ticketSpent } from './joining.ts';
import type { Log } from './log.ts';
import { nameOf } from './matching.ts';
import type { Ask } from './queue-messages.ts';
import type { Entrant, Wanted } from './queues.ts';
import type { Tickets } from './tickets.ts';
import type { Waiter } from './waiter.ts';

export interface GatheringOptions {
  clocks: Clocks;
  tickets: Tickets;
  /** Ms until all must be here. */
  lifeMs: number;
}

/** What became of a ticket. */
interface Used {
  /** Where its player is expected now; undefined: he has come. */
  readonly url: string | undefined;
  readonly untilMs: number;
}

export class Gathering {
  readonly #options: GatheringOptions;
  readonly #byNonce = new Map<string, Waiter>();
  /** Tickets that are good for nothing here any more, as long as they live. */
  readonly #used = new Map<string, Used>();

  constructor(options: GatheringOptions) {
    this.#options = options;
  }

  /** Those who are not all here. */
  get waiters(): Set<Waiter> {
    return new Set(this.#byNonce.values());
  }

  /** These come together. */
  add(waiter: Waiter, nonces: readonly string[]): void {
    this.#expect(
      waiter,
      nonces.map((nonce) => [nonce, undefined]),
    );
  }

  /** One who waited at another shard comes, or a party, by what is told of it. */
  expect(waiter: Waiter, { ageMs, places }: Entrant): void {
    const { clocks } = this.#options;
    const come = places.map(([nonce, packed]) => [nonce, unpackText(packed, clocks)] as const);
    waiter.sinceMs = clocks.now() - ageMs;
    this.#expect(waiter, come);
  }

  #expect(waiter: Waiter, come: readonly (readonly [string, Identity | undefined])[]): void {
    const { clocks, lifeMs } = this.#options;
    waiter.gatherUntilMs = clocks.now() + lifeMs;
    for (const [nonce, identity] of come) {
      waiter.expected.set(nonce, identity);
      this.#byNonce.set(nonce, waiter);
    }
  }

  /**
   * What who comes with a ticket waits for; undefined: that is not known here. Throws JoinRefused
   * for one that was used, and Elsewhere where its player is expected elsewhere now.
   */
  of(nonce: string): Waiter | undefined {
    const used = this.#used.get(nonce);
    if (used?.url !== undefined) throw new Elsewhere(used.url);
    const waiter = this.#byNonce.get(nonce);
    if (used || waiter?.over) throw ticketSpent();
    return waiter;
  }

  /** He is here, or expected at `url`. */
  came(nonce: string, url?: string): void {
    const { clocks, lifeMs } = this.#options;
    this.#byNonce.get(nonce)?.expected.delete(nonce);
    this.#byNonce.delete(nonce);
    this.#used.set(nonce, { url, untilMs: clocks.now() + lifeMs });
  }

  /** The places of those who are yet to come, for another shard. */
  placesOf({ expected }: Waiter): Entrant['places'] {
    const { clocks, tickets } = this.#options;
    return [...expected].flatMap(([nonce, known]) => {
      const identity = known ?? tickets.take(nonce);
      return identity ? [[nonce, packText(identity, clocks), ''] as const] : [];
    });
  }

  sweep(nowMs: number): void {
    for (const [nonce, { gatherUntilMs }] of this.#byNonce)
      if (gatherUntilMs! < nowMs) this.#byNonce.delete(nonce);
    for (const [nonce, { untilMs }] of this.#used) if (untilMs < nowMs) this.#used.delete(nonce);
  }
}

interface HandingOver {
  /** This shard. */
  from: string;
  ask: Ask;
  /** It answered before: a deadline for each would take longer than a process has to close. */
  asks: boolean;
  gathering: Gathering;
  tickets: Tickets;
  log: Log;
  now: () => number;
}

/**
 * Players go to wait at another shard: with tickets for their places, or, where it does not answer,
 * with what they said here. Who is yet to come with a ticket is sent on when he does. Those of a
 * party that it does not expect stay: their tickets are spent. Answers whether it answered.
 */
export async function handOver(
  { from, ask, asks, gathering, tickets, log, now }: HandingOver,
  to: { readonly id: string; readonly url: string },
  { kind, match }: Wanted,
  waiters: readonly Waiter[],
): Promise<boolean> {
  let isExpected = asks;
  let answers = asks;
  try {
    const tell = (waiter: Waiter) => waiter.entrant(now(), gathering.placesOf(waiter));
    if (asks) await ask(to.id, 'expect', kind, match, waiters.map(tell), from);
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    isExpected = false;
    answers = error.code === 'failed';
    log.warn({ err: error, to: to.id }, 'players who wait have lost their places in the queue');
  }
  const name = nameOf(kind, match);
  for (const { members, expected, gatherUntilMs } of waiters) {
    if (!isExpected && gatherUntilMs !== undefined) continue;
    for (const nonce of [...expected.keys()]) gathering.came(nonce, to.url);
    for (const { identity, seat, reject } of members) {
      const write = () => tickets.write(name, identity.user, seat, to.id);
      reject(new Elsewhere(to.url, isExpected ? write() : ''));
    }
  }
  return answers;
}
