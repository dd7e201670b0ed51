// One's own entities ahead of the server: stepped with every input at once, replayed from the
// server's exact values when a STATE came, drawn with what a correction would have made jump faded
// out. Driven by playback.ts; its rows are in own-entities.ts. Only numbers are predicted;
// collections and texts of what the server told are as received. Trap: `near` in a step gives
// others as they are shown, in the past, where the server has their present.
import {
  assignRow,
  EPOCH,
  type Game,
  inputFromWire,
  neutralInput,
  type Received,
  type Row,
  releasePresses,
  type StateHeader,
  spawnable,
  type Table,
} from '@tickwire/protocol';
import { addOffset, fade, keepDifference } from './correction.ts';
import { type Own, OwnEntities } from './own-entities.ts';

/**
 * Ticks that are replayed at most: two seconds at 60 Hz. A line slower than that is down, and one's
 * own stand still until it says something again.
 */
const MAX_REPLAY = 128;
/** Inputs kept for replay: those, and the ones of an input delay that are still to be stepped. */
const KEPT_INPUTS = 2 * MAX_REPLAY;

/** A shot that is confirmed later than that, seconds, is another shot to whoever fired it. */
const SPAWN_WAIT_SECONDS = 1;

type Report = Pick<StateHeader, 'dTick' | 'inTime'>;
type RunStep = (self: Row, input: unknown, context: StepContext) => void;
export interface StepContext {
  dt: number;
  tick: number;
  replaying: boolean;
  near: (kind: string, x: number, y: number, radius: number) => Iterable<Row>;
  spawn: (kind: string, init: Readonly<Record<string, unknown>>) => Row;
}

export class Prediction {
  /** Newest tick predicted. */
  tick = 0;
  /** Corrections that moved a predicted value by more than its step. */
  corrections = 0;
  /** False where no input is made: one's own are shown as everybody else's then. */
  readonly active: boolean;
  readonly #game: Game;
  readonly #received: Received;
  readonly #own: OwnEntities;
  readonly #context: StepContext;
  readonly #neutral: Float64Array;
  readonly #wires: Float64Array[];
  readonly #input: Record<string, unknown> = {};
  /** Fractional tick that is drawn; `tick` is its whole part, where it may be. */
  #present = 0;
  /** Newest tick whose input was taken. */
  #taken = 0;
  /** Tick of the newest STATE. */
  #told = 0;
  /** A STATE came that was not replayed from yet. */
  #isStale = false;

  constructor(game: Game, received: Received, near: StepContext['near'], active = true) {
    this.active = active;
    this.#game = game;
    this.#received = received;
    const stepped = game.kinds.flatMap(({ index }) => (game.steps[index] ? [index] : []));
    this.#own = new OwnEntities(received, active ? stepped : []);
    const spawn: StepContext['spawn'] = (kind, init) => {
      const plan = spawnable(game, kind);
      const row = this.#own.spawn(plan.index, this.#context.tick);
      assignRow(row, plan, init);
      return row;
    };
    this.#context = { dt: 0, tick: 0, replaying: false, near, spawn };
    this.#neutral = neutralInput(game.input);
    this.#wires = Array.from({ length: KEPT_INPUTS }, () => this.#neutral.slice());
  }

