// One shard of a simulated cluster. Real: its leases, its duties (cluster.ts), what it takes over
// and hands over (succession.ts, moving.ts), its questions to others, where players are put
// (placement.ts, owners.ts), tickets and releases. Modelled: the rooms, which are a list of seats
// and do not tick, their checkpoints, which are that list, and Redis, under a real RedisDirectory
// (cluster-nodes.ts). `open`, `begin`, `letGo` and the sweep do what shard.ts does, without the
// game. Made by cluster-world.ts.

import { CloseCode } from '@tickwire/protocol';
import type { Directory, GameRoom, Lease, Owner, RoomEntry, RoomFacts } from '@tickwire/server';
import {
  AnswerTimes,
  Cluster,
  type ClusterOptions,
  GameAnswers,
  type Heir,
  JoinRefused,
  Leases,
  type Log,
  Others,
  Peers,
  Placement,
  Recovery,
  Releases,
  type RestoredRoom,
  Succession,
  Tally,
  Tickets,
} from '@tickwire/server/parts';
import type { Life } from './cluster-line.ts';
import { EPOCH_MS } from './cluster-store.ts';
import type { ClusterWorld } from './cluster-world.ts';

/** The only kind of room that there is. */
export const KIND = 'field';
const BUILD = 'build';
const TICK_MS = 50;
/** As serve(). */
const WORK_MS = 50;
/** serve() sweeps more often; nothing here waits for it. */
const SWEEP_MS = 1_000;

const silent = () => {};
const LOG = { info: silent, warn: silent, error: silent, child: () => LOG } as never as Log;

/** What the real parts see of a GameRoom, and its seats by their numbers. */
export class SimulatedRoom {
  /** By this a room that is here is told from an entry. */
  readonly world = true;
  readonly kind = KIND;
  readonly failover = 'restore';
  readonly canBeWatched = false;
  readonly code = { stop: silent };
  readonly id: string;
  over = false;
  locked = false;
  emptySinceMs: number;
  readonly #now: () => number;
  readonly #seated: Set<number>;
  /** Of these seats, until they change: it is saved twice a second. */
  #packed: Uint8Array | undefined;

  constructor(id: string, seated: Iterable<number>, now: () => number) {
    this.id = id;
    this.#seated = new Set(seated);
    this.#now = now;
    this.emptySinceMs = now();
  }

  get seated(): ReadonlySet<number> {
    return this.#seated;
  }

  get taken(): number {
    return this.#seated.size;
  }

  sit(seat: number): void {
    this.#packed = undefined;
    this.#seated.add(seat);
  }

  /** False: it was not there. */
  rise(seat: number): boolean {
    this.#packed = undefined;
    this.emptySinceMs = this.#now();
    return this.#seated.delete(seat);
  }

  /** Its checkpoint. */
  pack(): Uint8Array {
    this.#packed ??= new Uint8Array(Uint32Array.from(this.#seated).buffer);
    return this.#packed;
  }

  get doneTick(): number {
    return Math.floor(this.#now() / TICK_MS);
  }

  get real(): GameRoom {
    return this as never as GameRoom;
  }
}

/** Of a checkpoint. */
export function unpackSeats(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}

/** What Seating would say of its players, to who asks for that: a checkpoint does without. */
function recordsOf(room: SimulatedRoom): object {
  return {
    flatMap: (of: (record: object) => unknown) =>
      [...room.seated].flatMap((seat) => of({ place: nameOf(seat) })),
  };
}

/** What the directory calls a seat. */
export function nameOf(seat: number): string {
  return `n${seat}`;
}

interface Held {
  readonly lease: Lease;
  readonly facts: RoomFacts;
}

export class SimulatedShard {
  readonly rooms = new Map<string, SimulatedRoom>();
  readonly build = BUILD;
  readonly kinds = [KIND];
  readonly owner: Owner;
  readonly directory: Directory;
  readonly leases: Leases;
  readonly cluster: Cluster;
  readonly placement: Placement;
  readonly tickets: Tickets;
  readonly succession: Succession;
  readonly tally = new Tally();
  draining = false;
  alive = true;
  readonly #life: Life = { dead: false };
  readonly #world: ClusterWorld;
  readonly #releases: Releases;
  readonly #held = new Map<SimulatedRoom, Held>();
  readonly #leaving = new WeakSet<SimulatedRoom>();

