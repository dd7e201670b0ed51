// A game of next to nothing, for what befalls the page around it: walkers that say which input they
// took last, and no pictures. Used by the page (life-page.ts) and the server of
// life.browser.test.ts.
import { bool, defineGame, fixed, int } from '@tickwire/protocol';

/** Inputs that are counted before the count starts over. */
export const MOST_INPUTS = 1_000_000;

export const life = defineGame({
  tickRate: 30,
  entities: {
    walker: {
      x: fixed(0, 1000, 1 / 16).smooth(),
      /** What its player had counted when it made the newest input taken. */
      counted: int(0, MOST_INPUTS),
      shots: int(0, MOST_INPUTS),
    },
  },
  input: { counted: int(0, MOST_INPUTS), fire: bool().press() },
  step: {
    walker(self, { counted, fire }, { dt }) {
      self.x = (self.x + 60 * dt) % 1000;
      self.counted = counted;
      if (fire) self.shots++;
    },
  },
});
