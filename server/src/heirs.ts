// Which shard goes on with the parties of one that is gone: whoever brings a ticket of that one is
// sent there. A shard that closes hands all of them to one other (gathering.ts), which remembers it
// as long as tickets live, and says so when it is asked. Kept by waiting.ts. Trap: others are asked
// only for shards that the directory does not list, once a second for each.
import type { Ask } from './queue-messages.ts';
import type { QueueOwners } from './queue-owners.ts';

export interface HeirsOptions {
  ask: Ask;
  owners: QueueOwners;
  /** Ms that a ticket lives. */
  lifeMs: number;
  /** Monotonic ms. */
  now: () => number;
}

/** Ms for which an answer is believed: all of a party come at about the same time. */
const ANSWER_MS = 1_000;

interface Answer {
  readonly url: Promise<string | undefined>;
  readonly untilMs: number;
}

export class Heirs {
  readonly #options: HeirsOptions;
  /** Shards that this one goes on for, and until when that matters. */
  readonly #homes = new Map<string, number>();
  readonly #answers = new Map<string, Answer>();

  constructor(options: HeirsOptions) {
    this.#options = options;
  }

  /** A shard handed its parties over to this one. */
  note(home: string): void {
    const { lifeMs, now } = this.#options;
    this.#homes.set(home, now() + lifeMs);
  }

  isHere(home: string): boolean {
    return this.#homes.has(home);
  }

  /** Where the shard that goes on for `home` is reached. Rejects with DirectoryError. */
  of(home: string): Promise<string | undefined> {
    const nowMs = this.#options.now();
    const known = this.#answers.get(home);
    if (known && known.untilMs > nowMs) return known.url;
    const url = this.#ask(home);
    this.#answers.set(home, { url, untilMs: nowMs + ANSWER_MS });
    return url;
  }

  async #ask(home: string): Promise<string | undefined> {
    const { ask, owners } = this.#options;
    const others = await owners.others();
    const asked = others.map(async ({ id, url }) => {
      if ((await ask(id, 'heirOf', home)) !== true) throw new Error(`${id} is not`);
      return url;
    });
    // One that does not answer is none.
    return Promise.any(asked).catch(() => undefined);
  }

  sweep(nowMs: number): void {
    for (const [home, untilMs] of this.#homes) if (untilMs < nowMs) this.#homes.delete(home);
    for (const [home, { untilMs }] of this.#answers)
      if (untilMs < nowMs) this.#answers.delete(home);
  }
}
