// Which entities a seat knows. First what is near (a grid, with hysteresis, around what the seat
// looks from), then what it is allowed to know (`sees`). Rooms with neither have one known set for
// all. Called by replication for each seat that gets a STATE; a seat that gets none is not asked
// for, so its known set is always what it was told. Distances are measured now and then, in turns;
// what cannot wait is in sudden-rows. HOT: allocates nothing per tick.
import { type KnownSet, kindOfKey, type LiveTable, type Row, rowOfKey } from '@tickwire/protocol';
import { type Eye, Eyes, type Places, type Point, placesOf, renew, waySquared } from './eyes.ts';
import { Grid } from './grid.ts';
import { SuddenRows } from './sudden-rows.ts';
import type { World } from './world.ts';

/** Entities leave at this many times the radius they enter at: nothing flickers at the edge. */
const LEAVE_FACTOR = 1.1;

/** Rows become near again at this part of the distance they become far at, for the same reason. */
const NEAR_FACTOR = 0.9;

/** What is at the edge of sight still matters: it waits longer, not for ever. */
const LEAST_WEIGHT = 0.05;

/**
 * Between two looks, a row and the seat's eye move by this part of the radius each at most: what
 * moves faster is looked at sooner. So a row is known at 0.9 of the radius at the latest, and not
 * beyond 1.2 of it.
 */
const MOST_DRIFT = 0.05;

/** More sudden rows than this: a look at the grid is cheaper for each seat. */
const MOST_SUDDEN = 256;

/** Cells are smaller than the reach: less of what they hold is too far. */
const CELL_SHARE = 0.5;

/** Of viewers that visibility was not asked for yet. */
export const NO_EYE = -1;

/** A seat as visibility sees it. */
export interface Viewer {
  readonly id: number;
  /** Its own known set; rooms without interest and `sees` share one. */
  readonly known: KnownSet;
  /** Kept here by visibility: its eye, or NO_EYE before the first STATE. */
  eye: number;
}

export interface Sight<V extends Viewer> {
  /** A row or a point; undefined: what it last was. */
  around?: (viewer: V) => Row | Point | undefined;
  /** World units. */
  radius: number;
  /** World units: what is beyond is told as it is to those who are far. */
  far?: number;
  /** STATEs from one look of a seat to its next; default 1. With `sees` it is always 1. */
  lookEvery?: number;
  /** True for what the viewer may know of. */
  sees?: (viewer: V, row: Row) => boolean;
}

export class Visibility<V extends Viewer> {
  readonly #world: World;
  readonly #sight: Sight<V>;
  readonly #grid: Grid | undefined;
  /** By kind; undefined where distance does not matter. */
  readonly #places: (Places | undefined)[];
  readonly #eyes = new Eyes();
  readonly #enterSquared: number;
  readonly #leaveSquared: number;
  readonly #farSquared: number;
  readonly #nearSquared: number;
  readonly #driftSquared: number;
  /** Nothing that was further away at the STATE before is known by its distance. */
  readonly #unknownSquared: number;
  readonly #lookEvery: number;
  /** Undefined where every seat looks at each of its STATEs. */
  readonly #sudden: SuddenRows | undefined;
  /** STATEs of the room so far. */
  #turn = 0;

