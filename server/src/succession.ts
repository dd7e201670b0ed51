// Rooms of other shards that go on in this one: those whose owner is gone, and those that are
// handed over. Made by shard.ts, which opens all others; asked by orphans.ts and cluster.ts. Trap:
// between the claim and the first tick the room may become another's again, or this shard may begin
// to close.
import { CheckpointError, type RestoredRoom, restoreRoom } from './checkpoint.ts';
import type { RoomKind } from './define-room.ts';
import type { Checkpoint, Directory, Lease, Owner, RoomEntry, RoomFacts } from './directory.ts';
import type { Clocks } from './identity.ts';
import type { Log } from './log.ts';
import { GameRoom, type RoomOptions } from './room.ts';
import type { SeatRecord } from './seat-state.ts';

/** The shard that they go on in. */
export interface Heir {
  readonly owner: Owner;
  readonly rooms: ReadonlyMap<string, GameRoom>;
  /** Takes no more rooms. */
  readonly draining: boolean;
  optionsFor(facts: RoomFacts, locked?: boolean): RoomOptions;
  /** The room is one of its own from now on. */
  begin(lease: Lease, room: GameRoom, facts: RoomEntry): GameRoom;
  restored(room: GameRoom, records: readonly SeatRecord[]): void;
  leaseOf(room: GameRoom): Lease;
  letGo(id: string): void;
}

export interface SuccessionOptions extends Clocks {
  rooms: Readonly<Record<string, RoomKind>>;
  directory: Directory;
  log: Log;
  /** How a room goes on from what was saved of it; a simulated one has its own way. */
  restore?: (facts: RoomEntry, checkpoint: Checkpoint | undefined) => RestoredRoom;
}

export class Succession {
  readonly #heir: Heir;
  readonly #options: SuccessionOptions;
  /** Rooms that were handed to us and are not yet there, by id. */
  readonly #arriving = new Map<string, Promise<GameRoom | undefined>>();

  constructor(heir: Heir, options: SuccessionOptions) {
    this.#heir = heir;
    this.#options = options;
  }

  /**
   * A room whose owner is gone goes on here, or is over, as its kind says; undefined where another
   * shard has it or none of ours may. Rejects with DirectoryError.
   */
  async takeOver(entry: RoomEntry): Promise<GameRoom | 'over' | undefined> {
    const { directory, rooms } = this.#options;
    if (this.#heir.draining || !this.knows(entry)) return undefined;
    if (rooms[entry.kind].definition.failover === 'end')
      return (await this.end(entry)) ? 'over' : undefined;
    const claim = await directory.claim(entry, this.#heir.owner);
    return claim.won ? this.#goOn(entry, { id: entry.id, epoch: claim.epoch }) : undefined;
  }

  /** A room whose owner is gone is over; false where another shard has it. As takeOver. */
  async end(entry: RoomEntry): Promise<boolean> {
    const { directory } = this.#options;
    const claim = await directory.claim(entry, this.#heir.owner);
    return claim.won && directory.release({ id: entry.id, epoch: claim.epoch });
  }

  /** A room that was handed over to this shard goes on. Rejects with DirectoryError. */
  async adopt(lease: Lease): Promise<GameRoom | undefined> {
    const { id, epoch } = lease;
    const heir = this.#heir;
    const entry = await this.#options.directory.room(id);
    const isOurs = entry?.epoch === epoch && entry.shard === heir.owner.shard;
    // Who closes leaves it to those who find it without an owner.
    if (!isOurs || !this.knows(entry) || heir.draining) return undefined;
    const old = heir.rooms.get(id);
    if (old && heir.leaseOf(old).epoch === epoch) return old;
    if (old) heir.letGo(id);
    const arriving =
      this.#arriving.get(id) ?? this.#goOn(entry, lease).finally(() => this.#arriving.delete(id));
    this.#arriving.set(id, arriving);
    return arriving;
  }

  /** Its game is one of ours, as it is declared here. */
  knows({ kind, build }: RoomFacts): boolean {
    const { rooms } = this.#options;
    return Object.hasOwn(rooms, kind) && rooms[kind].game.hash === build;
  }

  /**
   * From its newest checkpoint, or, where there is none that is good, from the beginning. Undefined
   * where it is another's by then, or this shard closes.
   */
  async #goOn(facts: RoomEntry, lease: Lease): Promise<GameRoom | undefined> {
    const { directory } = this.#options;
    const checkpoint = await directory.load(facts.id);
    const { restore = (...given) => this.#restored(...given) } = this.#options;
    const { room, records } = restore(facts, checkpoint);
    const places = records.map(({ place }) => place).filter((place) => place !== undefined);
    let isOurs = false;
    try {
      const occupied = directory.occupy(lease, places);
      // Of the lease some is over: from here on it is renewed with the others.
      const [isHeld, { lost }] = await Promise.all([occupied, directory.renew([lease])]);
      isOurs = isHeld && lost.length === 0 && !this.#heir.draining;
    } finally {
      if (!isOurs) room.code.stop();
    }
    if (!isOurs) return undefined;
    this.#heir.begin(lease, room, facts);
    this.#heir.restored(room, records);
    return room;
  }

  #restored(facts: RoomEntry, checkpoint: Checkpoint | undefined): RestoredRoom {
    const { log } = this.#options;
    const { id, locked } = facts;
    try {
      if (!checkpoint)
        throw new CheckpointError('room', 'it has no checkpoint; room.data wants save and load');
      const options = this.#heir.optionsFor(facts, locked);
      const restored = restoreRoom(options, checkpoint.bytes, this.#options);
      const seats = restored.records.length;
      log.info({ room: id, tick: checkpoint.tick, seats }, 'room goes on here');
      return restored;
    } catch (error) {
      const { message: reason } = error as Error;
      log.warn({ err: error, room: id, reason }, 'room begins anew here');
      return { room: new GameRoom(this.#heir.optionsFor(facts)), records: [] };
    }
  }
}
