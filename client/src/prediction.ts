// One's own entities ahead of the server: stepped with every input at once, replayed from the
// server's exact values when a STATE comes, drawn with what a correction would have made jump faded
// out. Only numbers are predicted; collections are as received. The simulation itself is never
// smoothed, only the picture.
import {
  EPOCH,
  type Game,
  inputFromWire,
  neutralInput,
  type Received,
  type Row,
  rowClass,
  Table,
  wrapped,
} from '@tickwire/protocol';

/** Ticks of input kept for replay: two seconds at 60 Hz. A line slower than that is down. */
const MAX_REPLAY = 128;
/**
 * Half-lives of a correction's fading (NETCODE 3.4): small ones glide, large ones must not float.
 */
const SLOW_FADE_MS = 100;
const FAST_FADE_MS = 40;
/** Steps of a field at which a correction counts as large. */
const LARGE_STEPS = 64;

type RunStep = (self: Row, input: unknown, context: StepContext) => void;
export interface StepContext {
  dt: number;
  tick: number;
  replaying: boolean;
  near: (kind: string, x: number, y: number, radius: number) => Iterable<Row>;
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
  readonly #context: StepContext;
  /**
   * As of `tick`, as drawn, and what is still to be faded: all aligned with the received tables.
   */
  readonly #now: Table[];
  readonly #drawn: Table[];
  readonly #offset: Table[];
  readonly #neutral: Float64Array;
  readonly #wires: Float64Array[];
  readonly #input: Record<string, unknown> = {};
  readonly #held: Record<string, unknown> = {};
  #fraction = 0;

  constructor(game: Game, received: Received, near: StepContext['near'], active = true) {
    this.active = active;
    this.#game = game;
    this.#received = received;
    this.#context = { dt: 0, tick: 0, replaying: false, near };
    this.#now = game.kinds.map((plan) => new Table(plan));
    this.#drawn = game.kinds.map((plan) => new Table(plan));
    this.#offset = game.kinds.map((plan) => new Table(plan));
    this.#neutral = neutralInput(game.input);
    this.#wires = Array.from({ length: MAX_REPLAY }, () => this.#neutral.slice());
  }

