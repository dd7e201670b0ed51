// The mind of one bot: what it sees, where it goes, whom it shoots at, and how well. `field.ts`
// asks it for the controls of each tick and steps its ship with them, the same step as a player's.
// All chance comes from the room (`random`), so that a recorded room replays exactly; a bot never
// reads a clock.

import type { Controls, Ship } from '../movement.ts';
import { GUN_RANGE, MAX_HP, ROCKET_SPEED, SHIP_RADIUS, TICK_RATE } from '../rules.ts';
import { isClear, isFree, type Point, rayToWall } from '../walls.ts';
import { nearestPoint, nextPoint, POINTS } from './waypoints.ts';

/** A ship as a bot sees it. */
export interface Seen extends Point {
  readonly id: number;
  /** Units/s. Undefined where others' velocities are not known. */
  readonly vx: number | undefined;
  readonly vy: number | undefined;
  readonly flying: boolean;
}

/** The bot's own ship. */
export interface Body extends Ship {
  readonly id: number;
  readonly hp: number;
}

/** What a bot may know of the room. */
export interface Senses {
  readonly tick: number;
  /** 0 <= n < 1, from the room. */
  random(): number;
  ships(x: number, y: number, radius: number): Iterable<Seen>;
  rockets(
    x: number,
    y: number,
    radius: number,
  ): Iterable<Point & { vx: number; vy: number; by: number }>;
  /** Repair kits that are there to be taken. */
  kits(): Iterable<Point>;
  /** Somewhere in the arena where there is something going on. */
  rumour(): Readonly<Point> | undefined;
}

/** How far a bot looks: less than a player's screen is wide, since it never looks away. */
const SIGHT = 720;

/** Ticks between two looks around: 5 a second. A person notices things no faster. */
const LOOK_EVERY = 6;

/** Distances a bot likes to fight at: nearer it backs off, farther it closes in. */
const TOO_NEAR = 190;
const TOO_FAR = 400;

/** Fastest turn of the aim, radians a tick, at full skill. A quick wrist. */
const TURN = 0.34;

/** Aim within which it pulls the trigger, radians. */
const ON_TARGET = 0.11;

/**
 * Size of the slow wander of the aim at no skill, radians: about two ships and a half wide at 350
 * units.
 */
const WANDER = 0.28;

/**
 * How much of its wander an aim keeps from tick to tick: errors last about a third of a second, as
 * a hand's do.
 */
const WANDER_KEPT = 0.9;

/** Headings tried, in this order, when the wanted one leads into a wall. */
const DETOURS = [0, 0.6, -0.6, 1.2, -1.2, 1.9, -1.9, 2.6, -2.6];

/** Free way wanted ahead, units. */
const LOOKAHEAD = 64;

/** Ticks without getting anywhere until a bot chooses another goal. */
const STUCK_TICKS = 24;

const wrapped = (angle: number): number => Math.atan2(Math.sin(angle), Math.cos(angle));

function nearestOf(self: Body, points: Iterable<Point>): Point | undefined {
  let best: Point | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const point of points) {
    const distance = Math.hypot(point.x - self.x, point.y - self.y);
    if (distance >= bestDistance) continue;
    best = point;
    bestDistance = distance;
  }
  return best;
}

/** What a bot remembers from tick to tick; plain data, for a checkpoint. */
export interface Mind {
  /** 0..1: steadiness, turn rate and reaction. */
  readonly skill: number;
  /** Radians. */
  aim: number;
  /** The ship it fights, 0 for none, and since which tick. */
  target: number;
  noticedAt: number;
  /** Error of its aim, radians. */
  wander: number;
  /** Which way it circles, 1 or -1, and until which tick. */
  side: number;
  sideUntil: number;
  /** Holds its fire until this tick. */
  restUntil: number;
  /** Waypoints: where it goes, and by which one. */
  goal: number;
  via: number;
  /** Ticks without getting anywhere. */
  stuck: number;
}

export class Bot {
  readonly #mind: Mind;
  readonly #controls: Controls = { dx: 0, dy: 0, aim: 0, fire: false, rocket: false, dash: false };

  constructor(skill: number, startAngle: number, before?: Mind) {
    const fresh = { target: 0, noticedAt: 0, wander: 0, side: 1, sideUntil: 0, restUntil: 0 };
    this.#mind = { skill, aim: startAngle, ...fresh, goal: 0, via: 0, stuck: 0, ...before };
    this.#controls.aim = startAngle;
  }

  /** One that goes on as another was. */
  static from(mind: Mind): Bot {
    return new Bot(mind.skill, mind.aim, mind);
  }

