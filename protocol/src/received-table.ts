// A table of what a seat was told: beside the values that are shown it keeps the wire values they
// stand for and the tracks of smooth fields, so that a STATE may say steps and departures. Written
// by state-reader and Received. What the owner knows exactly stands in `values` alone.
import { lengthen, longer, type Wire, wireColumn } from './columns.ts';
import type { FieldPlan, Plan } from './plan.ts';
import { fromWire, partsFromWire } from './quantize.ts';
import { initialShown, Table } from './table.ts';
import { Tracks } from './tracks.ts';

const wireParts = new Float64Array(4);
const valueParts = new Float64Array(4);

export class ReceivedTable extends Table {
  /** Wire values as they were told: `wire[column][row]`. */
  readonly wire: Wire[];
  /** Undefined where bodies are plain. */
  tracks: Tracks | undefined;
  /** Tick at which the row last changed, as far as the seat was told. */
  changed: Uint32Array;
  /** Tick of the newest STATE that named the row. */
  read: Uint32Array;
  /** Tick of the STATE that the row arrived with. */
  arrived: Uint32Array;
  /** 0, or the tick that the row was last told of while the room waits with what changed since. */
  behind: Uint32Array;
  /** Tick of the STATE that is being read. */
  now = 0;

  constructor(plan: Plan) {
    super(plan);
    this.wire = plan.columns.map(({ levels }) => wireColumn(levels, this.capacity));
    this.changed = new Uint32Array(this.capacity);
    this.read = new Uint32Array(this.capacity);
    this.arrived = new Uint32Array(this.capacity);
    this.behind = new Uint32Array(this.capacity);
  }

  protected override grow(capacity: number): void {
    super.grow(capacity);
    lengthen(this.wire, capacity);
    this.changed = longer(this.changed, capacity);
    this.read = longer(this.read, capacity);
    this.arrived = longer(this.arrived, capacity);
    this.behind = longer(this.behind, capacity);
    this.tracks?.grow(capacity);
  }

  override reset(row: number): void {
    super.reset(row);
    for (let c = 0; c < this.wire.length; c++) this.wire[c][row] = this.plan.initialWire[c];
    if (this.tracks) this.tracks.moving[row] = 0;
  }

  /** From now on smooth fields move by tracks, or, with 0, not. */
  track(secondsPerTick: number): void {
    const { plan, capacity } = this;
    this.tracks = secondsPerTick > 0 ? new Tracks(plan, secondsPerTick, capacity) : undefined;
  }

  /** The values of a field become what its wire values stand for. */
  store({ spec, column }: FieldPlan, row: number): void {
    if (spec.components === 1) {
      this.values[column][row] = fromWire(spec, this.wire[column][row]);
      return;
    }
    for (let i = 0; i < spec.components; i++) wireParts[i] = this.wire[column + i][row];
    partsFromWire(spec, wireParts, valueParts);
    for (let i = 0; i < spec.components; i++) this.values[column + i][row] = valueParts[i];
  }

  /** True for fields that the owner of a row knows exactly. */
  isExact(f: FieldPlan): boolean {
    return this.plan.stepped && (this.plan.ownMask & (1 << f.index)) !== 0;
  }

  /**
   * A row that is no longer one's own: exact values become the rounded ones everybody has,
   * `ownerOnly` fields are forgotten.
   */
  disown(row: number): void {
    for (const f of this.plan.fields) {
      if ((this.plan.ownMask & (1 << f.index)) === 0) continue;
      if (f.spec.scope !== 'owner') this.store(f, row);
      else if (f.column < 0) this.objects[f.object][row] = initialShown(f.spec);
      else
        for (let c = f.column; c < f.column + f.spec.components; c++) {
          this.wire[c][row] = this.plan.initialWire[c];
          this.values[c][row] = this.plan.shown[c];
        }
    }
  }

  /** Rows that this STATE did not name move on as they did; those of `seat` unseen. */
  moveOn(ticks: number, sends: number, seat: number): void {
    const { tracks, ids, high, read, now } = this;
    if (!tracks) return;
    for (let row = 1; row <= high; row++) {
      if (tracks.moving[row] === 0 || ids[row] === 0 || read[row] === now) continue;
      const mine = seat !== 0 && this.ownerOf(row) === seat;
      let goesOn = 0;
      for (let i = 0; i < tracks.plans.length; i++) {
        if (!tracks.goes(i, row)) continue;
        const { column, spec, field } = tracks.plans[i];
        const wire = tracks.goOn(i, row, this.wire[column][row], ticks / sends, sends);
        this.wire[column][row] = wire;
        if (!(mine && this.isExact(field))) this.values[column][row] = fromWire(spec, wire);
        if (tracks.goes(i, row)) goesOn = 1;
      }
      tracks.moving[row] = goesOn;
    }
  }
}
