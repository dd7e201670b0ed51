// The layout of the arena and the geometry against it: circle against boxes, ray against boxes.
// Shared by the movement step (server and browser), the server's guns and bots, and the page's
// drawing. Only + - * / and sqrt are used, so that two engines agree to the last bit: no sine, no
// exponent in here.

import { ARENA_SIZE } from './rules.ts';

/** An axis-aligned wall: left, top, width, height in world units. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A point that is written to instead of being returned, so that a replayed step allocates nothing.
 */
export interface Point {
  x: number;
  y: number;
}

/** Thickness of the border outside the arena: what the camera sees beyond the edge. */
export const BORDER = 96;

/**
 * One quarter of the layout, [left, top, width, height]; the others are its turns around the
 * centre.
 */
const QUARTER: ReadonlyArray<readonly [number, number, number, number]> = [
  [400, 400, 520, 64],
  [400, 464, 64, 340],
  [720, 760, 128, 128],
  [1240, 280, 64, 460],
  [1560, 520, 300, 64],
  [1640, 150, 128, 128],
  [300, 1180, 400, 64],
  [120, 880, 150, 64],
  [1060, 1040, 300, 64],
  [1060, 1104, 64, 220],
  [1640, 960, 112, 112],
  [400, 1560, 128, 128],
  [780, 1480, 64, 400],
  [1150, 1660, 250, 72],
  [1560, 1340, 64, 280],
  [1780, 1780, 150, 56],
  [1780, 1836, 56, 94],
];

/** A quarter turn around the arena's centre: (x, y) becomes (SIZE - y, x). */
function turned(box: Box): Box {
  return {
    x: ARENA_SIZE - box.y - box.height,
    y: box.x,
    width: box.height,
    height: box.width,
  };
}

function layout(): Box[] {
  const boxes: Box[] = [];
  for (const [x, y, width, height] of QUARTER) {
    let box: Box = { x, y, width, height };
    for (let turn = 0; turn < 4; turn++) {
      boxes.push(box);
      box = turned(box);
    }
  }
  return boxes;
}

/** The walls inside the arena. */
export const WALLS: readonly Box[] = layout();

/** The four walls around it, outside 0..ARENA_SIZE. */
export const BORDERS: readonly Box[] = [
  { x: -BORDER, y: -BORDER, width: ARENA_SIZE + 2 * BORDER, height: BORDER },
  { x: -BORDER, y: ARENA_SIZE, width: ARENA_SIZE + 2 * BORDER, height: BORDER },
  { x: -BORDER, y: 0, width: BORDER, height: ARENA_SIZE },
  { x: ARENA_SIZE, y: 0, width: BORDER, height: ARENA_SIZE },
];

const SOLID: readonly Box[] = [...WALLS, ...BORDERS];

const clamp = (value: number, min: number, max: number): number =>
  Math.max(min, Math.min(max, value));

/**
 * Pushes a circle out of every wall it touches and takes from its velocity what points into them.
 * Good for steps shorter than the radius; `movement.ts` cuts longer ones.
 */
export function pushOut(position: Point, velocity: Point, radius: number): void {
  for (const box of SOLID) {
    const nearX = clamp(position.x, box.x, box.x + box.width);
    const nearY = clamp(position.y, box.y, box.y + box.height);
    const dx = position.x - nearX;
    const dy = position.y - nearY;
    const square = dx * dx + dy * dy;
    if (square >= radius * radius) continue;
    if (square > 0) {
      const distance = Math.sqrt(square);
      slide(position, velocity, dx / distance, dy / distance, radius - distance);
    } else leaveInside(position, velocity, box, radius);
  }
  position.x = clamp(position.x, radius, ARENA_SIZE - radius);
  position.y = clamp(position.y, radius, ARENA_SIZE - radius);
}

