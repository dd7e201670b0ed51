// arena-N as a room: the ships of workload.ts written into rows, seen by seats that each follow a
// ship of their own. What `interest` and `load` measure. Trap: inputs arrive and no ship obeys
// them, so that every codec and every peer has the same world to tell of.
import {
  angle,
  bool,
  defineGame,
  fixed,
  int,
  type LiveRowOf,
  type RowBase,
  text,
} from '@tickwire/protocol';
import { defineRoom, type Room, type RoomKind } from '@tickwire/server';
import { Arena, type Entity, FIELD, HZ, MAX_SPEED, type Mode, WORLD } from './workload.ts';

export const ships = defineGame({
  tickRate: HZ,
  entities: {
    ship: {
      x: fixed(0, WORLD - 1 / 16, 1 / 16).smooth({ by: 'vx' }),
      y: fixed(0, WORLD - 1 / 16, 1 / 16).smooth({ by: 'vy' }),
      angle: angle(8).smooth(),
      vx: fixed(-MAX_SPEED, MAX_SPEED, 1 / 16),
      vy: fixed(-MAX_SPEED, MAX_SPEED, 1 / 16),
      hp: int(0, 255),
      model: int(0, 7),
      score: int(0, 65_535),
      name: text(10),
    },
  },
  input: { dx: int(-1, 1), dy: int(-1, 1), fire: bool().press() },
});

type Ships = typeof ships;
type Ship = LiveRowOf<Ships, 'ship'>;

export interface ShipsSize {
  readonly entities: number;
  readonly seats: number;
  /** View radius in units; undefined: everybody sees everything. */
  readonly radius?: number;
  readonly mode: Mode;
  readonly seed: number;
}

/** One room: its kind for `serve`, and its truth. */
export interface ShipsRoom {
  readonly kind: RoomKind;
  readonly arena: Arena;
  /** By index in the arena. */
  readonly rows: readonly RowBase[];
  /** Index of the ship that a seat follows. */
  followed(seat: number): number;
}

export function shipsRoom({ entities, seats, radius, mode, seed }: ShipsSize): ShipsRoom {
  const arena = new Arena({ n: entities, mode, seed });
  const rows: Ship[] = [];
  /** The ship each row was spawned for: a ship that respawned is another. */
  const shown: Entity[] = [];
  const followed = (seat: number) => (seat - 1) % entities;
  const born = (room: Room<Ships>, index: number) => {
    const ship = arena.entities[index];
    shown[index] = ship;
    const { x, y, angle, vx, vy, hp, kind: model, score, name } = ship;
    rows[index] = room.spawn('ship', { x, y, angle, vx, vy, hp, model, score, name });
  };
  const kind = defineRoom(ships, {
    seats,
    seed,
    keep: true,
    interest: radius === undefined ? undefined : { around: ({ id }) => rows[followed(id)], radius },
    open(room) {
      for (let index = 0; index < entities; index++) born(room, index);
    },
    tick(room) {
      arena.step();
      for (let index = 0; index < entities; index++) {
        const fields = arena.changed[index];
        if (fields === 0) continue;
        if (shown[index] === arena.entities[index]) move(rows[index], shown[index], fields);
        else {
          room.despawn(rows[index]);
          born(room, index);
        }
      }
    },
  });
  return { kind, arena, rows, followed };
}

/** Writes what the tick touched, as a game would. */
function move(row: Ship, ship: Entity, fields: number): void {
  if (fields & FIELD.x) row.x = ship.x;
  if (fields & FIELD.y) row.y = ship.y;
  if (fields & FIELD.angle) row.angle = ship.angle;
  if (fields & FIELD.vx) row.vx = ship.vx;
  if (fields & FIELD.vy) row.vy = ship.vy;
  if (fields & FIELD.hp) row.hp = ship.hp;
  if (fields & FIELD.score) row.score = ship.score;
}
