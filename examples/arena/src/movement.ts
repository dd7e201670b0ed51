// How a ship answers its controls: the one step that the server runs as truth and the owner's
// browser as prediction. Called through `game.ts`; stands on `walls.ts`. Changes nothing but the
// row it is given. The trap: it runs many times for one tick in the browser, and with a part of a
// tick for the drawn frame.

import {
  ACCELERATION,
  DASH_SPEED,
  DASH_WAIT,
  DRAG,
  GUN_WAIT,
  ROCKET_WAIT,
  SHIP_RADIUS,
  TICK_RATE,
} from './rules.ts';
import { type Point, pushOut } from './walls.ts';

/** The fields of a ship that its controls change. Waits are in ticks. */
export interface Ship {
  x: number;
  y: number;
  vx: number;
  vy: number;
  aim: number;
  flying: boolean;
  gunWait: number;
  rocketWait: number;
  dashWait: number;
  /** Shots and rockets begun, modulo 256. The server fires one when it sees the count go on. */
  gunCount: number;
  rocketCount: number;
}

/** What a player holds during one tick. `dx`, `dy`: -1..1; `aim` in radians. */
export interface Controls {
  dx: number;
  dy: number;
  aim: number;
  fire: boolean;
  rocket: boolean;
  dash: boolean;
}

/**
 * Longest way, in units, moved between two looks at the walls: half a ship, so that none is
 * tunnelled through.
 */
const LONGEST_STRIDE = SHIP_RADIUS / 2;

/** A count wraps here; the field is `int(0, 255)`. */
const COUNT_MASK = 255;

// Scratch: a step is never entered twice at once, and a replay must not allocate.
const position: Point = { x: 0, y: 0 };
const velocity: Point = { x: 0, y: 0 };

/** Moves a ship by `dt` seconds. */
export function moveShip(ship: Ship, controls: Controls, dt: number): void {
  if (!ship.flying) return;
  ship.aim = controls.aim;
  triggerWeapons(ship, controls, dt);
  velocity.x = ship.vx;
  velocity.y = ship.vy;
  steer(ship, controls, dt);
  position.x = ship.x;
  position.y = ship.y;
  stride(dt);
  ship.x = position.x;
  ship.y = position.y;
  ship.vx = velocity.x;
  ship.vy = velocity.y;
}

function triggerWeapons(ship: Ship, controls: Controls, dt: number): void {
  const ticks = dt * TICK_RATE;
  ship.gunWait = Math.max(0, ship.gunWait - ticks);
  ship.rocketWait = Math.max(0, ship.rocketWait - ticks);
  ship.dashWait = Math.max(0, ship.dashWait - ticks);
  if (controls.fire && ship.gunWait === 0) {
    ship.gunWait = GUN_WAIT;
    ship.gunCount = (ship.gunCount + 1) & COUNT_MASK;
  }
  if (controls.rocket && ship.rocketWait === 0) {
    ship.rocketWait = ROCKET_WAIT;
    ship.rocketCount = (ship.rocketCount + 1) & COUNT_MASK;
  }
}

/** Works on `velocity`. A stick pushed into a corner is not faster than one pushed straight. */
function steer(ship: Ship, controls: Controls, dt: number): void {
  const length = Math.sqrt(controls.dx * controls.dx + controls.dy * controls.dy);
  const scale = length > 1 ? 1 / length : 1;
  const dx = controls.dx * scale;
  const dy = controls.dy * scale;
  if (controls.dash && ship.dashWait === 0 && length > 0) {
    ship.dashWait = DASH_WAIT;
    velocity.x = (controls.dx / length) * DASH_SPEED;
    velocity.y = (controls.dy / length) * DASH_SPEED;
  }
  velocity.x += dx * ACCELERATION * dt;
  velocity.y += dy * ACCELERATION * dt;
  const kept = Math.max(0, 1 - DRAG * dt);
  velocity.x *= kept;
  velocity.y *= kept;
}

/**
 * Works on `position` and `velocity`: walks the way of this step in strides no longer than
 * LONGEST_STRIDE.
 */
function stride(dt: number): void {
  const way = Math.sqrt(velocity.x * velocity.x + velocity.y * velocity.y) * dt;
  const strides = Math.max(1, Math.ceil(way / LONGEST_STRIDE));
  for (let i = 0; i < strides; i++) {
    position.x += (velocity.x * dt) / strides;
    position.y += (velocity.y * dt) / strides;
    pushOut(position, velocity, SHIP_RADIUS);
  }
}
