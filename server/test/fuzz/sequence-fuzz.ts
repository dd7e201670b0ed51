// Frames in any order, valid and not, from many hands against whole rooms in memory: joins,
// resumes, floods, silence and clocks that jump, beside players who mean well. Nothing but a
// ProtocolError may come of it; what the players hold stays exact, and what the server keeps stays
// bounded. A failure names its seed and frame; the same seed goes the same way again.
import { findDesyncs } from '@tickwire/client/desync';
import { type Link, Random } from '@tickwire/protocol';
import pino from 'pino';
import type { GameRoom } from '../../src/index.ts';
import { Expectations } from '../expectations.ts';
import { fuzzRoom, game } from '../fuzz-game.ts';
import { type Player, Stepper } from '../stepper.ts';
import { tapped } from '../tapped-link.ts';
import { Hand } from './hand.ts';
import { mutated } from './mutation.ts';
import { type Recording, ROOM_NAMES, ROOMS } from './recording.ts';

const HANDS = 24;
const PLAYERS_PER_ROOM = 2;
/** So many, and so short a grace, that hands fill no room that a player comes back to. */
const SEATS = 256;
const GRACE_MS = 1500;
/** Seats of one address at once, and tickets; twice as many joins before it has to wait. */
const CONNECTIONS_PER_ADDRESS = 32;
const JOINS_PER_MINUTE = 900;
const TICKET_MS = 2000;
/** Things done by hands between two strides of time. */
const ACTS = 40;
/** Ms of one stride at most, of a leap in which nothing runs, and of a calm with no hands. */
const STRIDE_MS = 40;
const LEAP_MS = 90_000;
const CALM_MS = 15_000;
/** Strides between two calms. */
const CALM_EVERY = 1000;
/** Share of frames from the server that reach the misled player changed. */
const MISLED_SHARE = 0.04;

type Client = Player<typeof game>;

export interface SequenceFigures {
  readonly frames: number;
  readonly strides: number;
  /** Views of players that were compared with the truth. */
  readonly compared: number;
  readonly misledFrames: number;
  /** Refusals by reason, as the server counts them. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly mostSeats: number;
  readonly mostConnections: number;
}

export class SequenceFuzz {
  readonly #seed: number;
  readonly #chance: Random;
  readonly #expectations: Expectations;
  readonly #stepper: Stepper;
  readonly #recordings: readonly Recording[];
  readonly #hands: readonly Hand[];
  /** Errors that the server logged. */
  readonly #log: readonly string[];
  readonly #players: Client[] = [];
  /** One whose server seems to say what no server says. */
  #misled: Client | undefined;
  #misleads = false;
  #misledFrames = 0;
  #strides = 0;
  #mostSeats = 0;
  #mostConnections = 0;

