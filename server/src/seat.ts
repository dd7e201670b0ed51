// One player's place in a room: who they are, what they own, what they were told, and the line they
// are on, if any. Outlives its connection for the grace time. Games see the Seat interface of
// define-room; room.ts and replication.ts use the rest.
import {
  ClockEstimator,
  type Game,
  inputFromWire,
  KnownSet,
  MARGIN_UNITS,
  type Row,
  UsageError,
  type Waiting,
} from '@tickwire/protocol';
import type { RoomLimits } from './define-room.ts';
import { InputQueue, NO_SLACK } from './input-queue.ts';
import { Outbox } from './outbox.ts';
import type { Seat } from './room-api.ts';
import { Told } from './told.ts';
import { NO_EYE } from './visibility.ts';

/** The connection as a seat uses it. */
export interface Line {
  send(frame: Uint8Array): void;
  cork(run: () => void): void;
  close(code: number, reason: string): void;
  /** Sends the client to `url`, where its seat goes on, and closes. The seat is the caller's. */
  move(url: string): void;
}

/** A connection that asks for a seat. */
export interface Joiner extends Line {
  /** Ids for the log. */
  readonly about?: object;
  /** False once it ended, whoever ended it. */
  readonly open: boolean;
  /**
   * It waits for a match from now on; `leave` is called where the line ends before there is one.
   */
  queued(leave: () => void): void;
  /** How far that is. */
  tellWaiting(waiting: Waiting): void;
}

/** STATEs on their way: sent and not yet applied by the client. */
const MAX_FLIGHT = 256;

/** Pongs that a seat's round trip is of: half a minute of them, and half a kilobyte. */
const RTT_PONGS = 16;

export class RoomSeat implements Seat {
  // What every tick touches stands together, in few lines of memory.
  readonly id: number;
  /** The seat's connection; undefined while it is away. */
  line: Line | undefined = undefined;
  readonly inputs: InputQueue;
  #known: KnownSet | undefined;
  #outbox: Outbox | undefined;
  /** Where it looks from: visibility's own. */
  eye = NO_EYE;
  /** Ticks, since the STATE before, that were stepped with an input in time. */
  inTime = 0;
  /** Least slack of the inputs that came since then: an InputQueue's. */
  #leastSlack = NO_SLACK;
  /** Tick of the newest STATE sent on this connection, or of its WELCOME. */
  sentTick = 0;
  /** Newest STATE tick the client says it has applied. */
  ackTick = 0;
  unackedBytes = 0;
  /** Bytes of the newest STATE. */
  #sentBytes = 0;
  #flightCount = 0;
  #flightFirst = 0;
  /** A ring of what is on its way, but for the newest: tick and bytes of each. */
  readonly #flight = new Uint32Array(2 * MAX_FLIGHT);
  /** The next STATE tells everything. */
  needsEverything = true;
  /** Version of the coding tables that were last sent on this connection. */
  tablesVersion = 0;
  /** Ms since which the seat is too far behind to be sent to; 0: it is not. */
  slowSinceMs = 0;
  readonly input: Record<string, unknown> = {};
  readonly #game: Game;
  readonly #limits: RoomLimits;
  auth: unknown;
  readonly spectator: boolean;
  /** Ms (the room's clock) at which the line broke. */
  droppedAtMs = 0;
  gone = false;
  /** Bytes that may still be sent, where the room has a budget. */
  budgetBytes = 0;
  /** STATEs left out because the seat was behind. */
  skips = 0;
  /** Which STATEs it got: what rewind goes by. */
  readonly told = new Told();
  /** Looks into the past that reached no further than the line allows. */
  rewindsCapped = 0;
  /** Commands that came, and those whose answers are still open: over all connections. */
  commandsTaken = 0;
  openCommands = 0;
  /** Newest tick of which an input came, on any connection. */
  inputTick = 0;
  readonly clock: ClockEstimator;
  readonly #owned: () => readonly Row[] | undefined;
  readonly #kick: (seat: RoomSeat, reason: string) => void;

