// Two doors to one store of rooms, and what the directory's tests put in. Used by the suite of
// directory-contract.ts and by directory.test.ts. Trap: leases run out on the store's clock, so
// tests ask until it says so; none measures time.
import { afterEach, beforeEach, describe } from 'vitest';
import type { Directory, Lease, Owner, RoomFacts, SeatPromise } from '../src/index.ts';

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
  const refused = await directory.save([{ lease, tick, bytes: state }]);
  return refused.length === 0;
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
