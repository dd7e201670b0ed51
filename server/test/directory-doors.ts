// Two doors to one store of rooms, and what the directory's tests put in. Used by the suite of
// directory-contract.ts and by directory.test.ts. Trap: leases run out on the store's clock, so
// tests ask until it says so; none measures time.
import { afterEach, beforeEach, describe } from 'vitest';
import {
  type Directory,
  DirectoryError,
  type Lease,
  type Owner,
  type RoomFacts,
  type SeatPromise,
} from '../src/index.ts';

/** A clean place for rooms, which several shards share. */
export interface Store {
  /** A door to it, as a shard has one; the suite closes it. */
  connect(): Promise<Directory>;
  /** How many things are kept in it, where that can be counted. */
  count?(): Promise<number>;
  /** After the doors are closed. */
  close(): Promise<void>;
}

/** Longer than any test runs. */
export const HOLDS_MS = 120_000;
/** Over soon, so that waiting for it is short; long enough for a call on a busy machine. */
export const SHORT_MS = 60;
/** Promises that outlive their test. */
export const LONG_MS = 60_000;

export const north: Owner = { shard: 'north', url: 'wss://north.example/' };
export const south: Owner = { shard: 'south', url: 'wss://south.example/' };

export function facts(id: string, more: Partial<RoomFacts> = {}): RoomFacts {
  return { id, kind: 'field', build: 'b1', seats: 4, match: '', hidden: false, ...more };
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function promises(...seats: string[]): SeatPromise[] {
  return seats.map((seat) => ({ seat, identity: bytes(`who ${seat}`) }));
}

/** Whether it is kept. */
export async function saved(
  directory: Directory,
  lease: Lease,
  tick: number,
  state: Uint8Array,
): Promise<boolean> {
  const { lost } = await directory.save([{ lease, tick, bytes: state }]);
  return lost.length === 0;
}

/** The code that a call is refused with; what else comes of it fails the test. */
export async function refusal(asked: Promise<unknown>): Promise<string> {
  const error = await asked.then(
    () => new Error('it was answered'),
    (reason) => reason,
  );
  if (error instanceof DirectoryError) return error.code;
  throw error;
}

/** A directory each of whose methods is asked by way of `through`. */
export function doorTo<Of extends Directory>(
  directory: Of,
  through: (
    name: keyof Of,
    ask: (...given: never[]) => Promise<unknown>,
    given: never[],
  ) => unknown,
): Of {
  return new Proxy(directory, {
    get(_, name) {
      const found = directory[name as keyof Of];
      if (typeof found !== 'function') return found;
      const ask = async (...given: never[]) => found.apply(directory, given);
      return async (...given: never[]) => through(name as keyof Of, ask, given);
    },
  });
}

/** Asks until the answer is one that is waited for. */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  is: (answer: Answer) => boolean,
): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (is(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Takes a room that must be free. */
export async function claimed(
  directory: Directory,
  room: RoomFacts,
  owner: Owner = north,
): Promise<Lease> {
  const claim = await directory.claim(room, owner);
  if (!claim.won) throw new Error(`${room.id} is ${claim.owner.shard}'s`);
  return { id: room.id, epoch: claim.epoch };
}

export type OpenStore = (settings: { leaseMs: number }) => Promise<Store>;

/** Two doors to a store for each test of a chapter. */
class Doors {
  a!: Directory;
  b!: Directory;
  store!: Store;

  constructor(open: OpenStore, leaseMs: number) {
    beforeEach(async () => {
      this.store = await open({ leaseMs });
      this.a = await this.store.connect();
      this.b = await this.store.connect();
    });
    afterEach(async () => {
      await this.a.close();
      await this.b.close();
      await this.store.close();
    });
  }
}

/** A chapter of the contract: tests that have two doors to a clean store each. */
export function chapterSuite(
  name: string,
  leaseMs: number,
  tests: (doors: Doors) => void,
): (open: OpenStore) => void {
  return (open) => describe(name, () => tests(new Doors(open, leaseMs)));
}
