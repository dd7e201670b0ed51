// Which entities a seat knows. First what is near (a grid, with hysteresis, around what the seat
// looks from), then what it is allowed to know (`sees`). Rooms with neither have one known set for
// all. Called by room.ts once a tick, before replication; a seat that gets no STATE this tick is
// not asked for, so its known set is always what it was told. HOT: allocates nothing per tick.
import type { KnownSet, LiveTable, Row } from '@tickwire/protocol';
import { Grid } from './grid.ts';
import type { World } from './world.ts';

/** Entities leave at this many times the radius they enter at: nothing flickers at the edge. */
const LEAVE_FACTOR = 1.1;

/** What is at the edge of sight still matters: it waits longer, not for ever. */
const LEAST_WEIGHT = 0.05;

/** Where a seat looks from. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly z?: number;
}

/** A seat as visibility sees it. */
export interface Viewer {
  readonly id: number;
  /** Its own known set; rooms without interest and `sees` share one. */
  readonly known: KnownSet;
}

export interface Sight<V extends Viewer> {
  /** A row or a point; undefined: what it last was. */
  around?: (viewer: V) => Row | Point | undefined;
  /** World units. */
  radius: number;
  /** True for what the viewer may know of. */
  sees?: (viewer: V, row: Row) => boolean;
}

/** Near enough to enter; near enough to stay; neither. */
const Zone = { Near: 0, Edge: 1, Away: 2 } as const;
type Zone = (typeof Zone)[keyof typeof Zone];

interface Eye {
  x: number;
  y: number;
  z: number;
  placed: boolean;
}

export class Visibility<V extends Viewer> {
  readonly #world: World;
  readonly #sight: Sight<V>;
  readonly #grid: Grid | undefined;
  readonly #always: LiveTable[];
  readonly #eyes = new Map<number, Eye>();
  #round = 0;

  constructor(world: World, sight: Sight<V>) {
    this.#world = world;
    this.#sight = sight;
    this.#grid = sight.around ? new Grid(sight.radius * LEAVE_FACTOR) : undefined;
    this.#always = world.tables.filter((t) => !sight.around || !t.plan.position);
  }

  /** Once a tick, after the world was rounded. */
  begin(): void {
    this.#grid?.rebuild(this.#world.tables);
  }