  constructor(world: World, sight: Sight<V>) {
    this.#world = world;
    this.#sight = sight;
    const { around, radius, far = Infinity, sees, lookEvery = 1 } = sight;
    const drift = radius * MOST_DRIFT;
    this.#driftSquared = drift * drift;
    this.#unknownSquared = (radius * LEAVE_FACTOR + 4 * drift) ** 2;
    // Leave to know of a row may go at any time.
    this.#lookEvery = sees || !around ? 1 : lookEvery;
    if (this.#lookEvery > 1) this.#sudden = new SuddenRows(drift / (this.#lookEvery - 1));
    this.#farSquared = far * far;
    this.#nearSquared = (far * NEAR_FACTOR) ** 2;
    this.#grid = around ? new Grid(radius * CELL_SHARE, radius) : undefined;
    this.#places = world.tables.map((table) => (around ? placesOf(table) : undefined));
    this.#enterSquared = radius * radius;
    this.#leaveSquared = (radius * LEAVE_FACTOR) ** 2;
  }

  /** Once a STATE, after the world was rounded. */
  begin(): void {
    this.#turn++;
    for (let k = 0; k < this.#places.length; k++) {
      const places = this.#places[k];
      if (places) renew(places, this.#world.tables[k]);
    }
    this.#grid?.rebuild(this.#world.tables);
    this.#sudden?.find(this.#world.tables);
  }

  /** Brings the viewer's known set up to date with what it may know at `tick`. */
  update(viewer: V, tick: number): void {
    const eye = this.#eyeOf(viewer);
    const steady = this.#isSteady(eye);
    const looks = !steady || (this.#turn + viewer.id) % this.#lookEvery === 0;
    this.#eyes.takeTurn(viewer.eye, this.#turn);
    if (steady) this.#dropGone(viewer.known, eye, tick);
    if (looks) this.#dropUnseen(viewer, eye, tick, !steady);
    this.#takeOwn(viewer, eye, tick);
    if (!looks) return this.#takeSudden(viewer, eye, tick);
    for (let k = 0; k < this.#places.length; k++)
      if (!this.#places[k]) this.#takeAll(viewer, this.#world.tables[k], eye, tick);
    if (!eye.placed) return;
    this.#eyes.look(viewer.eye);
    this.#lookAround(viewer, eye, tick);
  }

  /**
   * True where nothing but sudden rows and what drifts can have come or gone since the viewer's
   * STATE before.
   */
  #isSteady(eye: Eye): boolean {
    const sudden = this.#sudden;
    if (!sudden || eye.turn === 0 || eye.turn !== this.#turn - 1) return false;
    if (sudden.gone.count + sudden.come.count > MOST_SUDDEN) return false;
    if (!eye.placed) return true;
    const dx = eye.x - eye.lookedX;
    const dy = eye.y - eye.lookedY;
    const dz = eye.z - eye.lookedZ;
    return dx * dx + dy * dy + dz * dz <= this.#driftSquared;
  }

  #takeOwn(viewer: V, eye: Eye, tick: number): void {
    const { known } = viewer;
    const own = this.#world.owned.get(viewer.id);
    if (!own) return;
    for (let i = 0; i < own.length; i++) {
      const table = own[i].$table as LiveTable;
      const row = own[i].$index;
      if (!known.hasRow(table.plan.index, row)) this.#enter(viewer, table, row, eye, tick);
      // Its own part is told against what those hold who are near.
      else if (table.far) known.part(known.slotOf(table.ids[row]), 0);
    }
  }

  #dropGone(known: KnownSet, eye: Eye, tick: number): void {
    const { count, kind, row, id, anywhere, x, y } = this.#sudden!.gone;
    for (let i = 0; i < count; i++) {
      // Most were nowhere near: known sets are large together, and slow to ask.
      const dx = x[i] - eye.x;
      const dy = y[i] - eye.y;
      if (anywhere[i] === 0 && dx * dx + dy * dy > this.#unknownSquared) continue;
      if (!known.hasRow(kind[i], row[i])) continue;
      const slot = known.slotOf(id[i]);
      if (slot >= 0) known.leave(slot, tick);
    }
  }

  /** What is new, or has jumped. */
  #takeSudden(viewer: V, eye: Eye, tick: number): void {
    const { known } = viewer;
    const { count, kind, row, id, anywhere, x, y } = this.#sudden!.come;
    for (let i = 0; i < count; i++) {
      const dx = x[i] - eye.x;
      const dy = y[i] - eye.y;
      if (anywhere[i] === 0 && dx * dx + dy * dy > this.#enterSquared) continue;
      const table = this.#world.tables[kind[i]];
      if (known.hasRow(kind[i], row[i])) {
        const slot = known.slotOf(id[i]);
        const owned = table.ownerOf(row[i]) === viewer.id;
        if (!this.#isNear(viewer, slot, eye) && !owned) known.leave(slot, tick);
      } else if (!this.#places[kind[i]] || this.#isWithin(kind[i], row[i], eye))
        this.#enter(viewer, table, row[i], eye, tick);
    }
  }

  /** What is too far or not to be known any more leaves, and with `gone` what is gone. */
  #dropUnseen(viewer: V, eye: Eye, tick: number, gone: boolean): void {
    const { known } = viewer;
    const { keys } = known;
    const { sees } = this.#sight;
    const { tables } = this.#world;
    for (let slot = 0; slot < known.high; slot++) {
      if (keys[slot] < 0) continue;
      const table = tables[kindOfKey(keys[slot])];
      const row = rowOfKey(keys[slot]);
      if (!gone || table.ids[row] === known.idAt(slot)) {
        const stays = this.#isNear(viewer, slot, eye);
        if (stays && !sees) continue;
        if (table.ownerOf(row) === viewer.id) continue;
        if (stays && sees!(viewer, table.rows[row]!)) continue;
      }
      known.leave(slot, tick);
    }
  }

  /** Near enough to stay; says by the way whether it is far, where that makes a difference. */
  #isNear({ known, id }: V, slot: number, eye: Eye): boolean {
    const kind = known.kindAt(slot);
    const places = this.#places[kind];
    if (!places) return true;
    if (!eye.placed) return false;
    const way = waySquared(places, known.rowAt(slot), eye);
    // Where there is no such distance, all is nearer, and nothing ever was far.
    if (way > this.#nearSquared || known.parted) this.#part(known, slot, way, id);
    return way <= this.#leaveSquared;
  }

  #part(known: KnownSet, slot: number, way: number, viewer: number): void {
    const table = this.#world.tables[known.kindAt(slot)];
    if (!table.far || table.ownerOf(known.rowAt(slot)) === viewer) return;
    if (way > this.#farSquared) known.part(slot, 1);
    else if (way < this.#nearSquared) known.part(slot, 0);
  }

  #takeAll(viewer: V, table: LiveTable, eye: Eye, tick: number): void {
    const { known } = viewer;
    for (let row = 1; row <= table.high; row++)
      if (table.ids[row] !== 0 && !known.hasRow(table.plan.index, row))
        this.#consider(viewer, table, row, eye, tick);
  }

  #lookAround(viewer: V, eye: Eye, tick: number): void {
    const grid = this.#grid!;
    const { known } = viewer;
    const { tables } = this.#world;
    const { kind, row, x, y } = grid;
    const most = this.#enterSquared;
    grid.lookAround(eye);
    for (let cx = grid.firstX; cx <= grid.lastX; cx++) {
      grid.lookAlong(cx);
      for (let cy = grid.firstY; cy <= grid.lastY; ) {
        cy = grid.find(cx, cy, grid.lastY);
        for (let i = grid.start; i < grid.end; i++) {
          const dx = x[i] - eye.x;
          const dy = y[i] - eye.y;
          // A height only takes away from what is near.
          if (!(dx * dx + dy * dy <= most) || known.hasRow(kind[i], row[i])) continue;
          if (this.#places[kind[i]]!.z && !this.#isWithin(kind[i], row[i], eye)) continue;
          this.#consider(viewer, tables[kind[i]], row[i], eye, tick);
        }
      }
    }
  }

  /** Near enough to enter. */
  #isWithin(kind: number, row: number, eye: Eye): boolean {
    return eye.placed && waySquared(this.#places[kind]!, row, eye) <= this.#enterSquared;
  }

  /** Enters what is near and not known yet, if it may be known. */
  #consider(viewer: V, table: LiveTable, row: number, eye: Eye, tick: number): void {
    const { sees } = this.#sight;
    if (sees && table.ownerOf(row) !== viewer.id && !sees(viewer, table.rows[row]!)) return;
    this.#enter(viewer, table, row, eye, tick);
  }

  #enter(viewer: V, table: LiveTable, row: number, eye: Eye, tick: number): void {
    const slot = viewer.known.enter(table.plan.index, row, table.ids[row], tick);
    if (table.far) this.#isNear(viewer, slot, eye);
  }

  /** How much a row matters to a viewer by its distance: 0.05 at the edge of sight to 1.05. */
  weight(viewer: V, table: LiveTable, row: number): number {
    const eye = this.#eyes.of(viewer.eye);
    const places = this.#places[table.plan.index];
    if (!eye.placed || !places) return 1;
    const near = Math.max(1 - Math.sqrt(waySquared(places, row, eye)) / this.#sight.radius, 0);
    return near * near + LEAST_WEIGHT;
  }

  /** The viewer's eye, moved to where it looks from now. */
  #eyeOf(viewer: V): Eye {
    if (viewer.eye === NO_EYE) viewer.eye = this.#eyes.open();
    const from = this.#grid && this.#sight.around!(viewer);
    const eye = this.#eyes.of(viewer.eye);
    if (from) this.#eyes.place(viewer.eye, from);
    return eye;
  }

  /** Where a viewer looks from; undefined: nowhere yet. */
  placeOf({ eye }: V): Point | undefined {
    if (eye === NO_EYE) return undefined;
    const { x, y, z, placed } = this.#eyes.of(eye);
    return placed ? { x, y, z } : undefined;
  }

  /** A viewer looks from there until `around` says otherwise. */
  settle(viewer: V, from: Point): void {
    if (viewer.eye === NO_EYE) viewer.eye = this.#eyes.open();
    this.#eyes.of(viewer.eye);
    this.#eyes.place(viewer.eye, from);
  }

  /** The viewer is gone for good. */
  forget(viewer: V): void {
    if (viewer.eye !== NO_EYE) this.#eyes.close(viewer.eye);
    viewer.eye = NO_EYE;
  }
}

/**
 * The one known set of a room in which everybody sees everything: brought up to date with the live
 * world.
 */
export function updateShared(known: KnownSet, world: World, tick: number): void {
  const { tables } = world;
  for (let slot = 0; slot < known.high; slot++) {
    const kind = known.kindAt(slot);
    if (kind >= 0 && tables[kind].ids[known.rowAt(slot)] !== known.idAt(slot))
      known.leave(slot, tick);
  }
  for (let k = 0; k < tables.length; k++) {
    const { ids, high } = tables[k];
    for (let row = 1; row <= high; row++)
      if (ids[row] !== 0 && !known.hasRow(k, row)) known.enter(k, row, ids[row], tick);
  }
}
