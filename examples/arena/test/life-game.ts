// A game of next to nothing, for what befalls the page around it: walkers that say which input they
// took last, and no pictures. Used by the page (life-page.ts) and the server of
// life.browser.test.ts.
import { bool, defineGame, fixed, int } from '@tickwire/protocol';

/** Units a second that a walker goes. */
export const SPEED = 60;
/** Further than one comes in a test: it does not turn back. */
const FAR = 100_000;

/** Inputs that are counted before the count starts over. */
export const MOST_INPUTS = 1_000_000;

export const life = defineGame({
  tickRate: 30,
  entities: {
    walker: {
      x: fixed(0, FAR, 1 / 16).smooth(),
      /** What its player had counted when it made the newest input taken. */
      counted: int(0, MOST_INPUTS),
      shots: int(0, MOST_INPUTS),
    },
  },
  input: { counted: int(0, MOST_INPUTS), fire: bool().press() },
  step: {
    walker(self, { counted, fire }, { dt }) {
      self.x += SPEED * dt;
      self.counted = counted;
      if (fire) self.shots++;
    },
  },
});
