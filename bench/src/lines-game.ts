// The game that `lines` plays: ships that steer, brake and shoot in the open, nothing to bump into.
// Both ends take the same step; whoever makes a game may watch its steps, which is how the measure
// learns what a client predicted and what the server did, without asking either. Deterministic.
import { angle, bool, defineGame, fixed, int } from '@tickwire/protocol';

export const TICK_RATE = 60;
export const TICK_MS = 1000 / TICK_RATE;
/** Ticks from one STATE to the next: 20 Hz. */
export const SEND_EVERY = 3;

/** World units a second: no ship is ever faster. */
export const MAX_SPEED = 240;
/** Units per s^2: a ship is at full speed after 0.4 s, and stands again as soon. */
const THRUST = 600;
/** Radians a second. */
const TURN_RATE = 3.5;
/** A shot hits a ship whose middle is no farther from its line than this, world units. */
export const SHIP_RADIUS = 16;
/** Steps of what is compared, for "above one step". */
export const PLACE_STEP = 1 / 16;
const SPEED_STEP = 1 / 16;
const ANGLE_BITS = 12;
export const ANGLE_STEP = (2 * Math.PI) / 2 ** ANGLE_BITS;
/** Of a full circle: 0.1 units at 1,000 units' distance, far below a ship. */
const AIM_BITS = 16;
/** Shots of one ship are told apart by the rest of their number: far more than are on their way. */
export const SHOT_NUMBERS = 4096;

export interface Ship {
  x: number;
  y: number;
  vx: number;
  vy: number;
  angle: number;
  readonly owner: number;
}

export interface LinesInput {
  steer: number;
  thrust: boolean;
  brake: boolean;
  fire: boolean;
  /** Where the shot goes, radians, and its number. */
  aim: number;
  shot: number;
}

export interface StepContext {
  readonly dt: number;
  readonly tick: number;
  readonly replaying: boolean;
}

/** Called after each step of a ship. */
export type Watch = (ship: Ship, input: Readonly<LinesInput>, context: StepContext) => void;

export function linesGame(watch: Watch) {
  return defineGame({
    tickRate: TICK_RATE,
    entities: {
      ship: {
        x: fixed(-8192, 8192, PLACE_STEP).smooth({ by: 'vx' }),
        y: fixed(-8192, 8192, PLACE_STEP).smooth({ by: 'vy' }),
        vx: fixed(-MAX_SPEED, MAX_SPEED, SPEED_STEP),
        vy: fixed(-MAX_SPEED, MAX_SPEED, SPEED_STEP),
        angle: angle(ANGLE_BITS).smooth(),
      },
    },
    input: {
      steer: int(-1, 1),
      thrust: bool(),
      brake: bool(),
      fire: bool().press(),
      aim: angle(AIM_BITS),
      shot: int(0, SHOT_NUMBERS - 1),
    },
    step: {
      ship(self, input, context) {
        move(self, input, context.dt);
        watch(self, input, context);
      },
    },
  });
}

export type LinesGame = ReturnType<typeof linesGame>;

function move(ship: Ship, { steer, thrust, brake }: Readonly<LinesInput>, dt: number): void {
  ship.angle += steer * TURN_RATE * dt;
  let vx = ship.vx;
  let vy = ship.vy;
  if (thrust) {
    vx += Math.cos(ship.angle) * THRUST * dt;
    vy += Math.sin(ship.angle) * THRUST * dt;
  }
  const speed = Math.hypot(vx, vy);
  const wanted = Math.min(brake ? Math.max(speed - THRUST * dt, 0) : speed, MAX_SPEED);
  const scale = speed > 0 ? wanted / speed : 0;
  ship.vx = vx * scale;
  ship.vy = vy * scale;
  ship.x += ship.vx * dt;
  ship.y += ship.vy * dt;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A shot as one end judges it: the ship it was aimed at, and where that was by its view. */
export interface Sight {
  readonly hit: boolean;
  /** Of the view. */
  readonly tick: number;
  readonly from: Point;
  readonly target: Point;
}

/** Judges a shot: its line has no end, and nothing else is in its way. */
export function sightOf(from: Point, aim: number, target: Point, tick: number): Sight {
  const dx = target.x - from.x;
  const dy = target.y - from.y;
  const along = dx * Math.cos(aim) + dy * Math.sin(aim);
  const aside = dx * Math.sin(aim) - dy * Math.cos(aim);
  const hit = along > 0 && Math.abs(aside) <= SHIP_RADIUS;
  const { x, y } = target;
  return { hit, tick, from: { x: from.x, y: from.y }, target: { x, y } };
}
