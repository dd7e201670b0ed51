// A reader's own game, where a document does not show one.
import { choice, defineGame, fixed, int, text } from '@tickwire/protocol';

const place = fixed(0, 640, 1 / 16).smooth();
export const game = defineGame({
  state: { mode: choice('duel', 'team') },
  entities: { player: { x: place, y: place, name: text(16) } },
  input: { dx: int(-1, 1), dy: int(-1, 1) },
});
