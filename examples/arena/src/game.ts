// The whole agreement between the arena's server and its page: what exists, what travels, what a
// player may do. Imported by both sides; the numbers come from `rules.ts`, the steps from
// `movement.ts` and `rockets.ts`. A kind without x and y (the card) is near to everyone: that is
// how the scoreboard knows players out of sight.

import {
  angle,
  bool,
  choice,
  command,
  defineGame,
  entity,
  fixed,
  int,
  text,
} from '@tickwire/protocol';
import { moveShip } from './movement.ts';
import { flyRocket, rocketOf } from './rockets.ts';
import {
  ARENA_SIZE,
  CHAT_LENGTH,
  DASH_WAIT,
  GUN_WAIT,
  HUES,
  MAX_HP,
  NAME_LENGTH,
  RADAR_CELLS,
  ROCKET_LIFE,
  ROCKET_SPEED,
  ROCKET_WAIT,
  TICK_RATE,
} from './rules.ts';

/** A coordinate: an eighth of a unit is finer than a pixel at every zoom the page uses. */
const place = () => fixed(0, ARENA_SIZE, 1 / 8);

/** Velocity of a ship: a dash is the fastest thing it does. Only the owner predicts with it. */
const shipSpeed = () => fixed(-1024, 1024, 1 / 8).ownerOnly();

/** What command handlers answer. `reason` is a sentence for the player. */
export interface Answer {
  ok: boolean;
  reason: string;
}

export const arena = defineGame({
  tickRate: TICK_RATE,
  entities: {
    player: {
      x: place().smooth(),
      y: place().smooth(),
      aim: angle(8).smooth(),
      hp: int(0, MAX_HP),
      hue: int(0, HUES - 1),
      flying: bool(),
      shield: bool(),
      vx: shipSpeed(),
      vy: shipSpeed(),
      gunWait: int(0, GUN_WAIT).ownerOnly(),
      rocketWait: int(0, ROCKET_WAIT).ownerOnly(),
      dashWait: int(0, DASH_WAIT).ownerOnly(),
      gunCount: int(0, 255).ownerOnly(),
      rocketCount: int(0, 255).ownerOnly(),
      gunDone: int(0, 255).serverOnly(),
      rocketDone: int(0, 255).serverOnly(),
      shieldTicks: int(0, 255).serverOnly(),
      calmTicks: int(0, 65_535).serverOnly(),
    },
    shot: {
      x: place().smooth({ by: 'vx' }),
      y: place().smooth({ by: 'vy' }),
      vx: int(-ROCKET_SPEED, ROCKET_SPEED),
      vy: int(-ROCKET_SPEED, ROCKET_SPEED),
      by: entity('player'),
      hue: int(0, HUES - 1),
      spent: bool().ownerOnly(),
      life: int(0, ROCKET_LIFE).default(ROCKET_LIFE).serverOnly(),
    },
    kit: { x: place(), y: place(), ready: bool() },
    card: {
      player: entity('player'),
      name: text(NAME_LENGTH),
      hue: int(0, HUES - 1),
      bot: bool(),
      score: int(0, 65_535),
      kills: int(0, 4_095),
      deaths: int(0, 4_095),
      radarX: int(0, RADAR_CELLS - 1),
      radarY: int(0, RADAR_CELLS - 1),
      flying: bool(),
    },
  },
  input: {
    dx: fixed(-1, 1, 1 / 8),
    dy: fixed(-1, 1, 1 / 8),
    aim: angle(10),
    fire: bool(),
    rocket: bool().press(),
    dash: bool().press(),
  },
  events: {
    /**
     * A shot of the gun, from muzzle to where it ended. `hit`: in a ship, else in a wall or in the
     * air.
     */
    tracer: {
      by: entity('player'),
      x: place(),
      y: place(),
      toX: place(),
      toY: place(),
      hit: bool(),
    },
    hurt: { by: entity('player'), of: entity('player'), damage: int(0, 255) },
    burst: { by: entity('player'), x: place(), y: place(), hue: int(0, HUES - 1) },
    kill: { by: entity('player'), of: entity('player'), with: choice('gun', 'rocket') },
    born: { player: entity('player'), x: place(), y: place() },
    mended: { player: entity('player'), x: place(), y: place() },
    chat: { name: text(NAME_LENGTH), hue: int(0, HUES - 1), line: text(CHAT_LENGTH) },
    notice: { line: text(80) },
  },
  commands: {
    chat: command({ line: text(CHAT_LENGTH) }).replies<Answer>(),
    rename: command({ name: text(NAME_LENGTH) }).replies<Answer>(),
  },
  step: {
    player(self, input, { dt, spawn }) {
      const rockets = self.rocketCount;
      moveShip(self, input, dt);
      if (self.rocketCount !== rockets) spawn('shot', rocketOf(self));
    },
    shot(self, _, { dt }) {
      flyRocket(self, dt);
    },
  },
});
