// Where a scene looks: at the player's own ship, a little ahead of its aim, shaken by what happens
// near. The ship itself is followed exactly; only the look-ahead is smoothed, so that the camera
// never adds delay.

import { ARENA_SIZE } from '../rules.ts';
import type { Box } from '../walls.ts';
import { between } from './chance.ts';

/** Share of the distance to the pointer that the camera looks ahead. */
const LOOK_AHEAD = 0.16;

/** Rate at which the look-ahead follows, per second. */
const FOLLOW = 7;

/** Largest shift of a full shake, pixels of the screen. */
const SHAKE_PIXELS = 22;

/** Loss of shake a second. */
const CALM = 1.9;

/** Diagonal in world units that a view shows: everyone sees about as much, whatever the screen. */
const VIEW_DIAGONAL = 1540;

/** Smallest zoom: on a phone the ships must stay large enough to be read. */
const LEAST_ZOOM = 0.66;

/** The part of the world a camera shows: its middle, and how far it reaches to each side. */
export interface Sight {
  x: number;
  y: number;
  halfWidth: number;
  halfHeight: number;
}

/** Whether a box, grown by `margin` world units, is in sight. */
export function sees(sight: Readonly<Sight>, box: Readonly<Box>, margin: number): boolean {
  return (
    box.x - margin < sight.x + sight.halfWidth &&
    box.x + box.width + margin > sight.x - sight.halfWidth &&
    box.y - margin < sight.y + sight.halfHeight &&
    box.y + box.height + margin > sight.y - sight.halfHeight
  );
}

export class Camera {
  x = ARENA_SIZE / 2;
  y = ARENA_SIZE / 2;
  zoom = 1;
  /** Shift of this frame by shake, screen pixels. */
  shakeX = 0;
  shakeY = 0;
  #aheadX = 0;
  #aheadY = 0;
  #shake = 0;

  /** Fits the zoom to a view of this many CSS pixels. */
  fit(width: number, height: number): void {
    this.zoom = Math.max(LEAST_ZOOM, Math.hypot(width, height) / VIEW_DIAGONAL);
  }

  /**
   * Follows a point; `aheadX`, `aheadY`: where the player points, in world units from that point.
   */
  follow(x: number, y: number, aheadX: number, aheadY: number, dt: number): void {
    const share = 1 - Math.exp(-FOLLOW * dt);
    this.#aheadX += (aheadX * LOOK_AHEAD - this.#aheadX) * share;
    this.#aheadY += (aheadY * LOOK_AHEAD - this.#aheadY) * share;
    this.x = x + this.#aheadX;
    this.y = y + this.#aheadY;
    this.#shake = Math.max(0, this.#shake - CALM * dt);
    // Squared: small knocks stay small, big ones are felt.
    const reach = this.#shake * this.#shake * SHAKE_PIXELS;
    this.shakeX = between(-reach, reach);
    this.shakeY = between(-reach, reach);
  }

  /** Adds shake, 0..1, less the farther it happened. */
  knock(strength: number, x: number, y: number): void {
    const near = Math.max(0, 1 - Math.hypot(x - this.x, y - this.y) / 900);
    this.#shake = Math.min(1, this.#shake + strength * near);
  }

  /** World place of a point on the screen, given the view's centre on the screen. */
  toWorld(
    screenX: number,
    screenY: number,
    centreX: number,
    centreY: number,
  ): { x: number; y: number } {
    return {
      x: this.x + (screenX - centreX) / this.zoom,
      y: this.y + (screenY - centreY) / this.zoom,
    };
  }
}
