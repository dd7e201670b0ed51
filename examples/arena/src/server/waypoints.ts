// The map as bots know it: open points on a coarse lattice, which of them see each other, and the
// way to each goal. Built once from `walls.ts`; `bot.ts` walks along it. Routes to a goal are
// computed on first use and kept: at most POINTS squared small numbers (64 KB).

import { ARENA_SIZE, SHIP_RADIUS } from '../rules.ts';
import { isClear, isFree, type Point } from '../walls.ts';

/**
 * Distance between lattice points. 256: every corridor of the layout holds at least one row of
 * them.
 */
const SPACING = 256;

/** Free space a point needs around it, so that a ship passing it does not scrape. */
const ROOM_AROUND = SHIP_RADIUS * 2;

/** Width kept free along a link. */
const LINK_WIDTH = SHIP_RADIUS + 8;

/** Marks "no next point" in a route. */
const NOWHERE = -1;

function lattice(): Point[] {
  const points: Point[] = [];
  for (let y = SPACING / 2; y < ARENA_SIZE; y += SPACING)
    for (let x = SPACING / 2; x < ARENA_SIZE; x += SPACING)
      if (isFree(x, y, ROOM_AROUND)) points.push({ x, y });
  return points;
}

/** The open points, in reading order. */
export const POINTS: readonly Readonly<Point>[] = lattice();

const LINKS: ReadonlyArray<readonly number[]> = POINTS.map((from) =>
  POINTS.flatMap((to, index) => {
    const far = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
    const linked = to !== from && far <= SPACING && isClear(from.x, from.y, to.x, to.y, LINK_WIDTH);
    return linked ? [index] : [];
  }),
);

const routes = new Map<number, Int16Array>();

/**
 * For each point the next one towards `goal`, NOWHERE if there is no way. Breadth first: fewest
 * links.
 */
function routeTo(goal: number): Int16Array {
  const known = routes.get(goal);
  if (known) return known;
  const next = new Int16Array(POINTS.length).fill(NOWHERE);
  next[goal] = goal;
  const open = [goal];
  for (let i = 0; i < open.length; i++) {
    for (const neighbour of LINKS[open[i]]) {
      if (next[neighbour] !== NOWHERE) continue;
      next[neighbour] = open[i];
      open.push(neighbour);
    }
  }
  routes.set(goal, next);
  return next;
}

/** Index of the point after `from` on the way to `goal`; `from` itself if there is no way. */
export function nextPoint(from: number, goal: number): number {
  const next = routeTo(goal)[from];
  return next === NOWHERE ? from : next;
}

/** Index of the nearest point, of those in sight if there is one. */
export function nearestPoint(x: number, y: number): number {
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  POINTS.forEach((point, index) => {
    const distance = Math.hypot(point.x - x, point.y - y);
    if (distance >= bestCost) return;
    // A hidden point counts as far: it is the other side of a wall.
    const cost = isClear(x, y, point.x, point.y, SHIP_RADIUS) ? distance : distance + ARENA_SIZE;
    if (cost >= bestCost) return;
    bestCost = cost;
    best = index;
  });
  return best;
}
