// Hands rooms over to other shards while they are played in: when this process drains, and when
// another has much less to do (balance.ts). Made by cluster.ts. The room stands still from its last
// checkpoint here to its first tick there; its players are told where it is once it is.
import { abreast } from './abreast.ts';
import { checkpointOf, type Pack } from './checkpoint.ts';
import { type Directory, DirectoryError, type Lease, type ShardEntry } from './directory.ts';
import type { Clocks } from './identity.ts';
import type { Leases } from './leases.ts';
import type { Log } from './log.ts';
import type { Others } from './others.ts';
import type { Peers } from './peers.ts';
import type { GameRoom } from './room.ts';
import type { Seating } from './seating.ts';
import type { Shard } from './shard.ts';
import type { Tally } from './tally.ts';

export interface MovingOptions {
  directory: Directory;
  shard: Shard;
  seating: Seating;
  leases: Leases;
  peers: Peers;
  others: Others;
  clocks: Clocks;
  log: Log;
  tally: Tally;
  /** Default: checkpointOf. */
  pack?: Pack;
}

/** Ms that a shard gets to hand over its rooms (SCALE 3.7), before those that are left close. */
export const HAND_OVER_MS = 60_000;
/** Before it is over no more begin: one takes four answers, of a second each at most. */
const LAST_MS = 5_000;
/** Rooms that are on their way at once: a room is a few ms of a core at either end. */
const ABREAST = 4;
/**
 * Answers in a row that may be missing to where a room can go: each of ABREAST waits for three, a
 * second each. Who gives up ends matches; who does not is ended with its rooms (HAND_OVER_MS).
 */
const MOST_MISSING = 3 * ABREAST;

export class Moving {
  readonly #options: MovingOptions;
  readonly #going = new Map<GameRoom, Promise<boolean>>();

  constructor(options: MovingOptions) {
    this.#options = options;
  }

  /**
   * Hands over all rooms that can be, and takes no more. Resolves with how many stayed: those that
   * cannot be restored, those that there is no time for, and all where there is no other shard of
   * this build. Rejects with DirectoryError where it is not told for long where they may go.
   */
  async moveAll(): Promise<number> {
    const { shard, others, clocks, log } = this.#options;
    shard.draining = true;
    const untilMs = clocks.now() + HAND_OVER_MS - LAST_MS;
    others.forget();
    let missing = 0;
    const emptier = async (): Promise<ShardEntry | undefined> => {
      try {
        const to = await others.emptier();
        missing = 0;
        return to;
      } catch (error) {
        if (!(error instanceof DirectoryError) || ++missing >= MOST_MISSING) throw error;
        return emptier();
      }
    };
    await abreast(ABREAST, shard.rooms.values(), async (room) => {
      if (clocks.now() >= untilMs) return;
      const to = await emptier();
      if (!to || room.over) return;
      others.send(to);
      await this.move(room, to);
    });
    log.info({ stayed: shard.rooms.size }, 'handed its rooms over');
    return shard.rooms.size;
  }

  /** False: the room stays, or is lost to somebody else. One that goes already goes only once. */
  move(room: GameRoom, to: ShardEntry): Promise<boolean> {
    const going = this.#going.get(room);
    if (going) return going;
    const moved = this.#move(room, to).finally(() => this.#going.delete(room));
    this.#going.set(room, moved);
    return moved;
  }

  async #move(room: GameRoom, to: ShardEntry): Promise<boolean> {
    const { directory, shard, seating, peers, clocks, log, tally, pack } = this.#options;
    if (room.failover !== 'restore') return false;
    let adopted = false;
    try {
      const asBytes = pack ?? checkpointOf;
      const bytes = asBytes(room, seating.recordsOf(room), { clocks, isFinal: true });
      shard.stop(room);
      const lease = await this.#saveLast(room, bytes);
      const epoch = lease && (await directory.handOver(lease, { shard: to.id, url: to.url }));
      // Whoever has it else, it is not us.
      adopted = epoch !== false && (await peers.ask(to.id, 'adopt', room.id, epoch)) === room.id;
    } catch (error) {
      log.error({ err: error, room: room.id, to: to.id }, 'the room was not handed over');
      // One that cannot be packed plays on.
      if (!room.code.halted) return false;
    }
    // Beyond the last checkpoint nothing was done: whoever claims it goes on from there.
    if (!room.over) shard.letGo(room.id, adopted ? to.url : '');
    if (adopted) tally.handedOver++;
    return adopted;
  }

  /**
   * Answers the lease that it was saved by; false: it is another's. Rejects with DirectoryError.
   */
  async #saveLast(room: GameRoom, bytes: Uint8Array): Promise<Lease | false> {
    const { directory, shard, leases } = this.#options;
    const save = async (lease: Lease) => {
      const { lost } = await directory.save([{ lease, tick: room.doneTick, bytes }]);
      return lost.length === 0 && lease;
    };
    const lease = shard.leaseOf(room);
    if (await save(lease)) return lease;
    // The directory may have forgotten it.
    await leases.refused(lease);
    const next = room.over ? lease : shard.leaseOf(room);
    return next !== lease && save(next);
  }
}
