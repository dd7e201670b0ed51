// What a shard tells a directory that has forgotten something: a Redis that came back empty, or
// without its last seconds. Its rooms play on meanwhile, and are claimed again; their places, who
// is in them and the key of tickets are put back. Made by make-shard.ts, asked by leases.ts. Trap:
// a room may end while it is claimed, and must not come back by that.
import { abreast } from './abreast.ts';
import type { Attendance } from './attendance.ts';
import type { Directory, Lease } from './directory.ts';
import type { Log } from './log.ts';
import type { GameRoom } from './room.ts';
import type { Seating } from './seating.ts';
import type { Shard } from './shard.ts';
import type { Tally } from './tally.ts';

export interface RecoveryOptions {
  directory: Directory;
  shard: Shard;
  seating: Seating;
  log: Log;
  tally: Tally;
  attendance: Pick<Attendance, 'again'>;
  /** Tickets are signed with the directory's secret; false: with a key that the game gave. */
  signsBySecret: boolean;
}

/**
 * Rooms that are told of at once where the directory is back: all shards do so in the same moment,
 * and their renewals must come through.
 */
const ABREAST = 4;

export class Recovery {
  readonly #options: RecoveryOptions;
  #signing: Promise<void> | undefined;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /**
   * A write by this lease was refused. Where the directory has forgotten that the room is ours, it
   * is ours again by a new lease; false: it is another's, or over. Rejects with DirectoryError.
   */
  async takeBack(lease: Lease): Promise<boolean> {
    const { directory, shard, seating, log, tally } = this.#options;
    const { id } = lease;
    const room = shard.rooms.get(id);
    if (!room || shard.leaseOf(room) !== lease) return false;
    const claim = await directory.claim(shard.factsOf(room), shard.owner, lease.epoch);
    if (!claim.won || !shard.hold(room, { id, epoch: claim.epoch })) return false;
    log.warn({ room: id }, 'the directory had forgotten a room: it is claimed again');
    tally.takenBack++;
    // The cluster saves it at its next look.
    seating.unsaved.add(room);
    await Promise.all([this.#tell(room, true), this.#sign()]);
    return true;
  }

  /** The directory was away and answers again: it may be without its last seconds. */
  async setRight(): Promise<void> {
    const { shard } = this.#options;
    await abreast(ABREAST, shard.rooms.values(), async (room) => {
      await this.#tell(room, shard.mayBeLocked(room));
    });
    await this.#sign();
  }

  /**
   * Who has a place in the room, or asks for one and may have it for all that is known: what the
   * directory has given before it hears this list, it forgets by it. And, with `lock`, whether the
   * room is locked.
   */
  async #tell(room: GameRoom, lock: boolean): Promise<void> {
    const { directory, shard, seating, attendance } = this.#options;
    attendance.again(room);
    // Who was answered just now sits down first.
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (room.over) return;
    const seated = new Set(seating.recordsOf(room).flatMap(({ place }) => place ?? []));
    const places = [...seated, ...seating.placement.asked.tell(room, seated)];
    const lease = shard.leaseOf(room);
    const locked = lock && directory.lock(lease, room.locked);
    await Promise.all([directory.occupy(lease, places), locked]);
  }

  /** Whoever puts the secret back first says what it is. */
  #sign(): Promise<void> {
    const { directory, seating, signsBySecret } = this.#options;
    if (!signsBySecret) return Promise.resolve();
    this.#signing ??= directory
      .secret()
      .then((secret) => seating.signWith(secret))
      .finally(() => {
        this.#signing = undefined;
      });
    return this.#signing;
  }
}
