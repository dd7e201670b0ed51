// A shard that closes while its directory stumbles: no match ends for one answer that is late.
import { describe, expect, test } from 'vitest';
import { DirectoryError, type ShardEntry } from './directory.ts';
import { HAND_OVER_MS, Moving } from './moving.ts';
import type { GameRoom } from './room.ts';

const B: ShardEntry = {
  ...{ id: 'b', url: 'wss://b.example/', build: 'b1', load: 0, rooms: 0, seats: 0 },
  draining: false,
};

/** A shard with so many rooms; `emptier` says where the next one goes. */
function closing(count: number, emptier: () => Promise<ShardEntry | undefined>, clock = { ms: 0 }) {
  const rooms = new Map<string, GameRoom>();
  for (let i = 0; i < count; i++) {
    const room = { id: `field-${i}`, failover: 'restore', over: false, code: { halted: false } };
    rooms.set(room.id, room as never);
  }
  const shard = {
    rooms,
    draining: false,
    stop: (room: GameRoom) => void (room.code.halted = true),
    leaseOf: ({ id }: GameRoom) => ({ id, epoch: 1 }),
    letGo: (id: string) => void rooms.delete(id),
  };
  const moving = new Moving({
    shard,
    directory: { save: async () => ({ lost: [], unheard: [] }), handOver: async () => 2 },
    seating: { recordsOf: () => [] },
    peers: { ask: async (_: string, __: string, id: string) => id },
    others: { forget() {}, send() {}, emptier },
    leases: {},
    clocks: { now: () => clock.ms },
    log: { info() {}, error() {} },
    tally: { handedOver: 0 },
    pack: () => new Uint8Array(),
  } as never);
  return { moving, rooms };
}

const late = () => Promise.reject(new DirectoryError('late', 'no answer'));

describe('{S56} a shard that closes', () => {
  test('hands all rooms over although the directory is late once for each worker', async () => {
    let asked = 0;
    const { moving } = closing(10, () => (++asked <= 4 ? late() : Promise.resolve(B)));
    expect(await moving.moveAll()).toBe(0);
  });

  test('leaves those that there is no time for, so that they can close', async () => {
    const clock = { ms: 0 };
    const slow = async () => {
      clock.ms += 500;
      return B;
    };
    const { moving, rooms } = closing(1_000, slow, clock);
    const stayed = await moving.moveAll();
    expect(clock.ms).toBeGreaterThan(50_000);
    expect(clock.ms).toBeLessThan(HAND_OVER_MS);
    expect([stayed, rooms.size]).toEqual([rooms.size, 1_000 - clock.ms / 500]);
  });

  test('asks no more than a few times where the directory is away', async () => {
    let asked = 0;
    const { moving, rooms } = closing(1_000, () => {
      asked++;
      return late();
    });
    await expect(moving.moveAll()).rejects.toThrow(DirectoryError);
    expect([rooms.size, asked]).toEqual([1_000, 15]);
  });
});
