// Bots in a world of nothing but ships and walls: they get around, they fight, and chance is all
// the room's.

import { Random } from '@tickwire/protocol';
import { describe, expect, it } from 'vitest';
import { moveShip } from '../src/movement.ts';
import { GUN_RANGE, MAX_HP, SHIP_RADIUS, TICK_RATE } from '../src/rules.ts';
import { type Body, Bot, type Senses } from '../src/server/bot.ts';
import { cleanLine, cleanName, uniqueName } from '../src/server/talk.ts';
import { POINTS } from '../src/server/waypoints.ts';
import { isFree, rayToCircle, rayToWall } from '../src/walls.ts';

interface Flown extends Body {
  hp: number;
}

interface Trial {
  ships: Flown[];
  shots: number;
  hits: number;
  /** Distance each ship has covered, units. */
  covered: number[];
}

/** Lets `count` bots fly for `ticks`, checking walls at every tick. */
function fly(seed: number, count: number, ticks: number, spots = POINTS): Trial {
  const chance = new Random(seed);
  const random = () => chance.next();
  const ships: Flown[] = [];
  const bots: Bot[] = [];
  for (let id = 1; id <= count; id++) {
    const { x, y } = spots[chance.integer(spots.length)];
    const ship: Flown = {
      id,
      x,
      y,
      vx: 0,
      vy: 0,
      aim: 0,
      hp: MAX_HP,
      flying: true,
      gunWait: 0,
      rocketWait: 0,
      dashWait: 0,
      gunCount: 0,
      rocketCount: 0,
    };
    const bot = new Bot(random(), 0);
    bot.reborn(ship);
    ships.push(ship);
    bots.push(bot);
  }
  const trial: Trial = { ships, shots: 0, hits: 0, covered: new Array(count).fill(0) };
  for (let tick = 1; tick <= ticks; tick++) {
    const senses: Senses = {
      tick,
      random,
      ships: (x, y, radius) => ships.filter((ship) => Math.hypot(ship.x - x, ship.y - y) <= radius),
      rockets: () => [],
      kits: () => [],
      rumour: () => ships[chance.integer(count)],
    };
    ships.forEach((ship, index) => {
      const { x, y, gunCount } = ship;
      moveShip(ship, bots[index].decide(ship, senses), 1 / TICK_RATE);
      trial.covered[index] += Math.hypot(ship.x - x, ship.y - y);
      expect(isFree(ship.x, ship.y, SHIP_RADIUS - 0.01)).toBe(true);
      if (ship.gunCount === gunCount) return;
      trial.shots += 1;
      if (isHit(ship, ships)) trial.hits += 1;
    });
  }
  return trial;
}

function isHit(shooter: Flown, ships: readonly Flown[]): boolean {
  const dx = Math.cos(shooter.aim);
  const dy = Math.sin(shooter.aim);
  const wall = rayToWall(shooter.x, shooter.y, dx, dy, GUN_RANGE);
  return ships.some(
    (ship) =>
      ship !== shooter && rayToCircle(shooter.x, shooter.y, dx, dy, ship, SHIP_RADIUS) < wall,
  );
}

describe('bots', () => {
  it('do the same again with the same chance', () => {
    const once = fly(7, 12, 300);
    const again = fly(7, 12, 300);
    expect(again).toEqual(once);
    expect(fly(8, 12, 300).covered).not.toEqual(once.covered);
  });

  it('get around: none of them stands still for long', () => {
    const { covered } = fly(3, 16, 900);
    for (const distance of covered) expect(distance).toBeGreaterThan(1500);
  });

  it('find each other and fight, and hit neither always nor never', () => {
    const { shots, hits } = fly(5, 24, 1200);
    expect(shots).toBeGreaterThan(300);
    expect(hits / shots).toBeGreaterThan(0.15);
    expect(hits / shots).toBeLessThan(0.9);
  });

  it('leave a corner they are born in', () => {
    const { ships } = fly(11, 1, 240, [{ x: 30, y: 30 }]);
    expect(Math.hypot(ships[0].x - 30, ships[0].y - 30)).toBeGreaterThan(200);
  });
});

describe('talk', () => {
  it('{T38} takes control and direction characters out of names and cuts them', () => {
    expect(cleanName('  A\u202Eda\n\u0007 Love\u200Blace  ')).toBe('A da Love lace');
    expect(cleanName('x'.repeat(50))).toHaveLength(16);
    expect(cleanName('Zoe\u0308')).toBe('Zo\u00eb');
    expect(cleanName('\u{1f680}'.repeat(50))).toBe('\u{1f680}'.repeat(16));
    expect(cleanName('\u200B \n')).toBe('');
    expect(cleanLine('<b>hi</b>')).toBe('<b>hi</b>');
  });

  it('numbers namesakes within the length of a name', () => {
    expect(uniqueName('Ada', new Set())).toBe('Ada');
    expect(uniqueName('Ada', new Set(['Ada', 'Ada 2']))).toBe('Ada 3');
    expect([...uniqueName('y'.repeat(16), new Set(['y'.repeat(16)]))]).toHaveLength(16);
  });
});