  private constructor(
    seed: number,
    stepper: Stepper,
    recordings: readonly Recording[],
    expectations: Expectations,
    errors: readonly string[],
  ) {
    this.#log = errors;
    this.#seed = seed;
    this.#chance = new Random(seed);
    this.#stepper = stepper;
    this.#recordings = recordings;
    this.#expectations = expectations;
    const secrets: string[] = [];
    const seeds = Array.from({ length: HANDS }, () => this.#chance.integer(2 ** 32));
    this.#hands = seeds.map((own) => new Hand(stepper, recordings, secrets, new Random(own)));
  }

  static async start(seed: number, recordings: readonly Recording[]): Promise<SequenceFuzz> {
    const expectations = new Expectations();
    const ticked = (room: GameRoom) => expectations.ticked(room);
    const errors: string[] = [];
    const write = (line: string) => void errors.push(line);
    const kinds = ROOM_NAMES.map((name) => [
      name,
      fuzzRoom(seed, { ...ROOMS[name], seats: SEATS, graceMs: GRACE_MS }, ticked),
    ]);
    const stepper = await Stepper.start({
      rooms: Object.fromEntries(kinds),
      seed,
      limits: {
        connectionsPerAddress: CONNECTIONS_PER_ADDRESS,
        joinsPerMinute: JOINS_PER_MINUTE,
        ticketMs: TICKET_MS,
      },
      serve: { findDesyncs: true, log: pino({ level: 'error' }, { write }) },
    });
    const fuzz = new SequenceFuzz(seed, stepper, recordings, expectations, errors);
    await fuzz.#invite();
    return fuzz;
  }

  /**
   * Has hands say so many frames more, and ends in a calm. Throws what went wrong, with its place.
   */
  async run(frames: number): Promise<void> {
    const end = this.#said + frames;
    try {
      while (this.#said < end) await this.#stride();
      await this.#calm();
    } catch (error) {
      const where = `seed ${this.#seed}, sequences, frame ${this.#said}, stride ${this.#strides}`;
      const { message, stack } = error as Error;
      throw new Error(`${where}: ${message}\n${stack}`, { cause: error });
    }
  }

  async figures(): Promise<SequenceFigures> {
    return {
      frames: this.#said,
      strides: this.#strides,
      compared: this.#expectations.checked,
      misledFrames: this.#misledFrames,
      refusals: Object.fromEntries(this.#stepper.server.edge.refusals),
      mostSeats: this.#mostSeats,
      mostConnections: this.#mostConnections,
    };
  }

  async close(): Promise<void> {
    for (const { client } of [...this.#players, this.#misled!]) client.leave();
    await this.#stepper.close();
  }

  get #said(): number {
    return this.#hands.reduce((sum, hand) => sum + hand.said, 0);
  }

  async #invite(): Promise<void> {
    const stepper = this.#stepper;
    stepper.onTick = (room) => this.#expectations.told(room);
    stepper.onStride = () => {
      for (const { client } of this.#players) this.#expectations.check(client);
    };
    for (const room of ROOM_NAMES)
      for (let i = 0; i < PLAYERS_PER_ROOM; i++) this.#players.push(await this.#join(room));
    this.#misled = await this.#joinMisled();
  }

  #join(room: string, link?: (line: Link) => Link): Promise<Client> {
    const chance = new Random(this.#chance.integer(2 ** 32));
    return this.#stepper.join(game, {
      room,
      retryCapMs: 400,
      sample: () => ({ dx: chance.next() * 2 - 1, dy: chance.next(), fire: chance.next() < 0.1 }),
      inspect: findDesyncs(() => {}),
      link,
    });
  }

  /** In the room that most is sent in; now and then it hears what nobody said. */
  #joinMisled(): Promise<Client> {
    const [{ down, room }] = this.#recordings;
    const mislead = (frame: Uint8Array): Uint8Array => {
      if (!this.#misleads || this.#chance.next() >= MISLED_SHARE) return frame;
      this.#misledFrames++;
      return mutated([...down, frame.slice()], this.#chance);
    };
    return this.#join(room, (line) => tapped(line, { down: mislead }));
  }

  async #stride(): Promise<void> {
    const chance = this.#chance;
    this.#misleads = true;
    for (let i = 0; i < ACTS; i++) await this.#hands[chance.integer(HANDS)].act();
    if (chance.next() < 0.001) this.#stepper.nowMs += chance.next() * LEAP_MS;
    await this.#stepper.advance(chance.next() * STRIDE_MS);
    this.#look();
    // What it heard may have been that it is over: it begins anew, and undisturbed.
    this.#misleads = false;
    if (ENDED.has(this.#misled!.state)) this.#misled = await this.#joinMisled();
    if (++this.#strides % CALM_EVERY === 0) await this.#calm();
  }

  /** What must hold at any time. */
  #look(): void {
    const { shard, edge } = this.#stepper.server;
    const seats = [...shard.rooms.values()].reduce((sum, room) => sum + [...room.seats].length, 0);
    this.#mostSeats = Math.max(this.#mostSeats, seats);
    this.#mostConnections = Math.max(this.#mostConnections, edge.connections.size);
    const peers = this.#hands.filter(({ connected }) => connected).length;
    const players = this.#players.length + 1;
    atMost('faults of the server', edge.tally.faults + this.#log.length, 0, this.#log);
    atMost('rooms', shard.rooms.size, ROOM_NAMES.length);
    atMost('seats', seats, SEATS * ROOM_NAMES.length);
    // A line that was given up is still open until its end has arrived.
    atMost('connections', edge.connections.size, peers + players + HANDS);
    atMost('reasons of refusal', edge.refusals.size, MOST_REASONS);
    const over = this.#players.filter(({ state }) => ENDED.has(state));
    atMost(
      'players who were thrown out',
      over.length,
      0,
      over.map((one) => one.client.status),
    );
  }

  /**
   * Nobody attacks for a while: what is left is what players need, and all of them see the truth.
   */
  async #calm(): Promise<void> {
    const { shard, seating, edge } = this.#stepper.server;
    this.#misleads = false;
    for (const hand of this.#hands) hand.leave();
    // It may hold anything: only everything anew makes it right.
    this.#misled!.cut();
    await this.#stepper.advance(CALM_MS);
    this.#look();
    if (ENDED.has(this.#misled!.state)) this.#misled = await this.#joinMisled();
    const all = [...this.#players, this.#misled!];
    await this.#stepper
      .when(() => all.every(({ state }) => state === 'live'))
      .catch(() => atMost('players who do not come back', 1, 0, all.map(statusOf)));
    await this.#stepper.advance(CALM_MS);
    const before = this.#expectations.checked;
    for (const { client } of all) this.#expectations.check(client);
    const seats = [...shard.rooms.values()].flatMap((room) => [...room.seats]);
    exactly('misled players compared', this.#expectations.checked - before, 1);
    exactly('connections in a calm', edge.connections.size, all.length);
    exactly('seats in a calm', seats.length, all.length);
    exactly('resume keys in a calm', seating.secrets.seats, all.length);
    exactly('tickets in a calm', seating.secrets.tickets, 0);
    this.#expectations.sweep();
  }
}

const statusOf = ({ client }: Client) => client.status;

/** States that a session does not come back from. */
const ENDED = new Set(['closed', 'lost']);
/**
 * Refusals have names of ours: a dozen of joins and upgrades, one for each error, one per bucket.
 */
const MOST_REASONS = 32;

function atMost(what: string, count: number, most: number, about: unknown = ''): void {
  if (count > most) throw new Error(`${what}: ${count} of ${most} ${JSON.stringify(about)}`);
}

function exactly(what: string, count: number, wanted: number): void {
  if (count !== wanted) throw new Error(`${what}: ${count}, should be ${wanted}`);
}
