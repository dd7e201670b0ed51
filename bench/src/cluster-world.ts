// What all shards of a simulated cluster stand on: one clock, one store, one chance; and what is
// known of them from above: who has which room, how long a room had nobody, whether two shards ever
// played one at once. Made by cluster-run.ts, which starts and kills the shards; players hear from
// it where their rooms went.
import { createHash } from 'node:crypto';
import { Random } from '@tickwire/protocol';
import { DEFAULT_LIMITS, type Directory, DirectoryError, type Limits } from '@tickwire/server';
import { ClusterClock } from './cluster-clock.ts';
import { SimulatedNodes } from './cluster-nodes.ts';
import { type SimulatedRoom, SimulatedShard } from './cluster-shard.ts';

export interface ClusterSize {
  readonly shards: number;
  readonly seats: number;
  readonly minutes: number;
  readonly seed: number;
  /** Of one room; 16: a match. */
  readonly seatsOfRoom?: number;
  /** Of a Redis Cluster; 1: one Redis. */
  readonly nodes?: number | undefined;
  /** For which a claim or a renewal holds; 2,000 as redis(). */
  readonly leaseMs?: number | undefined;
  /** Of a checkpoint; 8 KB: some hundred entities. */
  readonly checkpointBytes?: number;
  /**
   * Times that Redis is slower than a real one: a small cluster overruns it then as a large one
   * does.
   */
  readonly slowness?: number | undefined;
  /** False: shards let everybody in, however late Redis answers. */
  readonly spares?: boolean;
  /** False: rooms stay where they are, however much more there is to do than elsewhere. */
  readonly balance?: boolean;
  /** Load of a shard that has its share of all seats; 0.6: there is room for those of others. */
  readonly usualLoad?: number;
}

/** redis-options.ts' default. */
const LEASE_MS = 2_000;
const SEATS_OF_ROOM = 16;
const CHECKPOINT_BYTES = 8_192;
/** A process that cannot reach the directory ends, and another one is started. */
const START_AGAIN_MS = 1_000;
const USUAL_LOAD = 0.6;

export class ClusterWorld {
  readonly clock = new ClusterClock();
  readonly redis: SimulatedNodes;
  /** Outside of time: what was there before the first player came. */
  readonly founder: Directory;
  readonly limits: Limits = DEFAULT_LIMITS;
  readonly seatsOfRoom: number;
  /** At which its load is 1. */
  readonly seatsOfShard: number;
  readonly ticketKey: Uint8Array;
  readonly spares: boolean;
  readonly balance: boolean;
  /** Those that live. */
  readonly shards: SimulatedShard[] = [];
  /** The same by their ids. */
  readonly living = new Map<string, SimulatedShard>();
  /** Who played it last, by room. */
  readonly homes = new Map<string, SimulatedShard>();
  /** Rooms whose owner died, and when. */
  readonly downMs = new Map<string, number>();
  /** Ms that rooms had nobody. */
  ownedAgainMs: number[] = [];
  /** Rooms that began at one shard while another still played them. */
  ownedTwice = 0;
  /** Rooms that a living owner lost to another shard. */
  stolen = 0;
  /** Times that a room came to a shard that had had it before, and who had which. */
  cameBack = 0;
  readonly #had = new Map<string, Set<SimulatedShard>>();
  opened = 0;
  /** Players of a room whose owner let it go must find it. */
  scattered: (room: SimulatedRoom) => void = () => {};
  readonly #random: Random;
  #names = 0;
  #rooms = 0;
  #nonces = 0;

  constructor(size: ClusterSize) {
    const { shards, seats, seed, seatsOfRoom = SEATS_OF_ROOM } = size;
    this.#random = new Random(seed);
    const { nodes: count = 1, leaseMs = LEASE_MS, checkpointBytes = CHECKPOINT_BYTES } = size;
    const { clock, chance } = this;
    const about = { leaseMs, checkpointBytes, slowness: size.slowness };
    this.redis = new SimulatedNodes({ count, clock, chance, ...about });
    this.founder = this.redis.directory({ dead: false, isOutside: true });
    this.seatsOfRoom = seatsOfRoom;
    this.spares = size.spares ?? true;
    this.balance = size.balance ?? true;
    this.seatsOfShard = seats / shards / (size.usualLoad ?? USUAL_LOAD);
    this.ticketKey = createHash('sha256').update(String(seed)).digest();
  }

  readonly now = (): number => this.clock.nowMs;
  readonly chance = (): number => this.#random.next();
  readonly newSeat = (): number => ++this.#nonces;
  readonly makeNonce = (): string => `n${this.newSeat()}`;
  /** Spread over the lists of leases as random ids are. */
  readonly newRoomId = (): string => `field-${(++this.#rooms).toString(36).padStart(5, '0')}`;

  async start(): Promise<SimulatedShard> {
    const shard = await this.#started();
    this.shards.push(shard);
    this.living.set(shard.owner.shard, shard);
    return shard;
  }

  async #started(): Promise<SimulatedShard> {
    for (;;) {
      const shard = new SimulatedShard(this, `shard-${++this.#names}`);
      try {
        await shard.start();
        return shard;
      } catch (error) {
        if (!(error instanceof DirectoryError)) throw error;
        shard.die();
        await this.clock.wait(START_AGAIN_MS);
      }
    }
  }

  /** Undefined where all are being restarted. */
  anyShard(): SimulatedShard | undefined {
    return this.shards[Math.floor(this.chance() * this.shards.length)];
  }

  /** So many at once, without a word; answers them. */
  kill(count: number): SimulatedShard[] {
    const dead: SimulatedShard[] = [];
    for (; dead.length < count && this.shards.length > 1; ) {
      const shard = this.anyShard()!;
      this.#remove(shard);
      shard.die();
      dead.push(shard);
    }
    for (const shard of dead)
      for (const room of shard.rooms.values()) {
        this.downMs.set(room.id, this.now());
        this.scattered(room);
      }
    return dead;
  }

  /** One hands its rooms over and ends. */
  async retire(shard: SimulatedShard): Promise<void> {
    // It is asked for nothing new.
    this.#remove(shard);
    for (const room of await shard.leave()) {
      this.downMs.set(room.id, this.now());
      this.scattered(room);
    }
  }

  began(shard: SimulatedShard, room: SimulatedRoom): void {
    const { id } = room;
    const old = this.homes.get(id);
    if (!old) this.opened++;
    const had = this.#had.get(id) ?? new Set();
    if (had.has(shard)) this.cameBack++;
    this.#had.set(id, had.add(shard));
    const isElsewhere = old !== undefined && old !== shard && old.alive && old.playing(id);
    if (isElsewhere) this.stolen++;
    if (isElsewhere && old.leases.hold) this.ownedTwice++;
    this.homes.set(id, shard);
    const downMs = this.downMs.get(id);
    if (downMs === undefined) return;
    this.downMs.delete(id);
    this.ownedAgainMs.push(this.now() - downMs);
  }

  closed({ id }: SimulatedRoom): void {
    this.homes.delete(id);
    this.#had.delete(id);
  }

  lostBy(room: SimulatedRoom): void {
    this.scattered(room);
  }

  #remove(shard: SimulatedShard): void {
    this.shards.splice(this.shards.indexOf(shard), 1);
    this.living.delete(shard.owner.shard);
  }
}
