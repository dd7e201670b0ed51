// The checkpoints of a shard's rooms: which room is packed when, and one question to the directory
// for all that were packed since the last. Kept by cluster.ts, told of each tick by make-shard.ts.
// A room is packed right after a tick of its own: what it holds is in the processor's caches then,
// and no two rooms are packed at once. Trap: what was packed waits for the next look, and meanwhile
// its room may end, or be handed over with a newer one.
import { type Pack, saveRoom } from './checkpoint.ts';
import type { Directory, Save } from './directory.ts';
import type { Clocks } from './identity.ts';
import type { Leases } from './leases.ts';
import type { GameRoom } from './room.ts';
import type { Seating } from './seating.ts';
import type { Shard } from './shard.ts';
import type { Tally } from './tally.ts';

export interface SavesOptions {
  directory: Directory;
  shard: Shard;
  seating: Seating;
  leases: Leases;
  clocks: Clocks;
  tally: Tally;
  /** Ms from one checkpoint of a room to the next: what is lost with its process. */
  checkpointMs: number;
  /** Default: checkpointOf. */
  pack?: Pack;
}

/** A room that has not ticked for so long after it was due is saved all the same. */
const IDLE_MS = 50;
/**
 * Rooms of whom a player was welcomed are packed before their turn, but from one look to the next
 * no more than this share of those whose turn it is, or one: a rush of players is no rush of
 * checkpoints.
 */
const EARLY_SHARE = 0.25;
/**
 * An answer that took longer than LATE_MS, more than a busy process makes of it, is followed by a
 * rest this many times as long as it was late, of so many ms at most. Where rooms have more to save
 * than the directory can take, answers grow long, and saves few before renewals are late: 60,000
 * rooms on one Redis are saved every 5 s instead of every 0.5.
 */
const REST = 20;
const LATE_MS = 50;
const MOST_REST_MS = 5_000;
/**
 * Buffers that are kept for the next checkpoints. New ones for each, which live until the next
 * look, came to the old generation and had it collected every nine seconds (66 rooms, Node 20).
 */
const MOST_BUFFERS = 64;
/** Their lengths are multiples of it: a room that grows finds one. */
const BUFFER_STEP = 4_096;
/** Turns in which each next room is as far as can be from those before: the golden section. */
const APART = (Math.sqrt(5) - 1) / 2;

