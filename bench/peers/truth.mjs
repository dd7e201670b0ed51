// What every peer has to bring across, tick by tick: arena-N in whole steps (x, y, vx, vy in 1/16,
// angle in 1/256 turn), with exact lists of what changed in those steps. A field that moved by less
// than a step is not in them: no peer pays for it. Also the judge of what arrived.
import { Arena, q } from '../src/workload.ts';

/** @typedef {import('../src/workload.ts').Mode} Mode */
/** @typedef {import('../src/workload.ts').Entity} Entity */
/**
 * A ship in whole steps.
 * @typedef {{ id: number, x: number, y: number, angle: number, vx: number, vy: number,
 *   hp: number, kind: number, score: number, name: string }} Ship
 */
/** @typedef {{ ship: Ship, fields: Field[] }} Change */
/** @typedef {'x' | 'y' | 'angle' | 'vx' | 'vy' | 'hp' | 'score'} Field */

/** What can change after a ship was born. */
export const CHANGING = /** @type {Field[]} */ (['x', 'y', 'angle', 'vx', 'vy', 'hp', 'score']);
/** Everything that reaches the client. */
export const FIELDS = /** @type {const} */ ([...CHANGING, 'id', 'kind', 'name']);

export const PRECISION = 'x, y, vx, vy: 1/16 exactly rounded; angle: 8 bits; the rest exact';

export class Truth {
  /** @param {{ n: number, seed: number, mode: Mode }} options */
  constructor(options) {
    this.arena = new Arena(options);
    this.ships = this.arena.entities.map(rounded);
    /** Ships born in this tick; all of them in tick 0. */
    this.added = this.ships.slice();
    /** Those that died in this tick. */
    this.removed = /** @type {Ship[]} */ ([]);
    this.changed = /** @type {Change[]} */ ([]);
  }

  step() {
    this.arena.step();
    this.added = [];
    this.removed = [];
    this.changed = [];
    for (let index = 0; index < this.arena.n; index++) {
      if (this.arena.changed[index] === 0) continue;
      const now = rounded(this.arena.entities[index]);
      const ship = this.ships[index];
      if (now.id !== ship.id) {
        this.removed.push(ship);
        this.added.push(now);
        this.ships[index] = now;
        continue;
      }
      const fields = CHANGING.filter((field) => now[field] !== ship[field]);
      for (const field of fields) ship[field] = now[field];
      if (fields.length > 0) this.changed.push({ ship, fields });
    }
  }

  /**
   * Throws at the first field that arrived wrong.
   * @param {Map<number, Ship>} seen By id.
   */
  judge(seen) {
    compare(this.ships, seen, `tick ${this.arena.tick}`);
  }
}

/**
 * Throws at the first ship that is missing or too many, or field that differs.
 * @param {readonly Ship[]} ships
 * @param {Map<number, Ship>} seen By id.
 * @param {string} at
 */
export function compare(ships, seen, at) {
  if (seen.size !== ships.length) throw new Error(`${at}: ${seen.size} of ${ships.length} ships`);
  for (const ship of ships) {
    const copy = seen.get(ship.id);
    if (!copy) throw new Error(`${at}: ship ${ship.id} is missing`);
    for (const field of FIELDS) {
      if (copy[field] === ship[field]) continue;
      throw new Error(`${at}: ship ${ship.id}: ${field} ${copy[field]}, not ${ship[field]}`);
    }
  }
}

/**
 * @param {Entity} ship
 * @returns {Ship}
 */
export function rounded({ id, x, y, angle, vx, vy, hp, kind, score, name }) {
  const place = { x: q.pos(x), y: q.pos(y), angle: q.ang(angle) };
  return { id, ...place, vx: q.vel(vx), vy: q.vel(vy), hp, kind, score, name };
}