  /**
   * Input is made after `tick`; what the server steps until then it steps without us, and what was
   * spawned ahead of it on another connection is not told of on this one.
   */
  start(tick: number): void {
    this.tick = this.#taken = this.#present = tick;
    for (const wire of this.#wires) wire.set(this.#neutral);
    this.#own.dropSpawns(() => true);
  }

  /** True if the row is one's own and predicted. */
  has(kind: number, row: number): boolean {
    return this.#own.find(kind, row) !== undefined;
  }

  /** True if rows of that kind and owner are predicted here. */
  predicts(kind: number, owner: number): boolean {
    const { seat } = this.#received;
    return this.active && seat !== 0 && owner === seat && this.#game.steps[kind] !== undefined;
  }

  /** What steps have spawned and the server has not told of yet. */
  spawned(kind: number): Own[] {
    return this.#own.list.filter((own) => own.row === 0 && own.kind === kind);
  }

  /** Id below 0 by which a row was shown before it was told; 0 for one that was not. */
  bornAs(kind: number, row: number): number {
    return this.#own.find(kind, row)?.bornAs ?? 0;
  }

  /** Another room: entities of the same ids are others. */
  forget(): void {
    this.tick = this.#taken = this.#present = this.#told = 0;
    this.#own.clear();
  }

  /**
   * Takes the input of the next tick. Ticks may be left out after a gap: they are not stepped, and
   * when they are replayed they repeat the input before them, as they do on the server.
   */
  take(tick: number, wire: Float64Array): void {
    const gap = tick - this.#taken - 1;
    if (gap > 0) {
      this.tick = Math.max(Math.min(this.tick + gap, tick - 1), this.tick);
      const last = this.#wires[this.#taken % KEPT_INPUTS];
      for (let left = Math.min(gap, KEPT_INPUTS - 1); left > 0; left--) {
        const repeated = this.#wires[(tick - left) % KEPT_INPUTS];
        repeated.set(last);
        releasePresses(this.#game.input, repeated);
      }
    }
    this.#taken = Math.max(tick, this.#taken);
    this.#wires[tick % KEPT_INPUTS].set(wire);
  }

  /** Steps up to the fractional tick `present`. */
  advance(present: number): void {
    this.#present = present;
    const last = Math.min(Math.floor(present), this.#told + MAX_REPLAY);
    if (this.#isStale && this.tick < last) this.#replay();
    while (this.tick < last) {
      this.tick++;
      this.#own.expect(this.tick, this.tick);
      this.#stepAll(this.tick, 0, false);
      this.#own.sweep(this.tick, this.tick);
    }
  }

  /**
   * A STATE of `tick` was read: what is predicted starts from its exact values.
   */
  reconcile(tick: number, { dTick, inTime }: Report): void {
    // Of some ticks in time it is not known which: the first of them all is all that is sure.
    const sure = inTime >= dTick ? tick : inTime > 0 ? tick - dTick + 1 : 0;
    this.#own.receive(tick, Math.max(sure, tick - SPAWN_WAIT_SECONDS * this.#game.tickRate));
    this.#told = tick;
    this.#isStale = true;
    if (tick <= this.tick) return;
    // A server that is ahead has stepped what was not predicted: there is nothing to compare with.
    for (const own of this.#own.list) own.isDrawn = false;
    this.tick = tick;
  }

  /**
   * Sets what is drawn at the present. `held`: the input of a tick that none was taken for yet.
   * Replays at most once, however many STATEs came.
   */
  prepare(held: Readonly<Record<string, unknown>>, elapsedMs: number): void {
    if (this.#isStale) this.#replay();
    const { list, now, drawn, offset } = this.#own;
    const next = this.tick + 1;
    const fraction = Math.min(Math.max(this.#present - this.tick, 0), 1);
    const input = next <= this.#taken ? this.#inputOf(next) : held;
    this.#own.expect(next, next);
    for (const { kind, slot } of list) drawn[kind].copyRow(slot, now[kind]);
    if (fraction > 0) this.#stepEach(drawn, next, 0, fraction, input);
    this.#own.sweep(next, next);
    for (const own of list) {
      const { kind, slot, tick } = own;
      // Spawned in the part of a tick that is drawn: not stepped yet.
      if (tick === next) drawn[kind].copyRow(slot, now[kind]);
      fade(offset[kind], slot, elapsedMs);
      own.isDrawn = true;
    }
  }

  /** Writes an own row as it is to be drawn. */
  draw(kind: number, row: number, into: Table): void {
    this.drawSpawned(this.#own.find(kind, row)!, into, row);
    // Collections and texts are the received ones: they are not predicted.
    const received = this.#received.tables[kind];
    for (let o = 0; o < into.objects.length; o++) into.objects[o][row] = received.objects[o][row];
  }

  /** The same of one of `spawned`, into row `to`. */
  drawSpawned({ kind, slot, id }: Own, into: Table, to: number): void {
    const { now, drawn, offset } = this.#own;
    into.copyRow(to, drawn[kind], slot);
    addOffset(offset[kind], slot, into, to);
    // A step knows its row by the id that `near` shows it with.
    now[kind].ids[slot] = drawn[kind].ids[slot] = id;
  }

  /** Back to the server's exact values, and all inputs after them again. */
  #replay(): void {
    this.#isStale = false;
    const { list, now, drawn, offset } = this.#own;
    for (const own of list) this.#restart(own);
    const first = Math.max(this.#told + 1, this.tick - MAX_REPLAY + 1);
    this.#own.expect(first, this.tick);
    for (let tick = first; tick <= this.tick; tick++) this.#stepAll(tick, this.#told, true);
    this.#own.sweep(first, this.tick);
    for (const { isDrawn, kind, slot } of list) {
      if (isDrawn && keepDifference(drawn[kind], now[kind], offset[kind], slot)) this.corrections++;
    }
  }

  #restart(own: Own): void {
    const { kind, slot, row } = own;
    const { now, drawn, offset } = this.#own;
    drawn[kind].copyRow(slot, now[kind]);
    if (row === 0) return;
    now[kind].copyRow(slot, this.#received.tables[kind], row);
    const epoch = now[kind].values[EPOCH][slot];
    if (epoch !== drawn[kind].values[EPOCH][slot]) own.isDrawn = false;
    if (!own.isDrawn) for (const column of offset[kind].values) column[slot] = 0;
  }

  #stepAll(tick: number, since: number, replaying: boolean): void {
    this.#context.replaying = replaying;
    this.#stepEach(this.#own.now, tick, since, 1, this.#inputOf(tick));
  }

  /**
   * Steps all that was there at the start of `tick` and, of what is not told of, came after the
   * tick `since`: the rest of it stands where the newest tick left it.
   */
  #stepEach(
    tables: readonly Table[],
    tick: number,
    since: number,
    fraction: number,
    input: Readonly<Record<string, unknown>>,
  ): void {
    const context = this.#context;
    context.dt = fraction / this.#game.tickRate;
    context.tick = tick;
    if (fraction < 1) context.replaying = true;
    const { list } = this.#own;
    for (let i = 0, end = list.length; i < end; i++) {
      const own = list[i];
      if (own.row === 0 && (own.tick >= tick || own.tick <= since)) continue;
      const step = this.#game.steps[own.kind] as unknown as RunStep;
      step(tables[own.kind].rows[own.slot]!, input, context);
    }
  }

  #inputOf(tick: number): Readonly<Record<string, unknown>> {
    const isKept = tick <= this.#taken && tick > this.#taken - KEPT_INPUTS;
    const wire = isKept ? this.#wires[tick % KEPT_INPUTS] : this.#neutral;
    return inputFromWire(this.#game.input, wire, this.#input);
  }
}