export class Saves {
  readonly #options: SavesOptions;
  /** When each room is to be packed next. */
  readonly #due = new WeakMap<GameRoom, number>();
  /** 0 <= n < 1: where in checkpointMs the next room has its turn. */
  #turn = 0;
  /** What was packed and not sent yet: of each room the newest. */
  readonly #packed = new Map<GameRoom, Save>();
  /** That hold nothing. */
  readonly #buffers: ArrayBuffer[] = [];
  /** Rooms that may still be packed before their turn, until the next look. */
  #early = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** When the directory was asked what it has not answered yet. */
  #askedMs = Number.POSITIVE_INFINITY;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: SavesOptions) {
    this.#options = options;
  }

  /** The room has just ticked. */
  ticked(room: GameRoom, nowMs: number): void {
    if (room.failover !== 'restore') return;
    const { seating, checkpointMs } = this.#options;
    const dueMs = this.#dueOf(room, nowMs);
    // Who was welcomed comes back with a new key, and the newest checkpoint must know it.
    const isDue = nowMs >= dueMs;
    if (!isDue && (this.#early <= 0 || !seating.unsaved.has(room))) return;
    // Its turn passes while the directory has more to save than it can.
    if (isDue) this.#due.set(room, nextTurn(dueMs, checkpointMs, nowMs));
    if (this.#rests(nowMs)) return;
    if (!isDue) this.#early--;
    if (this.#pack(room)) seating.unsaved.delete(room);
  }

  /** Sends what was packed. Called every 50 ms or so. */
  look(nowMs: number): void {
    const { shard, checkpointMs } = this.#options;
    for (const room of shard.rooms.values())
      if (this.#dueOf(room, nowMs) + IDLE_MS <= nowMs) this.ticked(room, nowMs);
    const share = Math.min((nowMs - this.#lookedMs) / checkpointMs, 1);
    this.#early = Math.max(Math.floor(shard.rooms.size * share * EARLY_SHARE), 1);
    this.#lookedMs = nowMs;
  }

  /** Asks for what was packed to be kept. Not called twice at once. Rejects with DirectoryError. */
  async send(): Promise<void> {
    const { directory, shard, leases, clocks, tally } = this.#options;
    if (this.#packed.size === 0 || this.#rests(clocks.now())) return;
    // One that is handed over has had its last.
    const saves = [...this.#packed].flatMap(([room, save]) =>
      shard.playing(room.id) === room ? save : [],
    );
    this.#packed.clear();
    this.#askedMs = clocks.now();
    let isInPart = false;
    try {
      const outcome = await directory.save(saves);
      isInPart = outcome.unheard.length > 0;
      const [lost, unheard] = [new Set(outcome.lost), new Set(outcome.unheard)];
      const kept = saves.filter(({ lease: { id } }) => !lost.has(id) && !unheard.has(id));
      tally.checkpoints += kept.length;
      tally.checkpointBytes += kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
      // The renewals would say so in a moment.
      const refused = saves.filter(({ lease }) => lost.has(lease.id));
      await Promise.all(refused.map(({ lease }) => leases.refused(lease)));
    } finally {
      this.#rest(isInPart);
      // Who was to keep them has its copies.
      for (const { bytes } of saves) this.#giveBack(bytes);
    }
  }

  /** After an answer. What waited for a part that is away says nothing of how busy others are. */
  #rest(isInPart: boolean): void {
    const nowMs = this.#options.clocks.now();
    const lateMs = isInPart ? 0 : Math.max(nowMs - this.#askedMs - LATE_MS, 0);
    this.#restsUntilMs = nowMs + Math.min(REST * lateMs, MOST_REST_MS);
    this.#askedMs = Number.POSITIVE_INFINITY;
  }

  #place(length: number): Uint8Array {
    const buffer = this.#buffers.pop();
    if (buffer && buffer.byteLength >= length) return new Uint8Array(buffer, 0, length);
    return new Uint8Array(
      new ArrayBuffer(Math.ceil(length / BUFFER_STEP) * BUFFER_STEP),
      0,
      length,
    );
  }

  #giveBack({ buffer, byteLength }: Uint8Array): void {
    const isOurs = buffer instanceof ArrayBuffer && buffer.byteLength % BUFFER_STEP === 0;
    if (isOurs && byteLength > 0 && this.#buffers.length < MOST_BUFFERS) this.#buffers.push(buffer);
  }

  /** The directory has more to save than it can. */
  #rests(nowMs: number): boolean {
    return nowMs < this.#restsUntilMs || nowMs - this.#askedMs > LATE_MS;
  }

  /** When the room's turn is, or was since it was last looked for. */
  #dueOf(room: GameRoom, nowMs: number): number {
    let dueMs = this.#due.get(room);
    if (dueMs === undefined) {
      this.#turn = (this.#turn + APART) % 1;
      const { checkpointMs } = this.#options;
      dueMs = nextTurn(this.#turn * checkpointMs, checkpointMs, nowMs);
      this.#due.set(room, dueMs);
    }
    return dueMs;
  }

  /** False: it may not be saved now. */
  #pack(room: GameRoom): boolean {
    const { shard, seating, leases, clocks, pack } = this.#options;
    if (shard.playing(room.id) !== room || !leases.holds(room.id)) return false;
    const lease = shard.leaseOf(room);
    const place = (length: number) => this.#place(length);
    const bytes = saveRoom(room, seating.recordsOf(room), { clocks, place }, pack);
    if (bytes) this.#packed.set(room, { lease, tick: room.doneTick, bytes });
    return true;
  }
}

/** The first after `nowMs` of the times that are whole `everyMs` from `turnMs`. */
function nextTurn(turnMs: number, everyMs: number, nowMs: number): number {
  return turnMs + everyMs * (Math.floor((nowMs - turnMs) / everyMs) + 1);
}
