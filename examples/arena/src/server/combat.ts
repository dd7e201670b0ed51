// Who is hit, by what, and what it costs: the gun judged in the shooter's past, rockets in the
// present, damage, kills. Called by `field.ts` once a tick after all ships have moved; ships come
// and go in `spawning.ts`. The trap: inside `room.rewind` rows are of the past and read-only. Only
// the target's id leaves it.

import {
  BURST_DAMAGE,
  BURST_RADIUS,
  GUN_DAMAGE,
  GUN_RANGE,
  GUN_SPREAD,
  KILL_POINTS,
  MUZZLE,
  RESPAWN_WAIT,
  ROCKET_RADIUS,
  ROCKET_SPEED,
  SELF_LOSS,
  SHIP_RADIUS,
} from '../rules.ts';
import { isClear, rayToCircle, rayToWall } from '../walls.ts';
import type { ArenaRoom, PlayerId, PlayerRow, ShotRow } from './match.ts';

/** A bot's rocket is stepped without anybody's hands on it. */
const NO_HANDS = { dx: 0, dy: 0, aim: 0, fire: false, rocket: false, dash: false };

type Weapon = 'gun' | 'rocket';

/** The least a hit test needs to know of the world, present or past. */
interface Targets {
  near(
    kind: 'player',
    x: number,
    y: number,
    radius: number,
  ): Iterable<{
    readonly id: PlayerId;
    readonly x: number;
    readonly y: number;
    readonly flying: boolean;
  }>;
}

/** Fires what the steps of this tick have triggered; a rocket they have launched themselves. */
export function fireWeapons(room: ArenaRoom): void {
  for (const player of room.all('player')) {
    if (player.gunCount !== player.gunDone) {
      player.gunDone = player.gunCount;
      if (player.flying) fireGun(room, player);
    }
    if (player.rocketCount !== player.rocketDone) {
      player.rocketDone = player.rocketCount;
      player.shieldTicks = 0;
    }
  }
}

function fireGun(room: ArenaRoom, shooter: PlayerRow): void {
  shooter.shieldTicks = 0;
  const angle = shooter.aim + (room.random() * 2 - 1) * GUN_SPREAD;
  const dx = Math.cos(angle);
  const dy = Math.sin(angle);
  const reach = rayToWall(shooter.x, shooter.y, dx, dy, GUN_RANGE);
  // A bot sees the present: it has no line to be late on.
  const aimed =
    shooter.owner === 0
      ? firstHit(room, shooter, dx, dy, reach)
      : room.rewind(shooter, (past) => firstHit(past, shooter, dx, dy, reach));
  const target = aimed.id === undefined ? undefined : room.get('player', aimed.id);
  room.emit(
    'tracer',
    {
      by: shooter.id,
      x: shooter.x + dx * Math.min(MUZZLE, aimed.distance),
      y: shooter.y + dy * Math.min(MUZZLE, aimed.distance),
      toX: shooter.x + dx * aimed.distance,
      toY: shooter.y + dy * aimed.distance,
      hit: target !== undefined,
    },
    { near: shooter },
  );
  if (target) hurt(room, target, GUN_DAMAGE, shooter.id, 'gun');
}

/** The nearest ship on the shot's way, or how far it gets without one. */
function firstHit(
  world: Targets,
  shooter: PlayerRow,
  dx: number,
  dy: number,
  reach: number,
): { id: PlayerId | undefined; distance: number } {
  let id: PlayerId | undefined;
  let distance = reach;
  for (const ship of world.near('player', shooter.x, shooter.y, reach + SHIP_RADIUS)) {
    if (ship.id === shooter.id || !ship.flying) continue;
    const hit = rayToCircle(shooter.x, shooter.y, dx, dy, ship, SHIP_RADIUS);
    if (hit >= distance) continue;
    distance = hit;
    id = ship.id;
  }
  return { id, distance };
}

/** Bursts the rockets that met something in this tick, or have flown long enough. */
export function flyRockets(room: ArenaRoom, dt: number): void {
  for (const shot of room.all('shot')) {
    if (shot.owner === 0) room.step(shot, NO_HANDS);
    shot.life -= 1;
    if (meetsShip(room, shot, ROCKET_SPEED * dt) || shot.spent || shot.life <= 0) burst(room, shot);
  }
}

/** True if a ship was in the way of this tick; the rocket is put back to where they met. */
function meetsShip(room: ArenaRoom, shot: ShotRow, way: number): boolean {
  const dx = shot.vx / ROCKET_SPEED;
  const dy = shot.vy / ROCKET_SPEED;
  const from = { x: shot.x - dx * way, y: shot.y - dy * way };
  let met = Number.POSITIVE_INFINITY;
  const around = way + SHIP_RADIUS + ROCKET_RADIUS;
  for (const ship of room.near('player', shot.x, shot.y, around)) {
    if (ship.id === shot.by || !ship.flying) continue;
    met = Math.min(met, rayToCircle(from.x, from.y, dx, dy, ship, SHIP_RADIUS + ROCKET_RADIUS));
  }
  if (met > way) return false;
  shot.x = from.x + dx * met;
  shot.y = from.y + dy * met;
  return true;
}

function burst(room: ArenaRoom, shot: ShotRow): void {
  room.emit('burst', { by: shot.by, x: shot.x, y: shot.y, hue: shot.hue }, { near: shot });
  for (const ship of room.near('player', shot.x, shot.y, BURST_RADIUS + SHIP_RADIUS)) {
    if (!ship.flying || !isClear(shot.x, shot.y, ship.x, ship.y)) continue;
    const gap = Math.max(0, Math.hypot(ship.x - shot.x, ship.y - shot.y) - SHIP_RADIUS);
    const share = 1 - 0.75 * Math.min(1, gap / BURST_RADIUS);
    // Half on oneself: a rocket at one's own feet is a way out, not an end.
    const damage = BURST_DAMAGE * share * (ship.id === shot.by ? 0.5 : 1);
    hurt(room, ship, Math.round(damage), shot.by, 'rocket');
  }
  room.despawn(shot);
}

function hurt(
  room: ArenaRoom,
  ship: PlayerRow,
  damage: number,
  by: PlayerId,
  weapon: Weapon,
): void {
  if (!ship.flying || ship.shieldTicks > 0) return;
  ship.hp = Math.max(0, ship.hp - damage);
  ship.calmTicks = 0;
  room.emit('hurt', { by, of: ship.id, damage }, { near: ship });
  if (ship.hp === 0) destroy(room, ship, by, weapon);
}

function destroy(room: ArenaRoom, ship: PlayerRow, by: PlayerId, weapon: Weapon): void {
  ship.flying = false;
  ship.vx = 0;
  ship.vy = 0;
  const loser = room.data.cards.get(ship.id);
  const winner = room.data.cards.get(by);
  if (loser) {
    loser.deaths += 1;
    loser.flying = false;
  }
  if (by === ship.id && loser) loser.score = Math.max(0, loser.score - SELF_LOSS);
  else if (winner) {
    winner.kills += 1;
    winner.score += KILL_POINTS;
  }
  room.emit('kill', { by, of: ship.id, with: weapon });
  room.after(RESPAWN_WAIT, 'respawn', { player: ship.id });
}
