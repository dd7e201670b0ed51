// Where the truth of a live table's smooth fields departs from their tracks in each STATE, and what
// both sides knew before. Filled by LiveTable.round and far-table, read by state-writer. Goes track
// by track over the rows that moved or were written, for a column is read faster than a row. HOT:
// allocates nothing per tick once its capacity is reached.

import { type Baseline, sendsBefore, stampField } from './baseline.ts';
import { lengthen, longer, type Wire, wireColumn } from './columns.ts';
import { TrackRun } from './track-odds.ts';
import type { Tracks } from './tracks.ts';

/** What a track was before this STATE. */
const STEERED = 1;
const TRUSTED = 2;

export class Departures {
  /** Steps from track to truth: `off[track][row]`, of rows that this STATE names. */
  readonly off: Int32Array[];
  /** What both sides knew before that (track-odds). */
  readonly hint: Int32Array[];
  /** The game's values, rounded: `truth[track][row]`. */
  readonly truth: Wire[];
  readonly #tracks: Tracks;
  /** Rows that moved or were written, and how many. */
  rows: Int32Array;
  count = 0;
  readonly #ownTruth: boolean;
  /** By track and row: where the track came to, how far beside, and what it was. */
  readonly #comesTo: Wire[];
  readonly #beside: Int32Array[];
  readonly #state: Uint8Array[];
  readonly #run = new TrackRun();

  /** `truth`: another's, where the same rows are followed more than once. */
  constructor(tracks: Tracks, capacity: number, truth?: Wire[]) {
    const { plans } = tracks;
    this.#tracks = tracks;
    this.off = plans.map(() => new Int32Array(capacity));
    this.hint = plans.map(() => new Int32Array(capacity));
    this.#ownTruth = truth === undefined;
    this.truth = truth ?? plans.map(({ spec }) => wireColumn(spec.levels, capacity));
    this.rows = new Int32Array(capacity);
    this.#comesTo = plans.map(({ spec }) => wireColumn(spec.levels, capacity));
    this.#beside = plans.map(() => new Int32Array(capacity));
    this.#state = plans.map(() => new Uint8Array(capacity));
  }

  grow(capacity: number): void {
    const { off, hint, truth } = this;
    if (this.#ownTruth) lengthen(truth, capacity);
    for (const columns of [off, hint, this.#comesTo, this.#beside, this.#state])
      lengthen(columns, capacity);
    this.rows = longer(this.rows, capacity);
  }

  /** Nothing moved or was written yet. */
  begin(): void {
    this.count = 0;
  }

  /** The row moves, or was written. */
  add(row: number): void {
    this.rows[this.count++] = row;
  }

  /**
   * Moves the tracks of all rows that were added on, and stamps what departs from them. `stays`: 1
   * for rows of which nothing is told, however far off.
   */
  follow(table: Baseline, ticks: number, stays?: Uint8Array): void {
    const { moving, plans } = this.#tracks;
    const rows = this.rows;
    for (let r = 0; r < this.count; r++) moving[rows[r]] = 0;
    for (let i = 0; i < plans.length; i++) this.#followColumn(table, i, ticks, stays);
    for (let r = 0; r < this.count; r++)
      if (table.changed[rows[r]] === table.tick) this.#takeHints(table, rows[r]);
  }

  #followColumn(table: Baseline, i: number, ticks: number, stays: Uint8Array | undefined): void {
    const tracks = this.#tracks;
    const { field, column, by, spec } = tracks.plans[i];
    const { moving } = tracks;
    const rows = this.rows;
    const wire = table.wire[column];
    const before = table.before[column];
    const velocity = by < 0 ? undefined : table.wire[by];
    const truths = this.truth[i];
    const comesTo = this.#comesTo[i];
    const beside = this.#beside[i];
    const state = this.#state[i];
    const offs = this.off[i];
    for (let r = 0; r < this.count; r++) {
      const row = rows[r];
      const held = wire[row];
      const truth = truths[row];
      if (held < 0) {
        wire[row] = truth;
        tracks.start(i, row, truth);
        if (velocity) tracks.steer(i, row, velocity[row]);
        if (tracks.goes(i, row)) moving[row] = 1;
        continue;
      }
      const steered = velocity !== undefined && tracks.steer(i, row, velocity[row]);
      const to = tracks.predict(i, row, held, ticks);
      comesTo[row] = to;
      beside[row] = tracks.beside;
      state[row] = (steered ? STEERED : 0) | (tracks.trusted ? TRUSTED : 0);
      let off = to === truth ? 0 : tracks.stepsBetween(i, to, truth);
      if (off !== 0 && (Math.abs(off) <= spec.within || stays?.[row] === 1)) off = 0;
      const told = off === 0 ? to : truth;
      before[row] = held;
      offs[row] = off;
      wire[row] = told;
      tracks.follow(i, row, held, to, told);
      if (tracks.goes(i, row)) moving[row] = 1;
      if (off !== 0 || steered) stampField(table, field, row);
    }
  }

  /** The row is named in this STATE: what its tracks were like before, and what they learn. */
  #takeHints(table: Baseline, row: number): void {
    if (table.born[row] === table.tick) return;
    const tracks = this.#tracks;
    const sends = sendsBefore(table, row);
    this.#run.reset();
    for (let i = 0; i < tracks.plans.length; i++) {
      const { column } = tracks.plans[i];
      const held = table.before[column][row];
      const off = this.off[i][row];
      const steered = (this.#state[i][row] & STEERED) !== 0;
      tracks.beside = this.#beside[i][row];
      tracks.trusted = (this.#state[i][row] & TRUSTED) !== 0;
      const to = this.#comesTo[i][row];
      this.hint[i][row] = this.#run.hint(tracks, i, row, held, to, steered, sends);
      this.#run.took(tracks, i, off, table.wire[column][row] === held);
      tracks.learn(i, row, sends, off);
    }
  }
}
