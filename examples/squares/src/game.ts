import { defineGame, fixed, int } from '@tickwire/protocol';
export const squares = defineGame({
  tickRate: 30,
  entities: { player: { x: fixed(0, 640, 1 / 16).smooth(), y: fixed(0, 480, 1 / 16).smooth() }, coin: { x: int(0, 640), y: int(0, 480) } },
  input: { dx: int(-1, 1), dy: int(-1, 1) },
  step: { player(self, { dx, dy }, { dt }) { self.x += dx * 120 * dt; self.y += dy * 120 * dt; } },
});
