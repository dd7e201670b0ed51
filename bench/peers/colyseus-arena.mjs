// The arena as a Colyseus room's state, and what each seat sees of it: all, through one shared
// state, or what lies within a radius of the seat's own ship, through a StateView of its own. A
// grid finds who is near, so that Colyseus pays for its views and not for our search.
import { StateView, schema, t } from '@colyseus/schema';
import { Arena, FIELD, q, WORLD } from '../src/workload.ts';
import { ShipSchema } from './colyseus-schema.mjs';

const Everything = schema({ ships: t.map(ShipSchema) }, 'Everything');
const Viewed = schema({ ships: t.map(ShipSchema).view() }, 'Viewed');

export class ColyseusArena {
  /** @param {{ n: number, seed: number, radius: number | undefined }} options */
  constructor({ n, seed, radius }) {
    this.arena = new Arena({ n, seed });
    this.state = radius === undefined ? new Everything() : new Viewed();
    this.grid = radius === undefined ? undefined : new Grid(radius);
    /** By index in the arena. */
    this.rows = this.arena.entities.map((ship) => this.#born(ship));
    /** @type {Set<Sight>} */
    this.sights = new Set();
  }

  /** One tick: everything moves, then every view takes in and lets go. */
  step() {
    const { arena, rows } = this;
    arena.step();
    for (const id of arena.removed) this.state.ships.delete(String(id));
    for (let index = 0; index < arena.n; index++) {
      const fields = arena.changed[index];
      if (fields === 0) continue;
      const ship = arena.entities[index];
      if (rows[index].id !== ship.id) rows[index] = this.#born(ship);
      else move(rows[index], ship, fields);
    }
    if (!this.grid) return;
    this.grid.fill(arena.entities);
    for (const sight of this.sights) sight.look(arena, rows, this.grid);
  }

  /**
   * The eyes of the seat whose ship is at `index`; without a radius there is nothing to limit.
   * @param {number} index
   */
  open(index) {
    if (!this.grid) return undefined;
    const sight = new Sight(index);
    this.grid.fill(this.arena.entities);
    sight.look(this.arena, this.rows, this.grid);
    this.sights.add(sight);
    return sight;
  }

  /** @param {Sight | undefined} sight */
  close(sight) {
    if (!sight) return;
    this.sights.delete(sight);
    sight.view.dispose();
  }

  /** @param {import('../src/workload.ts').Entity} ship */
  #born(ship) {
    const row = new ShipSchema();
    row.id = ship.id;
    row.kind = ship.kind;
    row.name = ship.name;
    move(row, ship, -1);
    this.state.ships.set(String(ship.id), row);
    return row;
  }
}

/**
 * @param {InstanceType<typeof ShipSchema>} row
 * @param {import('../src/workload.ts').Entity} ship
 * @param {number} fields
 */
function move(row, ship, fields) {
  if (fields & FIELD.x) row.x = q.pos(ship.x);
  if (fields & FIELD.y) row.y = q.pos(ship.y);
  if (fields & FIELD.angle) row.angle = q.ang(ship.angle);
  if (fields & FIELD.vx) row.vx = q.vel(ship.vx);
  if (fields & FIELD.vy) row.vy = q.vel(ship.vy);
  if (fields & FIELD.hp) row.hp = ship.hp;
  if (fields & FIELD.score) row.score = ship.score;
}

/** What one seat sees. */
class Sight {
  view = new StateView();
  /**
   * The row seen at each index of the arena, and the tick it was last seen in.
   * @type {(InstanceType<typeof ShipSchema> | undefined)[]}
   */
  #seen = [];
  /** @type {number[]} */
  #stamps = [];
  /** @type {number[]} */
  #list = [];

  /** @param {number} index Of the seat's own ship. */
  constructor(index) {
    this.index = index;
  }

  /**
   * @param {Arena} arena
   * @param {InstanceType<typeof ShipSchema>[]} rows
   * @param {Grid} grid
   */
  look({ entities, tick }, rows, grid) {
    const before = this.#list;
    this.#list = grid.near(entities[this.index], entities);
    for (const index of this.#list) {
      this.#stamps[index] = tick;
      const row = rows[index];
      if (this.#seen[index] === row) continue;
      // A ship that died takes its place in every view with it; this is the next one.
      this.#seen[index] = row;
      this.view.add(row);
    }
    for (const index of before) {
      if (this.#stamps[index] === tick) continue;
      const row = this.#seen[index];
      this.#seen[index] = undefined;
      if (row === rows[index]) this.view.remove(row);
    }
  }
}

/** Squares of the world, as wide as the radius: what is near lies in nine of them. */
class Grid {
  /** @type {number[][]} */
  #cells = [];

  /** @param {number} radius */
  constructor(radius) {
    this.radius = radius;
    this.width = Math.ceil(WORLD / radius);
    for (let cell = 0; cell < this.width * this.width; cell++) this.#cells.push([]);
  }

  /** @param {readonly { x: number, y: number }[]} places */
  fill(places) {
    for (const cell of this.#cells) cell.length = 0;
    places.forEach(({ x, y }, index) => {
      this.#cells[this.#at(y) * this.width + this.#at(x)].push(index);
    });
  }

  /**
   * Indices of the places within the radius.
   * @param {{ x: number, y: number }} centre
   * @param {readonly { x: number, y: number }[]} places
   */
  near(centre, places) {
    const found = [];
    const limit = this.radius * this.radius;
    const [column, line] = [this.#at(centre.x), this.#at(centre.y)];
    for (let y = Math.max(line - 1, 0); y <= Math.min(line + 1, this.width - 1); y++) {
      for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, this.width - 1); x++) {
        for (const index of this.#cells[y * this.width + x]) {
          const dx = places[index].x - centre.x;
          const dy = places[index].y - centre.y;
          if (dx * dx + dy * dy <= limit) found.push(index);
        }
      }
    }
    return found;
  }

  /** @param {number} place */
  #at(place) {
    return Math.floor(place / this.radius);
  }
}
