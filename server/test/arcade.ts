// The small game that the play, resume and error suites share: ships that move by input, coins,
// events, commands. Trap: its step is deterministic, so that any correction in these suites is a
// bug.

import { bool, command, defineGame, fixed, int, list, text } from '@tickwire/protocol';
import { defineRoom, Refusal, type RoomDefinition, type RoomKind } from '../src/index.ts';

/** World units a second. */
export const SPEED = 120;

export const game = defineGame({
  tickRate: 30,
  state: { round: int(0, 999) },
  entities: {
    ship: {
      x: fixed(-4000, 4000, 1 / 16).smooth(),
      y: fixed(-4000, 4000, 1 / 16).smooth(),
      shots: int(0, 9999),
      name: text(16),
    },
    coin: { x: fixed(-4000, 4000, 1 / 16).smooth(), y: fixed(-4000, 4000, 1 / 16).smooth() },
  },
  input: { dx: int(-1, 1), dy: int(-1, 1), fire: bool().press() },
  events: { ping: { n: int(0, 9999), at: int(0, 99_999) }, cheer: { words: list(text(8), 4) } },
  commands: {
    rename: command({ name: text(16) }).replies<{ ok: boolean }>(),
    wait: command({ ticks: int(0, 99) }).replies<string>(),
    boom: {},
  },
  step: {
    ship(self, { dx, dy, fire }, { dt }) {
      self.x += dx * SPEED * dt;
      self.y += dy * SPEED * dt;
      if (fire) self.shots++;
    },
  },
});

export type Definition = RoomDefinition<typeof game, undefined, undefined>;

/** A room of it; `more` changes what a case is about. */
export function arcade(more: Partial<Definition> = {}): RoomKind {
  return defineRoom<typeof game>(game, {
    seats: 8,
    spectators: 2,
    graceMs: 5000,
    join(room, seat) {
      if (!seat.spectator) room.spawn('ship', { y: 40 * seat.id, name: `s${seat.id}` }, seat);
    },
    ...more,
    commands: {
      rename(_room, seat, { name }) {
        if (name === '') throw new Refusal('a name wants letters');
        seat.own('ship')!.name = name;
        return { ok: true };
      },
      async wait() {
        await Promise.resolve();
        return 'done';
      },
      boom() {
        throw new Error('the game broke');
      },
      ...more.commands,
    },
  });
}

/** One way of a far mobile line: 150 ms +- 50 ms, standing still for 300 ms now and then. */
export const BAD_LINE = {
  latencyMs: 150,
  jitterMs: 50,
  stallMs: 300,
  stallEveryMs: 3000,
  bandwidthKbps: 0,
};
