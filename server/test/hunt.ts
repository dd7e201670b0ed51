// A room with one player whose stamps the test writes: what the suites about looks into the past
// share, who close it by `closeOpened`. Trap: a test's `now` runs inside the game's tick, where a
// failed expectation ends the room; `inTick` says so.

import { bool, defineGame, fixed, int, list, map, record, text, vec3 } from '@tickwire/protocol';
import { expect } from 'vitest';
import { defineRoom, type GameRoom, type Room, type RoomDefinition } from '../src/index.ts';
import type { RoomSeat } from '../src/seat.ts';
import { opened } from './opened.ts';
import { type Player, Stepper } from './stepper.ts';

export const game = defineGame({
  tickRate: 50,
  entities: {
    duck: {
      x: fixed(-2000, 2000, 1).smooth(),
      y: fixed(-2000, 2000, 1).smooth(),
      hidden: bool(),
      name: text(8),
      secret: int(0, 9999).serverOnly(),
      bag: list(int(0, 9), 4),
      pairs: map(int(0, 9), int(0, 9), 4),
      group: record({ n: int(0, 9) }),
    },
    drone: { position: vec3(-500, 500, 1).smooth() },
    hunter: { x: fixed(-2000, 2000, 1).smooth(), y: fixed(-2000, 2000, 1).smooth() },
    card: { n: int(0, 9) },
  },
  input: { dx: int(-1, 1) },
  step: {
    hunter(self, { dx }) {
      self.x += dx;
    },
  },
});
export type Definition = RoomDefinition<typeof game, undefined, undefined>;
export type Field = Room<typeof game, undefined, undefined>;

export interface Hunt {
  readonly stepper: Stepper;
  readonly room: GameRoom;
  /** The same room as a game sees it. */
  readonly field: Field;
  readonly seat: RoomSeat;
  readonly player: Player<typeof game>;
  /** Runs `now` in the next tick, at which the seat was shown `behind` ticks ago. */
  inTick(behind: number, now: () => void): Promise<void>;
}

/** A room with one player, who is shown what the test says. */
export async function hunt(
  more: Partial<Definition> = {},
  move?: (field: Field) => void,
): Promise<Hunt> {
  let next: (() => void) | undefined;
  const definition = defineRoom<typeof game>(game, {
    join: (room, seat) => void room.spawn('hunter', {}, seat),
    tick(room) {
      next?.();
      next = undefined;
      move?.(room);
    },
    ...more,
  });
  const stepper = opened(await Stepper.start({ rooms: { field: definition } }));
  const player = await stepper.join(game, { room: 'field' });
  await stepper.advance(2000);
  const room = stepper.room('field');
  const seat = room.seat(1)!;
  const inTick = async (behind: number, now: () => void): Promise<void> => {
    const stamps = Float64Array.of(room.tick - behind, Number.NaN, room.tick);
    seat.inputs.put(room.tick, Float64Array.of(1), stamps);
    let ran = false;
    next = () => {
      ran = true;
      now();
    };
    await stepper.advance(1000 / game.tickRate + 0.01);
    expect(ran).toBe(true);
    expect(stepper.log.filter(({ level }) => level >= 50)).toEqual([]);
  };
  return { stepper, room, field: room as unknown as Field, seat, player, inTick };
}
