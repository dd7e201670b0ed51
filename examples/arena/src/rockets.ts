// How a rocket starts and flies: the step of what a ship's step spawns. Truth on the server,
// prediction in the browser of who fired it, where it is seen in the frame of the click. Stands on
// `walls.ts`. Walls are the same for both, so a rocket stops at one by itself; whom it meets, the
// server says (`server/combat.ts`), for others are shown in the past.

import type { EntityId } from '@tickwire/protocol';
import { MUZZLE, ROCKET_RADIUS, ROCKET_SPEED } from './rules.ts';
import { isFree, rayToWall } from './walls.ts';

/** The fields of a rocket that its flight changes. */
export interface Rocket {
  x: number;
  y: number;
  readonly vx: number;
  readonly vy: number;
  /** It met a wall: it stands there until the server bursts it. */
  spent: boolean;
}

/** Who may fire one. */
export interface Shooter {
  readonly id: EntityId<'player'>;
  readonly x: number;
  readonly y: number;
  readonly aim: number;
  readonly hue: number;
}

/** A rocket as it leaves the muzzle; not through a wall that the ship stands against. */
export function rocketOf(shooter: Shooter) {
  const dx = Math.cos(shooter.aim);
  const dy = Math.sin(shooter.aim);
  const free = rayToWall(shooter.x, shooter.y, dx, dy, MUZZLE, ROCKET_RADIUS);
  return {
    x: shooter.x + dx * free,
    y: shooter.y + dy * free,
    vx: dx * ROCKET_SPEED,
    vy: dy * ROCKET_SPEED,
    by: shooter.id,
    hue: shooter.hue,
  };
}

/** Flies a rocket for `dt` seconds, or to the wall in its way. */
export function flyRocket(rocket: Rocket, dt: number): void {
  if (rocket.spent) return;
  const dx = rocket.vx / ROCKET_SPEED;
  const dy = rocket.vy / ROCKET_SPEED;
  let way = ROCKET_SPEED * dt;
  if (!isFree(rocket.x + dx * way, rocket.y + dy * way, ROCKET_RADIUS)) {
    way = rayToWall(rocket.x, rocket.y, dx, dy, way, ROCKET_RADIUS);
    rocket.spent = true;
  }
  rocket.x += dx * way;
  rocket.y += dy * way;
}