  constructor(world: ClusterWorld, id: string) {
    this.#world = world;
    this.owner = { shard: id, url: `wss://${id}.example/` };
    const { now, chance } = world;
    this.directory = world.redis.directory(this.#life);
    const answerTimes = world.spares ? new AnswerTimes(now) : undefined;
    const directory = answerTimes?.of(this.directory) ?? this.directory;
    const clocks = { now, wallClockMs: () => EPOCH_MS + now() };
    const [log, tally, limits] = [LOG, this.tally, world.limits];
    const about = { directory, log, tally, now };
    const told = {
      takeBack: (lease: Lease) => recovery.takeBack(lease),
      back: () => this.#back(recovery),
      lost: (room: string) => this.#lost(room),
    };
    const leases = (this.leases = new Leases({ ...about, onLoss: 'continue', ...told }));
    if (answerTimes) answerTimes.unreached = () => leases.doubt();
    const peers = new Peers(directory, id, log);
    this.#releases = new Releases({ directory, leases, log });
    const { makeNonce, ticketKey: key } = world;
    this.tickets = new Tickets({ ...clocks, key, makeNonce, lifeMs: limits.ticketMs });
    const shard = this as never;
    const { tickets } = this;
    const others = new Others({ ...about, shard, chance, load: () => this.cluster.loadNow });
    const by = { shard, peers, tickets, limits, clocks, chance, answers: new GameAnswers(log) };
    this.placement = new Placement({ ...about, ...by, others, answerTimes });
    const restore = this.#restored.bind(this);
    const rooms = { [KIND]: this.kind() } as never;
    this.succession = new Succession(this.#heir, { ...about, ...clocks, rooms, restore });
    // Nobody waits for a match here.
    const waiting = { services: {}, sendAway: async () => {} };
    const { placement } = this;
    const seating = { unsaved: new Set(), recordsOf, waiting, placement } as never;
    const recovery = new Recovery({
      ...{ ...about, shard, seating, signsBySecret: false },
      // Its players are nobody in particular.
      attendance: { again() {} },
    });
    const pack = (room: GameRoom) => (room as never as SimulatedRoom).pack();
    const { checkpointMs } = limits;
    const load = () => this.seats / world.seatsOfShard;
    const duties = { ...about, shard, seating, leases, peers, others, clocks, checkpointMs, load };
    const options = { ...duties, chance, pack, answerTimes, balance: world.balance };
    this.cluster = new Cluster(options satisfies ClusterOptions);
  }

  /** Resolves when others know it; rejects with DirectoryError. */
  async start(): Promise<void> {
    await this.cluster.start();
    this.#every(WORK_MS, () => this.cluster.work());
    this.#every(SWEEP_MS, () => this.#sweep());
  }

  /** The process is gone, and says nothing. */
  die(): void {
    this.alive = false;
    this.#life.dead = true;
    void this.directory.close();
  }

  /** Hands its rooms over and ends. Resolves with those that stayed. */
  async leave(): Promise<SimulatedRoom[]> {
    await this.cluster.drain();
    await this.cluster.close();
    this.die();
    return [...this.rooms.values()];
  }

  get full(): boolean {
    return this.rooms.size >= this.#world.limits.rooms;
  }

  get seats(): number {
    let seats = 0;
    for (const { taken } of this.rooms.values()) seats += taken;
    return seats;
  }

  kind() {
    const { seatsOfRoom: seats } = this.#world;
    return { definition: { seats, match: {} }, game: { hash: BUILD } };
  }

  async open(kind: string, { match = '', hidden = false } = {}): Promise<SimulatedRoom> {
    const { newRoomId, seatsOfRoom: seats, now } = this.#world;
    if (this.full || this.draining)
      throw new JoinRefused(CloseCode.Overloaded, 'this server takes no more rooms now');
    const id = newRoomId();
    const facts: RoomFacts = { id, kind, build: BUILD, seats, match, hidden };
    const claim = await this.directory.claim(facts, this.owner).catch((error) => {
      throw new JoinRefused(CloseCode.Overloaded, String(error), 'directory');
    });
    if (!claim.won) throw new JoinRefused(CloseCode.Overloaded, 'another shard has it');
    const room = new SimulatedRoom(id, [], now);
    this.#begin({ id, epoch: claim.epoch }, room, facts);
    return room;
  }

  /** A room that is there already, with these seats. */
  async fill(seats: readonly number[]): Promise<SimulatedRoom> {
    const { newRoomId, seatsOfRoom, now, founder } = this.#world;
    const id = newRoomId();
    const about = { kind: KIND, build: BUILD, seats: seatsOfRoom, match: '', hidden: false };
    const facts: RoomFacts = { id, ...about };
    const claim = await founder.claim(facts, this.owner);
    const lease = { id, epoch: claim.won ? claim.epoch : 0 };
    await founder.occupy(lease, seats.map(nameOf));
    const room = new SimulatedRoom(id, seats, now);
    await founder.save([{ lease, tick: room.doneTick, bytes: room.pack() }]);
    this.#begin(lease, room, facts);
    return room;
  }

  playing(id: string): SimulatedRoom | undefined {
    const room = this.rooms.get(id);
    return room && !this.#leaving.has(room) ? room : undefined;
  }

  factsOf(room: SimulatedRoom): RoomFacts {
    return this.#held.get(room)!.facts;
  }

  mayBeLocked(): boolean {
    return false;
  }

  leaseOf(room: SimulatedRoom): Lease {
    return this.#held.get(room)!.lease;
  }

  stop(room: SimulatedRoom): void {
    this.#leaving.add(room);
  }

  hold(room: SimulatedRoom, lease: Lease): boolean {
    const held = this.#held.get(room);
    this.leases.add(lease);
    if (held) this.#held.set(room, { ...held, lease });
    else this.#releases.release(lease).catch(silent);
    return held !== undefined;
  }

  letGo(id: string, url = ''): void {
    const room = this.rooms.get(id);
    if (!room) return;
    this.leases.remove(this.leaseOf(room));
    this.#forget(room);
    // Who is told where it is goes there, and asks nobody.
    if (url === '') this.#world.lostBy(room);
  }

  get #heir(): Heir {
    const shard = this;
    return {
      owner: this.owner,
      rooms: this.rooms as never,
      get draining() {
        return shard.draining;
      },
      optionsFor: () => {
        throw new Error('a simulated room is made by `restore`');
      },
      begin: (lease, room, facts) => {
        this.#begin(lease, room as never, facts);
        return room;
      },
      restored: () => {},
      leaseOf: (room) => this.leaseOf(room as never),
      letGo: (id) => this.letGo(id),
    };
  }

  #restored({ id }: RoomEntry, checkpoint: { bytes: Uint8Array } | undefined): RestoredRoom {
    const seats = checkpoint ? unpackSeats(checkpoint.bytes) : [];
    const room = new SimulatedRoom(id, seats, this.#world.now).real;
    const records = Array.from(seats, (seat) => ({ place: nameOf(seat) }) as never);
    return { room, records };
  }

  #begin(lease: Lease, room: SimulatedRoom, facts: RoomFacts): void {
    this.rooms.set(lease.id, room);
    this.leases.add(lease);
    this.#held.set(room, { lease, facts });
    this.#world.began(this, room);
  }

  /** The directory answers again: as in make-shard.ts. */
  #back(recovery: Recovery): void {
    Promise.all([recovery.setRight(), this.cluster.announce()]).catch(silent);
  }

  #lost(id: string): void {
    if (!this.playing(id)) return;
    this.tally.roomsLost++;
    this.letGo(id);
  }

  #forget(room: SimulatedRoom): void {
    room.over = true;
    this.rooms.delete(room.id);
    this.#held.delete(room);
  }

  #sweep(): void {
    const { limits, now } = this.#world;
    this.#releases.sweep();
    this.tickets.expire();
    this.placement.sweep();
    for (const room of this.rooms.values()) {
      if (room.taken > 0 || now() - room.emptySinceMs <= limits.emptyRoomMs) continue;
      const { lease } = this.#held.get(room)!;
      this.#forget(room);
      this.#world.closed(room);
      this.#releases.release(lease).catch(silent);
    }
  }

  /** While the process lives; not all shards at once. */
  #every(everyMs: number, run: () => void): void {
    const { clock, chance } = this.#world;
    const again = () => {
      if (!this.alive) return;
      clock.after(everyMs, again);
      run();
    };
    clock.after(chance() * everyMs, again);
  }
}