  get mind(): Readonly<Mind> {
    return { ...this.#mind, aim: this.#controls.aim };
  }

  /** The controls for this tick. The object is reused. */
  decide(self: Body, senses: Senses): Controls {
    const controls = this.#controls;
    controls.fire = false;
    controls.rocket = false;
    controls.dash = false;
    if ((senses.tick + self.id) % LOOK_EVERY === 0) this.#look(self, senses);
    const target = this.#targetIn(self, senses);
    if (target) this.#fight(self, target, senses);
    else this.#travel(self, senses);
    this.#dodge(self, senses);
    return controls;
  }

  /** Forgets whom it fought and where it went: called when its ship is new. */
  reborn(self: Body): void {
    this.#mind.target = 0;
    this.#mind.goal = this.#mind.via = nearestPoint(self.x, self.y);
  }

  /** Picks the nearest enemy in sight; keeps the one it has unless another is clearly nearer. */
  #look(self: Body, senses: Senses): void {
    let best = 0;
    let bestDistance = SIGHT;
    for (const ship of senses.ships(self.x, self.y, SIGHT)) {
      if (ship.id === self.id || !ship.flying) continue;
      const raw = Math.hypot(ship.x - self.x, ship.y - self.y);
      const distance = ship.id === this.#mind.target ? raw * 0.7 : raw;
      if (distance >= bestDistance || !isClear(self.x, self.y, ship.x, ship.y)) continue;
      best = ship.id;
      bestDistance = distance;
    }
    if (best !== 0 && best !== this.#mind.target) this.#mind.noticedAt = senses.tick;
    this.#mind.target = best;
  }

  #targetIn(self: Body, senses: Senses): Seen | undefined {
    if (this.#mind.target === 0) return undefined;
    for (const ship of senses.ships(self.x, self.y, SIGHT))
      if (ship.id === this.#mind.target && ship.flying) return ship;
    return undefined;
  }

  #fight(self: Body, target: Seen, senses: Senses): void {
    const toX = target.x - self.x;
    const toY = target.y - self.y;
    const distance = Math.hypot(toX, toY) || 1;
    this.#aimAt(target, self, senses);
    this.#pullTriggers(self, target, distance, senses);
    if (senses.tick >= this.#mind.sideUntil) {
      this.#mind.side = senses.random() < 0.5 ? -1 : 1;
      this.#mind.sideUntil = senses.tick + 12 + Math.floor(senses.random() * 30);
    }
    const approach = distance > TOO_FAR ? 1 : distance < TOO_NEAR ? -1 : 0;
    // A hurt ship fights while going away.
    const nerve = self.hp < MAX_HP * 0.3 ? -0.8 : approach;
    const x = (toX / distance) * nerve - (toY / distance) * this.#mind.side * 0.9;
    const y = (toY / distance) * nerve + (toX / distance) * this.#mind.side * 0.9;
    if (!this.#head(self, x, y)) this.#mind.side = -this.#mind.side;
  }

  /** Turns the aim towards the target: at a bounded rate, with an error that wanders. */
  #aimAt(target: Seen, self: Body, senses: Senses): void {
    const unrest = (1 - this.#mind.skill) * WANDER;
    const kick = (senses.random() + senses.random() - 1) * unrest;
    this.#mind.wander = this.#mind.wander * WANDER_KEPT + kick * (1 - WANDER_KEPT) * 4;
    // The gun is instant for others too, so it leads only by what a hand anticipates: two ticks.
    const lead = (2 * this.#mind.skill) / TICK_RATE;
    const x = target.x + (target.vx ?? 0) * lead - self.x;
    const y = target.y + (target.vy ?? 0) * lead - self.y;
    this.#turnTo(Math.atan2(y, x) + this.#mind.wander, TURN * (0.4 + 0.6 * this.#mind.skill));
  }

  #turnTo(angle: number, most: number): void {
    const controls = this.#controls;
    const off = wrapped(angle - controls.aim);
    controls.aim = wrapped(controls.aim + Math.max(-most, Math.min(most, off)));
  }

  #pullTriggers(self: Body, target: Seen, distance: number, senses: Senses): void {
    const controls = this.#controls;
    const reaction = 6 + (1 - this.#mind.skill) * 12;
    if (senses.tick - this.#mind.noticedAt < reaction || senses.tick < this.#mind.restUntil) return;
    const off = Math.abs(
      wrapped(Math.atan2(target.y - self.y, target.x - self.x) + this.#mind.wander - controls.aim),
    );
    if (off > ON_TARGET || distance > GUN_RANGE) return;
    controls.fire = true;
    // Bursts, not a hose: now and then the finger leaves the trigger.
    if (senses.random() < 0.05)
      this.#mind.restUntil = senses.tick + 8 + Math.floor(senses.random() * 16);
    if (self.rocketWait > 0 || distance < TOO_NEAR || senses.random() > 0.03) return;
    this.#aimRocket(self, target, distance);
    controls.rocket = true;
  }

  /** A rocket is slow: it goes where the target will be. */
  #aimRocket(self: Body, target: Seen, distance: number): void {
    const flight = distance / ROCKET_SPEED;
    const x = target.x + (target.vx ?? 0) * flight * this.#mind.skill - self.x;
    const y = target.y + (target.vy ?? 0) * flight * this.#mind.skill - self.y;
    this.#controls.aim = wrapped(Math.atan2(y, x) + this.#mind.wander * 0.5);
  }

  /** Nobody in sight: along the waypoints to a goal, or to a repair kit if hurt. */
  #travel(self: Body, senses: Senses): void {
    if (this.#mind.via === this.#mind.goal && this.#isAt(self, this.#mind.goal))
      this.#choose(self, senses);
    const kit = self.hp < MAX_HP * 0.6 ? this.#kitInReach(self, senses) : undefined;
    if (!kit && this.#isAt(self, this.#mind.via))
      this.#mind.via = nextPoint(this.#mind.via, this.#mind.goal);
    const next = kit ?? POINTS[this.#mind.via];
    const x = next.x - self.x;
    const y = next.y - self.y;
    const distance = Math.hypot(x, y) || 1;
    this.#head(self, x / distance, y / distance);
    const speed = Math.hypot(self.vx, self.vy);
    this.#mind.stuck = speed < 40 ? this.#mind.stuck + 1 : 0;
    if (this.#mind.stuck > STUCK_TICKS) {
      this.#mind.stuck = 0;
      this.#choose(self, senses);
    }
    if (speed > 1) this.#turnTo(Math.atan2(self.vy, self.vx), TURN * 0.35);
  }

  #isAt(self: Body, point: number): boolean {
    return Math.hypot(POINTS[point].x - self.x, POINTS[point].y - self.y) < 70;
  }

  #choose(self: Body, senses: Senses): void {
    const hurt = self.hp < MAX_HP * 0.6;
    const rumour = hurt ? nearestOf(self, senses.kits()) : senses.random() < 0.6 && senses.rumour();
    this.#mind.goal = rumour
      ? nearestPoint(rumour.x, rumour.y)
      : Math.floor(senses.random() * POINTS.length);
    this.#mind.via = nearestPoint(self.x, self.y);
  }

  #kitInReach(self: Body, senses: Senses): Point | undefined {
    for (const kit of senses.kits())
      if (
        Math.hypot(kit.x - self.x, kit.y - self.y) < SIGHT &&
        isClear(self.x, self.y, kit.x, kit.y, SHIP_RADIUS)
      )
        return kit;
    return undefined;
  }

  /** Steers along (x, y) or the nearest heading that is free. False if the wanted one was not. */
  #head(self: Body, x: number, y: number): boolean {
    const wanted = Math.atan2(y, x);
    for (const detour of DETOURS) {
      const dx = Math.cos(wanted + detour * this.#mind.side);
      const dy = Math.sin(wanted + detour * this.#mind.side);
      const ahead = rayToWall(self.x, self.y, dx, dy, LOOKAHEAD, SHIP_RADIUS - 1);
      if (ahead < LOOKAHEAD) continue;
      this.#controls.dx = dx;
      this.#controls.dy = dy;
      return detour === 0;
    }
    this.#controls.dx = x;
    this.#controls.dy = y;
    return false;
  }

  /** A rocket that comes at it: step aside, dash if it is close. */
  #dodge(self: Body, senses: Senses): void {
    for (const rocket of senses.rockets(self.x, self.y, 320)) {
      if (rocket.by === self.id) continue;
      const toX = self.x - rocket.x;
      const toY = self.y - rocket.y;
      const closing = (toX * rocket.vx + toY * rocket.vy) / ROCKET_SPEED;
      const miss = (toX * rocket.vy - toY * rocket.vx) / ROCKET_SPEED;
      if (closing < 0 || Math.abs(miss) > SHIP_RADIUS * 3) continue;
      const away = miss > 0 ? 1 : -1;
      const x = (rocket.vy / ROCKET_SPEED) * away;
      const y = (-rocket.vx / ROCKET_SPEED) * away;
      const free = isFree(self.x + x * LOOKAHEAD, self.y + y * LOOKAHEAD, SHIP_RADIUS);
      this.#controls.dx = free ? x : -x;
      this.#controls.dy = free ? y : -y;
      this.#controls.dash = closing < 200 && senses.random() < 0.12 * this.#mind.skill;
      return;
    }
  }
}
