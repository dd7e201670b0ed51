// One room: the truth of one match and its clock. The order of a tick stands here and nowhere else:
// take inputs, timers, steps, the game's tick, rounding, history, visibility, replication. Games
// see it through the Room interface of define-room; the connection and the shard use the rest. A
// throw of the game's code ends this room and no other.
import {
  CloseCode,
  type Game,
  Random,
  type Row,
  type RowBase,
  TOMBSTONE_SECONDS,
  UsageError,
} from '@tickwire/protocol';
import type { PageOptions } from './boards.ts';
import { Contacts, type Outside } from './contacts.ts';
import type { Failover, RoomDefinition, RoomKind, RoomLimits } from './define-room.ts';
import { failoverOf, isPacked } from './define-room.ts';
import { Digests } from './digest.ts';
import { Emitter } from './emitter.ts';
import { GameCode } from './game-code.ts';
import type { Pulse } from './heartbeat.ts';
import { readMatch } from './matching.ts';
import { Replication } from './replication.ts';
import { Rewind } from './rewind.ts';
import type { LaunchOptions, Past, RewindOptions, Room, RoomLog, Seat } from './room-api.ts';
import { RoomSeats } from './room-seats.ts';
import { Schedule } from './schedule.ts';
import { type Line, RoomSeat } from './seat.ts';
import { Sending } from './sending.ts';
import { sharingOf } from './sharing.ts';
import { StepRunner } from './step-runner.ts';
import { Timers } from './timers.ts';
import { World } from './world.ts';

/** How often deleted map keys are swept, in seconds; they are kept for TOMBSTONE_SECONDS. */
const FORGET_EVERY_SECONDS = 1;

export interface RoomOptions {
  id: string;
  kind: string;
  definition: RoomKind;
  limits: RoomLimits;
  log: RoomLog;
  /** Beats while its code runs. */
  pulse: Pulse;
  seed: number;
  findDesyncs: boolean;
  /** Monotonic ms. */
  now: () => number;
  /** What it was opened for. */
  match?: string;
  /** Default: no. */
  locked?: boolean;
  /** It was locked or unlocked. */
  lock?: (room: GameRoom) => void;
  /** Default: nobody hears it, and it hears nobody. */
  outside?: Outside<GameRoom>;
  /** A seat is gone for good. */
  left: (room: GameRoom, seat: RoomSeat) => void;
  /** The room is over: nobody is in it, or it failed. */
  ended: (room: GameRoom, code: number, reason: string) => void;
  /** A room that goes on elsewhere: what was done of it, and what fills it in place of `open`. */
  checkpoint?: { readonly tick: number; readonly fill: (room: GameRoom) => void };
}

export class GameRoom implements Room<Game, unknown, unknown> {
  readonly id: string;
  readonly kind: string;
  readonly game: Game;
  readonly definition: RoomDefinition<Game, unknown, unknown>;
  readonly log: RoomLog;
  readonly code: GameCode;
  readonly dt: number;
  readonly world: World;
  readonly replication: Replication;
  readonly schedule: Schedule;
  readonly rewinds: Rewind;
  /** In development. */
  readonly digests: Digests | undefined;
  readonly limits: RoomLimits;
  readonly match: Readonly<Record<string, string>>;
  readonly roomSeats = new RoomSeats();
  readonly emitter: Emitter;
  readonly timers: Timers;
  readonly chance: Random;
  readonly contacts: Contacts<GameRoom>;
  data: unknown;
  /** What is to become of it when this process dies. */
  failover: Failover = 'restore';
  /** Set once: the room is closed and takes nobody. */
  over = false;
  /** Ms since which nobody has a seat. */
  emptySinceMs: number;
  readonly #now: () => number;
  readonly #watch: Pick<RoomOptions, 'lock' | 'left' | 'ended'>;
  readonly #steps: StepRunner;
  /** Ticks from one STATE to the next. */
  readonly #sendEvery: number;
  readonly #sending: Sending;
  #locked: boolean;
  /** Ticks done. */
  #done: number;