  constructor(options: {
    id: number;
    auth: unknown;
    spectator: boolean;
    game: Game;
    limits: RoomLimits;
    owned: () => readonly Row[] | undefined;
    kick: (seat: RoomSeat, reason: string) => void;
  }) {
    const { id, auth, spectator, game, limits } = options;
    this.id = id;
    this.auth = auth;
    this.spectator = spectator;
    this.#game = game;
    this.#owned = options.owned;
    this.#kick = options.kick;
    inputFromWire(game.input, game.input.initialWire, this.input);
    this.#limits = limits;
    this.clock = new ClockEstimator(1000 / game.tickRate, RTT_PONGS);
    this.inputs = new InputQueue(game.input, {
      windowTicks: limits.inputWindowTicks,
      repeatTicks: Math.ceil((limits.inputRepeatMs / 1000) * game.tickRate),
    });
  }

  /** Rooms with interest, `sees` or a budget: what this seat knows. Others never ask for it. */
  get known(): KnownSet {
    return (this.#known ??= new KnownSet(0));
  }
  /** What it is to be told of events; made when there is the first. */
  get outbox(): Outbox {
    return (this.#outbox ??= new Outbox(this.#limits));
  }
  /** Events go with its next STATE. */
  get owesEvents(): boolean {
    return this.#outbox?.due === true;
  }
  get connected(): boolean {
    return this.line !== undefined;
  }
  get rttMs(): number {
    return this.clock.rttMs;
  }
  get jitterMs(): number {
    return this.clock.jitterMs;
  }

  own(kind: string): never {
    const owned = this.#owned();
    if (owned)
      for (let i = 0; i < owned.length; i++)
        if (owned[i].kind === kind && owned[i].alive) return owned[i] as never;
    return undefined as never;
  }

  *owns(kind: string): Generator<never, void> {
    for (const row of this.#owned() ?? []) if (row.kind === kind && row.alive) yield row as never;
  }

  kick(reason: string): void {
    if (this.gone) throw new UsageError(`seat ${this.id} has left already`);
    this.#kick(this, reason);
  }

  /** Moves to the input of `tick`. */
  takeInput(tick: number): void {
    const { inputs } = this;
    const wire = inputs.take(tick);
    if (inputs.changed) inputFromWire(this.#game.input, wire, this.input);
    // Kept here for the STATE, by which time the queue is out of the cache again.
    this.inTime += inputs.takeInTime();
    const slack = inputs.takeSlack();
    if (slack < this.#leastSlack) this.#leastSlack = slack;
  }

  /** Least slack of inputs since last asked, ticks; NaN if nothing came. */
  takeMargin(): number {
    const least = this.#leastSlack;
    this.#leastSlack = NO_SLACK;
    return least === NO_SLACK ? Number.NaN : least / MARGIN_UNITS;
  }

  takeInTime(): number {
    const count = this.inTime;
    this.inTime = 0;
    return count;
  }

  /** A new connection begins at `tick`: nothing is in flight, nothing is known. */
  attach(line: Line, tick: number): void {
    // What was not said to have arrived is taken for lost with the old line.
    this.told.missed(this.ackTick + 1, tick);
    this.line = line;
    this.sentTick = tick;
    this.ackTick = tick;
    this.needsEverything = true;
    this.tablesVersion = 0;
    this.slowSinceMs = 0;
    this.unackedBytes = 0;
    this.#flightCount = 0;
    this.#leastSlack = NO_SLACK;
    this.inputs.restart();
  }

  /** A STATE of `bytes` left for the client. */
  sent(tick: number, bytes: number): void {
    if (this.#flightCount > 0) {
      const at = (this.#flightFirst + this.#flightCount - 1) % MAX_FLIGHT;
      this.#flight[2 * at] = this.sentTick;
      this.#flight[2 * at + 1] = this.#sentBytes;
    }
    this.#flightCount++;
    this.sentTick = tick;
    this.#sentBytes = bytes;
    this.unackedBytes += bytes;
  }

  /** The client has applied every STATE up to `tick`. */
  acknowledge(tick: number): void {
    this.ackTick = tick;
    if (tick >= this.sentTick) {
      this.#flightCount = 0;
      this.unackedBytes = 0;
      return;
    }
    while (this.#flightCount > 1 && this.#flight[2 * this.#flightFirst] <= tick) {
      this.unackedBytes -= this.#flight[2 * this.#flightFirst + 1];
      this.#flightFirst = (this.#flightFirst + 1) % MAX_FLIGHT;
      this.#flightCount--;
    }
  }

  /** Too much is on its way: whatever is sent now would only be older when it is read. */
  isBehind(limitBytes: number): boolean {
    return (
      this.#flightCount > 0 && (this.unackedBytes > limitBytes || this.#flightCount === MAX_FLIGHT)
    );
  }
}
