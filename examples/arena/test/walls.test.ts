// The layout and the geometry against it: what both sides' movement stands on.

import { Random } from '@tickwire/protocol';
import { describe, expect, it } from 'vitest';
import { type Controls, moveShip, type Ship } from '../src/movement.ts';
import { ARENA_SIZE, DASH_SPEED, SHIP_RADIUS, TICK_RATE } from '../src/rules.ts';
import { nearestPoint, nextPoint, POINTS } from '../src/server/waypoints.ts';
import { isClear, isFree, pushOut, rayToCircle, rayToWall, WALLS } from '../src/walls.ts';

function newShip(x: number, y: number): Ship {
  return {
    x,
    y,
    vx: 0,
    vy: 0,
    aim: 0,
    flying: true,
    gunWait: 0,
    rocketWait: 0,
    dashWait: 0,
    gunCount: 0,
    rocketCount: 0,
  };
}

const still: Controls = { dx: 0, dy: 0, aim: 0, fire: false, rocket: false, dash: false };

describe('the layout', () => {
  it('is the same after a quarter turn around the centre', () => {
    const key = (x: number, y: number, width: number, height: number): string =>
      [x, y, width, height].join(' ');
    const all = new Set(WALLS.map((wall) => key(wall.x, wall.y, wall.width, wall.height)));
    for (const { x, y, width, height } of WALLS)
      expect(all).toContain(key(ARENA_SIZE - y - height, x, height, width));
  });

  it('lies inside the arena and leaves open points in every part of it', () => {
    for (const { x, y, width, height } of WALLS) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(ARENA_SIZE);
    }
    expect(POINTS.length).toBeGreaterThan(150);
    for (const { x, y } of POINTS) expect(isFree(x, y, SHIP_RADIUS)).toBe(true);
  });

  it('has a way from every waypoint to every other', () => {
    const goal = nearestPoint(ARENA_SIZE / 2, ARENA_SIZE / 2);
    for (let from = 0; from < POINTS.length; from++) {
      let at = from;
      for (let hops = 0; at !== goal && hops < POINTS.length; hops++) at = nextPoint(at, goal);
      expect(at, `from ${POINTS[from].x}, ${POINTS[from].y}`).toBe(goal);
    }
  });
});

describe('rays', () => {
  it('end at the border of an open row', () => {
    expect(rayToWall(100, 50, 1, 0, 10_000)).toBe(ARENA_SIZE - 100);
    expect(rayToWall(100, 50, 0, -1, 10_000)).toBe(50);
    expect(rayToWall(100, 50, 1, 0, 300)).toBe(300);
  });

  it('end at the near side of a wall, less its growth', () => {
    const [wall] = WALLS;
    const y = wall.y + wall.height / 2;
    expect(rayToWall(wall.x - 100, y, 1, 0, 500)).toBe(100);
    expect(rayToWall(wall.x - 100, y, 1, 0, 500, 20)).toBe(80);
    expect(isClear(wall.x - 100, y, wall.x + wall.width + 100, y)).toBe(false);
  });

  it('meet a circle at its near edge, and miss one behind', () => {
    expect(rayToCircle(0, 0, 1, 0, { x: 100, y: 0 }, 20)).toBe(80);
    expect(rayToCircle(0, 0, 1, 0, { x: -100, y: 0 }, 20)).toBe(Number.POSITIVE_INFINITY);
    expect(rayToCircle(0, 0, 1, 0, { x: 100, y: 21 }, 20)).toBe(Number.POSITIVE_INFINITY);
    expect(rayToCircle(0, 0, 1, 0, { x: 5, y: 0 }, 20)).toBe(0);
  });
});

describe('a ship', () => {
  it('is pushed out of a wall and loses only the speed into it', () => {
    const [wall] = WALLS;
    const position = { x: wall.x - 10, y: wall.y + wall.height / 2 };
    const velocity = { x: 100, y: 40 };
    pushOut(position, velocity, SHIP_RADIUS);
    expect(position.x).toBeCloseTo(wall.x - SHIP_RADIUS);
    expect(velocity).toEqual({ x: 0, y: 40 });
  });

  it('never ends a step inside a wall, whatever it is told to do', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const chance = new Random(seed);
      const start = POINTS[chance.integer(POINTS.length)];
      const ship = newShip(start.x, start.y);
      for (let tick = 0; tick < 600; tick++) {
        const angle = chance.next() * Math.PI * 2;
        const controls = {
          ...still,
          dx: Math.cos(angle),
          dy: Math.sin(angle),
          dash: chance.next() < 0.1,
        };
        for (let held = 0; held < 8; held++) moveShip(ship, controls, 1 / TICK_RATE);
        expect(isFree(ship.x, ship.y, SHIP_RADIUS - 0.01), `seed ${seed} tick ${tick}`).toBe(true);
      }
    }
  });

  it('does not tunnel through the thinnest wall at the speed of a dash', () => {
    const wall = WALLS.reduce((a, b) =>
      Math.min(a.width, a.height) < Math.min(b.width, b.height) ? a : b,
    );
    const ship = newShip(wall.x + wall.width / 2, wall.y - SHIP_RADIUS);
    ship.vy = DASH_SPEED;
    moveShip(ship, still, 1 / TICK_RATE);
    expect(ship.y).toBeLessThanOrEqual(wall.y - SHIP_RADIUS + 0.01);
  });

  it('{T54} is as fast along a diagonal as along an axis', () => {
    const straight = newShip(2048, 60);
    const diagonal = newShip(2048, 60);
    for (let tick = 0; tick < 30; tick++) {
      moveShip(straight, { ...still, dx: 1 }, 1 / TICK_RATE);
      moveShip(diagonal, { ...still, dx: 1, dy: 1 }, 1 / TICK_RATE);
    }
    expect(Math.hypot(diagonal.vx, diagonal.vy)).toBeCloseTo(straight.vx, 6);
  });

  it('{T55} fires as often as its gun allows, and not at all when destroyed', () => {
    const ship = newShip(2048, 60);
    for (let tick = 0; tick < 40; tick++) moveShip(ship, { ...still, fire: true }, 1 / TICK_RATE);
    expect(ship.gunCount).toBe(10);
    ship.flying = false;
    moveShip(ship, { ...still, fire: true, dx: 1 }, 1 / TICK_RATE);
    expect(ship.gunCount).toBe(10);
  });
});
