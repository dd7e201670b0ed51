// How ships, cards and repair kits come into a room and leave it.
// Called by `field.ts`; a destroyed ship comes back here too, through the room's respawn timer.

import { ARENA_SIZE, HUES, MAX_HP, RADAR_CELLS, SHIELD_TIME } from '../rules.ts';
import type { Point } from '../walls.ts';
import { Bot } from './bot.ts';
import type { ArenaRoom, ArenaSeat, CardRow, PlayerId, PlayerRow } from './match.ts';
import { uniqueName } from './talk.ts';
import { POINTS } from './waypoints.ts';

/**
 * Spots tried for a new ship; the one farthest from its nearest enemy wins. Not all: then it would
 * be predictable.
 */
const SPOTS_TRIED = 4;

/**
 * Where repair kits lie in one quarter; the others are turned around the centre, as the walls are.
 */
const KIT_QUARTER: readonly Point[] = [
  { x: 560, y: 560 },
  { x: 1240, y: 1240 },
  { x: 1880, y: 300 },
];

/**
 * Names of bots, from the sky. More than MAX_PLAYERS are never needed: `uniqueName` numbers the
 * rest.
 */
const BOT_NAMES = [
  'Vega', 'Altair', 'Rigel', 'Mira', 'Deneb', 'Nyx', 'Orion', 'Lyra', 'Sirius', 'Atlas',
  'Nova', 'Castor', 'Pollux', 'Electra', 'Spica', 'Antares', 'Juno', 'Talos', 'Io', 'Kepler',
  'Halley', 'Ceres', 'Pallas', 'Titan', 'Rhea', 'Hyperion', 'Phobos', 'Triton', 'Oberon',
  'Ariel', 'Umbra', 'Zenith', 'Quasar', 'Pulsar', 'Corona', 'Aurora', 'Comet', 'Meteor',
]; // biome-ignore format: a list of words reads better in rows

function freeSpot(room: ArenaRoom): Readonly<Point> {
  let best = POINTS[0];
  let bestGap = -1;
  for (let i = 0; i < SPOTS_TRIED; i++) {
    const spot = POINTS[Math.floor(room.random() * POINTS.length)];
    let gap = ARENA_SIZE;
    for (const player of room.all('player'))
      if (player.flying) gap = Math.min(gap, Math.hypot(player.x - spot.x, player.y - spot.y));
    if (gap <= bestGap) continue;
    best = spot;
    bestGap = gap;
  }
  return best;
}

/** How far from each other friends begin, at most: well within each other's view. */
const FRIENDS_APART = 600;

/** A spot beside somebody who is there already: in a room without bots people came to meet. */
function spotAmongFriends(room: ArenaRoom): Readonly<Point> {
  for (const friend of room.all('player')) {
    const near = POINTS.filter(
      ({ x, y }) => x !== friend.x && Math.hypot(x - friend.x, y - friend.y) < FRIENDS_APART,
    );
    if (near.length > 0) return near[Math.floor(room.random() * near.length)];
  }
  return freeSpot(room);
}

/** A ship and its card, for a seat or (without one) for a bot. */
export function addPlayer(room: ArenaRoom, wishedName: string, seat?: ArenaSeat): PlayerRow {
  const spot = room.data.wantedBots === 0 ? spotAmongFriends(room) : freeSpot(room);
  const taken = new Set([...room.data.cards.values()].map((card) => card.name));
  const hue = leastUsedHue(room);
  const player = room.spawn(
    'player',
    { x: spot.x, y: spot.y, hp: MAX_HP, hue, flying: true, shield: true, shieldTicks: SHIELD_TIME },
    seat,
  );
  const card = room.spawn(
    'card',
    {
      player: player.id,
      name: uniqueName(wishedName, taken),
      hue,
      bot: seat === undefined,
      flying: true,
      radarX: radarCell(spot.x),
      radarY: radarCell(spot.y),
    },
    seat,
  );
  room.data.cards.set(player.id, card);
  // To all, not `near`: nobody has been shown the new ship yet.
  room.emit('born', { player: player.id, x: spot.x, y: spot.y });
  return player;
}

function leastUsedHue(room: ArenaRoom): number {
  const used = new Array<number>(HUES).fill(0);
  for (const card of room.data.cards.values()) used[card.hue]++;
  return used.indexOf(Math.min(...used));
}

/** Takes a player's ship and card out of the room. */
export function removePlayer(room: ArenaRoom, id: PlayerId): void {
  const card = room.data.cards.get(id);
  const player = room.get('player', id);
  room.data.cards.delete(id);
  room.data.bots.delete(id);
  if (card) room.despawn(card);
  if (player) room.despawn(player);
}

/** A destroyed ship is whole again somewhere else. Does nothing if its player has left. */
export function respawn(room: ArenaRoom, id: PlayerId): void {
  const player = room.get('player', id);
  if (!player || player.flying) return;
  const spot = freeSpot(room);
  player.x = spot.x;
  player.y = spot.y;
  player.vx = 0;
  player.vy = 0;
  player.hp = MAX_HP;
  player.gunWait = 0;
  player.rocketWait = 0;
  player.dashWait = 0;
  player.flying = true;
  player.shield = true;
  player.shieldTicks = SHIELD_TIME;
  player.teleport();
  const card = room.data.cards.get(id);
  if (card) card.flying = true;
  room.data.bots.get(id)?.reborn(player);
  room.emit('born', { player: id, x: spot.x, y: spot.y });
}

export function addBot(room: ArenaRoom): void {
  const taken = new Set([...room.data.cards.values()].map((card) => card.name));
  const free = BOT_NAMES.filter((name) => !taken.has(name));
  const names = free.length > 0 ? free : BOT_NAMES;
  const player = addPlayer(room, names[Math.floor(room.random() * names.length)]);
  // Most are middling: the mean of two chances.
  const skill = 0.1 + 0.7 * ((room.random() + room.random()) / 2);
  const bot = new Bot(skill, (room.random() * 2 - 1) * Math.PI);
  bot.reborn(player);
  room.data.bots.set(player.id, bot);
}

export function addKits(room: Pick<ArenaRoom, 'spawn'>): void {
  for (const first of KIT_QUARTER) {
    let { x, y } = first;
    for (let turn = 0; turn < 4; turn++) {
      room.spawn('kit', { x, y, ready: true });
      [x, y] = [ARENA_SIZE - y, x];
    }
  }
}

/** Everyone's place on the radar, as coarse as everyone may know it. */
export function sweepRadar(room: ArenaRoom): void {
  for (const [id, card] of room.data.cards) place(card, room.get('player', id));
}

function place(card: CardRow, player: PlayerRow | undefined): void {
  if (!player) return;
  card.radarX = radarCell(player.x);
  card.radarY = radarCell(player.y);
}

function radarCell(coordinate: number): number {
  const cell = Math.floor((coordinate / ARENA_SIZE) * RADAR_CELLS);
  return Math.max(0, Math.min(RADAR_CELLS - 1, cell));
}
