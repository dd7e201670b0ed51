// From frames to a picture: which tick to show, which to predict, and the rows at this instant. Fed
// by session.ts with what came, advanced with monotonic time; sends nothing itself, but says which
// inputs are due (made by input-maker.ts). Everything a player feels is decided here.
import {
  ClockEstimator,
  type Game,
  History,
  Received,
  type StateHeader,
  type Welcome,
} from '@tickwire/protocol';
import { InputMaker, type InputOptions } from './input-maker.ts';
import { InputTime } from './input-time.ts';
import { Prediction } from './prediction.ts';
import { ShownRows } from './shown-rows.ts';
import { ShownTime } from './shown-time.ts';
import { RowsView } from './view.ts';

/** Seconds of snapshots kept: a stall this long is played back when it ends, without a hole. */
const HISTORY_SECONDS = 1.5;
/** A page that did not run for this long, ms, was blocked: the line is not judged by that. */
const HITCH_MS = 250;
/**
 * Presses are kept for so long, ms, after a line broke: a room that moves is back by then, and who
 * is gone for longer meant something else.
 */
const KEPT_PRESSES_MS = 1000;
/** Events waiting for their tick; a page that does not draw must not hoard them. */
const MAX_EVENTS = 1024;

export interface PlaybackOptions extends InputOptions {
  ticksPerMessage?: number;
  /** A handler's events are due: in order, each once. */
  happened: (event: number, payload: Record<string, unknown>) => void;
}

interface Waiting {
  tick: number;
  event: number;
  payload: Record<string, unknown>;
}

export class Playback {
  readonly received: Received;
  readonly shownTime: ShownTime;
  readonly inputTime: InputTime;
  readonly prediction: Prediction;
  readonly view: RowsView;
  readonly newest: RowsView;
  clock: ClockEstimator;
  /** Ticks the server stepped, and of those with our input in time: since the start. */
  ticks = 0;
  ticksInTime = 0;
  readonly #options: PlaybackOptions;
  readonly #history: History;
  readonly #shown: ShownRows;
  readonly #raw: ShownRows;
  readonly #tickMs: number;
  readonly inputs: InputMaker;
  #events: Waiting[] = [];
  #sendEvery = 1;
  #advancedMs = 0;
  #stoppedMs = Number.NEGATIVE_INFINITY;
  #drawnMs = 0;
  #synced = false;