  /** Brings the viewer's known set up to date with what it may know at `tick`. */
  update(viewer: V, tick: number): void {
    const { known } = viewer;
    this.#round++;
    for (const table of this.#always) {
      for (let row = 1; row <= table.high; row++)
        if (table.ids[row] !== 0) this.#consider(viewer, table, row, tick, Zone.Near);
    }
    const own = this.#world.owned.get(viewer.id);
    if (own)
      for (let i = 0; i < own.length; i++) {
        const table = own[i].$table as LiveTable;
        const row = own[i].$index;
        this.#mark(known, known.slotOf(table.ids[row]), table, row, tick);
      }
    this.#lookAround(viewer, tick);
    for (let slot = 0; slot < known.limit; slot++)
      if (known.kind[slot] >= 0 && known.seen[slot] !== this.#round) known.leave(slot, tick);
  }

  /** How much a row matters to a viewer by its distance: 0.05 at the edge of sight to 1.05. */
  weight(viewer: V, table: LiveTable, row: number): number {
    const eye = this.#eyes.get(viewer.id);
    const at = table.plan.position;
    if (!eye?.placed || !at) return 1;
    const dx = table.values[at.x][row] - eye.x;
    const dy = table.values[at.y][row] - eye.y;
    const dz = at.z < 0 ? 0 : table.values[at.z][row] - eye.z;
    const near = Math.max(1 - Math.sqrt(dx * dx + dy * dy + dz * dz) / this.#sight.radius, 0);
    return near * near + LEAST_WEIGHT;
  }

  forget(viewer: V): void {
    this.#eyes.delete(viewer.id);
  }

  #lookAround(viewer: V, tick: number): void {
    const grid = this.#grid;
    const eye = grid && this.#eyeOf(viewer);
    if (!grid || !eye) return;
    // A cell is as wide as the reach.
    grid.lookAround(eye);
    for (let cx = grid.firstX; cx <= grid.lastX; cx++)
      for (let cy = grid.firstY; cy <= grid.lastY; cy++) {
        grid.find(cx, cy);
        for (let i = grid.start; i < grid.end; i++) {
          const table = this.#world.tables[grid.kind[i]];
          const row = grid.row[i];
          const zone = this.#zoneOf(table, row, eye);
          if (zone !== Zone.Away) this.#consider(viewer, table, row, tick, zone);
        }
      }
  }

  #consider(viewer: V, table: LiveTable, row: number, tick: number, zone: Zone): void {
    const { known } = viewer;
    const { sees } = this.#sight;
    const slot = known.slotOf(table.ids[row]);
    if (slot < 0 ? zone !== Zone.Near : known.seen[slot] === this.#round) return;
    if (sees && table.ownerOf(row) !== viewer.id && !sees(viewer, table.rows[row]!)) return;
    this.#mark(known, slot, table, row, tick);
  }

  /** A small number and not the distance: a float64 handed on is an object. */
  #zoneOf(table: LiveTable, row: number, eye: Eye): Zone {
    const at = table.plan.position!;
    const dx = table.values[at.x][row] - eye.x;
    const dy = table.values[at.y][row] - eye.y;
    const dz = at.z < 0 ? 0 : table.values[at.z][row] - eye.z;
    const distance = dx * dx + dy * dy + dz * dz;
    const { radius } = this.#sight;
    if (distance <= radius * radius) return Zone.Near;
    return distance <= (radius * LEAVE_FACTOR) ** 2 ? Zone.Edge : Zone.Away;
  }

  /** `slot` is the entity's in the known set, or -1: it enters. */
  #mark(known: KnownSet, slot: number, table: LiveTable, row: number, tick: number): void {
    const at = slot < 0 ? known.enter(table.plan.index, row, table.ids[row], tick) : slot;
    known.seen[at] = this.#round;
  }

  /** Where the viewer looks from: undefined until `around` has answered once. */
  #eyeOf(viewer: V): Eye | undefined {
    let eye = this.#eyes.get(viewer.id);
    if (!eye) this.#eyes.set(viewer.id, (eye = { x: 0, y: 0, z: 0, placed: false }));
    const from = this.#sight.around!(viewer);
    if (from) place(eye, from);
    return eye.placed ? eye : undefined;
  }
}

function place(eye: Eye, from: Row | Point): void {
  const table = (from as Partial<Row>).$table;
  if (!table) {
    eye.x = (from as Point).x;
    eye.y = (from as Point).y;
    eye.z = (from as Point).z ?? 0;
  } else {
    const at = table.plan.position;
    // A row that is gone keeps the eye where it was.
    if (!at || !(from as Row).alive) return;
    const row = (from as Row).$index;
    eye.x = table.values[at.x][row];
    eye.y = table.values[at.y][row];
    eye.z = at.z < 0 ? 0 : table.values[at.z][row];
  }
  eye.placed = true;
}

/**
 * The one known set of a room in which everybody sees everything: brought up to date with the live
 * world.
 */
export function updateShared(known: KnownSet, world: World, tick: number, round: number): void {
  for (const table of world.tables) {
    for (let row = 1; row <= table.high; row++) {
      const id = table.ids[row];
      if (id === 0) continue;
      let slot = known.slotOf(id);
      if (slot < 0) slot = known.enter(table.plan.index, row, id, tick);
      known.seen[slot] = round;
    }
  }
  for (let slot = 0; slot < known.limit; slot++)
    if (known.kind[slot] >= 0 && known.seen[slot] !== round) known.leave(slot, tick);
}
