// The workload that is measured: the arena of the wire bench (4096 x 4096, ships of nine fields) as
// a game of the public declaration, and rooms of it of any size. Seeded: two runs with one seed
// move alike, so their bytes are equal.
import {
  angle,
  bool,
  defineGame,
  fixed,
  type InputFieldsOf,
  type InputOf,
  int,
  Random,
  text,
} from '@tickwire/protocol';
import { defineRoom, type RoomKind } from '@tickwire/server';

/** Side of the square world, units. */
export const WORLD = 4096;
/** A player's ship flies at this speed, units per second; others at 20..200. */
const PLAYER_SPEED = 120;
const SLOWEST = 20;
const FASTEST = 200;
/** Share of the ships without a player that move. */
const MOVING = 0.8;
/** Share of ships whose hit points, and whose score, change in a tick. */
const HP_CHANGES = 0.02;
const SCORE_CHANGES = 0.01;

/** One declaration for each tick rate that is measured. */
export const arenaOf = (tickRate: number) =>
  defineGame({
    tickRate,
    entities: {
      ship: {
        x: fixed(0, WORLD, 1 / 16).smooth({ by: 'vx' }),
        y: fixed(0, WORLD, 1 / 16).smooth({ by: 'vy' }),
        heading: angle(8).smooth(),
        vx: fixed(-FASTEST, FASTEST, 1 / 16),
        vy: fixed(-FASTEST, FASTEST, 1 / 16),
        hp: int(0, 255),
        model: int(0, 7),
        score: int(0, 65_535),
        name: text(8),
      },
    },
    input: { dx: int(-1, 1), dy: int(-1, 1), fire: bool().press() },
    step: {
      ship(self, input, { dt }) {
        self.vx = input.dx * PLAYER_SPEED;
        self.vy = input.dy * PLAYER_SPEED;
        self.heading = Math.atan2(self.vy, self.vx);
        move(self, dt);
      },
    },
  });

export type Arena = ReturnType<typeof arenaOf>;
export type ArenaInput = InputOf<InputFieldsOf<Arena>>;

interface Mover {
  x: number;
  y: number;
  vx: number;
  vy: number;
}

/** Straight on, thrown back at the walls. */
function move(ship: Mover, dt: number): void {
  ship.x += ship.vx * dt;
  ship.y += ship.vy * dt;
  if (ship.x < 0 || ship.x > WORLD) ship.vx = -ship.vx;
  if (ship.y < 0 || ship.y > WORLD) ship.vy = -ship.vy;
  ship.x = Math.min(Math.max(ship.x, 0), WORLD);
  ship.y = Math.min(Math.max(ship.y, 0), WORLD);
}

export interface ArenaSize {
  readonly tickRate: number;
  readonly seats: number;
  /** Ships without a player. */
  readonly others: number;
  /** View radius in units; undefined: everybody sees everything. */
  readonly radius?: number;
  /** Nothing is there and nothing happens: what silence costs. */
  readonly still?: boolean;
  readonly seed: number;
}

/** A room of that size; players get a ship each as they join. */
export function arenaRoom(game: Arena, size: ArenaSize): RoomKind {
  const random = new Random(size.seed);
  const place = () => ({ x: random.next() * WORLD, y: random.next() * WORLD });
  const look = () => ({ model: random.integer(8), name: nameOf(random), hp: 255 });
  const { radius } = size;
  return defineRoom(game, {
    seats: size.seats,
    seed: size.seed,
    keep: true,
    interest: radius === undefined ? undefined : { around: (seat) => seat.own('ship'), radius },
    open(room) {
      for (let i = 0; i < size.others; i++) {
        const moves = random.next() < MOVING;
        const speed = moves ? SLOWEST + random.next() * (FASTEST - SLOWEST) : 0;
        const way = random.next() * 2 * Math.PI;
        const flight = { vx: Math.cos(way) * speed, vy: Math.sin(way) * speed, heading: way };
        room.spawn('ship', { ...place(), ...look(), ...flight });
      }
    },
    join(room, seat) {
      if (size.still) return;
      room.spawn('ship', { ...place(), ...look() }, seat);
    },
    tick(room, dt) {
      for (const ship of room.all('ship')) {
        if (ship.owner === 0) move(ship, dt);
        if (room.random() < HP_CHANGES) ship.hp = Math.floor(room.random() * 256);
        if (room.random() < SCORE_CHANGES) ship.score += 1;
      }
    },
  });
}

function nameOf(random: Random): string {
  return Array.from({ length: 7 }, () => String.fromCharCode(97 + random.integer(26))).join('');
}