  constructor(game: Game, options: PlaybackOptions) {
    this.#options = options;
    this.#tickMs = 1000 / game.tickRate;
    this.clock = new ClockEstimator(this.#tickMs);
    this.received = new Received(game);
    this.#history = new History(game, Math.ceil(game.tickRate * HISTORY_SECONDS));
    this.shownTime = new ShownTime(this.#tickMs);
    this.inputTime = new InputTime(this.#tickMs, options.ticksPerMessage);
    this.#shown = new ShownRows(game);
    this.#raw = new ShownRows(game);
    this.view = new RowsView(game, this.#shown, this.received);
    this.newest = new RowsView(game, this.#raw, this.received);
    const near = this.view.near.bind(this.view);
    const plays = options.sample !== undefined;
    this.prediction = new Prediction(game, this.received, near, plays);
    this.inputs = new InputMaker(game, options);
  }

  /** Newest tick received; 0 before the first STATE. */
  get tick(): number {
    return this.received.tick;
  }

  /**
   * A seat, on a new connection. `sameRoom`: ids go on; else nothing known holds. `sameTime`: ticks
   * do as well; else they are counted by another server now, and may be behind.
   */
  welcomed(welcome: Welcome, sameRoom: boolean, sameTime: boolean): void {
    if (!sameTime) {
      this.#history.clear();
      this.shownTime.reset();
      this.clock = new ClockEstimator(this.#tickMs);
      this.#synced = false;
      this.#events = this.#events.filter(({ tick }) => sameRoom && tick <= welcome.tick);
      this.#shown.rebase();
    }
    if (!sameRoom) {
      this.received.forget();
      this.prediction.forget();
      this.#shown.renew();
      this.#raw.renew();
      this.#drawnMs = 0;
    }
    this.view.seat = this.newest.seat = welcome.seat;
    this.#shown.viewer = this.#raw.viewer = welcome.seat;
    this.#sendEvery = welcome.sendEvery;
    this.inputs.reset(welcome.tick);
  }

  /** The line is down: no input is made until the next STATE. */
  interrupted(): void {
    if (this.inputs.running) this.#stoppedMs = this.#advancedMs;
    this.inputs.stop();
  }

  /** A STATE was read into `received`. */
  stated(tick: number, header: StateHeader, nowMs: number): void {
    this.clock.addState(tick + header.sentAt, nowMs);
    this.#history.push(tick, this.received.tables, this.received.state);
    const oldest = this.#history.oldest!.tick;
    for (const table of this.received.tables) table.settle(oldest - 1);
    const serverTick = this.clock.remoteTickAt(nowMs);
    if (this.clock.synced && !this.#synced) this.shownTime.relearn();
    this.#synced = this.clock.synced;
    this.#excuse(this.#sinceAdvance(nowMs), nowMs, serverTick);
    this.shownTime.arrived(tick, serverTick, this.#sendEvery);
    this.ticks += header.dTick;
    this.ticksInTime += header.inTime;
    if (this.inputs.running) this.inputTime.reported(header, nowMs, this.clock.rttMs);
    else if (this.#synced) this.#play(nowMs);
    this.prediction.reconcile(tick, header);
  }

  /** An event of `tick`. */
  happened(tick: number, event: number, payload: Record<string, unknown>): void {
    if (this.#events.length >= MAX_EVENTS) this.#events.shift();
    this.#events.push({ tick, event, payload });
  }

  /**
   * Moves time on. Calls `send` with the inputs that are due: consecutive ticks from `first`, and
   * the tick of the picture that the player acted on. Answers the ms that passed since the last
   * call.
   */
  advance(
    nowMs: number,
    send: (first: number, ticks: readonly Float64Array[], shownTick: number) => void,
  ): number {
    const elapsedMs = this.#sinceAdvance(nowMs);
    this.#advancedMs = nowMs;
    if (!this.inputs.running && nowMs < this.#stoppedMs + KEPT_PRESSES_MS) this.inputs.keep();
    if (!this.shownTime.started) return elapsedMs;
    const serverTick = this.clock.remoteTickAt(nowMs);
    this.#excuse(elapsedMs, nowMs, serverTick);
    this.shownTime.advance(elapsedMs, serverTick, this.tick, this.clock.inDoubt);
    if (this.inputs.running) this.#makeInputs(elapsedMs, nowMs, serverTick, send);
    this.#tellEvents();
    return elapsedMs;
  }

  /** The rows as they are to be drawn at `nowMs`, after advance. */
  draw(nowMs: number): RowsView {
    const elapsedMs = this.#drawnMs ? Math.max(nowMs - this.#drawnMs, 0) : 0;
    this.#drawnMs = nowMs;
    if (this.#history.length === 0) return this.view;
    this.prediction.prepare(this.inputs.held, elapsedMs);
    this.#shown.update(this.#history, this.shownTime.tick, elapsedMs, this.prediction);
    this.view.tick = this.shownTime.tick;
    return this.view;
  }

  /** The newest snapshot as it came: no blending, no prediction. */
  drawNewest(): RowsView {
    const newest = this.#history.newest;
    if (newest) this.#raw.update(this.#history, newest.tick);
    this.newest.tick = newest?.tick ?? 0;
    return this.newest;
  }

  /** The server's clock is known, and a STATE of this connection came: now input is made. */
  #play(nowMs: number): void {
    this.inputTime.start(nowMs, this.clock.rttMs, this.clock.jitterMs);
    this.inputs.start(this.clock.remoteTickAt(nowMs) + this.inputTime.lead, this.#ticksAhead);
    this.prediction.start(Math.max(this.inputs.tick, this.tick));
  }

  /** Ticks from a STATE that came quickly to the input that is made then. */
  get #ticksAhead(): number {
    const { rttMs, jitterMs } = this.clock;
    return this.inputTime.lead + (rttMs / 2 - jitterMs) / this.#tickMs;
  }

  #sinceAdvance(nowMs: number): number {
    return this.#advancedMs ? Math.max(nowMs - this.#advancedMs, 0) : 0;
  }

  /** Lateness says nothing where the page did not run, or the clock it is measured by did not. */
  #excuse(elapsedMs: number, nowMs: number, serverTick: number): void {
    if (elapsedMs < HITCH_MS && !this.clock.inDoubt) return;
    this.shownTime.excuse(Math.max(serverTick, this.tick));
    this.inputTime.excuse(nowMs, this.clock.rttMs);
  }

  #makeInputs(
    elapsedMs: number,
    nowMs: number,
    serverTick: number,
    send: (first: number, ticks: readonly Float64Array[], shownTick: number) => void,
  ): void {
    this.inputTime.advance(elapsedMs, nowMs, this.clock.rttMs);
    const target = serverTick + this.inputTime.lead;
    const { inputs, prediction } = this;
    const first = inputs.make(target, this.#ticksAhead, (tick, wire) =>
      prediction.take(tick, wire),
    );
    prediction.advance(inputs.present);
    if (first === undefined) return;
    // The last picture, unless nobody looks.
    const looks = nowMs - this.#drawnMs < HITCH_MS;
    send(first, inputs.due, looks ? this.view.tick : this.shownTime.tick);
  }

  #tellEvents(): void {
    const shown = this.shownTime.tick;
    while (this.#events.length > 0 && this.#events[0].tick <= shown) {
      const { event, payload } = this.#events.shift()!;
      this.#options.happened(event, payload);
    }
  }
}