  /** Input is made after `tick`; what the server steps until then it steps without us. */
  start(tick: number): void {
    this.tick = tick;
    for (const wire of this.#wires) wire.set(this.#neutral);
  }

  /** True if the row is one's own and predicted. */
  has(kind: number, row: number): boolean {
    const table = this.#received.tables[kind];
    return row <= table.high && table.ids[row] !== 0 && this.predicts(kind, table.ownerOf(row));
  }

  /** True if rows of that kind and owner are predicted here. */
  predicts(kind: number, owner: number): boolean {
    const { seat } = this.#received;
    return this.active && seat !== 0 && owner === seat && this.#game.steps[kind] !== undefined;
  }

  /** Another room: entities of the same ids are others. */
  forget(): void {
    for (const table of this.#now) table.ids.fill(0);
  }

  /** Takes the input of the next tick and steps. Ticks may be left out after a gap. */
  step(tick: number, wire: Float64Array): void {
    if (tick > this.tick + 1) this.start(tick);
    this.tick = tick;
    this.#wires[tick % MAX_REPLAY].set(wire);
    inputFromWire(this.#game.input, wire, this.#input);
    this.#stepAll(tick, this.#input, false);
  }

  /**
   * A STATE of `tick` was read: start from its exact values, replay what came after, and fade the
   * difference.
   */
  reconcile(tick: number): void {
    this.#forgetLost();
    // A server that is ahead has stepped what was not predicted: there is nothing to compare with.
    if (tick > this.tick) this.forget();
    this.#everyOwn((kind, row) => this.#restart(kind, row));
    const first = Math.max(tick + 1, this.tick - MAX_REPLAY + 1);
    for (let t = first; t <= this.tick; t++) {
      inputFromWire(this.#game.input, this.#wires[t % MAX_REPLAY], this.#input);
      this.#stepAll(t, this.#input, true);
    }
    this.#everyOwn((kind, row) => this.#fade(kind, row));
    if (tick > this.tick) this.tick = tick;
  }

  /** Sets what is drawn: `fraction` (0..1) of a tick after `tick`, with the input held now. */
  prepare(fraction: number, held: Readonly<Record<string, unknown>>, elapsedMs: number): void {
    this.#fraction = fraction;
    Object.assign(this.#held, held);
    this.#everyOwn((kind, row) => this.#decay(kind, row, elapsedMs));
  }

  /** Writes an own row as it is to be drawn. */
  draw(kind: number, row: number, into: Table): void {
    const drawn = aligned(this.#drawn[kind], row, this.#received.tables[kind]);
    drawn.copyRow(row, this.#now[kind]);
    const run = this.#game.steps[kind] as RunStep | undefined;
    if (run && this.#fraction > 0) {
      const context = this.#context;
      context.dt = this.#fraction / this.#game.tickRate;
      context.tick = this.tick + 1;
      context.replaying = true;
      run(rowOf(drawn, row), this.#held, context);
    }
    into.copyRow(row, drawn);
    const offset = this.#offset[kind];
    for (const f of drawn.plan.fields) {
      if (!f.spec.smooth) continue;
      for (let c = f.column; c < f.column + f.spec.components; c++)
        into.values[c][row] += offset.values[c][row];
      if (f.spec.type === 'quat') normalise(into.values, f.column, row);
    }
    // Collections and texts are the received ones: they are not predicted.
    const received = this.#received.tables[kind];
    for (let o = 0; o < into.objects.length; o++) into.objects[o][row] = received.objects[o][row];
  }

  #stepAll(tick: number, input: Readonly<Record<string, unknown>>, replaying: boolean): void {
    const context = this.#context;
    context.dt = 1 / this.#game.tickRate;
    context.tick = tick;
    context.replaying = replaying;
    this.#everyOwn((kind, row) => {
      const now = this.#now[kind];
      if (now.ids[row] !== this.#received.tables[kind].ids[row]) this.#begin(kind, row);
      (this.#game.steps[kind] as RunStep)(rowOf(now, row), input, context);
    });
  }

  #everyOwn(visit: (kind: number, row: number) => void): void {
    const { tables, seat } = this.#received;
    for (let kind = 0; kind < tables.length; kind++) {
      if (!this.predicts(kind, seat)) continue;
      const table = tables[kind];
      for (let row = 1; row <= table.high; row++)
        if (table.ids[row] !== 0 && table.ownerOf(row) === seat) visit(kind, row);
    }
  }

  /** Rows that are somebody else's by now start from nothing should they come back. */
  #forgetLost(): void {
    for (let kind = 0; kind < this.#now.length; kind++) {
      const now = this.#now[kind];
      for (let row = 1; row <= now.high; row++)
        if (now.ids[row] !== 0 && !this.has(kind, row)) now.ids[row] = 0;
    }
  }

  /** A row that was not predicted before: nothing to fade. */
  #begin(kind: number, row: number): void {
    const received = this.#received.tables[kind];
    const now = aligned(this.#now[kind], row, received);
    now.copyRow(row, received);
    const offset = aligned(this.#offset[kind], row, received);
    for (const column of offset.values) column[row] = 0;
    const drawn = aligned(this.#drawn[kind], row, received);
    drawn.ids[row] = 0;
  }

  /** Back to the server's exact values; the difference to what was predicted starts in `offset`. */
  #restart(kind: number, row: number): void {
    const received = this.#received.tables[kind];
    const now = this.#now[kind];
    if (now.ids[row] !== received.ids[row] || epochOf(now, row) !== epochOf(received, row)) {
      this.#begin(kind, row);
      return;
    }
    const before = aligned(this.#drawn[kind], row, received);
    before.copyRow(row, now);
    now.copyRow(row, received);
  }

  /** After the replay: what the picture would jump by is added to what fades. */
  #fade(kind: number, row: number): void {
    const now = this.#now[kind];
    const before = this.#drawn[kind];
    if (before.ids[row] !== now.ids[row] || epochOf(before, row) !== epochOf(now, row)) return;
    let large = false;
    for (const f of now.plan.fields) {
      if (f.index <= EPOCH || f.column < 0) continue;
      for (let c = f.column; c < f.column + f.spec.components; c++) {
        const jump = before.values[c][row] - now.values[c][row];
        const by = f.spec.type === 'angle' ? wrapped(jump) : jump;
        if (Math.abs(by) > f.spec.step) large = true;
        if (f.spec.smooth) this.#offset[kind].values[c][row] += by;
      }
    }
    if (large) this.corrections++;
  }

  #decay(kind: number, row: number, elapsedMs: number): void {
    const offset = this.#offset[kind];
    if (offset.ids[row] === 0) return;
    for (const f of offset.plan.fields) {
      if (!f.spec.smooth) continue;
      for (let c = f.column; c < f.column + f.spec.components; c++) {
        const left = offset.values[c][row];
        if (left === 0) continue;
        const size = Math.min(Math.abs(left) / (f.spec.step * LARGE_STEPS), 1);
        const halfLifeMs = SLOW_FADE_MS + (FAST_FADE_MS - SLOW_FADE_MS) * size;
        const faded = left * 2 ** (-elapsedMs / halfLifeMs);
        // Below a sixteenth of a step nothing is seen.
        offset.values[c][row] = Math.abs(faded) < f.spec.step / 16 ? 0 : faded;
      }
    }
  }
}

function epochOf(table: Table, row: number): number {
  return table.values[EPOCH][row];
}

/** A turn with an offset on it is a turn again. */
function normalise(values: readonly Float64Array[], column: number, row: number): void {
  let square = 0;
  for (let c = column; c < column + 4; c++) square += values[c][row] ** 2;
  for (let c = column; c < column + 4; c++) values[c][row] /= Math.sqrt(square || 1);
}

/**
 * Gives the row of an aligned table its entity's id; row objects are made when a step first needs
 * them.
 */
function aligned(table: Table, row: number, received: Table): Table {
  table.reserve(row);
  if (row > table.high) table.high = row;
  table.ids[row] = received.ids[row];
  return table;
}

function rowOf(table: Table, row: number): Row {
  return (table.rows[row] ??= new (rowClass(table.plan, 'live'))(table, row));
}
