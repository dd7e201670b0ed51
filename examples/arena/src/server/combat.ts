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
  RESPAWN_WAIT,
  ROCKET_LIFE,
  ROCKET_RADIUS,
  ROCKET_SPEED,
  SELF_LOSS,
  SHIP_RADIUS,
} from '../rules.ts';
import { isClear, isFree, rayToCircle, rayToWall } from '../walls.ts';
import type { ArenaRoom, PlayerId, PlayerRow, ShotRow } from './match.ts';

/** Distance from a ship's centre to where its gun ends. */
const MUZZLE = SHIP_RADIUS + 8;

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

/** Fires what the steps of this tick have triggered. */
export function fireWeapons(room: ArenaRoom): void {
  for (const player of room.all('player')) {
    if (player.gunCount !== player.gunDone) {
      player.gunDone = player.gunCount;
      if (player.flying) fireGun(room, player);
    }
    if (player.rocketCount !== player.rocketDone) {
      player.rocketDone = player.rocketCount;
      if (player.flying) launchRocket(room, player);
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

function launchRocket(room: ArenaRoom, shooter: PlayerRow): void {
  shooter.shieldTicks = 0;
  const dx = Math.cos(shooter.aim);
  const dy = Math.sin(shooter.aim);
  // Not through a wall the ship stands against.
  const free = rayToWall(shooter.x, shooter.y, dx, dy, MUZZLE, ROCKET_RADIUS);
  room.spawn('shot', {
    x: shooter.x + dx * free,
    y: shooter.y + dy * free,
    vx: dx * ROCKET_SPEED,
    vy: dy * ROCKET_SPEED,
    by: shooter.id,
    hue: shooter.hue,
    life: ROCKET_LIFE,
  });
}

/** Moves the rockets and bursts those that met something. */
export function flyRockets(room: ArenaRoom, dt: number): void {
  for (const shot of room.all('shot')) {
    const speed = Math.hypot(shot.vx, shot.vy) || 1;
    const dx = shot.vx / speed;
    const dy = shot.vy / speed;
    const way = speed * dt;
    const met = rocketMeets(room, shot, dx, dy, way);
    shot.x += dx * Math.min(way, met);
    shot.y += dy * Math.min(way, met);
    shot.life -= 1;
    if (met <= way || shot.life <= 0) burst(room, shot);
  }
}

/** Distance to what the rocket meets within `way`; more than `way` if nothing. */
function rocketMeets(room: ArenaRoom, shot: ShotRow, dx: number, dy: number, way: number): number {
  let met = Number.POSITIVE_INFINITY;
  if (!isFree(shot.x + dx * way, shot.y + dy * way, ROCKET_RADIUS))
    met = rayToWall(shot.x, shot.y, dx, dy, way, ROCKET_RADIUS);
  const around = way + SHIP_RADIUS + ROCKET_RADIUS;
  for (const ship of room.near('player', shot.x, shot.y, around)) {
    if (ship.id === shot.by || !ship.flying) continue;
    met = Math.min(met, rayToCircle(shot.x, shot.y, dx, dy, ship, SHIP_RADIUS + ROCKET_RADIUS));
  }
  return met;
}

function burst(room: ArenaRoom, shot: ShotRow): void {
  room.emit('burst', { x: shot.x, y: shot.y, hue: shot.hue }, { near: shot });
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
