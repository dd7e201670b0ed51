// A game of shots for the suites about prediction: a ship whose step spawns bolts, and a bolt that
// flies by its own step. Trap: the step is deterministic and touches nobody, so that on a line
// whose inputs come in time any correction and any bolt that is taken back is a bug.

import { bool, defineGame, fixed, int } from '@tickwire/protocol';
import { defineRoom, type RoomDefinition, type RoomKind } from '../src/index.ts';

/** World units a second. */
export const SHIP_SPEED = 120;
export const BOLT_SPEED = 300;
/** Ticks between two shots. */
export const RELOAD_TICKS = 7;
/** Ticks a bolt lives. */
export const BOLT_TICKS = 150;

const place = () => fixed(-8000, 8000, 1 / 16).smooth();

export const gunnery = defineGame({
  tickRate: 60,
  entities: {
    ship: { x: place(), y: place(), wait: int(0, RELOAD_TICKS), shots: int(0, 9999) },
    bolt: { x: place(), y: place(), vy: fixed(-500, 500, 1 / 16), shot: int(0, 9999) },
  },
  input: { dx: int(-1, 1), fire: bool().press(), burst: bool().press() },
  step: {
    ship(self, { dx, fire, burst }, { dt, tick, spawn, replaying }) {
      self.x += dx * SHIP_SPEED * dt;
      self.wait = Math.max(self.wait - dt * 60, 0);
      if ((!fire && !burst) || self.wait > 1e-9) return;
      self.wait = RELOAD_TICKS;
      self.shots++;
      for (const vy of burst ? [-60, 0, 60] : [0])
        spawn('bolt', { x: self.x + 8, y: self.y, vy, shot: self.shots });
      if (!replaying) fired.push(tick);
    },
    bolt(self, _, { dt }) {
      self.x += BOLT_SPEED * dt;
      self.y += self.vy * dt;
    },
  },
});

/**
 * Ticks at which a ship fired for the first time, on either side: what a sound would be made of.
 */
export const fired: number[] = [];

export type Gunnery = typeof gunnery;

/** `born`: told each bolt that the server spawned for a seat. */
export function gunneryRoom(
  born: (id: number, tick: number) => void = () => {},
  more: Partial<RoomDefinition<Gunnery, undefined, undefined>> = {},
): RoomKind {
  const births = new Map<number, number>();
  return defineRoom<Gunnery>(gunnery, {
    graceMs: 5000,
    join: (room, seat) => void room.spawn('ship', { y: 100 * seat.id }, seat),
    tick(room) {
      for (const bolt of room.all('bolt')) {
        const birth = births.get(bolt.id);
        if (birth === undefined) {
          births.set(bolt.id, room.tick);
          born(bolt.id, room.tick);
        } else if (room.tick - birth > BOLT_TICKS) room.despawn(bolt);
      }
    },
    ...more,
  });
}
