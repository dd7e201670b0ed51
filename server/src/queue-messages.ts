// What shards say to each other of waiting queues: the questions by name, and what comes checked
// before anything is done by it. Between waiting.ts and peers.ts; a shard that asks itself asks by
// the same words, without a message. Trap: whoever may write to the directory may say anything.
import { DirectoryError } from './directory.ts';
import type { Peers, Services } from './peers.ts';
import type { Entrant, Homes, Opened, Progress, Wanted } from './queues.ts';

/** Asks a shard, this one included. Rejects with DirectoryError. */
export type Ask = (
  shard: string,
  service: string,
  ...given: readonly unknown[]
) => Promise<unknown>;

/** What a shard does for the queues of others, and for its own. */
export interface QueueServices {
  /** Of the shard that has the queue. Throws where it keeps none. */
  tell(home: string, wanted: Wanted, ids: readonly number[], fresh: readonly Entrant[]): Progress;
  /** Of a shard with lines. */
  hold(hold: string, ids: readonly number[]): readonly number[];
  letGo(hold: string): void;
  /** Players of `home`, which closes, come here, by these tickets, and keep their places. */
  expect(wanted: Wanted, waiters: readonly Entrant[], home: string): void;
  /** Whether those of a shard that is gone are expected here. */
  heirOf(home: string): boolean;
  matched(hold: string, opened: Opened): void;
}

export function servicesOf(of: QueueServices): Services {
  return {
    wait: async (home: unknown, kind: unknown, match: unknown, ids: unknown, fresh: unknown) =>
      of.tell(
        text(home),
        { kind: text(kind), match: text(match) },
        wholes(ids),
        listed(fresh, entrant),
      ),
    hold: async (hold: unknown, ids: unknown) => of.hold(text(hold), wholes(ids)),
    letGo: async (hold: unknown) => of.letGo(text(hold)),
    expect: async (kind: unknown, match: unknown, waiters: unknown, home: unknown = '') =>
      of.expect({ kind: text(kind), match: text(match) }, listed(waiters, entrant), text(home)),
    heirOf: async (home: unknown) => of.heirOf(text(home)),
    matched: async (hold: unknown, room: unknown, url: unknown) =>
      of.matched(text(hold), { room: text(room), url: text(url) }),
  };
}

/** `shard`: this one. */
export function askerOf(shard: string, own: Services, peers: Peers | undefined): Ask {
  return async (to, service, ...given) => {
    if (to === shard) return own[service](...(given as never));
    if (!peers) throw new DirectoryError('unreachable', `there is no shard ${to}`);
    return peers.ask(to, service, ...given);
  };
}

export function homesBy(ask: Ask): Homes {
  return {
    hold: async (shard, hold, ids) => wholes(await ask(shard, 'hold', hold, ids)),
    letGo: async (shard, hold) => void (await ask(shard, 'letGo', hold)),
    matched: async (shard, hold, { room, url }) =>
      void (await ask(shard, 'matched', hold, room, url)),
  };
}

/** Tells the shard that has the queue. Rejects with DirectoryError. */
export async function tellOwner(
  ask: Ask,
  owner: string,
  home: string,
  { kind, match }: Wanted,
  ids: readonly number[],
  fresh: readonly Entrant[],
): Promise<Progress> {
  const answer = (await ask(owner, 'wait', home, kind, match, ids, fresh)) as Partial<Progress>;
  const { unknown, waiting, found, etaS } = answer;
  return {
    unknown: wholes(unknown),
    waiting: whole(waiting),
    found: wholes(found),
    etaS: listed(etaS, (one) => (one === null ? null : whole(one))),
  };
}

function entrant(value: unknown): Entrant {
  const { id, ageMs, rating, places } = Object(value) as Record<string, unknown>;
  return {
    id: whole(id),
    ageMs: Math.max(finite(ageMs), 0),
    rating: finite(rating),
    places: listed(places, (place) => {
      const [seat, identity, user = ''] = listed(place, text);
      return [text(seat), text(identity), user] as const;
    }),
  };
}

function listed<T>(value: unknown, read: (one: unknown) => T): T[] {
  return Array.isArray(value) ? value.map(read) : wrong('a list');
}

function wholes(value: unknown): number[] {
  return listed(value, whole);
}

function whole(value: unknown): number {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : wrong('a number');
}

function finite(value: unknown): number {
  return Number.isFinite(value) ? Number(value) : wrong('a number');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : wrong('a text');
}

function wrong(wanted: string): never {
  throw new DirectoryError('failed', `a shard said something else than ${wanted}`);
}