  constructor(options: RoomOptions) {
    const { game, definition } = options.definition;
    this.id = options.id;
    this.kind = options.kind;
    this.game = game;
    this.definition = definition;
    this.limits = options.limits;
    this.log = options.log;
    this.code = new GameCode(this, options.pulse);
    this.dt = 1 / game.tickRate;
    this.#sendEvery = definition.sendEvery ?? 1;
    const far = definition.interest?.far !== undefined;
    const tick = (this.#done = options.checkpoint?.tick ?? 0);
    this.world = new World(game, tick + 1, definition.strict ?? false, isPacked(definition), far);
    this.world.begin(tick + 1, this.#stateTick(tick + 1));
    this.#now = options.now;
    this.match = readMatch(options.match);
    this.#locked = options.locked ?? false;
    this.#watch = options;
    this.emptySinceMs = options.now();
    this.schedule = new Schedule(game.tickRate, options.limits.catchUpTicks, this.#now(), tick);
    this.timers = new Timers(definition.timers);
    this.chance = new Random(definition.seed ?? options.seed);
    this.#steps = new StepRunner(game, this.world);
    const sharing = sharingOf(definition, game, this.world, this, options.limits);
    this.replication = new Replication(this.world, sharing);
    this.emitter = new Emitter(this);
    this.contacts = new Contacts<GameRoom>(this, options.outside);
    const setting = {
      game,
      world: this.world,
      log: this.log,
      every: this.#sendEvery,
      mostMs: options.limits.rewindMs,
      seesAll: sharing.visibility === undefined,
      seat: (id: number) => this.roomSeats.byId.get(id),
    };
    this.rewinds = new Rewind(setting);
    this.digests = options.findDesyncs ? new Digests(setting) : undefined;
    this.#sending = new Sending({
      ...{ replication: this.replication, roomSeats: this.roomSeats, schedule: this.schedule },
      ...{ digests: this.digests, every: this.#sendEvery, now: this.#now },
      turnsPerSecond: sharing.visibility && game.tickRate / this.#sendEvery,
    });
    if (options.checkpoint) options.checkpoint.fill(this);
    else
      this.code.run('open', () => {
        this.data = definition.open?.(this as never);
        this.failover = failoverOf(definition, this.data);
        return this.data;
      });
  }

  // For the game.

  /** State and input are packed; else plain. */
  get isPacked(): boolean {
    return isPacked(this.definition);
  }
  get tick(): number {
    return this.world.tick;
  }
  get state(): never {
    return this.world.state.rows[1] as never;
  }
  get seats(): Iterable<RoomSeat> {
    return this.roomSeats.byId.values();
  }
  random(): number {
    return this.chance.next();
  }
  spawn(kind: string, init: object, owner?: Seat): never {
    return this.world.spawn(kind, init as Record<string, unknown>, owner?.id ?? 0) as never;
  }
  despawn(row: RowBase): void {
    this.world.despawn(row as Row);
  }
  give(row: RowBase, owner: Seat | undefined): void {
    this.world.setOwner(row as Row, owner?.id ?? 0);
  }
  get(kind: string, id: number): never {
    return this.world.get(kind, id) as never;
  }
  all(kind: string): never {
    return this.world.all(kind) as never;
  }
  near(kind: string, x: number, y: number, radius: number): never {
    return this.world.near(kind, x, y, radius) as never;
  }
  seat(id: number): RoomSeat | undefined {
    return this.roomSeats.byId.get(id);
  }
  inputOf(row: RowBase): never {
    return this.roomSeats.byId.get(row.owner)?.input as never;
  }
  after(ticks: number, timer: string, data?: unknown): void {
    this.timers.set(this.tick + Math.max(Math.round(ticks), 1), timer, data);
  }
  step(row: RowBase, input: object): void {
    if (!this.game.steps[this.game.kind(row.kind).index])
      throw new UsageError(`step('${row.kind}'): the game declares no step for this kind`);
    this.#steps.run(row as Row, input);
  }
  emit(event: string, payload: object, to: { to?: Seat; near?: RowBase } = {}): void {
    this.emitter.emit(event, payload, to, this.#sending.tick);
  }
  rewind<T>(who: Seat | RowBase, look: (past: Past<never>) => T, options?: RewindOptions): T {
    return this.rewinds.look(who as RoomSeat | RowBase, look as never, options);
  }
  launch(row: RowBase, by: Seat | RowBase, options?: LaunchOptions): void {
    this.rewinds.launch(row, by as RoomSeat | RowBase, options);
  }
  publish(channel: string, data?: unknown): void {
    this.contacts.publish(channel, data);
  }
  subscribe(channel: string): void {
    this.contacts.subscribe(channel);
  }
  unsubscribe(channel: string): void {
    this.contacts.unsubscribe(channel);
  }
  whereIs(user: string) {
    return this.contacts.whereIs(user);
  }
  whereAre(users: readonly string[]) {
    return this.contacts.whereAre(users);
  }
  score(board: string, user: string, score: number, options?: { once?: string }): void {
    this.contacts.score(board, user, score, options);
  }
  top(board: string, page?: PageOptions) {
    return this.contacts.top(board, page);
  }
  standing(board: string, user: string) {
    return this.contacts.standing(board, user);
  }
  get locked(): boolean {
    return this.#locked;
  }
  set locked(locked: boolean) {
    if (locked === this.#locked || this.over) return;
    this.#locked = locked;
    this.#watch.lock?.(this);
  }
  close(reason: string): void {
    this.end(CloseCode.Done, reason);
  }

  // For the shard and its connections.

  /** Seats taken, without spectators. */
  get taken(): number {
    return this.roomSeats.taken;
  }
  /** True if there is a place for one more spectator; those of players are the directory's. */
  get canBeWatched(): boolean {
    const { byId, taken } = this.roomSeats;
    return byId.size - taken < (this.definition.spectators ?? 0);
  }

  /** Takes a seat. Undefined if the game's `join` threw and the room is over. */
  admit(auth: unknown, spectator: boolean, line: Line): RoomSeat | undefined {
    const seat = this.reseat(this.roomSeats.newId(), auth, spectator);
    seat.attach(line, this.#done);
    this.code.run('join', () => this.definition.join?.(this as never, seat as never), seat.id);
    return this.over ? undefined : seat;
  }

  /** A seat without a line: of a room that goes on, its player is on the way. */
  reseat(id: number, auth: unknown, spectator: boolean): RoomSeat {
    const { game, limits } = this;
    const owned = () => this.world.owned.get(id);
    const kick = (seat: RoomSeat, reason: string) => {
      seat.line?.close(CloseCode.Kicked, reason);
      this.remove(seat);
    };
    const seat = new RoomSeat({ id, auth, spectator, game, limits, owned, kick });
    seat.droppedAtMs = this.#now();
    this.roomSeats.add(seat);
    return seat;
  }

  /** The line broke: the seat waits for its player. */
  drop(seat: RoomSeat): void {
    if (seat.gone || this.over) return;
    seat.line = undefined;
    seat.droppedAtMs = this.#now();
    this.code.run('drop', () => this.definition.drop?.(this as never, seat as never), seat.id);
  }

  /** The player is back on a new line. */
  resume(seat: RoomSeat, line: Line): void {
    seat.line?.close(CloseCode.Superseded, 'a newer connection took over this seat');
    seat.attach(line, this.#done);
    this.code.run('resume', () => this.definition.resume?.(this as never, seat as never), seat.id);
  }

  /** The seat is gone for good, and what it owns with it. */
  remove(seat: RoomSeat): void {
    if (seat.gone || this.over) return;
    seat.gone = true;
    seat.line = undefined;
    this.code.run('leave', () => this.definition.leave?.(this as never, seat as never), seat.id);
    for (const row of this.world.owned.get(seat.id) ?? []) this.world.despawn(row);
    this.world.owned.delete(seat.id);
    this.replication.forget(seat);
    this.roomSeats.remove(seat);
    if (this.roomSeats.byId.size === 0) this.emptySinceMs = this.#now();
    if (!this.over) this.#watch.left(this, seat);
  }

  /** Ms at which run() wants to be called next. */
  get dueMs(): number {
    return this.schedule.dueMs(this.#done + 1);
  }

  /** Newest tick done. */
  get doneTick(): number {
    return this.#done;
  }

  /** Runs the ticks that are due; answers how many. */
  run(nowMs: number): number {
    const due = this.schedule.ticksDue(this.#done, nowMs);
    for (let i = 0; i < due && !this.over; i++) this.#advance();
    if (due > 0) this.#sweep(nowMs);
    return due;
  }

  /** Ends the room: everybody is told. Idempotent. */
  end(code: number, reason: string): void {
    this.#finish(code, reason, (line) => line.close(code, reason));
  }

  /** The room goes on at another shard: everybody is told where. The game is not asked. */
  moveTo(url: string): void {
    this.#finish(CloseCode.Restart, 'it goes on elsewhere', (line) => line.move(url));
  }

  #finish(code: number, reason: string, tell: (line: Line) => void): void {
    if (this.over) return;
    this.over = true;
    for (const seat of this.seats) {
      seat.gone = true;
      if (seat.line) tell(seat.line);
      seat.line = undefined;
    }
    this.#watch.ended(this, code, reason);
  }

  #advance(): void {
    const tick = this.tick;
    const sends = tick % this.#sendEvery === 0;
    for (const seat of this.roomSeats.byId.values()) seat.takeInput(tick);
    for (let due = this.timers.next(tick); due; due = this.timers.next(tick)) {
      const { name, data } = due;
      this.code.run(`timer ${name}`, () =>
        this.definition.timers![name](this as never, data as never),
      );
    }
    this.code.run('tick', () => {
      for (const seat of this.roomSeats.byId.values()) this.#steps.runOwned(seat.id, seat.input);
      const ticked = this.definition.tick?.(this as never, this.dt);
      if (sends) this.world.round(this.#sendEvery);
      return ticked;
    });
    if (this.over) return;
    this.#done = tick;
    if (sends) this.rewinds.remember(tick);
    if (sends) this.code.run('interest or sees', () => this.#sending.send(tick));
    this.world.begin(tick + 1, this.#stateTick(tick + 1));
    if (tick % (FORGET_EVERY_SECONDS * this.game.tickRate) === 0)
      this.world.forget(tick - TOMBSTONE_SECONDS * this.game.tickRate);
  }

  /** Tick of the STATE that will carry what is written at `tick`. */
  #stateTick(tick: number): number {
    return Math.ceil(tick / this.#sendEvery) * this.#sendEvery;
  }

  /** Seats whose grace time is over, and seats that stay behind. */
  #sweep(nowMs: number): void {
    const { graceMs = this.limits.graceMs } = this.definition;
    for (const seat of this.roomSeats.byId.values()) {
      if (!seat.line) {
        if (nowMs - seat.droppedAtMs > graceMs) this.remove(seat);
      } else if (seat.slowSinceMs > 0 && nowMs - seat.slowSinceMs > this.limits.slowSeatMs) {
        seat.line.close(CloseCode.SlowSeat, 'states were not applied for too long');
        this.drop(seat);
      }
    }
  }
}
