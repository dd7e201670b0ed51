// The players of a simulated cluster: they come in by any shard, ask for a place, connect to whose
// room it is, stay a while and go; where their room's owner is gone they ask for it until they have
// it again. Driven by cluster-run.ts. No socket is simulated: a connection takes a round trip, and
// what a shard is asked, it is asked by a call.
import { DirectoryError } from '@tickwire/server';
import { JoinRefused } from '@tickwire/server/parts';
import { KIND, nameOf, type SimulatedRoom, type SimulatedShard } from './cluster-shard.ts';
import type { ClusterWorld } from './cluster-world.ts';

/** Of a session, exponential: an evening's players come and go. */
const SESSION_MS = 600_000;
/** A new connection: three round trips of a player's line. */
const CONNECT_MS = 100;
/** Between attempts: the client's backoff, half of it by chance. */
const RETRY_MS = 500;
const RETRY_CAP_MS = 8_000;
/** A leaving player whose room is between two owners is let go when it is back. */
const LEAVE_AGAIN_MS = 1_000;
/** A player who came in vain so often looks for another game: 80 s. */
const MOST_TRIES = 12;

interface Player {
  seat: number;
  room: string;
}

export interface PlayerFigures {
  /** Of Placement.promise, from the question to the ticket, ms. */
  reserveMs: number[];
  /** From a room's loss to its player's seat, ms. */
  backMs: number[];
  /** Places that the directory gave in rooms that had none: it had forgotten who sat there. */
  overpromised: number;
  /** Questions for a place that were refused, and tickets that were no good. */
  refused: number;
  /** Players whose seat was not in the room that they came back to, or whose room was gone. */
  seatsLost: number;
}

export class Players {
  readonly #world: ClusterWorld;
  /** By seat: who sits. */
  readonly #bySeat = new Map<number, Player>();
  figures: PlayerFigures = newFigures();
  /** How many there are to be: who goes is followed by another while there are fewer. */
  wanted = 0;
  /** Those who sit, come, or come back. */
  present = 0;
  /** Those of them without a room. */
  away = 0;

  constructor(world: ClusterWorld) {
    this.#world = world;
    world.scattered = (room) => {
      const nowMs = world.now();
      for (const seat of room.seated) {
        const player = this.#bySeat.get(seat);
        if (player) void this.#comeBack(player, nowMs);
      }
    };
  }

  /** What was counted until now. */
  take(): PlayerFigures {
    const { figures } = this;
    this.figures = newFigures();
    return figures;
  }

  /** They were there before the simulation began: nothing of Redis's time goes into that. */
  async seat(shard: SimulatedShard, count: number): Promise<void> {
    const { newSeat, seatsOfRoom } = this.#world;
    for (let left = count; left > 0; left -= seatsOfRoom) {
      const seats = Array.from({ length: Math.min(left, seatsOfRoom) }, newSeat);
      const room = await shard.fill(seats);
      for (const seat of seats) this.#stay({ seat, room: room.id });
      this.present += seats.length;
    }
  }

  #stay(player: Player): void {
    const { clock, chance } = this.#world;
    this.#bySeat.set(player.seat, player);
    clock.after(-Math.log(1 - chance()) * SESSION_MS, () => this.#leave(player));
  }

  /** As many more come as are wanted. */
  fill(): void {
    for (; this.present < this.wanted; this.present++) void this.#arrive();
  }

  async #arrive(): Promise<void> {
    const { clock } = this.#world;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const player = await this.#join();
      if (player) {
        this.#stay(player);
        return;
      }
      this.figures.refused++;
      await clock.wait(this.#pause(tries));
    }
    this.present--;
  }

  async #join(): Promise<Player | undefined> {
    const { clock, homes, seatsOfRoom } = this.#world;
    const door = this.#world.anyShard();
    if (!door) return undefined;
    const askedMs = clock.nowMs;
    try {
      const target = await door.placement.target(KIND);
      const identity = { auth: undefined, user: undefined, untilMs: Number.POSITIVE_INFINITY };
      const { room: id, tickets } = await door.placement.promise(target, undefined, [identity]);
      this.figures.reserveMs.push(clock.nowMs - askedMs);
      await clock.wait(CONNECT_MS);
      const home = homes.get(id);
      const room = home?.alive ? home.playing(id) : undefined;
      const ticket = home?.tickets.read(tickets[0]);
      if (!home || !room || !ticket) return undefined;
      const { nonce } = ticket;
      const question = home.directory.redeem(home.leaseOf(room), nonce);
      const isGiven = (answer: unknown) => typeof answer === 'object';
      const identified = await home.placement.asked.ask(room.real, nonce, question, isGiven);
      door.tickets.take(ticket.nonce);
      if (typeof identified !== 'object' || home.playing(id) !== room) return undefined;
      // As seating.ts: a room looks for itself whether what it was promised is there.
      if (room.taken >= seatsOfRoom) {
        this.figures.overpromised++;
        home.placement.free(room.real, ticket.nonce);
        return undefined;
      }
      const seat = Number(ticket.nonce.slice(1));
      room.sit(seat);
      return { seat, room: id };
    } catch (error) {
      if (error instanceof JoinRefused || error instanceof DirectoryError) return undefined;
      throw error;
    }
  }

  #leave(player: Player): void {
    const { clock, homes } = this.#world;
    if (this.#bySeat.get(player.seat) !== player) return;
    const home = homes.get(player.room);
    const room = home?.alive ? home.playing(player.room) : undefined;
    if (home && !room) {
      clock.after(LEAVE_AGAIN_MS, () => this.#leave(player));
      return;
    }
    this.#bySeat.delete(player.seat);
    if (home && room?.rise(player.seat)) {
      home.placement.free(room.real, nameOf(player.seat));
    }
    this.present--;
    this.fill();
  }

  /** His line ended, at `lostMs`; he asks any shard where his room is. */
  async #comeBack(player: Player, lostMs: number): Promise<void> {
    const { clock } = this.#world;
    this.away++;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      await clock.wait(this.#pause(tries));
      if (this.#bySeat.get(player.seat) !== player) break;
      const room = await this.#find(player);
      if (room === undefined) continue;
      if (room !== 'gone' && room.seated.has(player.seat)) {
        this.figures.backMs.push(clock.nowMs - lostMs);
        this.away--;
        return;
      }
      break;
    }
    this.away--;
    if (!this.#bySeat.delete(player.seat)) return;
    this.figures.seatsLost++;
    void this.#arrive();
  }

  /** Undefined: nobody plays it now. */
  async #find({ room: id, seat }: Player): Promise<SimulatedRoom | 'gone' | undefined> {
    const { clock } = this.#world;
    const door = this.#world.anyShard();
    if (!door) return undefined;
    try {
      const entry = await door.placement.elsewhere(id, String(seat));
      if (!entry) return door.playing(id) ?? 'gone';
      await clock.wait(CONNECT_MS);
      return this.#shard(entry.shard)?.playing(id);
    } catch (error) {
      if (error instanceof JoinRefused) return undefined;
      throw error;
    }
  }

  #shard(id: string): SimulatedShard | undefined {
    return this.#world.living.get(id);
  }

  #pause(tries: number): number {
    const cap = Math.min(RETRY_MS * 2 ** tries, RETRY_CAP_MS);
    return (cap * (1 + this.#world.chance())) / 2;
  }
}

function newFigures(): PlayerFigures {
  return { reserveMs: [], backMs: [], overpromised: 0, refused: 0, seatsLost: 0 };
}
