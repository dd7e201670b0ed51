// What is played while servers fall: ships that fly and shoot, a count that every tick of the room
// adds one to, and a command that is counted as well. The counts are how players see what was
// rolled back and what was lost.
import { bool, command, defineGame, fixed, int } from '@tickwire/protocol';

/** World units a second. */
const SPEED = 120;

export const game = defineGame({
  tickRate: 20,
  state: { count: int(0, 1_000_000) },
  entities: {
    ship: {
      x: fixed(-4000, 4000, 1 / 16).smooth(),
      y: fixed(-4000, 4000, 1 / 16).smooth(),
      shots: int(0, 65_535),
      notes: int(0, 65_535),
    },
  },
  input: { dx: int(-1, 1), dy: int(-1, 1), fire: bool().press() },
  commands: { note: command({ n: int(0, 65_535) }).replies<number>() },
  step: {
    ship(self, { dx, dy, fire }, { dt }) {
      self.x += dx * SPEED * dt;
      self.y += dy * SPEED * dt;
      if (fire) self.shots++;
    },
  },
});