/** Moves along the normal (nx, ny) by `depth` and removes the speed against it. */
function slide(position: Point, velocity: Point, nx: number, ny: number, depth: number): void {
  position.x += nx * depth;
  position.y += ny * depth;
  const into = velocity.x * nx + velocity.y * ny;
  if (into >= 0) return;
  velocity.x -= nx * into;
  velocity.y -= ny * into;
}

/** The centre itself is inside: leaves by the nearest side. */
function leaveInside(position: Point, velocity: Point, box: Box, radius: number): void {
  const left = position.x - box.x;
  const right = box.x + box.width - position.x;
  const top = position.y - box.y;
  const bottom = box.y + box.height - position.y;
  const least = Math.min(left, right, top, bottom);
  if (least === left) slide(position, velocity, -1, 0, left + radius);
  else if (least === right) slide(position, velocity, 1, 0, right + radius);
  else if (least === top) slide(position, velocity, 0, -1, top + radius);
  else slide(position, velocity, 0, 1, bottom + radius);
}

/** Whether a circle touches no wall. */
export function isFree(x: number, y: number, radius: number): boolean {
  for (const box of SOLID) {
    const dx = x - clamp(x, box.x, box.x + box.width);
    const dy = y - clamp(y, box.y, box.y + box.height);
    if (dx * dx + dy * dy < radius * radius) return false;
  }
  return true;
}

/**
 * Distance along a ray to the first wall, at most `reach`.
 * (dx, dy) is a unit vector. `grow` fattens the walls: how far a circle of that radius gets (a
 * little less at corners).
 */
export function rayToWall(
  x: number,
  y: number,
  dx: number,
  dy: number,
  reach: number,
  grow = 0,
): number {
  let nearest = reach;
  for (const box of SOLID) {
    const hit = rayToBox(x, y, dx, dy, box, grow);
    if (hit < nearest) nearest = hit;
  }
  return nearest;
}

/** Slab test. Infinity if the ray misses; 0 if it starts inside. */
function rayToBox(x: number, y: number, dx: number, dy: number, box: Box, grow: number): number {
  let enter = 0;
  let leave = Number.POSITIVE_INFINITY;
  const left = box.x - grow;
  const right = box.x + box.width + grow;
  const top = box.y - grow;
  const bottom = box.y + box.height + grow;
  if (dx === 0) {
    if (x < left || x > right) return Number.POSITIVE_INFINITY;
  } else {
    const a = (left - x) / dx;
    const b = (right - x) / dx;
    enter = Math.max(enter, Math.min(a, b));
    leave = Math.min(leave, Math.max(a, b));
  }
  if (dy === 0) {
    if (y < top || y > bottom) return Number.POSITIVE_INFINITY;
  } else {
    const a = (top - y) / dy;
    const b = (bottom - y) / dy;
    enter = Math.max(enter, Math.min(a, b));
    leave = Math.min(leave, Math.max(a, b));
  }
  return enter <= leave ? enter : Number.POSITIVE_INFINITY;
}

/** Distance along a ray to a circle; Infinity if it misses. (dx, dy) is a unit vector. */
export function rayToCircle(
  x: number,
  y: number,
  dx: number,
  dy: number,
  circle: Readonly<Point>,
  radius: number,
): number {
  const toX = circle.x - x;
  const toY = circle.y - y;
  const along = toX * dx + toY * dy;
  const square = toX * toX + toY * toY - along * along;
  if (square > radius * radius) return Number.POSITIVE_INFINITY;
  const hit = along - Math.sqrt(radius * radius - square);
  if (hit >= 0) return hit;
  return toX * toX + toY * toY < radius * radius ? 0 : Number.POSITIVE_INFINITY;
}

/** Whether nothing stands between two points, for something `width` wide on each side. */
export function isClear(ax: number, ay: number, bx: number, by: number, width = 0): boolean {
  const dx = bx - ax;
  const dy = by - ay;
  const distance = Math.sqrt(dx * dx + dy * dy);
  if (distance === 0) return true;
  return rayToWall(ax, ay, dx / distance, dy / distance, distance, width) >= distance;
}
